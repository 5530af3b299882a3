package repo_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

// drawGrowing makes a history of up to most commits with dates that grow.
func drawGrowing(t *rapid.T, most int) []node {
	n := rapid.IntRange(2, most).Draw(t, "commits")
	merges := rapid.IntRange(0, 40).Draw(t, "percent of merges")
	nodes := make([]node, n)
	for i := range nodes {
		nodes[i].when = int64(1000 + i)
		if i == 0 {
			continue
		}
		near := func() int { return rapid.IntRange(max(0, i-8), i-1).Draw(t, "parent") }
		nodes[i].parents = []int{near()}
		for rapid.IntRange(0, 99).Draw(t, "merge") < merges && len(nodes[i].parents) < 3 {
			if p := near(); !slices.Contains(nodes[i].parents, p) {
				nodes[i].parents = append(nodes[i].parents, p)
			}
		}
	}
	return nodes
}

// reaching returns which commits reach each commit of a history, themselves too.
func reaching(nodes []node) [][]bool {
	out := make([][]bool, len(nodes))
	for i := range nodes {
		out[i] = make([]bool, len(nodes))
		out[i][i] = true
		for _, p := range nodes[i].parents {
			for j := range nodes {
				out[i][j] = out[i][j] || out[p][j]
			}
		}
	}
	return out
}

// search is a bisection for a culprit that is known to the test.
type search struct {
	reach   [][]bool
	culprit int
	bad     int
	good    []int
	skip    []int
	basesOK bool
}

// drawSearch picks a culprit, a bad commit that has it, and good ones that do not.
func drawSearch(t *rapid.T, nodes []node) (*search, bool) {
	s := &search{reach: reaching(nodes)}
	s.culprit = rapid.IntRange(0, len(nodes)-1).Draw(t, "culprit")
	var bad, good []int
	for i := range nodes {
		if s.isBad(i) {
			bad = append(bad, i)
		} else {
			good = append(good, i)
		}
	}
	if len(good) == 0 {
		return nil, false
	}
	s.bad = rapid.SampledFrom(bad).Draw(t, "bad")
	for range rapid.IntRange(1, 3).Draw(t, "goods") {
		if g := rapid.SampledFrom(good).Draw(t, "good"); !slices.Contains(s.good, g) {
			s.good = append(s.good, g)
		}
	}
	return s, true
}

func (s *search) isBad(i int) bool { return s.reach[i][s.culprit] }

// question is what is known to Bisect.
func (s *search) question(w *twins) repo.BisectQuestion {
	q := repo.BisectQuestion{Bad: w.ids[s.bad], BasesOK: s.basesOK}
	for _, g := range s.good {
		q.Good = append(q.Good, w.ids[g])
	}
	for _, i := range s.skip {
		q.Skip = append(q.Skip, w.ids[i])
	}
	return q
}

// TestBisectIsGits: the commit to test, how many are left and the number of steps
// are git's at every step, and the search ends at the culprit.
func TestBisectIsGits(t *testing.T) {
	needGit(t)
	rapid.Check(t, func(rt *rapid.T) {
		nodes := drawGrowing(rt, 40)
		s, ok := drawSearch(rt, nodes)
		if !ok {
			rt.Skip("no good commit")
		}
		w := newTwins(t, nodes, map[string]int{"refs/heads/main": len(nodes) - 1})
		args := []string{"bisect", "start", "--no-checkout", w.gitID(s.bad)}
		for _, g := range s.good {
			args = append(args, w.gitID(g))
		}
		said := mustGit(rt, w.dir, "", args...)
		for range len(nodes) {
			a, err := w.r.Bisect(context.Background(), s.question(w))
			if err != nil {
				rt.Fatalf("bisect: %v", err)
			}
			s.basesOK = a.BasesOK
			at := slices.Index(w.ids, a.Next)
			if a.Found {
				if at != s.culprit {
					rt.Fatalf("found %d, the culprit is %d", at, s.culprit)
				}
				if want := w.gitID(at) + " is the first bad commit"; !strings.Contains(said, want) {
					rt.Fatalf("git says %q, want %q", said, want)
				}
				return
			}
			if got := w.git[mustGit(rt, w.dir, "", "rev-parse", "BISECT_HEAD")]; got != fmt.Sprint(at) {
				rt.Fatalf("to test: %d, git takes %s and says %q", at, got, said)
			}
			want := fmt.Sprintf("(roughly %d step", a.Steps)
			if a.MergeBase {
				want = "a merge base must be tested"
			} else if left := fmt.Sprintf("Bisecting: %d revision", a.Left); !strings.Contains(said, left) {
				rt.Fatalf("git says %q, want %q", said, left)
			}
			if !strings.Contains(said, want) {
				rt.Fatalf("git says %q, want %q", said, want)
			}
			word := "good"
			if s.isBad(at) {
				word, s.bad = "bad", at
			} else {
				s.good = append(s.good, at)
			}
			said = mustGit(rt, w.dir, "", "bisect", word)
		}
		rt.Fatal("the search does not end")
	})
}

// TestBisectFindsTheCulprit: with commits that cannot be tested the search ends at
// the culprit, or names commits that it is among and that were skipped but for the
// last.
func TestBisectFindsTheCulprit(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		nodes := drawGrowing(rt, 60)
		s, ok := drawSearch(rt, nodes)
		if !ok {
			rt.Skip("no good commit")
		}
		w := &twins{r: newRepo(t)}
		for i, n := range nodes {
			var parents []object.ID
			for _, p := range n.parents {
				parents = append(parents, w.ids[p])
			}
			w.ids = append(w.ids, rawCommit(t, w.r, fmt.Sprint(i), n.when, parents...))
		}
		broken := map[int]bool{}
		for range rapid.IntRange(0, len(nodes)).Draw(rt, "broken") {
			broken[rapid.IntRange(0, len(nodes)-1).Draw(rt, "which")] = true
		}
		tests, skippedBases := 0, false
		for {
			a, err := w.r.Bisect(context.Background(), s.question(w))
			if err != nil {
				rt.Fatalf("bisect: %v", err)
			}
			s.basesOK = a.BasesOK
			skippedBases = skippedBases || len(a.Skipped) > 0
			at := slices.Index(w.ids, a.Next)
			if len(a.Untested) > 0 {
				if !slices.Contains(a.Untested, w.ids[s.culprit]) && !skippedBases {
					rt.Fatalf("the culprit %d is not among %v", s.culprit, a.Untested)
				}
				for _, id := range a.Untested {
					if i := slices.Index(w.ids, id); !broken[i] && i != s.bad {
						rt.Fatalf("%d can be tested", i)
					}
				}
				return
			}
			if a.Found {
				if at != s.culprit && !skippedBases {
					rt.Fatalf("found %d, the culprit is %d", at, s.culprit)
				}
				return
			}
			if at < 0 || slices.Contains(s.skip, at) || at == s.bad || slices.Contains(s.good, at) {
				rt.Fatalf("to test: %d, which is known", at)
			}
			switch {
			case broken[at]:
				s.skip = append(s.skip, at)
			case s.isBad(at):
				s.bad = at
			default:
				s.good = append(s.good, at)
			}
			if tests++; tests > 2*len(nodes) {
				rt.Fatal("the search does not end")
			}
		}
	})
}

// TestBisectHalves: on a line of n commits it takes log2 n tests.
func TestBisectHalves(t *testing.T) {
	r := newRepo(t)
	var ids []object.ID
	for i := range 1000 {
		var parents []object.ID
		if i > 0 {
			parents = ids[i-1:]
		}
		ids = append(ids, rawCommit(t, r, fmt.Sprint(i), int64(i), parents...))
	}
	for _, culprit := range []int{1, 499, 500, 998, 999} {
		q := repo.BisectQuestion{Bad: ids[999], Good: ids[:1]}
		for tests := 0; ; tests++ {
			a, err := r.Bisect(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			at := slices.Index(ids, a.Next)
			if a.Found {
				if at != culprit || tests > 10 {
					t.Errorf("culprit %d: found %d after %d tests", culprit, at, tests)
				}
				break
			}
			if at >= culprit {
				q.Bad = ids[at]
			} else {
				q.Good = append(q.Good, ids[at])
			}
		}
	}
	if _, err := r.Bisect(t.Context(), repo.BisectQuestion{Bad: ids[5], Good: ids[9:10]}); !errors.As(err, new(*repo.BisectBaseError)) {
		t.Errorf("bad before good: %v", err)
	}
	// Only every hundredth commit counts.
	q := repo.BisectQuestion{Bad: ids[999], Good: ids[:1], Changes: func(_ context.Context, c *repo.CommitInfo) (bool, error) {
		return c.Committer.When%100 == 0, nil
	}}
	a, err := r.Bisect(t.Context(), q)
	if at := slices.Index(ids, a.Next); err != nil || at%100 != 0 || a.All != 9 {
		t.Errorf("of every hundredth: %d of %d, %v", at, a.All, err)
	}
	q.Changes = func(context.Context, *repo.CommitInfo) (bool, error) { return false, nil }
	if a, err := r.Bisect(t.Context(), q); err != nil || a.All != 0 || !a.Next.IsZero() {
		t.Errorf("of none: %+v, %v", a, err)
	}
}
