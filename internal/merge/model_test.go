package merge_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merge"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/mem"
	"github.com/strata-data/strata/internal/table"
)

// rows are the content of a table of tests: by key, the cells by column id. A
// cell is a number that stands for a value of the column's type; -1 is null.
type rows map[int]map[string]int

// side is a table of tests.
type side struct {
	schema *column.Schema
	rows   rows
}

// keyPool is numbers of keys of which every second ends a leaf and some end a
// node, so that small tables have the shape of large ones.
var keyPool = sync.OnceValue(func() []int {
	var plain, ends []int
	v := column.NewVector(column.Of(column.Int64), 1)
	for n, deep := 0, 0; len(ends) < 120 || deep < 3; n++ {
		v.Reset()
		v.AppendInt(int64(n))
		switch z := merkle.Zeros(column.AppendKey(nil, v, 0)); {
		case z >= merkle.LeafBits+merkle.NodeBits:
			deep++
			ends = append(ends, n)
		case z >= merkle.LeafBits && len(ends) < 120:
			ends = append(ends, n)
		case z >= 6 && len(plain) < 150:
			plain = append(plain, n)
		}
	}
	return append(plain, ends...)
})

func keyOf(n int) string {
	v := column.NewVector(column.Of(column.Int64), 1)
	v.AppendInt(int64(n))
	return string(column.AppendKey(nil, v, 0))
}

// value appends what cell stands for.
func value(v *column.Vector, cell int) {
	if cell < 0 {
		v.AppendNull()
		return
	}
	switch v.Type.Kind {
	case column.Float64:
		v.AppendF64(float64(cell) / 2)
	case column.String:
		if cell >= 1000 { // a number that became text
			v.AppendString(strconv.Itoa(cell - 1000))
			return
		}
		v.AppendString(strings.Repeat(string(rune('a'+cell%26)), cell*cell*9%500))
	case column.List:
		for bit := range 6 {
			if cell>>bit&1 == 1 {
				value(v.Kids[0], bit)
			}
		}
		v.EndList()
	default:
		v.AppendInt(int64(cell))
	}
}

func baseSchema() *column.Schema {
	return &column.Schema{Key: []string{"id"}, Fields: []column.Field{
		column.NewField("id", column.Of(column.Int64)), column.NewField("n", column.Of(column.Int32)),
		column.NewField("x", column.Of(column.Float64)), column.NewField("text", column.Of(column.String)),
		column.NewField("tags", column.ListOf(column.Of(column.Int8))), column.NewField("none", column.Of(column.Int16)),
	}}
}

func (s *side) clone() *side {
	c := &side{schema: &column.Schema{Key: s.schema.Key, Fields: slices.Clone(s.schema.Fields)}, rows: rows{}}
	for k, r := range s.rows {
		c.rows[k] = maps.Clone(r)
	}
	return c
}

// fill gives a row random cells in the columns of the schema.
func (s *side) fill(r *rand.Rand, key int) {
	row := map[string]int{}
	for _, f := range s.schema.Fields {
		switch f.ID {
		case "id":
		case "none":
			row[f.ID] = -1
		default:
			row[f.ID] = r.IntN(9) - 1
		}
	}
	s.rows[key] = row
}

type failer interface {
	Helper()
	Fatalf(string, ...any)
}

// batch returns the rows in key order.
func (s *side) batch() *column.Batch {
	b := column.NewBatch(s.schema, len(s.rows))
	for _, k := range slices.Sorted(maps.Keys(s.rows)) {
		for i, f := range s.schema.Fields {
			if f.ID == "id" {
				b.Cols[i].AppendInt(int64(k))
			} else if c, ok := s.rows[k][f.ID]; ok {
				if strings.HasPrefix(f.ID, "n") && f.Type.Kind == column.String && c >= 0 {
					c += 1000
				}
				value(b.Cols[i], c)
			} else {
				b.Cols[i].AppendNull()
			}
		}
		b.Len++
	}
	return b
}

// build makes the table that the side stands for.
func (s *side) build(t failer, w store.Writer) *table.Table {
	t.Helper()
	b := table.NewBuilder(context.Background(), w, s.schema, 2)
	if err := b.Append(s.batch()); err != nil {
		b.Abort()
		t.Fatalf("append: %v", err)
	}
	root, err := b.Finish()
	if err != nil {
		t.Fatalf("finish: %v", err)
	}
	return table.New(w, s.schema, root)
}

func newMem(t testing.TB) store.Writer {
	w, err := mem.New().NewWriter(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// found is the conflicts of a result, by key and column, as text.
func found(t failer, r *merge.Result) map[string]string {
	t.Helper()
	out := map[string]string{}
	last := ""
	for c, err := range merge.Conflicts(context.Background(), r.Conflicts) {
		if err != nil {
			t.Fatalf("conflicts: %v", err)
		}
		at := fmt.Sprintf("%x %s", c.Key, c.Column)
		if last >= at && last != "" {
			t.Fatalf("conflict %q behind %q", at, last)
		}
		last = at
		out[at] = fmt.Sprintf("%s %s|%s|%s", c.Kind, c.Base, c.Ours, c.Theirs)
	}
	return out
}

// mirror swaps ours and theirs in the text of a conflict.
func mirror(s string) string {
	kind, values, _ := strings.Cut(s, " ")
	v := strings.Split(values, "|")
	switch kind {
	case merge.DeletedByUs:
		kind = merge.DeletedByThem
	case merge.DeletedByThem:
		kind = merge.DeletedByUs
	}
	return fmt.Sprintf("%s %s|%s|%s", kind, v[0], v[2], v[1])
}

// recorder counts what goes through a writer.
type recorder struct {
	store.Writer
	mu         sync.Mutex
	gets, puts int
}

func (r *recorder) reset() { r.gets, r.puts = 0, 0 }

func (r *recorder) counts() (gets, puts int) { return r.gets, r.puts }

func (r *recorder) Get(ctx context.Context, id object.ID) ([]byte, error) {
	r.mu.Lock()
	r.gets++
	r.mu.Unlock()
	return r.Writer.Get(ctx, id)
}

func (r *recorder) Put(ctx context.Context, b []byte, h store.Hint) (object.ID, error) {
	r.mu.Lock()
	r.puts++
	r.mu.Unlock()
	return r.Writer.Put(ctx, b, h)
}
