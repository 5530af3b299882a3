package repo

import (
	"bytes"
	"context"
	"math"
	"slices"

	"github.com/strata-data/strata/internal/object"
)

// BisectQuestion is what a bisection knows: the commits that have a change and
// those that do not. Bad reaches the commit in question.
type BisectQuestion struct {
	Bad         object.ID
	Good, Skip  []object.ID
	FirstParent bool // follow only the first parent of merges
	BasesOK     bool // an answer before had it: merge bases need not be looked at again
	// Changes says which commits can be the one that is looked for; nil is all.
	Changes func(ctx context.Context, c *CommitInfo) (bool, error)
}

// BisectAnswer is what to test next.
type BisectAnswer struct {
	Next      object.ID   // the commit to test; zero where Untested is set or All is 0
	Found     bool        // Next is the first bad commit, nothing is left to test
	BasesOK   bool        // all merge bases are good, or skipped
	MergeBase bool        // Next is not between the two: it has to be good for the search to make sense
	Left      int         // commits left to test after this one, if it is in the middle
	Steps     int         // about so many tests are left after this one
	All       int         // commits that the first bad one may be among
	Untested  []object.ID // skipped commits, any of which may be the first bad one
	Skipped   []object.ID // merge bases that were skipped: the answer may be wrong
}

// BisectBaseError is returned when a merge base of the commits is bad, so that the
// change is not one from good to bad, or the two were confused.
type BisectBaseError struct {
	Base object.ID
	Good []object.ID
}

func (e *BisectBaseError) Error() string {
	return "the merge base " + e.Base.String() + " is bad, so the change went the other way"
}

// Bisect returns which commit to test next: the one that halves the candidates, by
// git's rule, tie-breaking and all, so that the same history is searched in the same
// order. All ids must be commits. A bad commit that a good one reaches is a
// *BisectBaseError.
func (r *Repo) Bisect(ctx context.Context, q BisectQuestion) (*BisectAnswer, error) {
	a := &BisectAnswer{}
	if !q.BasesOK {
		if done, err := r.bisectBases(ctx, q, a); done || err != nil {
			return a, err
		}
	}
	a.BasesOK = true
	b := &bisection{at: map[object.ID]int{}}
	for c, err := range r.Walk(ctx, []object.ID{q.Bad}, q.Good, WalkOptions{FirstParent: q.FirstParent}) {
		if err != nil {
			return nil, err
		}
		b.commits = append(b.commits, c)
	}
	slices.Reverse(b.commits) // oldest first, as git counts
	if err := b.count(ctx, q); err != nil {
		return nil, err
	}
	return a, b.answer(q, a)
}

// bisectBases looks for a merge base that has to be tested first. Without it a
// commit on a side that good does not reach could be called the first bad one though
// the change is older.
func (r *Repo) bisectBases(ctx context.Context, q BisectQuestion, a *BisectAnswer) (done bool, err error) {
	var bases []object.ID
	for _, good := range q.Good {
		some, err := r.MergeBases(ctx, q.Bad, good)
		if err != nil {
			return false, err
		}
		for _, base := range some {
			if !slices.Contains(bases, base) {
				bases = append(bases, base)
			}
		}
	}
	for _, base := range bases {
		known := slices.Contains(q.Good, base)
		for i := 0; i < len(bases) && !known; i++ { // one that another base grew from says no more than that one
			if bases[i] != base {
				if known, err = r.IsAncestor(ctx, base, bases[i]); err != nil {
					return false, err
				}
			}
		}
		switch {
		case base == q.Bad:
			return false, &BisectBaseError{Base: base, Good: q.Good}
		case known:
		case slices.Contains(q.Skip, base):
			a.Skipped = append(a.Skipped, base)
		default:
			a.Next, a.MergeBase = base, true
			return true, nil
		}
	}
	return false, nil
}

// bisection weighs candidates: the weight of a commit is how many of them it
// reaches, itself included.
type bisection struct {
	commits []*CommitInfo // oldest first
	at      map[object.ID]int
	counts  []bool // the commit is a candidate
	edges   [][]int
	weights []int
	all     int
}

// count finds the edges and the commits that count.
func (b *bisection) count(ctx context.Context, q BisectQuestion) error {
	for i, c := range b.commits {
		b.at[c.ID] = i
	}
	b.counts, b.edges = make([]bool, len(b.commits)), make([][]int, len(b.commits))
	for i, c := range b.commits {
		for _, p := range c.Edges {
			b.edges[i] = append(b.edges[i], b.at[p])
		}
		counts := q.Changes == nil
		if !counts {
			var err error
			if counts, err = q.Changes(ctx, c); err != nil {
				return err
			}
		}
		if b.counts[i] = counts; counts {
			b.all++
		}
	}
	return nil
}

// answer fills in a.
func (b *bisection) answer(q BisectQuestion, a *BisectAnswer) error {
	if a.All = b.all; b.all == 0 {
		return nil
	}
	best := b.middle(len(q.Skip) == 0)
	if len(q.Skip) > 0 {
		if best = b.skipAway(q, a); best < 0 {
			return nil
		}
	}
	a.Next = b.commits[best].ID
	if a.Next == q.Bad {
		if len(a.Untested) > 0 {
			a.Next = object.ID{}
			a.Untested = append(a.Untested, q.Bad)
			return nil
		}
		a.Found = true
		return nil
	}
	a.Untested = nil
	a.Left = b.all - b.weights[best] - 1
	a.Steps = bisectSteps(b.all)
	return nil
}

// middle weighs the commits and returns the one nearest to the middle. With early
// it stops at the first that halves the candidates, as git does, whose choice among
// equals depends on it.
func (b *bisection) middle(early bool) int {
	b.weights = make([]int, len(b.commits))
	for i := range b.commits {
		switch {
		case len(b.edges[i]) == 0 && b.counts[i]:
			b.weights[i] = 1
		case len(b.edges[i]) == 1:
			b.weights[i] = -1
		case len(b.edges[i]) > 1:
			b.weights[i] = -2
		}
	}
	for i := range b.commits { // merges one by one, as ways may meet again
		if b.weights[i] != -2 {
			continue
		}
		b.weights[i] = b.reaches(i)
		if early && b.halves(i) {
			return i
		}
	}
	for left := true; left; { // then along the lines between them
		left = false
		for i := range b.commits {
			if b.weights[i] >= 0 {
				continue
			}
			below := b.weights[b.edges[i][0]]
			if below < 0 {
				left = true
				continue
			}
			if b.weights[i] = below; b.counts[i] {
				b.weights[i]++
			}
			if early && b.halves(i) {
				return i
			}
		}
	}
	best, most := 0, -1
	for i := range b.commits {
		if d := b.distance(i); b.counts[i] && d > most {
			best, most = i, d
		}
	}
	return best
}

// distance is how many candidates are decided at least by testing commit i.
func (b *bisection) distance(i int) int { return min(b.weights[i], b.all-b.weights[i]) }

// halves reports whether commit i is as good as in the middle: within a thousandth.
func (b *bisection) halves(i int) bool {
	if !b.counts[i] {
		return false
	}
	off := 2*b.weights[i] - b.all
	if off < 0 {
		off = -off
	}
	return off <= 1 || off < b.all/1024
}

// reaches counts the candidates that commit i reaches.
func (b *bisection) reaches(i int) int {
	seen := make([]bool, len(b.commits))
	stack := []int{i}
	seen[i] = true
	n := 0
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if b.counts[at] {
			n++
		}
		for _, p := range b.edges[at] {
			if !seen[p] {
				seen[p] = true
				stack = append(stack, p)
			}
		}
	}
	return n
}

// skipAway returns the best commit that was not skipped, -1 if there is none. Where
// the best of all was skipped it goes some way away from it, as neighbours of a
// commit that cannot be tested often cannot be tested either. What was skipped goes
// to a.Untested.
func (b *bisection) skipAway(q BisectQuestion, a *BisectAnswer) int {
	var order []int
	for i := range b.commits {
		if b.counts[i] {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int {
		if d := b.distance(j) - b.distance(i); d != 0 {
			return d
		}
		return bytes.Compare(b.commits[i].ID[:], b.commits[j].ID[:])
	})
	var left []int
	first := false
	for n, i := range order {
		id := b.commits[i].ID
		if slices.Contains(q.Skip, id) {
			a.Untested = append(a.Untested, id)
			first = first || n == 0
		} else {
			left = append(left, i)
		}
	}
	switch {
	case len(left) == 0:
		return -1
	case !first:
		return left[0]
	}
	at := min(awayIndex(len(left)), len(left)-1)
	if b.commits[left[at]].ID != q.Bad {
		return left[at]
	}
	return left[max(at-1, 0)]
}

// awayIndex is git's: a number below count, pseudo-random by count, small more
// often than great.
func awayIndex(count int) int {
	const modulo = 32768
	n := uint32(count)*1103515245 + 12345
	prn := int(n / 65536 % modulo)
	return count * prn / modulo * intSqrt(prn) / intSqrt(modulo)
}

func intSqrt(n int) int { return int(math.Sqrt(float64(n))) }

// bisectSteps estimates how many tests are left with all candidates, as git does.
func bisectSteps(all int) int {
	if all < 3 {
		return 0
	}
	n := 0
	for 2<<n <= all {
		n++
	}
	if e := 1 << n; e >= 3*(all-e) {
		return n - 1
	}
	return n
}
