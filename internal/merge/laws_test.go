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
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/table"
)

// Where nothing conflicts, it does not matter which of three sides merge first.
func TestMergeIsAssociative(t *testing.T) {
	ctx := context.Background()
	merged := 0
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 7))
		b := drawBase(rt, r)
		w := newMem(t)
		base := b.build(rt, w)
		var sides [3]*table.Table
		for i := range sides {
			s := b.clone()
			for range r.IntN(4) { // few, so that they seldom conflict
				k := keyPool()[r.IntN(len(keyPool()))]
				switch _, ok := s.rows[k]; {
				case !ok:
					s.fill(r, k)
				case r.IntN(3) == 0:
					delete(s.rows, k)
				default:
					s.rows[k][[]string{"n", "x", "text", "tags"}[r.IntN(4)]] = r.IntN(9) - 1
				}
			}
			sides[i] = s.build(rt, w)
		}
		join := func(a, b *table.Table) *table.Table {
			if a == nil || b == nil {
				return nil
			}
			res, err := merge.Tables(ctx, w, merge.Input{Base: base, Ours: a, Theirs: b}, merge.Options{})
			if err != nil {
				rt.Fatalf("merge: %v", err)
			}
			if res.Conflicts != nil {
				return nil
			}
			return res.Table
		}
		left, right := join(join(sides[0], sides[1]), sides[2]), join(sides[0], join(sides[1], sides[2]))
		if left == nil || right == nil {
			return
		}
		merged++
		if left.Root.ID != right.Root.ID {
			rt.Fatalf("(A B) C is %s, A (B C) is %s", left.Root.ID.Short(), right.Root.ID.Short())
		}
	})
	if merged == 0 {
		t.Error("all of them conflicted")
	}
}

// Columns with policies never conflict, and whose side is ours does not count.
func TestPoliciesAreSymmetric(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 7))
		b := drawBase(rt, r)
		with := func(id string, policies ...string) {
			b.schema.Fields[b.schema.Index(id)].Merge = rapid.SampledFrom(policies).Draw(rt, id)
		}
		with("n", "max", "min", "latest")
		with("x", "max", "min", "latest:n", "latest:text")
		with("text", "max", "latest", "latest:n")
		with("tags", "union", "latest:x")
		o, th := b.clone(), b.clone()
		for _, s := range []*side{o, th} {
			for k, row := range s.rows {
				if r.IntN(3) == 0 {
					row[[]string{"n", "x", "text", "tags"}[k%4]] = r.IntN(40) - 1
				}
			}
		}
		w := &recorder{Writer: newMem(t)}
		in := merge.Input{Base: b.build(rt, w), Ours: o.build(rt, w), Theirs: th.build(rt, w)}
		times := rapid.Int64Range(0, 2)
		opt := merge.Options{OursTime: times.Draw(rt, "ours"), TheirsTime: times.Draw(rt, "theirs")}
		res, err := merge.Tables(ctx, w, in, opt)
		if err != nil || res.Conflicts != nil {
			rt.Fatalf("merge: %v, conflicts %v", err, res.Conflicts)
		}
		isCanonical(rt, w, res.Table)
		back, err := merge.Tables(ctx, w, merge.Input{Base: in.Base, Ours: in.Theirs, Theirs: in.Ours},
			merge.Options{OursTime: opt.TheirsTime, TheirsTime: opt.OursTime, Workers: 3})
		if err != nil || back.Table.Root.ID != res.Table.Root.ID {
			rt.Fatalf("merge(B, A) is %s, merge(A, B) is %s, %v", back.Table.Root.ID.Short(), res.Table.Root.ID.Short(), err)
		}
		if d := cmp.Diff(res.Stats.Settled, back.Stats.Settled); d != "" {
			rt.Fatalf("settled cells (-merge(A, B) +merge(B, A)):\n%s", d)
		}
	})
}

// Keys that never end a leaf are cut by their number, so removing the first one
// moves all ends.
func TestForcedEndsOfLeaves(t *testing.T) {
	ctx := context.Background()
	s := &column.Schema{Key: []string{"id"}, Fields: []column.Field{column.NewField("id", column.Of(column.Int64)), column.NewField("n", column.Of(column.Int32))}}
	b := &side{schema: s, rows: rows{}}
	v := column.NewVector(s.Fields[0].Type, 1)
	for n := 0; len(b.rows) < 3*merkle.MaxLeafRows+100; n++ {
		v.Reset()
		v.AppendInt(int64(n))
		if merkle.Zeros(column.AppendKey(nil, v, 0)) < merkle.LeafBits {
			b.rows[n] = map[string]int{"n": n % 7}
		}
	}
	keys := slices.Sorted(maps.Keys(b.rows))
	for _, c := range []struct {
		name         string
		ours, theirs func(rows)
	}{
		{"edits", func(r rows) { r[keys[9]]["n"] = 50 }, func(r rows) { r[keys[40000]]["n"] = 50 }},
		{"a removed one and an edit", func(r rows) { delete(r, keys[0]) }, func(r rows) { r[keys[40000]]["n"] = 50 }},
		{"an edit and a removed end of a leaf", func(r rows) { r[keys[40000]]["n"] = 50 }, func(r rows) { delete(r, keys[merkle.MaxLeafRows-1]) }},
		{"removed ones", func(r rows) { delete(r, keys[5]) }, func(r rows) { delete(r, keys[20000]) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &recorder{Writer: newMem(t)}
			o, th := b.clone(), b.clone()
			c.ours(o.rows)
			c.theirs(th.rows)
			want := b.clone()
			c.ours(want.rows)
			c.theirs(want.rows)
			in := merge.Input{Base: b.build(t, w), Ours: o.build(t, w), Theirs: th.build(t, w)}
			for _, in := range []merge.Input{in, {Base: in.Base, Ours: in.Theirs, Theirs: in.Ours}} {
				res, err := merge.Tables(ctx, w, in, merge.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(want.build(t, w).Root, res.Table.Root); d != "" {
					t.Errorf("root (-want +got):\n%s", d)
				}
			}
		})
	}
}

// The result is the same for any number of goroutines, the conflicts too.
func TestMergeForAnyWorkers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 7))
	b := &side{schema: baseSchema(), rows: rows{}}
	for _, k := range keyPool() {
		b.fill(r, k)
	}
	o, th := b.clone(), b.clone()
	for _, s := range []*side{o, th} {
		for _, k := range slices.Sorted(maps.Keys(s.rows)) {
			switch r.IntN(3) {
			case 0:
				s.fill(r, k)
			case 1:
				delete(s.rows, k)
			}
		}
	}
	w := newMem(t)
	in := merge.Input{Base: b.build(t, w), Ours: o.build(t, w), Theirs: th.build(t, w)}
	var first string
	for workers := 1; workers < 6; workers++ {
		res, err := merge.Tables(context.Background(), w, in, merge.Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprint(res.Table.Root.ID, res.Conflicts.Root.ID, res.Stats)
		if first == "" {
			first = text
		}
		if text != first {
			t.Errorf("%d workers: %s, want %s", workers, text, first)
		}
	}
}
