package repo

import (
	"io/fs"
	"syscall"
)

// changeTimeAndInode returns the time of the last change of the inode, in
// nanoseconds since 1970, and the inode's number.
func changeTimeAndInode(fi fs.FileInfo) (int64, uint64) {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0
	}
	return st.Ctim.Nano(), st.Ino
}
