package column

import (
	"bytes"
	"encoding/binary"
	"math"
)

// maxBound is the bytes of text that a bound keeps.
const maxBound = 16

// Bounds returns order bytes of the least and the greatest of the values
// from..to of v and the number of nulls among them (docs/format/key.md). Every
// value that is neither null nor NaN lies between them in the sense of
// bytes.Compare with its AppendBound bytes. Nil means unbounded; max is nil
// where there is a NaN, and both are where there is nothing but nulls and NaNs
// and for lists and structs. The result is the same for every width that can
// hold the values, and for floats that are whole numbers.
func Bounds(v *Vector, from, to int) (min, max []byte, nulls int) {
	nulls = v.countNulls(from, to)
	if nulls == to-from {
		return nil, nil, nulls
	}
	switch v.Type.Layout() {
	case LayoutInt:
		min, max = boundsInt(v, from, to)
	case LayoutF32:
		min, max = boundsFloat(v, v.F32, from, to)
	case LayoutF64:
		min, max = boundsFloat(v, v.F64, from, to)
	case LayoutBytes:
		min, max = boundsBytes(v, from, to)
	}
	return min, max, nulls
}

// AppendBound appends the order bytes of value i of v, rounded down, or up
// where up is true, to what Bounds can tell apart. It appends nothing and
// reports false for a value that has none: null, NaN, list, struct, and text
// that cannot be rounded up. A page holds a value equal to x only if its
// min <= up(x) and its max >= down(x).
func AppendBound(dst []byte, v *Vector, i int, up bool) ([]byte, bool) {
	if v.IsNull(i) {
		return dst, false
	}
	switch v.Type.Layout() {
	case LayoutInt:
		return appendBoundInt(dst, v.Type, v.Ints[i], up), true
	case LayoutF32, LayoutF64:
		x := math.Float64frombits(v.floatBits(i))
		if x != x {
			return dst, false
		}
		return appendBoundFloat(dst, x), true
	case LayoutBytes:
		if v.Type.Kind == Decimal {
			return append(dst, v.At(i)...), true
		}
		b := v.At(i)
		if up {
			if b = roundUp(b); b == nil {
				return dst, false
			}
		}
		return append(dst, b[:min(len(b), maxBound)]...), true
	}
	return dst, false
}

// there is the opposite of IsNull for a loop over many values.
func (v *Vector) there(i int) bool { return v.Nulls == 0 || v.Valid.Get(i) }

func boundsInt(v *Vector, from, to int) (lo, hi []byte) {
	flip := int64(0)
	if v.Type.Kind == Uint64 {
		flip = math.MinInt64
	}
	a, b := int64(math.MaxInt64), int64(math.MinInt64)
	for i, x := range v.Ints[from:to] {
		if v.there(from + i) {
			a, b = min(a, x^flip), max(b, x^flip)
		}
	}
	return appendBoundInt(nil, v.Type, a^flip, false), appendBoundInt(nil, v.Type, b^flip, true)
}

func appendBoundInt(dst []byte, t *Type, x int64, up bool) []byte {
	if !t.Kind.IsInt() && t.Kind != Bool {
		return appendKeyInt(dst, x, false)
	}
	f := float64(x)
	if t.Kind == Uint64 && x < 0 {
		f = float64(uint64(x))
	}
	// Beyond 2^53 the conversion rounds to the nearest float.
	v := Vector{Type: t, Len: 1, Ints: []int64{x}}
	switch c := compareIntFloat(&v, 0, f); {
	case up && c > 0:
		f = math.Nextafter(f, math.Inf(1))
	case !up && c < 0:
		f = math.Nextafter(f, math.Inf(-1))
	}
	return appendBoundFloat(dst, f)
}

func appendBoundFloat(dst []byte, x float64) []byte {
	if x == 0 {
		x = 0 // -0 too
	}
	return binary.BigEndian.AppendUint64(dst, orderF64(x))
}

func boundsFloat[T float32 | float64](v *Vector, xs []T, from, to int) (lo, hi []byte) {
	a, b, nan := T(math.Inf(1)), T(math.Inf(-1)), 0
	any := false
	for i, x := range xs[from:to] {
		switch {
		case !v.there(from + i):
		case x != x:
			nan++
		default:
			any = true
			if x < a {
				a = x
			}
			if x > b {
				b = x
			}
		}
	}
	if any {
		lo = appendBoundFloat(nil, float64(a))
	}
	if any && nan == 0 {
		hi = appendBoundFloat(nil, float64(b))
	}
	return lo, hi
}

func boundsBytes(v *Vector, from, to int) (lo, hi []byte) {
	first := true
	for i := from; i < to; i++ {
		if !v.there(i) {
			continue
		}
		b := v.At(i)
		if first {
			lo, hi, first = b, b, false
			continue
		}
		if bytes.Compare(b, lo) < 0 {
			lo = b
		} else if bytes.Compare(b, hi) > 0 {
			hi = b
		}
	}
	lo = append([]byte{}, lo[:min(len(lo), maxBound)]...)
	hi = roundUp(hi)
	if hi != nil {
		hi = append([]byte{}, hi...)
	}
	return lo, hi
}

// roundUp returns bytes of at most maxBound that do not sort before b, or nil
// if there are none.
func roundUp(b []byte) []byte {
	if len(b) <= maxBound {
		if b == nil {
			return []byte{}
		}
		return b
	}
	b = append([]byte{}, b[:maxBound]...)
	for i := maxBound - 1; i >= 0; i-- {
		if b[i] != 0xFF {
			b[i]++
			return b[:i+1]
		}
	}
	return nil
}
