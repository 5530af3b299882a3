package strata

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/strata-data/strata/internal/repo"
)

// hooked is a repository with one commit, a changed file and a hook pre-commit
// that leaves a file behind.
func hooked(t *testing.T, programs *Programs) *Repo {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	if _, err := Init(ctx, dir, InitOptions{}); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"STRATA_AUTHOR_NAME": "Ana Ito", "STRATA_AUTHOR_EMAIL": "ana@example.com"}
	r, err := Open(ctx, dir, Options{Programs: programs, Getenv: func(name string) string { return env[name] },
		Now: func() time.Time { return time.Unix(1_700_000_000, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	hook := filepath.Join(dir, ".strata", "hooks", "pre-commit")
	if err := os.WriteFile(hook, []byte("#!/bin/sh\n: > ran\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	stage(t, r, "id,label\n1,dog\n")
	return r
}

func stage(t *testing.T, r *Repo, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.Root(), "train.csv"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Add(context.Background(), AddOptions{Dir: r.Root(), Paths: []string{"train.csv"}, Key: []string{"id"}}); err != nil {
		t.Fatal(err)
	}
}

func ran(t *testing.T, r *Repo) bool {
	t.Helper()
	_, err := os.Stat(filepath.Join(r.Root(), "ran"))
	return err == nil
}

// The library starts no program that its caller has not asked for.
func TestNoHookRunsUnasked(t *testing.T) {
	r := hooked(t, nil)
	if _, err := r.Commit(context.Background(), CommitOptions{Message: "One"}); err != nil {
		t.Fatal(err)
	}
	if ran(t, r) {
		t.Error("the hook has run")
	}
	_, err := r.Commit(context.Background(), CommitOptions{Message: "Two", AllowEmpty: true, SignOptions: SignOptions{Sign: true, Key: "x"}})
	if !errors.Is(err, ErrNoPrograms) {
		t.Errorf("sign: %v, want %v", err, ErrNoPrograms)
	}
}

// What nobody has checked is not committed: the index may not change between
// the hooks and the commit.
func TestCommitOfAnIndexThatHooksHaveNotSeen(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("no /bin/sh here")
	}
	ctx := context.Background()
	r := hooked(t, &Programs{Environ: []string{"PATH=" + os.Getenv("PATH")}})
	o := CommitOptions{Message: "One"}
	if err := r.beforeCommit(ctx, &o); err != nil {
		t.Fatal(err)
	}
	if !ran(t, r) {
		t.Error("the hook has not run")
	}
	stage(t, r, "id,label\n1,cat\n")
	if _, err := r.lockAndCommit(ctx, o); !errors.Is(err, repo.ErrIndexMoved) {
		t.Errorf("%v, want %v", err, repo.ErrIndexMoved)
	}
	if _, err := r.Commit(ctx, CommitOptions{Message: "One"}); err != nil {
		t.Error(err)
	}
}
