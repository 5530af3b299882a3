package merge_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merge"
)

// edit changes a side at random.
func (s *side) edit(t *rapid.T, r *rand.Rand) {
	pool := keyPool()
	n := map[string]int{"none": 0, "one": 1, "few": 12, "many": 200}[rapid.SampledFrom([]string{"none", "one", "few", "few", "many"}).Draw(t, "edits")]
	var ids []string
	for _, f := range s.schema.Fields {
		if f.ID != "id" && f.ID != "none" && f.Merge == "" {
			ids = append(ids, f.ID)
		}
	}
	for range n {
		k := pool[r.IntN(len(pool))]
		row, ok := s.rows[k]
		switch {
		case !ok:
			s.fill(r, k)
		case r.IntN(4) == 0:
			delete(s.rows, k)
		default:
			row[ids[r.IntN(len(ids))]] = r.IntN(9) - 1
		}
	}
	if rapid.IntRange(0, 9).Draw(t, "cut") == 0 {
		keys := slices.Sorted(maps.Keys(s.rows))
		from, to := r.IntN(len(keys)+1), r.IntN(len(keys)+1)
		for _, k := range keys[min(from, to):max(from, to)] {
			delete(s.rows, k)
		}
	}
}

func get(r map[string]int, id string) int {
	if c, ok := r[id]; ok {
		return c
	}
	return -1
}

// merged is what the merge of three sides with one schema must be: its rows,
// with ours in conflicting cells, and its conflicts.
func merged(b, o, t *side, schema *column.Schema) (*side, map[string]string) {
	out := &side{schema: schema, rows: rows{}}
	conflicts := map[string]string{}
	keys := map[int]bool{}
	for _, s := range []*side{b, o, t} {
		for k := range s.rows {
			keys[k] = true
		}
	}
	for k := range keys {
		rb, inB := b.rows[k]
		ro, inO := o.rows[k]
		rt, inT := t.rows[k]
		at := func(id string) string { return fmt.Sprintf("%x %s", keyOf(k), id) }
		switch {
		case inO && inT:
			row := map[string]int{}
			for _, f := range schema.Fields {
				vb, vo, vt := get(rb, f.ID), get(ro, f.ID), get(rt, f.ID)
				row[f.ID] = vo
				switch {
				case t.schema.Index(f.ID) < 0:
				case o.schema.Index(f.ID) < 0:
					row[f.ID] = vt
				case f.ID == "id" || vo == vt || inB && vb == vt:
				case inB && vb == vo:
					row[f.ID] = vt
				default:
					kind := merge.Modified
					if !inB || b.schema.Index(f.ID) < 0 {
						kind = merge.Added
					}
					conflicts[at(f.ID)] = kind
				}
			}
			out.rows[k] = row
		case inO && inB && differ(b, rb, o, ro):
			out.rows[k] = ro
			conflicts[at("")] = merge.DeletedByThem
		case inT && inB && differ(b, rb, t, rt):
			out.rows[k] = rt
			conflicts[at("")] = merge.DeletedByUs
		case inO && !inB:
			out.rows[k] = ro
		case inT && !inB:
			out.rows[k] = rt
		}
	}
	return out, conflicts
}

// differ compares two samples in the columns that both sides have.
func differ(a *side, ra map[string]int, b *side, rb map[string]int) bool {
	for _, f := range a.schema.Fields {
		if b.schema.Index(f.ID) >= 0 && get(ra, f.ID) != get(rb, f.ID) {
			return true
		}
	}
	return false
}

func kinds(m map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		for i := range v {
			if v[i] == ' ' {
				out[k] = v[:i]
				break
			}
		}
	}
	return out
}

func drawBase(t *rapid.T, r *rand.Rand) *side {
	b := &side{schema: baseSchema(), rows: rows{}}
	pool := keyPool()
	for range rapid.SampledFrom([]int{0, 1, 30, 200, 600}).Draw(t, "rows") {
		b.fill(r, pool[r.IntN(len(pool))])
	}
	return b
}

// The merge of random tables is that of their rows, and its root the one that
// a Builder makes of these; both directions agree.
func TestMergeIsThatOfRows(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 7))
		b := drawBase(rt, r)
		o, th := b.clone(), b.clone()
		o.edit(rt, r)
		th.edit(rt, r)
		w := newMem(t)
		in := merge.Input{Base: b.build(rt, w), Ours: o.build(rt, w), Theirs: th.build(rt, w)}
		res, err := merge.Tables(ctx, w, in, merge.Options{Workers: rapid.IntRange(1, 3).Draw(rt, "workers")})
		if err != nil {
			rt.Fatalf("merge: %v", err)
		}
		want, conflicts := merged(b, o, th, o.schema)
		if d := cmp.Diff(conflicts, kinds(found(rt, res))); d != "" {
			rt.Fatalf("conflicts (-want +got):\n%s", d)
		}
		if d := cmp.Diff(want.build(rt, w).Root, res.Table.Root); d != "" {
			rt.Fatalf("root (-want +got):\n%s", d)
		}
		back, err := merge.Tables(ctx, w, merge.Input{Base: in.Base, Ours: in.Theirs, Theirs: in.Ours}, merge.Options{})
		if err != nil {
			rt.Fatalf("merge back: %v", err)
		}
		if len(conflicts) == 0 && back.Table.Root.ID != res.Table.Root.ID {
			rt.Fatalf("merge(B, A) is %s, merge(A, B) is %s", back.Table.Root.ID.Short(), res.Table.Root.ID.Short())
		}
		mirrored := found(rt, back)
		for k, v := range mirrored {
			mirrored[k] = mirror(v)
		}
		if d := cmp.Diff(found(rt, res), mirrored); d != "" {
			rt.Fatalf("conflicts of merge(B, A) (+) do not mirror those of merge(A, B) (-):\n%s", d)
		}
	})
}

func TestMergeWithItselfAndBase(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 7))
		b := drawBase(rt, r)
		a := b.clone()
		a.edit(rt, r)
		w := newMem(t)
		tb, ta := b.build(rt, w), a.build(rt, w)
		for name, in := range map[string]merge.Input{"itself": {Base: tb, Ours: ta, Theirs: ta},
			"base": {Base: tb, Ours: ta, Theirs: tb}, "from base": {Base: tb, Ours: tb, Theirs: ta}} {
			res, err := merge.Tables(ctx, w, in, merge.Options{})
			if err != nil || res.Take == merge.SideNone || res.Table.Root.ID != ta.Root.ID {
				rt.Fatalf("%s: %+v, %v", name, res, err)
			}
		}
	})
}
