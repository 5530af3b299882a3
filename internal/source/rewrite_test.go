package source_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"testing"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/formats"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/table"
)

type sink struct {
	bytes.Buffer
	closed bool
}

func (s *sink) Close() error { s.closed = true; return nil }

// rewrite gives the rows of t files like those of like and checks what must
// always be so: what was written is what restoring gives, and adding it again
// changes nothing.
func (w *world) rewrite(t *table.Table, base *table.Table, like ...*table.Table) (*table.Table, map[string]string) {
	w.Helper()
	ctx := context.Background()
	sw, err := w.store.NewWriter(ctx)
	if err != nil {
		w.Fatal(err)
	}
	got := map[string]*sink{}
	out, err := source.Rewrite(ctx, sw, table.New(sw, t.Schema, t.Root), like, source.RewriteOptions{Formats: formats.ByName, Base: base, Chosen: w.chosen, Workers: 2, Temp: temp(w),
		Out: func(path string, _ bool) (io.WriteCloser, error) {
			got[path] = &sink{}
			return got[path], nil
		}})
	if err != nil {
		w.Fatalf("rewrite: %v", err)
	}
	id, err := out.Save(ctx, sw)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := sw.Publish(ctx); err != nil {
		w.Fatal(err)
	}
	if out, err = table.Load(ctx, w.store, id); err != nil {
		w.Fatal(err)
	}
	text := map[string]string{}
	q := &source.Request{Old: out, Workers: 2}
	for i, sid := range out.Sources {
		s, err := source.Load(ctx, w.store, sid)
		if err != nil {
			w.Fatal(err)
		}
		q.Format, _ = formats.ByName(s.Format)
		b := w.restore(out, i, q.Format)
		if o := got[s.Path]; o == nil || !o.closed || o.String() != string(b) {
			w.Fatalf("%s: the bytes that were written are not those that are restored\n%s\n----\n%s", s.Path, head(o), b)
		}
		text[s.Path] = string(b)
		file := fileOf(s.Path, b)
		var o format.TextOptions
		o.Skip, o.Header = s.Layout()
		file.Text = &o
		file.Executable = s.Executable
		q.Files = append(q.Files, file)
		if c := path.Ext(s.Path); c == ".gz" || c == ".zst" {
			q.Compressed = c
		}
		q.ValuesOnly = s.ValuesOnly
	}
	if len(q.Files) == 0 {
		return out, text
	}
	again := w.must(q)
	if again.Table.Root.ID != out.Root.ID {
		w.Fatalf("adding the files again gives root %s of %d rows, want %s of %d\n%v", again.Table.Root.ID.Short(), again.Table.Rows(), out.Root.ID.Short(), out.Rows(), text)
	}
	if q.Compressed == "" && q.Format.Text != nil && out.Rows() > 0 {
		if id2, err := w.save(again.Table); err != nil || id2 != id {
			w.Errorf("adding the files again gives another table, %v", err)
		}
		q.Types = map[string]*column.Type{} // not an update: every file is parsed
		for _, f := range out.Schema.Fields {
			if !column.Hidden(f.ID) {
				q.Types[f.Name] = f.Type
			}
		}
		if anew := w.must(q); anew.Table.Root.ID != out.Root.ID {
			w.Errorf("parsing the files anew gives root %s of %d rows, want %s of %d", anew.Table.Root.ID.Short(), anew.Table.Rows(), out.Root.ID.Short(), out.Rows())
		}
	}
	return out, text
}

func head(s *sink) string {
	if s == nil {
		return "(nothing)"
	}
	return s.String()
}

func (w *world) save(t *table.Table) (id [32]byte, err error) {
	sw, err := w.store.NewWriter(context.Background())
	if err != nil {
		return id, err
	}
	defer func() { _ = sw.Discard() }()
	oid, err := table.New(sw, t.Schema, t.Root).Save(context.Background(), sw)
	_ = oid
	n := table.New(sw, t.Schema, t.Root)
	n.Sources = t.Sources
	oid, err = n.Save(context.Background(), sw)
	return oid, err
}

// version is the files of a dataset by path, in order.
type version [][2]string

// make adds files, as an update of old if that is not nil.
func (w *world) make(v version, old *table.Table, key ...string) *table.Table {
	w.Helper()
	q := &source.Request{Key: key, Old: old}
	for _, f := range v {
		q.Files = append(q.Files, fileOf(f[0], []byte(f[1])))
		q.Format, q.Compressed, _ = formats.ByPath(f[0])
	}
	return w.must(q).Table
}

// What the files of a merge look like. want is the merged rows as one version
// that is added to have them.
func TestRewrite(t *testing.T) {
	one := func(text string) version { return version{{"t.csv", text}} }
	cases := map[string]struct {
		base, ours, theirs, rows, want version
		key                            []string
	}{
		"edits of both": {
			base: one("id,a,b\n1,x,p\n2,y,q\n3,z,r\n"), ours: one("id,a,b\n1,X,p\n2,y,q\n3,z,r\n"), theirs: one("id,a,b\n1,x,P\n2,y,q\n3,z,R\n4,n,s\n"),
			rows: one("id,a,b\n1,X,P\n2,y,q\n3,z,R\n4,n,s\n"), want: one("id,a,b\n1,X,P\n2,y,q\n3,z,R\n4,n,s\n"), key: []string{"id"}},
		"odd records": {
			base: one("id,a\n1,x\n\"2\",y\n3,z\n"), ours: one("id,a\n1,\"x\"\n\"2\",y\n3,z\n"), theirs: one("id,a\n1,x\n\"2\",y\n3,zz\n\"4\",n\n"),
			rows: one("id,a\n1,x\n2,y\n3,zz\n4,n\n"), want: one("id,a\n1,\"x\"\n\"2\",y\n3,zz\n\"4\",n\n"), key: []string{"id"}},
		"no final newline": {
			base: one("id,a\n1,x\n2,y"), ours: one("id,a\n1,X\n2,y"), theirs: one("id,a\n1,x\n2,y\n3,z"),
			rows: one("id,a\n1,X\n2,y\n3,z\n"), want: one("id,a\n1,X\n2,y\n3,z"), key: []string{"id"}},
		"odd at the end without newline": {
			base: one("id,a\n1,x\n2,y\n"), ours: one("id,a\n1,x\n2,\"y\""), theirs: one("id,a\n1,x\n2,y\n3,z\n"),
			rows: one("id,a\n1,x\n2,y\n3,z\n"), want: one("id,a\n1,x\n2,\"y\"\n3,z\n"), key: []string{"id"}},
		"header without newline": {
			base: one("id,a"), ours: one("id,a"), theirs: one("id,a\n1,2\n"),
			rows: one("id,a\n1,2\n"), want: one("id,a\n1,2\n"), key: []string{"id"}},
		"crlf": {
			base: one("id,a\r\n1,x\r\n"), ours: one("id,a\r\n1,x\r\n"), theirs: one("id,a\r\n1,x\r\n2,y\r\n"),
			rows: one("id,a\n1,x\n2,y\n"), want: one("id,a\r\n1,x\r\n2,y\r\n"), key: []string{"id"}},
		"columns of both": {
			base: one("id,a\n1,x\n2,y\n"), ours: one("id,m,a\n1,5,x\n2,6,y\n"), theirs: one("id,a,n\n1,x,\"q r\"\n2,y,s\n"),
			rows: one("id,m,a,n\n1,5,x,q r\n2,6,y,s\n"), want: one("id,m,a,n\n1,5,x,q r\n2,6,y,s\n"), key: []string{"id"}},
		"columns of both at one place": {
			base: one("id\n1\n2\n"), ours: one("id,z,y\n1,5,x\n2,6,y\n"), theirs: one("id,m\n1,7\n2,8\n"),
			rows: one("id,m,z,y\n1,7,5,x\n2,8,6,y\n"), want: one("id,m,z,y\n1,7,5,x\n2,8,6,y\n"), key: []string{"id"}},
		"shuffled": {
			base: one("id,a\n5,x\n1,y\n9,z\n"), ours: one("id,a\n5,X\n1,y\n9,z\n"), theirs: one("id,a\n7,n\n5,x\n3,m\n4,k\n9,z\n2,e\n"),
			rows: one("id,a\n2,e\n3,m\n4,k\n5,X\n7,n\n9,z\n"), want: one("id,a\n7,n\n5,X\n3,m\n4,k\n9,z\n2,e\n"), key: []string{"id"}},
		"by content": {
			base: one("a,b\n3,x\n1,y\n3,x\n"), ours: one("a,b\n3,x\n1,y\n3,x\n2,z\n"), theirs: one("a,b\n0,w\n3,x\n1,y\n1,y\n3,x\n"),
			rows: one("a,b\n0,w\n1,y\n1,y\n2,z\n3,x\n3,x\n"), want: one("a,b\n0,w\n3,x\n1,y\n1,y\n3,x\n2,z\n")},
		"several files": {
			base: version{{"a.csv", "id,a\n1,x\n3,y\n"}, {"b.csv", "id,a\n5,z\n7,w\n"}}, ours: version{{"a.csv", "id,a\n1,x\n3,Y\n"}, {"b.csv", "id,a\n5,z\n7,w\n"}},
			theirs: version{{"a.csv", "id,a\n1,x\n3,y\n4,n\n"}, {"b.csv", "id,a\n7,w\n8,m\n"}, {"c.csv", "id,a\n9,k\n"}},
			rows:   one("id,a\n1,x\n3,Y\n4,n\n7,w\n8,m\n9,k\n"), key: []string{"id"},
			want: version{{"a.csv", "id,a\n1,x\n3,Y\n4,n\n"}, {"b.csv", "id,a\n7,w\n8,m\n"}, {"c.csv", "id,a\n9,k\n"}}},
		"several files that overlap": {
			base: version{{"a.csv", "id,a\n1,x\n5,y\n"}, {"b.csv", "id,a\n3,z\n7,w\n"}}, ours: version{{"a.csv", "id,a\n1,x\n5,Y\n"}, {"b.csv", "id,a\n3,z\n7,w\n"}},
			theirs: version{{"a.csv", "id,a\n1,x\n5,y\n"}, {"b.csv", "id,a\n3,z\n4,m\n7,w\n"}},
			rows:   one("id,a\n1,x\n3,z\n4,m\n5,Y\n7,w\n"), key: []string{"id"},
			want: version{{"a.csv", "id,a\n1,x\n5,Y\n"}, {"b.csv", "id,a\n3,z\n4,m\n7,w\n"}}},
		"a file that one side removed": {
			base: version{{"a.csv", "id,a\n1,x\n"}, {"b.csv", "id,a\n5,z\n"}}, ours: version{{"a.csv", "id,a\n1,x\n"}},
			theirs: version{{"a.csv", "id,a\n1,X\n"}, {"b.csv", "id,a\n5,z\n"}},
			rows:   one("id,a\n1,X\n"), key: []string{"id"}, want: version{{"a.csv", "id,a\n1,X\n"}}},
		"a file renamed by us": {
			base: one("id,a\n1,x\n"), ours: version{{"n.csv", "id,a\n1,x\n"}}, theirs: one("id,a\n1,x\n2,y\n"),
			rows: one("id,a\n1,x\n2,y\n"), key: []string{"id"}, want: version{{"n.csv", "id,a\n1,x\n2,y\n"}}},
		"a file renamed by them": {
			base: one("id,a\n1,x\n"), ours: one("id,a\n1,x\n2,y\n"), theirs: version{{"n.csv", "id,a\n1,X\n"}},
			rows: one("id,a\n1,X\n2,y\n"), key: []string{"id"}, want: version{{"n.csv", "id,a\n1,X\n2,y\n"}}},
		"all samples gone": {
			base: one("id,a\n1,x\n2,y\n"), ours: one("id,a\n1,x\n"), theirs: one("id,a\n2,y\n"),
			rows: one("id,a\n"), want: one("id,a\n"), key: []string{"id"}},
		"jsonl": {
			base: version{{"t.jsonl", "{\"id\": 1, \"a\": 2}\n{\"id\": 2, \"a\": 3}\n"}}, ours: version{{"t.jsonl", "{\"id\": 1, \"a\": 5}\n{\"id\": 2, \"a\": 3}\n"}},
			theirs: version{{"t.jsonl", "{\"id\":1,\"a\":2,\"tags\":[\"x\"]}\n{\"id\":2,\"a\":3,\"tags\":[]}\n"}},
			rows:   version{{"t.jsonl", "{\"id\": 1, \"a\": 5, \"tags\": [\"x\"]}\n{\"id\": 2, \"a\": 3, \"tags\": []}\n"}}, key: []string{"id"},
			want: version{{"t.jsonl", "{\"id\": 1, \"a\": 5, \"tags\": [\"x\"]}\n{\"id\": 2, \"a\": 3, \"tags\": []}\n"}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			base := w.make(c.base, nil, c.key...)
			ours, theirs := w.make(c.ours, base), w.make(c.theirs, base)
			rows := w.make(c.rows, base)
			out, text := w.rewrite(rows, base, ours, theirs)
			var want = map[string]string{}
			for _, f := range c.want {
				want[f[0]] = f[1]
			}
			if fmt.Sprintf("%q", text) != fmt.Sprintf("%q", want) {
				t.Errorf("files\n%q, want\n%q", text, want)
			}
			if out.Root.ID != rows.Root.ID {
				t.Error("the rows changed")
			}
		})
	}
}
