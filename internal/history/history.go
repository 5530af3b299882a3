// Package history follows samples through commits: which commits changed one,
// and which set each of its cells last.
//
// The one invariant: filters never change an answer. Beside each commit cache.db
// may have a record of what it changes against its parent (Record): the datasets,
// and a filter of the keys. A record says "certainly not" or "perhaps"; on
// "perhaps", and where there is no record, the sample itself is looked up on both
// sides (table.Probe), which reads only what differs near it. So a history is
// answered without reading its versions, and the same without cache.db.
//
// The layout of records is in docs/format/cache.md. Start reading at
// History.Simplify, then History.Between, then Blame; Recorder makes records while
// a commit counts its changes.
package history

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store/cache"
	"github.com/strata-data/strata/internal/table"
)

// History answers questions about one repository. It remembers what it has read,
// so that one serves all questions of a command. Not safe for concurrent use.
type History struct {
	r      *repo.Repo
	trees  map[object.ID]*repo.Tree   // by commit
	tables map[object.ID]*table.Table // nil never
	probes map[string]*table.Probe
	moved  map[object.ID]map[string]string // commit -> dataset asked for -> what it is called there
	fresh  []cache.Entry                   // records made on the way
	same   []cache.Entry                   // samples found to be the same
	least  int                             // how many of them are worth writing down
	few    int                             // fewLeaves
}

// New returns a History of r.
func New(r *repo.Repo) *History {
	return &History{r: r, trees: map[object.ID]*repo.Tree{}, tables: map[object.ID]*table.Table{},
		probes: map[string]*table.Probe{}, moved: map[object.ID]map[string]string{}, least: enoughSame, few: fewLeaves}
}

// maxMemo bounds the trees and tables that are remembered.
const maxMemo = 256

// tree returns the tree of a commit; the empty one for nil.
func (h *History) tree(ctx context.Context, n *repo.Node) (*repo.Tree, error) {
	if n == nil {
		return new(repo.Tree), nil
	}
	if t := h.trees[n.Tree]; t != nil {
		return t, nil
	}
	t, err := h.r.Tree(ctx, n.Tree)
	if err != nil {
		return nil, err
	}
	if len(h.trees) >= maxMemo {
		clear(h.trees)
	}
	h.trees[n.Tree] = t
	return t, nil
}

// table returns the table id; nil for the zero id.
func (h *History) table(ctx context.Context, id object.ID) (*table.Table, error) {
	if id.IsZero() {
		return nil, nil
	}
	if t := h.tables[id]; t != nil {
		return t, nil
	}
	t, err := table.Load(ctx, h.r.Objects(), id)
	if err != nil {
		return nil, err
	}
	if len(h.tables) >= maxMemo {
		clear(h.tables)
	}
	h.tables[id] = t
	return t, nil
}

// node returns a commit as walks see it; nil for the zero id.
func (h *History) node(ctx context.Context, id object.ID) (*repo.Node, error) {
	if id.IsZero() {
		return nil, nil
	}
	return h.r.Node(ctx, id)
}

// record returns what is remembered of n against its parent, nil for nothing.
func (h *History) record(n *repo.Node, parent object.ID) *Record {
	b := h.r.Cache().Value(bucketChanges, recordKey(n.ID, parent))
	if b == nil {
		return nil
	}
	return decodeRecord(b)
}

// recordOf returns the record of n against a parent, which may be made on the
// way; nil if there is none. Damage elsewhere than at what is asked for does not
// matter, so it is none.
func (h *History) recordOf(ctx context.Context, n, parent *repo.Node) *Record {
	if rec := h.record(n, parent.ID); rec != nil {
		return rec
	}
	rec, err := h.make(ctx, n, parent)
	if err != nil {
		return nil
	}
	return rec
}

// fewLeaves is how many leaves may differ in all for a record that is missing
// to be made on the way: comparing so many costs little more than one look-up.
const fewLeaves = 32

// make makes the record of n against a parent, if that is cheap; else nil.
func (h *History) make(ctx context.Context, n, parent *repo.Node) (*Record, error) {
	old, new, err := h.bothTrees(ctx, n, parent)
	if err != nil {
		return nil, err
	}
	var r Recorder
	left := h.few
	for _, c := range repo.DiffTrees(old, new) {
		a, err := h.table(ctx, c.Old)
		if err != nil {
			return nil, fmt.Errorf("dataset %q: %w", c.Name, err)
		}
		b, err := h.table(ctx, c.New)
		if err != nil {
			return nil, fmt.Errorf("dataset %q: %w", c.Name, err)
		}
		r.Dataset(c.Name, a, b)
		if r.at.most == 0 {
			continue
		}
		if left, err = h.leaves(ctx, a, b, left); err != nil || left < 0 {
			return nil, err
		}
		for d, err := range table.Compare(ctx, a, b, nil) {
			if err != nil {
				return nil, fmt.Errorf("compare %s: %w", c.Name, err)
			}
			r.Seen(d)
		}
	}
	rec := r.done()
	h.fresh = append(h.fresh, cache.Entry{Key: recordKey(n.ID, parent.ID), Value: rec.encode()})
	return rec, nil
}

// leaves takes the number of leaves that differ between a and b from left, and
// stops below zero.
func (h *History) leaves(ctx context.Context, a, b *table.Table, left int) (int, error) {
	walk := merkle.NewDiff(h.r.Objects(), a.Root, h.r.Objects(), b.Root)
	for left >= 0 {
		_, more, err := walk.Next(ctx)
		if err != nil || !more {
			return left, err
		}
		left--
	}
	return left, nil
}

func (h *History) bothTrees(ctx context.Context, n, parent *repo.Node) (old, new *repo.Tree, err error) {
	if old, err = h.tree(ctx, parent); err == nil {
		new, err = h.tree(ctx, n)
	}
	return old, new, err
}

// names returns the datasets of both trees, in order.
func names(a, b *repo.Tree) []string {
	all := append(a.Names(), b.Names()...)
	slices.Sort(all)
	return slices.Compact(all)
}

// calledHere returns what the datasets that a question names are called in the
// commit id: themselves unless they were renamed later.
func (h *History) calledHere(id object.ID, name string) string {
	if was, ok := h.moved[id][name]; ok {
		return was
	}
	return name
}

// movedFrom returns the dataset that was renamed to name between parent and n:
// one of the parent that n lacks and whose rows and columns are the same. "" is
// none.
func (h *History) movedFrom(ctx context.Context, old, new *repo.Tree, name string) (string, error) {
	id, ok := new.Table(name)
	if !ok {
		return "", nil
	}
	if _, ok := old.Table(name); ok {
		return "", nil
	}
	t, err := h.table(ctx, id)
	if err != nil {
		return "", err
	}
	for _, e := range old.Entries {
		if _, still := new.Table(e.Name); still || strings.HasPrefix(e.Name, "@") {
			continue
		}
		was, err := h.table(ctx, e.Table)
		if err != nil {
			return "", err
		}
		if was.Root.ID == t.Root.ID && was.Rows() > 0 && was.Schema.Equal(t.Schema) {
			return e.Name, nil
		}
	}
	return "", nil
}
