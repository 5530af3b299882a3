//go:build !linux

package vfs

import (
	"errors"
	"io/fs"
	"os"
)

// List returns the entries of a directory, in no particular order. Files that
// vanish meanwhile are left out. Where the system has no numbers for inode and
// change of status they are 0.
func List(dir string) ([]Entry, error) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	out := make([]Entry, 0, len(names))
	for _, n := range names {
		if n.IsDir() {
			out = append(out, Entry{Name: n.Name(), Mode: fs.ModeDir})
			continue
		}
		fi, err := n.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, Entry{Name: n.Name(), Mode: fi.Mode(), Size: fi.Size(), MTime: fi.ModTime().UnixNano()})
	}
	return out, nil
}
