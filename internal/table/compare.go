package table

import (
	"bytes"
	"context"
	"iter"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
)

// Op is what happened to a sample between two tables.
type Op byte

// The ops, as they are printed.
const (
	Added    Op = '+'
	Removed  Op = '-'
	Modified Op = '~'
)

// Cells gives the values of one sample on one side. It is valid until the next
// Delta and not safe for concurrent use.
type Cells struct {
	leaf *leafReader
	row  int
}

// Change is one sample that differs. Old is unset for an added sample, New for
// a removed one.
type Change struct {
	Op       Op
	Key      []byte
	Old, New Cells
	// Columns are the positions in Delta.Columns of the cells that differ,
	// ascending; empty for added and removed samples.
	Columns []int
}

// Delta is a run of changes in key order.
type Delta struct {
	Columns []string // ids of the columns that both sides have and that were compared
	Changes []Change
}

// Value returns where the value of a column lies: a vector and the position in
// it. f is the column as that side's schema has it.
func (c Cells) Value(ctx context.Context, f *column.Field) (*column.Vector, int, error) {
	refs, err := c.leaf.refs(ctx, f.ID)
	if err != nil {
		return nil, 0, err
	}
	row := c.row
	for _, p := range refs {
		if row < p.Rows {
			v, err := c.leaf.page(ctx, p, f.Type)
			return v, row, err
		}
		row -= p.Rows
	}
	v := column.NewVector(f.Type, 1)
	v.AppendNull()
	return v, 0, nil
}

// Compare yields what differs between tables a and b, in key order: samples
// that only one of them has, and cells of samples that both have. columns are
// the ids to compare, nil for all that both schemas have. Columns that only
// one schema has are a change of schema and never of samples. Only subtrees
// and pages that differ are read.
func Compare(ctx context.Context, a, b *Table, columns []string) iter.Seq2[*Delta, error] {
	return func(yield func(*Delta, error) bool) {
		newPipeline(a, b, newComparer(a, b, columns)).run(ctx, yield)
	}
}

// comparer joins the leaves of two tables. It belongs to one goroutine at a
// time, and so do the Cells of its deltas.
type comparer struct {
	ctx      context.Context
	a, b     *Table
	ids      []string
	fa, fb   []*column.Field // of ids, on each side
	old, new queue
	marks    []mark
	dec      column.PageDecoder
}

// queue is the leaf of one side whose rows are not all joined yet.
type queue struct {
	leaf *leafReader
	keys keySet
	at   int
}

func (q *queue) left() bool { return q.leaf != nil && q.at < q.keys.len() }

// mark is a cell that differs: the row of the run and the column.
type mark struct{ row, col int }

func newComparer(a, b *Table, columns []string) *comparer {
	c := &comparer{a: a, b: b}
	for i := range b.Schema.Fields {
		f := &b.Schema.Fields[i]
		j := a.Schema.Index(f.ID)
		if j < 0 || (columns != nil && !slices.Contains(columns, f.ID)) {
			continue
		}
		c.ids, c.fb, c.fa = append(c.ids, f.ID), append(c.fb, f), append(c.fa, &a.Schema.Fields[j])
	}
	return c
}

func (c *comparer) open(t *Table, q *queue, e *merkle.Entry) error {
	if e == nil {
		return nil
	}
	l, err := openLeaf(c.ctx, t.r, e, &c.dec)
	if err != nil {
		return err
	}
	keys, err := l.keys(c.ctx, t.Schema)
	if err != nil {
		return err
	}
	*q = queue{leaf: l, keys: keys}
	return nil
}

// step takes further leaves and joins all rows up to the step's key.
func (c *comparer) step(s merkle.Step) (*Delta, error) {
	if err := c.open(c.a, &c.old, s.Old); err != nil {
		return nil, err
	}
	if err := c.open(c.b, &c.new, s.New); err != nil {
		return nil, err
	}
	d := &Delta{Columns: c.ids}
	for {
		cmp, ok := c.next(s.Upto)
		if !ok {
			return d, nil
		}
		switch {
		case cmp < 0:
			d.Changes = append(d.Changes, Change{Op: Removed, Key: c.old.keys.at(c.old.at), Old: Cells{c.old.leaf, c.old.at}})
			c.old.at++
		case cmp > 0:
			d.Changes = append(d.Changes, Change{Op: Added, Key: c.new.keys.at(c.new.at), New: Cells{c.new.leaf, c.new.at}})
			c.new.at++
		default:
			n := c.run(s.Upto)
			if err := c.compareRun(d, n); err != nil {
				return nil, err
			}
			c.old.at += n
			c.new.at += n
		}
	}
}

// next compares the keys at the heads of both queues, up to the given key, and
// reports whether there are any.
func (c *comparer) next(upto []byte) (cmp int, ok bool) {
	inOld := c.old.left() && bytes.Compare(c.old.keys.at(c.old.at), upto) <= 0
	inNew := c.new.left() && bytes.Compare(c.new.keys.at(c.new.at), upto) <= 0
	switch {
	case inOld && inNew:
		return bytes.Compare(c.old.keys.at(c.old.at), c.new.keys.at(c.new.at)), true
	case inOld:
		return -1, true
	case inNew:
		return 1, true
	}
	return 0, false
}

// run returns how many rows at the heads of the queues have equal keys.
func (c *comparer) run(upto []byte) int {
	n := 1
	for c.old.at+n < c.old.keys.len() && c.new.at+n < c.new.keys.len() {
		k := c.new.keys.at(c.new.at + n)
		if !bytes.Equal(c.old.keys.at(c.old.at+n), k) || bytes.Compare(k, upto) > 0 {
			break
		}
		n++
	}
	return n
}

// compareRun finds the cells that differ in the next n rows of both queues.
func (c *comparer) compareRun(d *Delta, n int) error {
	c.marks = c.marks[:0]
	for col := range c.ids {
		if err := c.compareColumn(col, n); err != nil {
			return err
		}
	}
	slices.SortStableFunc(c.marks, func(x, y mark) int { return x.row - y.row })
	cols := make([]int, len(c.marks))
	for i, m := range c.marks {
		cols[i] = m.col
	}
	for i := 0; i < len(c.marks); {
		j := i + 1
		for j < len(c.marks) && c.marks[j].row == c.marks[i].row {
			j++
		}
		row := c.marks[i].row
		d.Changes = append(d.Changes, Change{Op: Modified, Key: c.new.keys.at(c.new.at + row),
			Old: Cells{c.old.leaf, c.old.at + row}, New: Cells{c.new.leaf, c.new.at + row}, Columns: cols[i:j:j]})
		i = j
	}
	return nil
}

// compareColumn marks the differing cells of one column in the next n rows.
// Pages with one id at one offset are equal without being read.
func (c *comparer) compareColumn(col, n int) error {
	old, err := c.old.leaf.refs(c.ctx, c.ids[col])
	if err != nil {
		return err
	}
	new, err := c.new.leaf.refs(c.ctx, c.ids[col])
	if err != nil {
		return err
	}
	if old == nil && new == nil {
		return nil
	}
	po, pn := newPagePos(old, c.old.at), newPagePos(new, c.new.at)
	for row := 0; row < n; {
		m := min(n-row, po.left(), pn.left())
		if !po.same(pn) {
			vo, err := po.load(c.ctx, c.old.leaf, c.fa[col].Type)
			if err != nil {
				return err
			}
			vn, err := pn.load(c.ctx, c.new.leaf, c.fb[col].Type)
			if err != nil {
				return err
			}
			for k := range m {
				if !equalCells(vo, po.index(k), vn, pn.index(k)) {
					c.marks = append(c.marks, mark{row + k, col})
				}
			}
		}
		row += m
		po.advance(m)
		pn.advance(m)
	}
	return nil
}

// equalCells compares values whose types may differ between the sides: a value
// that became its own text, or the other way round, has not changed.
func equalCells(a *column.Vector, i int, b *column.Vector, j int) bool {
	if column.Equal(a, i, b, j) {
		return true
	}
	if a.Type.Kind == b.Type.Kind || a.IsNull(i) || b.IsNull(j) {
		return false
	}
	return bytes.Equal(column.AppendText(nil, a, i), column.AppendText(nil, b, j))
}

// pagePos is a position in the pages of a column; without pages, in nulls.
type pagePos struct {
	refs []pageRef
	off  int // in refs[0]
}

func newPagePos(refs []pageRef, row int) pagePos {
	p := pagePos{refs: refs}
	p.advance(row)
	return p
}

func (p *pagePos) left() int {
	if p.refs == nil {
		return 1 << 30
	}
	return p.refs[0].Rows - p.off
}

func (p *pagePos) advance(n int) {
	if p.refs == nil {
		return
	}
	p.off += n
	for len(p.refs) > 0 && p.off >= p.refs[0].Rows {
		p.off -= p.refs[0].Rows
		p.refs = p.refs[1:]
	}
}

func (p *pagePos) same(q pagePos) bool {
	return len(p.refs) > 0 && len(q.refs) > 0 && p.refs[0].ID == q.refs[0].ID && p.off == q.off
}

// load returns the values of the current page; a run of nulls is one null.
func (p *pagePos) load(ctx context.Context, l *leafReader, t *column.Type) (*column.Vector, error) {
	if p.refs == nil {
		v := column.NewVector(t, 1)
		v.AppendNull()
		return v, nil
	}
	return l.page(ctx, p.refs[0], t)
}

func (p *pagePos) index(k int) int {
	if p.refs == nil {
		return 0
	}
	return p.off + k
}
