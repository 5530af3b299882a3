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
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/repo/ignore"
	"github.com/strata-data/strata/internal/vfs"
)

// found is a file or symbolic link of the working directory.
type found struct {
	path string
	stat repo.FileStat
}

// walker lists a part of the working directory on several goroutines.
type walker struct {
	t       *tree
	ctx     context.Context
	ignored bool // list ignored files too
	group   *errgroup.Group
	mu      sync.Mutex
	files   []found
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
	err = w.list(dir, ig)
	if werr := w.group.Wait(); err == nil {
		err = werr
	}
	slices.SortFunc(w.files, func(a, b found) int { return cmp.Compare(a.path, b.path) })
	return w.files, err
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

// list takes the files of a directory, to which the patterns ig apply.
func (w *walker) list(dir string, ig *ignore.Dir) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	entries, err := vfs.List(w.t.abs(dir))
	if err != nil {
		return err
	}
	var files []found
	for i := range entries {
		e := &entries[i]
		if e.Name == ".strata" || e.Name == ".git" || (!w.ignored && ig.Ignored(e.Name, e.Mode.IsDir())) {
			continue
		}
		path := join(dir, e.Name)
		switch {
		case e.Mode.IsDir():
			if err := w.enter(path, e.Name, ig); err != nil {
				return err
			}
		case e.Mode.IsRegular() || e.Mode&fs.ModeSymlink != 0:
			files = append(files, found{path, repo.FileStat{Size: e.Size, MTime: e.MTime, CTime: e.CTime, Inode: e.Inode, Mode: e.Mode}})
		}
	}
	w.mu.Lock()
	w.files = append(w.files, files...)
	w.mu.Unlock()
	return nil
}

// enter lists a directory, on another goroutine if one is free.
func (w *walker) enter(path, name string, ig *ignore.Dir) error {
	text, err := w.t.r.IgnoreText(path)
	if err != nil {
		return err
	}
	child := ig.Child(name, text)
	work := func() error { return w.list(path, child) }
	if w.group.TryGo(work) {
		return nil
	}
	return work()
}

// lstat returns the stat of a path of the repository; ok is false where there
// is nothing, or a directory.
func (t *tree) lstat(path string) (s repo.FileStat, ok bool, err error) {
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
