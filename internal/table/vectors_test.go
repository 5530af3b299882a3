package table_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/table"
)

// vectorRows are the rows that testdata/vectors/merkle describes.
func vectorRows(n int) *column.Batch {
	s := &column.Schema{Key: []string{"id"}, Fields: []column.Field{
		column.NewField("id", column.Of(column.Int64)),
		column.NewField("label", column.Of(column.String)),
		column.NewField("score", column.Of(column.Float64)),
		column.NewField("text", column.Of(column.String)),
		column.NewField("seen", column.Of(column.Bool)),
	}}
	b := column.NewBatch(s, n)
	for i := range n {
		b.Cols[0].AppendInt(int64(i) * 7)
		b.Cols[1].AppendString([]string{"cat", "dog", "bird"}[i%3])
		b.Cols[2].AppendF64(float64(i%1000) / 8)
		b.Cols[3].AppendString(strings.Repeat(fmt.Sprintf("row %d of many. ", i), 1+i%9))
		if i%5 == 0 {
			b.Cols[4].AppendNull()
		} else {
			b.Cols[4].AppendBool(i%2 == 0)
		}
	}
	b.Len = n
	return b
}

const vectorHead = `# A table of %d rows, i from 0, under docs/format/merkle.md and table.md.
# Columns, all ids equal to their names, the key is id:
#   id     int64    7*i
#   label  string   cat, dog, bird for i mod 3 = 0, 1, 2
#   score  float64  (i mod 1000) / 8
#   text   string   "row <i> of many. " 1 + i mod 9 times
#   seen   bool     null where i mod 5 = 0, else whether i is even
# Lines are a name and a value; bytes are hex; objects parents first.
`

// vector writes a table down; with objects, all of its leaves and nodes too.
func vector(t *testing.T, n int, objects bool) string {
	ctx := context.Background()
	w := newMem(t)
	tb := buildBatch(t, w, vectorRows(n), 2, 1000)
	counts := map[int]int{}
	var list strings.Builder
	for e, err := range merkle.Walk(ctx, w, tb.Root) {
		if err != nil {
			t.Fatal(err)
		}
		counts[e.Level]++
		if !objects {
			continue
		}
		b, err := w.Get(ctx, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&list, "object %s %s\n", e.ID, hex.EncodeToString(b))
	}
	var out strings.Builder
	fmt.Fprintf(&out, vectorHead, n)
	fmt.Fprintf(&out, "rows %d\nroot %s\nlevel %d\nbytes %d\nlast %s\n", tb.Root.Rows, tb.Root.ID, tb.Root.Level, tb.Root.Bytes, hex.EncodeToString(tb.Root.Last))
	for level := tb.Root.Level; level >= 0; level-- {
		fmt.Fprintf(&out, "level-%d %d\n", level, counts[level])
	}
	return out.String() + list.String()
}

// The bytes of trees are part of the format: these files change only with it.
// STRATA_UPDATE=1 writes them anew.
func TestVectors(t *testing.T) {
	dir := filepath.Join("..", "..", "testdata", "vectors", "merkle")
	for name, got := range map[string]string{
		"rows-0.txt":     vector(t, 0, true),
		"rows-5.txt":     vector(t, 5, true),
		"rows-12345.txt": vector(t, 12345, false),
	} {
		path := filepath.Join(dir, name)
		if os.Getenv("STRATA_UPDATE") == "1" {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(want) != got {
			t.Errorf("%s: have\n%s\nwant\n%s", name, got, want)
		}
	}
	// Edited into being, the tree of the second vector is the same.
	rows := vectorRows(12345)
	w := newMem(t)
	tb := table.New(w, rows.Schema, merkle.Root{})
	for _, start := range []int{1, 0} {
		var edits []table.Edit
		for i := start; i < rows.Len; i += 2 {
			edits = append(edits, table.Edit{Key: column.RowKey(nil, rows, []int{0}, i), Row: i, New: true})
		}
		root, _, err := table.Apply(context.Background(), w, tb, rows, edits)
		if err != nil {
			t.Fatal(err)
		}
		tb = table.New(w, rows.Schema, root)
	}
	b, err := os.ReadFile(filepath.Join(dir, "rows-12345.txt"))
	if err != nil || !strings.Contains(string(b), "root "+tb.Root.ID.String()) {
		t.Errorf("root %s by edits is not that of the vector (%v)", tb.Root.ID, err)
	}
}
