package repo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/strata-data/strata/internal/repo/config"
)

// DirName is the name of the repository's directory inside the working
// directory.
const DirName = ".strata"

// Layout says where a repository lies (docs/format/layout.md).
type Layout struct {
	Dir  string // the repository's own directory, absolute
	Root string // the working directory, absolute; "" for a bare repository
}

// Bare reports whether there are no working files.
func (l Layout) Bare() bool { return l.Root == "" }

func (l Layout) metaPath() string   { return filepath.Join(l.Dir, "meta.db") }
func (l Layout) cachePath() string  { return filepath.Join(l.Dir, "cache.db") }
func (l Layout) objectsDir() string { return filepath.Join(l.Dir, "objects") }
func (l Layout) lockPath() string   { return filepath.Join(l.Dir, "lock") }

// CachePath returns the path of cache.db, which may not exist.
func (l Layout) CachePath() string { return filepath.Join(l.Dir, "cache.db") }

// HooksDir returns the directory of hook programs.
func (l Layout) HooksDir() string { return filepath.Join(l.Dir, "hooks") }

// ConfigPath returns the path of the repository's own settings.
func (l Layout) ConfigPath() string { return filepath.Join(l.Dir, "config.toml") }

// ProjectConfigPath returns the path of the tracked settings, or "".
func (l Layout) ProjectConfigPath() string {
	if l.Bare() {
		return ""
	}
	return filepath.Join(l.Root, "strata.toml")
}

// NotRepositoryError is returned when neither a directory nor any of its
// parents is a repository.
type NotRepositoryError struct{ Dir string }

func (e *NotRepositoryError) Error() string {
	return fmt.Sprintf("no strata repository in %s or any parent", e.Dir)
}

// Find returns the repository that dir is in: its own, or that of the nearest
// parent. It stops at the root of the file system; without a repository the
// error is a *NotRepositoryError. A directory that cannot be read is an error
// and not passed over.
func Find(dir string) (Layout, error) {
	start, err := filepath.Abs(dir)
	if err != nil {
		return Layout{}, err
	}
	if _, err := os.Stat(start); err != nil {
		return Layout{}, err
	}
	for at := start; ; at = filepath.Dir(at) {
		l, ok, err := layoutAt(at)
		if err != nil || ok {
			return l, err
		}
		if at == filepath.Dir(at) {
			return Layout{}, &NotRepositoryError{Dir: start}
		}
	}
}

// layoutAt returns the repository of the directory at itself.
func layoutAt(at string) (Layout, bool, error) {
	l := Layout{Dir: filepath.Join(at, DirName), Root: at}
	if ok, err := l.exists(); err != nil || ok {
		return l, ok, err
	}
	l = Layout{Dir: at}
	if filepath.Base(at) == DirName {
		l.Root = filepath.Dir(at) // inside .strata itself
	}
	ok, err := l.exists()
	if err != nil || !ok {
		return l, false, err
	}
	if l.Bare() {
		if ok, err = l.saysBare(); err != nil {
			return l, false, err
		}
	}
	return l, ok, nil
}

// exists reports whether a repository is there, be it whole or not: where
// meta.db or the objects were lost, the rest is no place for a new repository,
// whose first writer would remove every segment. What an interrupted Init leaves
// is none.
func (l Layout) exists() (bool, error) {
	hasMeta, err := there(l.metaPath())
	if err != nil || hasMeta {
		return hasMeta, err
	}
	hasObjects, err := there(l.objectsDir())
	if err != nil || !hasObjects {
		return false, err
	}
	entries, err := os.ReadDir(l.objectsDir())
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return filepath.Ext(e.Name()) == ".seg" }), err
}

func there(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || isNotDir(err) {
		return false, nil
	}
	return err == nil, err
}

// saysBare reports whether the settings make this a bare repository.
func (l Layout) saysBare() (bool, error) {
	c, err := config.Load([]config.Source{{Scope: config.Local, Path: l.ConfigPath()}})
	if err != nil {
		return false, err
	}
	return c.Bool("core.bare", false)
}
