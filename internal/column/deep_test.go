package column_test

import (
	"testing"

	"github.com/strata-data/strata/internal/column"
)

// A schema that Validate accepts can be read back, however deep its types are.
func TestDeepTypesComeBack(t *testing.T) {
	nest := map[string]func(*column.Type) *column.Type{
		"list": func(e *column.Type) *column.Type { return &column.Type{Kind: column.List, Elem: e} },
		"struct": func(e *column.Type) *column.Type {
			return &column.Type{Kind: column.Struct, Fields: []column.Field{column.NewField("a", e)}}
		},
	}
	for name, in := range nest {
		deepest := 0
		typ := column.Of(column.Int64)
		for depth := 1; depth < 50; depth++ {
			typ = in(typ)
			s := &column.Schema{Key: []string{"id"}, Fields: []column.Field{column.NewField("id", column.Of(column.Int64)), column.NewField("v", typ)}}
			if s.Validate() != nil {
				break
			}
			deepest = depth
			back, err := column.DecodeSchema(s.Encode())
			if err != nil {
				t.Fatalf("%s, %d deep: %v", name, depth, err)
			}
			if !back.Equal(s) {
				t.Fatalf("%s, %d deep: another schema came back", name, depth)
			}
		}
		if deepest != 32 {
			t.Errorf("%s: types nest %d deep, want 32", name, deepest)
		}
	}
}
