package table_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// intsWhere returns the first n non-negative integers whose keys have a number
// of zeros that ok accepts.
func intsWhere(n int, ok func(zeros int) bool) []int64 {
	v := column.NewVector(column.Of(column.Int64), 1)
	var out []int64
	var key []byte
	for i := int64(0); len(out) < n; i++ {
		v.Reset()
		v.AppendInt(i)
		if key = column.AppendKey(key[:0], v, 0); ok(merkle.Zeros(key)) {
			out = append(out, i)
		}
	}
	return out
}

func batchOf(ids []int64) *column.Batch {
	s := &column.Schema{Key: []string{"id"}, Fields: []column.Field{
		column.NewField("id", column.Of(column.Int64)), column.NewField("label", column.Of(column.Int32))}}
	b := column.NewBatch(s, len(ids))
	for _, id := range ids {
		b.Cols[0].AppendInt(id)
		b.Cols[1].AppendInt(id % 10)
	}
	b.Len = len(ids)
	return b
}

// levels counts the nodes of each level, and the rows of the largest leaf and
// the children of the largest node.
func levels(t testing.TB, r store.Reader, tb *table.Table) (counts []int, maxRows, maxChildren int) {
	t.Helper()
	counts = make([]int, tb.Root.Level+1)
	for e, err := range merkle.Walk(context.Background(), r, tb.Root) {
		if err != nil {
			t.Fatal(err)
		}
		counts[e.Level]++
		if e.Level == 0 {
			maxRows = max(maxRows, int(e.Rows))
			continue
		}
		n, err := merkle.ReadNode(context.Background(), r, e.Entry, e.Level)
		if err != nil {
			t.Fatal(err)
		}
		maxChildren = max(maxChildren, len(n.Children))
	}
	return counts, maxRows, maxChildren
}

// Trees of keys that an adversary chose obey the caps, and editing them gives
// what building gives.
func TestShapesOfUnusualTrees(t *testing.T) {
	many := 40_000
	if testing.Short() {
		many = 20_000
	}
	for _, c := range []struct {
		name  string
		ids   []int64
		check func(counts []int, rows, children int) bool
	}{
		{"no key ends a leaf", intsWhere(many, func(z int) bool { return z < merkle.LeafBits }),
			func(n []int, rows, _ int) bool {
				return rows == merkle.MaxLeafRows && n[0] == (many-1)/merkle.MaxLeafRows+1
			}},
		{"every key ends a leaf, none a node", intsWhere(1500, func(z int) bool { return z >= merkle.LeafBits && z < merkle.LeafBits+merkle.NodeBits }),
			func(n []int, rows, children int) bool {
				return rows == 1 && children == merkle.MaxChildren && n[0] == 1500 && n[1] == 2
			}},
		{"every key ends a node", intsWhere(20, func(z int) bool { return z >= merkle.LeafBits+merkle.NodeBits }),
			func(n []int, rows, children int) bool { return rows == 1 && n[0] == 20 && n[1] == 20 }},
		{"one row", intsWhere(1, func(int) bool { return true }),
			func(n []int, rows, _ int) bool { return len(n) == 1 && rows == 1 }},
		{"one row that ends a node", intsWhere(1, func(z int) bool { return z >= merkle.LeafBits+merkle.NodeBits }),
			func(n []int, rows, _ int) bool { return len(n) == 1 && rows == 1 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newMem(t)
			all := batchOf(c.ids)
			want := buildBatch(t, w, all, 2, 1000)
			counts, rows, children := levels(t, w, want)
			if !c.check(counts, rows, children) {
				t.Errorf("%v entries of each level, at most %d rows and %d children", counts, rows, children)
			}
			editInPieces(t, w, all, want)
		})
	}
}

// editInPieces makes a table from nothing by edits in several batches, takes
// rows out and puts them back.
func editInPieces(t *testing.T, w store.Writer, all *column.Batch, want *table.Table) {
	t.Helper()
	ctx := context.Background()
	r := rand.New(rand.NewPCG(7, 7))
	tb := table.New(w, all.Schema, merkle.Root{})
	apply := func(rows []int, remove bool) {
		var edits []table.Edit
		slices.Sort(rows)
		for _, i := range rows {
			e := table.Edit{Key: column.RowKey(nil, all, []int{0}, i), Row: i, New: true}
			if remove {
				e.Row, e.New = -1, false
			}
			edits = append(edits, e)
		}
		root, _, err := table.Apply(ctx, w, tb, all, edits)
		if err != nil {
			t.Fatal(err)
		}
		tb = table.New(w, all.Schema, root)
	}
	order := r.Perm(all.Len)
	third := len(order)/3 + 1
	for part := range slices.Chunk(order, third) {
		apply(slices.Clone(part), false)
	}
	if d := cmp.Diff(want.Root, tb.Root); d != "" {
		t.Fatalf("built (-), inserted in three parts (+):\n%s", d)
	}
	apply(slices.Clone(order[:third]), true)
	apply(slices.Clone(order[:third]), false)
	if d := cmp.Diff(want.Root, tb.Root); d != "" {
		t.Fatalf("built (-), with a part removed and inserted again (+):\n%s", d)
	}
	apply(slices.Clone(order), true)
	if tb.Root.Rows != 0 || !tb.Root.ID.IsZero() || tb.Root.Level != 0 {
		t.Fatalf("root %+v with everything removed", tb.Root)
	}
}

func TestTreeOfThreeLevels(t *testing.T) {
	if testing.Short() {
		t.Skip("builds 300,000 rows")
	}
	ids := make([]int64, 300_000)
	for i := range ids {
		ids[i] = int64(i)
	}
	w := newMem(t)
	all := batchOf(ids)
	tb := buildBatch(t, w, all, 2, 8192)
	counts, _, _ := levels(t, w, tb)
	if len(counts) != 3 {
		t.Fatalf("entries of each level: %v, want three levels", counts)
	}
	editInPieces(t, w, all, tb)
}
