package column

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/strata-data/strata/internal/kernel"
	"github.com/strata-data/strata/internal/object"
)

// EncodePage appends the page object that holds values from..to (exclusive) of
// v to dst. The bytes depend on the values alone: not on the declared width of
// the type, nor on what lies under nulls, nor on neighbours of the run. It is
// for the caller to see that PageFits; more than MaxPageRows values panic. Many
// pages are encoded faster by a PageEncoder.
func EncodePage(dst []byte, v *Vector, from, to int) []byte {
	return new(PageEncoder).Encode(dst, v, from, to)
}

// PageEncoder encodes pages and keeps its scratch memory between them. The
// zero value is ready. It is not safe for concurrent use.
type PageEncoder struct {
	ints  []int64
	diffs []int64
	wide  []float64
	f32   []float32
	dict  *dictionary // made when the first text comes
}

// Encode does what EncodePage does.
func (e *PageEncoder) Encode(dst []byte, v *Vector, from, to int) []byte {
	if to-from > MaxPageRows {
		panic("column: too many rows for a page")
	}
	dst = object.AppendHeader(dst, object.KindPage)
	dst = binary.AppendUvarint(dst, uint64(to-from))
	return e.block(dst, v, from, to)
}

// block appends the block of values from..to of v.
func (e *PageEncoder) block(dst []byte, v *Vector, from, to int) []byte {
	n := to - from
	if n == 0 {
		return dst
	}
	nulls := v.countNulls(from, to)
	if nulls == n {
		return append(dst, formNull)
	}
	at := len(dst)
	dst = append(dst, 0)
	if nulls > 0 {
		dst = appendBitmap(dst, v.Valid, from, n)
		dst = e.bodyMixed(dst, at, v, from, to, n-nulls)
		dst[at] |= tagMixed
		return dst
	}
	return e.body(dst, at, v, from, to)
}

// body appends the body of values without nulls and sets the tag at dst[at].
func (e *PageEncoder) body(dst []byte, at int, v *Vector, from, to int) []byte {
	switch v.Type.Layout() {
	case LayoutInt:
		return e.integers(dst, at, v.Ints[from:to], v.Type.Kind == Uint64, formInt)
	case LayoutF32:
		return e.floats32(dst, at, v.F32[from:to])
	case LayoutF64:
		return e.floats64(dst, at, v.F64[from:to])
	case LayoutBytes:
		return e.bytes(dst, at, v.Bytes, v.Offs[from:to+1])
	case LayoutList:
		dst[at] = formList
		dst = e.lengths(dst, v.Offs[from:to+1])
		return e.block(dst, v.Kids[0], int(v.Offs[from]), int(v.Offs[to]))
	case LayoutFixed:
		dst[at] = formFixed
		return e.block(dst, v.Kids[0], from*v.Type.Size, to*v.Type.Size)
	}
	dst[at] = formStruct
	for _, k := range v.Kids {
		dst = e.block(dst, k, from, to)
	}
	return dst
}

// bodyMixed appends the body of the m values of from..to that are not null.
func (e *PageEncoder) bodyMixed(dst []byte, at int, v *Vector, from, to, m int) []byte {
	switch v.Type.Layout() {
	case LayoutInt:
		xs := gather(e.ints[:0], v.Ints, v.Valid, from, to)
		e.ints = xs
		return e.integers(dst, at, xs, v.Type.Kind == Uint64, formInt)
	case LayoutF32:
		e.f32 = gather(e.f32[:0], v.F32, v.Valid, from, to)
		return e.floats32(dst, at, e.f32)
	case LayoutF64:
		e.wide = gather(e.wide[:0], v.F64, v.Valid, from, to)
		return e.floats64(dst, at, e.wide)
	}
	// The other layouts are copied without their nulls; pages of them are
	// mostly free of nulls or short.
	w := NewVector(v.Type, m)
	for i := from; i < to; {
		for i < to && !v.Valid.Get(i) {
			i++
		}
		j := i
		for j < to && v.Valid.Get(j) {
			j++
		}
		w.appendPresent(v, i, j)
		i = j
	}
	return e.body(dst, at, w, 0, m)
}

// appendPresent appends values from..to of src, none of which is null.
func (v *Vector) appendPresent(src *Vector, from, to int) {
	if from == to {
		return
	}
	if src.Nulls == 0 {
		v.AppendFrom(src, from, to)
		return
	}
	bare := *src
	bare.Nulls, bare.Valid = 0, nil
	v.AppendFrom(&bare, from, to)
}

// gather appends the values from..to of xs that are there to dst.
func gather[T int64 | float32 | float64](dst, xs []T, valid Bitmap, from, to int) []T {
	dst = slices.Grow(dst, to-from)[:to-from]
	k := 0
	for i := from; i < to; i++ {
		dst[k] = xs[i]
		k += int(valid[i>>6] >> (uint(i) & 63) & 1)
	}
	return dst[:k]
}

// integers appends xs as base or first value and planes.
func (e *PageEncoder) integers(dst []byte, at int, xs []int64, unsigned bool, form byte) []byte {
	lo, hi := kernel.MinMax(xs)
	span, flip := uint64(hi)-uint64(lo), uint64(0)
	tag := form
	if unsigned && lo < 0 {
		ulo, uhi := kernel.MinMaxUnsigned(xs)
		lo, span, flip = int64(ulo), uhi-ulo, 1<<63
		tag |= tagUnsigned
	}
	width := planeBits(span)
	if width > 0 && len(xs) > 1 {
		if dlo, dhi, ok := kernel.Ascending(xs, flip); ok && planeBits(dhi-dlo) < width {
			dst[at] = tag | tagDelta
			dst = appendBase(dst, xs[0], flip != 0)
			dst = binary.AppendUvarint(dst, dlo)
			e.diffs = slices.Grow(e.diffs[:0], len(xs))[:len(xs)-1]
			kernel.Differences(e.diffs, xs)
			return appendPlanes(dst, e.diffs, dlo, planeBits(dhi-dlo))
		}
	}
	dst[at] = tag
	dst = appendBase(dst, lo, flip != 0)
	return appendPlanes(dst, xs, uint64(lo), width)
}

func appendBase(dst []byte, x int64, unsigned bool) []byte {
	if unsigned {
		return binary.AppendUvarint(dst, uint64(x))
	}
	return binary.AppendVarint(dst, x)
}

// planeBits returns the width in bits that numbers up to span are stored in.
func planeBits(span uint64) int {
	n := bits.Len64(span)
	if n > 1 {
		n = (n + 7) &^ 7
	}
	return n
}

// appendPlanes appends the width in bits and the planes of xs less base.
func appendPlanes(dst []byte, xs []int64, base uint64, width int) []byte {
	dst = append(dst, byte(width))
	if width == 0 {
		return dst
	}
	at, n := len(dst), planesSize(len(xs), width)
	dst = slices.Grow(dst, n)[:at+n]
	if width == 1 {
		kernel.PackBits(dst[at:], xs, int64(base))
	} else {
		kernel.Split(dst[at:], xs, base, width/8)
	}
	return dst
}

// planesSize returns the bytes of the planes of n numbers of width bits.
func planesSize(n, width int) int {
	if width == 1 {
		return (n + 7) / 8
	}
	return n * (width / 8)
}

func (e *PageEncoder) floats32(dst []byte, at int, xs []float32) []byte {
	// A few values decide mostly that there are only planes to write; the
	// whole run is looked at only when they do not.
	head := min(len(xs), 16)
	e.wide = slices.Grow(e.wide[:0], len(xs))[:head]
	kernel.Widen(e.wide, xs[:head])
	e.ints = slices.Grow(e.ints[:0], len(xs))[:len(xs)]
	if kernel.Whole(e.ints, e.wide) || kernel.Decimal(e.ints, e.wide) > 0 {
		e.wide = e.wide[:len(xs)]
		kernel.Widen(e.wide, xs)
		if out, ok := e.decimals(dst, at, e.wide); ok {
			return out
		}
	}
	return appendF32(dst, at, xs)
}

func (e *PageEncoder) floats64(dst []byte, at int, xs []float64) []byte {
	if out, ok := e.decimals(dst, at, xs); ok {
		return out
	}
	e.f32 = slices.Grow(e.f32[:0], len(xs))[:len(xs)]
	if kernel.Narrow(e.f32, xs) {
		return appendF32(dst, at, e.f32)
	}
	dst[at] = formF64
	k := len(dst)
	dst = slices.Grow(dst, 8*len(xs))[:k+8*len(xs)]
	kernel.SplitF64(dst[k:], xs)
	return dst
}

// decimals appends xs as integers or decimals if they are such.
func (e *PageEncoder) decimals(dst []byte, at int, xs []float64) ([]byte, bool) {
	e.ints = slices.Grow(e.ints[:0], len(xs))[:len(xs)]
	if kernel.Whole(e.ints, xs) {
		return e.integers(dst, at, e.ints, false, formInt), true
	}
	exp := kernel.Decimal(e.ints, xs)
	if exp == 0 {
		return dst, false
	}
	return e.integers(append(dst, byte(exp)), at, e.ints, false, formDecimal), true
}

func appendF32(dst []byte, at int, xs []float32) []byte {
	dst[at] = formF32
	k := len(dst)
	dst = slices.Grow(dst, 4*len(xs))[:k+4*len(xs)]
	kernel.SplitF32(dst[k:], xs)
	return dst
}

// lengths appends the block of the differences of offs.
func (e *PageEncoder) lengths(dst []byte, offs []uint32) []byte {
	n := len(offs) - 1
	e.ints = slices.Grow(e.ints[:0], n)[:n]
	for i := range e.ints {
		e.ints[i] = int64(offs[i+1] - offs[i])
	}
	return e.intBlock(dst, e.ints)
}

// intBlock appends the block of xs, which may be empty.
func (e *PageEncoder) intBlock(dst []byte, xs []int64) []byte {
	if len(xs) == 0 {
		return dst
	}
	return e.integers(append(dst, 0), len(dst), xs, false, formInt)
}
