package source

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
)

// openInputs finds out how each file is read. Text files of one dataset must
// agree on the types of their columns, and with the version before; where they
// do not, the wider types are tried.
func openInputs(ctx context.Context, q *Request, whole bool) ([]input, error) {
	if q.Format.Text == nil {
		var in []input
		for i := range q.Files {
			b, err := newBinaryInput(ctx, q, &q.Files[i])
			if err != nil {
				closeAll(in)
				return nil, err
			}
			in = append(in, b)
		}
		return in, nil
	}
	types := newTypes(q)
	var in []input
	for i := 0; i < len(q.Files); {
		o := q.textOf(&q.Files[i])
		o.Columns = types.fields
		t, err := newTextInput(ctx, q, &q.Files[i], o, whole || len(q.Files) > 1)
		var ve *format.ValueError
		if errors.As(err, &ve) {
			if err := types.widen(ctx, q, &q.Files[i], ve); err != nil {
				return nil, err
			}
			in, i = nil, 0 // the files before must be read with the wider type too
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(q.Files) > 1 {
			empty, err := t.emptyColumns(ctx)
			if err != nil {
				return nil, err
			}
			types.fix(t.codec.Columns(), empty)
		}
		in = append(in, t)
		i++
	}
	return in, types.reopen(ctx, q, in)
}

// textOf returns how a file is to be read.
func (q *Request) textOf(f *File) format.TextOptions {
	if f.Text != nil {
		return *f.Text
	}
	return q.Text
}

// reopen reads those files anew in which a column had no value and therefore
// not the type that it has in another file.
func (t *types) reopen(ctx context.Context, q *Request, in []input) error {
	for i := range in {
		if !slices.ContainsFunc(in[i].columns(), t.otherwise) {
			continue
		}
		o := q.textOf(&q.Files[i])
		o.Columns = t.fields
		again, err := newTextInput(ctx, q, &q.Files[i], o, true)
		if err != nil {
			return err
		}
		in[i] = again
	}
	return nil
}

// otherwise reports whether f has another type than was settled on.
func (t *types) otherwise(f column.Field) bool {
	return slices.ContainsFunc(t.fields, func(g column.Field) bool { return g.Name == f.Name && !g.Type.Equal(f.Type) })
}

func closeAll(in []input) {
	for _, i := range in {
		_ = i.close()
	}
}

// types are the columns whose types are settled before a file is read.
type types struct {
	fields []column.Field
	asked  map[string]bool // by the user, by name
}

func newTypes(q *Request) *types {
	t := &types{asked: map[string]bool{}}
	if q.Old != nil && q.Old.Rows() > 0 { // without rows the types were guesses
		for _, f := range renamed(q).Fields {
			if !column.Hidden(f.ID) {
				t.fields = append(t.fields, f)
			}
		}
	}
	var names []string
	for name := range q.Types {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		t.asked[name] = true
		t.set(name, q.Types[name])
	}
	return t
}

// renamed returns the schema of the version before with the new names.
func renamed(q *Request) *column.Schema {
	s := &column.Schema{Key: q.Old.Schema.Key, Fields: slices.Clone(q.Old.Schema.Fields)}
	for i := range s.Fields {
		if to, ok := q.Rename[s.Fields[i].Name]; ok {
			s.Fields[i].Name = to
		}
	}
	return s
}

func (t *types) set(name string, typ *column.Type) {
	for i := range t.fields {
		if t.fields[i].Name == name {
			t.fields[i].Type = typ
			return
		}
	}
	t.fields = append(t.fields, column.NewField(name, typ))
}

// fix settles the types that a first file has, except of empty columns.
func (t *types) fix(fields []column.Field, empty []bool) {
	for i, f := range fields {
		if !empty[i] && !slices.ContainsFunc(t.fields, func(g column.Field) bool { return g.Name == f.Name }) {
			t.fields = append(t.fields, f)
		}
	}
}

// widen settles on a wider type for the column that a value did not fit, or
// reports the change of schema. Numbers widen by themselves; that a column
// becomes text must be asked for, unless the dataset is new.
func (t *types) widen(ctx context.Context, q *Request, f *File, ve *format.ValueError) error {
	if ve.Needed == nil || ve.Needed.Equal(ve.Type) || t.asked[ve.Column] {
		return inFile(f.Path, ve)
	}
	known := q.Old != nil && q.Old.Rows() > 0 && renamed(q).ByName(ve.Column) >= 0
	if known && !column.Widens(ve.Type, ve.Needed) && !numeric(ve.Type, ve.Needed) {
		return schemaChange(ctx, q, f, ve)
	}
	t.set(ve.Column, ve.Needed)
	return nil
}

func numeric(a, b *column.Type) bool {
	return (a.Kind.IsNumeric() && b.Kind.IsNumeric()) || (a.Kind == column.Date && b.Kind == column.Timestamp)
}

// schemaChange counts the rows of f that do not fit the type of a column.
func schemaChange(ctx context.Context, q *Request, f *File, ve *format.ValueError) error {
	e := &SchemaChangeError{Path: f.Path, Column: ve.Column, Old: ve.Type, New: ve.Needed, Rows: 1, Value: ve.Value, Line: ve.Line}
	o := q.textOf(f)
	o.Columns = []column.Field{column.NewField(ve.Column, column.Of(column.String))}
	t, err := newTextInput(ctx, q, f, o, true)
	if err != nil {
		return e
	}
	var n int64
	probe := column.NewVector(ve.Type, 1)
	for p, err := range t.parts(ctx) {
		if err != nil {
			return e
		}
		at := p.batch.Schema.ByName(ve.Column)
		if at < 0 {
			return e
		}
		v := p.batch.Cols[at]
		for i := range v.Len {
			if !v.IsNull(i) && column.ParseText(ve.Type, string(v.At(i)), probe) != nil {
				n++
			}
		}
		probe.Reset()
		p.release()
	}
	e.Rows = max(n, 1)
	return e
}

// unify makes the schema of the dataset out of the columns of its files.
func (g *ingester) unify() error {
	q := g.q
	s := &column.Schema{}
	var before *column.Schema
	if q.Old != nil {
		before = renamed(q)
	}
	for i, in := range g.inputs {
		for _, f := range in.columns() {
			at := s.ByName(f.Name)
			if at < 0 {
				s.Fields = append(s.Fields, fieldFor(f, before, q.Old != nil && q.Old.Rows() > 0, q.Types[f.Name], s))
				continue
			}
			t, err := common(s.Fields[at].Type, f.Type)
			if err != nil {
				return inFile(q.Files[i].Path, fmt.Errorf("column %s: %w", f.Name, err))
			}
			s.Fields[at].Type = t
		}
	}
	if err := g.setKey(s, before); err != nil {
		return err
	}
	s.DropPolicies()
	if err := s.Validate(); err != nil {
		return inFile(q.Files[0].Path, err)
	}
	g.schema, g.maps = s, nil
	for _, in := range g.inputs {
		file := &column.Schema{Fields: in.columns()}
		m := make([]int, len(s.Fields))
		for c, f := range s.Fields {
			m[c] = file.ByName(f.Name)
		}
		g.maps = append(g.maps, m)
	}
	return nil
}

// fieldFor returns the dataset's column for a column of a file: the one of the
// same name that was there before, or a new one with an id of its own.
func fieldFor(f column.Field, before *column.Schema, hadRows bool, asked *column.Type, s *column.Schema) column.Field {
	out := column.NewField(f.Name, f.Type)
	if asked != nil {
		out.Type = asked
	}
	if before == nil {
		before = &column.Schema{}
	}
	if i := before.ByName(f.Name); i >= 0 && !column.Hidden(before.Fields[i].ID) {
		out.ID, out.Merge = before.Fields[i].ID, before.Fields[i].Merge
		if asked == nil && hadRows {
			if t, err := common(before.Fields[i].Type, f.Type); err == nil {
				out.Type = t
			}
		}
		return out
	}
	// A name that an older, renamed column was born with needs another id, and
	// so does that of a column which would be hidden.
	for n := 2; column.Hidden(out.ID) || before.Index(out.ID) >= 0 || s.Index(out.ID) >= 0; n++ {
		out.ID = fmt.Sprintf("%s#%d", f.Name, n)
	}
	return out
}

// common returns the narrower type of a and b that holds the values of both.
func common(a, b *column.Type) (*column.Type, error) {
	switch {
	case a.Equal(b) || column.Widens(b, a):
		return a, nil
	case column.Widens(a, b):
		return b, nil
	case a.Kind.IsInt() && b.Kind.IsInt():
		return column.Of(column.Int64), nil
	case a.Kind.IsNumeric() && b.Kind.IsNumeric() && a.Kind != column.Decimal && b.Kind != column.Decimal:
		return column.Of(column.Float64), nil
	}
	return nil, fmt.Errorf("%s here and %s before", b, a)
}

// setKey finds the key columns: those asked for, those of the version before,
// or none, which means by content.
func (g *ingester) setKey(s *column.Schema, before *column.Schema) error {
	if len(g.q.Key) > 0 {
		for _, name := range g.q.Key {
			i := s.ByName(name)
			if i < 0 {
				return &KeyColumnError{Path: g.q.Files[0].Path, Column: name, Columns: s.Names()}
			}
			s.Key = append(s.Key, s.Fields[i].ID)
		}
		return nil
	}
	if before != nil && before.Key[0] != column.ContentKey {
		for _, id := range before.Key {
			if s.Index(id) < 0 {
				name := before.Fields[before.Index(id)].Name
				return &KeyColumnError{Path: g.q.Files[0].Path, Column: name, Columns: s.Names()}
			}
		}
		s.Key = before.Key
		return nil
	}
	s.Fields = append(s.Fields, contentField())
	s.Key = []string{column.ContentKey}
	return nil
}
