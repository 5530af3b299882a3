package worktree

import (
	"context"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"

	"github.com/strata-data/strata/internal/format/formats"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/table"
	"github.com/strata-data/strata/internal/vfs"
)

// Written counts what a checkout did to the working directory.
type Written struct{ Files, Deleted int64 }

// plan is what has to be done to working files to come from one state of the
// index to another.
type plan struct {
	*tree
	force   bool
	ready   map[string]Ready
	room    sync.Mutex // held to turn files into directories
	write   []datasetWrite
	plain   []plainFile
	remove  []string
	sources map[string]repo.Source // of files that are written or right already
	drop    []string               // sources that are no more
	was     map[string]object.ID   // content that source files have in the state before
	before  []plainFile            // plain files of the state before
	names   []string               // datasets whose files may be lost
	lose    map[string]bool        // files that may be lost
}

type datasetWrite struct {
	name string
	t    *table.Table
	src  *source.Source
}

// CheckoutOptions say what may be overwritten.
type CheckoutOptions struct {
	// Force writes every file of the new state, whatever is there.
	Force bool
	// Overwrite names datasets whose files may have changes of their own that are
	// lost, OverwriteFiles plain files, which are written also where they are alike in
	// both states.
	Overwrite, OverwriteFiles []string
	// Ready are files of datasets that were rendered already, by path. A file is
	// renamed to its place if its content is the one that is wanted.
	Ready map[string]Ready
}

// Ready is a temporary file with the content and the mode of a working file.
type Ready struct {
	Name    string    // where it is
	Content object.ID // hash of its bytes
}

// TempFile makes a temporary file in the repository's directory that can become
// a working file by a rename.
func TempFile(r *repo.Repo, executable bool) (vfs.File, error) {
	perm := fs.FileMode(0o666)
	if executable {
		perm = 0o777
	}
	return vfs.OS{}.CreateTemp(r.Layout().Dir, repo.TempPrefix+"file-", perm)
}

// Checkout makes the working files those of the datasets to, where the working
// directory is at from (the index, but for verbs that know better). Unless force is
// set, files that are alike in both stay as they are, and files with changes of
// their own, or untracked ones in the way, are an *OverwriteError and nothing is
// touched. Files are replaced one by one, each by a rename; then finish is called
// to move the index, inside the transaction that also remembers what was written.
// The caller holds the lock.
func Checkout(ctx context.Context, r *repo.Repo, from, to map[string]object.ID, force bool, finish func(*repo.Tx, *repo.Index) error) (w Written, err error) {
	return CheckoutWith(ctx, r, from, to, CheckoutOptions{Force: force}, finish)
}

// CheckoutWith is Checkout with more to choose.
func CheckoutWith(ctx context.Context, r *repo.Repo, from, to map[string]object.ID, o CheckoutOptions, finish func(*repo.Tx, *repo.Index) error) (w Written, err error) {
	t, err := open(ctx, r)
	if err != nil {
		return w, err
	}
	p := &plan{tree: t, force: o.Force, ready: o.Ready, sources: map[string]repo.Source{}, was: map[string]object.ID{},
		names: o.Overwrite, lose: map[string]bool{}}
	for _, path := range o.OverwriteFiles {
		p.lose[path] = true
	}
	if err := p.make(ctx, from, to); err != nil {
		return w, err
	}
	if !o.Force {
		if err := p.check(ctx); err != nil {
			return w, err
		}
	}
	changes := repo.StatChanges{Set: map[string]repo.FileRecord{}}
	if w, err = p.run(ctx, &changes); err != nil {
		return w, err
	}
	return w, t.r.Update(ctx, func(tx *repo.Tx) error {
		tx.WroteFiles()
		staged, gone := t.ix.Datasets, map[string]repo.Source{}
		for _, path := range p.drop {
			gone[path] = t.ix.Sources[path]
			delete(t.ix.Sources, path)
		}
		for path, s := range p.sources {
			t.ix.Sources[path] = s
		}
		if err := finish(tx, t.ix); err != nil {
			return err
		}
		for path, s := range gone { // what is still staged is missed
			id := t.ix.Datasets[s.Dataset]
			if _, again := t.ix.Sources[path]; !again && !id.IsZero() && id == staged[s.Dataset] {
				t.ix.Sources[path] = s
			}
		}
		for path, s := range t.ix.Sources { // files of datasets that are not staged are untracked
			if _, staged := t.ix.Datasets[s.Dataset]; !staged {
				delete(t.ix.Sources, path)
			}
		}
		if err := tx.SaveIndex(t.ix); err != nil {
			return err
		}
		return tx.SaveStats(changes)
	})
}

// make finds out which files have to be written and removed.
func (p *plan) make(ctx context.Context, from, to map[string]object.ID) error {
	names := map[string]bool{}
	for n := range from {
		names[n] = true
	}
	for n := range to {
		names[n] = true
	}
	var order []string
	for n := range names {
		order = append(order, n)
	}
	slices.Sort(order)
	for _, n := range order {
		var err error
		switch {
		case from[n] == to[n] && !p.force && (n != FilesName || len(p.lose) == 0):
		case n == FilesName:
			err = p.makePlain(ctx, from[n], to[n])
		case !IsSystem(n):
			err = p.makeDataset(ctx, n, from[n], to[n])
		}
		if err != nil {
			return err
		}
	}
	written := map[string]bool{} // paths that only change hands are not removed
	for i := range p.write {
		written[p.write[i].src.Path] = true
	}
	for i := range p.plain {
		written[p.plain[i].Path] = true
	}
	p.remove = slices.DeleteFunc(p.remove, func(path string) bool { return written[path] })
	return nil
}

func (p *plan) makeDataset(ctx context.Context, name string, from, to object.ID) error {
	objects := p.r.Objects()
	old, err := loadTable(ctx, objects, from)
	if err != nil {
		return err
	}
	new, err := loadTable(ctx, objects, to)
	if err != nil {
		return err
	}
	before, err := sourcesOf(ctx, objects, old)
	if err != nil {
		return err
	}
	after, err := sourcesOf(ctx, objects, new)
	if err != nil {
		return err
	}
	for _, s := range after {
		p.write = append(p.write, datasetWrite{name, new, s})
	}
	if slices.Contains(p.names, name) {
		for _, s := range slices.Concat(before, after) {
			p.lose[s.Path] = true
		}
	}
	for _, s := range before {
		p.was[s.Path] = s.HashID()
		if !slices.ContainsFunc(after, func(a *source.Source) bool { return a.Path == s.Path }) {
			p.remove, p.drop = append(p.remove, s.Path), append(p.drop, s.Path)
		}
	}
	return nil
}

// makePlain plans the plain files that differ between two versions of @files,
// with force also those that are not in the working directory as they should be.
func (p *plan) makePlain(ctx context.Context, from, to object.ID) error {
	objects := p.r.Objects()
	old, err := loadTable(ctx, objects, from)
	if err != nil {
		return err
	}
	new, err := loadTable(ctx, objects, to)
	if err != nil {
		return err
	}
	before, err := plainSet(ctx, old)
	if err != nil {
		return err
	}
	after, err := plainSet(ctx, new)
	if err != nil {
		return err
	}
	p.plain, p.before = after, before
	if !p.force {
		p.plain = slices.DeleteFunc(slices.Clone(after), func(f plainFile) bool {
			was, ok := findPlain(before, f.Path)
			return ok && was.Ref == f.Ref && was.Mode == f.Mode && !p.lose[f.Path]
		})
	}
	for _, f := range before {
		if _, ok := findPlain(after, f.Path); !ok {
			p.remove = append(p.remove, f.Path)
		}
	}
	return nil
}

// check refuses to touch files that are neither as from has them nor as they
// will be.
func (p *plan) check(ctx context.Context) error {
	var bad []string
	clean, err := p.cleanIn(ctx)
	if err != nil {
		return err
	}
	goes := map[string]bool{}
	for _, path := range p.remove {
		goes[path] = true
	}
	for _, w := range p.write {
		way, err := p.inTheWay(w.src.Path, goes)
		if err != nil {
			return err
		}
		bad = append(bad, way...)
		ok, err := p.mayWrite(ctx, w.src.Path, w.src.HashID(), clean)
		if err != nil {
			return err
		}
		if !ok {
			bad = append(bad, w.src.Path)
		}
	}
	for _, f := range p.plain {
		way, err := p.inTheWay(f.Path, goes)
		if err != nil {
			return err
		}
		bad = append(bad, way...)
		ok, err := p.mayWritePlain(ctx, f, clean)
		if err != nil {
			return err
		}
		if !ok {
			bad = append(bad, f.Path)
		}
	}
	for _, path := range p.remove {
		ok, err := p.mayRemove(ctx, path, clean)
		if err != nil {
			return err
		}
		if !ok {
			bad = append(bad, path)
		}
	}
	if len(bad) > 0 {
		slices.Sort(bad)
		return &OverwriteError{Paths: slices.Compact(bad)}
	}
	return nil
}

// cleanIn returns a function that tells whether a working file is as the index
// has it, or is not there, or may be lost.
func (p *plan) cleanIn(ctx context.Context) (func(path string) bool, error) {
	st, err := Status(ctx, p.r, StatusOptions{NoUntracked: true})
	if err != nil {
		return nil, err
	}
	dirty := map[string]bool{}
	for _, e := range st.Unstaged {
		for _, path := range e.Paths {
			dirty[path] = true
		}
	}
	tracked := map[string]bool{}
	files, err := loadTable(ctx, p.r.Objects(), p.ix.Datasets[FilesName])
	if err != nil {
		return nil, err
	}
	plain, err := plainSet(ctx, files)
	if err != nil {
		return nil, err
	}
	for i := range plain {
		tracked[plain[i].Path] = true
	}
	for path := range p.ix.Sources {
		tracked[path] = true
	}
	return func(path string) bool {
		if _, ok, _ := p.lstat(path); !ok || p.lose[path] {
			return true
		}
		return tracked[path] && !dirty[path]
	}, nil
}

func (p *plan) mayWrite(ctx context.Context, path string, want object.ID, clean func(string) bool) (bool, error) {
	if clean(path) {
		return true, nil
	}
	id, err := hashFile(ctx, p.abs(path))
	if err != nil || id == want {
		return err == nil, err
	}
	return p.asBefore(ctx, path)
}

// mayRemove reports whether a file that goes has nothing that would be lost.
func (p *plan) mayRemove(ctx context.Context, path string, clean func(string) bool) (bool, error) {
	if clean(path) {
		return true, nil
	}
	return p.asBefore(ctx, path)
}

// asBefore reports whether a file has the content that the state before gives it.
func (p *plan) asBefore(ctx context.Context, path string) (bool, error) {
	if was, known := p.was[path]; known {
		id, err := hashFile(ctx, p.abs(path))
		return id == was, err
	}
	was, known := findPlain(p.before, path)
	s, ok, err := p.lstat(path)
	if err != nil || !known || !ok {
		return false, err
	}
	now, err := (&reader{t: p.tree}).read(ctx, nil, []found{{path: path, stat: s}})
	if err != nil {
		return false, err
	}
	return now[0].Ref == was.Ref, nil
}

func (p *plan) mayWritePlain(ctx context.Context, f plainFile, clean func(string) bool) (bool, error) {
	s, ok, err := p.lstat(f.Path)
	if err != nil || !ok {
		return true, err
	}
	if id, known := p.stats.Content(f.Path, s); (known && id == f.Ref.ID) || clean(f.Path) {
		return true, nil
	}
	now, err := (&reader{t: p.tree}).read(ctx, nil, []found{{path: f.Path, stat: s}})
	if err != nil {
		return false, err
	}
	if now[0].Ref == f.Ref {
		return true, nil
	}
	return p.asBefore(ctx, f.Path)
}

// run writes and removes files.
func (p *plan) run(ctx context.Context, changes *repo.StatChanges) (w Written, err error) {
	for _, d := range p.write {
		done, err := p.writeSource(ctx, d)
		if err != nil {
			return w, err
		}
		if done {
			w.Files++
		}
	}
	n, err := p.writePlain(ctx, changes)
	if err != nil {
		return w, err
	}
	w.Files += n
	for _, path := range p.remove {
		done, err := p.delete(path)
		if err != nil {
			return w, err
		}
		if done {
			w.Deleted++
		}
		changes.Remove = append(changes.Remove, path)
	}
	return w, nil
}

// writeSource writes a file of a dataset unless it is right already.
func (p *plan) writeSource(ctx context.Context, d datasetWrite) (bool, error) {
	path := d.src.Path
	s, ok, err := p.lstat(path)
	if err != nil {
		return false, err
	}
	if ok && d.src.Executable == (s.Mode&0o100 != 0) {
		rec, known := p.ix.Sources[path]
		id := rec.Content
		if !known || !rec.Holds(s) {
			if id, err = hashFile(ctx, p.abs(path)); err != nil {
				return false, err
			}
		}
		if id == d.src.HashID() {
			p.sources[path] = repo.Source{FileRecord: p.record(found{path: path, stat: s}, id), Dataset: d.name}
			return false, nil
		}
	}
	if err := p.makeRoom(path); err != nil {
		return false, err
	}
	if err := p.place(ctx, d); err != nil {
		return false, err
	}
	if s, _, err = p.lstat(path); err != nil {
		return false, err
	}
	rec := p.record(found{path: path, stat: s}, d.src.HashID())
	if d.src.ValuesOnly {
		rec.Racy = false // its bytes need not be those that were added, so hashing it again tells nothing
	}
	p.sources[path] = repo.Source{FileRecord: rec, Dataset: d.name}
	return true, nil
}

// place puts a file of a dataset where it belongs: one that is ready is renamed.
func (p *plan) place(ctx context.Context, d datasetWrite) error {
	to := p.abs(d.src.Path)
	if f, ok := p.ready[d.src.Path]; ok && f.Content == d.src.HashID() {
		if os.Rename(f.Name, to) == nil {
			return nil
		}
	}
	return writeSource(ctx, p.r, d.t, d.src, to)
}

// writeSource writes a file of a dataset, in place of whatever is there.
func writeSource(ctx context.Context, r *repo.Repo, t *table.Table, s *source.Source, to string) error {
	perm := fs.FileMode(0o666)
	if s.Executable {
		perm = 0o777
	}
	return replace(r, to, perm, func(w io.Writer) error { return renderSource(ctx, r, t, s, w) })
}

// renderSource writes the bytes of a file of a dataset to w.
func renderSource(ctx context.Context, r *repo.Repo, t *table.Table, s *source.Source, w io.Writer) error {
	f, ok := formats.ByName(s.Format)
	if !ok {
		return &FormatError{Path: s.Path, Reason: "format " + s.Format + " is not known to this program"}
	}
	return source.Restore(ctx, r.Objects(), t, s, w, source.RestoreOptions{Format: f, Mem: r.Mem(), Temp: Temp(r)})
}
