package graph_test

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/report/graph"
)

// step is one commit with its parents, children first.
type step struct {
	id      int
	parents []int
}

// render draws steps as `log --graph --format=%s` does, without spaces at the
// ends of lines.
func render(steps []step) string {
	var g graph.Graph[int]
	var b strings.Builder
	for _, s := range steps {
		rows := g.Add(s.id, s.parents)
		for _, r := range rows.Before {
			b.WriteString(strings.TrimRight(r, " ") + "\n")
		}
		fmt.Fprintf(&b, "%s%d\n", rows.Commit, s.id)
		for _, r := range rows.After {
			b.WriteString(strings.TrimRight(r, " ") + "\n")
		}
	}
	return b.String()
}

func TestGraph(t *testing.T) {
	for _, tc := range []struct {
		name  string
		steps []step
		want  string
	}{
		{"a line", []step{{2, []int{1}}, {1, nil}}, "* 2\n* 1\n"},
		{"a merge", []step{{4, []int{2, 3}}, {3, []int{1}}, {2, []int{1}}, {1, nil}}, `
*   4
|\
| * 3
* | 2
|/
* 1
`},
		{"two tips", []step{{3, []int{1}}, {2, []int{1}}, {1, nil}}, `
* 3
| * 2
|/
* 1
`},
		{"a long way", []step{{9, []int{1}}, {8, []int{2}}, {7, []int{3}}, {6, []int{4}}, {5, []int{1}}}, `
* 9
| * 8
| | * 7
| | | * 6
| | | | * 5
| |_|_|/
|/| | |
`},
		{"an octopus", []step{{5, []int{1, 2, 3}}, {3, []int{1}}, {2, []int{1}}, {1, nil}}, `
*-.   5
|\ \
| | * 3
| |/
|/|
| * 2
|/
* 1
`},
		{"two roots", []step{{4, []int{2, 1}}, {2, nil}, {1, nil}}, `
*   4
|\
* | 2
 /
* 1
`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(strings.TrimPrefix(tc.want, "\n"), render(tc.steps)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// gitRounds is how many random histories are compared with git's drawing.
const gitRounds = 25

func TestGraphAgainstGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		if round++; round > gitRounds {
			return // several processes each: enough
		}
		compareWithGit(t)
	})
}

func git(t *rapid.T, dir, stdin string, args ...string) string {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %v: %v", args, err)
	}
	return string(out)
}

func compareWithGit(t *rapid.T) {
	var in strings.Builder
	n := rapid.IntRange(2, 20).Draw(t, "commits")
	isParent := make([]bool, n)
	for i := range n {
		var parents []int
		if i > 0 {
			for range rapid.SampledFrom([]int{1, 1, 1, 2, 2, 0}).Draw(t, "parents") {
				p := i - 1 - min(i-1, rapid.SampledFrom([]int{0, 0, 1, 2, 4}).Draw(t, "back"))
				if !slices.Contains(parents, p) {
					parents = append(parents, p)
					isParent[p] = true
				}
			}
		}
		fmt.Fprintf(&in, "commit refs/heads/tmp\nmark :%d\ncommitter A <a@b> %d +0000\ndata <<E\n%d\nE\n", i+1, 1000+i, i)
		if len(parents) == 0 {
			in.WriteString("deleteall\n")
		}
		for j, p := range parents {
			fmt.Fprintf(&in, "%s :%d\n", [2]string{"from", "merge"}[min(j, 1)], p+1)
		}
		in.WriteString("\nreset refs/heads/tmp\n\n")
	}
	for i := range n {
		if !isParent[i] {
			fmt.Fprintf(&in, "reset refs/heads/b%d\nfrom :%d\n\n", i, i+1)
		}
	}
	dir, err := os.MkdirTemp("", "graph")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	git(t, dir, "", "init", "-q")
	git(t, dir, in.String(), "fast-import", "--quiet", "--force")
	drawn := git(t, dir, "", "log", "--graph", "--format=%s", "--branches")
	listed := git(t, dir, "", "log", "--topo-order", "--format=%H %s %P", "--branches")
	names := map[string]int{}
	var steps []step
	for line := range strings.Lines(listed) {
		f := strings.Fields(line)
		fmt.Sscan(f[1], new(int))
		var id int
		fmt.Sscan(f[1], &id)
		names[f[0]] = id
		steps = append(steps, step{id: id})
	}
	i := 0
	for line := range strings.Lines(listed) {
		for _, p := range strings.Fields(line)[2:] {
			steps[i].parents = append(steps[i].parents, names[p])
		}
		i++
	}
	var want strings.Builder
	for line := range strings.Lines(drawn) {
		want.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	if diff := cmp.Diff(want.String(), render(steps)); diff != "" {
		t.Fatalf("git draws\n%s\nthis package\n%s\nfor %v", want.String(), render(steps), steps)
	}
}
