package strata_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/pkg/strata"
)

// gcWorld is a repository beside the contents that each of its commits had.
type gcWorld struct {
	t       *testing.T
	dir     string
	rng     *rand.Rand
	now     time.Time
	commits map[strata.ID][2]string // train.csv and photo.bin
	rows    []int
	photo   string
	log     []string
}

// TestGCKeepsWhatIsReached runs random steps and gc between them. A commit that a
// ref, a reflog, or an operation leads to comes back with the same bytes, undo goes
// on working, and the check finds nothing. Once everything may go, the commits that
// nothing leads to are gone. STRATA_TEST_SEED=N runs one sequence again.
func TestGCKeepsWhatIsReached(t *testing.T) {
	first, n := uint64(1), 8
	if testing.Short() {
		n = 2
	}
	if s := os.Getenv("STRATA_TEST_SEED"); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		first, n = seed, 1
	}
	for seed := first; seed < first+uint64(n); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := &gcWorld{t: t, dir: t.TempDir(), rng: rand.New(rand.NewPCG(seed, 7)), now: time.Unix(1767323045, 0), commits: map[strata.ID][2]string{}}
			defer func() {
				if t.Failed() {
					t.Logf("seed %d: %q", seed, w.log)
				}
			}()
			if _, err := strata.Init(t.Context(), w.dir, strata.InitOptions{}); err != nil {
				t.Fatal(err)
			}
			for i := range 300 {
				w.rows = append(w.rows, i)
			}
			w.do("commit")
			for range 25 {
				w.step()
			}
			w.do("gc")
			w.do("expire")
			w.do("gc everything")
		})
	}
}

func (w *gcWorld) step() {
	kinds := []string{"commit", "commit", "commit", "stage", "branch", "switch", "switch", "delete", "reset", "undo", "undo", "tag", "amend", "gc", "gc", "expire"}
	w.now = w.now.Add(time.Duration(w.rng.IntN(100)) * time.Hour)
	w.do(kinds[w.rng.IntN(len(kinds))])
}

// edit changes the working files.
func (w *gcWorld) edit() {
	for range 1 + w.rng.IntN(5) {
		w.rows[w.rng.IntN(len(w.rows))] = 1000 + w.rng.IntN(1000)
	}
	if w.rng.IntN(2) == 0 || w.photo == "" {
		b := make([]byte, 100+w.rng.IntN(150_000))
		for i := range b {
			b[i] = byte(w.rng.Uint32())
		}
		w.photo = string(b)
	}
	var csv bytes.Buffer
	csv.WriteString("id,label\n")
	for i, v := range w.rows {
		fmt.Fprintf(&csv, "%d,%d\n", i, v)
	}
	for name, text := range map[string]string{"train.csv": csv.String(), "photo.bin": w.photo} {
		if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o666); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *gcWorld) file(name string) string {
	b, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

// do takes one step. Steps that are refused, such as deleting the current branch,
// change nothing and are no error here.
func (w *gcWorld) do(kind string) {
	t, ctx := w.t, w.t.Context()
	t.Helper()
	identity := map[string]string{"STRATA_AUTHOR_NAME": "t", "STRATA_AUTHOR_EMAIL": "t@example.com"}
	r, err := strata.Open(ctx, w.dir, strata.Options{Now: func() time.Time { return w.now }, Getenv: func(name string) string { return identity[name] }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	refused := false
	may := func(err error) { refused = err != nil }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
	}
	branch := fmt.Sprintf("b%d", w.rng.IntN(4))
	switch kind {
	case "commit", "stage", "amend":
		w.edit()
		_, err := r.Add(ctx, strata.AddOptions{Dir: w.dir, Paths: []string{"."}, Key: []string{"id"}})
		must(err)
		if kind == "stage" {
			break
		}
		res, err := r.Commit(ctx, strata.CommitOptions{Message: kind, Amend: kind == "amend", AllowEmpty: true})
		must(err)
		w.commits[res.Commit.ID] = [2]string{w.file("train.csv"), w.file("photo.bin")}
	case "branch":
		may(r.CreateBranch(ctx, branch, "HEAD", false))
	case "switch":
		_, err := r.Switch(ctx, strata.SwitchOptions{Target: branch, Force: true})
		may(err)
	case "delete":
		_, err := r.DeleteBranch(ctx, branch, true)
		may(err)
	case "reset":
		_, err := r.Reset(ctx, strata.ResetOptions{Revision: "HEAD~1", Mode: "hard"})
		may(err)
	case "undo":
		_, err := r.Undo(ctx, strata.UndoOptions{Redo: w.rng.IntN(3) == 0})
		may(err)
	case "tag":
		_, err := r.CreateTag(ctx, strata.TagOptions{Name: branch, Annotate: w.rng.IntN(2) == 0, Message: "a tag", Force: true})
		may(err)
	case "expire":
		_, err := r.ExpireReflog(ctx, strata.ExpireOptions{All: true, Before: []string{"now", "2d"}[w.rng.IntN(2)]})
		must(err)
	case "gc", "gc everything":
		o := strata.GCOptions{Prune: []string{"", "now", "3d", "never"}[w.rng.IntN(4)], Aggressive: w.rng.IntN(2) == 0}
		if kind != "gc" {
			o = strata.GCOptions{Prune: "now", Aggressive: true}
		}
		_, err := r.GC(ctx, o)
		must(err)
		w.check(r, o)
	}
	w.log = append(w.log, fmt.Sprint(kind, " ", branch, " ", !refused))
}

// check says whether everything is there that should be, and nothing else where all
// garbage had to go.
func (w *gcWorld) check(r *strata.Repo, o strata.GCOptions) {
	t, ctx := w.t, w.t.Context()
	t.Helper()
	rep, err := r.Fsck(ctx, strata.FsckOptions{Deep: true})
	if err != nil {
		t.Fatal(err)
	}
	if !rep.OK {
		t.Fatalf("after gc %+v the check found %+v", o, rep.Findings)
	}
	alive := w.alive()
	for id := range alive {
		was, ok := w.commits[id]
		if !ok {
			t.Fatalf("the commit %s was never made", id)
		}
		for i, address := range []string{"train", "photo.bin"} {
			if got := w.restored(r, id, address); got != was[i] {
				t.Fatalf("%s of %s is other than it was: %d bytes, want %d", address, id.Short(), len(got), len(was[i]))
			}
		}
	}
	if o.Prune != "now" || !o.Aggressive {
		return
	}
	for id := range w.commits {
		if _, err := r.Object(ctx, id.String()); !alive[id] && !errors.As(err, new(*repo.UnknownRevisionError)) {
			t.Fatalf("nothing leads to the commit %s, but it is there: %v", id.Short(), err)
		}
	}
}

// restored returns a file as it was in a commit.
func (w *gcWorld) restored(r *strata.Repo, id strata.ID, address string) string {
	ctx := w.t.Context()
	now := map[string]string{}
	for _, name := range []string{"train.csv", "photo.bin"} {
		now[name] = w.file(name)
	}
	defer func() {
		for name, text := range now {
			if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o666); err != nil {
				w.t.Fatal(err)
			}
		}
	}()
	if _, err := r.Restore(ctx, strata.RestoreOptions{Dir: w.dir, Addresses: []string{address}, Worktree: true, Source: id.String()}); err != nil {
		w.t.Fatal(err)
	}
	if address == "train" {
		return w.file("train.csv")
	}
	return w.file(address)
}

// alive returns the commits that refs, reflogs and operations lead to, found
// without the walk that gc makes.
func (w *gcWorld) alive() map[strata.ID]bool {
	t, ctx := w.t, w.t.Context()
	r, err := repo.Open(ctx, w.dir, repo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	named, err := r.Tips(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.View(ctx, func(tx *repo.Tx) error {
		ids, err := tx.OperationObjects()
		named = append(named, ids...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	var tips []strata.ID
	for _, id := range named {
		if id, err := r.PeelToCommit(ctx, id); err == nil {
			tips = append(tips, id)
		} else if !errors.As(err, new(*repo.WrongKindError)) {
			t.Fatal(err)
		}
	}
	alive := map[strata.ID]bool{}
	for c, err := range r.Walk(ctx, tips, nil, repo.WalkOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		alive[c.ID] = true
	}
	return alive
}
