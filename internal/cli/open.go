package cli

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/repo/config"
	"github.com/strata-data/strata/pkg/strata"
)

// This file is the only place where the shell finds, opens and configures
// repositories.

// lockWait is how long a command waits for another one to finish writing: long
// enough for those that write for milliseconds.
const lockWait = time.Second

// repoState is what a command has found out about its repository so far.
type repoState struct {
	opened   *strata.Repo
	config   *config.Config
	configOK bool  // config has been read, or cannot be
	err      error // why it cannot be
}

// OpenRepo returns the repository that the command works in, opened on first
// use and closed when the command ends. Without one the error is a
// *repo.NotRepositoryError.
func (e *Env) OpenRepo(ctx context.Context) (*strata.Repo, error) {
	if e.repo.opened != nil {
		return e.repo.opened, nil
	}
	layout, err := e.findRepo()
	if err != nil {
		return nil, err
	}
	if e.settings(); e.repo.err != nil {
		return nil, e.repo.err
	}
	r, err := strata.Open(ctx, layout.Dir, strata.Options{
		Mem: e.Flags.Mem, Log: e.Log, Now: e.now, Getenv: e.Getenv,
		Command: strings.TrimSpace("strata " + e.verb), Progress: e.countBytes(),
		LockWait: lockWait, Programs: e.programs(),
	})
	if err != nil {
		return nil, err
	}
	e.repo.opened = r
	return r, nil
}

// programs lets the library start signers and hooks. What hooks print goes
// where words go.
func (e *Env) programs() *strata.Programs {
	return &strata.Programs{Environ: e.Environ, Dir: e.workDir(), Out: &wordWriter{e},
		Warn: func(slug, text string) { e.Warnf(slug, "%s", text) }}
}

// wordWriter writes what programs print among the command's own words.
type wordWriter struct{ e *Env }

func (w *wordWriter) Write(b []byte) (int, error) {
	w.e.words(string(b))
	return len(b), nil
}

// countBytes returns what counts the bytes of a command's progress. Nothing is
// shown before the verb has begun a phase.
func (e *Env) countBytes() func(int64) {
	p := e.Progress()
	return func(n int64) { p.Add(n, 0) }
}

// datasetAddress puts the dataset that was read from a file in the place of the
// file's path; other addresses stay.
func (e *Env) datasetAddress(ctx context.Context, r *strata.Repo, address *string) (err error) {
	*address, err = r.DatasetAddress(ctx, e.workDir(), *address)
	return err
}

// closeRepo closes the repository if the command opened it.
func (e *Env) closeRepo() error {
	if e.repo.opened == nil {
		return nil
	}
	r := e.repo.opened
	e.repo.opened = nil
	return r.Close()
}

// findRepo returns where the repository is that the command works in: exactly
// at --repo, or else in the working directory or the nearest one upwards.
func (e *Env) findRepo() (repo.Layout, error) {
	if e.Flags.Repo == "" {
		return repo.Find(e.workDir())
	}
	at := e.Path(e.Flags.Repo)
	if _, err := os.Stat(at); err != nil {
		return repo.Layout{}, err
	}
	l, err := repo.Find(at)
	if err == nil && l.Dir != at && l.Root != at {
		err = &Failure{Slug: "not-a-repo", Message: "no strata repository in " + at, Hints: []string{"strata init " + e.Flags.Repo}}
	}
	return l, err
}

// Config returns the text of the setting key, if there is one. Settings that
// cannot be read count as absent here; OpenRepo reports why.
func (e *Env) Config(key string) (string, bool) {
	c := e.settings()
	if c == nil {
		return "", false
	}
	s, ok := c.Get(key)
	if !ok {
		return "", false
	}
	return config.Text(s.Value), true
}

// settings reads the configuration once.
func (e *Env) settings() *config.Config {
	if e.repo.configOK {
		return e.repo.config
	}
	e.repo.configOK = true
	e.repo.config, e.repo.err = config.Load(e.configSources())
	return e.repo.config
}

// configSources lists the files of settings that hold here.
func (e *Env) configSources() []config.Source {
	layout, err := e.findRepo()
	if err != nil {
		layout = repo.Layout{} // the user's settings hold outside of a repository too
	}
	return repo.ConfigSources(layout, e.Getenv)
}
