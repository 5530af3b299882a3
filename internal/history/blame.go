package history

import (
	"context"
	"fmt"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/table"
)

// Blamed is a cell and the commit that set its value last.
type Blamed struct {
	Column *column.Field  // as the commit that was asked about has it
	Value  *column.Vector // of one value
	Commit object.ID
}

// BlameOptions narrow a Blame. The zero value is all columns and parents.
type BlameOptions struct {
	Columns     []string // ids; nil means all that are not hidden
	FirstParent bool     // what a merge brought in is the merge's
}

// Blame returns, for each cell of a sample of commit n, the commit that set its
// value last: the one whose parents all have another value, or do not have the
// sample or the column. In a merge a cell is followed to the first parent that
// has its value, or to one that has all of them. Columns are followed by id and
// datasets where they moved whole. nil means that n has no such sample. The
// order is that of the columns.
func (h *History) Blame(ctx context.Context, n *repo.Node, dataset, key string, o BlameOptions) ([]Blamed, error) {
	tree, err := h.tree(ctx, n)
	if err != nil {
		return nil, err
	}
	id, _ := tree.Table(dataset)
	t, err := h.table(ctx, id)
	if err != nil || t == nil {
		return nil, err
	}
	p := h.probe(t, key)
	if p == nil {
		return nil, nil
	}
	cells, err := p.At(ctx, t)
	if err != nil || !cells.Present() {
		return nil, err
	}
	b := &blamer{h: h, key: key, o: o, found: map[string]object.ID{}}
	wanted := columnsOf(t.Schema, o.Columns)
	all := map[string]bool{}
	for _, f := range wanted {
		all[f.ID] = true
	}
	b.add(n, dataset, all)
	if err := b.run(ctx); err != nil {
		return nil, err
	}
	var out []Blamed
	for _, f := range wanted {
		v, err := valueOf(ctx, cells, f)
		if err != nil {
			return nil, err
		}
		out = append(out, Blamed{Column: f, Value: v, Commit: b.found[f.ID]})
	}
	return out, nil
}

func columnsOf(s *column.Schema, ids []string) []*column.Field {
	var fields []*column.Field
	for i := range s.Fields {
		f := &s.Fields[i]
		if ids == nil && !column.Hidden(f.ID) {
			fields = append(fields, f)
		}
		for _, id := range ids {
			if id == f.ID {
				fields = append(fields, f)
			}
		}
	}
	return fields
}

// blamer is the state of one Blame: the cells that are not settled, by the
// commit in which they have their value.
type blamer struct {
	h     *History
	key   string
	o     BlameOptions
	open  []*suspect
	found map[string]object.ID // column id -> commit
}

// suspect is a commit with cells that it or an ancestor set.
type suspect struct {
	n       *repo.Node
	dataset string
	columns map[string]bool // ids
}

// add hands cells to a commit.
func (b *blamer) add(n *repo.Node, dataset string, columns map[string]bool) {
	for _, s := range b.open {
		if s.n.ID == n.ID && s.dataset == dataset {
			for id := range columns {
				s.columns[id] = true
			}
			return
		}
	}
	b.open = append(b.open, &suspect{n, dataset, columns})
}

// run settles all cells, children before their parents, so that cells that went
// different ways are together again where the ways meet.
func (b *blamer) run(ctx context.Context) error {
	for len(b.open) > 0 {
		at := 0
		for i, s := range b.open {
			if s.n.Generation > b.open[at].n.Generation {
				at = i
			}
		}
		s := b.open[at]
		b.open = append(b.open[:at], b.open[at+1:]...)
		if err := b.settle(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// settle passes the cells of s to the parents that have them, and blames its
// commit for the rest.
func (b *blamer) settle(ctx context.Context, s *suspect) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ids := s.n.Parents
	if b.o.FirstParent && len(ids) > 1 {
		ids = ids[:1]
	}
	var parents []origin
	for _, id := range ids {
		p, err := b.h.node(ctx, id)
		if err != nil {
			return err
		}
		from, err := b.origin(ctx, s, p)
		if err != nil {
			return err
		}
		if len(from.has) == len(s.columns) {
			b.add(p, from.dataset, from.has)
			return nil
		}
		parents = append(parents, from)
	}
	for _, from := range parents {
		pass := map[string]bool{}
		for id := range from.has {
			if s.columns[id] {
				pass[id] = true
				delete(s.columns, id)
			}
		}
		if len(pass) > 0 {
			b.add(from.n, from.dataset, pass)
		}
	}
	for id := range s.columns {
		b.found[id] = s.n.ID
	}
	return nil
}

// origin is a parent and the cells that have the same value there.
type origin struct {
	n       *repo.Node
	dataset string
	has     map[string]bool
}

// origin finds out which cells of s its parent p has.
func (b *blamer) origin(ctx context.Context, s *suspect, p *repo.Node) (origin, error) {
	from := origin{n: p, dataset: s.dataset, has: map[string]bool{}}
	all := func() { // a copy, as it will be changed
		for id := range s.columns {
			from.has[id] = true
		}
	}
	if rec := b.h.record(s.n, p.ID); rec != nil && !rec.mayChangeIn(s.dataset, b.key, s.columns) {
		all()
		return from, nil
	}
	old, new, err := b.h.bothTrees(ctx, s.n, p)
	if err != nil {
		return from, err
	}
	x, _ := old.Table(s.dataset)
	y, _ := new.Table(s.dataset)
	if x == y {
		all()
		return from, nil
	}
	if x.IsZero() {
		was, err := b.h.movedFrom(ctx, old, new, s.dataset)
		if was != "" {
			from.dataset = was
			all()
		}
		return from, err
	}
	known := b.h.knownSame(x, y, b.key)
	if !known {
		if rec := b.h.recordOf(ctx, s.n, p); rec != nil && !rec.mayChangeIn(s.dataset, b.key, s.columns) {
			all()
			return from, ctx.Err()
		}
	}
	if err := b.compare(ctx, s, x, y, known, &from); err != nil {
		return from, fmt.Errorf("dataset %q: %w", s.dataset, err)
	}
	return from, nil
}

// compare compares the sample in tables x and y; known says that it is the same
// in both.
func (b *blamer) compare(ctx context.Context, s *suspect, x, y object.ID, known bool, from *origin) error {
	old, err := b.h.table(ctx, x)
	if err != nil {
		return err
	}
	new, err := b.h.table(ctx, y)
	if err != nil {
		return err
	}
	d := &table.Delta{}
	if !known {
		if d, err = b.h.sample(ctx, b.key, old, new); err != nil {
			return err
		}
		if len(d.Changes) == 0 {
			b.h.learnSame(x, y, b.key)
		}
	}
	differs := map[string]bool{}
	if len(d.Changes) > 0 {
		if d.Changes[0].Op != table.Modified {
			return nil // the parent does not have the sample
		}
		for _, i := range d.Changes[0].Columns {
			differs[d.Columns[i]] = true
		}
	}
	for id := range s.columns {
		if !differs[id] && old.Schema.Index(id) >= 0 {
			from.has[id] = true
		}
	}
	return nil
}
