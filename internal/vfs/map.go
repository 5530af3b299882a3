package vfs

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Map returns the bytes of f, which must not change or shrink while they are
// in use, and a function that gives them back. A file of the machine is mapped
// read-only, so nothing is read until it is touched; the file may be closed or
// removed while it is mapped. Any other file is read whole. A disk error
// behind a mapping is a memory fault; callers that must outlive it use
// runtime/debug.SetPanicOnFault.
func Map(f File) (b []byte, unmap func() error, err error) {
	fi, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	size := fi.Size()
	if size == 0 || size != int64(int(size)) {
		return nil, nil, fmt.Errorf("map %s: cannot map %d bytes", f.Name(), size)
	}
	osf, ok := f.(*os.File)
	if !ok {
		b = make([]byte, size)
		_, err = io.ReadFull(io.NewSectionReader(f, 0, size), b)
		return b, func() error { return nil }, err
	}
	b, err = unix.Mmap(int(osf.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, &os.PathError{Op: "mmap", Path: f.Name(), Err: err}
	}
	return b, func() error { return unix.Munmap(b) }, nil
}
