package table

import (
	"testing"

	"github.com/strata-data/strata/internal/column"
)

// However large the budget is, rows are spilled before the offsets of a vector
// end; beyond 4 GiB they would wrap and rows take each other's text.
func TestSorterSpillsBeforeAVectorEnds(t *testing.T) {
	s := &column.Schema{Key: []string{"id"}, Fields: []column.Field{column.NewField("id", column.Of(column.String))}}
	for _, tc := range []struct{ budget, want int64 }{{1 << 20, 1 << 20}, {64 << 30, 2 << 30}} {
		if got := NewSorter(s, tc.budget, nil).budget; got != tc.want {
			t.Errorf("budget %d: spills at %d, want %d", tc.budget, got, tc.want)
		}
	}
}
