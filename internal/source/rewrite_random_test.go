package source_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/table"
)

// merged is a three-way merge of the lines of files, by id or by content; ours
// wins where both changed a line.
func merged(base, ours, theirs files, keyed bool) []line {
	values := func(fs files) map[string]line {
		m := map[string]line{}
		n := map[line]int{}
		for _, f := range fs {
			for _, l := range f {
				l.odd = false
				k := fmt.Sprint(l.id)
				if !keyed {
					k = fmt.Sprint(l, n[l])
					n[l]++
				}
				m[k] = l
			}
		}
		return m
	}
	b, o, t := values(base), values(ours), values(theirs)
	out := maps.Clone(o)
	for k, l := range t {
		was, inBase := b[k]
		mine, have := o[k]
		switch {
		case !have && !inBase, have && inBase && mine == was:
			out[k] = l
		}
	}
	for k, was := range b {
		if _, kept := t[k]; !kept && o[k] == was {
			delete(out, k)
		}
	}
	lines := slices.Collect(maps.Values(out))
	slices.SortFunc(lines, func(a, b line) int {
		if a.id != b.id {
			return a.id - b.id
		}
		if a.label != b.label {
			return a.label - b.label
		}
		return a.width - b.width
	})
	return lines
}

// The files of random merges: what was written is what restoring gives, adding
// them again gives the same table, parsing them anew the same rows (see
// world.rewrite), no sample is lost, and where files are in key order it does not
// matter which side is ours.
func TestRandomRewrites(t *testing.T) {
	csv := formatOf(t, "csv")
	for name, m := range map[string]mess{"keyed, in order": {true, true}, "keyed, shuffled": {false, true}, "by content": {false, false}} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				var key []string
				if m.keyed {
					key = []string{"id"}
				}
				nextID := 10
				base := make(files, rapid.IntRange(1, 2).Draw(rt, "files"))
				for i := range base {
					n := rapid.SampledFrom([]int{0, 5, 300, 1000}).Draw(rt, "rows")
					for k := range n {
						nextID += 10
						l := line{id: nextID, label: k * 31 % 1009, width: (k*7919)%20 + 1}
						if !m.keyed {
							l.id = l.id % 700
						}
						base[i] = append(base[i], l)
					}
					if !m.ordered && n > 10 {
						slices.Reverse(base[i][:n/2])
					}
				}
				nextID += 1000
				ours := m.edit(rt, base, &nextID)
				theirs := m.edit(rt, base, &nextID)
				w := newWorld(t)
				add := func(fs files, old *table.Table) *table.Table {
					res, err := w.ingest(&source.Request{Files: fs.sources(), Format: csv, Old: old, Key: key, Workers: 2})
					if err != nil {
						rt.Fatalf("add: %v", err)
					}
					return res.Table
				}
				b := add(base, nil)
				o, th := add(ours, b), add(theirs, b)
				rows := add(files{merged(base, ours, theirs, m.keyed)}, b)
				if rows.Rows() == 0 {
					return
				}
				w.chosen = rapid.Bool().Draw(rt, "chosen")
				out, _ := w.rewrite(rows, b, o, th)
				var n int64
				for _, id := range out.Sources {
					s, err := source.Load(t.Context(), w.store, id)
					if err != nil {
						rt.Fatal(err)
					}
					n += s.Rows
				}
				if n != rows.Rows() {
					rt.Fatalf("%d records for %d samples", n, rows.Rows())
				}
				if !slices.ContainsFunc(base, func(f []line) bool { return len(f) == 0 }) && w.inOrder(o, th, out) {
					back, _ := w.rewrite(rows, b, th, o)
					if !slices.Equal(out.Sources, back.Sources) {
						rt.Fatalf("the files are others when the sides change places")
					}
				}
			})
		})
	}
}

// inOrder reports whether the files of tables are in key order.
func (w *world) inOrder(ts ...*table.Table) bool {
	for _, t := range ts {
		for _, id := range t.Sources {
			s, err := source.Load(w.Context(), w.store, id)
			if err != nil {
				w.Fatal(err)
			}
			if s.Shuffled {
				return false
			}
		}
	}
	return true
}
