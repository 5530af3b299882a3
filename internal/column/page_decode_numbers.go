package column

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/strata-data/strata/internal/kernel"
)

func (d *PageDecoder) intBody(v *Vector, r run) error {
	k := len(v.Ints)
	v.Ints = slices.Grow(v.Ints, r.n)[:k+r.n]
	xs := v.Ints[k:]
	if err := d.integers(xs[:r.m], r.tag); err != nil {
		return err
	}
	if r.tag&tagUnsigned != 0 {
		if v.Type.Kind != Uint64 {
			return formatError("numbers too large for %s", v.Type)
		}
	} else if lo, hi, all := v.Type.intRange(); !all {
		if a, b := kernel.MinMax(xs[:r.m]); a < lo || b > hi {
			return formatError("%d to %d is not the range of %s", a, b, v.Type)
		}
	}
	if r.valid != nil {
		spread(xs, r.m, r.valid)
	}
	return nil
}

// fits checks that the planes of m floats are in the page.
func (d *PageDecoder) fits(tag byte, m int) error {
	if tag&formMask == formF64 && len(d.b) < 8*m || tag&formMask == formF32 && len(d.b) < 4*m {
		return formatError("cut short")
	}
	return nil
}

func (d *PageDecoder) f64Body(v *Vector, r run) error {
	if err := d.fits(r.tag, r.m); err != nil {
		return err
	}
	k := len(v.F64)
	v.F64 = slices.Grow(v.F64, r.n)[:k+r.n]
	xs := v.F64[k:]
	if err := d.floats(xs[:r.m], r.tag); err != nil {
		return err
	}
	if r.valid != nil {
		spread(xs, r.m, r.valid)
	}
	return nil
}

func (d *PageDecoder) f32Body(v *Vector, r run) error {
	if err := d.fits(r.tag, r.m); err != nil {
		return err
	}
	k := len(v.F32)
	v.F32 = slices.Grow(v.F32, r.n)[:k+r.n]
	xs := v.F32[k:]
	if r.tag&formMask == formF32 {
		kernel.JoinF32(xs[:r.m], d.take(4*r.m))
	} else {
		d.wide = slices.Grow(d.wide[:0], r.m)[:r.m]
		if err := d.floats(d.wide, r.tag); err != nil {
			return err
		}
		if !kernel.Narrow(xs[:r.m], d.wide) {
			return formatError("a number is not a %s", v.Type)
		}
	}
	if r.valid != nil {
		spread(xs, r.m, r.valid)
	}
	return nil
}

// floats reads the numbers of a block of floats.
func (d *PageDecoder) floats(dst []float64, tag byte) error {
	n := len(dst)
	switch tag & formMask {
	case formF64:
		kernel.JoinF64(dst, d.take(8*n))
		return nil
	case formF32:
		d.f32 = slices.Grow(d.f32[:0], n)[:n]
		kernel.JoinF32(d.f32, d.take(4*n))
		kernel.Widen(dst, d.f32)
		return nil
	}
	exp, limit := 0, int64(kernel.MaxWhole)
	if tag&formMask == formDecimal {
		if len(d.b) == 0 || d.b[0] == 0 || d.b[0] > kernel.MaxExponent {
			return formatError("bad exponent")
		}
		exp, limit = int(d.take(1)[0]), kernel.MaxDecimal-1
	}
	if tag&tagUnsigned != 0 {
		return formatError("numbers too large for a float")
	}
	d.ints = slices.Grow(d.ints[:0], n)[:n]
	if err := d.integers(d.ints, tag); err != nil {
		return err
	}
	if lo, hi := kernel.MinMax(d.ints); lo < -limit || hi > limit {
		return formatError("numbers too large for a float")
	}
	kernel.Scale(dst, d.ints, exp)
	return nil
}

// integers reads the numbers behind a tag; there is at least one.
func (d *PageDecoder) integers(dst []int64, tag byte) error {
	base, err := d.base(tag)
	if err != nil {
		return err
	}
	if tag&tagDelta == 0 {
		return d.planes(dst, uint64(base))
	}
	step, k := binary.Uvarint(d.b)
	if k <= 0 || len(dst) < 2 {
		return formatError("bad differences")
	}
	d.b = d.b[k:]
	dst[0] = base
	if err := d.planes(dst[1:], step); err != nil {
		return err
	}
	kernel.Accumulate(dst[1:], base)
	return nil
}

func (d *PageDecoder) base(tag byte) (int64, error) {
	var x int64
	var k int
	if tag&tagUnsigned != 0 {
		var u uint64
		u, k = binary.Uvarint(d.b)
		x = int64(u)
	} else {
		x, k = binary.Varint(d.b)
	}
	if k <= 0 {
		return 0, formatError("bad base")
	}
	d.b = d.b[k:]
	return x, nil
}

// planes reads the width and the planes of len(dst) numbers less base.
func (d *PageDecoder) planes(dst []int64, base uint64) error {
	if len(d.b) == 0 {
		return formatError("cut short")
	}
	width := int(d.take(1)[0])
	if width > 64 || width > 1 && width&7 != 0 {
		return formatError("bad width %d", width)
	}
	size := planesSize(len(dst), width)
	if size > len(d.b) {
		return formatError("cut short in the planes")
	}
	switch src := d.take(size); width {
	case 0:
		kernel.Fill(dst, int64(base))
	case 1:
		kernel.UnpackBits(dst, src, int64(base))
	default:
		kernel.Join(dst, src, base, width/8)
	}
	return nil
}

// lengths reads a block of m integers without nulls into scratch memory that
// is valid until the next call.
func (d *PageDecoder) lengths(m int) ([]int64, error) {
	d.ints = slices.Grow(d.ints[:0], m)[:m]
	if m == 0 {
		return d.ints, nil
	}
	if len(d.b) == 0 || d.b[0]&^tagDelta != formInt {
		return nil, formatError("bad lengths")
	}
	return d.ints, d.integers(d.ints, d.take(1)[0])
}

// intRange returns the least and greatest number of a type with LayoutInt and
// whether that is every int64.
func (t *Type) intRange() (lo, hi int64, all bool) {
	switch t.Kind {
	case Bool:
		return 0, 1, false
	case Int8:
		return math.MinInt8, math.MaxInt8, false
	case Int16:
		return math.MinInt16, math.MaxInt16, false
	case Int32, Date:
		return math.MinInt32, math.MaxInt32, false
	case Uint8:
		return 0, math.MaxUint8, false
	case Uint16:
		return 0, math.MaxUint16, false
	case Uint32:
		return 0, math.MaxUint32, false
	case Uint64:
		return 0, math.MaxInt64, false
	case Decimal:
		p := int64(1)
		for range min(t.Precision, 18) {
			p *= 10
		}
		return 1 - p, p - 1, false
	}
	return math.MinInt64, math.MaxInt64, true
}
