package table_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/mem"
	"github.com/strata-data/strata/internal/table"
)

// universe is rows that tables of tests are made of. Several of its rows share
// a key: they are the versions that a sample may have. A table is a content, a
// map from keys to rows of the universe.
type universe struct {
	batch *column.Batch
	keys  [][]byte // of each row
}

type content map[string]int

// keyShapes are the key columns that tests use.
func keyShapes() map[string][]column.Field {
	return map[string][]column.Field{
		"int":    {column.NewField("id", column.Of(column.Int64))},
		"string": {column.NewField("id", column.Of(column.String))},
		"pair":   {column.NewField("id", column.Of(column.String)), column.NewField("at", column.Of(column.Int32))},
	}
}

// setKey writes key number n into the key columns cols.
func setKey(cols []*column.Vector, n int) {
	switch {
	case len(cols) == 2:
		cols[0].AppendString(fmt.Sprintf("s%d", n%7))
		cols[1].AppendInt(int64(n / 7))
	case cols[0].Type.Kind == column.String:
		cols[0].AppendString(fmt.Sprintf("%06d", n))
	default:
		cols[0].AppendInt(int64(n))
	}
}

// keyPool returns numbers of keys of which every second ends a leaf and some
// end a node, so that small tables have the shape of large ones.
func keyPool(shape string) []int { return keyPools()[shape] }

var keyPools = sync.OnceValue(func() map[string][]int {
	pools := map[string][]int{}
	for shape, fields := range keyShapes() {
		s := &column.Schema{Fields: fields}
		for i := range fields {
			s.Key = append(s.Key, fields[i].ID)
		}
		var plain, ends []int
		b := column.NewBatch(s, 1)
		var key []byte
		for n, deep := 0, 0; len(ends) < 150 || deep < 3; n++ {
			b.Reset()
			setKey(b.Cols, n)
			b.Len = 1
			key = column.RowKey(key[:0], b, s.KeyColumns(), 0)
			switch z := merkle.Zeros(key); {
			case z >= merkle.LeafBits+merkle.NodeBits:
				deep++
				ends = append(ends, n)
			case z >= merkle.LeafBits && len(ends) < 150:
				ends = append(ends, n)
			case z >= 6 && len(plain) < 150:
				plain = append(plain, n)
			}
		}
		pools[shape] = append(plain, ends...)
	}
	return pools
})

func dataFields() []column.Field {
	f64, str := column.Of(column.Float64), column.Of(column.String)
	return []column.Field{
		column.NewField("n", column.Of(column.Int32)), // n, x and flag often share their pages
		column.NewField("x", f64),
		column.NewField("flag", column.Of(column.Bool)),
		column.NewField("text", str),
		column.NewField("none", str),
		column.NewField("tags", column.ListOf(str)),
		column.NewField("box", column.StructOf(column.NewField("w", column.Of(column.Float32)), column.NewField("name", str))),
		column.NewField("vec", column.FixedListOf(column.Of(column.Float32), 5)),
		column.NewField("amount", column.DecimalOf(30, 2)),
	}
}

// newUniverse returns versions rows for each key of the shape's pool.
func newUniverse(shape string, versions int, seed uint64) *universe {
	keys := keyShapes()[shape]
	s := &column.Schema{Fields: append(slices.Clone(keys), dataFields()...)}
	for _, k := range keys {
		s.Key = append(s.Key, k.ID)
	}
	u := &universe{batch: column.NewBatch(s, 0)}
	r := rand.New(rand.NewPCG(seed, 1))
	wide := r.IntN(3) > 0
	for _, n := range keyPool(shape) {
		for range versions {
			setKey(u.batch.Cols[:len(keys)], n)
			for _, v := range u.batch.Cols[len(keys):] {
				fill(v, r, wide)
			}
			u.batch.Len++
			u.keys = append(u.keys, column.RowKey(nil, u.batch, s.KeyColumns(), u.batch.Len-1))
		}
	}
	none := u.batch.Cols[s.Index("none")]
	none.Reset()
	none.AppendNulls(u.batch.Len)
	return u
}

// fill appends one value to v.
func fill(v *column.Vector, r *rand.Rand, wide bool) {
	if r.IntN(6) == 0 {
		v.AppendNull()
		return
	}
	switch v.Type.Layout() {
	case column.LayoutInt:
		v.AppendInt(int64(r.IntN(2)))
	case column.LayoutF32:
		v.AppendF32(float32(r.IntN(3)) / 4)
	case column.LayoutF64:
		v.AppendF64(float64(r.IntN(2)))
	case column.LayoutBytes:
		switch {
		case v.Type.Kind == column.Decimal:
			_ = column.ParseText(v.Type, fmt.Sprintf("%d.25", r.IntN(5)), v)
		case wide:
			v.AppendString(strings.Repeat(string(rune('a'+r.IntN(20))), r.IntN(400)))
		default:
			v.AppendString(fmt.Sprint(r.IntN(3)))
		}
	case column.LayoutList:
		for range r.IntN(4) {
			fill(v.Kids[0], r, false)
		}
		v.EndList()
	case column.LayoutFixed:
		for range v.Type.Size {
			fill(v.Kids[0], r, false)
		}
		v.EndList()
	case column.LayoutStruct:
		for _, k := range v.Kids {
			fill(k, r, false)
		}
		v.EndStruct()
	}
}

// gather returns rows of the universe as a batch.
func (u *universe) gather(rows []int) *column.Batch {
	b := column.NewBatch(u.batch.Schema, len(rows))
	for i, v := range b.Cols {
		v.Take(u.batch.Cols[i], rows)
	}
	b.Len = len(rows)
	return b
}

func (c content) rows() []int {
	var rows []int
	for _, k := range slices.Sorted(maps.Keys(c)) {
		rows = append(rows, c[k])
	}
	return rows
}

func newWriter(t testing.TB, s store.Store) store.Writer {
	w, err := s.NewWriter(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

type failer interface {
	Helper()
	Fatalf(string, ...any)
}

// build makes the table of c, in batches of the given size.
func (u *universe) build(t failer, w store.Writer, c content, workers, batch int) *table.Table {
	t.Helper()
	return buildBatch(t, w, u.gather(c.rows()), workers, batch)
}

func buildBatch(t failer, w store.Writer, all *column.Batch, workers, batch int) *table.Table {
	t.Helper()
	b := table.NewBuilder(context.Background(), w, all.Schema, workers)
	for from := 0; from < all.Len; from += batch {
		part := column.NewBatch(all.Schema, batch)
		part.AppendFrom(all, from, min(from+batch, all.Len))
		if err := b.Append(part); err != nil {
			b.Abort()
			t.Fatalf("append: %v", err)
		}
	}
	root, err := b.Finish()
	if err != nil {
		t.Fatalf("finish: %v", err)
	}
	return table.New(w, all.Schema, root)
}

// readAll returns all rows of a table as one batch.
func readAll(t failer, tb *table.Table, o table.ScanOptions) *column.Batch {
	t.Helper()
	all := column.NewBatch(table.Project(tb.Schema, o.Columns), 0)
	for b, err := range tb.Scan(context.Background(), o) {
		if err != nil {
			t.Fatalf("scan: %v", err)
		}
		all.AppendFrom(b, 0, b.Len)
	}
	return all
}

// differ returns the first difference between two batches of equal columns.
func differ(a, b *column.Batch) string {
	if a.Len != b.Len {
		return fmt.Sprintf("%d rows and %d rows", a.Len, b.Len)
	}
	for c := range a.Cols {
		for i := range a.Len {
			if !column.Equal(a.Cols[c], i, b.Cols[c], i) {
				return fmt.Sprintf("row %d of %s: %s and %s", i, a.Schema.Fields[c].Name, column.Text(a.Cols[c], i), column.Text(b.Cols[c], i))
			}
		}
	}
	return ""
}

// counting counts what goes through a writer.
type counting struct {
	store.Writer
	mu   sync.Mutex
	gets int
	puts map[object.Kind]int // new objects
	cols map[string]int      // new pages by stream
}

func newCounting(w store.Writer) *counting {
	return &counting{Writer: w, puts: map[object.Kind]int{}, cols: map[string]int{}}
}

func (c *counting) Get(ctx context.Context, id object.ID) ([]byte, error) {
	c.mu.Lock()
	c.gets++
	c.mu.Unlock()
	return c.Writer.Get(ctx, id)
}

func (c *counting) Put(ctx context.Context, b []byte, h store.Hint) (object.ID, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if has, err := c.Has(ctx, object.Sum(b)); err != nil || !has {
		c.puts[object.Kind(b[0])]++
		if object.Kind(b[0]) == object.KindPage {
			c.cols[h.Stream]++
		}
	}
	return c.Writer.Put(ctx, bytes.Clone(b), h)
}

func newMem(t testing.TB) store.Writer { return newWriter(t, mem.New()) }
