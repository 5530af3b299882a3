package strata_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/strata-data/strata/internal/worktree"
	"github.com/strata-data/strata/pkg/strata"
)

// TestStashIsLossless: from any state of index and working files stash makes both
// those of HEAD and pop --index brings both back, byte for byte; so do undo and redo.
func TestStashIsLossless(t *testing.T) {
	undoSeeds(t, 10, func(t *testing.T, seed uint64) {
		w := newWorld(t, seed)
		defer func() {
			if t.Failed() {
				t.Logf("STRATA_TEST_SEED=%d; steps:\n%s", seed, strings.Join(w.log, "\n"))
			}
		}()
		ctx := context.Background()
		for range 15 {
			for range 4 {
				w.step()
			}
			if w.compare(); t.Failed() {
				return
			}
			if len(w.commits) == 1 {
				if _, err := w.r.Stash(ctx, strata.StashOptions{}); !errors.Is(err, strata.ErrNoCommitYet) {
					t.Fatalf("stash before the first commit: %v", err)
				}
				continue
			}
			before, files := w.moment(), readTree(t, w.dir)
			untracked := w.rng.IntN(2) == 0
			w.note("stash -u=%t", untracked)
			res, err := w.r.Stash(ctx, strata.StashOptions{Untracked: untracked})
			if !untracked && errors.As(err, new(*worktree.OverwriteError)) {
				if diff := cmp.Diff(before, w.moment()); diff != "" {
					t.Fatalf("a refused stash changed something:\n%s", diff)
				}
				continue // an untracked file is where one of HEAD has to be
			}
			if err != nil {
				t.Fatalf("stash: %v", err)
			}
			if res.Stash == nil {
				if len(before.Staged) > 0 || !w.tracked() {
					t.Fatalf("nothing to stash, but %v is staged", before.Staged)
				}
				continue
			}
			clean, aside := w.moment(), readTree(t, w.dir)
			if len(clean.Staged) > 0 {
				t.Fatalf("staged after stash: %v", clean.Staged)
			}
			head := w.commits[w.head()]
			if diff := cmp.Diff(head, only(aside, head)); diff != "" {
				t.Fatalf("files after stash (-HEAD +disk):\n%s", diff)
			}
			if untracked && len(aside) != len(head) {
				t.Fatalf("files that are left after stash -u: %v, HEAD has %v, index had %v, files were %v", aside, head, w.index, files)
			}
			w.backAndForth(before, clean, files, aside)
			if _, err := w.r.ApplyStash(ctx, strata.StashApplyOptions{Pop: true, Index: true}); err != nil {
				t.Fatalf("pop: %v", err)
			}
			if diff := cmp.Diff(before.Staged, w.moment().Staged); diff != "" {
				t.Fatalf("staged after pop (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff(files, readTree(t, w.dir)); diff != "" {
				t.Fatalf("files after pop (-before +after):\n%s", diff)
			}
			w.backAndForth(clean, w.moment(), aside, files)
			if t.Failed() {
				return
			}
		}
	})
}

// backAndForth undoes the last operation and does it again.
func (w *world) backAndForth(before, after moment, files, now map[string]string) {
	w.t.Helper()
	for _, step := range []struct {
		redo  bool
		want  moment
		files map[string]string
	}{{false, before, files}, {true, after, now}} {
		if _, err := w.r.Undo(context.Background(), strata.UndoOptions{Redo: step.redo}); err != nil {
			w.t.Fatalf("undo or redo (%t): %v", step.redo, err)
		}
		if diff := cmp.Diff(step.want, w.moment()); diff != "" {
			w.t.Fatalf("after undo or redo (%t) (-want +got):\n%s", step.redo, diff)
		}
		if diff := cmp.Diff(step.files, readTree(w.t, w.dir)); diff != "" {
			w.t.Fatalf("files after undo or redo (%t) (-want +got):\n%s", step.redo, diff)
		}
	}
}

// TestStashList: stashes are a stack with holes; dropping one and undoing it
// changes no other.
func TestStashList(t *testing.T) {
	undoSeeds(t, 5, func(t *testing.T, seed uint64) {
		w := newWorld(t, seed)
		ctx := context.Background()
		w.write("n.txt")
		w.addAll()
		w.commit()
		var want []strata.ID
		for range 25 {
			switch k := w.rng.IntN(10); {
			case k < 5:
				w.write("n.txt")
				res, err := w.r.Stash(ctx, strata.StashOptions{})
				if err != nil {
					t.Fatal(err)
				}
				w.work = maps.Clone(w.index)
				if res.Stash != nil {
					want = append([]strata.ID{res.Stash.Commit}, want...)
				}
			case k < 9 && len(want) > 0:
				n := w.rng.IntN(len(want))
				if _, err := w.r.DropStash(ctx, strata.StashDropOptions{Name: w.stashName(n)}); err != nil {
					t.Fatal(err)
				}
				if w.rng.IntN(2) == 0 {
					if _, err := w.r.Undo(ctx, strata.UndoOptions{}); err != nil {
						t.Fatal(err)
					}
				} else {
					want = append(want[:n:n], want[n+1:]...)
				}
			}
			list, err := w.r.Stashes(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var got []strata.ID
			for i, s := range list.Stashes {
				got = append(got, s.Commit)
				if id, err := w.r.Resolve(ctx, w.stashName(i)); err != nil || id != s.Commit {
					t.Fatalf("%s is %s, %v; want %s", w.stashName(i), id, err, s.Commit)
				}
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("stashes (-want +got):\n%s", diff)
			}
		}
	})
}

func (w *world) stashName(n int) string { return fmt.Sprintf("stash@{%d}", n) }
