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
