package worktree

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/table"
)

// Entry is a dataset or a plain file that differs between two states.
type Entry struct {
	Name     string // dataset, or path of a plain file
	Plain    bool
	Change   byte     // A, M, D
	Paths    []string // working files concerned
	Old, New object.ID
}

// State is what Status found.
type State struct {
	Staged    []repo.TreeChange // HEAD against index, @files and all
	Unstaged  []Entry           // index against working files
	Untracked []string          // paths; a directory without tracked files ends in /
}

// StatusOptions narrow a Status.
type StatusOptions struct{ NoUntracked bool }

// Status compares HEAD, index and working files. Files are read only where
// their stat says that they may have changed.
func Status(ctx context.Context, r *repo.Repo, o StatusOptions) (*State, error) {
	t, err := openReading(ctx, r)
	if err != nil {
		return nil, err
	}
	st := &State{}
	if st.Staged, err = r.Staged(ctx); err != nil {
		return nil, err
	}
	files, err := loadTable(ctx, r.Objects(), t.ix.Datasets[FilesName])
	if err != nil {
		return nil, err
	}
	plain, err := plainSet(ctx, files)
	if err != nil {
		return nil, err
	}
	all, err := t.walk(ctx, "", false)
	if err != nil {
		return nil, err
	}
	s := &scan{tree: t, plain: plain, all: all, fresh: map[string]repo.FileRecord{},
		freshSources: map[string]repo.Source{}}
	if err := s.plainFiles(ctx); err != nil {
		return nil, err
	}
	if err := s.datasets(ctx); err != nil {
		return nil, err
	}
	s.remember(ctx)
	st.Unstaged = append(s.sets, s.out...)
	if !o.NoUntracked {
		st.Untracked = s.untracked()
	}
	return st, nil
}

// scan compares what the index knows with what is there.
type scan struct {
	*tree
	plain []plainFile
	all   []found
	out   []Entry // plain files
	sets  []Entry
	// Files that had to be read and are as the index has them: their records
	// as of now, so that the next look need not read them.
	fresh        map[string]repo.FileRecord
	freshSources map[string]repo.Source
}

// lookup returns the working file at a path that the index knows, ignored or
// not.
func (s *scan) lookup(p string) (found, bool, error) {
	if i, ok := slices.BinarySearchFunc(s.all, p, func(f found, p string) int { return strings.Compare(f.path, p) }); ok {
		return s.all[i], true, nil
	}
	st, ok, err := s.lstat(p)
	return found{path: p, stat: st}, ok, err
}

// plainFiles finds plain files that changed or are gone.
func (s *scan) plainFiles(ctx context.Context) error {
	at := 0
	var doubt []found
	var was []plainFile
	for _, p := range s.plain {
		c := 1
		for ; at < len(s.all); at++ {
			if c = strings.Compare(s.all[at].path, p.Path); c >= 0 {
				break
			}
		}
		var f found
		if at < len(s.all) && c == 0 {
			f = s.all[at]
		} else {
			st, ok, err := s.lstat(p.Path)
			if err != nil {
				return err
			}
			if !ok {
				s.out = append(s.out, Entry{Name: p.Path, Plain: true, Change: 'D', Paths: []string{p.Path}})
				continue
			}
			f = found{path: p.Path, stat: st}
		}
		id, known := s.stats.Content(f.path, f.stat)
		switch {
		case modeOf(f.stat.Mode) != p.Mode, known && id != p.Ref.ID, f.stat.Size != p.Ref.Size && p.Mode != modeLink:
			s.out = append(s.out, Entry{Name: p.Path, Plain: true, Change: 'M', Paths: []string{p.Path}})
		case !known:
			doubt, was = append(doubt, f), append(was, p)
		}
	}
	if err := s.restat(doubt); err != nil {
		return err
	}
	now, err := (&reader{t: s.tree}).read(ctx, nil, doubt)
	if err != nil {
		return err
	}
	for i, f := range now {
		if f.Ref != was[i].Ref {
			s.out = append(s.out, Entry{Name: f.Path, Plain: true, Change: 'M', Paths: []string{f.Path}})
		} else if rec := s.record(doubt[i], f.Ref.ID); !rec.Racy {
			s.fresh[f.Path] = rec
		}
	}
	slices.SortFunc(s.out, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// restat takes the time and the stats of files that are about to be read.
// Where the repository cannot be written to the time stays 0, and nothing will
// be remembered.
func (s *scan) restat(files []found) error {
	if len(files) == 0 {
		return nil
	}
	if clock, err := s.r.FileClock(); err == nil {
		s.clock = clock
	}
	for i := range files {
		st, ok, err := s.lstat(files[i].path)
		if err != nil {
			return err
		}
		if ok {
			files[i].stat = st
		}
	}
	return nil
}

// remember notes the files that turned out to be unchanged, as git's status
// does. That it cannot is no fault: the next look reads them again.
func (s *scan) remember(ctx context.Context) {
	if len(s.fresh) == 0 && len(s.freshSources) == 0 {
		return
	}
	// Only where nobody else writes, and without waiting: a look must not come
	// in the way of a change.
	brief, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	unlock, err := s.r.Lock(brief)
	if err != nil {
		return
	}
	defer func() { _ = unlock() }()
	_ = s.r.Update(ctx, func(tx *repo.Tx) error {
		if len(s.fresh) > 0 {
			if err := tx.SaveStats(repo.StatChanges{Set: s.fresh}); err != nil {
				return err
			}
		}
		ix, err := tx.Index()
		if err != nil || len(s.freshSources) == 0 {
			return err
		}
		for path, rec := range s.freshSources {
			if was, ok := ix.Sources[path]; ok && was.Dataset == rec.Dataset && was.Content == rec.Content && !rec.Racy {
				ix.Sources[path] = rec
			}
		}
		return tx.SaveIndex(ix)
	})
}

// datasets finds datasets with files that changed or are gone.
func (s *scan) datasets(ctx context.Context) error {
	var names []string
	for n := range s.ix.Datasets {
		if !IsSystem(n) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	for _, n := range names {
		t, err := loadTable(ctx, s.r.Objects(), s.ix.Datasets[n])
		if err != nil {
			return err
		}
		e, err := s.dataset(ctx, n, t)
		if err != nil {
			return err
		}
		if e.Change != 0 {
			s.sets = append(s.sets, e)
		}
	}
	return nil
}

func (s *scan) dataset(ctx context.Context, name string, t *table.Table) (Entry, error) {
	e := Entry{Name: name, Old: s.ix.Datasets[name]}
	sources, err := sourcesOf(ctx, s.r.Objects(), t)
	if err != nil {
		return e, err
	}
	gone := 0
	for _, src := range sources {
		f, ok, err := s.lookup(src.Path)
		if err != nil {
			return e, err
		}
		if !ok {
			gone++
			e.Change, e.Paths = 'M', append(e.Paths, src.Path)
			continue
		}
		same := src.Executable == (f.stat.Mode&0o100 != 0)
		if rec, known := s.ix.Sources[src.Path]; known && rec.Holds(f.stat) {
			same = same && rec.Content == src.HashID()
		} else if src.ValuesOnly && same {
			if same, err = s.sameValues(ctx, t, src); err != nil {
				return e, err
			}
		} else if same = same && f.stat.Size == src.Size; same {
			doubt := []found{f}
			if err := s.restat(doubt); err != nil {
				return e, err
			}
			id, err := hashFile(ctx, s.abs(src.Path))
			if err != nil {
				return e, err
			}
			if same = id == src.HashID(); same && known {
				s.freshSources[src.Path] = repo.Source{FileRecord: s.record(doubt[0], id), Dataset: name}
			}
		}
		if !same {
			e.Change, e.Paths = 'M', append(e.Paths, src.Path)
		}
	}
	if gone > 0 && gone == len(sources) {
		e.Change = 'D'
	}
	return e, nil
}

// sameValues reports whether a file of which only the values are kept has the
// bytes that it was added with, or those that a checkout writes.
func (s *scan) sameValues(ctx context.Context, t *table.Table, src *source.Source) (bool, error) {
	id, err := hashFile(ctx, s.abs(src.Path))
	if err != nil || id == src.HashID() {
		return err == nil, err
	}
	h := object.NewHasher()
	if err := renderSource(ctx, s.r, t, src, h); err != nil {
		return false, err
	}
	return id == h.Sum(), nil
}

// hashFile returns the hash of a file's bytes.
func hashFile(ctx context.Context, path string) (object.ID, error) {
	f, err := os.Open(path)
	if err != nil {
		return object.ID{}, err
	}
	defer f.Close()
	h := object.NewHasher()
	buf := make([]byte, 1<<20)
	for {
		n, err := f.Read(buf)
		_, _ = h.Write(buf[:n])
		if err == io.EOF {
			return h.Sum(), nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return object.ID{}, err
		}
	}
}

// untracked returns the files that the index does not know; a directory in
// which it knows nothing stands for all of its files.
func (s *scan) untracked() []string {
	var files []string
	at := 0
	for i := range s.all {
		p := s.all[i].path
		c := 1
		for ; at < len(s.plain); at++ {
			if c = strings.Compare(s.plain[at].Path, p); c >= 0 {
				break
			}
		}
		if _, isSource := s.ix.Sources[p]; (at == len(s.plain) || c != 0) && !isSource {
			files = append(files, p)
		}
	}
	if files == nil {
		return nil
	}
	return foldUntracked(files, s.trackedDirs())
}

// trackedDirs returns the directories that have tracked files below them.
func (s *scan) trackedDirs() map[string]bool {
	dirs := map[string]bool{}
	add := func(p string) {
		for d := dirOf(p); d != "." && !dirs[d]; d = dirOf(d) {
			dirs[d] = true
		}
	}
	for p := range s.ix.Sources {
		add(p)
	}
	for i := range s.plain {
		add(s.plain[i].Path)
	}
	return dirs
}

// foldUntracked puts the topmost directory without tracked files in place of
// the files below it.
func foldUntracked(files []string, tracked map[string]bool) []string {
	var out []string
	last := ""
	for _, p := range files {
		if last != "" && strings.HasPrefix(p, last) {
			continue
		}
		name := p
		for d := dirOf(p); d != "." && !tracked[d]; d = dirOf(d) {
			name = d + "/"
		}
		if name != p {
			last = name
		}
		out = append(out, name)
	}
	return out
}

func dirOf(p string) string {
	if i := strings.LastIndexByte(p, '/'); i >= 0 {
		return p[:i]
	}
	return "."
}
