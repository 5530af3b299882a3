package worktree

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/strata-data/strata/internal/blob"
	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/fault"
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
	write   []datasetWrite
	plain   []plainFile
	remove  []string
	sources map[string]repo.Source // of files that are written or right already
	drop    []string               // sources that are no more
}

type datasetWrite struct {
	name string
	t    *table.Table
	src  *source.Source
}

// Checkout makes the working files those of the datasets to, where the working
// directory is at from (the index). Unless force is set, files with changes of
// their own, or untracked ones in the way, are an *OverwriteError and nothing
// is touched. Files are replaced one by one, each by a rename; then finish is
// called to move the index, inside the transaction that also remembers what
// was written. The caller holds the lock.
func Checkout(ctx context.Context, r *repo.Repo, from, to map[string]object.ID, force bool, finish func(*repo.Tx, *repo.Index) error) (w Written, err error) {
	t, err := open(ctx, r)
	if err != nil {
		return w, err
	}
	p := &plan{tree: t, sources: map[string]repo.Source{}}
	if err := p.make(ctx, from, to); err != nil {
		return w, err
	}
	if !force {
		if err := p.check(ctx, from); err != nil {
			return w, err
		}
	}
	changes := repo.StatChanges{Set: map[string]repo.FileRecord{}}
	if w, err = p.run(ctx, &changes); err != nil {
		return w, err
	}
	return w, t.r.Update(ctx, func(tx *repo.Tx) error {
		for _, path := range p.drop {
			delete(t.ix.Sources, path)
		}
		for path, s := range p.sources {
			t.ix.Sources[path] = s
		}
		if err := finish(tx, t.ix); err != nil {
			return err
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
		case n == FilesName:
			err = p.makePlain(ctx, from[n], to[n])
		case !IsSystem(n):
			err = p.makeDataset(ctx, n, from[n], to[n])
		}
		if err != nil {
			return err
		}
	}
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
	for _, s := range before {
		if !slices.ContainsFunc(after, func(a *source.Source) bool { return a.Path == s.Path }) {
			p.remove, p.drop = append(p.remove, s.Path), append(p.drop, s.Path)
		}
	}
	return nil
}

// makePlain plans the plain files that differ between two versions of @files,
// and those that are not in the working directory as they should be.
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
	p.plain = after
	for _, f := range before {
		if _, ok := findPlain(after, f.Path); !ok {
			p.remove = append(p.remove, f.Path)
		}
	}
	return nil
}

// check refuses to touch files that are neither as from has them nor as they
// will be.
func (p *plan) check(ctx context.Context, from map[string]object.ID) error {
	var bad []string
	clean, err := p.cleanIn(ctx, from)
	if err != nil {
		return err
	}
	for _, w := range p.write {
		ok, err := p.mayWrite(ctx, w.src.Path, w.src.HashID(), clean)
		if err != nil {
			return err
		}
		if !ok {
			bad = append(bad, w.src.Path)
		}
	}
	for _, f := range p.plain {
		ok, err := p.mayWritePlain(ctx, f, clean)
		if err != nil {
			return err
		}
		if !ok {
			bad = append(bad, f.Path)
		}
	}
	for _, path := range p.remove {
		if !clean(path) {
			bad = append(bad, path)
		}
	}
	if len(bad) > 0 {
		slices.Sort(bad)
		return &OverwriteError{Paths: bad}
	}
	return nil
}

// cleanIn returns a function that tells whether a working file is as the index
// has it, or is not there.
func (p *plan) cleanIn(ctx context.Context, from map[string]object.ID) (func(path string) bool, error) {
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
	files, err := loadTable(ctx, p.r.Objects(), from[FilesName])
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
		if _, ok, _ := p.lstat(path); !ok {
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
	if err != nil {
		return false, err
	}
	return id == want, nil
}

func (p *plan) mayWritePlain(ctx context.Context, f plainFile, clean func(string) bool) (bool, error) {
	s, ok, err := p.lstat(f.Path)
	if err != nil || !ok {
		return true, err
	}
	if id, known := p.stats.Content(f.Path, s); (known && id == f.Ref.ID) || clean(f.Path) {
		return true, nil
	}
	now, err := (&reader{t: p.tree}).read(ctx, nil, []found{{f.Path, s}})
	if err != nil {
		return false, err
	}
	return now[0].Ref == f.Ref, nil
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
			p.sources[path] = repo.Source{FileRecord: p.record(found{path, s}, id), Dataset: d.name}
			return false, nil
		}
	}
	if err := writeSource(ctx, p.r, d.t, d.src, p.abs(path)); err != nil {
		return false, err
	}
	if s, _, err = p.lstat(path); err != nil {
		return false, err
	}
	p.sources[path] = repo.Source{FileRecord: p.record(found{path, s}, d.src.HashID()), Dataset: d.name}
	return true, nil
}

// writeSource writes a file of a dataset, in place of whatever is there.
func writeSource(ctx context.Context, r *repo.Repo, t *table.Table, s *source.Source, to string) error {
	f, ok := formats.ByName(s.Format)
	if !ok {
		return &FormatError{Path: s.Path, Reason: "format " + s.Format + " is not known to this program"}
	}
	perm := fs.FileMode(0o666)
	if s.Executable {
		perm = 0o777
	}
	return replace(to, perm, func(w io.Writer) error {
		return source.Restore(ctx, r.Objects(), t, s, w, source.RestoreOptions{Format: f, Mem: r.Mem(), Temp: Temp(r)})
	})
}

// replace writes a file beside its place and renames it there. It is not
// synced: the repository has its content, and a crash of the machine at worst
// leaves a file that status finds changed.
func replace(to string, perm fs.FileMode, write func(io.Writer) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	f, err := vfs.OS{}.CreateTemp(filepath.Dir(to), ".strata-", perm)
	if err != nil {
		return err
	}
	buf := bufio.NewWriterSize(f, 256<<10)
	if err = write(buf); err == nil {
		err = buf.Flush()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = fault.Hit(fault.RestoreBeforeRename)
	}
	if err == nil {
		err = os.Rename(f.Name(), to)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// writePlain writes the plain files that are not there as they should be.
func (p *plan) writePlain(ctx context.Context, changes *repo.StatChanges) (int64, error) {
	var todo []plainFile
	for _, f := range p.plain {
		s, ok, err := p.lstat(f.Path)
		if err != nil {
			return 0, err
		}
		if id, known := p.stats.Content(f.Path, s); !ok || !known || id != f.Ref.ID || modeOf(s.Mode) != f.Mode {
			todo = append(todo, f)
		}
	}
	written := make([]bool, len(todo))
	records := make([]repo.FileRecord, len(todo))
	workers := runtime.GOMAXPROCS(0)
	g, gctx := errgroup.WithContext(ctx)
	for k := range workers {
		g.Go(func() (err error) {
			sum := blob.NewSummer()
			for i := k; i < len(todo) && err == nil; i += workers {
				written[i], records[i], err = p.writeOne(gctx, sum, todo[i])
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	var n int64
	for i, f := range todo {
		if written[i] {
			n++
		}
		changes.Set[f.Path] = records[i]
	}
	return n, nil
}

func (p *plan) writeOne(ctx context.Context, sum *blob.Cutter, f plainFile) (bool, repo.FileRecord, error) {
	abs := p.abs(f.Path)
	s, ok, err := p.lstat(f.Path)
	if err != nil {
		return false, repo.FileRecord{}, err
	}
	if ok && modeOf(s.Mode) == f.Mode && f.Mode != modeLink && s.Size == f.Ref.Size {
		h, err := os.Open(abs)
		if err != nil {
			return false, repo.FileRecord{}, err
		}
		ref, err := sum.Write(ctx, h)
		_ = h.Close()
		if err == nil && ref == f.Ref {
			return false, p.record(found{f.Path, s}, ref.ID), nil
		}
	}
	if err := p.put(ctx, f, abs); err != nil {
		return false, repo.FileRecord{}, err
	}
	s, _, err = p.lstat(f.Path)
	return true, p.record(found{f.Path, s}, f.Ref.ID), err
}

func (p *plan) put(ctx context.Context, f plainFile, abs string) error {
	src := blob.Read(ctx, p.r.Objects(), f.Ref)
	if f.Mode == modeLink {
		target, err := io.ReadAll(src)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(abs), 0o777); err != nil {
			return err
		}
		if err := os.Remove(abs); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return os.Symlink(string(target), abs)
	}
	perm := fs.FileMode(0o666)
	if f.Mode == modeExec {
		perm = 0o777
	}
	return replace(abs, perm, func(w io.Writer) error {
		_, err := src.WriteTo(w)
		return err
	})
}

// delete removes a working file and the directories that it leaves empty.
func (p *plan) delete(path string) (bool, error) {
	err := os.Remove(p.abs(path))
	if errors.Is(err, fs.ErrNotExist) || notDir(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for d := dirOf(path); d != "."; d = dirOf(d) {
		if os.Remove(p.abs(d)) != nil {
			break // not empty
		}
	}
	return true, nil
}

// Pick returns the state of the index in which the datasets and plain files
// that patterns name are those of to and all others those of from. Patterns
// are datasets, paths, directories or glob patterns, relative to dir.
func Pick(ctx context.Context, r *repo.Repo, dir string, patterns []string, from, to map[string]object.ID) (map[string]object.ID, []string, error) {
	t := &tree{r: r, root: r.Layout().Root}
	out := map[string]object.ID{}
	for n, id := range from {
		out[n] = id
	}
	var names []string
	for _, p := range patterns {
		hit, err := t.pick(ctx, dir, p, from, to, out)
		if err != nil {
			return nil, nil, err
		}
		if len(hit) == 0 {
			return nil, nil, &NoMatchError{Pattern: p}
		}
		names = append(names, hit...)
	}
	slices.Sort(names)
	return out, slices.Compact(names), nil
}

func (t *tree) pick(ctx context.Context, dir, pattern string, from, to, out map[string]object.ID) ([]string, error) {
	rel := pattern
	if t.root != "" && !strings.HasPrefix(pattern, "@") {
		var err error
		if rel, err = t.rel(dir, pattern); err != nil {
			return nil, err
		}
	}
	objects := t.r.Objects()
	var hit []string
	for _, state := range []map[string]object.ID{from, to} {
		for n, id := range state {
			ok := n == pattern || matches(rel, n)
			if !ok && !IsSystem(n) {
				tb, err := loadTable(ctx, objects, id)
				if err != nil {
					return nil, err
				}
				sources, err := sourcesOf(ctx, objects, tb)
				if err != nil {
					return nil, err
				}
				ok = slices.ContainsFunc(sources, func(s *source.Source) bool { return matches(rel, s.Path) })
			}
			if ok && (n != FilesName || pattern == FilesName) && (!IsSystem(n) || n == pattern || rel == "") {
				setID(out, n, to[n])
				hit = append(hit, n)
			}
		}
	}
	plain, err := t.pickPlain(ctx, rel, from, to, out)
	return append(hit, plain...), err
}

// matches reports whether a path is what rel names: itself, a directory above
// it, or a pattern for it.
func matches(rel, path string) bool {
	if rel == "" || rel == path || strings.HasPrefix(path, rel+"/") {
		return true
	}
	ok, err := filepath.Match(rel, path)
	return ok && err == nil
}

func setID(m map[string]object.ID, n string, id object.ID) {
	if id.IsZero() {
		delete(m, n)
	} else {
		m[n] = id
	}
}

// pickPlain takes over single plain files: @files becomes a mixture, which is
// written as a table of its own.
func (t *tree) pickPlain(ctx context.Context, rel string, from, to, out map[string]object.ID) ([]string, error) {
	objects := t.r.Objects()
	old, err := loadTable(ctx, objects, out[FilesName])
	if err != nil {
		return nil, err
	}
	new, err := loadTable(ctx, objects, to[FilesName])
	if err != nil {
		return nil, err
	}
	before, err := plainSet(ctx, old)
	if err != nil {
		return nil, err
	}
	var put []plainFile
	var remove, hit []string
	after := map[string]bool{}
	if new != nil {
		for b, err := range new.Scan(ctx, table.ScanOptions{}) {
			if err != nil {
				return nil, err
			}
			for i := range b.Len {
				f, err := fullPlainRow(b, i)
				if err != nil {
					return nil, err
				}
				if matches(rel, f.Path) {
					after[f.Path] = true
					hit = append(hit, f.Path)
					put = append(put, f)
				}
			}
		}
	}
	for _, f := range before {
		if matches(rel, f.Path) && !after[f.Path] {
			remove, hit = append(remove, f.Path), append(hit, f.Path)
		}
	}
	if len(hit) == 0 {
		return nil, nil
	}
	w, err := t.r.Objects().NewWriter(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = w.Discard() }()
	mixed, err := editPlain(ctx, w, old, put, remove)
	if err != nil {
		return nil, err
	}
	id, err := savePlain(ctx, w, mixed)
	if err != nil {
		return nil, err
	}
	if _, err := w.Publish(ctx); err != nil {
		return nil, err
	}
	setID(out, FilesName, id)
	return hit, nil
}

// fullPlainRow reads a row of @files with its media columns.
func fullPlainRow(b *column.Batch, i int) (plainFile, error) {
	f, err := plainRow(b, i)
	if err == nil && !b.Cols[4].IsNull(i) {
		f.Info.MIME = string(b.Cols[4].At(i))
	}
	for k, p := range []*int{&f.Info.Width, &f.Info.Height, &f.Info.Orientation} {
		if !b.Cols[5+k].IsNull(i) {
			*p = int(b.Cols[5+k].Ints[i])
		}
	}
	return f, err
}
