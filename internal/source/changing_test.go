package source_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/parquet"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/table"
)

// changing is a file that has another content each time it is opened; the last
// one stays. stat is the size that it had when it was found.
func changing(path string, stat int64, contents ...string) source.File {
	opened := 0
	return source.File{Path: path, Size: stat, Open: func() (source.Handle, error) {
		b := contents[min(opened, len(contents)-1)]
		opened++
		return handle{bytes.NewReader([]byte(b))}, nil
	}}
}

// A file that changes while it is read is refused, or what is recorded is one
// of its states: what was recorded can always be written back, and the rows are
// those of its bytes.
func TestFileThatChangesWhileItIsRead(t *testing.T) {
	csv := formatOf(t, "csv")
	for name, files := range map[string][]string{
		"other head":    {"id,a\n1,x\n2,y\n", "key,b\n1,x\n2,y\n"},
		"longer head":   {"id,a\n1,x\n2,y\n", "id,long name\n1,x\n2,y\n"},
		"appended":      {"id,a\n1,x\n2,y\n", "id,a\n1,x\n2,y\n3,z\n"},
		"shorter":       {"id,a\n1,x\n2,y\n", "id,a\n1,x\n"},
		"empty":         {"id,a\n1,x\n2,y\n", ""},
		"out of order":  {"id,a\n1,x\n2,y\n", "id,a\n2,y\n1,x\n", "id,a\n2,y\n1,z\n"},
		"other columns": {"id,a\n1,x\n2,y\n", "id,a\n2,y\n1,x\n", "id,a,b\n2,y,1\n1,z,2\n"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			res, err := w.ingest(&source.Request{Files: []source.File{changing("t.csv", int64(len(files[0])), files...)}, Format: csv, Key: []string{"id"}})
			if err != nil {
				return
			}
			got := string(w.restore(res.Table, 0, csv))
			s, err := source.Load(context.Background(), w.store, res.Table.Sources[0])
			if err != nil {
				t.Fatal(err)
			}
			if s.Size != int64(len(got)) {
				t.Errorf("recorded %d bytes of a file of %d", s.Size, len(got))
			}
			anew := newWorld(t).must(&source.Request{Files: []source.File{fileOf("t.csv", []byte(got))}, Format: csv, Key: []string{"id"}})
			if rootOf(res.Table) != rootOf(anew.Table) {
				t.Errorf("rows are not those of %q", got)
			}
		})
	}
}

// A file that is kept as it is has the rows of the bytes that are kept, also
// where another is put in its place while it is read.
func TestKeptBytesAreThoseOfTheRows(t *testing.T) {
	pack := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(text))
		_ = z.Close()
		return b.String()
	}
	toParquet := func(text string) string {
		w := newWorld(t)
		tb := w.must(&source.Request{Files: csvOf(text), Format: formatOf(t, "csv"), Key: []string{"id"}}).Table
		var b bytes.Buffer
		rw, err := parquet.Formats()[0].Write(&b, tb.Schema, format.WriteOptions{})
		if err == nil {
			err = rw.Write(w.rows(tb))
		}
		if err == nil {
			err = rw.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	first, then := "id,a\n1,x\n2,y\n", "id,a\n1,x\n2,z\n"
	for name, tc := range map[string]struct {
		q    source.Request
		a, b string
	}{
		"t.csv.gz":  {source.Request{Format: formatOf(t, "csv"), Compressed: ".gz"}, pack(first), pack(then)},
		"t.parquet": {source.Request{Format: parquet.Formats()[0]}, toParquet(first), toParquet(then)},
	} {
		for _, n := range []int{1, 2, 3} {
			var states []string
			for range n {
				states = append(states, tc.a)
			}
			w, q := newWorld(t), tc.q
			q.Key, q.Files = []string{"id"}, []source.File{changing(name, int64(len(tc.a)), append(states, tc.b)...)}
			res, err := w.ingest(&q)
			if errors.Is(err, source.ErrChanged) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			kept := w.restore(res.Table, 0, q.Format)
			q.Files = []source.File{fileOf(name, kept)}
			if anew := newWorld(t).must(&q); rootOf(anew.Table) != rootOf(res.Table) {
				t.Errorf("%s changed behind opening it %d times: the rows are not those of the bytes", name, n)
			}
		}
	}
}

// rows returns the samples of a small table.
func (w *world) rows(tb *table.Table) *column.Batch {
	for b, err := range tb.Scan(context.Background(), table.ScanOptions{}) {
		if err != nil {
			w.Fatal(err)
		}
		return b
	}
	return nil
}

// Blank lines count as bytes of the file wherever an edit puts them.
func TestUpdateWithBlankLines(t *testing.T) {
	csv := formatOf(t, "csv")
	for _, next := range []string{"id,a\n\n1,x\n2,y\n", "id,a\n\n\n", "id,a\n", "id,a\n1,x\n\n\n2,y\n", "id,a\n1,x\n2,y\n\n\n", "id,a\n1,x\n2,y\n\r\n", "id,a\n\n1,x"} {
		for _, key := range [][]string{{"id"}, nil} {
			t.Run(fmt.Sprintf("%q/key=%v", next, key), func(t *testing.T) {
				w := newWorld(t)
				old := w.must(&source.Request{Files: csvOf("id,a\n1,x\n2,y\n"), Format: csv, Key: key})
				res := w.must(&source.Request{Files: csvOf(next), Format: csv, Old: old.Table})
				if got := string(w.restore(res.Table, 0, csv)); got != next {
					t.Errorf("restored %q", got)
				}
			})
		}
	}
}

// What the user says about the head of a file counts though the file was read
// before.
func TestSkipThatWasAskedFor(t *testing.T) {
	csv := formatOf(t, "csv")
	text := "a,b\nc,d\n1,x\n2,y\n"
	w := newWorld(t)
	old := w.must(&source.Request{Files: csvOf(text), Format: csv})
	res := w.must(&source.Request{Files: csvOf(text), Format: csv, Old: old.Table, Text: format.TextOptions{Skip: 1}})
	if got := fmt.Sprint(res.Table.Schema.Names()); !strings.Contains(got, "c d") || res.Table.Rows() != 2 {
		t.Errorf("columns %s, %d rows", got, res.Table.Rows())
	}
}

// An update keeps to the budget: what is new beyond it is read as a stream.
func TestLargeUpdateIsReadAsAStream(t *testing.T) {
	csv := formatOf(t, "csv")
	base := rowsCSV(40000, nil)
	head, rest, _ := bytes.Cut(base, []byte("\n"))
	cut := bytes.LastIndexByte(rest[:len(rest)*6/10], '\n') + 1
	w := newWorld(t)
	old := w.must(&source.Request{Files: csvOf(string(head) + "\n" + string(rest[:cut])), Format: csv, Key: []string{"id"}})
	for _, tc := range []struct {
		mem   int64
		whole bool
	}{{1 << 20, true}, {1 << 30, false}} {
		res := w.must(&source.Request{Files: csvOf(string(base)), Format: csv, Old: old.Table, Mem: tc.mem})
		if whole := res.Parsed == res.Bytes; whole != tc.whole {
			t.Errorf("budget %d: parsed %d of %d bytes", tc.mem, res.Parsed, res.Bytes)
		}
		res = w.must(&source.Request{Files: csvOf(string(head) + "\n"), Format: csv, Old: old.Table, Mem: tc.mem})
		if res.Table.Rows() != 0 {
			t.Errorf("budget %d: %d rows of an empty file", tc.mem, res.Table.Rows())
		}
	}
}
