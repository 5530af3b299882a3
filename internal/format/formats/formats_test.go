package formats

import (
	"testing"

	"github.com/strata-data/strata/internal/format"
)

func TestByPath(t *testing.T) {
	for _, c := range []struct{ path, name, compressed string }{
		{"train.csv", "csv", ""},
		{"dir.parquet/Train.CSV", "csv", ""},
		{"a.tsv", "tsv", ""},
		{"a.csv.gz", "csv", ".gz"},
		{"a.tsv.zst", "tsv", ".zst"},
		{"a.jsonl", "jsonl", ""},
		{"a.ndjson.zst", "jsonl", ".zst"},
		{"part-0001.parquet", "parquet", ""},
		{"a.arrow", "arrow", ""},
		{"a.feather", "arrow", ""},
		{"a.ipc", "arrow", ""},
		{"a.parquet.gz", "", ""}, // compressed inside
		{"a.png", "", ""},
		{"a.npy", "", ""},
		{"csv", "", ""},
		{".csv", "", ""},
		{"dir/.csv", "", ""},
		{"a.csv.bak", "", ""},
		{"a.gz", "", ""},
		{"", "", ""},
	} {
		f, compressed, ok := ByPath(c.path)
		if f.Name != c.name || compressed != c.compressed || ok != (c.name != "") {
			t.Errorf("%q: %q %q %v, want %q %q", c.path, f.Name, compressed, ok, c.name, c.compressed)
		}
	}
}

func TestRegistry(t *testing.T) {
	names, exts := map[string]bool{}, map[string]string{}
	for _, f := range All() {
		if names[f.Name] || f.Write == nil || (f.Text == nil) == (f.Binary == nil) {
			t.Errorf("%s: twice, or without a writer, or not exactly one of text and binary", f.Name)
		}
		names[f.Name] = true
		for _, e := range f.Extensions {
			if exts[e] != "" {
				t.Errorf("%s is claimed by %s and %s", e, exts[e], f.Name)
			}
			exts[e] = f.Name
		}
		if g, ok := ByName(f.Name); !ok || g.Name != f.Name {
			t.Errorf("ByName(%s) = %s, %v", f.Name, g.Name, ok)
		}
	}
	All()[0] = format.Format{}
	if All()[0].Name == "" {
		t.Error("a caller changed the registry")
	}
	if _, ok := ByName("xlsx"); ok {
		t.Error("ByName knows xlsx")
	}
}

func BenchmarkByPath(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ByPath("images/cam3/000123.png")
	}
}
