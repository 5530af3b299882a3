package source_test

import (
	"bytes"
	"path"
	"strings"
	"testing"

	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/formats"
	"github.com/strata-data/strata/internal/format/lines"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/table"
)

// encoded returns the rows of CSV text as the file that p's extension asks for.
func (w *world) encoded(p, text string) []byte {
	w.Helper()
	var out bytes.Buffer
	if _, yes := lines.Plain(p); yes {
		z, err := lines.Create(p, &out)
		if err == nil {
			_, err = z.Write([]byte(text))
		}
		if err == nil {
			err = z.Close()
		}
		if err != nil {
			w.Fatal(err)
		}
		return out.Bytes()
	}
	t := newWorld(w).make(version{{"x.csv", text}}, nil, "id")
	f, _, _ := formats.ByPath(p)
	rw, err := f.Write(&out, t.Schema, format.WriteOptions{})
	if err != nil {
		w.Fatal(err)
	}
	for b, err := range t.Scan(w.Context(), table.ScanOptions{}) {
		if err == nil {
			err = rw.Write(b)
		}
		if err != nil {
			w.Fatal(err)
		}
	}
	if err := rw.Close(); err != nil {
		w.Fatal(err)
	}
	return out.Bytes()
}

// Merged files that are no text are written from their rows, one of several
// from its own; those that nobody changed keep their bytes.
func TestRewriteOfValues(t *testing.T) {
	base := []string{"id,a\n1,x\n3,y\n", "id,a\n2,z\n4,w\n"}
	ours := []string{"id,a\n1,X\n3,y\n", "id,a\n2,z\n4,w\n"}
	theirs := []string{"id,a\n1,x\n3,y\n7,n\n", "id,a\n2,z\n4,w\n"}
	for _, ext := range []string{".parquet", ".arrow", ".csv.gz", ".csv.zst", ".jsonl.gz"} {
		for _, n := range []int{1, 2} {
			t.Run(strings.TrimPrefix(ext, ".")+"/"+string(rune('0'+n)), func(t *testing.T) {
				w := newWorld(t)
				files := func(texts []string) (v version) {
					for i, text := range texts[:n] {
						p := string(rune('a'+i)) + ext
						if strings.HasPrefix(ext, ".jsonl") {
							text = jsonOf(text)
						}
						v = append(v, [2]string{p, string(w.encoded(p, text))})
					}
					return v
				}
				b := w.make(files(base), nil, "id")
				o, th := w.make(files(ours), b), w.make(files(theirs), b)
				rows := "id,a\n1,X\n3,y\n7,n\n"
				if n == 2 {
					rows = "id,a\n1,X\n2,z\n3,y\n4,w\n7,n\n"
				}
				all := newWorld(t)
				all.store = w.store
				merged := all.make(version{{"rows.csv", rows}}, nil, "id")
				merged.Schema = b.Schema
				out, text := w.rewrite(merged, b, o, th)
				if len(text) != n {
					t.Fatalf("%d files, want %d", len(text), n)
				}
				first, err := source.Load(t.Context(), w.store, out.Sources[0])
				if err != nil {
					t.Fatal(err)
				}
				if !first.ValuesOnly || first.Rows != 3 {
					t.Errorf("values only: %t, %d rows, want true and 3", first.ValuesOnly, first.Rows)
				}
				if n == 2 && out.Sources[1] != b.Sources[1] {
					t.Error("the file that did not change has lost its bytes")
				}
			})
		}
	}
}

// jsonOf returns two columns of CSV text as JSON lines.
func jsonOf(text string) string {
	var b strings.Builder
	for _, l := range strings.Fields(text)[1:] {
		id, a, _ := strings.Cut(l, ",")
		b.WriteString(`{"id":` + id + `,"a":"` + a + "\"}\n")
	}
	return b.String()
}

// A version of values alone is restored from them, compressed again.
func TestValuesOfCompressedTextComeBack(t *testing.T) {
	w := newWorld(t)
	b := w.encoded("t.csv.gz", "id,a\n2,x\n1,y\n")
	f, c, _ := formats.ByPath("t.csv.gz")
	res := w.must(&source.Request{Files: []source.File{fileOf("t.csv.gz", b)}, Format: f, Compressed: c, Key: []string{"id"}, ValuesOnly: true})
	got := w.restore(res.Table, 0, f)
	again := w.must(&source.Request{Files: []source.File{fileOf("t.csv.gz", got)}, Format: f, Compressed: path.Ext("t.csv.gz"), Old: res.Table})
	if again.Table.Root.ID != res.Table.Root.ID {
		t.Error("the file that was restored has other rows")
	}
}

// Each of several files of which only the values are kept comes back with its
// own samples.
func TestValuesOfSeveralFilesComeBack(t *testing.T) {
	for _, key := range [][]string{{"id"}, nil} {
		w := newWorld(t)
		f, _, _ := formats.ByPath("a.parquet")
		add := func(a, b []byte, old *table.Table) *table.Table {
			return w.must(&source.Request{Files: []source.File{fileOf("a.parquet", a), fileOf("b.parquet", b)}, Format: f, Key: key, ValuesOnly: true, Old: old}).Table
		}
		first := add(w.encoded("a.parquet", "id,a\n1,x\n3,y\n"), w.encoded("b.parquet", "id,a\n2,z\n4,w\n"), nil)
		again := add(w.restore(first, 0, f), w.restore(first, 1, f), first)
		if again.Root.ID != first.Root.ID {
			t.Errorf("key %v: %d rows came back, want %d", key, again.Rows(), first.Rows())
		}
	}
}
