package vfs

import "io/fs"

// Entry is a name in a directory and, unless it is a directory itself, what
// the file system says about it. Symbolic links are not followed.
type Entry struct {
	Name  string
	Mode  fs.FileMode // only the type for a directory
	Size  int64
	MTime int64 // nanoseconds since 1970
	CTime int64 // nanoseconds since 1970; 0 where the system has none
	Inode uint64
}
