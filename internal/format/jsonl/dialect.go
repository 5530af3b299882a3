package jsonl

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
)

// dialectVersion is the version of the form of a dialect.
const dialectVersion = 1

// dialect is how a file writes its rows (docs/format/jsonl.md).
type dialect struct {
	Version int `json:"version"`
	layout  `json:",inline"`
	Escape  escapes `json:"escape,omitzero"`
	Columns []shape `json:"columns"`
}

// shape is how the values at one place are written.
type shape struct {
	Name    string     `json:"name,omitzero"`    // in the file, of columns and members
	Absent  bool       `json:"absent,omitzero"`  // nulls are left out
	Float   spelling   `json:"float,omitzero"`   // of float types
	Time    *timeStyle `json:"time,omitempty"`   // of timestamps
	Elem    *shape     `json:"elem,omitempty"`   // of lists
	Members []shape    `json:"members,omitzero"` // of structs, in the file's order
}

// encode returns the canonical bytes of d.
func (d *dialect) encode() []byte {
	b, err := json.Marshal(d, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		panic("jsonl: marshal dialect: " + err.Error())
	}
	return b
}

// decodeDialect reads what encode writes and nothing else.
func decodeDialect(b []byte) (*dialect, error) {
	d := new(dialect)
	if err := json.Unmarshal(b, d, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("read jsonl dialect: %w: %v", format.ErrFormat, err)
	}
	bad := func(why string) (*dialect, error) {
		return nil, fmt.Errorf("read jsonl dialect: %w: %s", format.ErrFormat, why)
	}
	switch {
	case d.Version != dialectVersion:
		return bad(fmt.Sprintf("version %d is not known, want %d", d.Version, dialectVersion))
	case !d.layout.valid():
		return bad("bad separators")
	case !validMembers(d.Columns, 0):
		return bad("bad columns")
	case !bytes.Equal(b, d.encode()):
		return bad("not in canonical form")
	}
	return d, nil
}

func validMembers(s []shape, depth int) bool {
	names := map[string]bool{}
	for i := range s {
		if s[i].Name == "" || names[s[i].Name] || !s[i].valid(depth) {
			return false
		}
		names[s[i].Name] = true
	}
	return true
}

func (s *shape) valid(depth int) bool {
	switch {
	case depth > maxTypeDepth+2:
		return false
	case s.Elem != nil:
		return s.Elem.Name == "" && !s.Elem.Absent && s.Members == nil && s.Elem.valid(depth+1)
	}
	return s.Members == nil || len(s.Members) > 0 && validMembers(s.Members, depth+1)
}

// join returns the narrowest type that holds what a and b hold. Values of
// JSON have the type b, so what both cannot hold is json.
func join(a, b *column.Type) *column.Type {
	switch {
	case b == nil || a.Equal(b):
		return a
	case a.Kind == column.List && b.Kind == column.List:
		return column.ListOf(join(a.Elem, b.Elem))
	case a.Kind == column.FixedList && b.Kind == column.List:
		return column.ListOf(join(a.Elem, b.Elem))
	case a.Kind == column.Struct && b.Kind == column.Struct:
		return joinStructs(a, b)
	case a.Kind.IsInt() && b.Kind.IsInt():
		return joinInts(a, b)
	case a.Kind.IsNumeric() && b.Kind.IsNumeric():
		return column.Of(column.Float64)
	case a.Kind == column.Timestamp && b.Kind == column.Timestamp && (a.Zone == "") == (b.Zone == ""):
		return column.TimestampOf(max(a.Unit, b.Unit), a.Zone)
	case textual(a) && textual(b):
		return column.Of(column.String)
	}
	return column.Of(column.JSON)
}

// textual reports whether values of t are strings in the file.
func textual(t *column.Type) bool {
	switch t.Kind {
	case column.String, column.Binary, column.Date, column.Timestamp, column.File:
		return true
	}
	return false
}

func joinInts(a, b *column.Type) *column.Type {
	signed := func(k column.Kind) bool { return k <= column.Int64 }
	if signed(a.Kind) == signed(b.Kind) {
		return column.Of(max(a.Kind, b.Kind))
	}
	if a.Kind == column.Uint64 || b.Kind == column.Uint64 {
		return column.Of(column.JSON)
	}
	return column.Of(column.Int64)
}

func joinStructs(a, b *column.Type) *column.Type {
	t := &column.Type{Kind: column.Struct}
	for _, f := range a.Fields {
		for _, g := range b.Fields {
			if f.Name == g.Name {
				f.Type = join(f.Type, g.Type)
			}
		}
		t.Fields = append(t.Fields, f)
	}
	for _, g := range b.Fields {
		if memberIndex(a, g.Name) < 0 {
			t.Fields = append(t.Fields, g)
		}
	}
	return t
}

// memberIndex returns the position of the member of struct type t, or -1.
func memberIndex(t *column.Type, name string) int {
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			return i
		}
	}
	return -1
}
