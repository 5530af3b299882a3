package source_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/source"
)

// cell draws a value of a column that mostly has one type.
func cell(t *rapid.T, kind string, wild bool) string {
	usual := map[string][]string{
		"int":   {"1", "2", "30", "-7"},
		"float": {"1.5", "2.25", "-0.125", "3.0"},
		"fixed": {"1.50", "2.25", "0.10", "3.00"},
		"text":  {"x", "some words", "y z", "café"},
		"bool":  {"true", "false"},
		"date":  {"2024-01-02", "2025-11-30"},
		"time":  {"2024-01-02 03:04:05", "2024-01-02 03:04:06"},
	}[kind]
	if wild {
		usual = []string{"", "NA", "null", "1", "1.0", "01", "1e5", "9007199254740993", "true", "TRUE", "x", `"q"`, `"a ""b"" c"`, `"a,b"`, "\"two\nlines\"", "-0", "nan", "2024-01-02", " pad "}
	}
	return rapid.SampledFrom(usual).Draw(t, "cell")
}

// What an update makes of values of other types and spellings is what reading
// the whole file makes of them, both beside the version before: one refuses
// where the other does, the rows are the same, and every byte comes back.
func TestUpdatesAgreeAboutStrangeValues(t *testing.T) {
	csv := formatOf(t, "csv")
	rapid.Check(t, func(rt *rapid.T) {
		var kinds []string
		for range rapid.IntRange(1, 3).Draw(rt, "columns") {
			kinds = append(kinds, rapid.SampledFrom([]string{"int", "float", "fixed", "text", "bool", "date", "time"}).Draw(rt, "kind"))
		}
		record := func(id int, wild float64) string {
			fields := []string{fmt.Sprint(id)}
			for _, k := range kinds {
				fields = append(fields, cell(rt, k, rapid.Float64Range(0, 1).Draw(rt, "p") < wild))
			}
			return strings.Join(fields, ",") + rapid.SampledFrom([]string{"\n", "\n", "\n", "\n", "\n", "\n", "\r\n", "\n\n"}).Draw(rt, "end")
		}
		head := "id"
		for i := range kinds {
			head += fmt.Sprintf(",c%d", i)
		}
		var rows []string
		n := rapid.IntRange(1, 400).Draw(rt, "rows")
		for i := range n {
			rows = append(rows, record(i*10, 0.01))
		}
		text := func() string { return head + "\n" + strings.Join(rows, "") }
		key := rapid.SampledFrom([][]string{{"id"}, nil}).Draw(rt, "key")
		w := newWorld(t)
		old, err := w.ingest(&source.Request{Files: csvOf(text()), Format: csv, Key: key, Workers: 2})
		if err != nil {
			return
		}
		for range rapid.IntRange(1, 3).Draw(rt, "edits") {
			rows[rapid.IntRange(0, n-1).Draw(rt, "at")] = record(10*n+rapid.IntRange(1, 1000).Draw(rt, "id"), 0.5)
		}
		next := text()
		if rapid.Bool().Draw(rt, "cut") {
			next = strings.TrimRight(next, "\r\n")
		}
		got, gerr := w.ingest(&source.Request{Files: csvOf(next), Format: csv, Old: old.Table, Workers: 2})
		whole, werr := w.ingest(&source.Request{Files: csvOf(next), Format: csv, Old: old.Table, Workers: 2, Rename: map[string]string{"none": "none"}})
		if (gerr == nil) != (werr == nil) || gerr != nil && gerr.Error() != werr.Error() {
			rt.Fatalf("update: %v\nwhole:  %v\n%s", gerr, werr, next)
		}
		if gerr != nil {
			return
		}
		if back := w.restore(got.Table, 0, csv); !bytes.Equal(back, []byte(next)) {
			rt.Fatalf("restored %q of %q", back, next)
		}
		if rootOf(got.Table) != rootOf(whole.Table) {
			rt.Fatalf("update:\n%s\nwhole:\n%s\nof\n%s", strings.Join(cells(t, got.Table), "\n"), strings.Join(cells(t, whole.Table), "\n"), next)
		}
	})
}

// A record that is nested deeper than a stack reaches is an error or a value,
// not the end of the program.
func TestDeepNesting(t *testing.T) {
	f := formatOf(t, "jsonl")
	for _, deep := range []int{29, 30, 31, 100, 9_990, 5_000_000} {
		for _, open := range []string{"[", `{"a":`} {
			shut := map[string]string{"[": "]", `{"a":`: "}"}[open]
			text := `{"id":1,"v":` + strings.Repeat(open, deep) + "1" + strings.Repeat(shut, deep) + "}\n"
			w := newWorld(t)
			res, err := w.ingest(&source.Request{Files: []source.File{fileOf("t.jsonl", []byte(text))}, Format: f, Key: []string{"id"}})
			if err != nil {
				continue
			}
			if got := w.restore(res.Table, 0, f); string(got) != text {
				t.Errorf("depth %d: %d bytes restored of %d", deep, len(got), len(text))
			}
		}
	}
}

// The same of JSON lines, with members that come, go and change type, in two
// files, of which one may have them and the other not.
func TestUpdatesAgreeAboutStrangeMembers(t *testing.T) {
	f := formatOf(t, "jsonl")
	values := []string{"1", "2.5", "1.0", "null", `"x"`, `"2024-01-02"`, "true", "[]", "[1,2]", `["a"]`, "{}", `{"p":1}`, `{"q":"z"}`, "1e5", "9007199254740993", `"\u0041"`, " 7", "-0", "-0.0"}
	rapid.Check(t, func(rt *rapid.T) {
		usual := map[string]string{}
		for _, m := range []string{"a", "b", "c"} {
			usual[m] = rapid.SampledFrom(values).Draw(rt, "usual")
		}
		record := func(id int, wild bool) string {
			parts := []string{fmt.Sprintf(`"id":%d`, id)}
			for _, m := range []string{"a", "b", "c"} {
				v := usual[m]
				if wild {
					if v = rapid.SampledFrom(append(values, "")).Draw(rt, "value"); v == "" {
						continue
					}
				}
				parts = append(parts, fmt.Sprintf("%q:%s", m, v))
			}
			if wild && rapid.IntRange(0, 5).Draw(rt, "new") == 0 {
				parts = append(parts, `"d":1`)
			}
			return "{" + strings.Join(parts, ",") + "}\n"
		}
		var texts [2][]string
		id := 0
		for i := range texts {
			for range rapid.IntRange(0, 150).Draw(rt, "rows") {
				id += 10
				texts[i] = append(texts[i], record(id, false))
			}
		}
		files := func() (out []source.File) {
			for i := range texts {
				out = append(out, fileOf(fmt.Sprintf("part-%d.jsonl", i), []byte(strings.Join(texts[i], ""))))
			}
			return out
		}
		key := rapid.SampledFrom([][]string{{"id"}, nil}).Draw(rt, "key")
		w := newWorld(t)
		old, err := w.ingest(&source.Request{Files: files(), Format: f, Key: key, Workers: 2})
		if err != nil {
			return
		}
		for range rapid.IntRange(1, 3).Draw(rt, "edits") {
			i := rapid.IntRange(0, 1).Draw(rt, "file")
			at := rapid.IntRange(0, len(texts[i])).Draw(rt, "at")
			id += 10
			if rec := record(id, true); at == len(texts[i]) {
				texts[i] = append(texts[i], rec)
			} else {
				texts[i][at] = rec
			}
		}
		got, gerr := w.ingest(&source.Request{Files: files(), Format: f, Old: old.Table, Workers: 2})
		whole, werr := w.ingest(&source.Request{Files: files(), Format: f, Old: old.Table, Workers: 2, Rename: map[string]string{"none": "none"}})
		if (gerr == nil) != (werr == nil) || gerr != nil && gerr.Error() != werr.Error() {
			rt.Fatalf("update: %v\nwhole:  %v", gerr, werr)
		}
		if gerr != nil {
			return
		}
		for i := range texts {
			if back := string(w.restore(got.Table, i, f)); back != strings.Join(texts[i], "") {
				rt.Fatalf("file %d: restored %q", i, back)
			}
		}
		if rootOf(got.Table) != rootOf(whole.Table) || !got.Table.Schema.Equal(whole.Table.Schema) {
			rt.Fatalf("update: %v\n%s\nwhole: %v\n%s", got.Table.Schema.Names(), strings.Join(cells(t, got.Table), "\n"), whole.Table.Schema.Names(), strings.Join(cells(t, whole.Table), "\n"))
		}
	})
}

// An empty file is a file of a dataset too: it comes back, and may get records.
func TestEmptyFileAmongOthers(t *testing.T) {
	for name, files := range map[string][2]string{
		"jsonl": {"", "{\"id\":1,\"a\":\"x\"}\n"},
		"csv":   {"id,a\n", "id,a\n1,x\n"},
	} {
		f, w := formatOf(t, name), newWorld(t)
		of := func(a, b string) []source.File {
			return []source.File{fileOf("a."+name, []byte(a)), fileOf("b."+name, []byte(b))}
		}
		for _, order := range [][2]string{files, {files[1], files[0]}} {
			tb := w.must(&source.Request{Files: of(order[0], order[1]), Format: f, Key: []string{"id"}}).Table
			next := strings.ReplaceAll(files[1], "1", "2")
			if got := string(w.restore(tb, 0, f)) + string(w.restore(tb, 1, f)); got != order[0]+order[1] {
				t.Errorf("%s: restored %q", name, got)
			}
			if order == files {
				tb = w.must(&source.Request{Files: of(next, files[1]), Format: f, Old: tb}).Table
			} else {
				tb = w.must(&source.Request{Files: of(files[1], next), Format: f, Old: tb}).Table
			}
			if tb.Rows() != 2 {
				t.Errorf("%s: %d rows", name, tb.Rows())
			}
		}
	}
}
