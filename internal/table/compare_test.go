package table_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store/mem"
	"github.com/strata-data/strata/internal/table"
)

// changes renders what Compare yields, a line for each sample.
func changes(t failer, a, b *table.Table, columns []string) []string {
	t.Helper()
	var out []string
	for d, err := range table.Compare(context.Background(), a, b, columns) {
		if err != nil {
			t.Fatalf("compare: %v", err)
		}
		out = append(out, render(t, d, a, b)...)
	}
	return out
}

// render is a line for each sample of d, which is between a and b.
func render(t failer, d *table.Delta, a, b *table.Table) (out []string) {
	t.Helper()
	ctx := context.Background()
	for _, c := range d.Changes {
		line := fmt.Sprintf("%c %q", c.Op, c.Key)
		for _, i := range c.Columns {
			id := d.Columns[i]
			old, x, err := c.Old.Value(ctx, &a.Schema.Fields[a.Schema.Index(id)])
			if err != nil {
				t.Fatalf("old value: %v", err)
			}
			new, y, err := c.New.Value(ctx, &b.Schema.Fields[b.Schema.Index(id)])
			if err != nil {
				t.Fatalf("new value: %v", err)
			}
			line += fmt.Sprintf(" %s:%s>%s", id, text(old, x), text(new, y))
		}
		out = append(out, line)
	}
	return out
}

func text(v *column.Vector, i int) string {
	if v.IsNull(i) {
		return "null"
	}
	return fmt.Sprintf("%q", column.Text(v, i))
}

// naive says the same from two batches in key order.
func naive(a, b *column.Batch, columns []string) []string {
	rows := func(x *column.Batch) map[string]int {
		m := map[string]int{}
		for i := range x.Len {
			m[string(column.RowKey(nil, x, x.Schema.KeyColumns(), i))] = i
		}
		return m
	}
	ra, rb := rows(a), rows(b)
	all := maps.Clone(ra)
	maps.Copy(all, rb)
	var out []string
	for _, k := range slices.Sorted(maps.Keys(all)) {
		i, inA := ra[k]
		j, inB := rb[k]
		if !inA || !inB {
			op := table.Removed
			if inB {
				op = table.Added
			}
			out = append(out, fmt.Sprintf("%c %q", op, k))
			continue
		}
		line := ""
		for cb, f := range b.Schema.Fields {
			ca := a.Schema.Index(f.ID)
			if ca < 0 || columns != nil && !slices.Contains(columns, f.ID) {
				continue
			}
			x, y := text(a.Cols[ca], i), text(b.Cols[cb], j)
			if !column.Equal(a.Cols[ca], i, b.Cols[cb], j) && (x != y || a.Schema.Fields[ca].Type.Kind == f.Type.Kind) {
				line += fmt.Sprintf(" %s:%s>%s", f.ID, x, y)
			}
		}
		if line != "" {
			out = append(out, fmt.Sprintf("~ %q%s", k, line))
		}
	}
	return out
}

// reshape returns b under another schema: columns renamed, dropped, added,
// reordered and widened.
func reshape(t *rapid.T, b *column.Batch) *column.Batch {
	out := &column.Batch{Schema: &column.Schema{Key: b.Schema.Key}, Len: b.Len}
	widen := map[string]*column.Type{"n": column.Of(column.Int64), "x": column.Of(column.String), "flag": column.Of(column.String),
		"vec": column.FixedListOf(column.Of(column.Float64), 5), "id": column.Of(column.Int64)}
	for c, f := range b.Schema.Fields {
		v := b.Cols[c]
		how := rapid.SampledFrom([]string{"keep", "keep", "keep", "rename", "drop", "widen"}).Draw(t, f.ID)
		key := b.Schema.IsKey(f.ID)
		switch {
		case how == "rename":
			f.Name += " renamed"
		case how == "drop" && !key:
			continue
		case how == "widen" && widen[f.ID] != nil && !key:
			w, err := column.Convert(v, widen[f.ID])
			if err != nil {
				t.Fatalf("convert: %v", err)
			}
			f.Type, v = widen[f.ID], w
		}
		out.Schema.Fields, out.Cols = append(out.Schema.Fields, f), append(out.Cols, v)
	}
	if rapid.Bool().Draw(t, "add") {
		f := column.NewField("extra", column.Of(column.Int8))
		v := column.NewVector(f.Type, b.Len)
		for i := range b.Len {
			v.AppendInt(int64(i % 3))
		}
		out.Schema.Fields, out.Cols = append([]column.Field{f}, out.Schema.Fields...), append([]*column.Vector{v}, out.Cols...)
	}
	return out
}

func TestCompareFindsWhatAMapWould(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		u := drawUniverse(rt)
		w := newMem(t)
		a, _ := u.draw(rt, content{})
		b, _ := u.draw(rt, a)
		one, two := u.gather(a.rows()), u.gather(b.rows())
		two = reshape(rt, two)
		if rapid.Bool().Draw(rt, "swap") {
			one, two = two, one
		}
		var columns []string
		if rapid.IntRange(0, 3).Draw(rt, "some columns") == 0 {
			columns = []string{"text", "n", "gone"}
		}
		got := changes(rt, buildBatch(rt, w, one, 1, 100), buildBatch(rt, w, two, 1, 100), columns)
		if d := cmp.Diff(naive(one, two, columns), got); d != "" {
			rt.Fatalf("naive (-), compared (+):\n%s", d)
		}
	})
}

// big is a table of n rows with an int key and a narrow column.
func big(t testing.TB, n int) *column.Batch {
	s := &column.Schema{Key: []string{"id"}, Fields: []column.Field{
		column.NewField("id", column.Of(column.Int64)), column.NewField("label", column.Of(column.Int32))}}
	b := column.NewBatch(s, n)
	for i := range n {
		b.Cols[0].AppendInt(int64(i) * 3)
		b.Cols[1].AppendInt(int64(i % 10))
	}
	b.Len = n
	return b
}

func level2Rows(testing.TB) int {
	if testing.Short() {
		return 100_000
	}
	return 300_000
}

// A change of one row costs the paths to it, whatever the size of the table.
func TestCostOfOneChangedRow(t *testing.T) {
	rows := big(t, level2Rows(t))
	w := newCounting(newMem(t))
	a := buildBatch(t, w, rows, 2, 8192)
	if !testing.Short() && a.Root.Level < 2 {
		t.Fatalf("root of level %d, want 2", a.Root.Level)
	}
	edit := column.NewBatch(rows.Schema, 1)
	edit.Cols[0].AppendInt(3 * 77777)
	edit.Cols[1].AppendInt(99)
	edit.Len = 1
	key := column.RowKey(nil, edit, []int{0}, 0)
	clear(w.puts)
	w.gets = 0
	root, stats, err := table.Apply(context.Background(), w, a, edit, []table.Edit{{Key: key, Row: 0}})
	if err != nil || stats != (table.EditStats{Replaced: 1, Modified: 1}) {
		t.Fatalf("apply: %+v, %v", stats, err)
	}
	b := table.New(w, a.Schema, root)
	// Read: the nodes, the leaf, its two pages. Written: one page, the leaf, the nodes.
	if limit := a.Root.Level + 3; w.gets > limit {
		t.Errorf("apply read %d objects, want at most %d", w.gets, limit)
	}
	if d := cmp.Diff(map[object.Kind]int{object.KindPage: 1, object.KindLeaf: 1, object.KindNode: a.Root.Level}, w.puts); d != "" {
		t.Errorf("objects that apply wrote:\n%s", d)
	}
	rows.Cols[1].Ints[77777] = 99
	if built := buildBatch(t, w, rows, 1, 5000); built.Root.ID != root.ID {
		t.Errorf("edited root %s, built %s", root.ID.Short(), built.Root.ID.Short())
	}

	w.gets = 0
	got := changes(t, a, b, nil)
	if want := []string{fmt.Sprintf(`~ %q label:"7">"99"`, key)}; !slices.Equal(got, want) {
		t.Errorf("compare found %v, want %v", got, want)
	}
	if limit := 2*a.Root.Level + 2 + 2 + 2; w.gets > limit { // nodes, leaves, key pages, label pages of both sides
		t.Errorf("compare read %d objects, want at most %d", w.gets, limit)
	}
	w.gets = 0
	if got := changes(t, b, b, nil); got != nil || w.gets != 0 {
		t.Errorf("a table compared with itself: %v after reading %d objects", got, w.gets)
	}
}

// Costs of schema changes and of relabelling, in new objects by kind.
func TestCostOfChanges(t *testing.T) {
	u := newUniverse("string", 1, 2)
	c := content{}
	for i, k := range u.keys {
		c[string(k)] = i
	}
	all := u.gather(c.rows())
	ctx := context.Background()
	w := newCounting(newWriter(t, mem.New()))
	before := buildBatch(t, w, all, 1, 1000)
	if _, err := before.Save(ctx, w); err != nil {
		t.Fatal(err)
	}
	leaves, nodes := 0, 0
	for e := range merkle.Walk(ctx, w, before.Root) {
		if e.Level == 0 {
			leaves++
		} else {
			nodes++
		}
	}
	if leaves < 100 || nodes < 2 {
		t.Fatalf("%d leaves under %d nodes are too few for this test", leaves, nodes)
	}

	t.Run("rename", func(t *testing.T) {
		s := &column.Schema{Key: all.Schema.Key, Fields: slices.Clone(all.Schema.Fields)}
		s.Fields[3].Name = "another"
		clear(w.puts)
		if _, err := table.New(w, s, before.Root).Save(ctx, w); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(map[object.Kind]int{object.KindSchema: 1, object.KindTable: 1}, w.puts); d != "" {
			t.Error(d)
		}
	})
	t.Run("add a column", func(t *testing.T) {
		v := column.NewVector(column.Of(column.Int64), all.Len)
		for i := range all.Len {
			v.AppendInt(int64(1000 + i)) // no page like this is there
		}
		wider := &column.Batch{Len: all.Len, Cols: append(slices.Clone(all.Cols), v), Schema: &column.Schema{Key: all.Schema.Key,
			Fields: append(slices.Clone(all.Schema.Fields), column.NewField("fresh", v.Type))}}
		clear(w.puts)
		clear(w.cols)
		buildBatch(t, w, wider, 1, 1000)
		for stream, n := range w.cols {
			if !strings.HasSuffix(stream, "fresh") {
				t.Errorf("%d new pages of %s", n, stream)
			}
		}
		delete(w.puts, object.KindNode) // the lowest root may lie below nodes of one child
		if d := cmp.Diff(map[object.Kind]int{object.KindPage: leaves, object.KindLeaf: leaves}, w.puts); d != "" {
			t.Error(d)
		}
	})
	t.Run("relabel one row", func(t *testing.T) {
		row := all.Len / 2
		b := u.gather(c.rows()[row : row+1])
		b.Cols[b.Schema.Index("n")].Reset()
		b.Cols[b.Schema.Index("n")].AppendInt(12345)
		clear(w.puts)
		clear(w.cols)
		_, _, err := table.Apply(ctx, w, before, b, []table.Edit{{Key: column.RowKey(nil, b, b.Schema.KeyColumns(), 0), Row: 0}})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(map[string]int{"col/n": 1}, w.cols); d != "" {
			t.Errorf("new pages:\n%s", d)
		}
		if w.puts[object.KindLeaf] != 1 || w.puts[object.KindPageList] != 0 {
			t.Errorf("new objects %v, want one leaf and no page list", w.puts)
		}
	})
}
