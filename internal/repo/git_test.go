package repo_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

// node is one commit of a history: its time and parents, by position.
type node struct {
	when    int64
	parents []int
}

// twins is one history in a Strata repository and in a git repository. Commits
// are called by their positions.
type twins struct {
	r    *repo.Repo
	ids  []object.ID
	back map[object.ID]string
	dir  string            // of git
	git  map[string]string // git's id -> position
}

func gitRun(t rapid.TB, dir, stdin string, args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-c", "user.name=Ana", "-c", "user.email=ana@example.com"}, args...)...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_COMMITTER_DATE=1700000000 +0000", "GIT_AUTHOR_DATE=1700000000 +0000")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %v: %v: %s", args, err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}

func mustGit(t rapid.TB, dir, stdin string, args ...string) string {
	out, err := gitRun(t, dir, stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func needGit(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
}

// newTwins builds the history in both; refs maps full ref names to positions.
func newTwins(t testing.TB, nodes []node, refs map[string]int) *twins {
	w := &twins{r: newRepo(t), back: map[object.ID]string{}, dir: t.TempDir(), git: map[string]string{}}
	var in strings.Builder
	for i, n := range nodes {
		var parents []object.ID
		fmt.Fprintf(&in, "commit refs/heads/tmp\nmark :%d\ncommitter Ana <ana@example.com> %d +0000\ndata <<E\nc%d\nE\n", i+1, n.when, i)
		if len(n.parents) == 0 {
			in.WriteString("deleteall\n")
		}
		for j, p := range n.parents {
			parents = append(parents, w.ids[p])
			fmt.Fprintf(&in, "%s :%d\n", [2]string{"from", "merge"}[min(j, 1)], p+1)
		}
		in.WriteString("\nreset refs/heads/tmp\n\n")
		id := rawCommit(t, w.r, fmt.Sprintf("c%d\n", i), n.when, parents...)
		w.ids = append(w.ids, id)
		w.back[id] = fmt.Sprint(i)
	}
	for name, i := range refs {
		fmt.Fprintf(&in, "reset %s\nfrom :%d\n\n", name, i+1)
		setRef(t, w.r, name, w.ids[i])
	}
	mustGit(t, w.dir, "", "init", "-q", "-b", "main")
	mustGit(t, w.dir, in.String(), "fast-import", "--quiet", "--force", "--export-marks=marks")
	marks, err := os.ReadFile(filepath.Join(w.dir, "marks"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(marks)) {
		var i int
		var id string
		if _, err := fmt.Sscanf(line, ":%d %s", &i, &id); err != nil {
			t.Fatal(err)
		}
		w.git[id] = fmt.Sprint(i - 1)
	}
	return w
}

// gitID returns git's id of commit i.
func (w *twins) gitID(i int) string {
	for id, at := range w.git {
		if at == fmt.Sprint(i) {
			return id
		}
	}
	return ""
}

// positions translates ids of either kind to positions.
func (w *twins) positions(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = w.git[id]
	}
	return out
}

// drawHistory draws a history whose clocks mostly run forwards.
func drawHistory(t *rapid.T) []node {
	n := rapid.IntRange(1, 25).Draw(t, "commits")
	nodes := make([]node, n)
	for i := range nodes {
		nodes[i].when = 1_600_000_000 + int64(i)*10 + rapid.SampledFrom([]int64{0, 0, 0, 10, -35, 60}).Draw(t, "skew")
		if i == 0 {
			continue
		}
		for range rapid.SampledFrom([]int{1, 1, 1, 1, 2, 2, 3, 0}).Draw(t, "parents") {
			p := i - 1 - min(i-1, rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3, 6}).Draw(t, "back"))
			if !slices.Contains(nodes[i].parents, p) {
				nodes[i].parents = append(nodes[i].parents, p)
			}
		}
	}
	return nodes
}

// gitRounds is how many random histories are compared with git's.
const gitRounds = 15

// TestHistoryAgainstGit compares the orders, ranges and merge bases of random
// histories with those of git.
func TestHistoryAgainstGit(t *testing.T) {
	needGit(t)
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		if round++; round > gitRounds {
			return // a process for each question: enough
		}
		nodes := drawHistory(rt)
		w := newTwins(t, nodes, nil)
		pick := rapid.IntRange(0, len(nodes)-1)
		a, b, c := pick.Draw(rt, "a"), pick.Draw(rt, "b"), pick.Draw(rt, "c")
		w.compareWalks(rt, a, b, c)
		w.compareBases(rt, a, b)
	})
}

func (w *twins) compareWalks(t *rapid.T, a, b, c int) {
	for flag, o := range map[string]repo.WalkOptions{
		"--date-order":   {Order: repo.OrderDateTopo},
		"--topo-order":   {Order: repo.OrderTopo},
		"--first-parent": {FirstParent: true},
		"--skip=1":       {Skip: 1, Max: 3},
		"":               {},
	} {
		for _, q := range []struct{ tips, exclude []int }{{tips: []int{a}}, {tips: []int{a, b}}, {[]int{a}, []int{b}}, {[]int{a, b}, []int{c}}} {
			if o.FirstParent && q.exclude != nil {
				continue // git follows first parents of the excluded too
			}
			args := []string{"rev-list"}
			if flag != "" {
				args = append(args, flag)
			}
			if o.Max > 0 {
				args = append(args, fmt.Sprintf("-n%d", o.Max))
			}
			var tips, exclude []object.ID
			for _, i := range q.tips {
				args = append(args, w.gitID(i))
				tips = append(tips, w.ids[i])
			}
			for _, i := range q.exclude {
				args = append(args, "^"+w.gitID(i))
				exclude = append(exclude, w.ids[i])
			}
			var got []string
			for ci, err := range w.r.Walk(t.Context(), tips, exclude, o) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, w.back[ci.ID])
			}
			want := w.positions(strings.Fields(mustGit(t, w.dir, "", args...)))
			if diff := cmp.Diff(want, got, equateEmpty); diff != "" {
				t.Fatalf("git %s, tips %v without %v: %s", flag, q.tips, q.exclude, diff)
			}
		}
	}
}

var equateEmpty = cmp.Transformer("empty", func(s []string) string { return strings.Join(s, " ") })

func (w *twins) compareBases(t *rapid.T, a, b int) {
	bases, err := w.r.MergeBases(t.Context(), w.ids[a], w.ids[b])
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, id := range bases {
		got = append(got, w.back[id])
	}
	out, err := gitRun(t, w.dir, "", "merge-base", "--all", w.gitID(a), w.gitID(b))
	if err != nil {
		out = "" // exit 1: none
	}
	want := w.positions(strings.Fields(out))
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got, equateEmpty); diff != "" {
		t.Fatalf("merge bases of %d and %d: %s", a, b, diff)
	}
	is, err := w.r.IsAncestor(t.Context(), w.ids[a], w.ids[b])
	if err != nil {
		t.Fatal(err)
	}
	_, err = gitRun(t, w.dir, "", "merge-base", "--is-ancestor", w.gitID(a), w.gitID(b))
	if is != (err == nil) {
		t.Fatalf("IsAncestor(%d, %d) = %v, git says %v", a, b, is, err == nil)
	}
}

// TestRevParseAgainstGit asks both for the same revisions of one repository.
func TestRevParseAgainstGit(t *testing.T) {
	needGit(t)
	nodes := []node{{when: 1}, {2, []int{0}}, {3, []int{1}}, {4, []int{1}}, {5, []int{2, 3}}, {6, []int{4}}, {7, []int{1}}}
	w := newTwins(t, nodes, map[string]int{
		"refs/heads/main": 5, "refs/heads/side": 3, "refs/heads/a/b": 6, "refs/tags/v1": 4, "refs/tags/side": 1, "refs/remotes/origin/main": 2,
	})
	mustGit(t, w.dir, "", "symbolic-ref", "HEAD", "refs/heads/main")
	// The same switches and resets in both, for the reflogs.
	for _, to := range []string{"a/b", "main"} {
		mustGit(t, w.dir, "", "checkout", "-q", to)
		if _, _, err := w.r.Switch(t.Context(), repo.SwitchOptions{Branch: to, By: ana}); err != nil {
			t.Fatal(err)
		}
	}
	for _, to := range []int{4, 2} {
		mustGit(t, w.dir, "", "reset", "-q", "--soft", w.gitID(to))
		if _, err := w.r.Reset(t.Context(), repo.ResetOptions{To: w.ids[to], Name: "x", By: ana}); err != nil {
			t.Fatal(err)
		}
	}
	mustGit(t, w.dir, "", "checkout", "-q", "--detach", w.gitID(4))
	if _, _, err := w.r.Switch(t.Context(), repo.SwitchOptions{Detach: w.ids[4], Name: "x", By: ana}); err != nil {
		t.Fatal(err)
	}
	for _, rev := range []string{
		"HEAD", "@", "main", "side", "heads/side", "tags/side", "refs/heads/side", "a/b", "origin/main", "v1", "ORIG_HEAD", "nope", "a",
		"HEAD~", "HEAD~1", "HEAD^", "HEAD^1", "HEAD^2", "HEAD^3", "HEAD^0", "HEAD~0", "HEAD^2~1", "HEAD~2", "HEAD~3", "HEAD^^", "v1^{commit}", "v1^{}", "v1^2^", "HEAD^^^^",
		"@{0}", "@{1}", "HEAD@{0}", "HEAD@{1}", "HEAD@{2}", "HEAD@{3}", "HEAD@{4}", "main@{0}", "main@{1}", "main@{2}", "main@{9}", "@{-1}", "@{-2}", "@{-3}", "@{-9}", "@{-1}~1", "@@{1}",
		"HEAD~x", "HEAD^{nope}", "@{x", "main@{1}^2",
	} {
		out, err := gitRun(t, w.dir, "", "rev-parse", "--verify", "-q", rev)
		want := w.git[out]
		if err != nil {
			want = "none"
		}
		id, err := w.r.Resolve(t.Context(), rev)
		got := w.back[id]
		if err != nil {
			got = "none"
		}
		if got != want || got == "" {
			t.Errorf("Resolve(%s) = commit %s (%v), git says %s", rev, got, err, want)
		}
	}
}
