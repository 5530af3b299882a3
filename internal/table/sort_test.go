package table_test

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/table"
)

// Rows come out in key order, equal keys in order of arrival, whether they fit
// the budget or not.
func TestSorterSpillsWithoutATrace(t *testing.T) {
	for _, shape := range []string{"int", "string", "pair"} {
		t.Run(shape, func(t *testing.T) {
			u := newUniverse(shape, 12, 1)
			r := rand.New(rand.NewPCG(3, 9))
			order := r.Perm(u.batch.Len)
			want := slices.Clone(order) // positions in universe, stable by key
			arrival := make([]int, len(order))
			for at, row := range order {
				arrival[row] = at
			}
			slices.SortStableFunc(want, func(a, b int) int {
				if c := slices.Compare(u.keys[a], u.keys[b]); c != 0 {
					return c
				}
				return arrival[a] - arrival[b]
			})
			for _, budget := range []int64{1 << 30, 200_000, 20_000, 1} {
				dir := t.TempDir()
				s := table.NewSorter(u.batch.Schema, budget, func() (*os.File, error) { return os.CreateTemp(dir, "sort") })
				for at := 0; at < len(order); at += 37 {
					if err := s.Add(u.gather(order[at:min(at+37, len(order))]), int64(at)); err != nil {
						t.Fatal(err)
					}
				}
				got := column.NewBatch(u.batch.Schema, 0)
				var ordinals []int
				for rows, err := range s.Rows(context.Background()) {
					if err != nil {
						t.Fatal(err)
					}
					got.AppendFrom(rows.Batch, 0, rows.Batch.Len)
					for _, o := range rows.Ordinal {
						ordinals = append(ordinals, int(o))
					}
				}
				if d := differ(u.gather(want), got); d != "" {
					t.Errorf("budget %d: %s", budget, d)
				}
				for i, row := range want {
					if ordinals[i] != arrival[row] {
						t.Fatalf("budget %d: row %d has ordinal %d, want %d", budget, i, ordinals[i], arrival[row])
					}
				}
				files, _ := os.ReadDir(dir)
				if spilled := len(files) > 0; spilled != (budget < 1<<30) {
					t.Errorf("budget %d: temporary files %v", budget, files)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if files, _ := os.ReadDir(dir); len(files) > 0 {
					t.Errorf("budget %d: %v is left", budget, files)
				}
			}
		})
	}
}

func TestSorterOfNothing(t *testing.T) {
	s := table.NewSorter(batchOf(nil).Schema, 100, nil)
	for rows := range s.Rows(context.Background()) {
		t.Errorf("%d rows", rows.Batch.Len)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
