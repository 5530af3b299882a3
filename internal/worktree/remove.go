package worktree

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// RemoveOptions say what to take out of the index and the working directory.
type RemoveOptions struct {
	Dir       string
	Patterns  []string
	Cached    bool // keep the working files
	Recursive bool // what is below directories
	Force     bool // even if they have changes of their own
	DryRun    bool
}

// Removed names what went.
type Removed struct {
	Datasets []string
	Files    []string
}

// DirectoryError is a directory that was named without RemoveOptions.Recursive.
type DirectoryError struct{ Path string }

func (e *DirectoryError) Error() string {
	return e.Path + " is a directory, which is not removed without -r"
}

// Remove stages the end of datasets and plain files and deletes their working
// files. Files with changes of their own are an *OverwriteError; what is below
// a directory goes only with Recursive, else it is a *DirectoryError. Datasets
// can be named without it, whatever they were read from.
func Remove(ctx context.Context, r *repo.Repo, o RemoveOptions) (*Removed, error) {
	unlock, err := r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	ix, err := r.Index(ctx)
	if err != nil {
		return nil, err
	}
	to, names, err := Pick(ctx, r, o.Dir, o.Patterns, ix.Datasets, map[string]object.ID{})
	if err != nil {
		return nil, err
	}
	out := &Removed{}
	for _, n := range names {
		if _, ok := ix.Datasets[n]; ok {
			out.Datasets = append(out.Datasets, n)
		} else {
			out.Files = append(out.Files, n)
		}
	}
	if !o.Recursive {
		if err := refuseDirectories(r, o, ix, names); err != nil {
			return nil, err
		}
	}
	if !o.Force && !o.Cached {
		if err := checkStaged(ctx, r, out); err != nil {
			return nil, err
		}
	}
	switch {
	case o.DryRun:
		return out, nil
	case o.Cached:
		return out, r.Update(ctx, func(tx *repo.Tx) error {
			for _, n := range out.Datasets {
				for _, p := range ix.SourcesOf(n) {
					delete(ix.Sources, p)
				}
			}
			ix.Datasets = to
			if err := tx.SaveIndex(ix); err != nil {
				return err
			}
			return tx.SaveStats(repo.StatChanges{Remove: out.Files})
		})
	}
	var lose CheckoutOptions
	if o.Force {
		lose.Overwrite, lose.OverwriteFiles = out.Datasets, out.Files
	}
	_, err = CheckoutWith(ctx, r, ix.Datasets, to, lose, func(_ *repo.Tx, ix *repo.Index) error {
		ix.Datasets = to
		return nil
	})
	return out, err
}

// refuseDirectories returns a *DirectoryError for the first pattern that is
// neither a dataset nor a file but lies above one of those to be removed.
func refuseDirectories(r *repo.Repo, o RemoveOptions, ix *repo.Index, names []string) error {
	t := &tree{r: r, root: r.Layout().Root}
	paths := slices.Clone(names)
	for _, n := range names {
		paths = append(paths, ix.SourcesOf(n)...)
	}
	for _, p := range o.Patterns {
		if slices.Contains(paths, p) {
			continue
		}
		rel, err := t.rel(o.Dir, p)
		if err != nil {
			return err
		}
		above := func(path string) bool { return rel == "" || strings.HasPrefix(path, rel+"/") }
		if !slices.Contains(paths, rel) && slices.ContainsFunc(paths, above) {
			return &DirectoryError{Path: p}
		}
	}
	return nil
}

// checkStaged refuses to remove what was staged and not committed: nothing would
// name its content any more.
func checkStaged(ctx context.Context, r *repo.Repo, going *Removed) error {
	t, err := openReading(ctx, r)
	if err != nil {
		return err
	}
	staged, err := r.Staged(ctx)
	if err != nil {
		return err
	}
	lost := &OverwriteError{}
	for _, c := range staged {
		if c.Name == FilesName {
			if lost.Paths, err = t.stagedPlain(ctx, c, going.Files); err != nil {
				return err
			}
			continue
		}
		if !slices.Contains(going.Datasets, c.Name) {
			continue
		}
		for _, p := range t.ix.SourcesOf(c.Name) {
			_, there, err := t.lstat(p)
			if err != nil {
				return err
			}
			if there {
				lost.Names = append(lost.Names, c.Name)
				break
			}
		}
	}
	if len(lost.Names)+len(lost.Paths) > 0 {
		return lost
	}
	return nil
}

// stagedPlain returns those of paths that are there and differ between HEAD and
// index.
func (t *tree) stagedPlain(ctx context.Context, c repo.TreeChange, paths []string) (out []string, err error) {
	var sets [2][]plainFile
	for i, id := range []object.ID{c.Old, c.New} {
		files, err := loadTable(ctx, t.r.Objects(), id)
		if err != nil {
			return nil, err
		}
		if sets[i], err = plainSet(ctx, files); err != nil {
			return nil, err
		}
	}
	for _, p := range paths {
		was, inHead := findPlain(sets[0], p)
		now, _ := findPlain(sets[1], p)
		if inHead && was.Ref == now.Ref && was.Mode == now.Mode {
			continue
		}
		_, there, err := t.lstat(p)
		if err != nil {
			return nil, err
		}
		if there {
			out = append(out, p)
		}
	}
	return out, nil
}

// MoveOptions say what to rename.
type MoveOptions struct {
	Dir      string
	From, To string
	Force    bool
	DryRun   bool
}

// Moved says what was renamed: a dataset with its files, or a plain file.
type Moved struct {
	From, To string
	Paths    map[string]string
}

// Move renames a dataset and its working files, or a plain file.
func Move(ctx context.Context, r *repo.Repo, o MoveOptions) (*Moved, error) {
	unlock, err := r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	t, err := open(ctx, r)
	if err != nil {
		return nil, err
	}
	from, err := t.rel(o.Dir, o.From)
	if err != nil {
		return nil, err
	}
	to, err := t.rel(o.Dir, o.To)
	if err != nil {
		return nil, err
	}
	if s, ok := t.ix.Sources[from]; ok && len(t.ix.SourcesOf(s.Dataset)) == 1 {
		return t.moveDataset(ctx, s.Dataset, datasetName(to), map[string]string{from: to}, o)
	}
	if _, ok := t.ix.Datasets[from]; ok && !IsSystem(from) {
		paths := map[string]string{}
		sources := t.ix.SourcesOf(from)
		if len(sources) == 1 && datasetName(to) != to { // named as its file, not as a dataset
			return t.moveDataset(ctx, from, datasetName(to), map[string]string{sources[0]: to}, o)
		}
		for _, p := range sources {
			paths[p] = movedPath(p, from, to)
		}
		return t.moveDataset(ctx, from, to, paths, o)
	}
	return t.movePlain(ctx, from, to, o)
}

// movedPath returns where a file of a dataset goes with it.
func movedPath(p, from, to string) string {
	if rest, ok := strings.CutPrefix(p, from); ok {
		return to + rest
	}
	return path.Join(path.Dir(to), path.Base(p))
}

func (t *tree) moveDataset(ctx context.Context, from, to string, paths map[string]string, o MoveOptions) (*Moved, error) {
	if err := repo.CheckDatasetName(to); err != nil {
		return nil, &FormatError{Path: to, Reason: err.Error()}
	}
	if _, ok := t.ix.Datasets[to]; ok && to != from && !o.Force {
		return nil, &OverwriteError{Names: []string{to}}
	}
	taken, err := t.taken(ctx)
	if err != nil {
		return nil, err
	}
	out := &Moved{From: from, To: to, Paths: paths}
	at := map[string]bool{}
	for was, p := range paths {
		if at[p] {
			return nil, &FormatError{Path: p, Reason: "would be the path of two files of " + from + "; move them one by one"}
		}
		at[p] = true
		if p == was {
			continue
		}
		if err := refuseTaken(p, taken(p), o.Force, from, to); err != nil {
			return nil, err
		}
	}
	if o.DryRun {
		return out, nil
	}
	w, err := t.r.Objects().NewWriter(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = w.Discard() }()
	old, err := loadTable(ctx, w, t.ix.Datasets[from])
	if err != nil {
		return nil, err
	}
	moved, err := source.Moved(ctx, w, old, paths)
	if err != nil {
		return nil, err
	}
	id, err := moved.Save(ctx, w)
	if err != nil {
		return nil, err
	}
	if _, err := w.Publish(ctx); err != nil {
		return nil, err
	}
	next := cloneIDs(t.ix.Datasets)
	delete(next, from)
	next[to] = id
	lose := replaced(paths, o.Force)
	if o.Force && to != from {
		lose.OverwriteFiles = append(lose.OverwriteFiles, t.ix.SourcesOf(to)...)
	}
	_, err = CheckoutWith(ctx, t.r, t.ix.Datasets, next, lose, func(_ *repo.Tx, ix *repo.Index) error {
		ix.Datasets = next
		return nil
	})
	return out, err
}

// taken returns what tells which dataset a tracked file belongs to: @files for a
// plain file, "" for other files. Those in the way are left to Checkout, to which
// they do not matter where they are what would be written: an earlier attempt at
// the same may have stopped halfway.
func (t *tree) taken(ctx context.Context) (func(path string) string, error) {
	files, err := loadTable(ctx, t.r.Objects(), t.ix.Datasets[FilesName])
	if err != nil {
		return nil, err
	}
	plain, err := plainSet(ctx, files)
	return func(path string) string {
		if _, isPlain := findPlain(plain, path); isPlain {
			return FilesName
		}
		return t.ix.Sources[path].Dataset
	}, err
}

// refuseTaken refuses a path that is the owner's for what moves there; with
// force only where it would then have two owners.
func refuseTaken(path, owner string, force bool, movers ...string) error {
	switch {
	case owner == "" || force && slices.Contains(movers, owner):
		return nil
	case !force:
		return &OverwriteError{Paths: []string{path}}
	case owner == FilesName:
		owner = path
	}
	return &FormatError{Path: path, Reason: "is tracked already; first: strata rm --cached " + owner}
}

func (t *tree) movePlain(ctx context.Context, from, to string, o MoveOptions) (*Moved, error) {
	files, err := loadTable(ctx, t.r.Objects(), t.ix.Datasets[FilesName])
	if err != nil {
		return nil, err
	}
	out := &Moved{From: from, To: to, Paths: map[string]string{}}
	var put []plainFile
	var remove []string
	if files != nil {
		for b, err := range files.Scan(ctx, table.ScanOptions{}) {
			if err != nil {
				return nil, err
			}
			for i := range b.Len {
				f, err := fullPlainRow(b, i)
				if err != nil {
					return nil, err
				}
				rest, below := strings.CutPrefix(f.Path, from+"/")
				if f.Path != from && !below {
					continue
				}
				remove = append(remove, f.Path)
				was := f.Path
				f.Path = to
				if below {
					f.Path = join(to, rest)
				}
				out.Paths[was] = f.Path
				put = append(put, f)
			}
		}
	}
	if len(put) == 0 {
		return nil, &NoMatchError{Pattern: o.From}
	}
	taken, err := t.taken(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range put {
		if err := refuseTaken(f.Path, taken(f.Path), o.Force, FilesName); err != nil {
			return nil, err
		}
	}
	if o.DryRun {
		return out, nil
	}
	id, err := t.writePlainTable(ctx, files, put, remove)
	if err != nil {
		return nil, err
	}
	next := cloneIDs(t.ix.Datasets)
	setID(next, FilesName, id)
	_, err = CheckoutWith(ctx, t.r, t.ix.Datasets, next, replaced(out.Paths, o.Force), func(_ *repo.Tx, ix *repo.Index) error {
		ix.Datasets = next
		return nil
	})
	return out, err
}

// replaced lets the files be lost that others are moved to; with changes of their
// own those that are moved stay where they are.
func replaced(paths map[string]string, force bool) (o CheckoutOptions) {
	for was, p := range paths {
		if _, moves := paths[p]; force && p != was && !moves {
			o.OverwriteFiles = append(o.OverwriteFiles, p)
		}
	}
	return o
}

// writePlainTable publishes an edited @files.
func (t *tree) writePlainTable(ctx context.Context, old *table.Table, put []plainFile, remove []string) (id object.ID, err error) {
	w, err := t.r.Objects().NewWriter(ctx)
	if err != nil {
		return id, err
	}
	defer func() { _ = w.Discard() }()
	if id, err = publishPlain(ctx, w, old, put, remove); err != nil {
		return id, err
	}
	_, err = w.Publish(ctx)
	return id, err
}

func publishPlain(ctx context.Context, w store.Writer, old *table.Table, put []plainFile, remove []string) (object.ID, error) {
	remove = slices.DeleteFunc(remove, func(p string) bool {
		return slices.ContainsFunc(put, func(f plainFile) bool { return f.Path == p })
	})
	mixed, err := editPlain(ctx, w, old, put, remove)
	if err != nil {
		return object.ID{}, err
	}
	return savePlain(ctx, w, mixed)
}

func cloneIDs(m map[string]object.ID) map[string]object.ID {
	out := make(map[string]object.ID, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}
