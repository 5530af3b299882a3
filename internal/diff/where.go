package diff

import (
	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/expr"
	"github.com/strata-data/strata/internal/table"
)

// A predicate over a change sees the columns of both sides as old.NAME and
// new.NAME, null where the sample or the column is not there. A plain NAME is
// tried on either side: the predicate picks a sample if it is true with plain
// names read from the old side or with plain names read from the new one.

// where is a predicate bound to both sides.
type where struct {
	sides [2]boundSide // plain names are old, new
}

// boundSide is the predicate with plain names read from one side.
type boundSide struct {
	program *expr.Program
	schema  *column.Schema // of the columns that the program reads
	cells   []cellOf       // of schema.Fields
}

// cellOf says where a column of the predicate comes from.
type cellOf struct {
	fromNew bool
	field   *column.Field // nil where that side lacks it
}

// Prefixes of names and ids.
const (
	oldPrefix = "old."
	newPrefix = "new."
)

func newWhere(e *expr.Expr, old, new *column.Schema) (*where, error) {
	w := &where{}
	for i, fromNew := range []bool{false, true} {
		s, cells := bothSides(old, new, fromNew)
		p, err := e.Bind(s)
		if err != nil {
			return nil, err
		}
		b := boundSide{program: p, schema: table.Project(s, p.Columns())}
		for _, f := range b.schema.Fields {
			b.cells = append(b.cells, cells[f.ID])
		}
		w.sides[i] = b
	}
	return w, nil
}

// bothSides returns the schema in which a predicate is read, and where its
// columns come from, by id. Plain names are those of one side, then those that
// only the other side has.
func bothSides(old, new *column.Schema, plainNew bool) (*column.Schema, map[string]cellOf) {
	s, cells := &column.Schema{}, map[string]cellOf{}
	add := func(prefix string, side *column.Schema, from cellOf) {
		for i := range side.Fields {
			f := &side.Fields[i]
			name := prefix + f.Name
			if column.Hidden(f.ID) || s.ByName(name) >= 0 {
				continue
			}
			if from.field = f; prefix == "" && from.fromNew != plainNew {
				from.field = nil // only the other side has it
			}
			id := name
			cells[id] = from
			s.Fields = append(s.Fields, column.Field{ID: id, Name: name, Type: f.Type})
		}
	}
	plain := func(fromNew bool) {
		if fromNew {
			add("", new, cellOf{fromNew: true})
		} else {
			add("", old, cellOf{})
		}
	}
	plain(plainNew)
	plain(!plainNew)
	add(oldPrefix, old, cellOf{})
	add(newPrefix, new, cellOf{fromNew: true})
	return s, cells
}

// eval returns which changes of a delta the predicate picks.
func (w *where) eval(k *walker, d *table.Delta) (column.Bitmap, error) {
	picked := column.NewBitmap(len(d.Changes))
	for i := range w.sides {
		b, err := w.sides[i].batch(k, d)
		if err != nil {
			return nil, err
		}
		bits := w.sides[i].program.Eval(b, nil)
		absent := [2]table.Op{table.Added, table.Removed}[i]
		for j := range d.Changes {
			if d.Changes[j].Op != absent && bits.Get(j) {
				picked.Set(j)
			}
		}
	}
	return picked, nil
}

// batch returns the cells that the predicate reads, a row for each change.
func (s *boundSide) batch(k *walker, d *table.Delta) (*column.Batch, error) {
	b := column.NewBatch(s.schema, len(d.Changes))
	for i := range d.Changes {
		c := &d.Changes[i]
		for j, from := range s.cells {
			cells, absent := c.Old, c.Op == table.Added
			if from.fromNew {
				cells, absent = c.New, c.Op == table.Removed
			}
			if absent || from.field == nil {
				b.Cols[j].AppendNull()
				continue
			}
			x, err := k.value(cells, from.field)
			if err != nil {
				return nil, err
			}
			b.Cols[j].AppendOne(x.Vector, x.Row)
		}
	}
	b.Len = len(d.Changes)
	return b, nil
}
