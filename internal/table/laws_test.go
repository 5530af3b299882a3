package table_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// draw changes c at random and returns the edits that do so.
func (u *universe) draw(t *rapid.T, c content) (content, []table.Edit) {
	next := maps.Clone(c)
	edits := map[string]table.Edit{}
	kind := rapid.SampledFrom([]string{"some", "some", "some", "many", "one", "clear", "range"}).Draw(t, "kind")
	n := map[string]int{"some": 20, "many": 250, "one": 1}[kind]
	for range n {
		row := rapid.IntRange(0, len(u.keys)-1).Draw(t, "row")
		k := string(u.keys[row])
		_, had := c[k]
		if rapid.IntRange(0, 3).Draw(t, "remove") == 0 {
			delete(next, k)
			edits[k] = table.Edit{Key: u.keys[row], Row: -1}
			continue
		}
		next[k] = row
		edits[k] = table.Edit{Key: u.keys[row], Row: row, New: !had}
	}
	if kind == "clear" || kind == "range" {
		keys := slices.Sorted(maps.Keys(c))
		from, to := 0, len(keys)
		if kind == "range" && to > 0 {
			from = rapid.IntRange(0, to-1).Draw(t, "from")
			to = rapid.IntRange(from, to).Draw(t, "to")
		}
		for _, k := range keys[from:to] {
			delete(next, k)
			edits[k] = table.Edit{Key: []byte(k), Row: -1}
		}
	}
	var sorted []table.Edit
	for _, k := range slices.Sorted(maps.Keys(edits)) {
		sorted = append(sorted, edits[k])
	}
	return next, sorted
}

// apply is Apply on rows of the universe, which edits name.
func (u *universe) apply(tb *table.Table, w failer, c *counting, edits []table.Edit) (*table.Table, table.EditStats) {
	root, stats, err := table.Apply(context.Background(), c, tb, u.batch, edits)
	if err != nil {
		w.Fatalf("apply: %v", err)
	}
	return table.New(c, tb.Schema, root), stats
}

func drawUniverse(t *rapid.T) *universe {
	shape := rapid.SampledFrom([]string{"int", "string", "pair"}).Draw(t, "keys")
	return newUniverse(shape, 3, rapid.Uint64Range(0, 5).Draw(t, "seed"))
}

// The root of a table is a function of its rows: not of the batches that it was
// built or edited in, nor of goroutines.
func TestRootDependsOnRowsAlone(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		u := drawUniverse(rt)
		w := newCounting(newMem(t))
		c := content{}
		tb := u.build(rt, w, c, 1, 10)
		for range rapid.IntRange(1, 6).Draw(rt, "rounds") {
			next, edits := u.draw(rt, c)
			after, stats := u.apply(tb, rt, w, edits)
			want := u.build(rt, w, next, rapid.SampledFrom([]int{1, 4}).Draw(rt, "workers"), rapid.IntRange(1, 90).Draw(rt, "batch"))
			if d := cmp.Diff(want.Root, after.Root); d != "" {
				rt.Fatalf("edited (+) is not built (-) after %d edits of %d rows:\n%s", len(edits), len(c), d)
			}
			if got := int(stats.Added - stats.Removed); got != len(next)-len(c) {
				rt.Fatalf("stats %+v, rows went from %d to %d", stats, len(c), len(next))
			}
			if d := differ(u.gather(next.rows()), readAll(rt, after, table.ScanOptions{})); d != "" {
				rt.Fatalf("rows read back differ: %s", d)
			}
			checkTree(rt, w, after)
			tb, c = after, next
		}
	})
}

// checkTree sees that nodes are where the format puts them.
func checkTree(t failer, r store.Reader, tb *table.Table) {
	t.Helper()
	var leaves, rows int64
	for e, err := range merkle.Walk(context.Background(), r, tb.Root) {
		if err != nil {
			t.Fatalf("walk: %v", err)
		}
		if e.Level == 0 {
			leaves++
			rows += e.Rows
		}
	}
	if rows != tb.Rows() {
		t.Fatalf("%d rows in leaves, %d in the root", rows, tb.Rows())
	}
}

func TestApplyRefusesANewKeyThatIsThere(t *testing.T) {
	u := newUniverse("int", 2, 1)
	w := newMem(t)
	tb := u.build(t, w, content{string(u.keys[0]): 0}, 1, 1)
	_, _, err := table.Apply(context.Background(), w, tb, u.batch, []table.Edit{{Key: u.keys[1], Row: 1, New: true}})
	var dup *table.DuplicateKeyError
	if !errors.As(err, &dup) || !errors.Is(err, table.ErrDuplicateKey) || string(dup.Key) != string(u.keys[0]) || dup.Row != 1 {
		t.Errorf("error %v, want a duplicate of row 1", err)
	}
}

func TestBuilderRefusesKeysOutOfOrder(t *testing.T) {
	u := newUniverse("int", 1, 1)
	for _, c := range []struct {
		name string
		rows []int
		want error
	}{
		{"ascending", []int{0, 1, 2}, nil},
		{"equal", []int{0, 1, 1}, table.ErrDuplicateKey},
		{"descending", []int{1, 0}, table.ErrUnsorted},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := table.NewBuilder(context.Background(), newMem(t), u.batch.Schema, 2)
			err := b.Append(u.gather(c.rows))
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			b.Abort()
		})
	}
}

// A column that is all null is in no leaf.
func TestColumnOfNullsChangesNoLeaf(t *testing.T) {
	u := newUniverse("string", 1, 3)
	w := newCounting(newMem(t))
	c := content{}
	for i, k := range u.keys {
		c[string(k)] = i
	}
	all := u.gather(c.rows())
	before := buildBatch(t, w, all, 2, 50)

	wider := &column.Schema{Key: all.Schema.Key, Fields: append(slices.Clone(all.Schema.Fields), column.NewField("later", column.Of(column.Float32)))}
	more := &column.Batch{Schema: wider, Len: all.Len, Cols: append(slices.Clone(all.Cols), column.NewVector(wider.Fields[len(wider.Fields)-1].Type, 0))}
	more.Cols[len(more.Cols)-1].AppendNulls(all.Len)
	clear(w.puts)
	after := buildBatch(t, w, more, 2, 50)
	if after.Root.ID != before.Root.ID || len(w.puts) != 0 {
		t.Errorf("root %s became %s with %v new objects", before.Root.ID.Short(), after.Root.ID.Short(), w.puts)
	}
}
