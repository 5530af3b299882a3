package drift

import (
	"context"
	"iter"
	"testing"

	"github.com/strata-data/strata/internal/column"
)

// data is a side held in memory: columns with their values, cut into batches of a given size.
type data struct {
	schema *column.Schema
	cols   []*column.Vector
	batch  int
}

func (d *data) side(name string) Side {
	rows := 0
	if len(d.cols) > 0 {
		rows = d.cols[0].Len
	}
	return Side{Name: name, Schema: d.schema, Rows: int64(rows), Scan: func(_ context.Context, ids []string) iter.Seq2[*column.Batch, error] {
		return func(yield func(*column.Batch, error) bool) {
			step := d.batch
			if step == 0 {
				step = 2048
			}
			for from := 0; from < rows; from += step {
				to := min(from+step, rows)
				b := &column.Batch{Len: to - from}
				for _, id := range ids {
					b.Cols = append(b.Cols, d.cols[d.schema.Index(id)].Slice(from, to))
				}
				if !yield(b, nil) {
					return
				}
			}
		}
	}}
}

// sideOf makes a side without a key, so that all columns are compared.
func sideOf(cols ...namedVector) *data {
	d := &data{schema: &column.Schema{}}
	for _, c := range cols {
		d.schema.Fields = append(d.schema.Fields, column.NewField(c.name, c.v.Type))
		d.cols = append(d.cols, c.v)
	}
	return d
}

type namedVector struct {
	name string
	v    *column.Vector
}

func vector[T any](name string, t *column.Type, values []T, add func(v *column.Vector, x T)) namedVector {
	v := column.NewVector(t, len(values))
	for _, x := range values {
		add(v, x)
	}
	return namedVector{name, v}
}

func f64(name string, x ...float64) namedVector {
	return vector(name, column.Of(column.Float64), x, (*column.Vector).AppendF64)
}

func ints(name string, x ...int64) namedVector {
	return vector(name, column.Of(column.Int64), x, (*column.Vector).AppendInt)
}

func typed(name string, t *column.Type, x ...int64) namedVector {
	return vector(name, t, x, (*column.Vector).AppendInt)
}

// strs appends strings; "<null>" is a null.
func strs(name string, x ...string) namedVector {
	return vector(name, column.Of(column.String), x, func(v *column.Vector, s string) {
		if s == "<null>" {
			v.AppendNull()
			return
		}
		v.AppendString(s)
	})
}

// repeated returns counts[i] copies of names[i].
func repeated(names []string, counts []int) []string {
	var out []string
	for i, n := range counts {
		for range n {
			out = append(out, names[i])
		}
	}
	return out
}

func rangeOf(n int, f func(i int) float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = f(i)
	}
	return x
}

func compare(t testing.TB, ref, cur *data, o Options) *Report {
	t.Helper()
	rep, err := Compare(context.Background(), ref.side("ref"), cur.side("cur"), o)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// only returns the single column of a report.
func only(t testing.TB, r *Report) Column {
	t.Helper()
	if len(r.Columns) != 1 {
		t.Fatalf("%d columns", len(r.Columns))
	}
	return r.Columns[0]
}
