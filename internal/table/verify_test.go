package table

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/mem"
)

// verified is a table of several leaves with narrow, wide and half-empty
// columns, and its leaf objects.
func verified(t *testing.T) (store.Writer, *column.Schema, [][]byte) {
	t.Helper()
	ctx := t.Context()
	s := &column.Schema{Key: []string{"id"}, Fields: []column.Field{
		column.NewField("id", column.Of(column.Int64)), column.NewField("label", column.Of(column.String)),
		column.NewField("score", column.Of(column.Float64)), column.NewField("text", column.Of(column.String))}}
	w, err := mem.New().NewWriter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	b := NewBuilder(ctx, w, s, 2)
	rows := column.NewBatch(s, 5000)
	for i := range 5000 {
		rows.Cols[0].AppendInt(int64(i))
		rows.Cols[1].AppendString([]string{"cat", "dog"}[i%2])
		if i%3 == 0 {
			rows.Cols[2].AppendNull()
		} else {
			rows.Cols[2].AppendF64(float64(i) / 8)
		}
		rows.Cols[3].AppendString(strings.Repeat(fmt.Sprint("sample ", i), 1+i%40))
		rows.Len++
	}
	if err := b.Append(rows); err != nil {
		t.Fatal(err)
	}
	root, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	var leaves [][]byte
	for e, err := range merkle.Leaves(ctx, w, root, nil) {
		if err != nil {
			t.Fatal(err)
		}
		raw, err := w.Get(ctx, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, raw)
	}
	return w, s, leaves
}

func TestVerifyLeaf(t *testing.T) {
	w, s, leaves := verified(t)
	if len(leaves) < 2 {
		t.Fatal(len(leaves), "leaves")
	}
	for i, b := range leaves {
		if _, err := ReadLeafShape(b); err != nil {
			t.Errorf("leaf %d: %v", i, err)
		}
		if faults := VerifyLeaf(t.Context(), w, b, s, i == len(leaves)-1); len(faults) > 0 {
			t.Errorf("leaf %d: %v", i, faults)
		}
	}
	for _, tc := range []struct {
		name   string
		change func(l *leaf)
		want   error // in a fault of VerifyLeaf
	}{
		{"nulls", func(l *leaf) { l.column("score").Nulls++ }, ErrStats},
		{"bytes", func(l *leaf) { l.column("label").Bytes-- }, ErrStats},
		{"min", func(l *leaf) { l.column("score").Min[0]-- }, ErrStats},
		{"max", func(l *leaf) { l.column("id").Max = nil }, ErrStats},
		{"first key", func(l *leaf) { l.First = []byte{0} }, ErrStats},
		{"last key", func(l *leaf) { l.Last[len(l.Last)-1]++ }, ErrStats},
		{"other column's page", func(l *leaf) { l.column("label").ID = l.column("id").ID }, object.ErrCorrupt},
		{"no page", func(l *leaf) { l.column("label").ID = object.ID{1} }, object.ErrNotFound},
		{"no key column", func(l *leaf) { l.Columns = l.Columns[1:] }, object.ErrCorrupt},
		{"unknown column", func(l *leaf) { l.column("label").Column = "lebel" }, ErrColumn},
		{"a list of a list's statistics", func(l *leaf) { l.column("text").Nulls++ }, object.ErrCorrupt},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, err := decodeLeaf(leaves[0])
			if err != nil {
				t.Fatal(err)
			}
			tc.change(l)
			faults := VerifyLeaf(t.Context(), w, l.encode(), s, false)
			found := false
			for _, f := range faults {
				found = found || errors.Is(f.Err, tc.want)
			}
			if !found {
				t.Errorf("faults %v, want %v", faults, tc.want)
			}
		})
	}
}

// TestVerifyCuts: pages that end elsewhere hold the same values and are found.
func TestVerifyCuts(t *testing.T) {
	w, s, leaves := verified(t)
	l, err := decodeLeaf(leaves[0])
	if err != nil {
		t.Fatal(err)
	}
	c := l.column("text")
	if !c.List {
		t.Fatal("the wide column has one page")
	}
	b, err := w.Get(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	pages, err := decodePageList(b)
	if err != nil {
		t.Fatal(err)
	}
	lr := &leafReader{leaf: l, r: w, dec: new(column.PageDecoder)}
	two := column.NewVector(column.Of(column.String), 0)
	for _, p := range pages[:2] {
		if err := lr.readPage(t.Context(), p, two); err != nil {
			t.Fatal(err)
		}
	}
	var e encoder
	joined, err := e.run(two, 0, two.Len)
	if err != nil {
		t.Fatal(err)
	}
	if joined.ID, err = w.Put(t.Context(), joined.raw, store.Hint{}); err != nil {
		t.Fatal(err)
	}
	pages = append([]pageRef{joined.pageRef}, pages[2:]...)
	if c.ID, err = w.Put(t.Context(), encodePageList(pages), store.Hint{}); err != nil {
		t.Fatal(err)
	}
	faults := VerifyLeaf(t.Context(), w, l.encode(), s, false)
	if len(faults) != 1 || !errors.Is(faults[0].Err, ErrCuts) || faults[0].Column != "text" {
		t.Errorf("faults %v", faults)
	}
}

func TestSalvageLeaf(t *testing.T) {
	w, s, leaves := verified(t)
	l, err := decodeLeaf(leaves[0])
	if err != nil {
		t.Fatal(err)
	}
	l.column("label").ID = object.ID{1}
	rows, losses, err := SalvageLeaf(t.Context(), w, l.encode(), s)
	if err != nil || rows.Len != l.Rows || rows.Cols[1].Nulls != l.Rows || rows.Cols[3].Nulls != 0 {
		t.Fatalf("%d rows, %v", rows.Len, err)
	}
	if len(losses) != 1 || losses[0].Column != "label" || losses[0].Rows != int64(l.Rows) {
		t.Errorf("losses %+v", losses)
	}
	l.column("id").ID = object.ID{1}
	rows, losses, err = SalvageLeaf(t.Context(), w, l.encode(), s)
	if err != nil || rows.Len != 0 || len(losses) != 1 || losses[0].Column != "" || losses[0].Rows != int64(l.Rows) {
		t.Errorf("%d rows, losses %+v, %v", rows.Len, losses, err)
	}
}
