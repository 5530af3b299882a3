// Package meta owns `.strata/meta.db`, the small bbolt file with everything in
// a repository that changes: refs, index, stat cache, the catalogue of
// segments, format version and required features (docs/format/meta.md).
//
// The one invariant: the file is open only while a View or an Update runs, and
// those last milliseconds. Readers of several processes share it, a writer has
// it alone, and whoever waits longer than a few seconds gets a
// *vfs.LockedError. Every transaction first checks that this program knows
// the version and the features of the file.
//
// Keys and values are plain bytes in named buckets; what they mean is the
// business of the package that owns the bucket. Start reading at DB.View.
package meta

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/strata-data/strata/internal/fault"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/vfs"
)

// DB is the file meta.db. It holds nothing open and is safe for concurrent
// use. A View or Update inside an Update of the same file waits for itself and
// ends with a *vfs.LockedError.
type DB struct {
	path    string
	wait    time.Duration
	waiting atomic.Int32 // Updates that wait for the file
	checked atomic.Bool  // its pages were found to be sound
}

// maxWait is how long a transaction waits for the file before it gives up.
const maxWait = 10 * time.Second

// Open returns the file at path without touching it.
func Open(path string) *DB { return &DB{path: path, wait: maxWait} }

// Path returns the path that db was opened with.
func (db *DB) Path() string { return db.path }

// Create makes the file at path with the format version and the required
// features given. A file that exists already is fs.ErrExist. The file appears
// complete or not at all.
func Create(path string, version int, features []string) error {
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	tmp := path + ".new"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	db := &DB{path: tmp, wait: maxWait}
	err := db.open(context.Background(), false, func(tx *bbolt.Tx) error {
		return writeFormat(Tx{tx: tx}, version, features)
	})
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		os.Remove(tmp)
		return fmt.Errorf("create %s: %w", path, err)
	}
	return vfs.OS{}.SyncDir(filepath.Dir(path))
}

// View runs fn in a read-only transaction. Several may run at once, in this
// and in other processes.
func (db *DB) View(ctx context.Context, fn func(Tx) error) error {
	return db.open(ctx, true, func(tx *bbolt.Tx) error {
		if err := checkFormat(begin(tx)); err != nil {
			return fmt.Errorf("%s: %w", db.path, err)
		}
		return fn(begin(tx))
	})
}

// Update runs fn in a transaction that may write, alone. If fn returns an error
// nothing is written; if Update returns nil the writes are durable.
func (db *DB) Update(ctx context.Context, fn func(Tx) error) error {
	if _, err := os.Stat(db.path); err != nil {
		return err // bbolt would create an empty file
	}
	err := db.open(ctx, false, func(tx *bbolt.Tx) error {
		if err := checkFormat(begin(tx)); err != nil {
			return fmt.Errorf("%s: %w", db.path, err)
		}
		if err := fn(begin(tx)); err != nil {
			return err
		}
		return fault.Hit(fault.MetaBeforeCommit)
	})
	if err != nil {
		return err
	}
	return fault.Hit(fault.MetaAfterCommit)
}

// open runs fn in one transaction of the file, waiting for the file if it must.
// What goes wrong inside bbolt on damaged bytes, faults included, comes back
// as object.ErrCorrupt.
func (db *DB) open(ctx context.Context, readOnly bool, fn func(*bbolt.Tx) error) (err error) {
	inside := false // fn is running: only bbolt's panics are ours
	old := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(old)
	defer func() {
		r := recover()
		if _, ours := r.(damage); r != nil && inside && !ours {
			panic(r)
		}
		if r != nil {
			err = fmt.Errorf("%w: %s: %v", object.ErrCorrupt, db.path, r)
		}
	}()
	b, err := db.acquire(ctx, readOnly)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := b.Close(); err == nil {
			err = cerr
		}
	}()
	if err := db.sound(); err != nil {
		return err
	}
	run := func(tx *bbolt.Tx) error {
		inside = true
		err := fn(tx)
		inside = false
		return err
	}
	if readOnly {
		return b.View(run)
	}
	return b.Update(run)
}

// maxChecked is the size up to which a file is checked when it is first used:
// what takes a millisecond for each megabyte or so.
const maxChecked = 8 << 20

// sound looks once whether the pages of the file, which is locked, fit
// together: bbolt trusts them, so that a damaged one may make it recurse without
// end or give values of gigabytes.
func (db *DB) sound() error {
	if db.checked.Load() {
		return nil
	}
	fi, err := os.Stat(db.path)
	if err != nil || fi.Size() > maxChecked {
		return err
	}
	b, err := os.ReadFile(db.path)
	if err != nil {
		return err
	}
	if err := checkFile(b); err != nil {
		return fmt.Errorf("%s: %w", db.path, err)
	}
	db.checked.Store(true)
	return nil
}

// acquire opens the file as soon as nobody is in the way, trying again after
// 1 ms, then 2 ms, up to every 20 ms. File locks are not fair, so readers of
// this process let a waiting writer go first for a while.
func (db *DB) acquire(ctx context.Context, readOnly bool) (*bbolt.DB, error) {
	options := &bbolt.Options{
		ReadOnly:     readOnly,
		Timeout:      1, // one attempt: the waiting is done here
		NoStatistics: true,
		FreelistType: bbolt.FreelistMapType,
		PageSize:     pageSize,
	}
	if readOnly {
		for i := 0; db.waiting.Load() > 0 && i < 20; i++ {
			time.Sleep(time.Millisecond)
		}
	} else {
		db.waiting.Add(1)
		defer db.waiting.Add(-1)
	}
	waited := time.Duration(0)
	for pause := time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		b, err := bbolt.Open(db.path, 0o666, options)
		switch {
		case err == nil:
			return b, nil
		case !errors.Is(err, berrors.ErrTimeout):
			return nil, db.openError(err)
		case waited >= db.wait:
			return nil, &vfs.LockedError{Path: db.path}
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
			waited += pause
		}
	}
}

// openError marks what bbolt says about bytes that are not its own.
func (db *DB) openError(err error) error {
	for _, bad := range []error{berrors.ErrInvalid, berrors.ErrChecksum, berrors.ErrVersionMismatch} {
		if errors.Is(err, bad) {
			return fmt.Errorf("%w: %s: %v", object.ErrCorrupt, db.path, err)
		}
	}
	return err
}
