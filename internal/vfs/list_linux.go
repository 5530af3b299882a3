package vfs

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// List returns the entries of a directory, in no particular order. Files that
// vanish meanwhile are left out. It stats by name from the open directory,
// which spares the kernel the walk down the path for each file.
func List(dir string) ([]Entry, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	out := make([]Entry, 0, len(names))
	var serr error
	err = raw.Control(func(fd uintptr) {
		var st unix.Stat_t
		for _, n := range names {
			if n.IsDir() {
				out = append(out, Entry{Name: n.Name(), Mode: fs.ModeDir})
				continue
			}
			switch err := unix.Fstatat(int(fd), n.Name(), &st, unix.AT_SYMLINK_NOFOLLOW); err {
			case nil:
				out = append(out, Entry{Name: n.Name(), Mode: modeOf(st.Mode), Size: st.Size, MTime: st.Mtim.Nano(),
					CTime: st.Ctim.Nano(), Inode: st.Ino})
			case unix.ENOENT:
			default:
				serr = &fs.PathError{Op: "stat", Path: dir + "/" + n.Name(), Err: err}
				return
			}
		}
	})
	if err == nil {
		err = serr
	}
	return out, err
}

// modeOf turns a mode of the kernel into one of package fs, as os.Lstat does.
func modeOf(m uint32) fs.FileMode {
	mode := fs.FileMode(m & 0o777)
	switch m & unix.S_IFMT {
	case unix.S_IFBLK:
		mode |= fs.ModeDevice
	case unix.S_IFCHR:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	case unix.S_IFDIR:
		mode |= fs.ModeDir
	case unix.S_IFIFO:
		mode |= fs.ModeNamedPipe
	case unix.S_IFLNK:
		mode |= fs.ModeSymlink
	case unix.S_IFSOCK:
		mode |= fs.ModeSocket
	}
	if m&unix.S_ISGID != 0 {
		mode |= fs.ModeSetgid
	}
	if m&unix.S_ISUID != 0 {
		mode |= fs.ModeSetuid
	}
	if m&unix.S_ISVTX != 0 {
		mode |= fs.ModeSticky
	}
	return mode
}
