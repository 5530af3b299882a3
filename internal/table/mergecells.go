package table

import (
	"bytes"
	"errors"
	"fmt"
	"sort"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
)

// flush ends the open leaf.
func (j *joiner) flush() error {
	out := mergedLeaf{}
	if len(j.zeros) > 0 {
		if buf, ok := j.bufs.Get().(*[]byte); ok {
			j.enc.reset(*buf)
		} else {
			j.enc.reset(nil) // the pages are written later
		}
		l := &newLeaf{rows: len(j.zeros), first: j.first, last: bytes.Clone(j.last), base: j.segs[0].leafID()}
		for i := range j.cols {
			c, err := j.column(&j.cols[i])
			if err != nil {
				return fmt.Errorf("column %s: %w", j.cols[i].f.Name, err)
			}
			if c != nil {
				l.columns = append(l.columns, *c)
			}
		}
		sort.Slice(l.columns, func(a, b int) bool { return l.columns[a].id < l.columns[b].id })
		out.leaf, out.buf = l, j.enc.buf
	}
	out.judge, j.judge = j.judge, nil
	j.segs, j.zeros = j.segs[:0], j.zeros[:0]
	clear(j.lossy)
	if out.leaf == nil && out.judge == nil {
		return nil
	}
	return j.emit(out)
}

func (s *mergeSeg) leafID() object.ID {
	for _, side := range []int{merkle.Ours, merkle.Theirs, merkle.Base} {
		if s.leaf[side] != nil {
			return s.leaf[side].id
		}
	}
	return object.ID{}
}

// whole reports whether the segment is all of a leaf on every side of it.
func (s *mergeSeg) whole() bool {
	for i, l := range s.leaf {
		if s.in&(1<<i) != 0 && (s.from[i] != 0 || s.n != l.Rows) {
			return false
		}
	}
	return true
}

// has reports whether the side has cells of the column in the segment.
func (s *mergeSeg) has(c *mergeColumn, side int) bool {
	return s.in&(1<<side) != 0 && c.side[side] != nil
}

// column makes a column of the open leaf, nil where it has no values.
func (j *joiner) column(c *mergeColumn) (*newColumn, error) {
	if len(j.segs) == 1 && j.segs[0].whole() {
		if taken, ok := j.segs[0].take(c); ok {
			if taken == nil {
				return nil, nil
			}
			return &newColumn{id: c.f.ID, taken: &taken.pageRef}, nil
		}
	}
	a := &cellJoin{joiner: j, c: c}
	for i := range j.segs {
		if err := a.add(&j.segs[i]); err != nil {
			return nil, err
		}
	}
	return a.encode()
}

// take returns the column of the leaf that the segment is, where ids alone
// tell which one it is; nil is a column without values.
func (s *mergeSeg) take(c *mergeColumn) (*leafColumn, bool) {
	var refs [3]*leafColumn
	for i, l := range s.leaf {
		if s.has(c, i) {
			if !c.plain[i] {
				return nil, false
			}
			refs[i] = l.column(c.f.ID)
		}
	}
	same := func(a, b int) bool {
		return refs[a] == nil && refs[b] == nil || refs[a] != nil && refs[b] != nil && refs[a].ID == refs[b].ID
	}
	o, t := s.has(c, merkle.Ours), s.has(c, merkle.Theirs)
	base := s.in&inBase != 0
	switch {
	case o && (!t || same(merkle.Ours, merkle.Theirs)):
		return refs[merkle.Ours], true
	case t && !o:
		return refs[merkle.Theirs], true
	case !o:
		return nil, true
	case base && same(merkle.Base, merkle.Ours):
		return refs[merkle.Theirs], true
	case base && same(merkle.Base, merkle.Theirs):
		return refs[merkle.Ours], true
	}
	return nil, false
}

// cellJoin makes one column of the open leaf out of pieces of pages.
type cellJoin struct {
	*joiner
	c      *mergeColumn
	pieces []piece
	fresh  *column.Vector // values that no side has
}

// cellSide is where the cells of one side of a segment lie.
type cellSide struct {
	pagePos
	leaf *leafReader
	vec  *column.Vector // of the current page, under the type of the result
	raw  *column.Vector // under the type of the side
	bad  []bool         // values that vec does not hold
}

func (s *cellSide) unfit(k int) bool { return s.bad != nil && s.bad[s.index(k)] }

func (s *cellSide) value(k int) column.Value { return column.Value{Vector: s.vec, Row: s.index(k)} }

// forward goes n cells on, to where the values are not loaded yet.
func (s *cellSide) forward(n int) {
	s.advance(n)
	s.vec, s.raw, s.bad = nil, nil, nil
}

func alike(p, q *cellSide) bool { return p.refs == nil && q.refs == nil || p.same(q.pagePos) }

// add appends the cells of a segment.
func (a *cellJoin) add(s *mergeSeg) error {
	var at [3]*cellSide
	for i := range at {
		if s.in&(1<<i) == 0 {
			continue
		}
		at[i] = &cellSide{leaf: s.leaf[i]}
		if a.c.side[i] == nil {
			continue
		}
		refs, err := s.leaf[i].refs(a.ctx, a.c.f.ID)
		if err != nil {
			return err
		}
		at[i].pagePos = newPagePos(refs, s.from[i])
	}
	o, t := s.has(a.c, merkle.Ours), s.has(a.c, merkle.Theirs)
	if o && t {
		return a.both(s, &at)
	}
	side := merkle.Ours
	if t {
		side = merkle.Theirs
	}
	if !o && !t {
		a.append(piece{nulls: true, rows: s.n})
		return nil
	}
	return a.one(s, &at, side)
}

// one appends the cells of a segment that one side has.
func (a *cellJoin) one(s *mergeSeg, at *[3]*cellSide, side int) error {
	p := at[side]
	for row := 0; row < s.n; {
		m := min(s.n-row, p.left())
		if p.refs == nil || a.c.plain[side] {
			a.take(p, 0, m)
		} else {
			if err := a.load(p, side); err != nil {
				return err
			}
			for k := range m {
				if !p.unfit(k) {
					a.take(p, k, 1)
					continue
				}
				var sides [3]*cellSide
				sides[side] = p
				if err := a.judgeCell(s, row+k, k, &sides); err != nil {
					return err
				}
			}
		}
		row += m
		p.forward(m)
	}
	return nil
}

// both appends the cells of a segment that both sides have.
func (a *cellJoin) both(s *mergeSeg, at *[3]*cellSide) error {
	b, o, t := at[merkle.Base], at[merkle.Ours], at[merkle.Theirs]
	plain := a.c.plain[merkle.Ours] && a.c.plain[merkle.Theirs] && (a.c.side[merkle.Base] == nil || a.c.plain[merkle.Base])
	for row := 0; row < s.n; {
		m := min(s.n-row, o.left(), t.left())
		if b != nil {
			m = min(m, b.left())
		}
		switch {
		case plain && (alike(o, t) || b != nil && alike(b, t)):
			a.take(o, 0, m)
		case plain && b != nil && alike(b, o):
			a.take(t, 0, m)
		default:
			if err := a.join(s, at, row, m); err != nil {
				return err
			}
		}
		row += m
		for _, p := range at {
			if p != nil {
				p.forward(m)
			}
		}
	}
	return nil
}

// join merges m cells one by one.
func (a *cellJoin) join(s *mergeSeg, at *[3]*cellSide, row, m int) error {
	for i, p := range at {
		if p != nil {
			if err := a.load(p, i); err != nil {
				return err
			}
		}
	}
	b, o, t := at[merkle.Base], at[merkle.Ours], at[merkle.Theirs]
	from, side := 0, o
	for k := range m {
		next := o
		switch {
		case a.equal(o, t, k) || b != nil && a.equal(b, t, k):
		case b != nil && a.equal(b, o, k):
			next = t
		default:
			next = nil
		}
		if next != nil && next.unfit(k) {
			next = nil
		}
		if next == side {
			continue
		}
		a.take(side, from, k-from)
		from, side = k, next
		if next == nil {
			if err := a.judgeCell(s, row+k, k, at); err != nil {
				return err
			}
			from, side = k+1, o
		}
	}
	a.take(side, from, m-from)
	return nil
}

// equal compares cells k of two sides.
func (a *cellJoin) equal(p, q *cellSide, k int) bool {
	if p.raw == p.vec && q.raw == q.vec {
		return column.Equal(p.vec, p.index(k), q.vec, q.index(k))
	}
	return equalCells(p.raw, p.index(k), q.raw, q.index(k))
}

// judgeCell appends what becomes of a cell that both sides changed, or that has
// no counterpart under the type of the result. row is in the segment, k in the pages.
func (a *cellJoin) judgeCell(s *mergeSeg, row, k int, at *[3]*cellSide) error {
	c := &CellCase{Case: &Case{Key: s.keys.at(s.key + row)}, Column: a.c.at}
	for i, p := range at {
		if s.in&(1<<i) != 0 {
			c.Side[i] = Cells{s.leaf[i], s.from[i] + row}
		}
		if p != nil && a.c.side[i] != nil {
			c.Value[i], c.Unfit[i] = p.value(k), p.unfit(k)
		}
	}
	v, err := a.judgement().Cell(a.ctx, c)
	if err != nil {
		return err
	}
	for i, p := range at {
		if p != nil && v.Vector != nil && c.Value[i] == v && !c.Unfit[i] {
			a.take(p, k, 1)
			return nil
		}
	}
	if v.IsNull() {
		a.append(piece{nulls: true, rows: 1})
		return nil
	}
	if a.fresh == nil {
		a.fresh = column.NewVector(a.c.f.Type, 1)
	}
	a.fresh.AppendOne(v.Vector, v.Row)
	a.append(piece{vec: a.fresh, from: a.fresh.Len - 1, rows: 1})
	return nil
}

// take appends n cells of a side from the k-th of its current page on.
func (a *cellJoin) take(s *cellSide, k, n int) {
	switch {
	case s == nil || n == 0:
	case s.refs == nil:
		a.append(piece{nulls: true, rows: n})
	case s.raw == s.vec: // the page is one under the type of the result
		a.append(piece{old: s.leaf, page: s.refs[0], vec: s.vec, from: s.off + k, rows: n})
	default:
		a.append(piece{vec: s.vec, from: s.off + k, rows: n})
	}
}

// append adds a piece, to the last one where it goes on from that.
func (a *cellJoin) append(p piece) {
	if n := len(a.pieces); n > 0 {
		q := &a.pieces[n-1]
		if p.nulls && q.nulls {
			q.rows += p.rows
			return
		}
		if p.nulls == q.nulls && p.old == q.old && p.page.ID == q.page.ID && q.from+q.rows == p.from && (p.old != nil || p.vec == q.vec) {
			q.rows += p.rows
			if q.vec == nil {
				q.vec = p.vec
			}
			return
		}
	}
	a.pieces = append(a.pieces, p)
}

// load reads the current page of a side.
func (a *cellJoin) load(s *cellSide, side int) (err error) {
	if s.refs == nil || a.c.plain[side] {
		s.bad = nil
		s.vec, err = s.pagePos.load(a.ctx, s.leaf, a.c.f.Type)
		s.raw = s.vec
		return err
	}
	c, err := a.convert(s, side)
	if err != nil {
		return err
	}
	s.raw, s.vec, s.bad = c.raw, c.vec, c.bad
	return nil
}

// converted is a page under another type than that of its side.
type converted struct {
	raw, vec *column.Vector
	bad      []bool // nil where all values have a counterpart
}

func (a *cellJoin) convert(s *cellSide, side int) (*converted, error) {
	at := pageType{s.refs[0].ID, a.c.side[side].Type}
	if c, ok := a.lossy[at]; ok {
		return c, nil
	}
	raw, err := s.leaf.page(a.ctx, s.refs[0], a.c.side[side].Type)
	if err != nil {
		return nil, err
	}
	c := &converted{raw: raw}
	if c.vec, c.bad, err = convertAll(raw, a.c.f.Type); err != nil {
		return nil, err
	}
	if a.lossy == nil {
		a.lossy = map[pageType]*converted{}
	}
	a.lossy[at] = c
	return c, nil
}

// convertAll returns the values of v under type t, with null for those that
// have no counterpart there, which bad marks.
func convertAll(v *column.Vector, t *column.Type) (out *column.Vector, bad []bool, err error) {
	var ce *column.ConvertError
	if out, err = column.Convert(v, t); err == nil || !errors.As(err, &ce) {
		return out, nil, err
	}
	out, bad = column.NewVector(t, v.Len), make([]bool, v.Len)
	for i := range v.Len {
		one, err := column.Convert(v.Slice(i, i+1), t)
		switch {
		case err == nil:
			out.AppendFrom(one, 0, 1)
		case errors.As(err, &ce):
			bad[i] = true
			out.AppendNull()
		default:
			return nil, nil, err
		}
	}
	return out, bad, nil
}
