package table

import (
	"bytes"
	"context"
	"sort"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
)

// maxOpen bounds the leaves that a Probe keeps open.
const maxOpen = 8

// Probe looks for one sample in many versions of a table. It goes down two
// versions side by side, stops where they are one, and reads nothing twice
// that they share, so following a sample through a history costs what changed
// near it. Not safe for concurrent use.
type Probe struct {
	key  []byte
	path *merkle.Path
	rows map[string]int // pages of the key columns -> row, -1 for none
	open map[object.ID]*leafReader
	dec  column.PageDecoder
}

// NewProbe returns a probe for the sample with the encoded key, which it keeps.
func NewProbe(key []byte) *Probe {
	return &Probe{key: key, path: merkle.NewPath(key), rows: map[string]int{}, open: map[object.ID]*leafReader{}}
}

// Present reports whether c is a sample; the zero Cells is none.
func (c Cells) Present() bool { return c.leaf != nil }

// At returns the sample in t, the zero Cells if it is not there.
func (p *Probe) At(ctx context.Context, t *Table) (Cells, error) {
	e, err := p.path.Leaf(ctx, t.r, t.Root)
	if err != nil {
		return Cells{}, err
	}
	return p.find(ctx, t, e)
}

// Compare returns what happened to the sample between a and b: a Delta with at
// most one change. Its Cells stay valid. A nil table has no samples; two tables
// must have keys of the same types.
func (p *Probe) Compare(ctx context.Context, a, b *Table) (*Delta, error) {
	if a == nil || b == nil {
		return p.compareOne(ctx, a, b)
	}
	m, err := p.path.Meet(ctx, a.r, a.Root, b.r, b.Root)
	if err != nil || m.Same {
		return &Delta{}, err
	}
	old, err := p.find(ctx, a, m.A)
	if err != nil {
		return nil, err
	}
	new, err := p.find(ctx, b, m.B)
	if err != nil {
		return nil, err
	}
	return CompareCells(ctx, a, old, b, new, p.key)
}

// compareOne is Compare where one table is nil.
func (p *Probe) compareOne(ctx context.Context, a, b *Table) (d *Delta, err error) {
	var old, new Cells
	if a != nil {
		old, err = p.At(ctx, a)
	} else if b != nil {
		new, err = p.At(ctx, b)
	}
	if err != nil {
		return nil, err
	}
	return CompareCells(ctx, a, old, b, new, p.key)
}

// CompareCells returns what happened between the sample old of table a and new
// of table b: a Delta with at most one change, which has the key given. A sample
// that is not Present is absent, and its table may be nil.
func CompareCells(ctx context.Context, a *Table, old Cells, b *Table, new Cells, key []byte) (*Delta, error) {
	ch := Change{Key: key, Old: old, New: new}
	switch {
	case !old.Present() && !new.Present():
		return &Delta{}, nil
	case !old.Present():
		ch.Op = Added
		return &Delta{Changes: []Change{ch}}, nil
	case !new.Present():
		ch.Op = Removed
		return &Delta{Changes: []Change{ch}}, nil
	}
	c := newComparer(a, b, nil)
	c.ctx = ctx
	c.old, c.new = queue{leaf: old.leaf, at: old.row}, queue{leaf: new.leaf, at: new.row}
	for i := range c.ids {
		if err := c.compareColumn(i, 1); err != nil {
			return nil, err
		}
	}
	d := &Delta{Columns: c.ids}
	if len(c.marks) == 0 {
		return d, nil
	}
	ch.Op = Modified
	for _, m := range c.marks {
		ch.Columns = append(ch.Columns, m.col)
	}
	d.Changes = []Change{ch}
	return d, nil
}

// find returns the sample in the leaf e of t.
func (p *Probe) find(ctx context.Context, t *Table, e *merkle.Entry) (Cells, error) {
	if e == nil {
		return Cells{}, nil
	}
	l := p.open[e.ID]
	if l == nil {
		var err error
		if l, err = openLeaf(ctx, t.r, e, &p.dec); err != nil {
			return Cells{}, err
		}
		if len(p.open) >= maxOpen {
			clear(p.open)
		}
		p.open[e.ID] = l
	}
	row, err := p.row(ctx, t, l)
	if err != nil || row < 0 {
		return Cells{}, err
	}
	return Cells{leaf: l, row: row}, nil
}

// row returns the row of the sample in a leaf, -1 if it is not there. Leaves
// that differ in other columns only have the same key pages.
func (p *Probe) row(ctx context.Context, t *Table, l *leafReader) (int, error) {
	if bytes.Compare(p.key, l.First) < 0 {
		return -1, nil
	}
	var pages []byte
	for _, i := range t.Schema.KeyColumns() {
		refs, err := l.refs(ctx, t.Schema.Fields[i].ID)
		if err != nil {
			return 0, err
		}
		for _, r := range refs {
			pages = append(pages, r.ID[:]...)
		}
	}
	if row, known := p.rows[string(pages)]; known {
		return row, nil
	}
	keys, err := l.keys(ctx, t.Schema)
	if err != nil {
		return 0, err
	}
	row := sort.Search(keys.len(), func(i int) bool { return bytes.Compare(keys.at(i), p.key) >= 0 })
	if row == keys.len() || !bytes.Equal(keys.at(row), p.key) {
		row = -1
	}
	p.rows[string(pages)] = row
	return row, nil
}
