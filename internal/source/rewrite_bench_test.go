package source_test

import (
	"context"
	"io"
	"testing"

	"github.com/strata-data/strata/internal/format/formats"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/table"
)

type discard struct{ io.Writer }

func (discard) Close() error { return nil }

// The merge of two versions of a CSV file, as a file: the bound is that of
// writing one. The second version has a column more.
func BenchmarkRewrite(b *testing.B) {
	const rows = 200_000
	label := func(n int) func(int, []string) []string {
		return func(i int, row []string) []string {
			if i%100 == n {
				row[1] = "wolf"
			}
			return row
		}
	}
	w, f := newWorld(b), formatOf(b, "csv")
	file := func(edit func(int, []string) []string) []source.File {
		return []source.File{fileOf("t.csv", rowsCSV(rows, edit))}
	}
	base := w.must(&source.Request{Files: file(nil), Format: f, Key: []string{"id"}}).Table
	ours := w.must(&source.Request{Files: file(label(1)), Format: f, Old: base}).Table
	theirs := w.must(&source.Request{Files: file(label(2)), Format: f, Old: base}).Table
	text := rowsCSV(rows, func(i int, row []string) []string { return label(1)(i, label(2)(i, row)) })
	merged := w.must(&source.Request{Files: []source.File{fileOf("t.csv", text)}, Format: f, Old: base}).Table
	ctx := context.Background()
	b.Run("restore", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		s, err := source.Load(ctx, w.store, merged.Sources[0])
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if err := source.Restore(ctx, w.store, merged, s, io.Discard, source.RestoreOptions{Format: f}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("rewrite", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			sw, err := w.store.NewWriter(ctx)
			if err != nil {
				b.Fatal(err)
			}
			rows := table.New(sw, merged.Schema, merged.Root)
			_, err = source.Rewrite(ctx, sw, rows, []*table.Table{ours, theirs}, source.RewriteOptions{Formats: formats.ByName, Base: base,
				Out: func(string, bool) (io.WriteCloser, error) { return discard{io.Discard}, nil }})
			if err != nil {
				b.Fatal(err)
			}
			_ = sw.Discard()
		}
	})
}
