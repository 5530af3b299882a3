package repo_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
)

// walk returns the subjects that a walk yields.
func walk(t *testing.T, r *repo.Repo, tips, exclude []object.ID, o repo.WalkOptions) string {
	t.Helper()
	var out []string
	for c, err := range r.Walk(t.Context(), tips, exclude, o) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, c.Subject())
	}
	return strings.Join(out, " ")
}

// diamond is a, then b and c beside each other, then d, then e; made at 10,
// 20, 30, 40 and 50.
func diamond(t *testing.T, r *repo.Repo) map[string]object.ID {
	ids := map[string]object.ID{}
	for i, c := range []struct{ name, parents string }{{"a", ""}, {"b", "a"}, {"c", "a"}, {"d", "bc"}, {"e", "d"}} {
		var parents []object.ID
		for _, p := range c.parents {
			parents = append(parents, ids[string(p)])
		}
		ids[c.name] = rawCommit(t, r, c.name, int64(10*(i+1)), parents...)
	}
	return ids
}

func TestWalkChooses(t *testing.T) {
	r := newRepo(t)
	ids := diamond(t, r)
	for _, tc := range []struct {
		name, want string
		o          repo.WalkOptions
	}{
		{"all", "e d c b a", repo.WalkOptions{}},
		{"max", "e d", repo.WalkOptions{Max: 2}},
		{"skip", "c b", repo.WalkOptions{Skip: 2, Max: 2}},
		{"since and until", "d c b", repo.WalkOptions{Since: 20, Until: 40}},
		{"author", "", repo.WalkOptions{Author: regexp.MustCompile("Bo")}},
		{"author's email", "e d c b a", repo.WalkOptions{Author: regexp.MustCompile("<ana@")}},
		{"message", "b a", repo.WalkOptions{Grep: regexp.MustCompile("[ab]")}},
		{"first parents", "e d b a", repo.WalkOptions{FirstParent: true}},
		{"own choice, then max", "d b", repo.WalkOptions{Max: 2, Keep: func(_ context.Context, c *repo.CommitInfo) (bool, error) {
			return strings.Contains("bda", c.Subject()), nil
		}}},
		{"topological", "e d c b a", repo.WalkOptions{Order: repo.OrderTopo}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := walk(t, r, []object.ID{ids["e"]}, nil, tc.o); got != tc.want {
				t.Errorf("walk yields %q, want %q", got, tc.want)
			}
		})
	}
	stop := errors.New("stop")
	for _, err := range r.Walk(t.Context(), []object.ID{ids["e"]}, nil, repo.WalkOptions{
		Keep: func(context.Context, *repo.CommitInfo) (bool, error) { return false, stop },
	}) {
		if !errors.Is(err, stop) {
			t.Errorf("err = %v", err)
		}
	}
}

func TestWalkEdges(t *testing.T) {
	r := newRepo(t)
	ids := diamond(t, r)
	for _, order := range []repo.Order{repo.OrderDate, repo.OrderTopo, repo.OrderDateTopo} {
		edges := map[string]int{}
		for c, err := range r.Walk(t.Context(), []object.ID{ids["e"]}, []object.ID{ids["b"]}, repo.WalkOptions{Order: order}) {
			if err != nil {
				t.Fatal(err)
			}
			edges[c.Subject()] = len(c.Edges)
		}
		if diff := cmp.Diff(map[string]int{"e": 1, "d": 1, "c": 0}, edges); diff != "" {
			t.Errorf("order %d: %s", order, diff)
		}
	}
}

func TestRangeEnds(t *testing.T) {
	r := newRepo(t)
	ids := diamond(t, r)
	for name, id := range ids {
		setRef(t, r, "refs/heads/"+name, id)
	}
	for in, want := range map[string]string{"e": "e d c b a", "b..d": "d c", "d..b": "", "b...c": "c b", "a...c": "c"} {
		rg, err := repo.ParseRange(in)
		if err != nil {
			t.Fatal(err)
		}
		tips, exclude, err := r.RangeEnds(t.Context(), rg)
		if err != nil {
			t.Fatal(err)
		}
		if got := walk(t, r, tips, exclude, repo.WalkOptions{}); got != want {
			t.Errorf("%s is %q, want %q", in, got, want)
		}
	}
}

// counting counts the objects that are read.
type counting struct {
	store.Store
	gets int
}

func (c *counting) Get(ctx context.Context, id object.ID) ([]byte, error) {
	c.gets++
	return c.Store.Get(ctx, id)
}

// TestWalksReadNoMoreThanTheyMust: the cost of an answer is that of the answer,
// not of the history.
func TestWalksReadNoMoreThanTheyMust(t *testing.T) {
	r := newRepo(t)
	var line []object.ID
	for i := range 500 {
		var parents []object.ID
		if i > 0 {
			parents = line[i-1 : i]
		}
		line = append(line, rawCommit(t, r, fmt.Sprint(i), int64(i), parents...))
	}
	side := rawCommit(t, r, "side", 900, line[490])
	tip := line[499]
	c := &counting{Store: r.Objects()}
	repo.SetObjects(r, c)
	for name, do := range map[string]func() error{
		"date": func() error { walk(t, r, []object.ID{tip}, nil, repo.WalkOptions{Max: 5}); return nil },
		"topo": func() error {
			walk(t, r, []object.ID{tip, side}, nil, repo.WalkOptions{Max: 5, Order: repo.OrderTopo})
			return nil
		},
		"range": func() error { walk(t, r, []object.ID{tip}, []object.ID{side}, repo.WalkOptions{}); return nil },
		"base":  func() error { _, err := r.MergeBases(t.Context(), tip, side); return err },
		"is":    func() error { _, err := r.IsAncestor(t.Context(), line[495], tip); return err },
		"isn't": func() error { _, err := r.IsAncestor(t.Context(), tip, side); return err },
	} {
		c.gets = 0
		if err := do(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.gets > 25 {
			t.Errorf("%s reads %d commits of 501", name, c.gets)
		}
	}
}

// TestWrongGeneration: a commit that lies about its place is corrupt, and the
// walks that rely on it say so.
func TestWrongGeneration(t *testing.T) {
	r := newRepo(t)
	a := rawCommit(t, r, "a", 1)
	b := rawCommit(t, r, "b", 2, a)
	top := rawCommit(t, r, "top", 3, b)
	c, err := r.Commit(t.Context(), top)
	if err != nil {
		t.Fatal(err)
	}
	c.Generation, c.Parents = 2, []object.ID{b}
	enc, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	liar := putObject(t, r, enc)
	for c, err := range r.Walk(t.Context(), []object.ID{liar}, []object.ID{a}, repo.WalkOptions{}) {
		if !errors.Is(err, object.ErrCorrupt) {
			t.Errorf("Walk = %v, %v, want ErrCorrupt", c, err)
		}
	}
	if _, err := r.MergeBases(t.Context(), liar, a); !errors.Is(err, object.ErrCorrupt) {
		t.Errorf("MergeBases = %v, want ErrCorrupt", err)
	}
}
