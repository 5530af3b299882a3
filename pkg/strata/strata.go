// Package strata is the Go interface to repositories of versioned datasets: what
// the command line does, without a process. Open a repository, Add files,
// Commit, and ask Log, Diff, Scan, Describe, Sample or Drift.
//
// There is one method of Repo for each verb. It takes an options struct, whose
// zero value works, and returns a result struct that marshals to the document
// that the verb prints with --json. Nothing here prints, reads the environment
// or keeps goroutines behind. A Repo is safe for concurrent readers; changes
// take the repository's lock. Start reading at Open, then Repo.Add.
package strata

import (
	"context"
	"log/slog"
	"time"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

// ID names an immutable object: a commit, a table, a page. Its text is 64 hex
// digits, or empty for none.
type ID = object.ID

// Options of Open. The zero value works: 1 GiB of memory, no log, a clock that
// stands at 1970 (so that nothing depends on the time unless Now is given).
type Options struct {
	Mem      int64                    // bytes that large work may use
	Log      *slog.Logger             // nil discards
	Now      func() time.Time         // the clock
	Command  string                   // named to whoever finds the lock held
	Getenv   func(name string) string // for identities and user settings
	LockWait time.Duration            // how long to wait for another writer
	Progress func(bytes int64)        // called as files are read; may be nil
	Programs *Programs                // nil: no program is ever started
}

// Repo is an open repository.
type Repo struct {
	r        *repo.Repo
	progress func(int64)
	getenv   func(string) string
	programs *Programs
}

// InitOptions of Init.
type InitOptions = repo.InitOptions

// InitResult says what Init made.
type InitResult = repo.InitResult

// Init makes a repository in dir, which is created if need be. Where one is
// already nothing changes and Existed is set.
func Init(ctx context.Context, dir string, o InitOptions) (InitResult, error) {
	return repo.Init(ctx, dir, o)
}

// Open opens the repository that dir is in. Without one the error is
// ErrNotRepository; a format that this program does not know is ErrUnsupported.
func Open(ctx context.Context, dir string, o Options) (*Repo, error) {
	r, err := repo.Open(ctx, dir, o.forRepo())
	if err != nil {
		return nil, err
	}
	return o.wrap(r), nil
}

func (o Options) forRepo() repo.Options {
	return repo.Options{Mem: o.Mem, Log: o.Log, Now: o.Now, Command: o.Command, Getenv: o.Getenv, LockWait: o.LockWait}
}

func (o Options) wrap(r *repo.Repo) *Repo {
	getenv := o.Getenv
	if getenv == nil {
		getenv = func(string) string { return "" }
	}
	return &Repo{r: r, progress: o.Progress, getenv: getenv, programs: o.Programs}
}

// Close releases the repository's files.
func (r *Repo) Close() error { return r.r.Close() }

// Root returns the working directory, "" in a bare repository.
func (r *Repo) Root() string { return r.r.Layout().Root }
