package column

import (
	"errors"
	"strings"
	"testing"

	"github.com/strata-data/strata/internal/object"
	"pgregory.net/rapid"
)

func testSchema() *Schema {
	return &Schema{
		Fields: []Field{
			NewField("id", Of(Int64)),
			{ID: "wheather", Name: "weather", Type: Of(String)},
			NewField("box", FixedListOf(Of(Float32), 4)),
			NewField("at", TimestampOf(Micro, "Europe/Berlin")),
			NewField("price", DecimalOf(10, 2)),
			NewField("tags", ListOf(StructOf(NewField("k", Of(String)), NewField("v", Of(JSON))))),
		},
		Key: []string{"id"},
	}
}

func TestSchemaRoundTrip(t *testing.T) {
	s := testSchema()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	got, err := DecodeSchema(s.Encode())
	if err != nil || !got.Equal(s) {
		t.Fatalf("DecodeSchema(Encode) = %+v, %v", got, err)
	}
	if s.Index("wheather") != 1 || s.ByName("weather") != 1 || s.Index("weather") != -1 || s.ByName("x") != -1 {
		t.Error("columns are not found by id and by name")
	}
	if !s.IsKey("id") || s.IsKey("box") || s.KeyColumns()[0] != 0 {
		t.Error("the key is not id")
	}
	renamed := testSchema()
	renamed.Fields[1].Name = "sky"
	if renamed.Equal(s) {
		t.Error("a renamed column does not count")
	}
}

func TestSchemaValidateRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s *Schema)
		want   string
	}{
		"no name":         {func(s *Schema) { s.Fields[1].Name = "" }, "without a name"},
		"id twice":        {func(s *Schema) { s.Fields[1].ID = "id" }, `id "id" twice`},
		"name twice":      {func(s *Schema) { s.Fields[1].Name = "id" }, `column "id" twice`},
		"no type":         {func(s *Schema) { s.Fields[1].Type = nil }, "bad type"},
		"no key":          {func(s *Schema) { s.Key = nil }, "no key"},
		"unknown key":     {func(s *Schema) { s.Key = []string{"x"} }, `no key column "x"`},
		"list as key":     {func(s *Schema) { s.Key = []string{"tags"} }, "cannot be a key"},
		"unknown kind":    {func(s *Schema) { s.Fields[1].Type = Of(99) }, "unknown type 99"},
		"bad precision":   {func(s *Schema) { s.Fields[4].Type = DecimalOf(39, 2) }, "bad decimal(39, 2)"},
		"bad scale":       {func(s *Schema) { s.Fields[4].Type = DecimalOf(3, 4) }, "bad decimal(3, 4)"},
		"bad unit":        {func(s *Schema) { s.Fields[3].Type = TimestampOf(7, "") }, "bad timestamp"},
		"huge fixed list": {func(s *Schema) { s.Fields[2].Type = FixedListOf(FixedListOf(Of(Int8), 5000), 5000) }, "more than 16777216"},
		"list of nothing": {func(s *Schema) { s.Fields[5].Type = ListOf(nil) }, "bad type"},
	} {
		s := testSchema()
		c.change(s)
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Validate = %v, want %q", name, err, c.want)
		}
		if name == "no type" || name == "list of nothing" {
			continue
		}
		if _, err := DecodeSchema(s.Encode()); !errors.Is(err, object.ErrCorrupt) {
			t.Errorf("%s: DecodeSchema = %v, want ErrCorrupt", name, err)
		}
	}
}

func TestHiddenColumns(t *testing.T) {
	s := &Schema{Fields: []Field{NewField(ContentKey, Of(Binary)), NewField("a", Of(Int8))}, Key: []string{ContentKey}}
	if names := s.Names(); len(names) != 1 || names[0] != "a" {
		t.Errorf("Names = %q, want a alone", names)
	}
}

func TestTypeText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ty := drawType(t, 3)
		got, err := ParseType(ty.String())
		if err != nil || !got.Equal(ty) {
			t.Fatalf("ParseType(%q) = %v, %v", ty, got, err)
		}
	})
	for _, c := range [][2]string{
		{"int", "int64"}, {"double", "float64"}, {"text", "string"}, {"datetime", "timestamp[us]"}, {"embedding[768]", "fixed_list<float32, 768>"},
		{"decimal(5)", "decimal(5, 0)"}, {" list< int8 > ", "list<int8>"}, {"timestamp[ns,UTC]", "timestamp[ns, UTC]"}, {"struct<>", "struct<>"},
	} {
		if got, err := ParseType(c[0]); err != nil || got.String() != c[1] {
			t.Errorf("ParseType(%q) = %v, %v, want %s", c[0], got, err, c[1])
		}
	}
	for _, s := range []string{"", "integer5", "int8 int8", "list", "list<", "list<int8", "fixed_list<int8>", "fixed_list<int8, -1>",
		"decimal", "decimal(0)", "decimal(5, 6)", "timestamp[m]", "timestamp[s", "embedding[0]", "struct<a>", "struct<a: int8", "struct<: int8>",
		"fixed_list<fixed_list<int8, 10000>, 10000>", strings.Repeat("list<", 40) + "int8" + strings.Repeat(">", 40)} {
		if got, err := ParseType(s); err == nil {
			t.Errorf("ParseType(%q) = %s, want an error", s, got)
		}
	}
}
