package parquet

import (
	"context"
	"io"
	"os"
	"testing"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/formattest"
)

// BenchmarkRead reads the file that STRATA_BENCH_PARQUET names, or 200,000
// rows of mixed columns.
func BenchmarkRead(b *testing.B) {
	path := os.Getenv("STRATA_BENCH_PARQUET")
	if path == "" {
		path = b.TempDir() + "/mixed.parquet"
		s := mixed()
		if err := os.WriteFile(path, writeAll(b, s, formattest.Fill(s, 200_000, 1, 0.05)), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		st, _ := f.Stat()
		r, err := files{}.Open(context.Background(), f, st.Size())
		if err != nil {
			b.Fatal(err)
		}
		size := 0
		for batch, err := range r.Batches(context.Background()) {
			if err != nil {
				b.Fatal(err)
			}
			size += batch.SizeBytes()
		}
		b.SetBytes(int64(size))
		f.Close()
	}
}

func BenchmarkWrite(b *testing.B) {
	s := mixed()
	batch := formattest.Fill(s, 50_000, 1, 0.05)
	for b.Loop() {
		w, err := newWriter(io.Discard, s, format.WriteOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Write(batch); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(batch.SizeBytes()))
	}
}

func mixed() *column.Schema {
	return &column.Schema{Fields: []column.Field{
		column.NewField("i", column.Of(column.Int64)), column.NewField("j", column.Of(column.Int32)),
		column.NewField("f", column.Of(column.Float64)), column.NewField("s", column.Of(column.String)),
		column.NewField("t", column.TimestampOf(column.Micro, "UTC")), column.NewField("b", column.Of(column.Bool)),
		column.NewField("l", column.ListOf(column.Of(column.Float32))),
		column.NewField("r", column.StructOf(column.NewField("x", column.Of(column.Int64)), column.NewField("y", column.Of(column.String)))),
	}}
}
