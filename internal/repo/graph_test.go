package repo_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

// TestGraphChangesNothing asks the same of a history that is read as objects,
// and after that from records.
func TestGraphChangesNothing(t *testing.T) {
	r := newRepo(t)
	ids := []object.ID{rawCommit(t, r, "c0", 0)}
	for i := 1; i < 600; i++ {
		parents := []object.ID{ids[i-1]}
		if i%7 == 3 {
			parents[0] = ids[i-1-i%3]
		}
		if i%11 == 5 {
			parents = append(parents, ids[i/2])
		}
		ids = append(ids, rawCommit(t, r, fmt.Sprint("c", i), int64(i*(1-i%2*2)), parents...))
	}
	ask := func() string {
		var b strings.Builder
		for _, pair := range [][2]int{{599, 10}, {598, 300}, {401, 400}, {5, 5}} {
			bases, err := r.MergeBases(t.Context(), ids[pair[0]], ids[pair[1]])
			if err != nil {
				t.Fatal(err)
			}
			old, err := r.IsAncestor(t.Context(), ids[pair[1]], ids[pair[0]])
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&b, bases, old)
		}
		for _, o := range []repo.WalkOptions{{}, {Order: repo.OrderTopo}, {Order: repo.OrderDateTopo, Max: 30}, {FirstParent: true}, {Since: 5, Until: 90}} {
			fmt.Fprintln(&b, walk(t, r, []object.ID{ids[599]}, nil, o))
			fmt.Fprintln(&b, walk(t, r, []object.ID{ids[599]}, []object.ID{ids[350]}, o))
		}
		return b.String()
	}
	want := ask()
	path := filepath.Join(r.Layout().Dir, "cache.db")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("no records were written: %v", err)
	}
	if got := ask(); got != want {
		t.Errorf("from records:\n%s\nwant:\n%s", got, want)
	}
	// Half of the file is gone.
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(len(b)/2)); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != want {
		t.Errorf("from half of the file:\n%s\nwant:\n%s", got, want)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != want {
		t.Errorf("without the file:\n%s\nwant:\n%s", got, want)
	}
}

// TestSimplify leaves commits out of random histories, and compares with the
// definition: a commit is yielded if it belongs and a path from a tip to it goes
// over parents that the answers name; its edges are the next ones that belong.
func TestSimplify(t *testing.T) {
	r := newRepo(t)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 25).Draw(rt, "commits")
		var ids []object.ID
		at := map[object.ID]int{}
		follow := map[object.ID]repo.Simple{}
		for i := range n {
			var parents []object.ID
			for range rapid.IntRange(0, min(i, 3)).Draw(rt, "parents") {
				if p := ids[rapid.IntRange(0, i-1).Draw(rt, "parent")]; !slices.Contains(parents, p) {
					parents = append(parents, p)
				}
			}
			id := rawCommit(t, r, fmt.Sprintf("c%d %v", i, parents), int64(i), parents...)
			s := repo.Simple{Keep: rapid.Bool().Draw(rt, "keep"), Parents: parents}
			if len(parents) > 1 && rapid.Bool().Draw(rt, "one parent") {
				s.Parents = parents[1:2]
			}
			at[id], follow[id], ids = i, s, append(ids, id)
		}
		var next func(from []object.ID) []object.ID
		next = func(from []object.ID) (out []object.ID) {
			for _, id := range from {
				found := []object.ID{id}
				if !follow[id].Keep {
					found = next(follow[id].Parents)
				}
				for _, f := range found {
					if !slices.Contains(out, f) {
						out = append(out, f)
					}
				}
			}
			return out
		}
		want := map[object.ID][]object.ID{}
		var visit func(ids []object.ID)
		visit = func(ids []object.ID) {
			for _, id := range ids {
				if _, done := want[id]; !done {
					want[id] = next(follow[id].Parents)
					visit(want[id])
				}
			}
		}
		visit(next(ids[n-1:]))
		for _, order := range []repo.Order{repo.OrderDate, repo.OrderTopo, repo.OrderDateTopo} {
			got := map[object.ID][]object.ID{}
			asked := map[object.ID]bool{}
			o := repo.WalkOptions{Order: order, Simplify: func(_ context.Context, n *repo.Node) (repo.Simple, error) {
				if asked[n.ID] {
					rt.Fatalf("asked twice for c%d", at[n.ID])
				}
				asked[n.ID] = true
				return follow[n.ID], nil
			}}
			for c, err := range r.Walk(t.Context(), ids[n-1:], nil, o) {
				if err != nil {
					rt.Fatal(err)
				}
				for _, e := range c.Edges {
					if _, before := got[e]; before {
						rt.Fatalf("c%d comes before its child c%d", at[e], at[c.ID])
					}
				}
				got[c.ID] = c.Edges
				if order == repo.OrderDate {
					got[c.ID] = want[c.ID]
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				rt.Fatalf("order %d: have %v, want %v", order, got, want)
			}
		}
	})
}
