package meta

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"iter"

	"go.etcd.io/bbolt"
)

// sumSize is the length of the checksum behind a value (docs/format/meta.md).
const sumSize = 4

// begin returns the transaction tx of a file that may have checksums.
func begin(tx *bbolt.Tx) Tx {
	t := Tx{tx: tx}
	t.sums = t.says(keySums) || t.says(prefixFeature+FeatureSums)
	return t
}

// says reports whether the bucket format has a key. It is asked for two that
// say the same, so that one damaged bit does not make checksums part of values.
func (t Tx) says(key string) bool {
	b := t.tx.Bucket([]byte(bucketFormat))
	if b == nil {
		return false
	}
	k, _ := b.Cursor().Seek([]byte(key))
	return string(k) == key
}

// bucket returns a bucket, nil if it is not there. It may be there under a name
// that is damaged, with which the checksums of its values do not fit.
func (t Tx) bucket(name string) *bbolt.Bucket {
	b := t.tx.Bucket([]byte(name))
	if b != nil || !t.summed(name) || t.loose {
		return b
	}
	err := t.tx.ForEach(func(other []byte, b *bbolt.Bucket) error {
		if b == nil {
			panic(damage{fmt.Sprintf("the bucket %q is damaged", other)})
		}
		if k, v := b.Cursor().First(); k != nil {
			t.value(string(other), k, v)
		}
		return nil
	})
	if err != nil {
		panic(damage{err})
	}
	return nil
}

// summed reports whether the values of bucket have checksums. Those of the
// bucket that says so have none.
func (t Tx) summed(bucket string) bool { return t.sums && bucket != bucketFormat }

func sum(bucket string, key, value []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	s := crc32.Update(0, table, append([]byte(bucket), 0))
	s = crc32.Update(s, table, binary.LittleEndian.AppendUint32(nil, uint32(len(key))))
	return crc32.Update(crc32.Update(s, table, key), table, value)
}

// seal returns value with its checksum.
func seal(bucket string, key, value []byte) []byte {
	out := append(make([]byte, 0, len(value)+sumSize), value...)
	return binary.LittleEndian.AppendUint32(out, sum(bucket, key, value))
}

// unseal returns the value in what stands behind key, and whether the checksum
// fits both.
func unseal(bucket string, key, stored []byte) (value []byte, ok bool) {
	n := len(stored) - sumSize
	if n < 0 {
		return nil, false
	}
	return stored[:n:n], binary.LittleEndian.Uint32(stored[n:]) == sum(bucket, key, stored[:n])
}

// value returns what stands behind key without its checksum. A wrong one is
// damage, unless the transaction is loose.
func (t Tx) value(bucket string, key, stored []byte) []byte {
	if stored == nil || !t.summed(bucket) {
		return stored
	}
	v, ok := unseal(bucket, key, stored)
	if !ok && !t.loose {
		panic(damage{fmt.Sprintf("the entry %q of %s is damaged", key, bucket)})
	}
	if v == nil {
		v = []byte{}
	}
	return v
}

// missed looks at the neighbours of a key that is not there: it may be there
// under a name that is damaged.
func (t Tx) missed(b *bbolt.Bucket, bucket string, key []byte) {
	if !t.summed(bucket) || t.loose {
		return
	}
	c := b.Cursor()
	k, v := c.Seek(key)
	if k != nil {
		t.value(bucket, k, v)
		k, v = c.Prev()
	} else if k, v = c.First(); k != nil { // Last may look for ever in pages that were emptied
		k, v = c.Last()
	}
	if k != nil {
		t.value(bucket, k, v)
	}
}

// Loose returns the same transaction, in which damaged entries are given out as
// they are: for what repairs them.
func (t Tx) Loose() Tx {
	t.loose = true
	return t
}

// Damaged yields the entries whose checksum does not fit, as bucket and key.
func (t Tx) Damaged() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		if !t.sums {
			return
		}
		var buckets []string
		err := t.tx.ForEach(func(name []byte, _ *bbolt.Bucket) error {
			buckets = append(buckets, string(name))
			return nil
		})
		if err != nil {
			panic(damage{err})
		}
		for _, bucket := range buckets {
			if !t.summed(bucket) {
				continue
			}
			b := t.tx.Bucket([]byte(bucket))
			if b == nil {
				continue // a damaged name; its own bucket is not there
			}
			c := b.Cursor()
			for k, v := c.First(); k != nil; k, v = next(c) {
				if _, ok := unseal(bucket, k, v); !ok && !yield(bucket, append([]byte(nil), k...)) {
					return
				}
			}
		}
	}
}
