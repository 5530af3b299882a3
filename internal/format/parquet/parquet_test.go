package parquet

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
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

func writeAll(t interface{ Fatal(...any) }, s *column.Schema, batches ...*column.Batch) []byte {
	var buf bytes.Buffer
	w, err := newWriter(&buf, s, format.WriteOptions{})
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
		got, err := readAll(writeAll(t, s, a, b))
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

func TestSameRowsSameBytes(t *testing.T) {
	s := everything()
	b := formattest.Fill(s, 4000, 11, 0.1)
	first := writeAll(t, s, b)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if !bytes.Equal(first, writeAll(t, s, b)) {
		t.Error("one processor writes other bytes than several")
	}
	got, err := readAll(first)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(rows(b), rows(got)); d != "" {
		t.Errorf("rows read by one goroutine (-written +read)\n%.2000s", d)
	}
}
