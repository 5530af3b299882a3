package parquet

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/formattest"
)

// Whatever bits flip, reading ends with rows or with ErrFormat.
func TestFlippedBitsNeverPanic(t *testing.T) {
	paths, _ := filepath.Glob("testdata/*.parquet")
	flips := 150
	if testing.Short() {
		flips = 20
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 2))
		for k := range flips {
			bad := bytes.Clone(data)
			for range 1 + k%3 {
				bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
			}
			if _, err := readAll(bad); err != nil && !errors.Is(err, format.ErrFormat) {
				t.Fatalf("%s, flip %d: %v", path, k, err)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*.parquet")
	for _, p := range paths {
		if data, err := os.ReadFile(p); err == nil && len(data) < 10_000 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := readAll(data); err != nil && !errors.Is(err, format.ErrFormat) {
			t.Fatal(err)
		}
	})
}

func TestRefuses(t *testing.T) {
	s := &column.Schema{Fields: []column.Field{column.NewField("a", column.Of(column.Int64))}}
	good := writeAll(t, s, formattest.Fill(s, 10, 1, 0))
	for name, data := range map[string][]byte{
		"empty":        nil,
		"text":         []byte("id,name\n1,a\n2,b\n"),
		"cut short":    good[:len(good)-20],
		"huge footer":  append(bytes.Clone(good[:len(good)-8]), 0xff, 0xff, 0xff, 0x7f, 'P', 'A', 'R', '1'),
		"encrypted":    append([]byte("PARE"), good[4:]...),
		"two columns":  rawFile(t, field("a", pq.Leaf(pq.Int64Type)), field("a", pq.Leaf(pq.Int64Type))),
		"no name":      rawFile(t, field("", pq.Leaf(pq.Int64Type))),
		"not UTF-8":    rawFile(t, field("a", pq.String()), pq.ByteArrayValue([]byte{0xff}).Level(0, 0, 0)),
		"split rune":   rawFile(t, field("a", pq.String()), pq.ByteArrayValue([]byte{0xc3}).Level(0, 0, 0), pq.ByteArrayValue([]byte{0xa9}).Level(0, 0, 0)),
		"not JSON":     rawFile(t, field("a", pq.JSON()), pq.ByteArrayValue([]byte("{")).Level(0, 0, 0)),
		"INT96 year 1": rawFile(t, field("a", pq.Leaf(pq.Int96Type)), pq.Int96Value(deprecated.Int96{0, 0, 1721426}).Level(0, 0, 0)),
	} {
		if _, err := readAll(data); !errors.Is(err, format.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := newWriter(new(bytes.Buffer), &column.Schema{Fields: []column.Field{column.NewField("s", column.StructOf())}}, format.WriteOptions{}); err == nil {
		t.Error("a struct without fields was accepted")
	}
	b := column.NewBatch(&column.Schema{Fields: []column.Field{column.NewField("d", column.Of(column.Date))}}, 1)
	b.Cols[0].AppendInt(1 << 40)
	b.Len = 1
	w, err := newWriter(new(bytes.Buffer), b.Schema, format.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(b); err == nil {
		t.Error("a date that parquet cannot hold was written")
	}
}

func field(name string, n pq.Node) *named { return &named{n, name} }

// rawFile writes a file of the given fields, required and as they are, whose
// first column has the given values.
func rawFile(t *testing.T, parts ...any) []byte {
	g := &group{Node: pq.Group{}}
	var vals []pq.Value
	for _, p := range parts {
		switch p := p.(type) {
		case *named:
			g.fields = append(g.fields, p)
		case pq.Value:
			vals = append(vals, p)
		}
	}
	var buf bytes.Buffer
	w := pq.NewWriter(&buf, pq.NewSchema("schema", g)) // the generic one refuses lists of two levels
	if len(vals) > 0 {
		if _, err := w.ColumnWriters()[0].WriteRowValues(vals); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func listGroup(fields ...*named) pq.Node  { return groupLike(pq.List(pq.Leaf(pq.Int32Type)), fields) }
func plainGroup(fields ...*named) pq.Node { return groupLike(pq.Group{}, fields) }

func groupLike(base pq.Node, fields []*named) pq.Node {
	g := &group{Node: base}
	for _, f := range fields {
		g.fields = append(g.fields, f)
	}
	return g
}

// The forms that parquet-format's LogicalTypes.md lists under "Backward-
// compatibility rules", and what they mean.
func TestLegacyLists(t *testing.T) {
	i32 := pq.Leaf(pq.Int32Type)
	v := func(x int32, rep, def int) pq.Value { return pq.Int32Value(x).Level(rep, def, 0) }
	null := func(rep, def int) pq.Value { return pq.NullValue().Level(rep, def, 0) }
	for _, c := range []struct {
		name string
		node pq.Node
		vals []pq.Value
		typ  string
		want []string
	}{
		{"repeated leaf", pq.Repeated(i32), []pq.Value{v(1, 0, 1), v(2, 1, 1), null(0, 0), v(3, 0, 1)},
			"list<int32>", []string{"[1,2]", "[]", "[3]"}},
		{"LIST of a repeated leaf", pq.Optional(listGroup(field("element", pq.Repeated(i32)))), []pq.Value{v(1, 0, 2), v(2, 1, 2), null(0, 0), null(0, 1)},
			"list<int32>", []string{"[1,2]", "null", "[]"}},
		{"group named array", pq.Optional(listGroup(field("array", pq.Repeated(plainGroup(field("x", i32)))))), []pq.Value{v(1, 0, 2), null(0, 1)},
			"list<struct<x: int32>>", []string{`[{"x":1}]`, "[]"}},
		{"group named _tuple", pq.Optional(listGroup(field("c_tuple", pq.Repeated(plainGroup(field("x", i32)))))), []pq.Value{v(1, 0, 2)},
			"list<struct<x: int32>>", []string{`[{"x":1}]`}},
		{"three levels, other names", pq.Optional(listGroup(field("bag", pq.Repeated(plainGroup(field("item", pq.Optional(i32))))))), []pq.Value{v(1, 0, 3), null(1, 2), null(0, 0)},
			"list<int32>", []string{"[1,null]", "null"}},
		{"list of a list, two levels", pq.Optional(listGroup(field("array", pq.Repeated(listGroup(field("array", pq.Repeated(i32))))))), []pq.Value{v(1, 0, 3), v(2, 2, 3), v(3, 1, 3), null(0, 2)},
			"list<list<int32>>", []string{"[[1,2],[3]]", "[[]]"}},
		{"repeated group", pq.Repeated(plainGroup(field("x", pq.Optional(i32)))), []pq.Value{v(1, 0, 2), null(1, 1), null(0, 0)},
			"list<struct<x: int32>>", []string{`[{"x":1},{"x":null}]`, "[]"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			parts := []any{field("c", c.node)}
			for _, x := range c.vals {
				parts = append(parts, x)
			}
			got, err := readAll(rawFile(t, parts...))
			if err != nil {
				t.Fatal(err)
			}
			if typ := got.Schema.Fields[0].Type.String(); typ != c.typ {
				t.Errorf("type %s, want %s", typ, c.typ)
			}
			if got.Len != len(c.want) {
				t.Fatalf("%d rows, want %d", got.Len, len(c.want))
			}
			for i, want := range c.want {
				if r := formattest.Render(got.Cols[0], i); r != want {
					t.Errorf("row %d is %s, want %s", i, r, want)
				}
			}
		})
	}
}

// Breaking out of the loop ends the goroutines: the race detector and the
// closed file would tell.
func TestBreakingOutEarly(t *testing.T) {
	s := everything()
	data := writeAll(t, s, formattest.Fill(s, 5000, 3, 0.1))
	r, err := files{}.Open(context.Background(), bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		for b, err := range r.Batches(context.Background()) {
			if err != nil || b.Len == 0 {
				t.Fatal(b.Len, err)
			}
			break
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, err := range r.Batches(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
}

// Pages that compress to more than a third came back as zeros from the
// library's own LZ4 (parquet-go v0.32.0).
func TestLZ4(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var want []string
	var vals []pq.Value
	for i := range 60_000 {
		s := strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(40))
		if i%3 == 0 {
			s = strconv.FormatUint(r.Uint64(), 36)
		}
		want = append(want, strconv.Quote(s))
		vals = append(vals, pq.ByteArrayValue([]byte(s)).Level(0, 0, 0))
	}
	for _, version := range []int{1, 2} {
		var buf bytes.Buffer
		g := &group{Node: pq.Group{}, fields: []pq.Field{field("s", pq.String())}}
		w := pq.NewGenericWriter[any](&buf, pq.NewSchema("schema", g), pq.Compression(&pq.Lz4Raw), pq.DataPageVersion(version), pq.PageBufferSize(50_000))
		for from := 0; from < len(vals); from += 1000 {
			if _, err := w.ColumnWriters()[0].WriteRowValues(vals[from : from+1000]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := readAll(buf.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range want {
			if s := formattest.Render(got.Cols[0], i); s != want {
				t.Fatalf("page version %d, row %d: %s, want %s", version, i, s, want)
			}
		}
	}
}

func FuzzLZ4(f *testing.F) {
	f.Add([]byte{0x12, 'a', 1, 0, 0x50, 'h', 'e', 'l', 'l', 'o'}, 12)
	f.Add([]byte{0xf0, 5, 1, 2, 3}, 20)
	f.Fuzz(func(t *testing.T, src []byte, size int) {
		if size < 0 || size > 1<<20 {
			return
		}
		got, ok := lz4Decode(make([]byte, 0, size), src)
		if ok && len(got) != size {
			t.Fatal(len(got), size)
		}
	})
}
