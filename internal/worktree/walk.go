package worktree

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/repo/ignore"
	"github.com/strata-data/strata/internal/vfs"
)

// found is a file or symbolic link of the working directory.
type found struct {
	path string
	stat repo.FileStat
	kept bool // not named, but of a dataset of which another file was
}

// walker lists a part of the working directory on several goroutines.
type walker struct {
	t       *tree
	ctx     context.Context
	ignored bool // list ignored files too
	group   *errgroup.Group
}

// folder is a directory that was listed. Its entries are in order of path,
// where a directory counts as its name with a slash.
type folder struct {
	entries []entry
}

type entry struct {
	name string // with a slash behind it for a folder
	found
	folder *folder
}

// walk returns the files below the directory dir ("" for all), in order of
// path, without those that are ignored.
func (t *tree) walk(ctx context.Context, dir string, ignored bool) ([]found, error) {
	ig, err := t.ignoreAt(dir)
	if err != nil {
		return nil, err
	}
	w := &walker{t: t, ignored: ignored}
	w.group, w.ctx = errgroup.WithContext(ctx)
	w.group.SetLimit(2 * runtime.GOMAXPROCS(0))
	top := new(folder)
	err = w.list(top, dir, ig)
	if werr := w.group.Wait(); err == nil {
		err = werr
	}
	if err != nil {
		return nil, err
	}
	return top.appendFiles(make([]found, 0, top.count())), nil
}

func (f *folder) count() int {
	n := 0
	for i := range f.entries {
		if sub := f.entries[i].folder; sub != nil {
			n += sub.count()
		} else {
			n++
		}
	}
	return n
}

func (f *folder) appendFiles(dst []found) []found {
	for i := range f.entries {
		if sub := f.entries[i].folder; sub != nil {
			dst = sub.appendFiles(dst)
		} else {
			dst = append(dst, f.entries[i].found)
		}
	}
	return dst
}

// ignoreAt returns the patterns that hold in a directory.
func (t *tree) ignoreAt(dir string) (*ignore.Dir, error) {
	ig, err := t.r.IgnoreRoot()
	if err != nil || dir == "" {
		return ig, err
	}
	at := ""
	for _, name := range splitPath(dir) {
		at = join(at, name)
		text, err := t.r.IgnoreText(at)
		if err != nil {
			return nil, err
		}
		ig = ig.Child(name, text)
	}
	return ig, nil
}

// list fills into with the directory dir, to which the patterns ig apply.
func (w *walker) list(into *folder, dir string, ig *ignore.Dir) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	listed, err := vfs.List(w.t.abs(dir))
	if err != nil {
		return err
	}
	out := make([]entry, 0, len(listed))
	for i := range listed {
		e := &listed[i]
		if e.Name == ".strata" || e.Name == ".git" || (!w.ignored && ig.Ignored(e.Name, e.Mode.IsDir())) {
			continue
		}
		path := join(dir, e.Name)
		switch {
		case e.Mode.IsDir():
			sub := new(folder)
			out = append(out, entry{name: e.Name + "/", folder: sub})
			if err := w.enter(sub, path, e.Name, ig); err != nil {
				return err
			}
		case e.Mode.IsRegular() || e.Mode&fs.ModeSymlink != 0:
			s := repo.FileStat{Size: e.Size, MTime: e.MTime, CTime: e.CTime, Inode: e.Inode, Mode: e.Mode}
			out = append(out, entry{name: e.Name, found: found{path: path, stat: s}})
		}
	}
	slices.SortFunc(out, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	into.entries = out
	return nil
}

// enter lists a directory, on another goroutine if one is free.
func (w *walker) enter(into *folder, path, name string, ig *ignore.Dir) error {
	text, err := w.t.r.IgnoreText(path)
	if err != nil {
		return err
	}
	child := ig.Child(name, text)
	work := func() error { return w.list(into, path, child) }
	if w.group.TryGo(work) {
		return nil
	}
	return work()
}

// lstat returns the stat of a path of the repository; ok is false where there
// is nothing, a directory, or a symbolic link above it.
func (t *tree) lstat(path string) (s repo.FileStat, ok bool, err error) {
	if !t.real(path) {
		return s, false, nil
	}
	fi, err := os.Lstat(t.abs(path))
	if errors.Is(err, fs.ErrNotExist) || notDir(err) {
		return s, false, nil
	}
	if err != nil {
		return s, false, err
	}
	return repo.StatOf(fi), !fi.IsDir(), nil
}

// notDir reports whether a part of a path that should be a directory is a file.
func notDir(err error) bool {
	var pe *fs.PathError
	return errors.As(err, &pe) && pe.Err.Error() == "not a directory"
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

func splitPath(p string) []string {
	var parts []string
	for p != "" {
		dir, name := filepath.Split(p)
		parts = append(parts, name)
		p = filepath.ToSlash(filepath.Clean(dir))
		if p == "." || p == "/" {
			break
		}
	}
	slices.Reverse(parts)
	return parts
}
