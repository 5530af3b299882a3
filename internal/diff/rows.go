package diff

import (
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/table"
)

// RowSchema is the schema in which the samples that differ are exported:
// _op (+, - or ~), _key as text, _changed the names of the columns that differ,
// and old and new, structs of the columns on each side, null where the sample
// is not there.
func RowSchema(fields []Field) *column.Schema {
	text := column.Of(column.String)
	var old, new []column.Field
	for _, f := range fields {
		if f.Old != nil {
			old = append(old, column.NewField(f.Old.Name, f.Old.Type))
		}
		if f.New != nil {
			new = append(new, column.NewField(f.New.Name, f.New.Type))
		}
	}
	return &column.Schema{Fields: []column.Field{
		column.NewField("_op", text), column.NewField("_key", text), column.NewField("_changed", column.ListOf(text)),
		column.NewField("old", column.StructOf(old...)), column.NewField("new", column.StructOf(new...)),
	}}
}

// AppendRow appends s to b, a batch of RowSchema.
func AppendRow(b *column.Batch, s *Sample) error {
	key, err := s.Key()
	if err != nil {
		return err
	}
	b.Cols[0].AppendString(string(s.Op))
	b.Cols[1].AppendString(key)
	for _, i := range s.Changed {
		b.Cols[2].Kids[0].AppendString(s.Fields()[i].Name)
	}
	b.Cols[2].EndList()
	b.Len++
	if err := appendSide(b.Cols[3], s, s.Op == table.Added, s.Old, func(f Field) bool { return f.Old != nil }); err != nil {
		return err
	}
	return appendSide(b.Cols[4], s, s.Op == table.Removed, s.New, func(f Field) bool { return f.New != nil })
}

// appendSide appends the values of one side to a vector of structs.
func appendSide(v *column.Vector, s *Sample, absent bool, value func(int) (column.Value, error), has func(Field) bool) error {
	if absent {
		v.AppendNull()
		return nil
	}
	k := 0
	for i, f := range s.Fields() {
		if !has(f) {
			continue
		}
		x, err := value(i)
		if err != nil {
			return err
		}
		v.Kids[k].AppendOne(x.Vector, x.Row)
		k++
	}
	v.EndStruct()
	return nil
}

// HighlightSchema is the schema of the highlighter table of daff (paulfitz/daff,
// "the spec for the diff format"): a column @@ with +++, --- or ->, and the columns
// of the samples as text.
func HighlightSchema(fields []Field) *column.Schema {
	s := &column.Schema{Fields: []column.Field{column.NewField("@@", column.Of(column.String))}}
	for _, f := range fields {
		s.Fields = append(s.Fields, column.Field{ID: "c/" + f.Name, Name: f.Name, Type: column.Of(column.String)})
	}
	return s
}

// AppendHighlight appends s to b, a batch of HighlightSchema. A cell that
// differs is old->new. Where a value of the sample has an arrow in it the signs
// of that row are longer by a dash, as many as need be.
func AppendHighlight(b *column.Batch, s *Sample) error {
	fields := s.Fields()
	old, new := make([]string, len(fields)), make([]string, len(fields))
	arrow := "->"
	for i := range fields {
		x, err := s.Old(i)
		if err != nil {
			return err
		}
		y, err := s.New(i)
		if err != nil {
			return err
		}
		old[i], new[i] = highlightText(x), highlightText(y)
		for strings.Contains(old[i], arrow) || strings.Contains(new[i], arrow) {
			arrow = "-" + arrow
		}
	}
	sign := map[table.Op]string{table.Added: "+++", table.Removed: "---", table.Modified: arrow}[s.Op]
	b.Cols[0].AppendString(sign)
	changed := s.Changed
	for i := range fields {
		text := new[i]
		switch {
		case s.Op == table.Removed, fields[i].New == nil:
			text = old[i]
		case len(changed) > 0 && changed[0] == i:
			text, changed = old[i]+arrow+new[i], changed[1:]
		}
		b.Cols[1+i].AppendString(text)
	}
	b.Len++
	return nil
}

func highlightText(x column.Value) string {
	if x.IsNull() {
		return "NULL"
	}
	return x.String()
}
