package historytest_test

import (
	"flag"
	"path/filepath"
	"testing"

	"github.com/strata-data/strata/internal/history/historytest"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

// Flags keep a repository, to run commands in.
var (
	longDir  = flag.String("long", "", "make the repository of Long in this new `DIR`")
	livesDir = flag.String("lives", "", "make the repository of Lives in this new `DIR`")
	rows     = flag.Int("rows", 1_000_000, "samples of -lives")
	edits    = flag.Int("edits", 1000, "samples that each commit of -lives changes")
	commits  = flag.Int("commits", 1000, "commits of -long and -lives")
)

func TestLong(t *testing.T) {
	dir, n := *longDir, *commits
	if dir == "" {
		dir, n = filepath.Join(t.TempDir(), "r"), 100
	}
	if err := historytest.Long(t.Context(), dir, n); err != nil {
		t.Fatal(err)
	}
	if got := count(t, dir, "main", "early", "half"); got != n && got != n+1 {
		t.Errorf("%d commits, want %d or one more", got, n)
	}
}

func TestLives(t *testing.T) {
	dir, o := *livesDir, historytest.LivesOptions{Rows: *rows, Edits: *edits, Commits: *commits}
	if dir == "" {
		dir, o = filepath.Join(t.TempDir(), "r"), historytest.LivesOptions{Rows: 3000, Edits: 10, Commits: 101}
	}
	if err := historytest.Lives(t.Context(), dir, o); err != nil {
		t.Fatal(err)
	}
	if got := count(t, dir, "main"); got != o.Commits+1 {
		t.Errorf("%d commits, want %d", got, o.Commits+1)
	}
}

// count returns how many commits branches reach.
func count(t *testing.T, dir string, branches ...string) (n int) {
	t.Helper()
	r, err := repo.Open(t.Context(), dir, repo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var tips []object.ID
	for _, name := range branches {
		id, err := r.Resolve(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		tips = append(tips, id)
	}
	for _, err := range r.Walk(t.Context(), tips, nil, repo.WalkOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}
