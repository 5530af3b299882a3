package merge_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merge"
	"github.com/strata-data/strata/internal/table"
)

// reshape changes the schema of a side at random.
func (s *side) reshape(t *rapid.T, r *rand.Rand) {
	for range rapid.IntRange(0, 3).Draw(t, "changes") {
		f := &s.schema.Fields[r.IntN(len(s.schema.Fields))]
		switch rapid.SampledFrom([]string{"add", "add", "drop", "rename", "widen", "text", "move"}).Draw(t, "change") {
		case "add":
			id := fmt.Sprintf("new%d", r.IntN(2))
			if s.schema.Index(id) >= 0 || s.schema.ByName(id) >= 0 {
				continue
			}
			typ := column.Of([]column.Kind{column.Int8, column.Int8, column.Int64, column.String}[r.IntN(4)])
			s.schema.Fields = slices.Insert(s.schema.Fields, r.IntN(len(s.schema.Fields)+1), column.NewField(id, typ))
			full := r.IntN(2) == 0
			for _, row := range s.rows {
				if full || r.IntN(50) == 0 {
					row[id] = r.IntN(3) - 1
				}
			}
		case "drop":
			if i := s.schema.Index(f.ID); f.ID != "id" && len(s.schema.Fields) > 3 {
				id := f.ID
				s.schema.Fields = slices.Delete(s.schema.Fields, i, i+1)
				for _, row := range s.rows {
					delete(row, id)
				}
			}
		case "rename":
			if name := fmt.Sprintf("name%d", r.IntN(3)); s.schema.ByName(name) < 0 {
				f.Name = name
			}
		case "widen", "text":
			kind := []column.Kind{column.Int64, column.String}[r.IntN(2)]
			if i := s.schema.Index("n"); i >= 0 && s.schema.Fields[i].Type.Kind != column.String {
				s.schema.Fields[i].Type = column.Of(kind)
			}
		case "move":
			i := s.schema.Index(f.ID)
			g := *f
			s.schema.Fields = slices.Delete(s.schema.Fields, i, i+1)
			s.schema.Fields = slices.Insert(s.schema.Fields, r.IntN(len(s.schema.Fields)+1), g)
		}
	}
}

// isCanonical sees that the root is the one that a Builder makes of its rows.
func isCanonical(t failer, w *recorder, got *table.Table) {
	t.Helper()
	b := table.NewBuilder(context.Background(), w, got.Schema, 1)
	for rows, err := range got.Scan(context.Background(), table.ScanOptions{}) {
		if err != nil {
			t.Fatalf("scan: %v", err)
		}
		if err := b.Append(rows); err != nil {
			t.Fatalf("append: %v", err)
		}
	}
	root, err := b.Finish()
	if err != nil {
		t.Fatalf("finish: %v", err)
	}
	if d := cmp.Diff(root, got.Root); d != "" {
		t.Fatalf("merged root (+) is not the one of its rows (-):\n%s", d)
	}
}

func schemaText(s *column.Schema) string {
	var parts []string
	for _, f := range s.Fields {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s=%s %s %s", f.ID, f.Name, f.Type, f.Merge)))
	}
	return strings.Join(parts, ", ")
}

// Changes of schema never throw the data merge away, never make rows differ
// from those of a Builder, and are the same in both directions.
func TestMergeOfSchemas(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 7))
		b := drawBase(rt, r)
		o, th := b.clone(), b.clone()
		for _, s := range []*side{o, th} {
			s.reshape(rt, r)
			s.edit(rt, r)
		}
		w := &recorder{Writer: newMem(t)}
		in := merge.Input{Base: b.build(rt, w), Ours: o.build(rt, w), Theirs: th.build(rt, w)}
		res, err := merge.Tables(ctx, w, in, merge.Options{})
		if err != nil {
			rt.Fatalf("merge of %s and %s: %v", schemaText(o.schema), schemaText(th.schema), err)
		}
		isCanonical(rt, w, res.Table)
		got := found(rt, res)
		want, conflicts := merged(b, o, th, res.Table.Schema)
		for k, kind := range kinds(got) {
			if kind == merge.Schema {
				conflicts[k] = kind
			}
		}
		if d := cmp.Diff(conflicts, kinds(got)); d != "" {
			rt.Fatalf("conflicts of %s and %s (-want +got):\n%s", schemaText(o.schema), schemaText(th.schema), d)
		}
		if d := cmp.Diff(want.build(rt, w).Root, res.Table.Root); d != "" {
			rt.Fatalf("root (-want +got) under %s:\n%s", schemaText(res.Table.Schema), d)
		}
		back, err := merge.Tables(ctx, w, merge.Input{Base: in.Base, Ours: in.Theirs, Theirs: in.Ours}, merge.Options{})
		if err != nil {
			rt.Fatalf("merge back: %v", err)
		}
		mirrored := found(rt, back)
		for k, v := range mirrored {
			mirrored[k] = mirror(v)
		}
		if d := cmp.Diff(got, mirrored); d != "" {
			rt.Fatalf("conflicts of merge(B, A) (+) do not mirror those of merge(A, B) (-):\n%s", d)
		}
		for favor := merge.FavorOurs; favor <= merge.FavorBase; favor++ {
			res, err := merge.Tables(ctx, w, in, merge.Options{Favor: favor})
			if err != nil || res.Conflicts != nil && favor != merge.FavorUnion {
				rt.Fatalf("merge favoring %d: %v, conflicts %v", favor, err, res)
			}
			isCanonical(rt, w, res.Table)
		}
		if len(got) > 0 {
			return
		}
		if a, b := schemaText(res.Table.Schema), schemaText(back.Table.Schema); a != b || res.Table.Root.ID != back.Table.Root.ID {
			rt.Fatalf("merge(A, B) is %s of %s\nmerge(B, A) is %s of %s", res.Table.Root.ID.Short(), a, back.Table.Root.ID.Short(), b)
		}
	})
}

// Options settle everything to one side, and a resolved conflict is the same as
// one that was never there.
func TestFavorAndResolveAgree(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 7))
		b := drawBase(rt, r)
		o, th := b.clone(), b.clone()
		o.edit(rt, r)
		th.edit(rt, r)
		w := &recorder{Writer: newMem(t)}
		in := merge.Input{Base: b.build(rt, w), Ours: o.build(rt, w), Theirs: th.build(rt, w)}
		open, err := merge.Tables(ctx, w, in, merge.Options{})
		if err != nil {
			rt.Fatalf("merge: %v", err)
		}
		for favor, from := range map[merge.Favor]merge.Side{merge.FavorOurs: merge.SideOurs, merge.FavorTheirs: merge.SideTheirs} {
			res, err := merge.Tables(ctx, w, in, merge.Options{Favor: favor})
			if err != nil || res.Conflicts != nil {
				rt.Fatalf("merge favoring %d: %v, conflicts %v", favor, err, res.Conflicts)
			}
			if a, b := merge.Total(open.Stats.Conflicts), merge.Total(res.Stats.Settled); a != b {
				rt.Fatalf("%d conflicts, %d settled", a, b)
			}
			// Half of them first, then the others.
			u := merge.Unmerged{Input: in, Merged: open.Table, Conflicts: open.Conflicts}
			for round := range 2 {
				n := 0
				done, err := merge.Resolve(ctx, w, u, func(c *merge.Conflict) (merge.Choice, error) {
					if n++; round == 0 && n%2 == 0 {
						return merge.Choice{}, nil
					}
					return merge.Choice{Side: from}, nil
				})
				if err != nil {
					rt.Fatalf("resolve: %v", err)
				}
				u.Merged, u.Conflicts = done.Table, done.Conflicts
			}
			if u.Conflicts != nil {
				rt.Fatalf("%d conflicts left", u.Conflicts.Rows())
			}
			if d := cmp.Diff(res.Table.Root, u.Merged.Root); d != "" {
				rt.Fatalf("favoring (-) and resolving (+) differ:\n%s", d)
			}
		}
	})
}

// A merge reads and writes what changed.
func TestMergeCostsTheChange(t *testing.T) {
	ctx := context.Background()
	r := rand.New(rand.NewPCG(1, 7))
	b := &side{schema: baseSchema(), rows: rows{}}
	for _, k := range keyPool() {
		b.fill(r, k)
	}
	o, th := b.clone(), b.clone()
	keys := slices.Sorted(maps.Keys(b.rows))
	o.rows[keys[0]]["n"] += 10
	th.rows[keys[len(keys)-1]]["x"] += 10
	w := &recorder{Writer: newMem(t)}
	in := merge.Input{Base: b.build(t, w), Ours: o.build(t, w), Theirs: th.build(t, w)}
	w.reset()
	res, err := merge.Tables(ctx, w, in, merge.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if gets, puts := w.counts(); gets > 30 || puts > 5 {
		t.Errorf("%d objects read and %d written for one change on each side, in a table of %d leaves or so", gets, puts, len(keys)/2)
	}
	if res.Conflicts != nil {
		t.Error("conflicts")
	}
}
