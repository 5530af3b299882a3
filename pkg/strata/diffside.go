package strata

import (
	"context"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/diff"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/table"
	"github.com/strata-data/strata/internal/worktree"
)

// side is one side of a diff: a tree, with the working files the index's.
type side struct {
	name    DiffSide
	ids     *repo.Tree
	working map[string]*table.Table // what working files would change in ids; nil for what is gone
}

// place names the side within a sentence.
func (s *side) place() string {
	if s.name.Commit.IsZero() && s.name.Rev != "HEAD" {
		return "the " + s.name.Rev
	}
	return s.name.Rev
}

// names returns the datasets of the side, in order, system tables among them.
func (s *side) names() []string {
	names := s.ids.Names()
	for name, t := range s.working {
		if t != nil && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(names, func(n string) bool {
		t, changed := s.working[n]
		return changed && t == nil
	})
}

// target is a dataset to compare.
type target struct {
	dataset string
	keys    []string // patterns of keys; none means all samples
}

// findSides resolves revisions, then addresses, then reads working files.
func (d *Diff) findSides(ctx context.Context) (err error) {
	var from, to string
	o, work := d.o, false
	switch n := len(o.Revisions); {
	case o.Root && n == 1:
		return d.fromNothing(ctx, o.Revisions[0])
	case o.Staged && n > 1, n > 2:
		return &OptionError{Option: "revisions", Value: strings.Join(o.Revisions, " "), Reason: "are more than the two that can be compared"}
	case o.Staged:
		if from = "HEAD"; n == 1 {
			from = o.Revisions[0]
		}
	case n == 0:
		work = true
	case n == 2:
		from, to = o.Revisions[0], o.Revisions[1]
	default:
		rg, isRange, err := rangeOf(o.Revisions[0])
		if err != nil {
			return err
		}
		if !isRange {
			from, work = o.Revisions[0], true
			break
		}
		if from, to = rg.From, rg.To; rg.Symmetric {
			if from, err = d.mergeBase(ctx, rg); err != nil {
				return err
			}
		}
	}
	if d.from, err = d.r.sideOf(ctx, from); err != nil {
		return err
	}
	if d.to, err = d.r.sideOf(ctx, to); err != nil {
		return err
	}
	return d.findTargets(ctx, work)
}

// fromNothing compares a revision with the empty tree.
func (d *Diff) fromNothing(ctx context.Context, rev string) error {
	empty, err := d.r.r.CommitTree(ctx, ID{})
	if err != nil {
		return err
	}
	d.from = &side{name: DiffSide{Rev: "nothing"}, ids: empty}
	if d.to, err = d.r.sideOf(ctx, rev); err != nil {
		return err
	}
	return d.findTargets(ctx, false)
}

// mergeBase returns the left end of A...B as a revision.
func (d *Diff) mergeBase(ctx context.Context, rg repo.Range) (string, error) {
	bases, err := d.r.MergeBase(ctx, MergeBaseOptions{A: rg.From, B: rg.To})
	if err != nil {
		return "", err
	}
	if len(bases) == 0 {
		return "", &OptionError{Option: "range", Value: rg.From + "..." + rg.To, Reason: "the two have no common commit"}
	}
	return bases[0].String(), nil
}

// sideOf returns the side that a revision names; "" is the index.
func (r *Repo) sideOf(ctx context.Context, rev string) (*side, error) {
	tree, err := r.treeOf(ctx, rev)
	if err != nil {
		return nil, err
	}
	s := &side{name: DiffSide{Rev: rev}, ids: tree}
	switch rev {
	case "":
		s.name.Rev = "index"
	case "HEAD", "@": // which may not have a commit yet
		h, err := r.r.Head(ctx)
		if err != nil {
			return nil, err
		}
		s.name.Commit = h.ID
	default:
		if s.name.Commit, err = r.r.Resolve(ctx, rev); err != nil {
			return nil, err
		}
		if id := s.name.Commit.String(); rev == id {
			s.name.Rev = s.name.Commit.Short()
		}
	}
	return s, nil
}

// findTargets finds the datasets that are to be compared; with work the newer
// side becomes the working files.
func (d *Diff) findTargets(ctx context.Context, work bool) error {
	names := append(slices.Clone(d.from.names()), d.to.names()...)
	slices.Sort(names)
	names = slices.Compact(names)
	if slices.ContainsFunc(d.o.Addresses, func(a string) bool { return d.r.fromRoot(d.o.Dir, a) == "." }) {
		d.o.Addresses = nil // the root is everything
	}
	if len(d.o.Addresses) == 0 {
		for _, n := range names {
			d.targets = append(d.targets, target{dataset: n})
		}
	}
	for _, text := range d.o.Addresses {
		if err := d.address(ctx, text, names, work); err != nil {
			return err
		}
	}
	slices.SortStableFunc(d.targets, func(a, b target) int { return strings.Compare(a.dataset, b.dataset) })
	if !work {
		return nil
	}
	wanted := []string{}
	for _, t := range d.targets {
		wanted = append(wanted, t.dataset)
	}
	tables, clean, err := worktree.Working(ctx, d.r.r, wanted)
	if err != nil {
		return err
	}
	d.clean = clean
	d.to = &side{name: DiffSide{Rev: "working files"}, ids: d.to.ids, working: tables}
	return nil
}

// address adds what an address means to the targets: datasets, samples of them,
// the dataset that a file was read into, or else plain files and what lies in a
// directory.
func (d *Diff) address(ctx context.Context, text string, names []string, work bool) error {
	a, err := repo.ParseAddress(text, names)
	if err != nil {
		return err
	}
	if a.HasRev {
		return &OptionError{Option: "address", Value: text, Reason: "a diff takes revisions before --, and datasets without them behind it"}
	}
	found := a.Match(names)
	if len(found) == 0 {
		ix, err := d.r.r.Index(ctx)
		if err != nil {
			return err
		}
		file := d.r.fromRoot(d.o.Dir, a.Path)
		if src, ok := ix.Sources[file]; ok && src.Dataset != "" {
			found = []repo.Match{{Dataset: src.Dataset}}
		} else if found = inDirectory(file, names, readFrom(ix, file)); file != "." && slices.Contains(names, filesTable) {
			ok, err := d.hasFile(ctx, file)
			if err != nil {
				return err
			}
			if ok || work && len(found) == 0 {
				found = append(found, repo.Match{Dataset: filesTable, Key: file})
			}
		}
	}
	if len(found) == 0 {
		return notFound("dataset", text, d.to.place(), slices.DeleteFunc(slices.Clone(names), func(n string) bool { return strings.HasPrefix(n, "@") }))
	}
	for _, m := range found {
		i := slices.IndexFunc(d.targets, func(t target) bool { return t.dataset == m.Dataset })
		if i < 0 {
			i = len(d.targets)
			d.targets = append(d.targets, target{dataset: m.Dataset})
		} else if len(d.targets[i].keys) == 0 {
			continue // all of it already
		}
		if m.Key == "" {
			d.targets[i].keys = nil
			continue
		}
		d.targets[i].keys = append(d.targets[i].keys, m.Key)
	}
	return nil
}

// hasFile reports whether either side has a plain file that pattern means.
func (d *Diff) hasFile(ctx context.Context, pattern string) (bool, error) {
	for _, s := range []*side{d.from, d.to} {
		t, err := d.r.tableOf(ctx, s, filesTable)
		if err != nil || t == nil {
			return false, err
		}
		for b, err := range t.Scan(ctx, table.ScanOptions{Columns: []string{"path"}}) {
			if err != nil {
				return false, err
			}
			for i := range b.Len {
				if diff.MatchKey(pattern, string(b.Cols[0].At(i))) {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

// tableOf returns a dataset of a side, nil where it is not there.
func (r *Repo) tableOf(ctx context.Context, s *side, name string) (*table.Table, error) {
	if t, changed := s.working[name]; changed {
		return t, nil
	}
	id, _ := s.ids.Table(name)
	return r.loadTable(ctx, id)
}

// tables returns both versions of a target, and whether they are the same, in
// which case they may be nil: equal ids are not read.
func (d *Diff) tables(ctx context.Context, t target) (old, new *table.Table, same bool, err error) {
	if _, changed := d.to.working[t.dataset]; !changed {
		a, _ := d.from.ids.Table(t.dataset)
		b, _ := d.to.ids.Table(t.dataset)
		if a == b && !a.IsZero() {
			return nil, nil, true, nil
		}
	}
	if old, err = d.r.tableOf(ctx, d.from, t.dataset); err != nil {
		return nil, nil, false, err
	}
	if new, err = d.r.tableOf(ctx, d.to, t.dataset); err != nil {
		return nil, nil, false, err
	}
	if old == nil || new == nil {
		return old, new, old == new, nil
	}
	return old, new, diff.SameTable(old, new), nil
}
