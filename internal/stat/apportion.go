package stat

import (
	"cmp"
	"container/heap"
	"math/bits"
)

// Stratum is one class of a stratified sample.
type Stratum struct {
	Name string
	Size int // rows in it, at least 0
}

// Seats apportions up to n picks over strata and yields them one by one, as indices into strata: first those of the minimum,
// then those of the rest. It yields fewer than n when all strata are used up.
//
// The minimum gives min(least, size) picks to each stratum. If n does not reach that far, picks towards it are given in the
// order of the Sainte-Laguë method over those caps. What is left is apportioned by the Sainte-Laguë method (divisors 1, 3, 5,
// ...) in proportion to the rows left in each stratum and capped by them. Ties go to the lower name, then to the lower index.
//
// Unlike the method of largest remainders it is monotone: the picks for n are a prefix of those for n+1. (Balinski and
// Young, Fair Representation, 1982.)
func Seats(strata []Stratum, n, least int) []int {
	picks := make([]int, 0, max(0, min(n, total(strata))))
	minimum, rest := make([]Stratum, len(strata)), make([]Stratum, len(strata))
	for i, s := range strata {
		given := max(0, min(least, s.Size))
		minimum[i] = Stratum{s.Name, given}
		rest[i] = Stratum{s.Name, max(0, s.Size) - given}
	}
	picks = saintLague(picks, minimum, n)
	return saintLague(picks, rest, n)
}

// Apportion returns how many of the picks of Seats fall on each stratum.
func Apportion(strata []Stratum, n, least int) []int {
	counts := make([]int, len(strata))
	for _, i := range Seats(strata, n, least) {
		counts[i]++
	}
	return counts
}

// saintLague appends seats until picks has n of them or every stratum has as many as its size.
func saintLague(picks []int, strata []Stratum, n int) []int {
	q := &seatQueue{strata: strata, given: make([]int, len(strata))}
	for i, s := range strata {
		if s.Size > 0 {
			q.order = append(q.order, i)
		}
	}
	heap.Init(q)
	for len(picks) < n && len(q.order) > 0 {
		i := q.order[0]
		picks = append(picks, i)
		q.given[i]++
		if q.given[i] == strata[i].Size {
			heap.Pop(q)
		} else {
			heap.Fix(q, 0)
		}
	}
	return picks
}

// seatQueue orders strata by size/(2 given + 1), largest first.
type seatQueue struct {
	strata []Stratum
	given  []int
	order  []int
}

func (q *seatQueue) Len() int      { return len(q.order) }
func (q *seatQueue) Swap(a, b int) { q.order[a], q.order[b] = q.order[b], q.order[a] }
func (q *seatQueue) Push(x any)    { q.order = append(q.order, x.(int)) }

func (q *seatQueue) Pop() any {
	last := q.order[len(q.order)-1]
	q.order = q.order[:len(q.order)-1]
	return last
}

// Less compares quotients by cross-multiplication in 128 bits, so that ties are ties.
func (q *seatQueue) Less(a, b int) bool {
	i, j := q.order[a], q.order[b]
	c := compareProducts(uint64(q.strata[i].Size), uint64(2*q.given[j]+1), uint64(q.strata[j].Size), uint64(2*q.given[i]+1))
	if c != 0 {
		return c > 0
	}
	if q.strata[i].Name != q.strata[j].Name {
		return q.strata[i].Name < q.strata[j].Name
	}
	return i < j
}

// total returns the number of rows of all strata.
func total(strata []Stratum) int {
	n := 0
	for _, s := range strata {
		n += max(0, s.Size)
	}
	return n
}

// compareProducts returns the sign of a*b - c*d, exactly.
func compareProducts(a, b, c, d uint64) int {
	hi1, lo1 := bits.Mul64(a, b)
	hi2, lo2 := bits.Mul64(c, d)
	if hi1 != hi2 {
		return cmp.Compare(hi1, hi2)
	}
	return cmp.Compare(lo1, lo2)
}
