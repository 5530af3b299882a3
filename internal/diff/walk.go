package diff

import (
	"context"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/table"
)

// Sample is one sample that differs.
type Sample struct {
	Op      table.Op
	Changed []int // of a modified one: positions in Fields of the columns that differ, ascending
	w       *walker
	delta   *table.Delta
	change  *table.Change
}

// Field is a column of a comparison as each side has it.
type Field struct {
	Name     string        // in the newer schema that has it
	Key      bool          // it is part of the key
	Old, New *column.Field // nil where a side does not have it
}

// Fields returns the columns that the samples of two versions can have, hidden
// ones left out: those of new in its order, then those that only old has. nil
// stands for a version that is not there.
func Fields(old, new *table.Table) []Field {
	var fields []Field
	if new != nil {
		for i := range new.Schema.Fields {
			f := Field{Name: new.Schema.Fields[i].Name, New: &new.Schema.Fields[i]}
			f.Key = new.Schema.IsKey(f.New.ID)
			if old != nil {
				if j := old.Schema.Index(f.New.ID); j >= 0 {
					f.Old = &old.Schema.Fields[j]
				}
			}
			fields = append(fields, f)
		}
	}
	if old != nil {
		for i := range old.Schema.Fields {
			if g := &old.Schema.Fields[i]; new == nil || new.Schema.Index(g.ID) < 0 {
				fields = append(fields, Field{Name: g.Name, Old: g, Key: old.Schema.IsKey(g.ID)})
			}
		}
	}
	return slices.DeleteFunc(fields, func(f Field) bool {
		return f.Old != nil && column.Hidden(f.Old.ID) || f.New != nil && column.Hidden(f.New.ID)
	})
}

// Fields returns the columns of the walk, narrowed by Options.Columns; key
// columns are among them.
func (s *Sample) Fields() []Field { return s.w.fields }

// Key returns the sample's key as text (column.KeyText).
func (s *Sample) Key() (string, error) {
	side := s.w.new
	if s.Op == table.Removed {
		side = s.w.old
	}
	return KeyText(side.Schema, s.change.Key)
}

// ByContent reports whether the sample's key is a hash of its values.
func (s *Sample) ByContent() bool { return byContent(s.w.new.Schema) }

// Old returns the value of field number i before the change; it does not Exist
// for an added sample, or where the old side lacks the column.
func (s *Sample) Old(i int) (column.Value, error) {
	f := &s.w.fields[i]
	if s.Op == table.Added || f.Old == nil {
		return column.Value{}, nil
	}
	return s.w.value(s.change.Old, f.Old)
}

// New returns the value of field number i after the change; it does not Exist
// for a removed sample, or where the new side lacks the column.
func (s *Sample) New(i int) (column.Value, error) {
	f := &s.w.fields[i]
	if s.Op == table.Removed || f.New == nil {
		return column.Value{}, nil
	}
	return s.w.value(s.change.New, f.New)
}

// walker is one Walk.
type walker struct {
	ctx      context.Context
	old, new *table.Table
	o        Options
	each     func(*Sample) error
	fields   []Field
	compare  []string // ids, nil for all
	counters []*counter
	where    *where
}

func newWalker(ctx context.Context, old, new *table.Table, o Options, each func(*Sample) error) (*walker, error) {
	w := &walker{ctx: ctx, old: old, new: new, o: o, each: each, fields: Fields(old, new)}
	if err := w.narrow(); err != nil {
		return nil, err
	}
	w.counters = make([]*counter, len(w.fields))
	if o.Where != nil {
		var err error
		if w.where, err = newWhere(o.Where, old.Schema, new.Schema); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// narrow keeps the columns that were asked for, and those of the key.
func (w *walker) narrow() error {
	if w.o.Columns == nil {
		return nil
	}
	w.compare = []string{}
	keep := make([]bool, len(w.fields))
	var known []string
	for _, f := range w.fields {
		known = append(known, f.Name)
	}
	for _, name := range w.o.Columns {
		i := slices.IndexFunc(w.fields, func(f Field) bool { return f.Name == name || f.Old != nil && f.Old.Name == name })
		if i < 0 {
			return &ColumnError{Name: name, Known: known}
		}
		keep[i] = true
	}
	var fields []Field
	for i, f := range w.fields {
		if keep[i] && f.Old != nil && f.New != nil {
			w.compare = append(w.compare, f.New.ID)
		}
		if keep[i] || f.Key {
			fields = append(fields, f)
		}
	}
	w.fields = fields
	return nil
}

// run goes through all changes, counting them in d.
func (w *walker) run(d *Dataset) error {
	s := &Sample{w: w}
	for delta, err := range table.Compare(w.ctx, w.old, w.new, w.compare) {
		if err != nil {
			return err
		}
		at, err := w.positions(delta)
		if err != nil {
			return err
		}
		var picked column.Bitmap
		if w.where != nil {
			if picked, err = w.where.eval(w, delta); err != nil {
				return err
			}
		}
		for i := range delta.Changes {
			c := &delta.Changes[i]
			if w.where != nil && !picked.Get(i) || w.o.Filter != 0 && c.Op != w.o.Filter {
				continue
			}
			s.Op, s.delta, s.change, s.Changed = c.Op, delta, c, s.Changed[:0]
			for _, k := range c.Columns {
				s.Changed = append(s.Changed, at[k])
			}
			slices.Sort(s.Changed)
			if w.o.Key != nil {
				key, err := s.Key()
				if err != nil {
					return err
				}
				if !w.o.Key(key) {
					continue
				}
			}
			if err := w.count(d, s); err != nil {
				return err
			}
			if w.each == nil {
				continue
			}
			if err := w.each(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// positions maps the columns of a delta to those of w.fields.
func (w *walker) positions(delta *table.Delta) ([]int, error) {
	at := make([]int, len(delta.Columns))
	for k, id := range delta.Columns {
		at[k] = slices.IndexFunc(w.fields, func(f Field) bool { return f.New != nil && f.New.ID == id })
	}
	return at, nil
}

func (w *walker) count(d *Dataset, s *Sample) error {
	switch s.Op {
	case table.Added:
		d.Added++
		return nil
	case table.Removed:
		d.Removed++
		return nil
	}
	d.Modified++
	if w.o.Count {
		return nil
	}
	for _, i := range s.Changed {
		old, err := s.Old(i)
		if err != nil {
			return err
		}
		new, err := s.New(i)
		if err != nil {
			return err
		}
		if w.counters[i] == nil {
			w.counters[i] = newCounter(w.fields[i].New)
		}
		w.counters[i].add(old, new)
	}
	return nil
}

func (w *walker) columns() []Column {
	columns := []Column{}
	for _, c := range w.counters {
		if c != nil {
			columns = append(columns, c.column())
		}
	}
	return columns
}

func (w *walker) value(c table.Cells, f *column.Field) (column.Value, error) {
	v, i, err := c.Value(w.ctx, f)
	return column.Value{Vector: v, Row: i}, err
}

// Narrow returns Fields with only the columns of the given display names and
// those of the key; no names mean all. A name that neither side has is a
// *ColumnError.
func Narrow(old, new *table.Table, names []string) ([]Field, error) {
	if len(names) == 0 {
		return Fields(old, new), nil
	}
	if old == nil {
		old = empty(new)
	}
	if new == nil {
		new = empty(old)
	}
	w := &walker{old: old, new: new, o: Options{Columns: names}, fields: Fields(old, new)}
	err := w.narrow()
	return w.fields, err
}
