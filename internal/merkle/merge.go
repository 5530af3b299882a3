package merkle

import (
	"bytes"
	"context"

	"github.com/strata-data/strata/internal/store"
)

// The sides of a three-way merge, as positions in arrays.
const (
	Base = iota
	Ours
	Theirs
)

// Merge walks three trees beside each other: a base and what became of it on
// two sides. Where both sides are alike, or one of them is as the base was, it
// gives a whole subtree to take over, unread. Elsewhere it gives leaves, whose
// samples the caller joins.
type Merge struct {
	sides [3]side
	ended [3]bool
	// Whole says which side may be taken over as it is where the other one is
	// as the base was.
	whole [3]bool
	prev  int // level of run that ends where the walk stands; -1 within a leaf
}

// Threeway is one tree of a merge. The zero Threeway is an empty tree.
type Threeway struct {
	R     store.Reader
	Root  Root
	Whole bool // its subtrees may be taken over as they are
}

// NewMerge returns a Merge of the trees at Base, Ours and Theirs.
func NewMerge(trees [3]Threeway) *Merge {
	m := &Merge{prev: maxLevel + 1}
	for i, t := range trees {
		m.sides[i] = side{cursor: newCursor(t.R, t.Root)}
		m.whole[i] = t.Whole
	}
	return m
}

// MergeStep is what a Next gave: a subtree to take over, or leaves to join.
type MergeStep struct {
	// Take is a subtree that all samples from the last step on, up to its last
	// key, come from; nil where there are leaves.
	Take *Root
	// Leaves are a further leaf of each side, or nil.
	Leaves [3]*Entry
	// Upto is the key up to which the samples of all sides are now known.
	Upto []byte
	// Ends is set where no sample of any side is left over and the merged tree,
	// too, has the end of a leaf: the next step begins anew.
	Ends bool
}

// Next returns the next step, and false when all three trees have ended.
func (m *Merge) Next(ctx context.Context) (MergeStep, bool, error) {
	if m.synced() && m.prev >= 0 {
		take, err := m.take(ctx)
		if take != nil || err != nil {
			return MergeStep{Take: take, Ends: true}, true, err
		}
	}
	var s MergeStep
	for i := range m.sides {
		if m.sides[i].last != nil || m.ended[i] {
			continue
		}
		e, err := m.sides[i].leaf(ctx)
		if err != nil {
			return s, false, err
		}
		s.Leaves[i] = e
		m.ended[i] = e == nil
	}
	var has [3]bool
	for _, d := range m.sides {
		if d.last != nil && (s.Upto == nil || bytes.Compare(d.last, s.Upto) < 0) {
			s.Upto = d.last
		}
	}
	if s.Upto == nil {
		return s, false, nil
	}
	for i := range m.sides {
		if m.sides[i].last != nil && bytes.Equal(m.sides[i].last, s.Upto) {
			has[i], m.sides[i].last = true, nil
		}
	}
	m.prev = -1
	if m.synced() {
		// The key is in the merged tree if both sides have it, or one added it.
		kept := has[Ours] && has[Theirs] || !has[Base]
		if z := Zeros(s.Upto); z >= LeafBits && kept {
			m.prev = Level(z)
		}
		s.Ends = m.prev >= 0 || m.done()
	}
	return s, true, nil
}

// synced reports whether no leaf is open on any side.
func (m *Merge) synced() bool {
	return m.sides[Base].last == nil && m.sides[Ours].last == nil && m.sides[Theirs].last == nil
}

// done reports whether nothing follows on any side.
func (m *Merge) done() bool {
	for i := range m.sides {
		if _, _, ok := m.sides[i].here(); ok {
			return false
		}
	}
	return true
}

// take goes down to the next subtree that can be taken over, nil where there
// are leaves to join first. All sides stand at the same key, where the merged
// tree ends a leaf.
func (m *Merge) take(ctx context.Context) (*Root, error) {
	for {
		var at [3]Root
		var ok [3]bool
		high := 0
		for i := range m.sides {
			at[i].Entry, at[i].Level, ok[i] = m.sides[i].here()
			if ok[i] {
				high = max(high, at[i].Level)
			}
		}
		from, gone := m.choose(at, ok)
		switch {
		case gone:
			m.over(ok)
			if m.done() {
				return nil, nil
			}
			continue
		case from >= 0 && m.fits(at[from], ok):
			m.over(ok)
			m.prev = Level(Zeros(at[from].Last))
			return &at[from], nil
		case high == 0:
			return nil, nil
		}
		for i := range m.sides {
			if ok[i] && at[i].Level == high {
				if err := m.sides[i].down(ctx); err != nil {
					return nil, err
				}
			}
		}
	}
}

// choose returns the side whose subtree is the merged one, -1 where that is
// not known from ids, and gone where nothing of the subtrees is left.
func (m *Merge) choose(at [3]Root, ok [3]bool) (from int, gone bool) {
	same := func(i, j int) bool { return ok[i] && ok[j] && at[i].ID == at[j].ID }
	range3 := func(i, j int) bool { return !ok[i] || !ok[j] || bytes.Equal(at[i].Last, at[j].Last) }
	if !range3(Base, Ours) || !range3(Base, Theirs) || !range3(Ours, Theirs) {
		return -1, false
	}
	switch {
	case !ok[Ours] && !ok[Theirs]:
		return -1, true
	case same(Ours, Theirs):
		return Ours, false
	case !ok[Base] && !ok[Theirs] && m.whole[Ours]:
		return Ours, false
	case !ok[Base] && !ok[Ours] && m.whole[Theirs]:
		return Theirs, false
	case same(Base, Ours) && !ok[Theirs], same(Base, Theirs) && !ok[Ours]:
		return -1, true
	case same(Base, Ours) && m.whole[Theirs]:
		return Theirs, false
	case same(Base, Theirs) && m.whole[Ours]:
		return Ours, false
	}
	return -1, false
}

// fits reports whether the subtree r is one of the merged tree: it begins where
// a run of its level begins, and ends where one ends.
func (m *Merge) fits(r Root, ok [3]bool) bool {
	if m.prev < r.Level {
		return false
	}
	return Level(Zeros(r.Last)) >= r.Level || m.nothingBehind(ok)
}

// nothingBehind reports whether the entries that the sides stand on are their last.
func (m *Merge) nothingBehind(ok [3]bool) bool {
	for i := range m.sides {
		if ok[i] && !m.sides[i].atLast() {
			return false
		}
	}
	return true
}

func (m *Merge) over(ok [3]bool) {
	for i := range m.sides {
		if ok[i] {
			m.sides[i].over()
		}
	}
}

// atLast reports whether nothing follows the entry that the cursor stands on.
func (c *cursor) atLast() bool {
	for i := range c.stack {
		if c.stack[i].at < len(c.stack[i].children)-1 {
			return false
		}
	}
	return true
}
