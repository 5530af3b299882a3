package source_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/parquet"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/table"
)

// csvOf returns files part-0.csv, part-1.csv, ... with these texts.
func csvOf(texts ...string) []source.File {
	var out []source.File
	for i, text := range texts {
		out = append(out, fileOf(fmt.Sprintf("part-%d.csv", i), []byte(text)))
	}
	return out
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		texts, old []string
		key        []string
		is         error
		want       string
	}{
		"duplicates":          {texts: []string{"id,a\n1,x\n2,y\n1,z\n3,w\n2,v\n1,u\n"}, key: []string{"id"}, is: table.ErrDuplicateKey, want: "3 rows of part-0.csv share a key; first: id=1 on lines 2 and 4"},
		"duplicates in order": {texts: []string{"id,a\n1,x\n1,y\n"}, key: []string{"id"}, is: table.ErrDuplicateKey, want: "1 rows of part-0.csv share a key; first: id=1 on lines 2 and 3"},
		"duplicate pair":      {texts: []string{"s,i\na,1\nb,1\na,1\n"}, key: []string{"s", "i"}, is: table.ErrDuplicateKey, want: "first: s,i=a/1 on lines 2 and 4"},
		"behind long records": {texts: []string{"id,a\n1,\"x\ny\"\n\n2,\"p\nq\"\n1,z\n"}, key: []string{"id"}, is: table.ErrDuplicateKey, want: "on lines 2 and 7"},
		"across files":        {texts: []string{"id,a\n1,x\n2,y\n", "id,a\n3,x\n2,z\n"}, key: []string{"id"}, is: table.ErrDuplicateKey, want: "1 rows share a key; first: id=2 on line 3 of part-0.csv and line 3 of part-1.csv"},
		"duplicate in update": {old: []string{"id,a\n1,x\n2,y\n"}, texts: []string{"id,a\n1,x\n2,y\n2,z\n"}, key: []string{"id"}, is: table.ErrDuplicateKey, want: "id=2 on lines 3 and 4"},
		"null key":            {texts: []string{"id,a\n1,x\n,y\n"}, key: []string{"id"}, is: source.ErrNullKey, want: "part-0.csv: null in a key: column id is empty in line 3"},
		"null key in update":  {old: []string{"id,a\n1,x\n2,y\n"}, texts: []string{"id,a\n1,x\n2,y\n,z\n"}, key: []string{"id"}, is: source.ErrNullKey, want: "line 4"},
		"no key column":       {texts: []string{"id,a\n1,x\n"}, key: []string{"nr"}, is: source.ErrNoKeyColumn, want: `part-0.csv has no column "nr" to be the key`},
		"key column is gone":  {old: []string{"id,a\n1,x\n"}, texts: []string{"nr,a\n1,x\n"}, key: []string{"id"}, is: source.ErrNoKeyColumn, want: `no column "id"`},
		"type changes":        {old: []string{"id,n\n1,5\n2,6\n3,7\n4,8\n"}, texts: []string{"id,n\n1,5\n2,six\n3,7\n4,eight\n"}, key: []string{"id"}, is: source.ErrSchemaChange, want: `column n was int64 and is now string in 2 rows; first: "six" at line 3 of part-0.csv`},
		"two columns, a name": {texts: []string{"id,a,a\n1,x,y\n"}, key: []string{"id"}, is: format.ErrFormat, want: `"a"`},
		"ragged":              {texts: []string{"id,a\n1,x\n2\n"}, key: []string{"id"}, is: format.ErrFormat, want: "line 3"},
	} {
		t.Run(name, func(t *testing.T) {
			w, f := newWorld(t), formatOf(t, "csv")
			q := &source.Request{Files: csvOf(c.texts...), Format: f, Key: c.key}
			if c.old != nil {
				q.Old = w.must(&source.Request{Files: csvOf(c.old...), Format: f, Key: c.key}).Table
				q.Key = nil
			}
			_, err := w.ingest(q)
			if err == nil || !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v\nwant %q (%v)", err, c.want, c.is)
			}
		})
	}
}

// cells returns the rows of a table as text, in key order.
func cells(t testing.TB, tb *table.Table) []string {
	var out []string
	for b, err := range tb.Scan(context.Background(), table.ScanOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Len {
			row := ""
			for c, f := range b.Schema.Fields {
				if !column.Hidden(f.ID) {
					row += "," + column.Text(b.Cols[c], i)
				}
			}
			out = append(out, row[1:])
		}
	}
	return out
}

func TestDuplicatesMayBeDropped(t *testing.T) {
	text := "id,a\n2,x\n1,y\n2,z\n2,w\n3,v\n3,u\n"
	for how, want := range map[string][]string{
		source.DuplicateFirst: {"1,y", "2,x", "3,v"},
		source.DuplicateLast:  {"1,y", "2,w", "3,u"},
	} {
		t.Run(how, func(t *testing.T) {
			w, f := newWorld(t), formatOf(t, "csv")
			res := w.must(&source.Request{Files: csvOf(text), Format: f, Key: []string{"id"}, Duplicates: how})
			if d := cmp.Diff(want, cells(t, res.Table)); d != "" || res.Dropped != 3 {
				t.Errorf("dropped %d; rows:\n%s", res.Dropped, d)
			}
			if got := string(w.restore(res.Table, 0, f)); got != text {
				t.Errorf("restored %q", got)
			}
			res = w.must(&source.Request{Files: csvOf(text), Format: f, Key: []string{"id"}, Duplicates: how, ValuesOnly: true})
			if got := string(w.restore(res.Table, 0, f)); got != "id,a\n"+strings.Join(want, "\n")+"\n" {
				t.Errorf("values alone gave %q", got)
			}
		})
	}
	// Many batches, with runs of duplicates that lie across their ends.
	var b strings.Builder
	b.WriteString("id,a\n")
	var first, last []string
	for i := range 9000 {
		for k := range i%3 + 1 {
			line := fmt.Sprintf("k%05d,%d!", 8999-i, k)
			b.WriteString(line + "\n")
			if k == 0 {
				first = append(first, line)
			}
			if k == i%3 {
				last = append(last, line)
			}
		}
	}
	slices.Reverse(first)
	slices.Reverse(last)
	f := formatOf(t, "csv")
	for how, want := range map[string][]string{source.DuplicateFirst: first, source.DuplicateLast: last} {
		res := newWorld(t).must(&source.Request{Files: csvOf(b.String()), Format: f, Key: []string{"id"}, Duplicates: how})
		if d := cmp.Diff(want, cells(t, res.Table)); d != "" {
			t.Errorf("%s: %.600s", how, d)
		}
	}
}

// Versions of a file whose columns change.
func TestColumnsBetweenVersions(t *testing.T) {
	for name, c := range map[string]struct {
		before, after string
		rename        map[string]string
		types         map[string]*column.Type
		ids           []string // of the columns afterwards
		kinds         []string
	}{
		"reordered":          {before: "id,a,b\n1,2,x\n", after: "b,id,a\nx,1,2\n", ids: []string{"b", "id", "a"}},
		"added":              {before: "id,a\n1,2\n2,3\n", after: "id,a,n\n1,2,7\n2,3,8\n", ids: []string{"id", "a", "n"}},
		"dropped":            {before: "id,a,b\n1,2,x\n2,3,y\n", after: "id,a\n1,2\n2,3\n", ids: []string{"id", "a"}},
		"renamed":            {before: "id,a\n1,2\n", after: "id,b\n1,2\n", rename: map[string]string{"a": "b"}, ids: []string{"id", "a"}},
		"renamed, name anew": {before: "id,a\n1,2\n", after: "id,b,a\n1,2,q\n", rename: map[string]string{"a": "b"}, ids: []string{"id", "a", "a#2"}},
		"wider":              {before: "id,a\n1,2\n2,3\n", after: "id,a\n1,2\n2,3000000000\n", ids: []string{"id", "a"}, kinds: []string{"int64", "int64"}},
		"float":              {before: "id,a\n1,2\n2,3\n", after: "id,a\n1,2\n2,3.5\n", ids: []string{"id", "a"}},
		"asked for":          {before: "id,a\n1,2\n2,3\n", after: "id,a\n1,2\n2,three\n", types: map[string]*column.Type{"a": column.Of(column.String)}, ids: []string{"id", "a"}, kinds: []string{"int64", "string"}},
		"from header only":   {before: "id,a\n", after: "id,a\n1,2\n", ids: []string{"id", "a"}, kinds: []string{"int64", "int64"}},
		"to header only":     {before: "id,a\n1,2\n", after: "id,a\n", ids: []string{"id", "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			w, f := newWorld(t), formatOf(t, "csv")
			old := w.must(&source.Request{Files: csvOf(c.before), Format: f, Key: []string{"id"}})
			res := w.must(&source.Request{Files: csvOf(c.after), Format: f, Old: old.Table, Rename: c.rename, Types: c.types})
			var ids, kinds []string
			for _, fd := range res.Table.Schema.Fields {
				ids, kinds = append(ids, fd.ID), append(kinds, fd.Type.String())
			}
			if d := cmp.Diff(c.ids, ids); d != "" {
				t.Errorf("ids of columns:\n%s", d)
			}
			if d := cmp.Diff(c.kinds, kinds); c.kinds != nil && d != "" {
				t.Errorf("types of columns:\n%s", d)
			}
			if got := string(w.restore(res.Table, 0, f)); got != c.after {
				t.Errorf("restored %q, want %q", got, c.after)
			}
			if got := string(w.restore(old.Table, 0, f)); got != c.before {
				t.Errorf("the old version restored %q, want %q", got, c.before)
			}
		})
	}
}

// Files of one dataset agree on their types, whatever their order.
func TestShardsAgreeOnTypes(t *testing.T) {
	for name, c := range map[string]struct {
		texts []string
		want  string
	}{
		"int and float":       {[]string{"id,a\n1,2\n", "id,a\n2,2.5\n"}, "float64"},
		"int and text":        {[]string{"id,a\n1,2\n", "id,a\n2,x\n"}, "string"},
		"narrow and wide":     {[]string{"id,a\n1,2\n", "id,a\n2,70000\n"}, "int64"},
		"nothing and int":     {[]string{"id,a\n1,\n", "id,a\n2,5\n"}, "int64"},
		"header only and int": {[]string{"id,a\n", "id,a\n2,5\n"}, "int64"},
		"other columns":       {[]string{"id,b\n1,x\n", "a,id\n7,2\n"}, "int64"},
		"zip codes":           {[]string{"id,a\n1,10000\n", "id,a\n2,01234\n"}, "string"},
	} {
		t.Run(name, func(t *testing.T) {
			w, f := newWorld(t), formatOf(t, "csv")
			var roots []string
			for _, order := range [][]string{c.texts, {c.texts[1], c.texts[0]}} {
				res := w.must(&source.Request{Files: csvOf(order...), Format: f, Key: []string{"id"}})
				s := res.Table.Schema
				if got := s.Fields[s.ByName("a")].Type.String(); got != c.want {
					t.Errorf("column a is %s, want %s", got, c.want)
				}
				for i, text := range order {
					if got := string(w.restore(res.Table, i, f)); got != text {
						t.Errorf("file %d restored %q, want %q", i, got, text)
					}
				}
				roots = append(roots, res.Table.Root.ID.String())
			}
			if roots[0] != roots[1] {
				t.Errorf("the order of files changes the root: %.8s and %.8s", roots[0], roots[1])
			}
		})
	}
}

// Odd records of rows that other files have too.
func TestOddRecordsOfEqualRowsInSeveralFiles(t *testing.T) {
	texts := []string{"a,b\n1,x\n2,y\n1,x\n", "a,b\n\"1\",x\n1,x\n\"2\",y\n1,x\n", "a,b\n1,x\n\"1\",x\n"}
	w, f := newWorld(t), formatOf(t, "csv")
	res := w.must(&source.Request{Files: csvOf(texts...), Format: f})
	if res.Table.Rows() != 9 {
		t.Errorf("%d rows, want 9", res.Table.Rows())
	}
	for i, text := range texts {
		if got := string(w.restore(res.Table, i, f)); got != text {
			t.Errorf("file %d restored %q, want %q", i, got, text)
		}
	}
}

// Equal rows have equal roots, whatever file they came from.
func TestFormatsGiveOneRoot(t *testing.T) {
	csvText := "id,name,n,x,ok\n3,c,5,0.5,true\n1,a,7,-1.25,false\n2,b,9,1e+300,true\n4,,11,3.75,\n"
	jsonText := `{"id":1,"name":"a","n":7,"x":-1.25,"ok":false}
{"id":2,"ok":true,"x":1e300,"n":9,"name":"b"}
{"id":3,"name":"c","n":5,"x":0.5,"ok":true}
{"id":4,"n":11,"x":3.75}
`
	schema := &column.Schema{Fields: []column.Field{column.NewField("id", column.Of(column.Int64)), column.NewField("name", column.Of(column.String)),
		column.NewField("n", column.Of(column.Uint32)), column.NewField("x", column.Of(column.Float64)), column.NewField("ok", column.Of(column.Bool))}}
	b := column.NewBatch(schema, 4)
	for i, row := range [][]string{{"1", "a", "7", "-1.25", "false"}, {"2", "b", "9", "1e300", "true"}, {"3", "c", "5", "0.5", "true"}, {"4", "", "11", "3.75", ""}} {
		for c, s := range row {
			if s == "" {
				b.Cols[c].AppendNull()
			} else if err := column.ParseText(schema.Fields[c].Type, s, b.Cols[c]); err != nil {
				t.Fatal(err)
			}
		}
		b.Len = i + 1
	}
	pq := parquet.Formats()[0]
	var file bytes.Buffer
	rw, err := pq.Write(&file, schema, format.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := rw.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := rw.Close(); err != nil {
		t.Fatal(err)
	}
	for _, key := range [][]string{{"id"}, nil} {
		w := newWorld(t)
		roots := map[string]string{}
		for _, c := range []struct {
			f    format.Format
			data []byte
		}{{formatOf(t, "csv"), []byte(csvText)}, {formatOf(t, "jsonl"), []byte(jsonText)}, {pq, file.Bytes()}} {
			res := w.must(&source.Request{Files: []source.File{fileOf("t."+c.f.Name, c.data)}, Format: c.f, Key: key})
			roots[c.f.Name] = res.Table.Root.ID.String()
			if got := w.restore(res.Table, 0, c.f); !bytes.Equal(got, c.data) {
				t.Errorf("%s: restored %d bytes of %d", c.f.Name, len(got), len(c.data))
			}
		}
		if roots["csv"] != roots["jsonl"] || roots["csv"] != roots["parquet"] {
			t.Errorf("key %v: roots %v", key, roots)
		}
	}
}

// A dialect that the user names is used though the file was read before.
func TestDialectThatWasAskedFor(t *testing.T) {
	f := formatOf(t, "csv")
	text := "id,a;b\n1,2;3\n4,5;6\n"
	w := newWorld(t)
	old := w.must(&source.Request{Files: csvOf(text), Format: f, Text: format.TextOptions{Delimiter: ','}})
	res := w.must(&source.Request{Files: csvOf(text), Format: f, Old: old.Table, Text: format.TextOptions{Delimiter: ';'}})
	if d := cmp.Diff([]string{"id,a", "b"}, res.Table.Schema.Names()); d != "" {
		t.Errorf("columns:\n%s", d)
	}
	if got := string(w.restore(res.Table, 0, f)); got != text {
		t.Errorf("restored %q", got)
	}
}

// Sources are in order of path after a move, as if they had been added there.
func TestMovedSourcesAreInOrder(t *testing.T) {
	f := formatOf(t, "csv")
	w := newWorld(t)
	a, b := "id,a\n1,x\n2,y\n", "id,a\n3,z\n"
	tb := w.must(&source.Request{Files: csvOf(a, b), Format: f, Key: []string{"id"}}).Table
	sw, err := w.store.NewWriter(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	moved, err := source.Moved(context.Background(), sw, tb, map[string]string{"part-0.csv": "z.csv"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sw.Publish(context.Background()); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"part-1.csv", "z.csv"} {
		s, err := source.Load(context.Background(), w.store, moved.Sources[i])
		if err != nil || s.Path != want {
			t.Errorf("source %d is %+v, %v, want %s", i, s, err, want)
		}
	}
	if got := string(w.restore(moved, 0, f)) + string(w.restore(moved, 1, f)); got != b+a {
		t.Errorf("restored %q", got)
	}
}
