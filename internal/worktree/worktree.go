// Package worktree is the working directory of a repository: which of its
// files are datasets and which are plain files, what differs from the index,
// staging them (Add, Remove, Move), and writing them from a commit (Restore,
// Checkout). Reading and writing of single files is internal/source and
// internal/blob; refs, index and stat cache are internal/repo.
//
// The one invariant: objects are published before the index names them, and a
// working file is replaced by a rename, so that a crash leaves each file and
// the index old or new. Start reading at Status, then Add and Checkout.
package worktree

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/formats"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// FilesName is the system table of plain files.
const FilesName = "@files"

// IsSystem reports whether a dataset has no files in the working directory.
func IsSystem(name string) bool { return strings.HasPrefix(name, "@") }

// ErrBare is returned by verbs that need working files, in a bare repository.
var ErrBare = errors.New("this repository has no working directory")

// NoMatchError is a path or pattern that names nothing.
type NoMatchError struct{ Pattern string }

func (e *NoMatchError) Error() string {
	return fmt.Sprintf("%q did not match any file or dataset", e.Pattern)
}

// FormatError is a file that cannot be added in the way asked for.
type FormatError struct {
	Path, Reason string
	Hint         string // a command that may help, or ""
}

func (e *FormatError) Error() string { return e.Path + ": " + e.Reason }

// OverwriteError names what a verb would have thrown away.
type OverwriteError struct {
	Names []string // datasets with staged changes
	Paths []string // working files with changes, or in the way
}

func (e *OverwriteError) Error() string {
	return "would discard changes in " + strings.Join(append(append([]string(nil), e.Names...), e.Paths...), ", ")
}

// tree is a repository whose working directory is worked on.
type tree struct {
	r     *repo.Repo
	root  string
	ix    *repo.Index
	stats *repo.StatCache
	clock int64    // the file system's time when this began
	dirs  sync.Map // directories that are known to be no symbolic links
}

func open(ctx context.Context, r *repo.Repo) (*tree, error) {
	t := &tree{r: r, root: r.Layout().Root}
	if t.root == "" {
		return nil, ErrBare
	}
	var err error
	if t.clock, err = r.FileClock(); err != nil {
		return nil, err
	}
	return t, t.load(ctx)
}

// openReading is open for verbs that record nothing and so need no clock.
func openReading(ctx context.Context, r *repo.Repo) (*tree, error) {
	t := &tree{r: r, root: r.Layout().Root}
	if t.root == "" {
		return nil, ErrBare
	}
	return t, t.load(ctx)
}

func (t *tree) load(ctx context.Context) error {
	return t.r.View(ctx, func(tx *repo.Tx) (err error) {
		if t.ix, err = tx.Index(); err == nil {
			t.stats, err = tx.LoadStats()
		}
		return err
	})
}

// abs returns where a path of the repository lies.
func (t *tree) abs(path string) string { return filepath.Join(t.root, filepath.FromSlash(path)) }

// rel returns the repository's path of p, which is relative to dir.
func (t *tree) rel(dir, p string) (string, error) {
	if !filepath.IsAbs(p) {
		p = filepath.Join(dir, p)
	}
	rel, err := filepath.Rel(t.root, p)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", &FormatError{Path: p, Reason: "is outside of the repository " + t.root}
	}
	if rel == "." {
		return "", nil
	}
	return filepath.ToSlash(rel), nil
}

// file returns the working file at path for reading it into a dataset.
func (t *tree) file(path string) (source.File, error) {
	abs := t.abs(path)
	fi, err := os.Stat(abs)
	if err != nil {
		return source.File{}, err
	}
	if !fi.Mode().IsRegular() {
		return source.File{}, &FormatError{Path: path, Reason: "is not a regular file"}
	}
	return source.File{Path: path, Size: fi.Size(), Executable: fi.Mode()&0o100 != 0,
		Open: func() (source.Handle, error) { return os.Open(abs) }}, nil
}

// temp makes files for sorting in the repository's own directory.
func (t *tree) temp() (*os.File, error) { return Temp(t.r)() }

// Temp returns a maker of temporary files in the repository's directory.
func Temp(r *repo.Repo) func() (*os.File, error) {
	return func() (*os.File, error) { return os.CreateTemp(r.Layout().Dir, repo.TempPrefix+"sort-*") }
}

// loadTable reads a table, nil for the zero id.
func loadTable(ctx context.Context, r store.Reader, id object.ID) (*table.Table, error) {
	if id.IsZero() {
		return nil, nil
	}
	return table.Load(ctx, r, id)
}

// sourcesOf reads the sources of a table.
func sourcesOf(ctx context.Context, r store.Reader, t *table.Table) ([]*source.Source, error) {
	if t == nil {
		return nil, nil
	}
	out := make([]*source.Source, len(t.Sources))
	for i, id := range t.Sources {
		s, err := source.Load(ctx, r, id)
		if err != nil {
			return nil, err
		}
		out[i] = s
	}
	return out, nil
}

// Stage makes next the datasets of the index, and its sources those of these
// datasets. Working files are not looked at.
func Stage(ctx context.Context, r store.Reader, ix *repo.Index, next map[string]object.ID) error {
	type place struct{ path, dataset string }
	come := map[place]object.ID{}
	for name, id := range next {
		if ix.Datasets[name] == id || IsSystem(name) {
			continue
		}
		t, err := loadTable(ctx, r, id)
		if err != nil {
			return err
		}
		sources, err := sourcesOf(ctx, r, t)
		if err != nil {
			return err
		}
		for _, s := range sources {
			come[place{s.Path, name}] = s.HashID()
		}
	}
	for path, s := range ix.Sources {
		if _, stays := come[place{path, s.Dataset}]; !stays && next[s.Dataset] != ix.Datasets[s.Dataset] {
			delete(ix.Sources, path)
		}
	}
	for c, content := range come {
		if _, ok := ix.Sources[c.path]; !ok { // the record holds for no file
			ix.Sources[c.path] = repo.Source{FileRecord: repo.FileRecord{Content: content, Racy: true}, Dataset: c.dataset}
		}
	}
	ix.Datasets = next
	return nil
}

// Count returns how many samples differ between two versions of a dataset, nil
// standing for one that is not there.
func Count(ctx context.Context, old, new *table.Table) (added, removed, modified int64, err error) {
	switch {
	case old == nil && new == nil:
		return 0, 0, 0, nil
	case old == nil:
		return new.Rows(), 0, 0, nil
	case new == nil:
		return 0, old.Rows(), 0, nil
	}
	for d, err := range table.Compare(ctx, old, new, nil) {
		if err != nil {
			return 0, 0, 0, err
		}
		for i := range d.Changes {
			switch d.Changes[i].Op {
			case table.Added:
				added++
			case table.Removed:
				removed++
			default:
				modified++
			}
		}
	}
	return added, removed, modified, nil
}

// datasetName returns the name of the dataset that a file is by default: its
// path without extensions.
func datasetName(path string) string {
	_, compressed, ok := formats.ByPath(path)
	if !ok {
		return strings.TrimSuffix(path, filepath.Ext(path))
	}
	path = path[:len(path)-len(compressed)]
	return strings.TrimSuffix(path, filepath.Ext(path))
}

// formatOf returns the format of a file: the one named, or by its extension.
func formatOf(path, name string) (f format.Format, compressed string, err error) {
	f, compressed, ok := formats.ByPath(path)
	if name == "" || name == "auto" {
		if !ok {
			return f, "", &FormatError{Path: path, Reason: "its extension names no table format; give --type, or --type file"}
		}
		return f, compressed, nil
	}
	g, known := formats.ByName(name)
	if !known {
		return f, "", &FormatError{Path: path, Reason: fmt.Sprintf("there is no format %q", name)}
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".gz":
		return g, ".gz", nil
	case ".zst":
		return g, ".zst", nil
	}
	return g, "", nil
}
