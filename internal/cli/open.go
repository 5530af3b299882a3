package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// This file is the only place where the shell touches the making, finding and
// opening of repositories.

// repoDir is the name of a repository's directory beside working files.
const repoDir = ".strata"

type repoState struct {
	opened interface{ Close() error }
}

// madeRepo says what initRepo did.
type madeRepo struct {
	path    string
	branch  string
	existed bool
}

// initRepo makes a repository in dir, or finds that there is one.
func initRepo(_ context.Context, dir string, bare bool, branch string) (madeRepo, error) {
	path := dir
	if !bare {
		path = filepath.Join(dir, repoDir)
	}
	if isRepo(path) {
		return madeRepo{path, branch, true}, nil
	}
	if err := os.MkdirAll(filepath.Join(path, "objects"), 0o777); err != nil {
		return madeRepo{}, fmt.Errorf("make the repository: %w", err)
	}
	if err := os.WriteFile(filepath.Join(path, "meta.db"), nil, 0o666); err != nil {
		return madeRepo{}, fmt.Errorf("make the repository: %w", err)
	}
	return madeRepo{path, branch, false}, nil
}

// findRepo returns the directory of the repository that the command works in:
// --repo, or else the nearest one upwards.
func (e *Env) findRepo() (string, error) {
	start := e.workDir()
	if e.Flags.Repo != "" {
		start = e.Path(e.Flags.Repo)
		for _, dir := range []string{filepath.Join(start, repoDir), start} {
			if isRepo(dir) {
				return dir, nil
			}
		}
		return "", &Failure{Slug: "not-a-repo", Message: "no strata repository in " + start}
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		for _, c := range []string{filepath.Join(dir, repoDir), dir} {
			if isRepo(c) {
				return c, nil
			}
		}
		if dir == filepath.Dir(dir) {
			return "", &Failure{Slug: "not-a-repo", Message: "no strata repository in " + start + " or any parent"}
		}
	}
}

func isRepo(dir string) bool {
	objects, err := os.Stat(filepath.Join(dir, "objects"))
	if err != nil || !objects.IsDir() {
		return false
	}
	meta, err := os.Stat(filepath.Join(dir, "meta.db"))
	return err == nil && meta.Mode().IsRegular()
}

// Config returns the configured value of key, if there is one.
func (e *Env) Config(key string) (string, bool) { return "", false }

// closeRepo closes the repository if the command opened it.
func (e *Env) closeRepo() error {
	if e.repo.opened == nil {
		return nil
	}
	r := e.repo.opened
	e.repo.opened = nil
	return r.Close()
}
