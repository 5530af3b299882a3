// Package vfs owns how Strata touches files: opening, replacing, renaming,
// syncing, mapping and locking them. Everything that must survive a power cut
// goes through WriteAtomic, which is temp file, write, fsync, rename, fsync of
// the directory, in that order, in one function.
//
// The one invariant: a name either has its old bytes or its new bytes, never a
// mixture. What is assumed of the disk: rename within a directory is atomic,
// fsync of a file makes its bytes durable and fsync of a directory makes its
// names durable; single writes may be torn, reordered or lost until then.
//
// FS is the interface; OS is the machine's file system, NewMem a map with the
// same behaviour for tests, and NewFaulty a wrapper that makes chosen
// operations fail. Lock is an advisory lock that says who holds it. Start
// reading at FS, then WriteAtomic, then Lock.
package vfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
)

// File is an open file.
type File interface {
	io.Reader
	io.ReaderAt
	io.Writer
	io.WriterAt
	io.Closer
	// Name returns the path that the file was opened by.
	Name() string
	Stat() (fs.FileInfo, error)
	// Sync makes the bytes that were written durable.
	Sync() error
}

// FS is a file system. Errors are *fs.PathError or *os.LinkError, so that
// errors.Is works with fs.ErrNotExist, fs.ErrPermission and syscall.ENOSPC.
// All methods are safe for concurrent use.
type FS interface {
	// Open opens an existing file for reading.
	Open(name string) (File, error)
	// CreateTemp creates a new file with a unique name in dir that begins with
	// prefix, open for reading and writing.
	CreateTemp(dir, prefix string, perm fs.FileMode) (File, error)
	// Rename replaces newname by oldname.
	Rename(oldname, newname string) error
	Remove(name string) error
	MkdirAll(dir string) error
	// SyncDir makes the names in dir durable.
	SyncDir(dir string) error
	// Stat does not follow a symbolic link.
	Stat(name string) (fs.FileInfo, error)
	// ReadDir returns the entries of dir sorted by name.
	ReadDir(dir string) ([]fs.DirEntry, error)
	ReadFile(name string) ([]byte, error)
}

// WriteFileAtomic replaces the file name by one with the bytes b and the
// permissions perm. After an error the old file is intact; after success the
// new one survives a power cut.
func WriteFileAtomic(fsys FS, name string, b []byte, perm fs.FileMode) error {
	return WriteAtomic(fsys, name, perm, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// WriteAtomic replaces the file name by what write writes. If write or
// anything else returns an error, the temporary file is removed and the old
// file is intact.
func WriteAtomic(fsys FS, name string, perm fs.FileMode, write func(io.Writer) error) error {
	dir := filepath.Dir(name)
	f, err := fsys.CreateTemp(dir, ".strata-tmp-", perm)
	if err != nil {
		return err
	}
	tmp := f.Name()
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = fsys.Rename(tmp, name)
	}
	if err != nil {
		return dropTemp(fsys, tmp, err)
	}
	return fsys.SyncDir(dir)
}

// dropTemp removes tmp after err and returns err, with a note if the file
// could not be removed either.
func dropTemp(fsys FS, tmp string, err error) error {
	if rerr := fsys.Remove(tmp); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
		return fmt.Errorf("%w (and the temporary file %s is left: %v)", err, tmp, rerr)
	}
	return err
}
