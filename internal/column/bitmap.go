package column

import (
	"encoding/binary"
	"math/bits"
)

// Bitmap is a packed slice of bits, least significant first.
type Bitmap []uint64

// Get reports bit i. A nil Bitmap is all ones.
func (b Bitmap) Get(i int) bool { return b == nil || b[i>>6]>>(uint(i)&63)&1 == 1 }

// Set sets bit i.
func (b Bitmap) Set(i int) { b[i>>6] |= 1 << (uint(i) & 63) }

// Clear clears bit i.
func (b Bitmap) Clear(i int) { b[i>>6] &^= 1 << (uint(i) & 63) }

// NewBitmap returns n bits, all clear.
func NewBitmap(n int) Bitmap { return make(Bitmap, (n+63)/64) }

// ones counts the set bits among n from bit from on.
func (b Bitmap) ones(from, n int) int {
	k := 0
	for i := 0; i < n; i += 64 {
		k += bits.OnesCount64(b.word(from+i, n-i))
	}
	return k
}

// word returns up to 64 bits from bit i on, those beyond n being 0.
func (b Bitmap) word(i, n int) uint64 {
	w, s := i>>6, uint(i)&63
	x := b[w] >> s
	if s > 0 && w+1 < len(b) {
		x |= b[w+1] << (64 - s)
	}
	if n < 64 {
		x &= 1<<uint(n) - 1
	}
	return x
}

// appendBitmap appends n bits of b from bit from on as bytes.
func appendBitmap(dst []byte, b Bitmap, from, n int) []byte {
	for i := 0; i < n; i += 64 {
		x := b.word(from+i, n-i)
		for j := i; j < min(i+64, n); j += 8 {
			dst = append(dst, byte(x))
			x >>= 8
		}
	}
	return dst
}

// countNulls returns the number of nulls among values from..to.
func (v *Vector) countNulls(from, to int) int {
	if v.Nulls == 0 {
		return 0
	}
	n := to - from
	return n - v.Valid.ones(from, n)
}

// grow counts one more value and marks it as present or null.
func (v *Vector) grow(valid bool) {
	i := v.Len
	v.Len++
	if valid && v.Valid == nil {
		return
	}
	if v.Valid == nil {
		v.Valid = NewBitmap(max(v.Len, 64))
		for w := range i >> 6 {
			v.Valid[w] = ^uint64(0)
		}
		for j := i &^ 63; j < i; j++ {
			v.Valid.Set(j)
		}
	}
	for len(v.Valid)*64 < v.Len {
		v.Valid = append(v.Valid, 0)
	}
	if valid {
		v.Valid.Set(i)
	} else {
		v.Valid.Clear(i)
		v.Nulls++
	}
}

// appendValidity counts n more values, present or null as those of src are
// from the value from on.
func (v *Vector) appendValidity(src *Vector, from, n int) {
	if nulls := src.countNulls(from, from+n); nulls > 0 {
		v.growBits(n, nulls, func(i int) uint64 { return src.Valid.word(from+i, n-i) })
		return
	}
	v.growValid(n)
}

// growValid counts n more values that are there.
func (v *Vector) growValid(n int) {
	if v.Valid == nil {
		v.Len += n
		return
	}
	v.growBits(n, 0, func(i int) uint64 { return ^uint64(0) })
}

// growNull counts n more nulls.
func (v *Vector) growNull(n int) {
	v.growBits(n, n, func(int) uint64 { return 0 })
}

// growPacked counts n more values, present or null as the bits of b say.
func (v *Vector) growPacked(b []byte, n, nulls int) {
	v.growBits(n, nulls, func(i int) uint64 { return packedWord(b, i, n) })
}

// packedWord returns bits i to i+64 of the n bits packed in b; i is a multiple
// of 8. Bits beyond b are 0.
func packedWord(b []byte, i, n int) uint64 {
	b = b[i>>3 : (n+7)>>3]
	if len(b) >= 8 {
		return binary.LittleEndian.Uint64(b)
	}
	x := uint64(0)
	for j, c := range b {
		x |= uint64(c) << (8 * j)
	}
	return x
}

// growBits counts n more values, nulls of them null; word(i) has the validity
// of up to 64 of them from the i-th on.
func (v *Vector) growBits(n, nulls int, word func(i int) uint64) {
	if v.Valid == nil {
		v.Valid = NewBitmap(max(v.Len+n, 64))
		for w := range v.Len >> 6 {
			v.Valid[w] = ^uint64(0)
		}
		if s := uint(v.Len) & 63; s > 0 {
			v.Valid[v.Len>>6] = 1<<s - 1
		}
	}
	for len(v.Valid)*64 < v.Len+n {
		v.Valid = append(v.Valid, 0)
	}
	for i := 0; i < n; i += 64 {
		at := v.Len + i
		w, s := at>>6, uint(at)&63
		x := word(i)
		v.Valid[w] = v.Valid[w]&(1<<s-1) | x<<s
		if s > 0 && w+1 < len(v.Valid) {
			v.Valid[w+1] = x >> (64 - s)
		}
	}
	v.Len += n
	v.Nulls += nulls
}
