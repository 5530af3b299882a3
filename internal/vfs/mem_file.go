package vfs

import (
	"io"
	"io/fs"
	"sync"
)

// memFile is an open file of a Mem.
type memFile struct {
	name     string
	readOnly bool
	n        *memNode

	mu     sync.Mutex // protects what follows
	off    int64
	closed bool
}

func (f *memFile) Name() string { return f.name }

func (f *memFile) Stat() (fs.FileInfo, error) { return f.n.info(f.name), nil }

func (f *memFile) Sync() error { return f.check("sync") }

func (f *memFile) check(op string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return pathError(op, f.name, fs.ErrClosed)
	}
	if f.n.dir && op != "close" {
		return pathError(op, f.name, fs.ErrInvalid)
	}
	return nil
}

func (f *memFile) Close() error {
	if err := f.check("close"); err != nil {
		return err
	}
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	return nil
}

func (f *memFile) Read(p []byte) (int, error) {
	f.mu.Lock()
	off := f.off
	f.mu.Unlock()
	n, err := f.ReadAt(p, off)
	f.mu.Lock()
	f.off += int64(n)
	f.mu.Unlock()
	if n > 0 {
		err = nil
	}
	return n, err
}

func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.check("read"); err != nil {
		return 0, err
	}
	f.n.mu.Lock()
	defer f.n.mu.Unlock()
	if off < 0 {
		return 0, pathError("read", f.name, fs.ErrInvalid)
	}
	if off >= int64(len(f.n.b)) {
		return 0, io.EOF
	}
	n := copy(p, f.n.b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) Write(p []byte) (int, error) {
	f.mu.Lock()
	off := f.off
	f.mu.Unlock()
	n, err := f.WriteAt(p, off)
	f.mu.Lock()
	f.off += int64(n)
	f.mu.Unlock()
	return n, err
}

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.check("write"); err != nil {
		return 0, err
	}
	if f.readOnly {
		return 0, pathError("write", f.name, fs.ErrPermission)
	}
	if off < 0 {
		return 0, pathError("write", f.name, fs.ErrInvalid)
	}
	f.n.mu.Lock()
	defer f.n.mu.Unlock()
	if end := off + int64(len(p)); end > int64(len(f.n.b)) {
		f.n.b = append(f.n.b, make([]byte, end-int64(len(f.n.b)))...)
	}
	return copy(f.n.b[off:], p), nil
}
