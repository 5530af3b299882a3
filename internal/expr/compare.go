package expr

import (
	"bytes"
	"math"
	"math/bits"
	"unsafe"

	"github.com/strata-data/strata/internal/column"
)

// one is 1 for true. The compiler makes a set instruction of it, no branch.
func one(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

type ordered interface {
	int64 | uint64 | float32 | float64
}

// compareAll sets the bits of the values of xs for which x o c. The bits of
// each word are shifted in from above, so that there is no branch and no
// shift by a variable in the loop.
func compareAll[T ordered](dst column.Bitmap, xs []T, o op, c T) {
	for w := range dst {
		part := xs[w*64:]
		if len(part) > 64 {
			part = part[:64]
		}
		dst[w] = compareWord(part, o, c) >> (64 - uint(len(part)))
	}
	if o == opNe {
		for w := range dst {
			dst[w] = ^dst[w]
		}
	}
}

// compareWord returns the bits of up to 64 values, the last in bit 63; for
// opNe those that are equal.
func compareWord[T ordered](xs []T, o op, c T) uint64 {
	var m uint64
	switch o {
	case opEq, opNe:
		for _, x := range xs {
			m = m>>1 | one(x == c)<<63
		}
	case opLt:
		for _, x := range xs {
			m = m>>1 | one(x < c)<<63
		}
	case opLe:
		for _, x := range xs {
			m = m>>1 | one(x <= c)<<63
		}
	case opGt:
		for _, x := range xs {
			m = m>>1 | one(x > c)<<63
		}
	case opGe:
		for _, x := range xs {
			m = m>>1 | one(x >= c)<<63
		}
	}
	return m
}

// unsignedInts returns the same numbers as what they are in a uint64 column.
func unsignedInts(xs []int64) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(xs))), len(xs))
}

// compareValue compares a column with a constant of its type.
type compareValue struct {
	ref
	op    op
	ints  int64 // of columns with LayoutInt
	float float64
	bytes []byte
	zone  value
}

func (c *compareValue) eval(fr *frame, need column.Bitmap) truth {
	v, valid := c.vector(fr)
	t := fr.bitmap()
	switch c.typ.Layout() {
	case column.LayoutInt:
		if c.typ.Kind == column.Uint64 {
			compareAll(t, unsignedInts(v.Ints[:fr.n]), c.op, uint64(c.ints))
		} else {
			compareAll(t, v.Ints[:fr.n], c.op, c.ints)
		}
	case column.LayoutF32:
		compareAll(t, v.F32[:fr.n], c.op, float32(c.float))
	case column.LayoutF64:
		compareAll(t, v.F64[:fr.n], c.op, c.float)
	case column.LayoutBytes:
		clear(t)
		if c.op == opEq || c.op == opNe {
			equalBytes(t, v, need, c.bytes, c.op == opNe)
		} else {
			compareBytes(t, v, need, c.op, c.bytes)
		}
	}
	return fr.settle(t, valid)
}

// equalBytes sets the bits of the rows of need whose bytes are c, or are not.
func equalBytes(t column.Bitmap, v *column.Vector, need column.Bitmap, c []byte, differ bool) {
	offs, text := v.Offs, v.Bytes
	flip := one(differ)
	for w, m := range need {
		var out uint64
		for ; m != 0; m &= m - 1 {
			j := bits.TrailingZeros64(m)
			i := w*64 + j
			from, to := offs[i], offs[i+1]
			eq := int(to-from) == len(c) && string(text[from:to]) == string(c)
			out |= (one(eq) ^ flip) << uint(j)
		}
		t[w] = out
	}
}

func compareBytes(t column.Bitmap, v *column.Vector, need column.Bitmap, o op, c []byte) {
	eachRow(need, func(i int) {
		if holds(o, bytes.Compare(v.At(i), c)) {
			t.Set(i)
		}
	})
}

// eachRow calls f for the rows of b.
func eachRow(b column.Bitmap, f func(i int)) {
	for w, m := range b {
		for ; m != 0; m &= m - 1 {
			f(w*64 + bits.TrailingZeros64(m))
		}
	}
}

// holds reports whether o is true of operands that compare so.
func holds(o op, c int) bool {
	switch o {
	case opEq:
		return c == 0
	case opNe:
		return c != 0
	case opLt:
		return c < 0
	case opLe:
		return c <= 0
	case opGt:
		return c > 0
	}
	return c >= 0
}

func (c *compareValue) may(b boundsFunc) possible {
	z, ok := c.leaf(b)
	if !ok {
		return possible{true, true}
	}
	return z.compare(c.op, &c.zone)
}

// compareColumns compares two columns of one family.
type compareColumns struct {
	x, y ref
	op   op
}

func (c *compareColumns) eval(fr *frame, need column.Bitmap) truth {
	x, xs := c.x.vector(fr)
	y, ys := c.y.vector(fr)
	valid := xs
	switch {
	case xs == nil:
		valid = ys
	case ys != nil:
		valid = fr.bitmap()
		for i := range valid {
			valid[i] = xs[i] & ys[i]
		}
	}
	t := fr.none()
	rows := need
	if valid != nil {
		rows = fr.bitmap()
		for i := range rows {
			rows[i] = need[i] & valid[i]
		}
	}
	eachRow(rows, func(i int) {
		n, ordered := compareAt(x, y, i)
		if ordered && holds(c.op, n) || !ordered && c.op == opNe {
			t.Set(i)
		}
	})
	return fr.settle(t, valid)
}

// compareAt compares value i of x and y, which are there; ordered is false if
// one of them is NaN.
func compareAt(x, y *column.Vector, i int) (n int, ordered bool) {
	f, xf := floatAt(x, i)
	g, yf := floatAt(y, i)
	switch {
	case xf && f != f || yf && g != g:
		return 0, false
	case xf && yf:
		return int(one(f > g)) - int(one(f < g)), true
	case xf && f == 0 && isZero(y, i), yf && g == 0 && isZero(x, i):
		return 0, true
	}
	return column.Compare(x, i, y, i), true
}

func isZero(v *column.Vector, i int) bool { return v.Ints[i] == 0 }

func floatAt(v *column.Vector, i int) (float64, bool) {
	switch v.Type.Layout() {
	case column.LayoutF32:
		return float64(v.F32[i]), true
	case column.LayoutF64:
		return v.F64[i], true
	}
	return math.NaN(), false
}

func (c *compareColumns) may(b boundsFunc) possible {
	for _, r := range []*ref{&c.x, &c.y} {
		if z, ok := r.leaf(b); ok && z.nulls == z.rows {
			return possible{}
		}
	}
	return possible{true, true}
}

// oneOf is in with a list of values, none of them null. The list has been
// turned into values of the column's type; those that no value can equal were
// left out.
type oneOf struct {
	ref
	ints   map[int64]struct{}
	floats map[float64]struct{}
	texts  map[string]struct{}
	zones  []value
}

func (s *oneOf) eval(fr *frame, need column.Bitmap) truth {
	v, valid := s.vector(fr)
	t := fr.none()
	switch s.typ.Layout() {
	case column.LayoutInt:
		eachRow(need, func(i int) {
			if _, ok := s.ints[v.Ints[i]]; ok {
				t.Set(i)
			}
		})
	case column.LayoutF32, column.LayoutF64:
		eachRow(need, func(i int) {
			f, _ := floatAt(v, i)
			if _, ok := s.floats[f]; ok {
				t.Set(i)
			}
		})
	case column.LayoutBytes:
		eachRow(need, func(i int) {
			if _, ok := s.texts[string(v.At(i))]; ok {
				t.Set(i)
			}
		})
	}
	return fr.settle(t, valid)
}

func (s *oneOf) may(b boundsFunc) possible {
	z, ok := s.leaf(b)
	if !ok {
		return possible{true, true}
	}
	var p possible
	for i := range s.zones {
		q := z.compare(opEq, &s.zones[i])
		p.t = p.t || q.t
	}
	p.f = z.nulls < z.rows
	return p
}
