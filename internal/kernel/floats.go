package kernel

import "math"

// MaxWhole is the greatest magnitude of a whole number that Whole accepts:
// up to it every integer is a float64.
const MaxWhole = 1 << 53

// MaxDecimal bounds the magnitude of the digits that Decimal accepts. Below it
// x*10^e is off by less than one half from the digits of x, so that rounding
// finds them, and adding roundBias rounds to a whole number.
const MaxDecimal = 1 << 51

// MaxExponent is the greatest exponent that Decimal accepts.
const MaxExponent = 17

const roundBias = 3 << 51

// Pow10 returns 10^e as a float64, which is exact for e from 0 to 22.
func Pow10(e int) float64 { return pow10[e] }

var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17}

// Whole stores xs as integers in dst and reports true if every one is a whole
// number of magnitude at most MaxWhole and none is -0. If it reports false the
// content of dst is undefined. The slices are equally long.
func Whole(dst []int64, xs []float64) bool {
	dst = dst[:len(xs)]
	for i, x := range xs {
		n := int64(x)
		if math.Float64bits(float64(n)) != math.Float64bits(x) || uint64(n+MaxWhole) > 2*MaxWhole {
			return false
		}
		dst[i] = n
	}
	return true
}

// Decimal finds the least e from 1 to MaxExponent such that every xs[i] is, bit
// for bit, float64(n)/10^e for a whole n with |n| < MaxDecimal, stores these n
// in dst and returns e. It returns 0 where there is none, and then the content
// of dst is undefined. The slices are equally long and not empty.
//
// A number that has digits under e has them under e+1 too, until they become
// too many; so a number that e does not fit asks for a greater e, and where
// none fits it there is none at all. Mostly the first numbers settle e.
func Decimal(dst []int64, xs []float64) int {
	e := 1
	for {
		i := digits(dst, xs, e)
		if i == len(xs) {
			return e
		}
		for digits(dst[i:i+1], xs[i:i+1], e) == 0 {
			if e++; e > MaxExponent {
				return 0
			}
		}
	}
}

// digits stores in dst the digits of xs under e and returns how many of xs,
// from the first on, have them.
func digits(dst []int64, xs []float64, e int) int {
	dst = dst[:len(xs)]
	p := pow10[e]
	bias := math.Float64bits(roundBias)
	for i, x := range xs {
		t := float64(x*p) + roundBias
		n := int64(math.Float64bits(t) - bias)
		if uint64(n+MaxDecimal-1) > 2*MaxDecimal-2 || math.Float64bits((t-roundBias)/p) != math.Float64bits(x) {
			return i
		}
		dst[i] = n
	}
	return len(xs)
}

// Scale sets dst[i] to float64(ns[i])/10^e. The slices are equally long.
func Scale(dst []float64, ns []int64, e int) {
	dst = dst[:len(ns)]
	p := pow10[e]
	for i, n := range ns {
		dst[i] = float64(n) / p
	}
}

// Narrow stores xs in dst and reports true if every one is exactly a float32,
// NaNs with their payload. The slices are equally long.
func Narrow(dst []float32, xs []float64) bool {
	dst = dst[:len(xs)]
	for i, x := range xs {
		y := float32(x)
		if math.Float64bits(float64(y)) != math.Float64bits(x) {
			return narrowNaN(dst[i:], xs[i:])
		}
		dst[i] = y
	}
	return true
}

// narrowNaN goes on where Narrow met a number that is not equal to its
// float32, which the processor's conversion says also of signalling NaNs.
func narrowNaN(dst []float32, xs []float64) bool {
	for i, x := range xs {
		y, ok := NarrowBits(math.Float64bits(x))
		if !ok {
			return false
		}
		dst[i] = math.Float32frombits(y)
	}
	return true
}

// NarrowBits returns the bits of the float32 that equals the float64 with bits
// b, and whether there is one. NaNs are cut to their upper 22 payload bits and
// their quiet bit, without the change that a conversion instruction makes.
func NarrowBits(b uint64) (uint32, bool) {
	const frac, exp = 1<<52 - 1, 0x7FF << 52
	if b&exp == exp && b&frac != 0 {
		y := uint32(b>>32&0x80000000) | 0x7F800000 | uint32(b>>29&0x7FFFFF)
		return y, b&(1<<29-1) == 0
	}
	y := float32(math.Float64frombits(b))
	return math.Float32bits(y), math.Float64bits(float64(y)) == b
}

// WidenBits returns the bits of the float64 that equals the float32 with bits
// b; the payload of a NaN is kept as it is.
func WidenBits(b uint32) uint64 {
	const frac, exp = 1<<23 - 1, 0xFF << 23
	if b&exp == exp && b&frac != 0 {
		return uint64(b&0x80000000)<<32 | 0x7FF<<52 | uint64(b&frac)<<29
	}
	return math.Float64bits(float64(math.Float32frombits(b)))
}

// Widen sets dst[i] to xs[i], NaNs with their payload. The slices are equally
// long.
func Widen(dst []float64, xs []float32) {
	dst = dst[:len(xs)]
	for i, x := range xs {
		y := float64(x)
		if x != x {
			y = math.Float64frombits(WidenBits(math.Float32bits(x)))
		}
		dst[i] = y
	}
}
