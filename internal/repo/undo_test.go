package repo_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store/meta"
)

// undoable returns everything that undo brings back, as text.
func undoable(t rapid.TB, r *repo.Repo) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := repo.Meta(r).View(context.Background(), func(m meta.Tx) error {
		for k, v := range m.Range("refs", nil) {
			out[string(k)] = string(v)
		}
		for k, v := range m.Range("index", []byte("d/")) {
			out[string(k)] = object.ID(v).Short()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// step undoes or redoes once, as a verb would without working files.
func step(r *repo.Repo, plan func(context.Context) (*repo.UndoPlan, error)) error {
	ctx := context.Background()
	p, err := plan(ctx)
	if err != nil {
		return err
	}
	return r.Update(ctx, func(tx *repo.Tx) error {
		ix, err := tx.Index()
		if err != nil {
			return err
		}
		if err := tx.Undo(p, ana); err != nil {
			return err
		}
		ix.Datasets = p.Index
		return tx.SaveIndex(ix)
	})
}

// undoWorld does random things to a repository and remembers what it was like.
type undoWorld struct {
	r            *repo.Repo
	ids          []object.ID
	tables       []object.ID
	past, future []map[string]string
}

func (w *undoWorld) name(t *rapid.T) string {
	return rapid.SampledFrom([]string{"main", "topic", "a", "b", "x/y"}).Draw(t, "name")
}

func (w *undoWorld) id(t *rapid.T) object.ID { return rapid.SampledFrom(w.ids).Draw(t, "id") }

// change does one thing; it may fail, or change nothing.
func (w *undoWorld) change(ctx context.Context, t *rapid.T) {
	force := rapid.Bool().Draw(t, "force")
	switch rapid.IntRange(0, 9).Draw(t, "op") {
	case 0, 1:
		_ = w.r.UpdateRefs(ctx, repo.RefChange{Name: "HEAD", New: w.id(t), By: ana, Log: "commit: x"})
	case 2:
		_ = w.r.CreateBranch(ctx, repo.BranchOptions{Name: w.name(t), Start: w.id(t), From: "id", Force: force, By: ana})
	case 3:
		_, _ = w.r.DeleteBranch(ctx, w.name(t), force, ana)
	case 4:
		_ = w.r.RenameBranch(ctx, w.name(t), w.name(t), force, ana)
	case 5:
		_, _ = w.r.CreateTag(ctx, repo.TagOptions{Name: w.name(t), Target: w.id(t), Force: force, By: ana})
	case 6:
		_, _, _ = w.r.Switch(ctx, repo.SwitchOptions{Branch: w.name(t), Create: force, By: ana})
	case 7:
		_, _, _ = w.r.Switch(ctx, repo.SwitchOptions{Detach: w.id(t), By: ana})
	case 8:
		ix, err := w.r.Index(ctx)
		if err != nil {
			t.Fatal(err)
		}
		name := rapid.SampledFrom([]string{"train", "val"}).Draw(t, "dataset")
		if ix.Datasets[name] = rapid.SampledFrom(w.tables).Draw(t, "table"); force {
			delete(ix.Datasets, name)
		}
		if err := w.r.SaveIndex(ctx, ix); err != nil {
			t.Fatal(err)
		}
	case 9:
		_, _ = w.r.Reset(ctx, repo.ResetOptions{To: w.id(t), Name: "id", Index: force, By: ana})
	}
}

func newUndoWorld(t *testing.T) *undoWorld {
	w := &undoWorld{r: newRepo(t)}
	for i := range 4 {
		w.ids = append(w.ids, rawCommit(t, w.r, fmt.Sprint(i), int64(i), w.ids...))
		w.tables = append(w.tables, table(t, w.r, fmt.Sprint("t", i)))
	}
	return w
}

// TestUndoGoesBack: after any sequence of operations, undos and redos the
// repository is as a stack of its states says, and commands of several
// transactions are one step.
func TestUndoGoesBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newUndoWorld(t)
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			before := undoable(rt, w.r)
			switch rapid.IntRange(0, 9).Draw(rt, "kind") {
			case 0, 1, 2:
				err := step(w.r, w.r.PlanUndo)
				if len(w.past) == 0 {
					if !errors.Is(err, repo.ErrNothingToUndo) {
						rt.Fatalf("undo at the beginning: %v", err)
					}
					continue
				}
				if err != nil {
					rt.Fatalf("undo: %v", err)
				}
				last := len(w.past) - 1
				if diff := cmp.Diff(w.past[last], undoable(rt, w.r)); diff != "" {
					rt.Fatalf("undo (-before the operation +after undo):\n%s", diff)
				}
				w.past, w.future = w.past[:last], append(w.future, before)
			case 3, 4:
				err := step(w.r, w.r.PlanRedo)
				if len(w.future) == 0 {
					if !errors.Is(err, repo.ErrNothingToRedo) {
						rt.Fatalf("redo without undo: %v", err)
					}
					continue
				}
				if err != nil {
					rt.Fatalf("redo: %v", err)
				}
				last := len(w.future) - 1
				if diff := cmp.Diff(w.future[last], undoable(rt, w.r)); diff != "" {
					rt.Fatalf("redo (-before the undo +after redo):\n%s", diff)
				}
				w.past, w.future = append(w.past, before), w.future[:last]
			default:
				ctx := context.Background()
				if rapid.Bool().Draw(rt, "joined") {
					ctx = repo.WithOperation(ctx)
				}
				for range rapid.IntRange(1, 3).Draw(rt, "transactions") {
					inner := ctx
					if repo.WithOperation(ctx) == ctx { // one operation
						w.change(inner, rt)
						continue
					}
					state := undoable(rt, w.r)
					w.change(inner, rt)
					w.done(rt, state)
				}
				if repo.WithOperation(ctx) == ctx {
					w.done(rt, before)
				}
			}
		}
		log, err := w.r.Operations(context.Background())
		if err != nil {
			rt.Fatal(err)
		}
		done := 0
		for _, o := range log {
			if o.Kind == repo.OpDo && !o.Undone {
				done++
			}
		}
		if done != len(w.past) {
			rt.Errorf("the log has %d operations that can be undone, want %d", done, len(w.past))
		}
		everyIDIsListed(rt, w)
	})
}

// done notes that an operation has taken the repository away from a state.
func (w *undoWorld) done(t *rapid.T, before map[string]string) {
	if !maps.Equal(before, undoable(t, w.r)) {
		w.past, w.future = append(w.past, before), nil
	}
}

// everyIDIsListed: what a step back could name is among the ids that gc keeps.
func everyIDIsListed(t *rapid.T, w *undoWorld) {
	var ids []object.ID
	err := w.r.View(context.Background(), func(tx *repo.Tx) (err error) {
		ids, err = tx.OperationObjects()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, id := range ids {
		texts = append(texts, id.String(), id.Short())
	}
	for _, state := range w.past[:max(0, len(w.past)-1)] {
		for key, v := range state {
			if !strings.HasPrefix(v, "ref: ") && !slices.Contains(texts, v) {
				t.Errorf("%s was %s, which the log does not name", key, v)
			}
		}
	}
}

func TestOperationSaysWhat(t *testing.T) {
	r := newRepo(t)
	a := rawCommit(t, r, "a", 1)
	b := rawCommit(t, r, "b", 2, a)
	setRef(t, r, "HEAD", a)
	ctx := repo.WithOperation(t.Context())
	for _, id := range []object.ID{b, a, b} {
		if err := r.UpdateRefs(ctx, repo.RefChange{Name: "HEAD", New: id, By: ana, Log: "moved\nonce"}); err != nil {
			t.Fatal(err)
		}
	}
	log, err := r.Operations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(log) != 2 || log[0].Seq != 2 || log[0].Note != "moved once" || log[0].By != ana || log[0].Files {
		t.Fatalf("log = %+v", log)
	}
	want := []repo.RefMove{{Name: "refs/heads/main", Old: a.String(), New: b.String()}}
	if diff := cmp.Diff(want, log[0].Refs()); diff != "" {
		t.Errorf("refs: %s", diff)
	}
	if err := step(r, r.PlanUndo); err != nil {
		t.Fatal(err)
	}
	entries, err := r.Reflog(t.Context(), "refs/heads/main")
	if err != nil || entries[0].Message != "undo: moved once" || entries[0].Old != b || entries[0].New != a {
		t.Errorf("reflog = %+v, %v", entries, err)
	}
}

// An operation that ends where it began leaves no record, and nothing to redo
// is lost by it.
func TestOperationWithoutEffect(t *testing.T) {
	r := newRepo(t)
	a := rawCommit(t, r, "a", 1)
	b := rawCommit(t, r, "b", 2, a)
	setRef(t, r, "HEAD", a)
	setRef(t, r, "HEAD", b)
	if err := step(r, r.PlanUndo); err != nil {
		t.Fatal(err)
	}
	ctx := repo.WithOperation(t.Context())
	for _, id := range []object.ID{b, a} {
		if err := r.UpdateRefs(ctx, repo.RefChange{Name: "HEAD", New: id, By: ana, Log: "there and back"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := step(r, r.PlanRedo); err != nil {
		t.Fatal(err)
	}
	if h, err := r.Head(t.Context()); err != nil || h.ID != b {
		t.Errorf("after redo HEAD is at %s, %v", h.ID, err)
	}
}

func TestUndoRefusesWhatMoved(t *testing.T) {
	r := newRepo(t)
	a := rawCommit(t, r, "a", 1)
	setRef(t, r, "HEAD", a)
	p, err := r.PlanUndo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	setRef(t, r, "refs/heads/other", a)
	err = r.Update(t.Context(), func(tx *repo.Tx) error { return tx.Undo(p, ana) })
	if !errors.Is(err, repo.ErrOperationMoved) {
		t.Errorf("undo of a plan that is stale: %v", err)
	}
	if err := step(r, r.PlanRedo); !errors.Is(err, repo.ErrNothingToRedo) {
		t.Errorf("redo without undo: %v", err)
	}
}

func TestUndoOfRenameBringsTheLogBack(t *testing.T) {
	r := newRepo(t)
	a := rawCommit(t, r, "a", 1)
	setRef(t, r, "HEAD", a)
	before, err := r.Reflog(t.Context(), "refs/heads/main")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.RenameBranch(t.Context(), "main", "trunk", false, ana); err != nil {
		t.Fatal(err)
	}
	if err := step(r, r.PlanUndo); err != nil {
		t.Fatal(err)
	}
	after, err := r.Reflog(t.Context(), "refs/heads/main")
	if err != nil || len(after) != len(before)+2 || after[len(after)-1] != before[0] {
		t.Errorf("log of main: %+v, %v", after, err)
	}
	if gone, err := r.Reflog(t.Context(), "refs/heads/trunk"); err != nil || len(gone) != 0 {
		t.Errorf("log of trunk: %+v, %v", gone, err)
	}
	if h, err := r.Head(t.Context()); err != nil || h.Branch != "refs/heads/main" || h.ID != a {
		t.Errorf("HEAD = %+v, %v", h, err)
	}
}

func FuzzDecodeOperation(f *testing.F) {
	id := someID(1)
	f.Add(repo.AppendOperation(nil, &repo.Operation{By: ana, Command: "strata commit", Note: "commit: x", Files: true,
		Renames: [][2]string{{"refs/heads/a", "refs/heads/b"}},
		Changes: []repo.OpChange{
			{Bucket: "index", Key: "d/train", New: id[:]},
			{Bucket: "refs", Key: "HEAD", Old: []byte("ref: refs/heads/main"), New: []byte(id.String())},
		}}))
	f.Add([]byte{1, 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := repo.DecodeOperation(b)
		if err != nil {
			if !errors.Is(err, object.ErrCorrupt) && !errors.Is(err, object.ErrUnsupported) {
				t.Errorf("error of another kind: %v", err)
			}
			return
		}
		if got := repo.AppendOperation(nil, o); string(got) != string(b) {
			t.Errorf("decoded and encoded again:\n got %x\nwant %x", got, b)
		}
	})
}
