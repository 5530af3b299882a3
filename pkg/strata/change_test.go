package strata

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/column"
)

func TestChangesOfSchema(t *testing.T) {
	field := func(id, name string, k column.Kind) column.Field {
		return column.Field{ID: id, Name: name, Type: column.Of(k)}
	}
	schema := func(key string, fields ...column.Field) *column.Schema {
		return &column.Schema{Key: []string{key}, Fields: fields}
	}
	id, label, score := field("id", "id", column.Int64), field("label", "label", column.String), field("score", "score", column.Float64)
	old := schema("id", id, label, score)
	for _, tc := range []struct {
		name string
		new  *column.Schema
		want []SchemaChange
	}{
		{"none", schema("id", id, label, score), []SchemaChange{}},
		{"add", schema("id", id, label, score, field("cam", "cam", column.Int8)), []SchemaChange{{Op: "add", Column: "cam", New: "int8"}}},
		{"drop", schema("id", id, score), []SchemaChange{{Op: "drop", Column: "label", Old: "string"}}},
		{"rename", schema("id", id, field("label", "class", column.String), score), []SchemaChange{{Op: "rename", Column: "class", Old: "label", New: "class"}}},
		{"type", schema("id", id, label, field("score", "score", column.String)), []SchemaChange{{Op: "type", Column: "score", Old: "float64", New: "string"}}},
		{"reorder", schema("id", id, score, label), []SchemaChange{{Op: "reorder"}}},
		{"key", schema("label", id, label, score), []SchemaChange{{Op: "key", Old: "id", New: "label"}}},
		{"a dropped column is no reorder", schema("id", id, score, field("new", "new", column.Bool)),
			[]SchemaChange{{Op: "drop", Column: "label", Old: "string"}, {Op: "add", Column: "new", New: "bool"}}},
		{"a new column that took the name of an old one", schema("id", id, field("label~2", "label", column.Int64), score),
			[]SchemaChange{{Op: "drop", Column: "label", Old: "string"}, {Op: "add", Column: "label", New: "int64"}}},
		{"hidden", schema(column.ContentKey, field(column.ContentKey, column.ContentKey, column.Binary), id, label, score),
			[]SchemaChange{{Op: "key", Old: "id", New: column.ContentKey}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, changesOfSchema(old, tc.new)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
