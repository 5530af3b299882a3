package demo

import "math"

// hash returns 64 bits that depend on a number and on what they are for: the
// finalizer of splitmix64 (Steele, Lea, Flood, OOPSLA 2014).
func hash(i, use int) uint64 {
	x := uint64(i)*0x9e3779b97f4a7c15 + uint64(use)*0xd1b54a32d192ed03 + 0x8a5cd789635d2dff
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// unit returns a number in [0, 1).
func unit(i, use int) float64 { return float64(hash(i, use)>>11) / (1 << 53) }

// normal returns a number that is distributed nearly as the standard normal: the
// sum of twelve uniform ones less six. Nothing but sums is computed, so every
// machine gets the same bits.
func normal(i, use int) float64 {
	var sum float64
	for k := range 12 {
		sum += unit(i, use*1000+k)
	}
	return math.Max(-3, math.Min(3, sum-6))
}

// pick chooses by the hash h.
func pick[T any](h uint64, from ...T) T { return from[h%uint64(len(from))] }
