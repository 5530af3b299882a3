package strata_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/strata-data/strata/pkg/strata"
)

// TestMergeAsGit makes the same random history in a git repository in which each
// sample is a file, and merges the same branches: what git merges, Strata merges
// to the same, and what git calls a conflict is one, in the same samples. Only
// where git merges several common commits that conflict among themselves, which
// it does by writing conflict marks into the base, may Strata find no conflict.
func TestMergeAsGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	n := 6
	if os.Getenv("STRATA_NIGHTLY") != "" {
		n = 100
	}
	for seed := range uint64(n) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			g := &gitTwin{mergeWorld: newMergeWorld(t), t: t, git: t.TempDir(), rng: rand.New(rand.NewPCG(seed, 1))}
			g.run()
		})
	}
}

// gitTwin is a repository beside one of git with the same history.
type gitTwin struct {
	*mergeWorld
	t   *testing.T
	git string
	rng *rand.Rand
}

func (g *gitTwin) run() {
	g.must("init", "-q", "-b", "main")
	s := sheet{columns: []string{"v"}, rows: map[int]map[string]string{}}
	for k := range 12 {
		s.rows[k] = map[string]string{"v": "x"}
	}
	g.both(s, "base")
	branches := []string{"main"}
	for range 3 {
		name := fmt.Sprintf("b%d", len(branches))
		g.must("branch", name)
		g.switchTo(strata.SwitchOptions{Target: name, Create: true, Start: "main"})
		branches = append(branches, name)
	}
	for range 30 {
		at := branches[g.rng.IntN(len(branches))]
		g.must("checkout", "-q", at)
		g.switchTo(strata.SwitchOptions{Target: at})
		if g.rng.IntN(3) > 0 {
			g.both(g.edit(), "edit")
			continue
		}
		g.merge(branches[g.rng.IntN(len(branches))])
	}
}

// must runs git, with which everything has to work.
func (g *gitTwin) must(args ...string) string {
	g.t.Helper()
	out, err := g.try(args...)
	if err != nil {
		g.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (g *gitTwin) try(args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-c", "merge.renames=false", "-c", "user.name=a", "-c", "user.email=a@b"}, args...)...)
	cmd.Dir = g.git
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "HOME="+g.git,
		fmt.Sprintf("GIT_COMMITTER_DATE=@%d +0000", g.now), fmt.Sprintf("GIT_AUTHOR_DATE=@%d +0000", g.now))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// both commits a state in both repositories.
func (g *gitTwin) both(s sheet, message string) {
	g.t.Helper()
	old, err := filepath.Glob(filepath.Join(g.git, "s*"))
	g.do(err)
	for _, f := range old {
		g.do(os.Remove(f))
	}
	for k, row := range s.rows {
		g.do(os.WriteFile(filepath.Join(g.git, "s"+strconv.Itoa(k)), []byte(row["v"]+"\n"), 0o666))
	}
	g.commit(s, message)
	g.must("add", "-A")
	g.must("commit", "-q", "--allow-empty", "-m", message)
}

// state returns the samples of git's working directory.
func (g *gitTwin) state() sheet {
	s := sheet{columns: []string{"v"}, rows: map[int]map[string]string{}}
	found, err := filepath.Glob(filepath.Join(g.git, "s*"))
	g.do(err)
	for _, f := range found {
		b, err := os.ReadFile(f)
		g.do(err)
		k, err := strconv.Atoi(filepath.Base(f)[1:])
		g.do(err)
		s.rows[k] = map[string]string{"v": strings.TrimSuffix(string(b), "\n")}
	}
	return s
}

// edit changes, adds or removes a sample or two.
func (g *gitTwin) edit() sheet {
	s := g.state()
	for range 1 + g.rng.IntN(2) {
		k := g.rng.IntN(15)
		if g.rng.IntN(6) == 0 && len(s.rows) > 2 {
			delete(s.rows, k)
			continue
		}
		s.rows[k] = map[string]string{"v": string(rune('a' + g.rng.IntN(4)))}
	}
	return s
}

// merge merges a branch in both.
func (g *gitTwin) merge(branch string) {
	g.t.Helper()
	ctx := context.Background()
	bases := strings.Fields(first(g.try("merge-base", "--all", "HEAD", branch)))
	out, gitErr := g.try("merge", "--no-edit", branch)
	_, err := g.r.Merge(ctx, strata.MergeOptions{Revisions: []string{branch}})
	conflict := (*strata.ConflictError)(nil)
	if err != nil && !errors.As(err, &conflict) {
		g.t.Fatal(err)
	}
	switch {
	case gitErr == nil && err == nil:
	case gitErr == nil:
		g.t.Fatalf("git merges %s and strata does not: %v", branch, err)
	case err == nil && len(bases) > 1:
		g.must("merge", "--abort")
		_, err := g.r.Reset(ctx, strata.ResetOptions{Mode: "hard", Revision: "ORIG_HEAD"})
		g.do(err)
		return
	case err == nil:
		g.t.Fatalf("strata merges %s and git does not: %s", branch, out)
	default:
		if len(bases) == 1 {
			g.sameConflicts()
		}
		g.must("merge", "--abort")
		_, err := g.r.Abort(ctx, false, "merge")
		g.do(err)
	}
	if got, want := g.file(), g.state().text(); got != want {
		g.t.Fatalf("after merging %s: strata has\n%s\ngit has\n%s", branch, got, want)
	}
}

func first(s string, _ error) string { return s }

// sameConflicts compares the samples that are in conflict.
func (g *gitTwin) sameConflicts() {
	g.t.Helper()
	ctx := context.Background()
	var git, ours []string
	for _, f := range strings.Fields(g.must("diff", "--name-only", "--diff-filter=U")) {
		git = append(git, f[1:])
	}
	c, err := g.r.Conflicts(ctx, strata.ConflictsOptions{})
	g.do(err)
	for x, err := range c.All(ctx) {
		g.do(err)
		ours = append(ours, x.Key)
	}
	slices.Sort(git)
	slices.Sort(ours)
	if !slices.Equal(git, ours) {
		g.t.Fatalf("git has conflicts in %v, strata in %v", git, ours)
	}
}
