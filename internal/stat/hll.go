package stat

import (
	"math"
	"math/bits"
)

const (
	hllBits      = 14
	hllRegisters = 1 << hllBits
	hllRest      = 64 - hllBits // bits of a hash that are left after the register is chosen
)

// HLL estimates how many different values a stream holds, from 64-bit hashes of them, in 16 KiB. The relative standard error is
// HLLError = 0.81 %. The state is a pure function of the set of hashes: order, repetition and merging do not matter.
//
// Hashes must be well mixed (xxhash of the bytes; Mix64 of an integer). Registers as in Flajolet et al. (2007), 2^14 of them; the
// estimate is that of Ertl (New cardinality estimation algorithms for HyperLogLog sketches, arXiv 1702.01284, algorithm
// 6), which needs no table of corrections at either end.
type HLL struct {
	registers []uint8 // nil while empty
}

// HLLError is the relative standard error of an estimate, 1.04/sqrt(2^14).
const HLLError = 0.008125

// Add takes in the hash of a value.
func (h *HLL) Add(hash uint64) {
	if h.registers == nil {
		h.registers = make([]uint8, hllRegisters)
	}
	i := hash >> hllRest
	rank := uint8(min(bits.LeadingZeros64(hash<<hllBits), hllRest)) + 1
	if rank > h.registers[i] {
		h.registers[i] = rank
	}
}

// Merge makes h the sketch of the union of both streams.
func (h *HLL) Merge(o *HLL) {
	if o.registers == nil {
		return
	}
	if h.registers == nil {
		h.registers = make([]uint8, hllRegisters)
	}
	for i, r := range o.registers {
		h.registers[i] = max(h.registers[i], r)
	}
}

// Estimate returns the estimated number of different hashes, 0 for an empty sketch.
func (h *HLL) Estimate() float64 {
	if h.registers == nil {
		return 0
	}
	var count [hllRest + 2]int
	for _, r := range h.registers {
		count[r]++
	}
	const m = hllRegisters
	z := m * hllTau(1-float64(count[hllRest+1])/m)
	for k := hllRest; k >= 1; k-- {
		z = 0.5 * (z + float64(count[k]))
	}
	z += m * hllSigma(float64(count[0])/m)
	return m / z * m / (2 * math.Ln2)
}

// hllSigma corrects for registers that are still empty (share x of them): x + sum_k x^(2^k) 2^(k-1).
func hllSigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for prev := -1.0; z != prev; {
		prev = z
		x *= x
		z += x * y
		y += y
	}
	return z
}

// hllTau corrects for registers that are full (share 1-x of them).
func hllTau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for prev := -1.0; z != prev; {
		prev = z
		x = math.Sqrt(x)
		y *= 0.5
		z -= (1 - x) * (1 - x) * y
	}
	return z / 3
}

// Mix64 turns an integer into a well-mixed hash, a bijection of 64 bits (the finaliser of SplitMix64; Steele, Lea and Flood 2014).
func Mix64(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
