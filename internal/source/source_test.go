package source_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/csv"
	"github.com/strata-data/strata/internal/format/jsonl"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/mem"
	"github.com/strata-data/strata/internal/table"
)

type handle struct{ *bytes.Reader }

func (handle) Close() error { return nil }

func fileOf(path string, b []byte) source.File {
	return source.File{Path: path, Size: int64(len(b)), Open: func() (source.Handle, error) { return handle{bytes.NewReader(b)}, nil }}
}

func formatOf(t testing.TB, name string) format.Format {
	for _, f := range append(csv.Formats(), jsonl.Formats()...) {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no format %q", name)
	return format.Format{}
}

func temp(t testing.TB) func() (*os.File, error) {
	return func() (*os.File, error) { return os.CreateTemp(t.TempDir(), "sort") }
}

type world struct {
	chosen bool // values of rewritten rows are those of a side
	testing.TB
	store store.Store
}

func newWorld(t testing.TB) *world { return &world{TB: t, store: mem.New()} }

// ingest adds a file and publishes it.
func (w *world) ingest(q *source.Request) (*source.Result, error) {
	ctx := context.Background()
	q.Temp = temp(w)
	sw, err := w.store.NewWriter(ctx)
	if err != nil {
		w.Fatal(err)
	}
	res, err := source.Ingest(ctx, sw, q)
	if err != nil {
		_ = sw.Discard()
		return nil, err
	}
	id, err := res.Table.Save(ctx, sw)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := sw.Publish(ctx); err != nil {
		w.Fatal(err)
	}
	if res.Table, err = table.Load(ctx, w.store, id); err != nil {
		w.Fatal(err)
	}
	return res, nil
}

func (w *world) must(q *source.Request) *source.Result {
	w.Helper()
	res, err := w.ingest(q)
	if err != nil {
		w.Fatalf("ingest: %v", err)
	}
	return res
}

// restore writes file i of a table back.
func (w *world) restore(t *table.Table, i int, f format.Format) []byte {
	w.Helper()
	ctx := context.Background()
	s, err := source.Load(ctx, w.store, t.Sources[i])
	if err != nil {
		w.Fatal(err)
	}
	var out bytes.Buffer
	if err := source.Restore(ctx, w.store, t, s, &out, source.RestoreOptions{Format: f, Temp: temp(w)}); err != nil {
		w.Fatalf("%v", err)
	}
	return out.Bytes()
}

// rowsCSV makes n rows; edit changes some of them.
func rowsCSV(n int, edit func(i int, row []string) []string) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("rain sun fog night day car bus tram bike road street lane green red amber left right north south")
	var b bytes.Buffer
	b.WriteString("id,label,score,text\n")
	for i := range n {
		var text []string
		for range 5 + r.IntN(30) {
			text = append(text, words[r.IntN(len(words))])
		}
		row := []string{fmt.Sprint(i), words[r.IntN(5)], fmt.Sprintf("%.4f", r.Float64()), strings.Join(text, " ")}
		if edit != nil {
			row = edit(i, row)
		}
		if row != nil {
			b.WriteString(strings.Join(row, ",") + "\n")
		}
	}
	return b.Bytes()
}

func TestRestoreGivesBackEveryByte(t *testing.T) {
	cases := map[string]struct {
		format string
		text   string
		key    []string
	}{
		"keyed":            {"csv", "id,a\n1,x\n2,y\n", []string{"id"}},
		"no final newline": {"csv", "id,a\n1,x\n2,y", []string{"id"}},
		"crlf":             {"csv", "id,a\r\n1,x\r\n2,y\r\n", []string{"id"}},
		"out of key order": {"csv", "id,a\n3,x\n1,y\n2,z\n", []string{"id"}},
		"no key":           {"csv", "a,b\n3,x\n1,y\n3,x\n2,z\n3,x\n", nil},
		"no key, odd":      {"csv", "a,b\n3,x\n\"3\",x\n3,x\n2,z\n", nil},
		"odd spelling":     {"csv", "id,a\n1,\"x\"\n2,y\n3,z\n", []string{"id"}},
		"header only":      {"csv", "id,a\n", []string{"id"}},
		"jsonl":            {"jsonl", "{\"id\": 1, \"a\": [1, 2]}\n{\"id\": 2, \"a\": []}\n", []string{"id"}},
		"jsonl, unsorted":  {"jsonl", "{\"id\":2,\"m\":{\"x\":1.5}}\n{\"id\":1}\n", []string{"id"}},
		"jsonl, no key":    {"jsonl", "{\"a\": 1}\n{\"a\":1}\n{\"a\": 1}", nil},
		"two key columns":  {"csv", "s,i,v\na,2,x\na,1,y\nb,1,z\n", []string{"s", "i"}},
		"nulls and quotes": {"csv", "id,a,b\n1,,\"\"\n2,\"x,y\",\"a\nb\"\n3,\"q\"\"q\",\n", []string{"id"}},
		"blank lines":      {"csv", "id,a\n1,x\n\n2,y\n\n\n", []string{"id"}},
		"leading zeros":    {"csv", "zip,n\n01234,1\n10000,2\n", []string{"zip"}},
		"semicolons":       {"csv", "id;a\n1;x\n2;y\n", []string{"id"}},
		"byte order mark":  {"csv", "\xef\xbb\xbfid,a\n1,x\n2,y\n", []string{"id"}},
		"mixed line ends":  {"csv", "id,a\n1,x\r\n2,y\n3,z\n", []string{"id"}},
		"large exponents":  {"csv", "id,a\n1,1e5\n2,100000.0\n3,0.1\n", []string{"id"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w, f := newWorld(t), formatOf(t, c.format)
			res := w.must(&source.Request{Files: []source.File{fileOf("t."+c.format, []byte(c.text))}, Format: f, Key: c.key})
			if got := string(w.restore(res.Table, 0, f)); got != c.text {
				t.Errorf("restored\n%q, want\n%q", got, c.text)
			}
		})
	}
}

func TestRealFilesComeBack(t *testing.T) {
	dir := realData(t)
	f, j := formatOf(t, "csv"), formatOf(t, "jsonl")
	for _, c := range []struct {
		path string
		f    format.Format
		opt  format.TextOptions
	}{
		{"titanic/titanic.csv", f, format.TextOptions{}},
		{"salaries/Salaries.csv", f, format.TextOptions{}},
		{"california_housing/reference.csv", f, format.TextOptions{}},
		{"california_housing/analysis.csv", f, format.TextOptions{}},
		{"california_housing/analysis_gt.csv", f, format.TextOptions{}},
		{"adult/adult.data", f, format.TextOptions{}},
		{"adult/adult.test", f, format.TextOptions{Skip: 1}},
		{"annotation_exports/prodigy_ner_news_headlines.jsonl", j, format.TextOptions{}},
	} {
		t.Run(filepath.Base(c.path), func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join(dir, c.path))
			if err != nil {
				t.Skip(err)
			}
			w := newWorld(t)
			res := w.must(&source.Request{Files: []source.File{fileOf(c.path, b)}, Format: c.f, Text: c.opt})
			t.Logf("%d rows, %d columns", res.Table.Rows(), len(res.Table.Schema.Fields))
			if got := w.restore(res.Table, 0, c.f); !bytes.Equal(got, b) {
				t.Errorf("%d bytes came back of %d", len(got), len(b))
			}
		})
	}
}

// realData returns the folder of real files beside the repository.
func realData(t testing.TB) string {
	dir, _ := os.Getwd()
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Skip("no go.mod above the test")
		}
	}
	data := filepath.Join(dir, "..", "shared", "data")
	if _, err := os.Stat(data); err != nil {
		t.Skip("the real data is not here: " + err.(*fs.PathError).Path)
	}
	return data
}

func rootOf(t *table.Table) object.ID { return t.Root.ID }

func TestUpdateEqualsReadingAnew(t *testing.T) {
	f := formatOf(t, "csv")
	base := rowsCSV(20000, nil)
	edits := map[string]func(i int, row []string) []string{
		"one label": func(i int, row []string) []string {
			if i == 7777 {
				row[1] = "wolf"
			}
			return row
		},
		"scattered text": func(i int, row []string) []string {
			if i%997 == 0 {
				row[3] += " edited"
			}
			return row
		},
		"removed": func(i int, row []string) []string {
			if i%501 == 3 {
				return nil
			}
			return row
		},
		"inserted between": func(i int, row []string) []string {
			if i == 5000 {
				row[3] = "first\n" + "5000.5"
			}
			return row
		},
		"cut off": func(i int, row []string) []string {
			if i > 15000 {
				return nil
			}
			return row
		},
		"odd line": func(i int, row []string) []string {
			if i == 300 {
				row[1] = `"` + row[1] + `"`
			}
			return row
		},
		"nothing": nil,
	}
	for name, edit := range edits {
		for _, key := range [][]string{{"id"}, nil} {
			t.Run(fmt.Sprintf("%s/key=%v", name, key), func(t *testing.T) {
				next := rowsCSV(20000, edit)
				if name == "inserted between" {
					next = rowsCSV(20010, nil)
				}
				w := newWorld(t)
				old := w.must(&source.Request{Files: []source.File{fileOf("t.csv", base)}, Format: f, Key: key})
				res := w.must(&source.Request{Files: []source.File{fileOf("t.csv", next)}, Format: f, Old: old.Table})
				anew := newWorld(t).must(&source.Request{Files: []source.File{fileOf("t.csv", next)}, Format: f, Key: key})
				if rootOf(res.Table) != rootOf(anew.Table) {
					t.Errorf("updated root %s, read anew %s", rootOf(res.Table).Short(), rootOf(anew.Table).Short())
				}
				if c := res.Changes; c != nil {
					if got, want := [3]int64{c.Added, c.Removed, c.Modified}, differences(t, old.Table, res.Table); got != want {
						t.Errorf("counted %v added, removed, modified; comparing finds %v", got, want)
					}
				}
				if got := w.restore(res.Table, 0, f); !bytes.Equal(got, next) {
					t.Errorf("restored %d bytes that are not the %d that were added", len(got), len(next))
				}
				if res.Parsed >= res.Bytes && !(name == "odd line" && key == nil) && name != "cut off" && name != "removed" && name != "scattered text" {
					t.Errorf("parsed %d of %d bytes", res.Parsed, res.Bytes)
				}
			})
		}
	}
}

// differences counts the samples that two tables do not have alike.
func differences(t *testing.T, a, b *table.Table) (n [3]int64) {
	t.Helper()
	for d, err := range table.Compare(context.Background(), a, b, nil) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range d.Changes {
			n[strings.IndexByte("+-~", byte(d.Changes[i].Op))]++
		}
	}
	return n
}
