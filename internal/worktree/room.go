package worktree

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// This file is about files where directories have to go, the other way round,
// and symbolic links in between. Nothing is ever written or deleted through a
// symbolic link to a directory: what lies behind it is not the repository's.

// real reports whether everything above path is a directory, or not there.
func (t *tree) real(path string) bool {
	d := dirOf(path)
	if d == "." {
		return true
	}
	if _, known := t.dirs.Load(d); known {
		return true
	}
	if !t.real(d) {
		return false
	}
	fi, err := os.Lstat(t.abs(d))
	if err != nil {
		return errors.Is(err, fs.ErrNotExist) || notDir(err)
	}
	if fi.IsDir() {
		t.dirs.Store(d, true)
	}
	return fi.IsDir()
}

// inTheWay returns what keeps a file from being written at path: a file or link
// where a directory has to be, or the files of a directory that is where the
// file has to be. Files in goes do not count.
func (p *plan) inTheWay(path string, goes map[string]bool) ([]string, error) {
	for d := dirOf(path); d != "."; d = dirOf(d) {
		if _, known := p.dirs.Load(d); known {
			break
		}
		fi, err := os.Lstat(p.abs(d))
		switch {
		case errors.Is(err, fs.ErrNotExist) || notDir(err):
			continue
		case err != nil:
			return nil, err
		case !fi.IsDir() && !goes[d]:
			return []string{d}, nil
		}
	}
	fi, err := os.Lstat(p.abs(path))
	if err != nil || !fi.IsDir() {
		return nil, nil
	}
	var out []string
	err = filepath.WalkDir(p.abs(path), func(at string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(p.root, at)
		if rel = filepath.ToSlash(rel); !goes[rel] {
			out = append(out, rel)
		}
		return err
	})
	return out, err
}

// makeRoom removes what inTheWay found, which either goes anyway or may be
// overwritten.
func (p *plan) makeRoom(path string) error {
	if _, known := p.dirs.Load(dirOf(path)); !known {
		if err := p.makeDirs(dirOf(path)); err != nil {
			return err
		}
	}
	fi, err := os.Lstat(p.abs(path))
	if err != nil || !fi.IsDir() {
		return nil
	}
	defer p.dirs.Clear()
	return os.RemoveAll(p.abs(path))
}

// makeDirs makes dir and all above it directories.
func (p *plan) makeDirs(dir string) error {
	if dir == "." {
		return nil
	}
	if err := p.makeDirs(dirOf(dir)); err != nil {
		return err
	}
	p.room.Lock()
	defer p.room.Unlock()
	fi, err := os.Lstat(p.abs(dir))
	if err == nil && !fi.IsDir() {
		err = os.Remove(p.abs(dir))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(p.abs(dir), 0o777); err != nil {
		return err
	}
	p.dirs.Store(dir, true)
	return nil
}

// ownPath refuses paths of the repository's own directory.
func ownPath(rel, asked string) error {
	if slices.Contains(strings.Split(rel, "/"), ".strata") {
		return &FormatError{Path: asked, Reason: "belongs to the repository itself"}
	}
	return nil
}
