package merge

import (
	"context"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/table"
)

// judge settles cells by policies and by Favor and records as conflicts what
// neither settles. It implements table.Judge for the samples of one leaf.
type judge struct {
	m     *merging
	rows  *column.Batch    // conflicts, in the order in which they were found
	fixed map[string]int64 // cells that were settled, by column
	buf   []byte
}

func (m *merging) judge() *judge { return &judge{m: m} }

// settled counts a cell that is no conflict any more.
func (j *judge) settled(id string) {
	if j.fixed == nil {
		j.fixed = map[string]int64{}
	}
	j.fixed[id]++
}

// record notes a conflict.
func (j *judge) record(key []byte, id, kind string, sides [3]cell) {
	if j.rows == nil {
		j.rows = column.NewBatch(ConflictSchema(), 16)
	}
	c := j.rows.Cols
	c[colKey].AppendBytes(key)
	c[colColumn].AppendString(id)
	c[colKind].AppendString(kind)
	for i, v := range []*column.Vector{c[colBase], c[colOurs], c[colTheirs]} {
		if sides[i] == nil {
			v.AppendNull()
			continue
		}
		j.buf = sides[i](j.buf[:0])
		v.AppendBytes(j.buf)
	}
	j.rows.Len++
}

// Cell settles a cell, or leaves our value in it as a conflict.
func (j *judge) Cell(ctx context.Context, c *table.CellCase) (column.Value, error) {
	f := &j.m.schema.Fields[c.Column]
	if !c.Unfit[merkle.Ours] && !c.Unfit[merkle.Theirs] {
		v, ok, err := j.settle(ctx, c)
		if err != nil || ok {
			j.settled(f.ID)
			return v, err
		}
	}
	side := merkle.Ours
	switch j.m.o.Favor {
	case FavorTheirs:
		side = merkle.Theirs
	case FavorBase:
		if c.Value[merkle.Base].Exists() && !c.Unfit[merkle.Base] {
			side = merkle.Base
		}
	}
	if v := c.Value[side]; j.m.o.Favor != FavorNone && j.m.o.Favor != FavorUnion && v.Exists() && !c.Unfit[side] {
		j.settled(f.ID)
		return v, nil
	}
	var cells [3]cell
	for i, v := range c.Value {
		if cells[i] = valueCell(v); v.Exists() && j.m.judging[c.Column].retyped[i] {
			raw, err := j.raw(ctx, c, i, f.ID)
			if err != nil {
				return column.Value{}, err
			}
			cells[i] = valueCell(raw)
		}
	}
	kind := Added
	if c.Value[merkle.Base].Exists() {
		kind = Modified
	}
	j.record(c.Key, f.ID, kind, cells)
	if c.Unfit[merkle.Ours] && c.Value[merkle.Theirs].Exists() {
		return c.Value[merkle.Theirs], nil
	}
	return c.Value[merkle.Ours], nil
}

// raw returns the value of a side under its own type.
func (j *judge) raw(ctx context.Context, c *table.CellCase, side int, id string) (column.Value, error) {
	v, row, err := c.Side[side].Value(ctx, fieldOf(j.m.table(side).Schema, id))
	return column.Value{Vector: v, Row: row}, err
}

func (m *merging) table(side int) *table.Table {
	return [3]*table.Table{m.in.Base, m.in.Ours, m.in.Theirs}[side]
}

// Sample settles a sample that one side removed and the other one modified: it
// stays until somebody resolves the conflict.
func (j *judge) Sample(ctx context.Context, c *table.Case) (bool, error) {
	switch j.m.o.Favor {
	case FavorOurs:
		j.settled("")
		return c.Has(merkle.Ours), nil
	case FavorTheirs:
		j.settled("")
		return c.Has(merkle.Theirs), nil
	case FavorUnion, FavorBase:
		j.settled("")
		return true, nil
	}
	kind := DeletedByThem
	if !c.Has(merkle.Ours) {
		kind = DeletedByUs
	}
	return true, j.recordSample(ctx, c, kind)
}

// Row settles a sample that both sides changed and of which no cells may be mixed.
func (j *judge) Row(ctx context.Context, c *table.Case) (int, error) {
	switch {
	case j.m.o.Favor == FavorTheirs:
		j.settled("")
		return merkle.Theirs, nil
	case j.m.o.Favor == FavorBase && c.Has(merkle.Base):
		j.settled("")
		return merkle.Base, nil
	case j.m.o.Favor == FavorOurs || j.m.o.Favor == FavorBase:
		j.settled("")
		return merkle.Ours, nil
	}
	kind := Added
	if c.Has(merkle.Base) {
		kind = Modified
	}
	return merkle.Ours, j.recordSample(ctx, c, kind)
}

// recordSample notes a conflict about all of a sample.
func (j *judge) recordSample(ctx context.Context, c *table.Case, kind string) error {
	var cells [3]cell
	for _, side := range sides {
		if !c.Has(side) {
			continue
		}
		text, err := sampleJSON(ctx, j.m.table(side).Schema, c.Side[side])
		if err != nil {
			return err
		}
		cells[side] = func(dst []byte) []byte { return append(dst, text...) }
	}
	j.record(c.Key, "", kind, cells)
	return nil
}

// sampleJSON returns a sample as an object of its values by column name.
func sampleJSON(ctx context.Context, s *column.Schema, c table.Cells) ([]byte, error) {
	dst := []byte{'{'}
	for i := range s.Fields {
		f := &s.Fields[i]
		if column.Hidden(f.ID) {
			continue
		}
		v, row, err := c.Value(ctx, f)
		if err != nil {
			return nil, err
		}
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = append(column.AppendQuoted(dst, []byte(f.Name)), ':')
		dst = column.AppendJSON(dst, v, row)
	}
	return append(dst, '}'), nil
}
