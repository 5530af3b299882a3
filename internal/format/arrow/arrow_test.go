package arrow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/formattest"
)

// readAll returns the schema and all rows of a file as one batch, checking
// every vector on the way.
func readAll(data []byte) (*column.Batch, error) {
	r, err := files{}.Open(context.Background(), bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	all := column.NewBatch(r.Schema(), 0)
	for b, err := range r.Batches(context.Background()) {
		if err != nil {
			return nil, err
		}
		for i, c := range b.Cols {
			if c.Len != b.Len {
				return nil, fmt.Errorf("column %d has %d of %d values", i, c.Len, b.Len)
			}
			if err := formattest.Check(c); err != nil {
				return nil, err
			}
		}
		all.AppendFrom(b, 0, b.Len)
	}
	if int64(all.Len) != r.Rows() {
		return nil, fmt.Errorf("%d rows, %d said", all.Len, r.Rows())
	}
	return all, nil
}

func writeAll(t interface{ Fatal(...any) }, stream bool, s *column.Schema, batches ...*column.Batch) []byte {
	var buf bytes.Buffer
	w, err := newWriter(&buf, s, format.WriteOptions{Stream: stream})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func rows(b *column.Batch) []string {
	var all []string
	for i := range b.Len {
		all = append(all, formattest.Row(b, i))
	}
	return all
}

func types(s *column.Schema) []string {
	var all []string
	for _, f := range s.Fields {
		all = append(all, f.Name+": "+f.Type.String())
	}
	return all
}

func TestWriteThenReadIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := formattest.Schema(t, formattest.Leaves())
		a, b := formattest.Batch(t, s, 40), formattest.Batch(t, s, 40)
		got, err := readAll(writeAll(t, rapid.Bool().Draw(t, "stream"), s, a, b))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(types(s), types(got.Schema)); d != "" {
			t.Fatal("types (-written +read)\n", d)
		}
		a.AppendFrom(b, 0, b.Len)
		if d := cmp.Diff(rows(a), rows(got)); d != "" {
			t.Fatal("rows (-written +read)\n", d)
		}
	})
}

// One record batch of many rows comes out as several batches.
func TestLargeRecordBatch(t *testing.T) {
	s := &column.Schema{Fields: []column.Field{
		column.NewField("s", column.Of(column.String)), column.NewField("l", column.ListOf(column.Of(column.Int16)))}}
	want := formattest.Fill(s, 3*batchRows+1, 4, 0.1)
	got, err := readAll(writeAll(t, false, s, want))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(rows(want), rows(got)); d != "" {
		t.Errorf("rows (-written +read)\n%.2000s", d)
	}
}

// The files were written by testdata/gen.py with the versions in their first
// line.
func TestReadsWhatOthersWrote(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.arrow")
	if err != nil || len(paths) < 5 {
		t.Fatal("goldens missing", paths, err)
	}
	for _, path := range paths {
		name, _, _ := strings.Cut(filepath.Base(path), ".")
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			var wantTypes, wantRows []string
			for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
				switch {
				case i == 0:
				case strings.HasPrefix(line, "# "):
					wantTypes = append(wantTypes, line[2:])
				default:
					wantRows = append(wantRows, line)
				}
			}
			got, err := readAll(data)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(wantTypes, types(got.Schema)); d != "" {
				t.Error("types (-want +got)\n", d)
			}
			if d := cmp.Diff(wantRows, rows(got)); d != "" {
				t.Error("rows (-want +got)\n", d)
			}
		})
	}
}

func TestPythonReadsWhatIsWritten(t *testing.T) {
	s := new(column.Schema)
	for i, typ := range formattest.Leaves() {
		s.Fields = append(s.Fields, column.NewField(fmt.Sprintf("c%02d", i), typ))
	}
	for i, typ := range []string{"list<string>", "fixed_list<float32, 3>", "struct<a: int32, b: list<int32>>", "list<struct<x: string, y: list<list<int32>>>>"} {
		pt, err := column.ParseType(typ)
		if err != nil {
			t.Fatal(err)
		}
		s.Fields = append(s.Fields, column.NewField(fmt.Sprintf("n%d", i), pt))
	}
	b := formattest.Fill(s, 2000, 7, 0.2)
	for _, kind := range []string{"arrow", "stream"} {
		t.Run(kind, func(t *testing.T) {
			gotTypes, gotRows := formattest.CheckFile(t, kind, writeAll(t, kind == "stream", s, b))
			if d := cmp.Diff(types(s), gotTypes); d != "" {
				t.Error("types (-written +pyarrow)\n", d)
			}
			if d := cmp.Diff(rows(b), gotRows); d != "" {
				t.Errorf("rows (-written +pyarrow)\n%.4000s", d)
			}
		})
	}
}

// Whatever bits flip, reading ends with rows or with ErrFormat.
func TestFlippedBitsNeverPanic(t *testing.T) {
	paths, _ := filepath.Glob("testdata/*.arrow")
	flips := 300
	if testing.Short() {
		flips = 40
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
	paths, _ := filepath.Glob("testdata/*.arrow")
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
	for _, stream := range []bool{false, true} {
		good := writeAll(t, stream, s, formattest.Fill(s, 10, 1, 0))
		for name, data := range map[string][]byte{
			"empty": nil, "text": []byte("id,name\n1,a\n2,b\n"), "feather 1": append([]byte("FEA1"), good...), "cut short": good[:len(good)*2/3],
		} {
			if _, err := readAll(data); !errors.Is(err, format.ErrFormat) {
				t.Errorf("stream %v, %s: %v", stream, name, err)
			}
		}
	}
}

func BenchmarkRead(b *testing.B) {
	s := &column.Schema{Fields: []column.Field{
		column.NewField("i", column.Of(column.Int64)), column.NewField("j", column.Of(column.Int32)),
		column.NewField("f", column.Of(column.Float64)), column.NewField("s", column.Of(column.String)),
		column.NewField("e", column.FixedListOf(column.Of(column.Float32), 16)),
	}}
	data := writeAll(b, true, s, formattest.Fill(s, 100_000, 1, 0))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		r, err := files{}.Open(context.Background(), bytes.NewReader(data), int64(len(data)))
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range r.Batches(context.Background()) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
