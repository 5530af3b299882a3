package history

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/store/mem"
	"github.com/strata-data/strata/internal/table"
)

// TestFilter counts false alarms: at most the 1.5 % that docs/format/cache.md
// promises, at each of several sizes, and no misses.
func TestFilter(t *testing.T) {
	for _, n := range []int{1, 2, 7, 100, 1000, 30_000, mostKeys} {
		f := newFilter(n)
		key := func(i int) uint64 { return merkle.Hash(fmt.Appendf(nil, "%09d", i)) }
		for i := range n {
			f.add(key(i))
		}
		for i := range n {
			if !f.has(key(i)) {
				t.Fatalf("%d keys: key %d is missing", n, i)
			}
		}
		const asked = 100_000
		alarms := 0
		for i := n; i < n+asked; i++ {
			if f.has(key(i)) {
				alarms++
			}
		}
		t.Logf("%d keys in %d bytes: %.2f %% false alarms", n, len(f), 100*float64(alarms)/asked)
		if alarms > asked*15/1000 {
			t.Errorf("%d keys: %d false alarms of %d", n, alarms, asked)
		}
	}
}

func stringTable(t *testing.T, key string, rows int, more ...column.Field) *table.Table {
	t.Helper()
	s := &column.Schema{Key: []string{key}, Fields: append([]column.Field{column.NewField(key, column.Of(column.String))}, more...)}
	w, err := mem.New().NewWriter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	build := table.NewBuilder(t.Context(), w, s, 1)
	b := column.NewBatch(s, rows)
	for i := range rows {
		b.Cols[0].AppendString(fmt.Sprintf("%06d", i))
		for _, v := range b.Cols[1:] {
			v.AppendNull()
		}
		b.Len++
	}
	if err := build.Append(b); err != nil {
		t.Fatal(err)
	}
	root, err := build.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return table.New(w, s, root)
}

// stringKey encodes the key of a stringTable.
func stringKey(s string) []byte {
	v := column.NewVector(column.Of(column.String), 1)
	v.AppendString(s)
	return column.AppendKey(nil, v, 0)
}

// seen is a delta that modifies the column c of samples, or adds them.
func seen(op table.Op, keys ...string) *table.Delta {
	d := &table.Delta{Columns: []string{"b", "c"}}
	for _, k := range keys {
		ch := table.Change{Op: op, Key: stringKey(k)}
		if op == table.Modified {
			ch.Columns = []int{1}
		}
		d.Changes = append(d.Changes, ch)
	}
	return d
}

// reread returns what a record is after it was written.
func reread(t *testing.T, r *Recorder) *Record {
	t.Helper()
	b := r.done().encode()
	rec := decodeRecord(b)
	if rec == nil || !bytes.Equal(rec.encode(), b) {
		t.Fatalf("%x is read as %v", b, rec)
	}
	return rec
}

func TestRecorder(t *testing.T) {
	tb := stringTable(t, "id", 10)
	r := &Recorder{}
	r.Dataset("@files", stringTable(t, "path", 3), stringTable(t, "path", 3))
	r.Seen(seen(table.Added, "data/raw/x.bin"))
	r.Dataset("gone", tb, nil)
	r.Dataset("new", nil, tb)
	r.Dataset("quiet", tb, tb)
	r.Dataset("rekeyed", tb, stringTable(t, "uid", 10, column.NewField("n", column.Of(column.Int8))))
	r.Dataset("train", tb, stringTable(t, "id", 10, column.NewField("z", column.Of(column.Int8))))
	r.Seen(seen(table.Modified, "000003"))
	r.Seen(seen(table.Modified, "000007"))
	rec := reread(t, r)
	if want := []string{"@files", "gone", "new", "quiet", "rekeyed", "train"}; !slices.Equal(rec.Names(), want) {
		t.Errorf("datasets %q, want %q", rec.Names(), want)
	}
	for _, tc := range []struct {
		dataset, key string
		want         bool
	}{
		{"train", "000003", true}, {"train", "000007", true}, {"train", "000004", false}, {"train", "00000?", true},
		{"gone", "1", true}, {"new", "1", true}, {"quiet", "000003", false}, {"absent", "000003", false},
		{"@files", "data/raw/x.bin", true}, {"@files", "data/raw", true}, {"@files", "data", true}, {"@files", "data/other", false},
		{"@files", "data/raw/y.bin", false},
	} {
		if got := rec.MayChange(tc.dataset, tc.key); got != tc.want {
			t.Errorf("%s/%s: %v, want %v", tc.dataset, tc.key, got, tc.want)
		}
	}
	for _, tc := range []struct {
		column, key string
		want        bool
	}{{"b", "000003", false}, {"c", "000003", true}, {"c", "000004", false}, {"z", "000004", true}} {
		if got := rec.mayChangeIn("train", tc.key, map[string]bool{tc.column: true}); got != tc.want {
			t.Errorf("column %s of %s: %v, want %v", tc.column, tc.key, got, tc.want)
		}
	}
	if !rec.mayChangeIn("@files", "data/raw/x.bin", map[string]bool{"b": true}) {
		t.Error("a file that was added has not changed")
	}
}

// TestRecorderGivesUp has more changes than a filter is made for.
func TestRecorderGivesUp(t *testing.T) {
	tb := stringTable(t, "id", 9000)
	for _, tc := range []struct {
		changes int
		any     bool
	}{{manyLeast, false}, {9000/manyShare - 1, false}, {9000 / manyShare, false}, {9000/manyShare + 1, true}, {9000, true}} {
		r := &Recorder{}
		r.Dataset("train", tb, tb)
		for i := range tc.changes {
			r.Seen(seen(table.Modified, fmt.Sprintf("%06d", i)))
		}
		rec := reread(t, r)
		if got := rec.MayChange("train", "never"); got != tc.any {
			t.Errorf("%d changes of 9000: any sample may have changed: %v, want %v", tc.changes, got, tc.any)
		}
		if !rec.MayChange("train", "000000") {
			t.Errorf("%d changes: the first is missing", tc.changes)
		}
	}
}

func FuzzDecodeRecord(f *testing.F) {
	f.Add((&Record{}).encode())
	f.Add((&Record{datasets: []changed{{name: "a", flags: flagNew}, {name: "b", key: []column.Field{column.NewField("id", column.Of(column.Int64))},
		columns: []string{"x"}, born: []string{"y"}, filter: newFilter(3)}}}).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		r := decodeRecord(b)
		if r == nil {
			return
		}
		for _, name := range r.Names() {
			r.MayChange(name, "17")
			r.mayChangeIn(name, "a/b", map[string]bool{"x": true})
		}
		if again := decodeRecord(r.encode()); again == nil || !slices.Equal(again.Names(), r.Names()) {
			t.Fatalf("%x is not read again", r.encode())
		}
	})
}
