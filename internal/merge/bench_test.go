package merge_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/strata-data/strata/cmd/strata-bench/gen"
	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format/formats"
	"github.com/strata-data/strata/internal/merge"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/store/meta"
	"github.com/strata-data/strata/internal/store/segment"
	"github.com/strata-data/strata/internal/table"
)

// workload ingests the tables of shape w5 into a repository's store, as add
// does, and returns the store and the tables.
func workload(b *testing.B, rows int64) (*segment.Store, [3]*table.Table) {
	ctx := context.Background()
	dir := os.Getenv("STRATA_BENCH_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	open := func() *segment.Store {
		return segment.Open(filepath.Join(dir, "objects"), meta.Open(filepath.Join(dir, "meta.db")), segment.Options{})
	}
	if names, err := os.ReadFile(filepath.Join(dir, "tables")); err == nil {
		return load(b, open(), strings.Fields(string(names)))
	}
	if err := os.MkdirAll(filepath.Join(dir, "objects"), 0o777); err != nil {
		b.Fatal(err)
	}
	if err := meta.Create(filepath.Join(dir, "meta.db"), meta.Version, meta.Features()); err != nil {
		b.Fatal(err)
	}
	s := open()
	shape, err := gen.Shape("w5", gen.Table{Seed: 1, Rows: rows})
	if err != nil {
		b.Fatal(err)
	}
	var ids []string
	var base *table.Table
	path := filepath.Join(dir, "data.csv")
	for i := range shape {
		out, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := shape[i].Table.Write(ctx, out, "csv"); err != nil {
			b.Fatal(err)
		}
		size, _ := out.Seek(0, 1)
		if err := out.Close(); err != nil {
			b.Fatal(err)
		}
		q := &source.Request{Dataset: "data", Key: []string{"id"}, Old: base, Temp: func() (*os.File, error) { return os.CreateTemp(dir, "sort") },
			Files: []source.File{{Path: "data.csv", Size: size, Open: func() (source.Handle, error) { return os.Open(path) }}}}
		q.Format, q.Compressed, _ = formats.ByPath(path)
		if i == 2 {
			q.Rename = map[string]string{"score": "confidence"}
		}
		w, err := s.NewWriter(ctx)
		if err != nil {
			b.Fatal(err)
		}
		res, err := source.Ingest(ctx, w, q)
		if err != nil {
			b.Fatal(err)
		}
		id, err := res.Table.Save(ctx, w)
		if err != nil {
			b.Fatal(err)
		}
		ids = append(ids, id.String())
		if _, err := w.Publish(ctx); err != nil {
			b.Fatal(err)
		}
		if base == nil {
			if base, err = table.Load(ctx, s, id); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tables"), []byte(strings.Join(ids, " ")), 0o666); err != nil {
		b.Fatal(err)
	}
	return load(b, open(), ids)
}

func load(b *testing.B, s *segment.Store, ids []string) (*segment.Store, [3]*table.Table) {
	var tables [3]*table.Table
	for i, text := range ids {
		id, err := object.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		if tables[i], err = table.Load(context.Background(), s, id); err != nil {
			b.Fatal(err)
		}
	}
	return s, tables
}

// BenchmarkMerge merges two branches of W5: 1 % of the samples edited on each
// side, 0.01 % of the scores on both, a column added here and one renamed
// there. STRATA_BENCH_ROWS is the size of the table; STRATA_BENCH_DIR keeps the
// tables from one run to the next.
func BenchmarkMerge(b *testing.B) {
	rows := int64(100_000)
	if n, err := strconv.ParseInt(os.Getenv("STRATA_BENCH_ROWS"), 10, 64); err == nil {
		rows = n
	}
	s, t := workload(b, rows)
	defer s.Close()
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		w, err := s.NewWriter(ctx)
		if err != nil {
			b.Fatal(err)
		}
		res, err := merge.Tables(ctx, w, merge.Input{Base: t[0], Ours: t[1], Theirs: t[2]}, merge.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(merge.Total(res.Stats.Conflicts)), "conflicts")
		if err := w.Discard(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkConflicts merges two branches that changed the same half of the
// cells of a column, lists the conflicts, and resolves them to the other side.
func BenchmarkConflicts(b *testing.B) {
	const rows = 200_000
	ctx := context.Background()
	w := newMem(b)
	build := func(side int) *table.Table {
		s := &column.Schema{Key: []string{"id"}, Fields: []column.Field{column.NewField("id", column.Of(column.Int64)),
			column.NewField("text", column.Of(column.String)), column.NewField("score", column.Of(column.Float64))}}
		all := column.NewBatch(s, rows)
		for i := range rows {
			all.Cols[0].AppendInt(int64(i))
			all.Cols[1].AppendString("some words about sample number " + strconv.Itoa(i))
			all.Cols[2].AppendF64(float64(i%2*side*(i%100)) / 4)
		}
		all.Len = rows
		t := table.NewBuilder(ctx, w, s, 0)
		if err := t.Append(all); err != nil {
			b.Fatal(err)
		}
		root, err := t.Finish()
		if err != nil {
			b.Fatal(err)
		}
		return table.New(w, s, root)
	}
	in := merge.Input{Base: build(0), Ours: build(1), Theirs: build(2)}
	var res *merge.Result
	b.Run("merge", func(b *testing.B) {
		for b.Loop() {
			var err error
			if res, err = merge.Tables(ctx, w, in, merge.Options{}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(res.Conflicts.Rows()), "conflicts")
	})
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			for _, err := range merge.Conflicts(ctx, res.Conflicts) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	for _, every := range []int{1, 1000} {
		b.Run("resolve one in "+strconv.Itoa(every), func(b *testing.B) {
			for b.Loop() {
				n := 0
				_, err := merge.Resolve(ctx, w, merge.Unmerged{Input: in, Merged: res.Table, Conflicts: res.Conflicts}, func(*merge.Conflict) (merge.Choice, error) {
					if n++; n%every != 0 {
						return merge.Choice{}, nil
					}
					return merge.Choice{Side: merge.SideTheirs}, nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
