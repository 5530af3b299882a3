package meta

import (
	"bytes"
	"fmt"
	"iter"

	"go.etcd.io/bbolt"
)

// Tx is one transaction. Bytes that it gives out are copies and may be kept.
type Tx struct{ tx *bbolt.Tx }

// Generation numbers the state that the transaction sees, or in an Update the
// one that it will make; see DB.Generation.
func (t Tx) Generation() uint64 { return uint64(t.tx.ID()) }

// damage is a panic of bbolt, which means that the bytes of the file are not
// what bbolt wrote.
type damage struct{ cause any }

func (d damage) String() string { return fmt.Sprint(d.cause) }

// mark passes a panic of bbolt on as damage.
func mark() {
	if r := recover(); r != nil {
		panic(damage{r})
	}
}

// Get returns the value of key in bucket, or nil if there is none. An empty
// value is not nil.
func (t Tx) Get(bucket string, key []byte) []byte {
	defer mark()
	b := t.tx.Bucket([]byte(bucket))
	if b == nil {
		return nil
	}
	v := b.Get(key)
	if v == nil {
		return nil
	}
	return append(make([]byte, 0, len(v)), v...)
}

// Put sets the value of key in bucket, making the bucket if need be. Only
// inside Update; the key must not be empty. Key and value must stay unchanged
// until the transaction ends.
func (t Tx) Put(bucket string, key, value []byte) error {
	defer mark()
	b, err := t.tx.CreateBucketIfNotExists([]byte(bucket))
	if err != nil {
		return err
	}
	return b.Put(key, value)
}

// Delete removes key from bucket; removing what is not there is no error.
// Only inside Update.
func (t Tx) Delete(bucket string, key []byte) error {
	defer mark()
	b := t.tx.Bucket([]byte(bucket))
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
			slab, k = keep(slab, k)
			slab, v = keep(slab, v)
			if !yield(k, v) {
				return
			}
			k, v = next(c)
		}
	}
}

func (t Tx) seek(bucket string, prefix []byte) (c *bbolt.Cursor, k, v []byte) {
	defer mark()
	b := t.tx.Bucket([]byte(bucket))
	if b == nil {
		return nil, nil, nil
	}
	c = b.Cursor()
	k, v = c.Seek(prefix)
	return c, k, v
}

func next(c *bbolt.Cursor) (k, v []byte) {
	defer mark()
	return c.Next()
}

// Last returns the greatest key of bucket with its value, or nils.
func (t Tx) Last(bucket string) (k, v []byte) {
	defer mark()
	b := t.tx.Bucket([]byte(bucket))
	if b == nil {
		return nil, nil
	}
	c := b.Cursor()
	if k, _ = c.First(); k == nil {
		return nil, nil // Last would look for ever in pages that this transaction emptied
	}
	k, v = c.Last()
	return bytes.Clone(k), bytes.Clone(v)
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
