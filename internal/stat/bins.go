package stat

import (
	"math"
	"sort"
)

// Bins is a partition of the real line by ascending cut points e_0 < e_1 < ...: bin 0 is (-inf, e_0), bin i is [e_{i-1}, e_i),
// the last one is [e_last, +inf]. Without cut points there is one bin. NaN and null belong to none and are counted apart.
type Bins struct {
	Cuts []float64
}

// Len returns the number of bins, one more than that of cut points.
func (b Bins) Len() int { return len(b.Cuts) + 1 }

// Find returns the bin of x, which must not be NaN. Runs in O(log Len).
func (b Bins) Find(x float64) int {
	lo, hi := 0, len(b.Cuts)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if b.Cuts[mid] <= x {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// Bounds returns the lower and upper end of bin i, each with false if the bin has no end on that side. The lower end belongs
// to the bin, the upper end does not; a bin that holds one value only has equal ends.
func (b Bins) Bounds(i int) (lo, hi float64, hasLo, hasHi bool) {
	if i > 0 {
		lo, hasLo = b.Cuts[i-1], true
	}
	if i < len(b.Cuts) {
		hi, hasHi = b.Cuts[i], true
	}
	if hasLo && hasHi && hi == above(lo) {
		hi = lo
	}
	return lo, hi, hasLo, hasHi
}

// QuantileBins cuts at the quantiles 1/parts, 2/parts, ... of a reference, given by its quantile function (of exact values or of a
// sketch), with duplicates removed. parts must be at least 2; 10 gives deciles.
//
// A value that takes two or more of the quantiles is an atom (a constant, a zero-inflated amount) and gets a bin of its own,
// so that mass moving from it to either side is seen; plain removal of duplicates would merge it with one neighbour.
// Infinities that take a quantile get a bin of their own too.
func QuantileBins(parts int, quantile func(q float64) float64) Bins {
	var cuts []float64
	prev, atom := math.NaN(), false
	for i := 1; i < parts; i++ {
		v := quantile(float64(i) / float64(parts))
		switch {
		case math.IsNaN(v):
		case math.IsInf(v, -1):
			if len(cuts) == 0 {
				cuts = append(cuts, above(v))
			}
		case v != prev:
			if len(cuts) == 0 || v > cuts[len(cuts)-1] {
				cuts = append(cuts, v)
			}
			prev, atom = v, false
		case !atom:
			if next := above(v); next > cuts[len(cuts)-1] {
				cuts = append(cuts, next)
			}
			atom = true
		}
	}
	return Bins{Cuts: cuts}
}

// above returns the next larger float64.
func above(x float64) float64 { return math.Nextafter(x, math.Inf(1)) }

// BinCounts are the numbers of values in each bin of a Bins, of NaN values and of nulls. Counts of disjoint rows add up.
type BinCounts struct {
	In   []uint64
	NaN  uint64
	Null uint64
}

// NewBinCounts returns zero counts for b.
func NewBinCounts(b Bins) BinCounts { return BinCounts{In: make([]uint64, b.Len())} }

// Add counts values, NaN among them.
func (c *BinCounts) Add(b Bins, values []float64) {
	for _, x := range values {
		if x != x {
			c.NaN++
			continue
		}
		c.In[b.Find(x)]++
	}
}

// Merge adds the counts of other rows over the same bins.
func (c *BinCounts) Merge(o BinCounts) {
	for i, x := range o.In {
		c.In[i] += x
	}
	c.NaN += o.NaN
	c.Null += o.Null
}

// Vector returns the counts as floats, the bins first, then NaN, then null.
func (c BinCounts) Vector() []float64 {
	v := make([]float64, 0, len(c.In)+2)
	for _, x := range c.In {
		v = append(v, float64(x))
	}
	return append(v, float64(c.NaN), float64(c.Null))
}

// SortFloats sorts values that hold no NaN ascending, and turns -0 into 0 so that equal values are equal bits.
func SortFloats(x []float64) {
	for i, v := range x {
		if v == 0 {
			x[i] = 0
		}
	}
	sort.Float64s(x)
}
