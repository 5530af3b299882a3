package vfs

import (
	"io/fs"
	"sync"
)

// Op is a set of operations that a Rule applies to.
type Op uint16

// The operations of a file system.
const (
	OpOpen Op = 1 << iota
	OpCreate
	OpRead
	OpWrite
	OpSync
	OpClose
	OpRename
	OpRemove
	OpDir // MkdirAll, SyncDir, ReadDir, Stat

	OpAll = OpOpen | OpCreate | OpRead | OpWrite | OpSync | OpClose | OpRename | OpRemove | OpDir
)

// Rule says which operation of a Faulty fails and how.
type Rule struct {
	Ops   Op    // which operations are counted
	N     int   // the N-th of them fails, from 1; 0 means none
	From  bool  // and all after it as well
	Err   error // the cause, e.g. syscall.ENOSPC or syscall.EIO
	Short bool  // a failing write first writes half of its bytes
}

// Faulty is a file system that fails as a Rule says. It serves the n-th-fault
// loop: run the work with N = 1, 2, 3, ... until Count stays below N.
type Faulty struct {
	base FS
	rule Rule

	mu    sync.Mutex
	count int
}

// NewFaulty returns base with the faults of rule.
func NewFaulty(base FS, rule Rule) *Faulty { return &Faulty{base: base, rule: rule} }

// Count returns how many operations of the rule were tried.
func (f *Faulty) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

func (f *Faulty) fail(op Op, verb, name string) error {
	if f.rule.Ops&op == 0 {
		return nil
	}
	f.mu.Lock()
	f.count++
	hit := f.rule.N > 0 && (f.count == f.rule.N || (f.rule.From && f.count > f.rule.N))
	f.mu.Unlock()
	if !hit {
		return nil
	}
	return pathError(verb, name, f.rule.Err)
}

func (f *Faulty) wrap(file File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return &faultyFile{File: file, fs: f}, nil
}

// Open implements FS.
func (f *Faulty) Open(name string) (File, error) {
	if err := f.fail(OpOpen, "open", name); err != nil {
		return nil, err
	}
	return f.wrap(f.base.Open(name))
}

// CreateTemp implements FS.
func (f *Faulty) CreateTemp(dir, prefix string, perm fs.FileMode) (File, error) {
	if err := f.fail(OpCreate, "open", dir); err != nil {
		return nil, err
	}
	return f.wrap(f.base.CreateTemp(dir, prefix, perm))
}

// Rename implements FS.
func (f *Faulty) Rename(oldname, newname string) error {
	if err := f.fail(OpRename, "rename", oldname); err != nil {
		return err
	}
	return f.base.Rename(oldname, newname)
}

// Remove implements FS.
func (f *Faulty) Remove(name string) error {
	if err := f.fail(OpRemove, "remove", name); err != nil {
		return err
	}
	return f.base.Remove(name)
}

// MkdirAll implements FS.
func (f *Faulty) MkdirAll(dir string) error {
	if err := f.fail(OpDir, "mkdir", dir); err != nil {
		return err
	}
	return f.base.MkdirAll(dir)
}

// SyncDir implements FS.
func (f *Faulty) SyncDir(dir string) error {
	if err := f.fail(OpDir, "sync", dir); err != nil {
		return err
	}
	return f.base.SyncDir(dir)
}

// Stat implements FS.
func (f *Faulty) Stat(name string) (fs.FileInfo, error) {
	if err := f.fail(OpDir, "stat", name); err != nil {
		return nil, err
	}
	return f.base.Stat(name)
}

// ReadDir implements FS.
func (f *Faulty) ReadDir(dir string) ([]fs.DirEntry, error) {
	if err := f.fail(OpDir, "readdir", dir); err != nil {
		return nil, err
	}
	return f.base.ReadDir(dir)
}

// ReadFile implements FS.
func (f *Faulty) ReadFile(name string) ([]byte, error) {
	if err := f.fail(OpRead, "read", name); err != nil {
		return nil, err
	}
	return f.base.ReadFile(name)
}

// faultyFile is an open file of a Faulty.
type faultyFile struct {
	File
	fs *Faulty
}

func (f *faultyFile) Read(p []byte) (int, error) {
	if err := f.fs.fail(OpRead, "read", f.Name()); err != nil {
		return 0, err
	}
	return f.File.Read(p)
}

func (f *faultyFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.fs.fail(OpRead, "read", f.Name()); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, off)
}

func (f *faultyFile) Write(p []byte) (int, error) {
	if err := f.fs.fail(OpWrite, "write", f.Name()); err != nil {
		n := 0
		if f.fs.rule.Short {
			n, _ = f.File.Write(p[:len(p)/2])
		}
		return n, err
	}
	return f.File.Write(p)
}

func (f *faultyFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.fs.fail(OpWrite, "write", f.Name()); err != nil {
		n := 0
		if f.fs.rule.Short {
			n, _ = f.File.WriteAt(p[:len(p)/2], off)
		}
		return n, err
	}
	return f.File.WriteAt(p, off)
}

func (f *faultyFile) Sync() error {
	if err := f.fs.fail(OpSync, "sync", f.Name()); err != nil {
		return err
	}
	return f.File.Sync()
}

// Close always closes the file, also when it reports a fault.
func (f *faultyFile) Close() error {
	err := f.File.Close()
	if ferr := f.fs.fail(OpClose, "close", f.Name()); ferr != nil {
		return ferr
	}
	return err
}
