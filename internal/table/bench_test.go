package table_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// hashing is a writer that keeps nothing: what remains is making the objects
// and their ids.
type hashing struct{ store.Writer }

func (hashing) Put(_ context.Context, b []byte, _ store.Hint) (object.ID, error) {
	return object.Sum(b), nil
}

// workRows are samples of twelve mixed columns, 84 bytes each as CSV.
func workRows(from, n int) *column.Batch {
	s := &column.Schema{Key: []string{"id"}}
	add := func(name string, k column.Kind) { s.Fields = append(s.Fields, column.NewField(name, column.Of(k))) }
	add("id", column.Int64)
	for i := range 4 {
		add(fmt.Sprintf("x%d", i), column.Float64)
	}
	for i := range 3 {
		add(fmt.Sprintf("n%d", i), column.Int32)
	}
	add("label", column.String)
	add("split", column.String)
	add("day", column.Date)
	add("note", column.String)
	b := column.NewBatch(s, n)
	r := rand.New(rand.NewPCG(uint64(from), 1))
	labels := []string{"cat", "dog", "bird", "fish", "horse"}
	for i := range n {
		b.Cols[0].AppendInt(int64(from + i))
		for c := 1; c <= 4; c++ {
			b.Cols[c].AppendF64(float64(r.IntN(1_000_000)) / 10_000)
		}
		for c := 5; c <= 7; c++ {
			b.Cols[c].AppendInt(int64(r.IntN(1000)))
		}
		b.Cols[8].AppendString(labels[r.IntN(5)])
		b.Cols[9].AppendString([]string{"train", "test"}[r.IntN(2)])
		b.Cols[10].AppendInt(int64(19000 + r.IntN(1000)))
		b.Cols[11].AppendString(fmt.Sprintf("note %d %d", r.IntN(100), r.IntN(1_000_000)))
	}
	b.Len = n
	return b
}

const workWidth = 84 // bytes of a row as CSV, measured

func BenchmarkBuild(b *testing.B) {
	rows := workRows(0, 200_000)
	parts := []*column.Batch{}
	for from := 0; from < rows.Len; from += 2000 {
		p := column.NewBatch(rows.Schema, 2000)
		p.AppendFrom(rows, from, from+2000)
		parts = append(parts, p)
	}
	b.SetBytes(int64(rows.Len) * workWidth)
	b.ReportAllocs()
	for b.Loop() {
		t := table.NewBuilder(context.Background(), hashing{newMem(b)}, rows.Schema, 0)
		for _, p := range parts {
			if err := t.Append(p); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := t.Finish(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScanTwoColumns(b *testing.B) {
	rows := workRows(0, 200_000)
	tb := buildBatch(b, newMem(b), rows, 2, 10_000)
	b.SetBytes(int64(rows.Len) * 16)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for batch, err := range tb.Scan(context.Background(), table.ScanOptions{Columns: []string{"x1", "label"}}) {
			if err != nil {
				b.Fatal(err)
			}
			n += batch.Len
		}
		if n != rows.Len {
			b.Fatal(n)
		}
	}
}

// scattered is a table of a million rows and a thousand edits of it.
func scattered(b *testing.B) (store.Writer, *table.Table, *column.Batch, []table.Edit) {
	w := newMem(b)
	builder := table.NewBuilder(context.Background(), w, workRows(0, 0).Schema, 0)
	for from := 0; from < 1_000_000; from += 50_000 {
		if err := builder.Append(workRows(from, 50_000)); err != nil {
			b.Fatal(err)
		}
	}
	root, err := builder.Finish()
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 5))
	at := r.Perm(1_000_000)[:1000]
	slices.Sort(at)
	rows := column.NewBatch(workRows(0, 0).Schema, 1000)
	var edits []table.Edit
	for i, id := range at {
		rows.AppendFrom(workRows(id, 1), 0, 1)
		edits = append(edits, table.Edit{Key: column.RowKey(nil, rows, []int{0}, i), Row: i})
	}
	return w, table.New(w, rows.Schema, root), rows, edits
}

func BenchmarkApplyThousandInMillion(b *testing.B) {
	w, tb, rows, edits := scattered(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := table.Apply(context.Background(), w, tb, rows, edits); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompareThousandInMillion(b *testing.B) {
	w, tb, rows, edits := scattered(b)
	root, _, err := table.Apply(context.Background(), w, tb, rows, edits)
	if err != nil {
		b.Fatal(err)
	}
	after := table.New(w, tb.Schema, root)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for d, err := range table.Compare(context.Background(), tb, after, nil) {
			if err != nil {
				b.Fatal(err)
			}
			n += len(d.Changes)
		}
		if n != len(edits) {
			b.Fatal(n)
		}
	}
}

func BenchmarkSort(b *testing.B) {
	rows := workRows(0, 100_000)
	order := rand.New(rand.NewPCG(1, 2)).Perm(rows.Len)
	mixed := column.NewBatch(rows.Schema, rows.Len)
	for i, v := range mixed.Cols {
		v.Take(rows.Cols[i], order)
	}
	mixed.Len = rows.Len
	b.SetBytes(int64(rows.Len) * workWidth)
	b.ReportAllocs()
	for b.Loop() {
		s := table.NewSorter(rows.Schema, 1<<40, nil)
		if err := s.Add(mixed, 0); err != nil {
			b.Fatal(err)
		}
		for _, err := range s.Rows(context.Background()) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
