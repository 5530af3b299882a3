package column

import (
	"fmt"

	"github.com/strata-data/strata/internal/object"
)

// Schema is the columns of a dataset, in display order, and its key.
type Schema struct {
	Fields []Field `cbor:"1,keyasint"`
	// Key is the ids of the key columns, in order. It is empty for a dataset
	// that is keyed by content; such a schema has the hidden column ContentKey.
	Key []string `cbor:"2,keyasint"`
}

// ContentKey is the id of the hidden key column of a dataset without a
// declared key: 16 bytes of BLAKE3 of the row's content, then the big-endian
// number of earlier equal rows.
const ContentKey = "@key"

// Hidden reports whether the column with this id is never shown nor exported.
func Hidden(id string) bool { return id == ContentKey }

// Index returns the position of the column with the given id, or -1.
func (s *Schema) Index(id string) int {
	for i := range s.Fields {
		if s.Fields[i].ID == id {
			return i
		}
	}
	return -1
}

// ByName returns the position of the column that people call name, or -1.
func (s *Schema) ByName(name string) int {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return i
		}
	}
	return -1
}

// Names returns the display names of the columns that are not hidden.
func (s *Schema) Names() []string {
	var names []string
	for _, f := range s.Fields {
		if !Hidden(f.ID) {
			names = append(names, f.Name)
		}
	}
	return names
}

// IsKey reports whether the column with this id is part of the key.
func (s *Schema) IsKey(id string) bool {
	for _, k := range s.Key {
		if k == id {
			return true
		}
	}
	return false
}

// KeyColumns returns the positions of the key columns, in key order.
func (s *Schema) KeyColumns() []int {
	pos := make([]int, len(s.Key))
	for i, id := range s.Key {
		pos[i] = s.Index(id)
	}
	return pos
}

// Validate reports the first rule that s breaks: ids and names unique and not
// empty, types within their limits, key columns present and of a type that can
// be a key, merge policies that fit their columns.
func (s *Schema) Validate() error {
	ids, names := map[string]bool{}, map[string]bool{}
	for _, f := range s.Fields {
		switch {
		case f.ID == "" || f.Name == "":
			return fmt.Errorf("schema: a column without a name")
		case ids[f.ID]:
			return fmt.Errorf("schema: column id %q twice", f.ID)
		case names[f.Name]:
			return fmt.Errorf("schema: column %q twice", f.Name)
		}
		if err := checkType(f.Type, 0, 1); err != nil {
			return fmt.Errorf("schema: column %q: %w", f.Name, err)
		}
		ids[f.ID], names[f.Name] = true, true
	}
	if len(s.Key) == 0 {
		return fmt.Errorf("schema: no key")
	}
	for _, id := range s.Key {
		i := s.Index(id)
		if i < 0 {
			return fmt.Errorf("schema: no key column %q", id)
		}
		if k := s.Fields[i].Type.Kind; k.IsNested() || k == JSON {
			return fmt.Errorf("schema: column %q of type %s cannot be a key", s.Fields[i].Name, s.Fields[i].Type)
		}
	}
	return s.checkPolicies()
}

// Equal reports whether s and o have the same columns in the same order, with
// the same names, types and merge policies, and the same key.
func (s *Schema) Equal(o *Schema) bool {
	if len(s.Fields) != len(o.Fields) || len(s.Key) != len(o.Key) {
		return false
	}
	for i := range s.Fields {
		a, b := s.Fields[i], o.Fields[i]
		if a.ID != b.ID || a.Name != b.Name || a.Merge != b.Merge || !a.Type.Equal(b.Type) {
			return false
		}
	}
	for i := range s.Key {
		if s.Key[i] != o.Key[i] {
			return false
		}
	}
	return true
}

// Encode returns s as a schema object.
func (s *Schema) Encode() []byte { return object.Marshal(object.KindSchema, s) }

// DecodeSchema reads a schema object and validates it.
func DecodeSchema(b []byte) (*Schema, error) {
	s := new(Schema)
	if err := object.Unmarshal(b, object.KindSchema, s); err != nil {
		return nil, err
	}
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %v", object.ErrCorrupt, err)
	}
	return s, nil
}

// maxFixed is the greatest number of values in one fixed list, those of fixed
// lists within it counted too.
const maxFixed = 1 << 24

// checkType reports the first rule that t breaks, size being the number of t
// in one value of the column.
func checkType(t *Type, depth, size int) error {
	switch {
	case t == nil || depth > maxTypeDepth:
		return fmt.Errorf("bad type")
	case t.Kind == Invalid || int(t.Kind) >= len(kindNames):
		return fmt.Errorf("unknown type %d", t.Kind)
	case t.Unit > Nano || t.Size < 0:
		return fmt.Errorf("bad %s", t.Kind)
	case t.Kind == FixedList && t.Size > maxFixed/size:
		return fmt.Errorf("more than %d values in a fixed_list", maxFixed)
	case t.Kind == Decimal && (t.Precision < 1 || t.Precision > 38 || t.Scale < 0 || t.Scale > t.Precision):
		return fmt.Errorf("bad decimal(%d, %d)", t.Precision, t.Scale)
	}
	if t.Kind == List {
		return checkType(t.Elem, depth+1, 1)
	}
	if t.Kind == FixedList {
		return checkType(t.Elem, depth+1, size*max(t.Size, 1))
	}
	for _, f := range t.Fields {
		if f.Merge != "" {
			return fmt.Errorf("a merge policy on the member %q of a struct", f.Name)
		}
		if err := checkType(f.Type, depth+1, size); err != nil {
			return err
		}
	}
	return nil
}
