package history

import (
	"encoding/binary"
	"math/bits"
)

// Filters of keys: docs/format/cache.md, "changes/1".
const (
	bitsPerKey = 10
	probes     = 7
	minFilter  = 8 // bytes
)

// filter is a Bloom filter over hashes of keys. It has no false negatives.
type filter []byte

// newFilter returns a filter of n keys.
func newFilter(n int) filter {
	return make(filter, max((n*bitsPerKey+7)/8, minFilter))
}

func (f filter) add(h uint64) {
	for b := range f.bits(h) {
		f[b/8] |= 1 << (b % 8)
	}
}

// has reports whether h may have been added.
func (f filter) has(h uint64) bool {
	for b := range f.bits(h) {
		if f[b/8]&(1<<(b%8)) == 0 {
			return false
		}
	}
	return true
}

// bits yields the numbers of the bits of h.
func (f filter) bits(h uint64) func(yield func(uint64) bool) {
	return func(yield func(uint64) bool) {
		n := uint64(len(f)) * 8
		g := bits.RotateLeft64(h, 32)*0x9E3779B97F4A7C15 | 1
		for range probes {
			if !yield(h % n) {
				return
			}
			h += g
		}
	}
}

func appendBytes[T ~string | ~[]byte](dst []byte, b T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}
