// Package usage says where the bytes of a repository are: what each commit or
// dataset brought in, what is needed and what is garbage.
//
// The one rule: every object counts once, for the first thing that reaches it.
// Commits come oldest first, so that a commit counts what it alone added; datasets
// in order of name. So the parts add up to the whole, and the answer does not depend
// on how many goroutines walk. An object takes its share of a compressed block and
// of the segment's index (segment.Sizes). The cost is linear in the number of
// objects; no format of its own. Start reading at Measure.
package usage

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/reach"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store/segment"
)

// Options of Measure.
type Options struct {
	// Tips are the commits whose history is measured; nil means all that refs
	// reach, and then the rest of the repository too.
	Tips []object.ID
	// Exclude are commits whose history does not count.
	Exclude   []object.ID
	ByCommit  bool
	ByDataset bool // at most one of the two
}

// Amount is some objects.
type Amount struct {
	Objects int64
	Bytes   int64 // on the disk
	Raw     int64 // of the objects themselves, uncompressed
}

// Commit is what one commit brought in.
type Commit struct {
	ID      object.ID
	When    int64 // seconds since 1970, of the committer
	Subject string
	Amount
}

// Dataset is what the versions of one dataset take.
type Dataset struct {
	Name string
	Amount
}

// Reason is what is kept for one kind of root and no stronger one.
type Reason struct {
	Why repo.Why
	Amount
}

// Report is what Measure found.
type Report struct {
	Segments int
	Stored   Amount // all that is in the store; of files, not of shares
	Counted  Amount // the history that was asked for
	Commits  []Commit
	Datasets []Dataset
	History  Amount // with ByDataset: commits, trees and tags themselves

	// Only where no tips were given.
	Whole   bool
	Reasons []Reason
	Garbage Amount // what no root reaches; Raw is not counted
}

var errStore = errors.New("the object store has no segments")

// Measure reads what is asked for.
func Measure(ctx context.Context, r *repo.Repo, o Options) (*Report, error) {
	s, ok := r.Objects().(*segment.Store)
	if !ok {
		return nil, errStore
	}
	sizes, err := s.Sizes(ctx)
	if err != nil {
		return nil, err
	}
	defer sizes.Close()
	m := &meter{r: r, o: o, sizes: sizes, w: reach.NewWalker(r.Objects(), reach.Options{}), rep: &Report{Whole: o.Tips == nil}}
	infos, err := s.Segments(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range infos {
		m.rep.Segments++
		m.rep.Stored.Objects += i.Objects
		m.rep.Stored.Bytes += i.Size
		m.rep.Stored.Raw += i.RawBytes
	}
	if m.rep.Whole {
		err = m.whole(ctx, s)
	} else {
		_, err = m.history(ctx, o.Tips)
	}
	if err != nil {
		return nil, err
	}
	return m.rep, nil
}

// meter is one measurement.
type meter struct {
	r     *repo.Repo
	o     Options
	sizes *segment.Sizes
	w     *reach.Walker
	rep   *Report
}

// sum is an Amount with parts of bytes.
type sum struct{ objects, units, raw int64 }

func (s sum) amount() Amount { return Amount{s.objects, s.units / segment.BytesUnit, s.raw} }

func (s *sum) add(o sum) {
	s.objects += o.objects
	s.units += o.units
	s.raw += o.raw
}

// count walks from links and returns what nothing before has reached.
func (m *meter) count(ctx context.Context, links ...reach.Link) (sum, error) {
	var s sum
	err := m.w.Walk(ctx, links, func(o reach.Object) error {
		stored, raw, err := m.sizes.Of(o.ID)
		s.add(sum{1, stored, raw})
		return err
	})
	return s, err
}

// whole measures everything.
func (m *meter) whole(ctx context.Context, s *segment.Store) error {
	var roots []repo.Root
	if err := m.r.View(ctx, func(tx *repo.Tx) (err error) { roots, err = tx.Roots(); return err }); err != nil {
		return err
	}
	var tips []object.ID
	byWhy := map[repo.Why][]reach.Link{}
	var order []repo.Why
	for _, root := range roots {
		if byWhy[root.Why] == nil {
			order = append(order, root.Why)
		}
		byWhy[root.Why] = append(byWhy[root.Why], reach.To(root.ID))
		if root.Why != repo.WhyRef {
			continue
		}
		commit, err := m.r.PeelToCommit(ctx, root.ID)
		if wrong := (*repo.WrongKindError)(nil); errors.As(err, &wrong) {
			continue
		}
		if err != nil {
			return err
		}
		tips = append(tips, commit)
	}
	refs, err := m.history(ctx, tips)
	if err != nil {
		return err
	}
	for _, why := range order {
		more, err := m.count(ctx, byWhy[why]...)
		if err != nil {
			return err
		}
		if why == repo.WhyRef {
			more.add(refs)
		}
		m.rep.Reasons = append(m.rep.Reasons, Reason{why, more.amount()})
	}
	var garbage sum
	for c, err := range s.Copies(ctx) {
		if err != nil {
			return err
		}
		if !m.w.Seen.Has(c.ID) {
			garbage.add(sum{1, c.Bytes, 0})
		}
	}
	m.rep.Garbage = garbage.amount()
	return nil
}

// history measures what tips reach and the excluded commits do not.
func (m *meter) history(ctx context.Context, tips []object.ID) (all sum, err error) {
	var links []reach.Link
	for _, id := range m.o.Exclude {
		links = append(links, reach.To(id))
	}
	if err := m.w.Walk(ctx, links, nil); err != nil {
		return all, err
	}
	var commits []*repo.CommitInfo
	if m.o.ByCommit || m.o.ByDataset {
		for c, err := range m.r.Walk(ctx, tips, m.o.Exclude, repo.WalkOptions{Order: repo.OrderTopo}) {
			if err != nil {
				return all, err
			}
			commits = append(commits, c)
		}
	}
	switch {
	case m.o.ByCommit:
		all, err = m.byCommit(ctx, commits)
	case m.o.ByDataset:
		all, err = m.byDataset(ctx, commits)
	}
	if err != nil {
		return all, err
	}
	links = nil
	for _, id := range tips {
		links = append(links, reach.To(id))
	}
	rest, err := m.count(ctx, links...)
	all.add(rest)
	if m.o.ByDataset {
		m.rep.History = rest.amount()
	}
	m.rep.Counted = all.amount()
	return all, err
}

func (m *meter) byCommit(ctx context.Context, commits []*repo.CommitInfo) (all sum, err error) {
	for _, c := range slices.Backward(commits) { // parents come before children
		one, err := m.count(ctx, reach.To(c.ID))
		if err != nil {
			return all, err
		}
		all.add(one)
		m.rep.Commits = append(m.rep.Commits, Commit{ID: c.ID, When: c.Committer.When, Subject: c.Subject(), Amount: one.amount()})
	}
	slices.Reverse(m.rep.Commits)
	return all, nil
}

func (m *meter) byDataset(ctx context.Context, commits []*repo.CommitInfo) (all sum, err error) {
	tables := map[string][]reach.Link{}
	trees, seen := map[object.ID]bool{}, map[repo.Entry]bool{}
	for _, c := range commits {
		if trees[c.Tree] {
			continue
		}
		trees[c.Tree] = true
		t, err := m.r.Tree(ctx, c.Tree)
		if err != nil {
			return all, err
		}
		for _, e := range t.Entries {
			if !seen[e] {
				seen[e] = true
				tables[e.Name] = append(tables[e.Name], reach.To(e.Table))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		one, err := m.count(ctx, tables[name]...)
		if err != nil {
			return all, err
		}
		all.add(one)
		m.rep.Datasets = append(m.rep.Datasets, Dataset{name, one.amount()})
	}
	return all, nil
}
