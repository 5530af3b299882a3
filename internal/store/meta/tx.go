package meta

import (
	"bytes"
	"fmt"
	"iter"

	"go.etcd.io/bbolt"
)

// Tx is one transaction. Bytes that it gives out are copies and may be kept.
type Tx struct {
	tx    *bbolt.Tx
	sums  bool // values have checksums (sum.go)
	loose bool // which need not fit
}

// Generation numbers the state that the transaction sees, or in an Update the
// one that it will make; see DB.Generation.
func (t Tx) Generation() uint64 { return uint64(t.tx.ID()) }

// damage is a panic of bbolt, which means that the bytes of the file are not
// what bbolt wrote.
type damage struct{ cause any }

func (d damage) String() string { return fmt.Sprint(d.cause) }

// mark passes a panic of bbolt on as damage.
func mark() {
	r := recover()
	if _, already := r.(damage); r != nil && !already {
		r = damage{r}
	}
	if r != nil {
		panic(r)
	}
}

// Get returns the value of key in bucket, or nil if there is none. An empty
// value is not nil.
func (t Tx) Get(bucket string, key []byte) []byte {
	defer mark()
	b := t.bucket(bucket)
	if b == nil {
		return nil
	}
	v := b.Get(key)
	if v == nil {
		t.missed(b, bucket, key)
		return nil
	}
	v = t.value(bucket, key, v)
	return append(make([]byte, 0, len(v)), v...)
}

// Put sets the value of key in bucket, making the bucket if need be. Only
// inside Update; the key must not be empty. Key and value must stay unchanged
// until the transaction ends.
func (t Tx) Put(bucket string, key, value []byte) error {
	defer mark()
	b := t.bucket(bucket)
	if b == nil {
		var err error
		if b, err = t.tx.CreateBucketIfNotExists([]byte(bucket)); err != nil {
			return err
		}
	}
	if t.summed(bucket) {
		value = seal(bucket, key, value)
	}
	return b.Put(key, value)
}

// Delete removes key from bucket; removing what is not there is no error.
// Only inside Update.
func (t Tx) Delete(bucket string, key []byte) error {
	defer mark()
	b := t.bucket(bucket)
	if b == nil {
		return nil
	}
	return b.Delete(key)
}

// DeleteBucket removes bucket with all of its keys, if it is there. Only
// inside Update.
func (t Tx) DeleteBucket(bucket string) error {
	defer mark()
	if t.tx.Bucket([]byte(bucket)) == nil {
		return nil
	}
	return t.tx.DeleteBucket([]byte(bucket))
}

// Range returns the keys of bucket that begin with prefix, in byte order, with
// their values. The bucket must not be changed while the loop runs.
func (t Tx) Range(bucket string, prefix []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		var slab []byte
		c, k, v := t.seek(bucket, prefix)
		for k != nil && bytes.HasPrefix(k, prefix) {
			slab, v = keep(slab, t.fits(bucket, k, v))
			slab, k = keep(slab, k)
			if !yield(k, v) {
				return
			}
			k, v = next(c)
		}
		if k != nil { // perhaps the last of them, under a name that is damaged
			t.fits(bucket, k, v)
		}
	}
}

// fits is value, for calls that are not within another method of Tx.
func (t Tx) fits(bucket string, key, stored []byte) []byte {
	defer mark()
	return t.value(bucket, key, stored)
}

func (t Tx) seek(bucket string, prefix []byte) (c *bbolt.Cursor, k, v []byte) {
	defer mark()
	b := t.bucket(bucket)
	if b == nil {
		return nil, nil, nil
	}
	c = b.Cursor()
	if k, v = c.Seek(prefix); len(prefix) > 0 && !bytes.HasPrefix(k, prefix) {
		t.missed(b, bucket, prefix)
	}
	return c, k, v
}

func next(c *bbolt.Cursor) (k, v []byte) {
	defer mark()
	return c.Next()
}

// Last returns the greatest key of bucket with its value, or nils.
func (t Tx) Last(bucket string) (k, v []byte) {
	defer mark()
	b := t.bucket(bucket)
	if b == nil {
		return nil, nil
	}
	c := b.Cursor()
	if k, _ = c.First(); k == nil {
		return nil, nil // Last would look for ever in pages that this transaction emptied
	}
	k, v = c.Last()
	return bytes.Clone(k), bytes.Clone(t.value(bucket, k, v))
}

// keep appends p to slab and returns the grown slab and the copy. A full slab
// is left to its copies and a new one begun.
func keep(slab, p []byte) (rest, kept []byte) {
	const slabSize = 16 << 10
	if cap(slab)-len(slab) < len(p) {
		slab = make([]byte, 0, max(slabSize, len(p)))
	}
	n := len(slab)
	slab = append(slab, p...)
	return slab, slab[n:len(slab):len(slab)]
}
