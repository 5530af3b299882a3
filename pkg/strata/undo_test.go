package strata_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/worktree"
	"github.com/strata-data/strata/pkg/strata"
)

// moment is what undo has to bring back.
type moment struct {
	At     strata.Position
	Refs   []strata.Ref
	Staged map[string]string // dataset -> table
}

func (w *world) moment() moment {
	w.t.Helper()
	ctx := context.Background()
	m := moment{Staged: map[string]string{}}
	var err error
	if m.At, err = w.r.Position(ctx); err != nil {
		w.t.Fatal(err)
	}
	if m.Refs, err = w.r.Refs(ctx); err != nil {
		w.t.Fatal(err)
	}
	st, err := w.r.Status(ctx, strata.StatusOptions{NoCounts: true})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range st.Staged {
		m.Staged[e.Name] = e.Change + e.New.String()
	}
	return m
}

// operations returns the number of the last operation.
func (w *world) operations() uint64 {
	w.t.Helper()
	log, err := w.r.Operations(context.Background(), 1)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(log.Operations) == 0 {
		return 0
	}
	return log.Operations[0].Sequence
}

// undoSeeds runs a test for some seeds, or that of STRATA_TEST_SEED.
func undoSeeds(t *testing.T, n int, run func(t *testing.T, seed uint64)) {
	first := uint64(1)
	if testing.Short() {
		n = min(n, 5)
	}
	if s := os.Getenv("STRATA_TEST_SEED"); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		first, n = seed, 1
	}
	for seed := first; seed < first+uint64(n); seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { t.Parallel(); run(t, seed) })
	}
}

// TestUndoIsTheWayBack: every verb is one operation or none; undo leads through
// all states before, and redo through them again.
func TestUndoIsTheWayBack(t *testing.T) {
	undoSeeds(t, 8, func(t *testing.T, seed uint64) {
		w := newWorld(t, seed)
		defer func() {
			if t.Failed() {
				t.Logf("STRATA_TEST_SEED=%d; steps:\n%s", seed, strings.Join(w.log, "\n"))
			}
		}()
		ctx := context.Background()
		states := []moment{w.moment()}
		for range 30 {
			last := w.operations()
			w.step()
			now := w.moment()
			changed := cmp.Diff(states[len(states)-1], now) != ""
			switch n := w.operations() - last; {
			case n > 1:
				t.Fatalf("%s: %d operations", w.log[len(w.log)-1], n)
			case changed && n != 1:
				t.Fatalf("%s: changed something and is no operation", w.log[len(w.log)-1])
			case n == 1:
				states = append(states, now)
			}
		}
		for _, o := range []strata.UndoOptions{{KeepFiles: true}, {KeepFiles: true, Redo: true}} {
			for i := range len(states) - 1 {
				want := states[len(states)-2-i]
				if o.Redo {
					want = states[i+1]
				}
				res, err := w.r.Undo(ctx, o)
				if err != nil {
					t.Fatalf("step %d of %+v: %v", i, o, err)
				}
				if diff := cmp.Diff(want, w.moment()); diff != "" {
					t.Fatalf("step %d of %+v, %s (-want +got):\n%s", i, o, res.Operation.Summary, diff)
				}
			}
			if _, err := w.r.Undo(ctx, o); !errors.Is(err, repo.ErrNothingToUndo) && !errors.Is(err, repo.ErrNothingToRedo) {
				t.Errorf("beyond the end of %+v: %v", o, err)
			}
		}
	})
}

// TestUndoBringsFilesBack: where the working files were as the index had them
// before a verb that wrote them, they are so again after undo, byte for byte;
// and where they have changes undo refuses and nothing changes.
func TestUndoBringsFilesBack(t *testing.T) {
	undoSeeds(t, 10, func(t *testing.T, seed uint64) {
		w := newWorld(t, seed)
		defer func() {
			if t.Failed() {
				t.Logf("STRATA_TEST_SEED=%d; steps:\n%s", seed, strings.Join(w.log, "\n"))
			}
		}()
		ctx := context.Background()
		for range 12 {
			for range 3 {
				w.write(modelPaths()[w.rng.IntN(len(modelPaths()))])
			}
			w.addAll()
			w.commit()
			before, files, last := w.moment(), maps.Clone(w.work), w.operations()
			switch w.rng.IntN(4) {
			case 0:
				w.switchTo()
			case 1:
				w.reset()
			case 2:
				w.remove("a.csv")
			case 3:
				w.move("n.txt")
			}
			if w.operations() == last {
				continue
			}
			model := maps.Clone(w.work)
			if !w.tracked() { // the step did not write the files
				continue
			}
			if w.rng.IntN(3) == 0 {
				refused := w.refuses(before)
				if t.Failed() || refused {
					return
				}
			}
			if _, err := w.r.Undo(ctx, strata.UndoOptions{}); err != nil {
				t.Fatalf("undo: %v", err)
			}
			if diff := cmp.Diff(before, w.moment()); diff != "" {
				t.Fatalf("after undo (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(files, readTree(t, w.dir)); diff != "" {
				t.Fatalf("working files after undo (-want +got):\n%s", diff)
			}
			if _, err := w.r.Undo(ctx, strata.UndoOptions{Redo: true}); err != nil {
				t.Fatalf("redo: %v", err)
			}
			if diff := cmp.Diff(model, readTree(t, w.dir)); diff != "" {
				t.Fatalf("working files after redo (-want +got):\n%s", diff)
			}
		}
	})
}

// refuses changes a file and expects undo to refuse if it would write that one.
func (w *world) refuses(before moment) bool {
	w.t.Helper()
	at := filepath.Join(w.dir, "a.csv")
	was, err := os.ReadFile(at)
	if err != nil {
		return false
	}
	w.must(os.WriteFile(at, []byte("id,v\n9,mine\n"), 0o644))
	now := w.moment()
	_, err = w.r.Undo(context.Background(), strata.UndoOptions{})
	if err == nil { // a.csv is alike in both
		b, rerr := os.ReadFile(at)
		w.must(rerr)
		if string(b) != "id,v\n9,mine\n" {
			w.t.Errorf("undo lost a change of a.csv")
		}
		if diff := cmp.Diff(before, w.moment()); diff != "" {
			w.t.Errorf("after undo (-want +got):\n%s", diff)
		}
		return true
	}
	if !errors.As(err, new(*worktree.OverwriteError)) {
		w.t.Errorf("undo over a changed file: %v", err)
	}
	if diff := cmp.Diff(now, w.moment()); diff != "" {
		w.t.Errorf("a refused undo changed something:\n%s", diff)
	}
	w.must(os.WriteFile(at, was, 0o644))
	return false
}
