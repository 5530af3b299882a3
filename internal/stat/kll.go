package stat

import (
	"math"
	"slices"
	"sort"
)

// DefaultK is the size parameter of a KLL sketch: about 2,400 numbers, rank error 0.35 %.
const DefaultK = 800

const (
	kllShrink = 2. / 3 // capacity of a level relative to the next higher one
	kllLeast  = 8      // smallest capacity of a level
)

// KLL is a quantile sketch: a small weighted sample of a stream from which the rank of any value is known within
// KLLError(k) of the number of rows. Below about three times k rows it holds all of them and is exact.
//
// A value on level h stands for 2^h rows. When the levels are over their capacities, the lowest full one is sorted and every
// other value of it moves up; whether the odd or the even ones is a coin flip. Flips come from the seed and the number of
// flips so far, so equal streams with equal seeds give equal sketches, and Merge is deterministic in the order of merging.
// Source: Karnin, Lang and Liberty, Optimal quantile approximation in streams (2016), with capacities k (2/3)^depth >= 8 as in
// Apache DataSketches.
//
// NaN is left out by Add; infinities are ordinary values; -0 is 0.
type KLL struct {
	k        int
	seed     uint64
	flips    uint64
	n        uint64
	min, max float64
	levels   [][]float64 // level 0 in order of arrival, the others sorted
	caps     []int       // capacity of each level
	size     int         // values on all levels
	capacity int         // sum of caps
	up       []float64   // scratch of promote
}

// NewKLL returns an empty sketch; k below 8 means DefaultK.
func NewKLL(k int, seed uint64) *KLL {
	if k < kllLeast {
		k = DefaultK
	}
	s := &KLL{k: k, seed: seed, levels: make([][]float64, 1)}
	s.measure()
	return s
}

// KLLError returns the share of rows by which the rank of one value may be wrong, with 99 % confidence, for a sketch of
// size k: 2.296 / k^0.9723 (measured by Apache DataSketches for these capacities; 0.35 % for 800).
func KLLError(k int) float64 { return 2.296 / math.Pow(float64(k), 0.9723) }

// KLLMassError returns the same for the share of rows between two values, or the largest error over all ranks:
// 2.446 / k^0.9433 (0.45 % for 800).
func KLLMassError(k int) float64 { return 2.446 / math.Pow(float64(k), 0.9433) }

// K returns the size parameter.
func (s *KLL) K() int { return s.k }

// N returns the number of values taken in.
func (s *KLL) N() uint64 { return s.n }

// Exact says whether the sketch still holds every value.
func (s *KLL) Exact() bool { return len(s.levels) == 1 }

// Error returns the bound on the error of a rank: 0 while Exact, KLLMassError(k) afterwards, which holds for all ranks at once.
func (s *KLL) Error() float64 {
	if s.Exact() {
		return 0
	}
	return KLLMassError(s.k)
}

// Range returns the exact smallest and largest value, and false for an empty sketch.
func (s *KLL) Range() (lo, hi float64, ok bool) { return s.min, s.max, s.n > 0 }

// Add takes in values, in order.
func (s *KLL) Add(values []float64) {
	for _, x := range values {
		s.AddOne(x)
	}
}

// AddOne takes in one value.
func (s *KLL) AddOne(x float64) {
	if x != x {
		return
	}
	if x == 0 {
		x = 0
	}
	if s.n == 0 {
		s.min, s.max = x, x
	}
	s.min, s.max = min(s.min, x), max(s.max, x)
	s.n++
	s.levels[0] = append(s.levels[0], x)
	s.size++
	if s.size > s.capacity {
		s.compress()
	}
}

// Merge takes in the values of another sketch, which stays as it is. Both should have the same k; the larger error holds otherwise.
func (s *KLL) Merge(o *KLL) {
	if o.n == 0 {
		return
	}
	if s.n == 0 {
		s.min, s.max = o.min, o.max
	}
	s.min, s.max = min(s.min, o.min), max(s.max, o.max)
	s.n += o.n
	s.k = min(s.k, o.k)
	for len(s.levels) < len(o.levels) {
		s.levels = append(s.levels, nil)
	}
	s.levels[0] = append(s.levels[0], o.levels[0]...)
	for h := 1; h < len(o.levels); h++ {
		s.levels[h] = mergeSorted(s.levels[h], o.levels[h])
	}
	s.size += o.size
	s.measure()
	for s.size > s.capacity {
		s.compress()
	}
}

// compress empties half of the lowest level that is at its capacity.
func (s *KLL) compress() {
	for h := range s.levels {
		if len(s.levels[h]) < s.caps[h] {
			continue
		}
		if h+1 == len(s.levels) {
			s.levels = append(s.levels, nil)
			s.measure()
		}
		if h == 0 {
			slices.Sort(s.levels[0])
		}
		s.promote(h)
		return
	}
}

// promote moves every other value of level h, which is sorted, to the next level. With an odd number the first stays.
func (s *KLL) promote(h int) {
	level := s.levels[h]
	stay := len(level) & 1
	s.flips++
	from := stay + int(Mix64(s.seed^Mix64(s.flips))>>63)
	s.up = s.up[:0]
	for i := from; i < len(level); i += 2 {
		s.up = append(s.up, level[i])
	}
	s.levels[h+1] = mergeSorted(s.levels[h+1], s.up)
	s.levels[h] = level[:stay]
	s.size -= len(level) - stay - len(s.up)
}

// measure sets the capacities k (2/3)^depth, at least 8, where depth counts from the highest level.
func (s *KLL) measure() {
	s.caps = make([]int, len(s.levels))
	s.capacity = 0
	limit := float64(s.k)
	for h := len(s.levels) - 1; h >= 0; h-- {
		s.caps[h] = max(kllLeast, int(math.Ceil(limit)))
		s.capacity += s.caps[h]
		limit *= kllShrink
	}
}

// CDF returns the distribution function that the sketch stands for: its values ascending, and the share of rows at or below
// each. It is empty for an empty sketch.
func (s *KLL) CDF() CDF {
	type item struct{ value, weight float64 }
	items := make([]item, 0, s.size)
	weight := 1.0
	for _, level := range s.levels {
		for _, v := range level {
			items = append(items, item{v, weight})
		}
		weight *= 2
	}
	sort.SliceStable(items, func(i, j int) bool { return items[i].value < items[j].value })
	values, weights := make([]float64, len(items)), make([]float64, len(items))
	for i, it := range items {
		values[i], weights[i] = it.value, it.weight
	}
	return NewCDF(values, weights)
}

// Quantiles returns the values at the ranks q, each in [0, 1]: the smallest value of the sketch whose share at or below it
// reaches q, and the exact minimum and maximum at 0 and 1. The sketch must not be empty. While it is Exact the result
// interpolates as Quantile does.
func (s *KLL) Quantiles(q []float64) []float64 {
	out := make([]float64, len(q))
	if s.Exact() {
		sorted := append([]float64(nil), s.levels[0]...)
		sort.Float64s(sorted)
		for i, x := range q {
			out[i] = Quantile(sorted, x)
		}
		return out
	}
	c := s.CDF()
	for i, x := range q {
		switch {
		case x <= 0:
			out[i] = s.min
		case x >= 1:
			out[i] = s.max
		default:
			out[i] = c.Values[min(sort.SearchFloat64s(c.Cum, x), len(c.Values)-1)]
		}
	}
	return out
}

// Histogram spreads the rows that the sketch stands for over bins of equal width between its minimum and maximum. Counts are
// rounded weights of sampled values: exact while the sketch is Exact, each within KLLMassError of the rows afterwards. It is
// nil for an empty sketch and one whose range is not finite.
func (s *KLL) Histogram(bins int) *Histogram {
	if s.n == 0 || math.IsInf(s.min, 0) || math.IsInf(s.max, 0) {
		return nil
	}
	h := NewHistogram(s.min, s.max, bins)
	weight := uint64(1)
	for _, level := range s.levels {
		for _, v := range level {
			h.AddN(v, weight)
		}
		weight *= 2
	}
	return h
}

// mergeSorted merges the ascending slice b into the ascending slice a, from the end, and returns a grown by b.
func mergeSorted(a, b []float64) []float64 {
	i, j := len(a)-1, len(b)-1
	a = append(a, b...)
	for at := len(a) - 1; j >= 0; at-- {
		if i >= 0 && a[i] > b[j] {
			a[at] = a[i]
			i--
		} else {
			a[at] = b[j]
			j--
		}
	}
	return a
}
