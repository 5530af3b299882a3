package worktree

import (
	"context"
	"maps"
	"slices"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// Snapshot is the working directory as tables.
type Snapshot struct {
	// Datasets are what the index would have if everything that is tracked were
	// added now.
	Datasets map[string]object.ID
	// Untracked is @files of the files that are not tracked, tables too; zero
	// where there are none, or they were not asked for.
	Untracked object.ID
	// Files is @files of Datasets with the untracked files in it.
	Files object.ID
	Paths []string // of the untracked files
}

// TakeSnapshot writes the working files to w, with untracked also those that are
// neither tracked nor ignored. What head tracks and the index does not any more counts
// as tracked where its files are there, datasets only if they are as head has them.
// The index stays as it is. A dataset whose file cannot be read is an error.
func TakeSnapshot(ctx context.Context, r *repo.Repo, w store.Writer, head map[string]object.ID, untracked bool) (*Snapshot, error) {
	st, err := Status(ctx, r, StatusOptions{NoUntracked: true})
	if err != nil {
		return nil, err
	}
	t, err := openReading(ctx, r)
	if err != nil {
		return nil, err
	}
	out := &Snapshot{Datasets: maps.Clone(t.ix.Datasets)}
	a := &adder{tree: t, o: &AddOptions{}, w: w, res: &AddResult{}, changes: repo.StatChanges{Set: map[string]repo.FileRecord{}}}
	tables, err := a.working(ctx, st.Unstaged, nil)
	if err != nil {
		return nil, err
	}
	for name, t := range tables {
		var id object.ID
		switch {
		case t == nil:
		case name == FilesName:
			id, err = savePlain(ctx, w, t)
		default:
			id, err = t.Save(ctx, w)
		}
		if err != nil {
			return nil, err
		}
		setID(out.Datasets, name, id)
	}
	paths, err := out.addFormer(ctx, t, w, head)
	if err != nil {
		return nil, err
	}
	if out.Files = out.Datasets[FilesName]; untracked {
		err = out.addUntracked(ctx, t, w, paths)
	}
	return out, err
}

// addFormer adds what head tracks and the index does not, and returns the paths.
func (s *Snapshot) addFormer(ctx context.Context, t *tree, w store.Writer, head map[string]object.ID) (map[string]bool, error) {
	paths := map[string]bool{}
	for name, id := range head {
		if _, tracked := t.ix.Datasets[name]; tracked || IsSystem(name) {
			continue
		}
		had, err := loadTable(ctx, w, id)
		if err != nil {
			return nil, err
		}
		sources, err := sourcesOf(ctx, w, had)
		if err != nil {
			return nil, err
		}
		same := len(sources) > 0
		for _, src := range sources {
			if same, err = t.holds(ctx, src.Path, src.HashID(), same); err != nil {
				return nil, err
			}
		}
		if !same {
			continue
		}
		s.Datasets[name] = id
		for _, src := range sources {
			paths[src.Path] = true
		}
	}
	return paths, s.addFormerFiles(ctx, t, w, head[FilesName], paths)
}

// holds reports whether an untracked file has the content given, and so far.
func (t *tree) holds(ctx context.Context, path string, content object.ID, soFar bool) (bool, error) {
	if _, owned := t.ix.Sources[path]; !soFar || owned {
		return false, nil
	}
	if _, ok, err := t.lstat(path); !ok || err != nil {
		return false, err
	}
	id, err := hashFile(ctx, t.abs(path))
	return id == content, err
}

// addFormerFiles is addFormer for plain files.
func (s *Snapshot) addFormerFiles(ctx context.Context, t *tree, w store.Writer, head object.ID, paths map[string]bool) error {
	var sets [2][]plainFile
	for i, id := range []object.ID{head, t.ix.Datasets[FilesName]} {
		files, err := loadTable(ctx, w, id)
		if err != nil {
			return err
		}
		if sets[i], err = plainSet(ctx, files); err != nil {
			return err
		}
	}
	now, err := loadTable(ctx, w, s.Datasets[FilesName])
	if err != nil {
		return err
	}
	var former []found
	for _, f := range sets[0] {
		if _, tracked := findPlain(sets[1], f.Path); tracked {
			continue
		}
		if _, isSource := t.ix.Sources[f.Path]; isSource {
			continue
		}
		st, ok, err := t.lstat(f.Path)
		if err != nil {
			return err
		}
		if ok {
			former = append(former, found{path: f.Path, stat: st})
			paths[f.Path] = true
		}
	}
	if len(former) == 0 {
		return nil
	}
	put, err := (&reader{t: t}).read(ctx, w, former)
	if err != nil {
		return err
	}
	made, err := editPlain(ctx, w, now, put, nil)
	if err != nil {
		return err
	}
	id, err := savePlain(ctx, w, made)
	setID(s.Datasets, FilesName, id)
	return err
}

// Awaited returns the records of files of datasets that are staged as in index and
// whose working files are not those of it: so that the index knows which files are
// missed, or differ.
func Awaited(ctx context.Context, r store.Reader, index, files map[string]object.ID) (map[string]repo.Source, error) {
	out := map[string]repo.Source{}
	for name, id := range index {
		if files[name] == id || IsSystem(name) {
			continue
		}
		t, err := loadTable(ctx, r, id)
		if err != nil {
			return nil, err
		}
		sources, err := sourcesOf(ctx, r, t)
		if err != nil {
			return nil, err
		}
		for _, s := range sources {
			out[s.Path] = repo.Source{FileRecord: repo.FileRecord{Content: s.HashID(), Racy: true}, Dataset: name}
		}
	}
	return out, nil
}

// Await adds records of files that ix knows nothing of.
func Await(ix *repo.Index, awaited map[string]repo.Source) {
	for path, s := range awaited {
		if _, known := ix.Sources[path]; !known {
			ix.Sources[path] = s
		}
	}
}

// addUntracked writes the files that the index does not know.
func (s *Snapshot) addUntracked(ctx context.Context, t *tree, w store.Writer, former map[string]bool) error {
	files, err := loadTable(ctx, w, t.ix.Datasets[FilesName])
	if err != nil {
		return err
	}
	plain, err := plainSet(ctx, files)
	if err != nil {
		return err
	}
	all, err := t.walk(ctx, "", false)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(f found) bool {
		_, tracked := findPlain(plain, f.path)
		_, isSource := t.ix.Sources[f.path]
		return tracked || isSource || former[f.path]
	})
	if len(all) == 0 {
		return nil
	}
	put, err := (&reader{t: t}).read(ctx, w, all)
	if err != nil {
		return err
	}
	put = slices.DeleteFunc(put, func(f plainFile) bool { return f.Mode == "" }) // gone since
	for _, f := range put {
		s.Paths = append(s.Paths, f.Path)
	}
	for _, one := range []struct {
		old object.ID
		to  *object.ID
	}{{object.ID{}, &s.Untracked}, {s.Files, &s.Files}} {
		old, err := loadTable(ctx, w, one.old)
		if err != nil {
			return err
		}
		t, err := editPlain(ctx, w, old, slices.Clone(put), nil)
		if err != nil {
			return err
		}
		if *one.to, err = savePlain(ctx, w, t); err != nil {
			return err
		}
	}
	return nil
}

// NewFiles returns @files of into with those plain files of side that base does not
// have, written to w. Files that into has already stay, and are returned too.
func NewFiles(ctx context.Context, w store.Writer, into, base, side object.ID) (id object.ID, there []string, err error) {
	var t [3]*table.Table
	for i, id := range []object.ID{into, base, side} {
		if t[i], err = loadTable(ctx, w, id); err != nil {
			return id, nil, err
		}
	}
	if t[2] == nil {
		return into, nil, nil
	}
	have, err := plainSet(ctx, t[0])
	if err != nil {
		return id, nil, err
	}
	had, err := plainSet(ctx, t[1])
	if err != nil {
		return id, nil, err
	}
	var put []plainFile
	for b, err := range t[2].Scan(ctx, table.ScanOptions{}) {
		if err != nil {
			return id, nil, err
		}
		for i := range b.Len {
			f, err := fullPlainRow(b, i)
			if err != nil {
				return id, nil, err
			}
			if _, old := findPlain(had, f.Path); old {
				continue
			}
			if _, old := findPlain(have, f.Path); old {
				there = append(there, f.Path)
				continue
			}
			put = append(put, f)
		}
	}
	if len(put) == 0 {
		return into, there, nil
	}
	made, err := editPlain(ctx, w, t[0], put, nil)
	if err != nil {
		return id, there, err
	}
	id, err = savePlain(ctx, w, made)
	return id, there, err
}

// FilePaths returns the paths of @files, in order.
func FilePaths(ctx context.Context, r store.Reader, id object.ID) ([]string, error) {
	t, err := loadTable(ctx, r, id)
	if err != nil {
		return nil, err
	}
	files, err := plainSet(ctx, t)
	paths := make([]string, len(files))
	for i := range files {
		paths[i] = files[i].Path
	}
	return paths, err
}
