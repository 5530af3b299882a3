package diff

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/store/mem"
	"github.com/strata-data/strata/internal/table"
)

// numbered makes a table of the keys for which keep holds, with a value each.
func numbered(t *testing.T, n int, value func(i int) (int64, bool)) *table.Table {
	t.Helper()
	ctx := context.Background()
	w, err := mem.New().NewWriter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s := &column.Schema{Key: []string{"id"}, Fields: []column.Field{column.NewField("id", column.Of(column.Int64)), column.NewField("x", column.Of(column.Int64))}}
	b := column.NewBatch(s, n)
	for i := range n {
		if x, ok := value(i); ok {
			b.Cols[0].AppendInt(int64(i))
			b.Cols[1].AppendInt(x)
			b.Len++
		}
	}
	tb := table.NewBuilder(ctx, w, s, 2)
	if err := tb.Append(b); err != nil {
		t.Fatal(err)
	}
	root, err := tb.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return table.New(w, s, root)
}

// TestWalkIsTheDifference compares walks over tables of many leaves, some with
// hardly a key in common, with what two maps say.
func TestWalkIsTheDifference(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const n = 30_000
		mod := func(name string) int { return rapid.IntRange(1, 5).Draw(rt, name) }
		oldMod, newMod, change := mod("old"), mod("new"), rapid.SampledFrom([]int{1, 7, 997, n}).Draw(rt, "change")
		from, to := rapid.IntRange(0, n).Draw(rt, "from"), rapid.IntRange(0, n).Draw(rt, "to")
		oldValue := func(i int) (int64, bool) { return int64(i), i%oldMod == 0 }
		newValue := func(i int) (int64, bool) {
			if i%change == 0 && i >= from && i < to {
				return -1, i%newMod == 0
			}
			return int64(i), i%newMod == 0
		}
		var want []string
		for i := range n {
			x, inOld := oldValue(i)
			y, inNew := newValue(i)
			switch {
			case inOld && !inNew:
				want = append(want, fmt.Sprintf("-%d", i))
			case inNew && !inOld:
				want = append(want, fmt.Sprintf("+%d", i))
			case inOld && x != y:
				want = append(want, fmt.Sprintf("~%d", i))
			}
		}
		old, new := numbered(t, n, oldValue), numbered(t, n, newValue)
		got, d := ops(t, old, new, Options{})
		if got != strings.Join(want, " ") {
			rt.Fatalf("have %d samples, want %d: %s", d.Total(), len(want), cmp.Diff(want, strings.Fields(got)))
		}
	})
}
