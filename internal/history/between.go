package history

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/diff"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/table"
)

// Match says what a question is about, among datasets of these names (in
// order): whole datasets, or samples of them by key or pattern.
type Match func(names []string) []repo.Match

// Change is what a commit did to one sample.
type Change struct {
	Dataset string // as it is called in the commit, or in the parent if it is gone
	Key     string
	Op      table.Op
	Cells   []Cell
}

// Cell is a changed cell of a sample that both sides have.
type Cell struct {
	Column   *column.Field  // as the commit has it
	Old, New *column.Vector // of one value
}

// Changes is what a commit did to what a question is about.
type Changes struct {
	Any     bool     // something differs
	Samples []Change // of those that keys or patterns name, at most MaxSamples
	Moved   []Move   // with follow
}

// Move is a dataset that has another name since a commit.
type Move struct{ From, To string }

// MaxSamples bounds how many samples of a pattern are listed of one commit.
const MaxSamples = 100

// Between returns what commit n does, against its parent (nil: nothing), to what
// match names. With follow a dataset that moved whole counts as the same dataset,
// and questions about n's ancestors use its old name.
func (h *History) Between(ctx context.Context, n, parent *repo.Node, match Match, follow bool) (*Changes, error) {
	found := &Changes{}
	if parent != nil {
		defer func() {
			if follow {
				h.passNames(n.ID, parent.ID, found.Moved)
			}
		}()
		if rec := h.record(n, parent.ID); rec != nil && !rec.mayChangeAny(h.matches(n.ID, match, rec.Names())) {
			return found, nil
		}
	}
	old, new, err := h.bothTrees(ctx, n, parent)
	if err != nil {
		return nil, err
	}
	asked := slices.DeleteFunc(h.matches(n.ID, match, names(old, new)), func(m repo.Match) bool {
		a, _ := old.Table(m.Dataset)
		b, _ := new.Table(m.Dataset)
		return a == b || isOne(m) && h.knownSame(a, b, m.Key)
	})
	if parent != nil && slices.ContainsFunc(asked, func(m repo.Match) bool { return m.Key != "" && !isPattern(m.Key) }) {
		if rec := h.recordOf(ctx, n, parent); rec != nil && !rec.mayChangeAny(asked) {
			return found, ctx.Err()
		}
	}
	for _, m := range asked {
		if err := h.between(ctx, old, new, m, follow, found); err != nil {
			return nil, fmt.Errorf("dataset %q: %w", m.Dataset, err)
		}
	}
	return found, nil
}

// matches returns what match names among the datasets names of the commit id and
// its parent, where a dataset may have another name than the question uses.
func (h *History) matches(id object.ID, match Match, names []string) []repo.Match {
	moved := h.moved[id]
	if len(moved) == 0 {
		return match(names)
	}
	asked := map[string]string{} // as it is called here -> in the question
	for to, from := range moved {
		asked[from] = to
	}
	var known []string
	for _, name := range names {
		switch to, renamed := asked[name]; {
		case renamed:
			known = append(known, to)
		case moved[name] == "":
			known = append(known, name)
		}
	}
	slices.Sort(known)
	found := match(slices.Compact(known))
	for i := range found {
		found[i].Dataset = h.calledHere(id, found[i].Dataset)
	}
	return found
}

// passNames tells the parent what datasets are called there. The first child
// that is asked about decides.
func (h *History) passNames(id, parent object.ID, moves []Move) {
	if len(h.moved[id]) == 0 && len(moves) == 0 || h.moved[parent] != nil {
		return
	}
	names := map[string]string{}
	for to, from := range h.moved[id] {
		names[to] = from
	}
	for _, m := range moves {
		to := m.To
		for asked, here := range h.moved[id] {
			if here == m.To {
				to = asked
			}
		}
		names[to] = m.From
	}
	h.moved[parent] = names
}

// isOne reports whether m names one sample. What names a plain file may name a
// directory.
func isOne(m repo.Match) bool {
	return m.Key != "" && !isPattern(m.Key) && m.Dataset != FilesDataset
}

// between adds what happened to what m names, whose tables differ.
func (h *History) between(ctx context.Context, old, new *repo.Tree, m repo.Match, follow bool, found *Changes) error {
	a, _ := old.Table(m.Dataset)
	b, _ := new.Table(m.Dataset)
	if follow && a.IsZero() {
		from, err := h.movedFrom(ctx, old, new, m.Dataset)
		if err != nil {
			return err
		}
		if from != "" {
			found.Any, found.Moved = true, append(found.Moved, Move{From: from, To: m.Dataset})
			return nil
		}
	}
	if m.Key == "" {
		found.Any = true
		return nil
	}
	x, err := h.table(ctx, a)
	if err != nil {
		return err
	}
	y, err := h.table(ctx, b)
	if err != nil {
		return err
	}
	samples, err := h.samples(ctx, m, x, y)
	if isOne(m) && err == nil && len(samples) == 0 {
		h.learnSame(a, b, m.Key)
	}
	found.Any = found.Any || len(samples) > 0
	found.Samples = append(found.Samples, samples...)
	return err
}

// samples returns what happened between two versions of a dataset, nil for one
// that is not there, to the samples that m names: one key, a pattern, or for
// plain files a directory.
func (h *History) samples(ctx context.Context, m repo.Match, a, b *table.Table) ([]Change, error) {
	if a != nil && b != nil && a.Root.ID == b.Root.ID && a.Schema.Equal(b.Schema) {
		return nil, nil
	}
	d, err := h.sample(ctx, m.Key, a, b)
	if err != nil {
		return nil, err
	}
	if len(d.Changes) > 0 {
		ch, err := h.change(ctx, m.Dataset, m.Key, a, b, d, &d.Changes[0])
		return []Change{ch}, err
	}
	if !isPattern(m.Key) && m.Dataset != FilesDataset {
		return nil, nil
	}
	return h.pattern(ctx, m, a, b)
}

// sample compares the one sample of this key, which may have other types on the
// other side.
func (h *History) sample(ctx context.Context, key string, a, b *table.Table) (*table.Delta, error) {
	if a == nil || b == nil || sameKey(a.Schema, b.Schema) {
		t := b
		if t == nil {
			t = a
		}
		p := h.probe(t, key)
		if p == nil {
			return &table.Delta{}, nil
		}
		return p.Compare(ctx, a, b)
	}
	var cells [2]table.Cells
	for i, t := range []*table.Table{a, b} {
		if p := h.probe(t, key); p != nil {
			var err error
			if cells[i], err = p.At(ctx, t); err != nil {
				return nil, err
			}
		}
	}
	return table.CompareCells(ctx, a, cells[0], b, cells[1], nil)
}

// maxProbes bounds the probes that are remembered.
const maxProbes = 1024

// probe returns the probe for the sample with this key in tables like t; nil if
// none can have it.
func (h *History) probe(t *table.Table, key string) *table.Probe {
	b, err := diff.ParseKeyText(t.Schema, key)
	if err != nil {
		return nil
	}
	p := h.probes[string(b)]
	if p == nil {
		if len(h.probes) >= maxProbes {
			clear(h.probes)
		}
		p = table.NewProbe(b)
		h.probes[string(b)] = p
	}
	return p
}

// change describes the change c of the delta d between a and b.
func (h *History) change(ctx context.Context, dataset, key string, a, b *table.Table, d *table.Delta, c *table.Change) (Change, error) {
	ch := Change{Dataset: dataset, Key: key, Op: c.Op}
	for _, i := range c.Columns {
		id := d.Columns[i]
		fa, fb := &a.Schema.Fields[a.Schema.Index(id)], &b.Schema.Fields[b.Schema.Index(id)]
		cell := Cell{Column: fb}
		var err error
		if cell.Old, err = valueOf(ctx, c.Old, fa); err != nil {
			return ch, err
		}
		if cell.New, err = valueOf(ctx, c.New, fb); err != nil {
			return ch, err
		}
		ch.Cells = append(ch.Cells, cell)
	}
	slices.SortStableFunc(ch.Cells, func(x, y Cell) int { return b.Schema.Index(x.Column.ID) - b.Schema.Index(y.Column.ID) })
	return ch, nil
}

// valueOf returns a copy of one value of a sample, as the column f.
func valueOf(ctx context.Context, c table.Cells, f *column.Field) (*column.Vector, error) {
	v, row, err := c.Value(ctx, f)
	if err != nil {
		return nil, err
	}
	one := column.NewVector(v.Type, 1)
	one.AppendFrom(v, row, row+1)
	return one, nil
}

// pattern compares whole tables and keeps the keys that fit.
func (h *History) pattern(ctx context.Context, m repo.Match, a, b *table.Table) ([]Change, error) {
	schema := a
	if b != nil {
		schema = b
	}
	if a == nil {
		a = h.noSamples(b)
	} else if b == nil {
		b = h.noSamples(a)
	}
	var found []Change
	for d, err := range table.Compare(ctx, a, b, nil) {
		if err != nil {
			return nil, err
		}
		for i := range d.Changes {
			c := &d.Changes[i]
			key, err := diff.KeyText(schema.Schema, c.Key)
			if err != nil {
				return nil, err
			}
			if !Fits(m, key) {
				continue
			}
			ch, err := h.change(ctx, m.Dataset, key, a, b, d, c)
			if err != nil {
				return nil, err
			}
			if found = append(found, ch); len(found) == MaxSamples {
				return found, nil
			}
		}
	}
	return found, nil
}

// noSamples returns a table without samples that has the columns of t.
func (h *History) noSamples(t *table.Table) *table.Table {
	return table.New(h.r.Objects(), t.Schema, merkle.Root{})
}

// Fits reports whether a key is what m names: it matches the pattern, or is a
// plain file below the directory.
func Fits(m repo.Match, key string) bool {
	if m.Dataset == FilesDataset && strings.HasPrefix(key, strings.TrimSuffix(m.Key, "/")+"/") {
		return true
	}
	ok, err := path.Match(m.Key, key)
	return ok && err == nil
}
