package worktree

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/fault"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// AddOptions say what to stage and how to read it.
type AddOptions struct {
	Paths       []string // relative to Dir
	Dir         string
	All, Update bool
	DryRun      bool
	As          string
	Key         []string
	Type        string
	ValuesOnly  bool
	Rename      map[string]string
	Duplicates  string
	Types       map[string]*column.Type
	Text        format.TextOptions
	Force       bool
	Workers     int
	Progress    func(int64)
	// Before, if not nil, is called before anything is published, with the
	// datasets of the index as they were and as they will be. It may write
	// further objects; what it returns is called in the transaction that saves
	// the index. It is not called where no dataset changes, nor in a dry run.
	Before func(ctx context.Context, w store.Writer, was, now map[string]object.ID) (func(*repo.Tx) error, error)
}

// Added is what an Add did to one dataset.
type Added struct {
	Name     string
	Old, New *table.Table // Old is nil for a new dataset, New for one that is gone
	Result   *source.Result
	Paths    []string
	Same     bool // nothing changed
}

// AddedFiles is what an Add did to plain files.
type AddedFiles struct {
	Files, Bytes             int64
	Added, Removed, Modified int64
}

// AddResult is what an Add staged. Its tables can be read until Close.
type AddResult struct {
	Datasets []Added
	Plain    *AddedFiles
	Stats    store.Stats
	writer   store.Writer
}

// Close gives up what a dry run wrote.
func (a *AddResult) Close() error {
	if a.writer == nil {
		return nil
	}
	return a.writer.Discard()
}

// Add stages files: tables as datasets, other files in @files. It takes the
// repository's lock. On error nothing has changed.
func Add(ctx context.Context, r *repo.Repo, o AddOptions) (*AddResult, error) {
	unlock, err := r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	t, err := open(ctx, r)
	if err != nil {
		return nil, err
	}
	a := &adder{tree: t, o: &o, res: &AddResult{}, renamed: map[string]bool{}, changes: repo.StatChanges{Set: map[string]repo.FileRecord{}},
		was: maps.Clone(t.ix.Datasets)}
	if a.w, err = r.Objects().NewWriter(ctx); err != nil {
		return nil, err
	}
	a.res.writer = a.w
	if err := a.run(ctx); err != nil {
		return nil, errors.Join(err, a.w.Discard())
	}
	return a.res, nil
}

// adder carries one Add.
type adder struct {
	*tree
	o       *AddOptions
	w       store.Writer
	res     *AddResult
	changes repo.StatChanges
	renamed map[string]bool      // columns of o.Rename that were found
	dirty   bool                 // the index is to be saved
	was     map[string]object.ID // its datasets before
}

func (a *adder) run(ctx context.Context) error {
	files, err := loadTable(ctx, a.w, a.ix.Datasets[FilesName])
	if err != nil {
		return err
	}
	known := &tracked{t: a.tree}
	if known.plain, err = plainSet(ctx, files); err != nil {
		return err
	}
	sel, err := a.choose(ctx, a.o, known)
	if err != nil {
		return err
	}
	sets, plain, err := a.groups(sel, a.o, known)
	if err != nil {
		return err
	}
	for i := range sets {
		if err := a.dataset(ctx, &sets[i]); err != nil {
			return err
		}
		for _, f := range sets[i].files { // what is a dataset now is no plain file
			if _, was := findPlain(known.plain, f.path); was {
				sel.gone = append(sel.gone, f.path)
			}
		}
	}
	if err := a.checkRenames(sets); err != nil {
		return err
	}
	if err := a.goneDatasets(ctx, sel, sets); err != nil {
		return err
	}
	if err := a.plain(ctx, files, known, plain, sel.gone); err != nil {
		return err
	}
	if a.o.DryRun {
		return nil
	}
	return a.publish(ctx)
}

// publish makes the objects durable and then the index name them.
func (a *adder) publish(ctx context.Context) (err error) {
	more := func(*repo.Tx) error { return nil }
	if a.o.Before != nil && !maps.Equal(a.was, a.ix.Datasets) {
		if more, err = a.o.Before(ctx, a.w, a.was, a.ix.Datasets); err != nil {
			return err
		}
	}
	if a.dirty {
		if a.res.Stats, err = a.w.Publish(ctx); err != nil {
			return err
		}
	} else if err = a.w.Discard(); err != nil {
		return err
	}
	if err := fault.Hit(fault.AddBeforeIndex); err != nil {
		return err
	}
	if !a.dirty && len(a.changes.Set) == 0 && len(a.changes.Remove) == 0 {
		return nil
	}
	err = a.r.Update(ctx, func(tx *repo.Tx) error {
		if err := tx.SaveIndex(a.ix); err != nil {
			return err
		}
		if err := more(tx); err != nil {
			return err
		}
		return tx.SaveStats(a.changes)
	})
	if err != nil {
		return err
	}
	return fault.Hit(fault.AddAfterIndex)
}

// plainRequest reports whether the user asked for nothing but the content of
// the files, so that files that did not change need not be read.
func (o *AddOptions) plainRequest() bool {
	return len(o.Key) == 0 && len(o.Rename) == 0 && len(o.Types) == 0 && o.Duplicates == "" && !o.ValuesOnly &&
		o.As == "" && (o.Type == "" || o.Type == "auto") && o.Text.Header == nil && o.Text.Delimiter == 0 && o.Text.Skip == 0
}

// dataset reads the files of one dataset.
func (a *adder) dataset(ctx context.Context, g *group) error {
	if err := repo.CheckDatasetName(g.name); err != nil {
		return &FormatError{Path: g.files[0].path, Reason: err.Error() + "; give --as NAME"}
	}
	old, err := loadTable(ctx, a.w, a.ix.Datasets[g.name])
	if err != nil {
		return err
	}
	if old, err = a.renameFrom(ctx, g, old); err != nil {
		return err
	}
	out := Added{Name: g.name, Old: old}
	for _, f := range g.files {
		out.Paths = append(out.Paths, f.path)
	}
	if a.o.plainRequest() && a.unchanged(ctx, g, old) {
		out.New, out.Same = old, true
		a.res.Datasets = append(a.res.Datasets, out)
		return nil
	}
	q, err := a.request(ctx, g, old)
	if err != nil {
		return err
	}
	if out.Result, err = source.Ingest(ctx, a.w, q); err != nil {
		return err
	}
	out.New = out.Result.Table
	id, err := out.New.Save(ctx, a.w)
	if err != nil {
		return err
	}
	out.Same = old != nil && id == a.ix.Datasets[g.name]
	if !out.Same {
		a.ix.Datasets[g.name] = id
		a.dirty = true
	}
	if err := a.noteSources(ctx, g, out.New); err != nil {
		return err
	}
	a.res.Datasets = append(a.res.Datasets, out)
	return nil
}

// request describes the files of a dataset to Ingest.
func (a *adder) request(ctx context.Context, g *group, old *table.Table) (*source.Request, error) {
	q := &source.Request{Dataset: g.name, Key: a.o.Key, Text: a.o.Text, ValuesOnly: a.o.ValuesOnly, Duplicates: a.o.Duplicates,
		Types: a.o.Types, Rename: a.o.Rename, Old: old, Mem: a.r.Mem(), Workers: a.o.Workers, Temp: a.temp, Progress: a.o.Progress}
	before := map[string]*source.Source{}
	if old != nil {
		sources, err := sourcesOf(ctx, a.w, old)
		if err != nil {
			return nil, err
		}
		for _, s := range sources {
			before[s.Path] = s
		}
	}
	for i, f := range g.files {
		name, text := a.o.Type, a.o.Text
		if f.kept { // what was said is not about this file
			name, text.Header, text.Skip, text.Delimiter = "", nil, 0, 0
		}
		if s := before[f.path]; s != nil && (name == "" || name == "auto") {
			name = s.Format
			text = keepHeader(text, s)
		}
		fm, compressed, err := formatOf(f.path, name)
		if err != nil {
			return nil, err
		}
		if i > 0 && (fm.Name != q.Format.Name || compressed != q.Compressed) {
			return nil, &FormatError{Path: f.path, Hint: "strata add " + f.path + " --as NAME",
				Reason: fmt.Sprintf("is %s%s, other files of dataset %s are %s%s", fm.Name, compressed, g.name, q.Format.Name, q.Compressed)}
		}
		q.Format, q.Compressed = fm, compressed
		file, err := a.file(f.path)
		if err != nil {
			return nil, err
		}
		file.Text = &text
		q.Files = append(q.Files, file)
	}
	return q, nil
}

// keepHeader lets a file be read as it was: lines that were skipped stay so.
func keepHeader(o format.TextOptions, s *source.Source) format.TextOptions {
	if o.Header == nil && o.Skip == 0 && o.Delimiter == 0 {
		o.Skip, o.Header = s.Layout()
	}
	return o
}

// unchanged reports whether no file of a dataset has changed since it was
// staged, by their stats alone.
func (a *adder) unchanged(ctx context.Context, g *group, old *table.Table) bool {
	if old == nil || len(old.Sources) != len(g.files) {
		return false
	}
	sources, err := sourcesOf(ctx, a.w, old)
	if err != nil {
		return false
	}
	for i, f := range g.files {
		rec, ok := a.ix.Sources[f.path]
		if !ok || sources[i].Path != f.path || !rec.Holds(f.stat) || rec.Content != sources[i].HashID() ||
			sources[i].Executable != (f.stat.Mode&0o100 != 0) {
			return false
		}
	}
	return true
}

// noteSources remembers what the files of a dataset contain.
func (a *adder) noteSources(ctx context.Context, g *group, t *table.Table) error {
	sources, err := sourcesOf(ctx, a.w, t)
	if err != nil {
		return err
	}
	for i, f := range g.files {
		if !sources[i].IsText() { // was read twice, for its rows and for its bytes
			if now, ok, err := a.lstat(f.path); err != nil || !ok || now != f.stat {
				return errors.Join(err, &source.PathError{Path: f.path, Err: source.ErrChanged})
			}
		}
		rec := repo.Source{FileRecord: a.record(f, sources[i].HashID()), Dataset: g.name}
		if was, ok := a.ix.Sources[f.path]; ok && was.Dataset != g.name {
			return &FormatError{Path: f.path, Reason: fmt.Sprintf("belongs to dataset %s; first: strata rm --cached %s", was.Dataset, was.Dataset)}
		}
		a.ix.Sources[f.path] = rec
	}
	for _, p := range a.ix.SourcesOf(g.name) {
		if !slices.ContainsFunc(g.files, func(f found) bool { return f.path == p }) {
			delete(a.ix.Sources, p)
		}
	}
	a.dirty = true
	return nil
}

// goneDatasets stages the end of datasets whose files are all gone, and reads
// those anew that lost some.
func (a *adder) goneDatasets(ctx context.Context, sel *selection, done []group) error {
	lost := map[string]bool{}
	for _, p := range sel.gone {
		if s, ok := a.ix.Sources[p]; ok {
			lost[s.Dataset] = true
		}
	}
	var names []string
	for n := range lost {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, name := range names {
		if slices.ContainsFunc(done, func(g group) bool { return g.name == name }) {
			continue
		}
		g := group{name: name}
		if err := a.complete(&g, &AddOptions{}); err != nil {
			return err
		}
		if len(g.files) > 0 {
			if err := a.dataset(ctx, &g); err != nil {
				return err
			}
			continue
		}
		old, err := loadTable(ctx, a.w, a.ix.Datasets[name])
		if err != nil {
			return err
		}
		a.drop(name)
		a.res.Datasets = append(a.res.Datasets, Added{Name: name, Old: old})
	}
	return nil
}

// drop takes a dataset and its files out of the index.
func (a *adder) drop(name string) {
	for _, p := range a.ix.SourcesOf(name) {
		delete(a.ix.Sources, p)
	}
	delete(a.ix.Datasets, name)
	a.dirty = true
}

// plain stages plain files and the absence of those that are gone.
func (a *adder) plain(ctx context.Context, old *table.Table, known *tracked, files []found, gone []string) error {
	c := &AddedFiles{Files: int64(len(files))}
	var remove []string
	for _, p := range gone {
		if _, ok := findPlain(known.plain, p); ok {
			remove = append(remove, p)
		}
	}
	var changed []found
	for _, f := range files {
		c.Bytes += f.stat.Size
		was, ok := findPlain(known.plain, f.path)
		id, fresh := a.stats.Content(f.path, f.stat)
		if !ok || !fresh || id != was.Ref.ID || modeOf(f.stat.Mode) != was.Mode {
			changed = append(changed, f)
		}
	}
	if len(changed) == 0 && len(remove) == 0 {
		if len(files) > 0 {
			a.res.Plain = c
		}
		return nil
	}
	rows, err := (&reader{t: a.tree, progress: a.o.Progress}).read(ctx, a.w, changed)
	if err != nil {
		return err
	}
	var put []plainFile
	for i, row := range rows {
		if row.Mode == "" {
			continue // it vanished while this ran
		}
		a.changes.Set[row.Path] = a.record(changed[i], row.Ref.ID)
		was, ok := findPlain(known.plain, row.Path)
		switch {
		case !ok:
			c.Added++
		case was.Ref != row.Ref || was.Mode != row.Mode:
			c.Modified++
		default:
			continue
		}
		put = append(put, row)
		if s, ok := a.ix.Sources[row.Path]; ok {
			return &FormatError{Path: row.Path, Reason: fmt.Sprintf("is a source of dataset %s; first: strata rm --cached %s", s.Dataset, s.Dataset)}
		}
	}
	c.Removed = int64(len(remove))
	a.changes.Remove = append(a.changes.Remove, remove...)
	a.res.Plain = c
	if len(put) == 0 && len(remove) == 0 {
		return nil
	}
	t, err := editPlain(ctx, a.w, old, put, remove)
	if err != nil {
		return err
	}
	return a.stagePlain(ctx, t)
}

// stagePlain makes t the staged @files.
func (a *adder) stagePlain(ctx context.Context, t *table.Table) error {
	id, err := savePlain(ctx, a.w, t)
	if err != nil {
		return err
	}
	setDataset(a.ix, FilesName, id)
	a.dirty = true
	return nil
}

// setDataset stages a table, or its absence for the zero id.
func setDataset(ix *repo.Index, name string, id object.ID) {
	if id.IsZero() {
		delete(ix.Datasets, name)
	} else {
		ix.Datasets[name] = id
	}
}
