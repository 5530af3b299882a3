// Package repo is a repository: where it lies on disk, who may write, its refs
// and their log, the index, commits and the history that they form. It puts the
// object store and meta.db together and gives git's verbs their meaning.
//
// The one invariant: a ref never names an object that is not published. So
// everything is written in one order, objects before the transaction that moves
// a ref, and read in reverse. What changes lives in meta.db and changes in
// transactions (Tx), which are short; objects never change.
//
// Byte layouts: docs/format/layout.md, refs.md, index.md, commit.md, tree.md and
// tag.md. The package reads no environment and no clock: both are options.
// Start reading at Open, then Tx, then CreateCommit.
package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/cache"
	"github.com/strata-data/strata/internal/store/meta"
	"github.com/strata-data/strata/internal/store/segment"
	"github.com/strata-data/strata/internal/vfs"
)

// Options of Open. The zero value is usable.
type Options struct {
	Mem      int64                    // bytes that large work may use; 0 means 1 GiB
	Log      *slog.Logger             // nil discards
	Now      func() time.Time         // the clock; nil means that it is always 1970-01-01T00:00:00Z
	Command  string                   // what is being run, for whoever finds the lock held
	Getenv   func(name string) string // the environment; nil means an empty one
	LockWait time.Duration            // how long Lock waits for another writer
}

// defaultMem is the budget of large work, in bytes.
const defaultMem = 1 << 30

// Repo is an open repository. It is safe for concurrent use by readers; one
// writer at a time holds Lock.
type Repo struct {
	layout  Layout
	opt     Options
	meta    *meta.DB
	objects store.Store

	cacheOnce sync.Once
	cache     *cache.DB // see Cache
}

// Open opens the repository that dir is in, which Find finds. Errors are
// *NotRepositoryError, object.ErrUnsupported for a version or a feature that
// this program does not know, and object.ErrCorrupt.
func Open(ctx context.Context, dir string, o Options) (*Repo, error) {
	layout, err := Find(dir)
	if err != nil {
		return nil, err
	}
	return openAt(ctx, layout, o)
}

// OpenDamaged is Open without looking at anything inside: for what checks and
// repairs a repository.
func OpenDamaged(dir string, o Options) (*Repo, error) {
	layout, err := Find(dir)
	if err != nil {
		return nil, err
	}
	return newRepo(layout, o), nil
}

func openAt(ctx context.Context, layout Layout, o Options) (*Repo, error) {
	r := newRepo(layout, o)
	if _, err := r.Head(ctx); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: meta.db is missing", object.ErrCorrupt)
		}
		return nil, errors.Join(fmt.Errorf("open repository %s: %w", layout.Dir, err), r.objects.Close())
	}
	return r, nil
}

func newRepo(layout Layout, o Options) *Repo {
	if o.Mem == 0 {
		o.Mem = defaultMem
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = func() time.Time { return time.Unix(0, 0).UTC() }
	}
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	db := meta.Open(layout.metaPath())
	r := &Repo{layout: layout, opt: o, meta: db}
	r.objects = segment.Open(layout.objectsDir(), db, segment.Options{Log: o.Log, Now: o.Now})
	return r
}

// Layout returns where the repository lies.
func (r *Repo) Layout() Layout { return r.layout }

// Objects returns the object store. It is closed with the repository.
func (r *Repo) Objects() store.Store { return r.objects }

// Mem returns the memory budget of large work, in bytes.
func (r *Repo) Mem() int64 { return r.opt.Mem }

// Now returns the time by the clock that the repository was opened with.
func (r *Repo) Now() time.Time { return r.opt.Now() }

// Close releases the object store and the cache.
func (r *Repo) Close() error {
	err := r.objects.Close()
	if r.cache != nil {
		err = errors.Join(err, r.cache.Close())
	}
	return err
}

// lockPoll is the pause between two attempts to take the lock.
const lockPoll = 20 * time.Millisecond

// Lock makes the caller the one writer of the repository until unlock is
// called. While another process or another Repo is, it waits up to
// Options.LockWait and then returns that *vfs.LockedError, which names the
// holder. The lock of a process that died is free.
func (r *Repo) Lock(ctx context.Context) (unlock func() error, err error) {
	host, err := os.Hostname()
	if err != nil {
		host = "" // only shown to people
	}
	holder := vfs.Holder{PID: os.Getpid(), Host: host, Command: r.opt.Command, Since: r.opt.Now()}
	for waited := time.Duration(0); ; waited += lockPoll {
		unlock, err = vfs.Lock(r.layout.lockPath(), holder)
		if err == nil {
			r.cleanTemp(ctx)
			return unlock, nil
		}
		if held := (*vfs.LockedError)(nil); !errors.As(err, &held) || waited >= r.opt.LockWait {
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockPoll):
		}
	}
}

// TempPrefix begins the names of temporary files in the repository's directory,
// which whoever locks it removes. A bare one may be in a directory with other files.
const TempPrefix = ".strata-tmp-"

// cleanTemp removes what processes left behind that were killed; the caller
// holds the lock. Whatever it cannot remove stays for the next writer.
func (r *Repo) cleanTemp(ctx context.Context) {
	if s, onDisk := r.objects.(*segment.Store); onDisk {
		if _, err := s.CleanTemp(ctx); err != nil {
			r.opt.Log.Warn("remove temporary segments", "error", err)
		}
	}
	entries, err := os.ReadDir(r.layout.Dir)
	if err != nil {
		r.opt.Log.Warn("remove temporary files", "error", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), TempPrefix) {
			_ = os.RemoveAll(filepath.Join(r.layout.Dir, e.Name()))
		}
	}
}
