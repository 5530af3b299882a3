package source_test

import (
	"testing"

	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/table"
)

// A merge policy belongs to its column, so it outlives that the file is added
// again, and goes where its column no longer fits it.
func TestPoliciesOutliveAdding(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       map[string]string
	}{
		{"another row", "id,score,label\n1,5,a\n2,6,b\n", map[string]string{"score": "max", "label": "latest:score"}},
		{"another column", "id,new,score,label\n1,x,5,a\n", map[string]string{"score": "max", "label": "latest:score", "new": ""}},
		{"wider values", "id,score,label\n1,5.5,a\n", map[string]string{"score": "max", "label": "latest:score"}},
		{"the column that decides goes", "id,label\n1,a\n", map[string]string{"label": ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			request := func(text string, old *table.Table) *source.Request {
				return &source.Request{Dataset: "t", Files: []source.File{fileOf("t.csv", []byte(text))}, Format: formatOf(t, "csv"), Key: []string{"id"}, Old: old}
			}
			old := w.must(request("id,score,label\n1,5,a\n", nil)).Table
			for i, policy := range []string{"", "max", "latest:score"} {
				old.Schema.Fields[i].Merge = policy
			}
			got := w.must(request(c.file, old)).Table.Schema
			for id, want := range c.want {
				if i := got.Index(id); i < 0 || got.Fields[i].Merge != want {
					t.Errorf("policy of %s is not %q in %+v", id, want, got.Fields)
				}
			}
			if err := got.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}
