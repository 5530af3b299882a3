package repo_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/fault"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

// stage makes the dataset train of the index a table with this content.
func stage(t testing.TB, r *repo.Repo, content string) {
	t.Helper()
	ix, err := r.Index(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ix.Datasets["train"] = table(t, r, content)
	if err := r.SaveIndex(t.Context(), ix); err != nil {
		t.Fatal(err)
	}
}

func commit(t testing.TB, r *repo.Repo, o repo.CommitOptions) *repo.CommitResult {
	t.Helper()
	if o.Committer == (repo.Signature{}) {
		o.Committer = ana
	}
	if o.Author == (repo.Signature{}) && !o.Amend {
		o.Author = ana
	}
	res, err := r.CreateCommit(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestCommit(t *testing.T) {
	ctx := t.Context()
	r := newRepo(t)
	stage(t, r, "one")
	first := commit(t, r, repo.CommitOptions{Message: "First import  \n\n\n"})
	if first.Message != "First import\n" || first.Generation != 1 || !first.Old.IsZero() || first.Branch != "refs/heads/main" || len(first.Changes) != 1 {
		t.Errorf("first = %+v", first)
	}
	if staged, err := r.Staged(ctx); err != nil || len(staged) != 0 {
		t.Errorf("after a commit %v is staged, %v", staged, err)
	}
	_, err := r.CreateCommit(ctx, repo.CommitOptions{Message: "again", Author: ana, Committer: ana})
	if !errors.Is(err, repo.ErrNothingToCommit) {
		t.Errorf("a commit without a change: %v", err)
	}
	stage(t, r, "two")
	if staged, err := r.Staged(ctx); err != nil || len(staged) != 1 || staged[0].Letter() != 'M' {
		t.Errorf("staged = %v, %v", staged, err)
	}
	for _, m := range []string{"", " \n\n", "# only\n# comments"} {
		_, err := r.CreateCommit(ctx, repo.CommitOptions{Message: m, Cleanup: repo.CleanupStrip, Author: ana, Committer: ana})
		if !errors.Is(err, repo.ErrEmptyMessage) {
			t.Errorf("message %q: %v", m, err)
		}
	}
	dry := commit(t, r, repo.CommitOptions{Message: "second", DryRun: true})
	second := commit(t, r, repo.CommitOptions{Message: "second", Extra: []repo.Field{{Name: "b", Value: "1"}, {Name: "a", Value: "2"}, {Name: "b", Value: "3"}}})
	if dry.ID == second.ID {
		t.Error("extra fields do not change the id")
	}
	if diff := cmp.Diff([]repo.Field{{Name: "a", Value: "2"}, {Name: "b", Value: "3"}}, second.Extra); diff != "" {
		t.Error(diff)
	}
	if second.Generation != 2 || second.Parents[0] != first.ID || second.Old != first.ID {
		t.Errorf("second = %+v", second)
	}
	got, err := r.Commit(ctx, second.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(second.Commit, got); diff != "" {
		t.Error(diff)
	}
	log, err := r.Reflog(ctx, "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	if log[0].Message != "commit: second" || log[1].Message != "commit (initial): First import" {
		t.Errorf("reflog = %+v", log)
	}
}

func TestCommitSameInputSameID(t *testing.T) {
	var ids []object.ID
	for range 2 {
		r := newRepo(t)
		stage(t, r, "one")
		ids = append(ids, commit(t, r, repo.CommitOptions{Message: "m"}).ID)
	}
	if ids[0] != ids[1] {
		t.Errorf("equal commits have ids %s and %s", ids[0], ids[1])
	}
}

func TestAmend(t *testing.T) {
	ctx := t.Context()
	r := newRepo(t)
	_, err := r.CreateCommit(ctx, repo.CommitOptions{Message: "m", Amend: true, Committer: ana})
	if !errors.Is(err, repo.ErrNothingToAmend) {
		t.Errorf("amend before the first commit: %v", err)
	}
	stage(t, r, "one")
	first := commit(t, r, repo.CommitOptions{Message: "one", Author: at(1)})
	stage(t, r, "two")
	second := commit(t, r, repo.CommitOptions{Message: "two", Author: at(2)})
	amended := commit(t, r, repo.CommitOptions{Message: "two again", Amend: true, Committer: at(9)})
	if amended.Author != at(2) || amended.Committer != at(9) || amended.Parents[0] != first.ID || amended.Old != second.ID {
		t.Errorf("amended = %+v", amended)
	}
	stage(t, r, "one")
	_, err = r.CreateCommit(ctx, repo.CommitOptions{Message: "x", Amend: true, Committer: ana})
	if !errors.Is(err, repo.ErrNothingToCommit) {
		t.Errorf("amend into an empty commit: %v", err)
	}
	empty := commit(t, r, repo.CommitOptions{Message: "x", Amend: true, AllowEmpty: true})
	if len(empty.Changes) != 0 {
		t.Errorf("changes = %v", empty.Changes)
	}
}

func TestCommitMerge(t *testing.T) {
	r := newRepo(t)
	stage(t, r, "one")
	first := commit(t, r, repo.CommitOptions{Message: "one"})
	side := rawCommit(t, r, "side", 5, rawCommit(t, r, "deep", 4, first.ID))
	merge := commit(t, r, repo.CommitOptions{Message: "merge", MergeParents: []object.ID{side}})
	if merge.Generation != 4 || len(merge.Parents) != 2 {
		t.Errorf("merge = %+v", merge)
	}
}

func TestCommitRefusesMissingTable(t *testing.T) {
	r := newRepo(t)
	ix, err := r.Index(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ix.Datasets["train"] = someID(5)
	if err := r.SaveIndex(t.Context(), ix); err != nil {
		t.Fatal(err)
	}
	_, err = r.CreateCommit(t.Context(), repo.CommitOptions{Message: "m", Author: ana, Committer: ana})
	if !errors.Is(err, object.ErrNotFound) {
		t.Errorf("err = %v, want ErrNotFound", err)
	}
}

// TestCommitFaults makes every point on the way fail, on a repository on disk,
// and expects the old state or the new one.
func TestCommitFaults(t *testing.T) {
	for _, point := range fault.Points() {
		t.Run(point, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := repo.Init(t.Context(), dir, repo.InitOptions{}); err != nil {
				t.Fatal(err)
			}
			r := open(t, dir, repo.Options{})
			stage(t, r, "one")
			first := commit(t, r, repo.CommitOptions{Message: "one"})
			stage(t, r, "two")
			if err := fault.Arm(point + "=error"); err != nil {
				t.Fatal(err)
			}
			_, err := r.CreateCommit(t.Context(), repo.CommitOptions{Message: "two", Author: ana, Committer: ana})
			fault.Arm("")
			if err != nil && !errors.Is(err, fault.ErrInjected) {
				t.Fatal(err)
			}
			again := open(t, dir, repo.Options{})
			h, herr := again.Head(t.Context())
			if herr != nil {
				t.Fatal(herr)
			}
			c, cerr := again.Commit(t.Context(), h.ID)
			if cerr != nil {
				t.Fatalf("HEAD names a commit that is not there: %v", cerr)
			}
			if _, err := again.Tree(t.Context(), c.Tree); err != nil {
				t.Fatal(err)
			}
			if moved := h.ID != first.ID; !moved {
				// The same commit works now.
				commit(t, again, repo.CommitOptions{Message: "two"})
			} else if c.Message != "two\n" {
				t.Errorf("HEAD is %+v", c)
			}
		})
	}
}

func TestReset(t *testing.T) {
	ctx := t.Context()
	r := newRepo(t)
	var ids []object.ID
	for i := range 3 {
		stage(t, r, fmt.Sprint(i))
		ids = append(ids, commit(t, r, repo.CommitOptions{Message: fmt.Sprint(i)}).ID)
	}
	was, err := r.Reset(ctx, repo.ResetOptions{To: ids[1], Name: "HEAD~1", By: ana})
	if err != nil || was.ID != ids[2] {
		t.Fatalf("soft reset from %+v, %v", was, err)
	}
	if staged, err := r.Staged(ctx); err != nil || len(staged) != 1 {
		t.Errorf("after a soft reset %v is staged, %v", staged, err)
	}
	if id, err := r.Resolve(ctx, "ORIG_HEAD"); err != nil || id != ids[2] {
		t.Errorf("ORIG_HEAD = %s, %v", id, err)
	}
	if _, err := r.Reset(ctx, repo.ResetOptions{To: ids[0], Name: "x", Index: true, By: ana}); err != nil {
		t.Fatal(err)
	}
	if staged, err := r.Staged(ctx); err != nil || len(staged) != 0 {
		t.Errorf("after a mixed reset %v is staged, %v", staged, err)
	}
	if id, err := r.Resolve(ctx, "main@{2}"); err != nil || id != ids[2] {
		t.Errorf("main@{2} = %s, %v", id, err)
	}
	if _, err := r.Reset(ctx, repo.ResetOptions{To: someID(1)}); !errors.Is(err, object.ErrNotFound) {
		t.Errorf("reset to a missing commit: %v", err)
	}
}

func TestSwitch(t *testing.T) {
	ctx := t.Context()
	r := newRepo(t)
	if _, is, err := r.Switch(ctx, repo.SwitchOptions{Branch: "dev", Create: true, By: ana}); err != nil || is.Branch != "refs/heads/dev" {
		t.Fatalf("switch -c before the first commit: %+v, %v", is, err)
	}
	stage(t, r, "one")
	first := commit(t, r, repo.CommitOptions{Message: "one"}).ID
	_, _, err := r.Switch(ctx, repo.SwitchOptions{Branch: "devel", By: ana})
	if u, ok := errors.AsType[*repo.UnknownRevisionError](err); !ok || u.Nearest != "" {
		t.Errorf("switch to a missing branch: %v", err)
	}
	_, _, err = r.Switch(ctx, repo.SwitchOptions{Branch: "dev", Create: true, By: ana})
	if _, ok := errors.AsType[*repo.RefExistsError](err); !ok {
		t.Errorf("switch -c of a branch that exists: %v", err)
	}
	stage(t, r, "two")
	second := commit(t, r, repo.CommitOptions{Message: "two"}).ID
	if _, is, err := r.Switch(ctx, repo.SwitchOptions{Branch: "dev", Create: true, Force: true, Start: first, Name: "HEAD~1", By: ana}); err != nil || is.ID != first {
		t.Errorf("switch -C of the current branch = %+v, %v", is, err)
	}
	if _, is, err := r.Switch(ctx, repo.SwitchOptions{Branch: "new", Create: true, Start: second, Name: "x", By: ana}); err != nil || is.ID != second {
		t.Errorf("switch -c = %+v, %v", is, err)
	}
	was, is, err := r.Switch(ctx, repo.SwitchOptions{Detach: first, Name: "dev~0", By: ana})
	if err != nil || was.Short() != "new" || !is.Detached() || is.ID != first {
		t.Errorf("detach from %+v to %+v, %v", was, is, err)
	}
	stage(t, r, "three")
	if res := commit(t, r, repo.CommitOptions{Message: "three"}); res.Branch != "" {
		t.Errorf("a commit on a detached HEAD moved %s", res.Branch)
	}
	if _, is, err := r.Switch(ctx, repo.SwitchOptions{Branch: "orphan", Orphan: true, By: ana}); err != nil || !is.ID.IsZero() {
		t.Errorf("orphan = %+v, %v", is, err)
	}
	if res := commit(t, r, repo.CommitOptions{Message: "root"}); res.Generation != 1 {
		t.Errorf("first commit of an orphan = %+v", res)
	}
}
