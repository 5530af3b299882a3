package worktree

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/format/formats"
	"github.com/strata-data/strata/internal/repo"
)

// selection is the files that an Add is about.
type selection struct {
	files    []found
	gone     []string // tracked paths that were named and are not there
	patterns []group  // glob patterns that stand for one dataset each
}

// group is files that together are one dataset.
type group struct {
	name  string
	files []found
}

// tracked are the paths that the index knows.
type tracked struct {
	t     *tree
	plain []plainFile
}

func (k *tracked) has(p string) bool {
	if _, ok := k.t.ix.Sources[p]; ok {
		return true
	}
	_, ok := findPlain(k.plain, p)
	return ok
}

// below returns the tracked paths in the directory dir, or dir itself.
func (k *tracked) below(dir string) []string {
	var out []string
	in := func(p string) bool { return dir == "" || p == dir || strings.HasPrefix(p, dir+"/") }
	for p := range k.t.ix.Sources {
		if in(p) {
			out = append(out, p)
		}
	}
	for i := range k.plain {
		if in(k.plain[i].Path) {
			out = append(out, k.plain[i].Path)
		}
	}
	slices.Sort(out)
	return out
}

// above returns the tracked files that are directories above path now. Those
// that seen has were asked about already.
func (k *tracked) above(path string, seen map[string]bool) (out []string) {
	for d := dirOf(path); d != "." && !seen[d]; d = dirOf(d) {
		seen[d] = true
		if k.has(d) {
			out = append(out, d)
		}
	}
	return out
}

// choose finds the files that the paths of an Add name.
func (t *tree) choose(ctx context.Context, o *AddOptions, known *tracked) (*selection, error) {
	sel := &selection{}
	paths := o.Paths
	if (o.All || o.Update) && len(paths) == 0 {
		paths = []string{t.root}
	}
	seen, dirs := map[string]bool{}, map[string]bool{}
	for _, p := range paths {
		rel, err := t.rel(o.Dir, p)
		if err != nil {
			return nil, err
		}
		files, err := t.chooseOne(ctx, o, known, sel, rel, p)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if !seen[f.path] && (!o.Update || known.has(f.path)) {
				seen[f.path] = true
				sel.files = append(sel.files, f)
				sel.gone = append(sel.gone, known.above(f.path, dirs)...)
			}
		}
	}
	slices.Sort(sel.gone)
	sel.gone = slices.Compact(sel.gone)
	return sel, nil
}

func (t *tree) chooseOne(ctx context.Context, o *AddOptions, known *tracked, sel *selection, rel, asked string) ([]found, error) {
	if err := ownPath(rel, asked); err != nil {
		return nil, err
	}
	fi, err := os.Lstat(t.abs(rel))
	switch {
	case err == nil && !t.real(rel):
		return nil, &FormatError{Path: asked, Reason: "is behind a symbolic link"}
	case err == nil && fi.IsDir():
		files, err := t.walk(ctx, rel, o.Force)
		if err != nil {
			return nil, err
		}
		return files, t.chooseGone(known, sel, rel, files)
	case err == nil && !fi.Mode().IsRegular() && fi.Mode()&fs.ModeSymlink == 0:
		return nil, &FormatError{Path: asked, Reason: "is not a regular file"}
	case err == nil:
		if err := t.mayName(rel, asked, o.Force || known.has(rel)); err != nil {
			return nil, err
		}
		below := known.below(rel) // it was a directory
		sel.gone = append(sel.gone, slices.DeleteFunc(below, func(p string) bool { return p == rel })...)
		return []found{{path: rel, stat: repo.StatOf(fi)}}, nil
	case !errors.Is(err, fs.ErrNotExist) && !notDir(err):
		return nil, err
	}
	if below := known.below(rel); len(below) > 0 {
		sel.gone = append(sel.gone, below...)
		return nil, nil
	}
	if strings.ContainsAny(rel, "*?[") {
		return t.glob(ctx, o, sel, rel, asked)
	}
	return nil, &NoMatchError{Pattern: asked}
}

// mayName refuses an ignored file unless it is wanted all the same, as git does.
func (t *tree) mayName(rel, asked string, anyway bool) error {
	if anyway {
		return nil
	}
	dir := dirOf(rel)
	if dir == "." {
		dir = ""
	}
	ig, err := t.ignoreAt(dir)
	if err != nil {
		return err
	}
	if ig.Ignored(path.Base(rel), false) {
		return &FormatError{Path: asked, Reason: "is ignored by .strataignore; give --force to add it all the same"}
	}
	return nil
}

// chooseGone notes tracked files of a directory that are no longer there, and
// takes tracked files that the walk left out as ignored.
func (t *tree) chooseGone(known *tracked, sel *selection, dir string, files []found) error {
	have := make(map[string]bool, len(files))
	for _, f := range files {
		have[f.path] = true
	}
	for _, p := range known.below(dir) {
		if have[p] {
			continue
		}
		s, ok, err := t.lstat(p)
		if err != nil {
			return err
		}
		if ok {
			sel.files = append(sel.files, found{path: p, stat: s})
		} else {
			sel.gone = append(sel.gone, p)
		}
	}
	return nil
}

// glob takes a pattern that the shell left alone: its files are one dataset if
// they are all tables, named after the pattern's fixed directory.
func (t *tree) glob(ctx context.Context, o *AddOptions, sel *selection, pattern, asked string) ([]found, error) {
	fixed := path.Dir(pattern)
	for strings.ContainsAny(fixed, "*?[") {
		fixed = path.Dir(fixed)
	}
	if fixed == "." {
		fixed = ""
	}
	all, err := t.walk(ctx, fixed, o.Force)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NoMatchError{Pattern: asked}
	}
	if err != nil {
		return nil, err
	}
	var files []found
	tables := true
	for _, f := range all {
		ok, err := path.Match(pattern, f.path)
		if err != nil {
			return nil, &FormatError{Path: asked, Reason: "is not a pattern: " + err.Error()}
		}
		if ok {
			files = append(files, f)
			_, _, isTable := formats.ByPath(f.path)
			tables = tables && isTable
		}
	}
	if len(files) == 0 {
		return nil, &NoMatchError{Pattern: asked}
	}
	if tables && len(files) > 1 && o.As == "" && o.Type != "file" {
		name := fixed
		if name == "" {
			name = strings.TrimRight(datasetName(pattern), "*-_.?[]0123456789")
		}
		if name != "" {
			sel.patterns = append(sel.patterns, group{name, files})
			return nil, nil
		}
	}
	return files, nil
}

// shard matches the names that tools give to the parts of one dataset.
var shard = regexp.MustCompile(`^(?:(part|shard|chunk|data)[-_.]?\d+.*|(.+?)[-_.]\d{3,}(?:-of-\d+)?)$`)

// groups sorts chosen files into datasets and plain files.
func (t *tree) groups(sel *selection, o *AddOptions, known *tracked) (sets []group, plain []found, err error) {
	sets = append(sets, sel.patterns...)
	byName := map[string]int{}
	put := func(name string, f found) {
		i, ok := byName[name]
		if !ok {
			i = len(sets)
			byName[name] = i
			sets = append(sets, group{name: name})
		}
		sets[i].files = append(sets[i].files, f)
	}
	single := map[string][]found{} // directory -> new table files in it
	var dirs []string
	for _, f := range sel.files {
		if s, ok := t.ix.Sources[f.path]; ok && (o.As == "" || o.As == s.Dataset) && o.Type != "file" {
			put(s.Dataset, f)
			continue
		}
		was, isPlain := findPlain(known.plain, f.path)
		_, _, isTable := formats.ByPath(f.path)
		if isTable && f.stat.Size == 0 && len(o.Key) == 0 {
			isTable = false // no columns yet: a plain file until it has some
		} else if isTable && isPlain && was.Ref.Size == 0 {
			isPlain = false
		}
		switch explicit := o.Type != "" && o.Type != "auto"; {
		case o.Type == "file", isPlain && !explicit && o.As == "", !isTable && !explicit && o.As == "",
			f.stat.Mode&fs.ModeSymlink != 0:
			plain = append(plain, f)
		case o.As != "":
			put(o.As, f)
		default:
			dir := path.Dir(f.path)
			if single[dir] == nil {
				dirs = append(dirs, dir)
			}
			single[dir] = append(single[dir], f)
		}
	}
	for _, dir := range dirs {
		for _, g := range shards(dir, single[dir]) {
			for _, f := range g.files {
				put(g.name, f)
			}
		}
	}
	for i := range sets {
		if err := t.complete(&sets[i], o); err != nil {
			return nil, nil, err
		}
	}
	return sets, plain, nil
}

// shards finds among the table files of a directory those that are parts of
// one dataset: part-0.parquet is a part of the dataset named after the
// directory, train-00000-of-00002.parquet of the dataset train beside it.
func shards(dir string, files []found) []group {
	var out []group
	at := map[string]int{}
	for _, f := range files {
		name := datasetName(f.path)
		base := path.Base(name)
		key := name
		if m := shard.FindStringSubmatch(base); m != nil {
			switch {
			case m[2] != "":
				key = path.Join(dir, m[2])
			case dir != ".":
				key = dir
			}
		}
		if i, ok := at[key]; ok {
			out[i].files = append(out[i].files, f)
			continue
		}
		at[key] = len(out)
		out = append(out, group{key, []found{f}})
	}
	for i := range out {
		if len(out[i].files) == 1 { // alone it is a dataset of its own name
			out[i].name = datasetName(out[i].files[0].path)
		}
	}
	return out
}

// complete adds the other files of a dataset that only a part was named of:
// its rows are read from all of them.
func (t *tree) complete(g *group, o *AddOptions) error {
	have := map[string]bool{}
	for _, f := range g.files {
		have[f.path] = true
	}
	if o.As == "" || len(t.ix.SourcesOf(g.name)) > 1 {
		for _, p := range t.ix.SourcesOf(g.name) {
			if have[p] {
				continue
			}
			s, ok, err := t.lstat(p)
			if err != nil {
				return err
			}
			if ok {
				g.files = append(g.files, found{path: p, stat: s, kept: true})
			}
		}
	}
	slices.SortFunc(g.files, func(a, b found) int { return strings.Compare(a.path, b.path) })
	return nil
}
