package table_test

import (
	"context"
	"encoding/binary"
	"errors"
	"runtime"
	"testing"

	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// Point finds what Get finds, for keys that are there and for those that are
// not, and takes every tree that Strata writes for well-formed.
func TestPointFindsWhatGetFinds(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		u := drawUniverse(rt)
		c, _ := u.draw(rt, content{})
		tb := u.build(rt, newMem(t), c, 1, 100)
		for i := range 40 {
			key := u.keys[rapid.IntRange(0, len(u.keys)-1).Draw(rt, "key")]
			columns := []string{"text", "box", "none"}
			if i%2 == 0 {
				columns = nil
			}
			got, err := tb.Point(ctx, key, columns)
			if err != nil {
				rt.Fatalf("point: %v", err)
			}
			want, err := tb.Get(ctx, key, columns)
			if err != nil {
				rt.Fatalf("get: %v", err)
			}
			if (got == nil) != (want == nil) {
				rt.Fatalf("key %q: point found %v, get %v", key, got != nil, want != nil)
			}
			if got != nil {
				if d := differ(got, want); d != "" {
					rt.Fatalf("key %q: %s", key, d)
				}
			}
		}
	})
}

// Of a wide column Point reads the page that holds the sample, not the others.
func TestPointReadsOnePageOfAWideColumn(t *testing.T) {
	s := &column.Schema{Key: []string{"id"}, Fields: []column.Field{
		column.NewField("id", column.Of(column.Int64)), column.NewField("text", column.Of(column.String))}}
	b := column.NewBatch(s, 0)
	for i := range 1000 {
		b.Cols[0].AppendInt(int64(i))
		b.Cols[1].AppendString(string(make([]byte, 300+i%7)))
	}
	b.Len = 1000
	w := newCounting(newMem(t))
	tb := buildBatch(t, w, b, 1, 1000)
	if w.cols["col/text"] < 10 {
		t.Fatalf("%d pages of text, want many", w.cols["col/text"])
	}
	key := column.RowKey(nil, b, []int{0}, 700)
	w.gets = 0
	row, err := tb.Point(context.Background(), key, nil)
	if err != nil || row == nil {
		t.Fatalf("point: %v, %v", row, err)
	}
	if most := tb.Root.Level + 1 + 1 + 2; w.gets > most { // nodes, leaf, page of keys, page list and page of text
		t.Errorf("point read %d objects, want at most %d", w.gets, most)
	}
}

// put writes an object that no builder would.
func put(t *testing.T, w store.Writer, b []byte) object.ID {
	t.Helper()
	id, err := w.Put(context.Background(), b, store.Hint{})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// A tree whose runs do not end where its keys say, or whose keys are not in
// order across nodes, is refused: else one commit could hold a sample twice.
func TestPointRefusesTreesOfAnotherShape(t *testing.T) {
	ctx := context.Background()
	ends := intsWhere(6, func(z int) bool { return z >= merkle.LeafBits && z < merkle.LeafBits+merkle.NodeBits })
	plain := intsWhere(6, func(z int) bool { return z < merkle.LeafBits })
	keyOf := func(id int64) []byte { return column.RowKey(nil, batchOf([]int64{id}), []int{0}, 0) }
	leafOf := func(w store.Writer, ids ...int64) merkle.Entry {
		tb := buildBatch(t, w, batchOf(ids), 1, 100)
		if tb.Root.Level != 0 {
			t.Fatalf("%v is no single leaf", ids)
		}
		return tb.Root.Entry
	}
	for _, tc := range []struct {
		name string
		make func(w store.Writer) []merkle.Entry
	}{
		{"leaf that ends where nothing ends it", func(w store.Writer) []merkle.Entry {
			return []merkle.Entry{leafOf(w, plain[0]), leafOf(w, ends[5])}
		}},
		{"leaf with a key that is before it", func(w store.Writer) []merkle.Entry {
			e := leafOf(w, ends[0])
			late := leafOf(w, min(ends[0], plain[0])-1, ends[5])
			return []merkle.Entry{e, late}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newMem(t)
			children := tc.make(w)
			n := merkle.Node{Level: 1, Children: children}
			root := merkle.Root{Level: 1}
			root.ID, root.Last = put(t, w, n.Encode()), children[len(children)-1].Last
			root.Rows, root.Bytes = merkle.Sum(children)
			tb := table.New(w, batchOf(nil).Schema, root)
			for _, id := range []int64{plain[0], ends[5]} {
				_, err := tb.Point(ctx, keyOf(id), nil)
				if err == nil {
					continue // this path does not show it
				}
				if !errors.Is(err, object.ErrCorrupt) {
					t.Fatalf("key %d: %v, want a corrupt object", id, err)
				}
				return
			}
			t.Error("no path was refused")
		})
	}
	t.Run("root with one child", func(t *testing.T) {
		w := newMem(t)
		child := leafOf(w, plain[0])
		n := merkle.Node{Level: 1, Children: []merkle.Entry{child}}
		root := merkle.Root{Level: 1, Entry: child}
		root.ID = put(t, w, n.Encode())
		if _, err := table.New(w, batchOf(nil).Schema, root).Point(ctx, keyOf(plain[0]), nil); !errors.Is(err, object.ErrCorrupt) {
			t.Errorf("%v, want a corrupt object", err)
		}
	})
}

// swollen writes a leaf of a table of one string column, whose page of a
// megabyte stands for as many rows of a megabyte each, and which says that they
// are said bytes.
func swollen(t *testing.T, w store.Writer, rows int, said int64) *table.Table {
	t.Helper()
	const size = 1 << 20
	text := make([]byte, size)
	uvarint, varint := binary.AppendUvarint, binary.AppendVarint
	page := uvarint([]byte{'P', 1}, uint64(rows))
	page = append(page, 6, 1)                       // a dictionary of one entry
	page = append(varint(append(page, 1), size), 0) // its length: integers, all of them size
	page = append(page, text...)                    //
	page = append(varint(append(page, 1), 0), 0)    // codes, all of them 0
	first := append([]byte("a"), 0, 1)              // keys, which are never compared
	leaf := uvarint([]byte{'L', 1}, uint64(rows))   //
	leaf = append(uvarint(leaf, uint64(len(first))), first...)
	leaf = append(uvarint(leaf, uint64(len(first))), first...)
	leaf = append(uvarint(leaf, 1), 2, 'i', 'd', 0, 0) // one column, no flags, no nulls
	leaf = uvarint(leaf, uint64(said))
	id := put(t, w, page)
	leaf = append(leaf, id[:]...)
	s := &column.Schema{Key: []string{"id"}, Fields: []column.Field{column.NewField("id", column.Of(column.String))}}
	root := merkle.Root{Entry: merkle.Entry{Last: first, ID: put(t, w, leaf), Rows: int64(rows), Bytes: said}}
	return table.New(w, s, root)
}

// A small proof may not make its reader allocate gigabytes.
func TestPointIsBoundedInMemory(t *testing.T) {
	for _, tc := range []struct {
		name string
		said int64
		want error
	}{
		{"that says how large it is", 2000 << 20, table.ErrLarge},
		{"that lies", 2000, object.ErrCorrupt},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tb := swollen(t, newMem(t), 2000, tc.said)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := tb.Point(context.Background(), []byte("a\x00\x01"), nil)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, tc.want) {
				t.Errorf("%v, want %v", err, tc.want)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 400<<20 {
				t.Errorf("%d MiB were allocated before: %v", got>>20, err)
			}
		})
	}
}
