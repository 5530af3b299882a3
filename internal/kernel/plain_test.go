package kernel

import (
	"math"
	"math/big"
)

// The plain twins: what the functions mean, one value at a time.

func plainSplit(xs []uint64, width int) []byte {
	dst := make([]byte, width*len(xs))
	for i, x := range xs {
		for p := range width {
			dst[p*len(xs)+i] = byte(x >> (8 * p))
		}
	}
	return dst
}

func plainMinMax(xs []int64) (lo, hi int64) {
	lo, hi = math.MaxInt64, math.MinInt64
	for _, x := range xs {
		lo, hi = min(lo, x), max(hi, x)
	}
	return lo, hi
}

func plainBits(xs []int64, base int64) []byte {
	dst := make([]byte, (len(xs)+7)/8)
	for i, x := range xs {
		if x != base {
			dst[i/8] |= 1 << (i % 8)
		}
	}
	return dst
}

// plainDigits returns the whole n with |n| < MaxDecimal for which n/10^e, in
// exact arithmetic rounded once, is x.
func plainDigits(x float64, e int) (int64, bool) {
	if math.IsNaN(x) || math.IsInf(x, 0) || x == 0 && math.Signbit(x) {
		return 0, false
	}
	p := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(e)), nil))
	scaled := new(big.Rat).Mul(new(big.Rat).SetFloat64(x), p)
	floor := new(big.Int).Div(scaled.Num(), scaled.Denom())
	for d := int64(-1); d <= 2; d++ {
		n := new(big.Int).Add(floor, big.NewInt(d))
		if n.CmpAbs(big.NewInt(MaxDecimal)) >= 0 {
			continue
		}
		if y, _ := new(big.Rat).Quo(new(big.Rat).SetInt(n), p).Float64(); math.Float64bits(y) == math.Float64bits(x) {
			return n.Int64(), true
		}
	}
	return 0, false
}

func plainDecimal(xs []float64) (int, []int64) {
	for e := 1; e <= MaxExponent; e++ {
		var ns []int64
		for _, x := range xs {
			n, ok := plainDigits(x, e)
			if !ok {
				break
			}
			ns = append(ns, n)
		}
		if len(ns) == len(xs) {
			return e, ns
		}
	}
	return 0, nil
}

func plainWhole(x float64) bool {
	return x == math.Trunc(x) && math.Abs(x) <= MaxWhole && !(x == 0 && math.Signbit(x))
}
