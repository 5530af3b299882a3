package merge

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/table"
)

// settle applies the policy of the column, and FavorUnion, to a cell. It is
// symmetric in both sides. ok is false where the cell remains a conflict.
func (j *judge) settle(ctx context.Context, c *table.CellCase) (v column.Value, ok bool, err error) {
	r := j.m.judging[c.Column]
	o, t := c.Value[merkle.Ours], c.Value[merkle.Theirs]
	typ := j.m.schema.Fields[c.Column].Type
	switch r.Rule {
	case column.RuleMax, column.RuleMin:
		return extreme(o, t, r.Rule == column.RuleMax), true, nil
	case column.RuleUnion:
		return union(typ, c.Value), true, nil
	case column.RuleLatest:
		return j.latest(ctx, c, r)
	case column.RuleVote:
		if r.other < 0 {
			return votes(typ, c.Value), true, nil
		}
		if v, ok, err = j.majority(ctx, c, r); ok || err != nil {
			return v, ok, err
		}
	}
	if j.m.o.Favor == FavorUnion && typ.Kind == column.List {
		return union(typ, c.Value), true, nil
	}
	return column.Value{}, false, nil
}

// extreme returns the greater or smaller of two values; one that is not null
// beats null.
func extreme(a, b column.Value, greatest bool) column.Value {
	switch {
	case a.IsNull():
		return b
	case b.IsNull():
		return a
	}
	c := column.Compare(a.Vector, a.Row, b.Vector, b.Row)
	if c == 0 { // such as NaNs of other bits
		return greater(a, b)
	}
	if (c > 0) == greatest {
		return a
	}
	return b
}

// greater returns the value whose bytes in a row are the greater; null is the least.
func greater(a, b column.Value) column.Value {
	if a.IsNull() || !b.IsNull() && bytes.Compare(rowBytes(a), rowBytes(b)) < 0 {
		return b
	}
	return a
}

func rowBytes(v column.Value) []byte { return column.AppendValue(nil, v.Vector, v.Row) }

// element is an element of a list, with its bytes in a row.
type element struct {
	column.Value
	bytes string
}

// elements returns those of a list; null and a list that does not exist have none.
func elements(v column.Value) []element {
	if v.IsNull() {
		return nil
	}
	from, to := v.Vector.Span(v.Row)
	out := make([]element, 0, to-from)
	for i := from; i < to; i++ {
		e := column.Value{Vector: v.Vector.Kids[0], Row: i}
		out = append(out, element{e, string(rowBytes(e))})
	}
	return out
}

// listOf returns a list of the given type.
func listOf(t *column.Type, elems []element) column.Value {
	v := column.NewVector(t, 1)
	for _, e := range elems {
		v.Kids[0].AppendOne(e.Vector, e.Row)
	}
	v.EndList()
	return column.Value{Vector: v}
}

// union returns what either side has as a set, without what either removed
// from the base, in the order of values.
func union(t *column.Type, side [3]column.Value) column.Value {
	var in [3]map[string]bool
	var all []element
	for i := range side {
		in[i] = map[string]bool{}
		for _, e := range elements(side[i]) {
			in[i][e.bytes] = true
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b element) int {
		if column.Orderable(t.Elem) {
			if c := column.Compare(a.Vector, a.Row, b.Vector, b.Row); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.bytes, b.bytes)
	})
	all = slices.CompactFunc(all, func(a, b element) bool { return a.bytes == b.bytes })
	all = slices.DeleteFunc(all, func(e element) bool {
		o, t := in[merkle.Ours][e.bytes], in[merkle.Theirs][e.bytes]
		return in[merkle.Base][e.bytes] && !(o && t)
	})
	return listOf(t, all)
}

// latest takes the value of the side that is the later one: by the other
// column, if the policy names one, then by the commits, then by the bytes.
func (j *judge) latest(ctx context.Context, c *table.CellCase, r rule) (column.Value, bool, error) {
	o, t := c.Value[merkle.Ours], c.Value[merkle.Theirs]
	by := 0
	if r.other >= 0 {
		a, err := j.cell(ctx, c, merkle.Ours, r.other)
		if err != nil {
			return o, false, err
		}
		b, err := j.cell(ctx, c, merkle.Theirs, r.other)
		if err != nil {
			return o, false, err
		}
		by = compareValues(a, b)
	}
	if by == 0 {
		by = cmp.Compare(j.m.o.OursTime, j.m.o.TheirsTime)
	}
	switch {
	case by > 0:
		return o, true, nil
	case by < 0:
		return t, true, nil
	}
	return greater(o, t), true, nil
}

func compareValues(a, b column.Value) int {
	if a.IsNull() || b.IsNull() {
		return cmp.Compare(rank(!a.IsNull()), rank(!b.IsNull()))
	}
	return column.Compare(a.Vector, a.Row, b.Vector, b.Row)
}

func rank(there bool) int {
	if there {
		return 1
	}
	return 0
}

// cell returns the value that a side has in another column of the sample,
// under that side's own type.
func (j *judge) cell(ctx context.Context, c *table.CellCase, side, col int) (column.Value, error) {
	f := fieldOf(j.m.table(side).Schema, j.m.schema.Fields[col].ID)
	if f == nil || !c.Has(side) {
		return column.Value{}, nil
	}
	v, row, err := c.Side[side].Value(ctx, f)
	return column.Value{Vector: v, Row: row}, err
}
