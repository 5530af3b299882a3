package gc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/segment"
	"github.com/strata-data/strata/internal/worktree"
)

// written is the time at which everything in these repositories is written.
const written = 1_000_000

// versions makes a repository of a few commits of a wide and a narrow column, a
// shuffled file with an odd record, and a plain file, with a tag.
func versions(t *testing.T, n int) *repo.Repo {
	t.Helper()
	dir, ctx := t.TempDir(), t.Context()
	if _, err := repo.Init(ctx, dir, repo.InitOptions{}); err != nil {
		t.Fatal(err)
	}
	r, err := repo.Open(ctx, dir, repo.Options{Now: func() time.Time { return time.Unix(written, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	by := repo.Signature{Name: "t", Email: "t@example.com", When: 1000}
	for v := range n {
		var wide, shuffled strings.Builder
		wide.WriteString("id,label,text\n")
		shuffled.WriteString("id,label\n")
		for i := range 6000 {
			if i%997 == v { // taken out
				continue
			}
			label := i % 7
			if i%400 == v {
				label = 100 + v
			}
			fmt.Fprintf(&wide, "%d,%d,%s\n", i, label, strings.Repeat(fmt.Sprint("word", i*31%89, " "), 20+label))
			fmt.Fprintf(&shuffled, "%d,%d\n", i*7919%6000, label)
		}
		shuffled.WriteString("7001,\"5\"\n")
		for name, text := range map[string]string{"wide.csv": wide.String(), "shuffled.csv": shuffled.String(), "photo.bin": strings.Repeat(fmt.Sprint(v), 300_000)} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		for _, o := range []worktree.AddOptions{{Paths: []string{"wide.csv", "shuffled.csv"}, Key: []string{"id"}}, {Paths: []string{"."}}} {
			o.Dir = dir
			res, err := worktree.Add(ctx, r, o)
			if err != nil {
				t.Fatal(err)
			}
			if err := res.Close(); err != nil {
				t.Fatal(err)
			}
		}
		locked(t, r, func() {
			if _, err := r.CreateCommit(ctx, repo.CommitOptions{Message: fmt.Sprint("version ", v), Author: by, Committer: by}); err != nil {
				t.Fatal(err)
			}
		})
	}
	return r
}

func locked(t *testing.T, r *repo.Repo, fn func()) {
	t.Helper()
	unlock, err := r.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fn()
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
}

// TestOrderIsComplete: packing meets every object that is needed, once, and finds
// the versions of all pages but a few.
func TestOrderIsComplete(t *testing.T) {
	ctx := t.Context()
	r := versions(t, 6)
	m, err := Mark(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	order, err := m.order(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	met := map[object.ID]bool{}
	first, later := map[object.Kind]int{}, map[object.Kind]int{}
	for o := range order {
		if met[o.ID] || !m.seen.Has(o.ID) {
			t.Errorf("%s is met twice, or is not needed", o.ID)
		}
		met[o.ID] = true
		b, err := r.Objects().Get(ctx, o.ID)
		if err != nil {
			t.Fatal(err)
		}
		if o.Like {
			later[object.Kind(b[0])]++
		} else {
			first[object.Kind(b[0])]++
		}
	}
	if len(met) != m.seen.Len() {
		t.Errorf("%d objects are met, %d are needed", len(met), m.seen.Len())
	}
	for _, k := range []object.Kind{object.KindPage, object.KindLeaf, object.KindPageList, object.KindTable, object.KindSource} {
		if later[k] == 0 {
			t.Errorf("no versions of a %s: first %v, later %v", k, first, later)
		}
	}
	// A tenth of the leaves end where another version's do not.
	if leaves := first[object.KindLeaf]; leaves > 14 {
		t.Errorf("%d leaves are not recognised as versions", leaves)
	}
}

// TestRunKeeps: packed or not, with everything needed nothing goes.
func TestRunKeeps(t *testing.T) {
	ctx := t.Context()
	r := versions(t, 3)
	m, err := Mark(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	was := map[object.ID]string{}
	for id := range m.seen.All() {
		b, err := r.Objects().Get(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		was[id] = string(b)
	}
	for _, aggressive := range []bool{false, true, true} {
		var phases []string
		locked(t, r, func() {
			res, err := Run(ctx, r, Options{Before: Everything, Aggressive: aggressive, Phase: func(name string) { phases = append(phases, name) }})
			if err != nil {
				t.Fatal(err)
			}
			if res.Kept.Objects != int64(len(was)) || res.Removed.Objects+res.Young.Objects+res.Left.Objects != 0 {
				t.Errorf("%+v of %d objects", res, len(was))
			}
			if aggressive && res.Segments != 2 {
				t.Errorf("%d segments", res.Segments)
			}
		})
		if len(phases) < 3 {
			t.Errorf("phases %q", phases)
		}
		for id, want := range was {
			if b, err := r.Objects().Get(ctx, id); err != nil || string(b) != want {
				t.Errorf("%s is other than it was: %v", id, err)
			}
		}
	}
}

// put publishes objects that nothing names.
func put(t *testing.T, r *repo.Repo, texts ...string) (ids []object.ID) {
	t.Helper()
	locked(t, r, func() {
		w, err := r.Objects().NewWriter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			id, err := w.Put(t.Context(), append(object.AppendHeader(nil, object.KindChunk), text...), store.Hint{})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
		}
		if _, err := w.Publish(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	return ids
}

// TestGrace: garbage goes once its segment was written before the time given, and
// the stat cache forgets what it was the content of.
func TestGrace(t *testing.T) {
	ctx := t.Context()
	r := versions(t, 1)
	ids := put(t, r, strings.Repeat("garbage", 9999), "more")
	if err := r.SaveStats(ctx, repo.StatChanges{Set: map[string]repo.FileRecord{"gone.txt": {Content: ids[1]}}}); err != nil {
		t.Fatal(err)
	}
	stats := func() int {
		c, err := r.LoadStats(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return c.Len()
	}
	files := stats()
	for _, tc := range []struct {
		before          int64
		dry             bool
		removed, young  int64
		forgotten, left int
	}{
		{0, false, 0, 2, 0, files},
		{written, true, 0, 2, 0, files},
		{Everything, true, 2, 0, 0, files},
		{written, false, 0, 2, 1, files - 1},
		{written + 1, false, 2, 0, 0, files - 1},
		{Everything, false, 0, 0, 0, files - 1},
	} {
		locked(t, r, func() {
			res, err := Run(ctx, r, Options{Before: tc.before, DryRun: tc.dry})
			if err != nil {
				t.Fatal(err)
			}
			if res.Removed.Objects != tc.removed || res.Young.Objects != tc.young || res.Forgotten != tc.forgotten || stats() != tc.left {
				t.Errorf("before %d, dry %v: %+v, %d files known", tc.before, tc.dry, res, stats())
			}
		})
	}
	for _, id := range ids {
		if ok, err := r.Objects().Has(ctx, id); ok || err != nil {
			t.Errorf("garbage %s is there: %v", id, err)
		}
	}
}

// TestBroken: while something needed is missing, nothing goes.
func TestBroken(t *testing.T) {
	ctx := t.Context()
	r := versions(t, 2)
	garbage := put(t, r, strings.Repeat("garbage", 9999))
	m, err := Mark(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	tried := map[object.Kind]bool{}
	for id := range m.seen.All() {
		b, err := r.Objects().Get(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if kind := object.Kind(b[0]); tried[kind] {
			continue
		} else {
			tried[kind] = true
		}
		// A copy of the repository that lacks just this object.
		dir := filepath.Join(t.TempDir(), "lossy")
		if err := os.CopyFS(dir, os.DirFS(r.Layout().Root)); err != nil {
			t.Fatal(err)
		}
		lossy, err := repo.Open(ctx, dir, repo.Options{})
		if err != nil {
			t.Fatal(err)
		}
		locked(t, lossy, func() {
			s := lossy.Objects().(*segment.Store)
			keep := func(x object.ID) bool { return x != id }
			order := func(yield func(segment.Ordered) bool) {
				for x, err := range s.Objects(ctx) {
					if err != nil || keep(x) && !yield(segment.Ordered{ID: x}) {
						return
					}
				}
			}
			if _, err := s.Sweep(ctx, segment.SweepOptions{Keep: keep, Before: Everything, Order: order}); err != nil {
				t.Fatal(err)
			}
			_, err := Run(ctx, lossy, Options{Before: Everything})
			broken, ok := errors.AsType[*BrokenError](err)
			if !ok || !errors.Is(err, object.ErrNotFound) || broken.Why == "" {
				t.Errorf("without a %s: %v", object.Kind(b[0]), err)
			}
			if ok, err := s.Has(ctx, garbage[0]); !ok || err != nil {
				t.Errorf("without a %s garbage was removed: %v", object.Kind(b[0]), err)
			}
		})
		if err := lossy.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(tried) < 10 {
		t.Errorf("tried only %v", tried)
	}
}

// TestRefsMoveMeanwhile: a branch that is made, without the lock, after everything
// needed was found keeps what it names.
func TestRefsMoveMeanwhile(t *testing.T) {
	ctx := t.Context()
	r := versions(t, 2)
	by := repo.Signature{Name: "t", Email: "t@example.com", When: 1000}
	head, err := r.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.Commit(ctx, head.ID)
	if err != nil {
		t.Fatal(err)
	}
	locked(t, r, func() {
		var lost *repo.CommitInfo
		w, err := r.Objects().NewWriter(ctx)
		if err != nil {
			t.Fatal(err)
		}
		lost, err = r.PutCommit(ctx, w, map[string]object.ID{}, repo.Commit{Parents: c.Parents, Author: by, Committer: by, Message: "lost\n"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Publish(ctx); err != nil {
			t.Fatal(err)
		}
		made := false
		_, err = Run(ctx, r, Options{Before: Everything, Phase: func(name string) {
			if name == "rewriting" && !made {
				made = true
				if err := r.CreateBranch(ctx, repo.BranchOptions{Name: "found", Start: lost.ID, From: "lost", By: by}); err != nil {
					t.Error(err)
				}
			}
		}})
		if err != nil {
			t.Error(err)
		}
		if ok, err := r.Objects().Has(ctx, lost.ID); !ok || err != nil {
			t.Errorf("the commit of a branch is gone: %v", err)
		}
	})
}
