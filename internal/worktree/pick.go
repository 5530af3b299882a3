package worktree

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// Pick returns the state of the index in which the datasets and plain files
// that patterns name are those of to and all others those of from. Patterns
// are datasets, paths, directories or glob patterns, relative to dir.
func Pick(ctx context.Context, r *repo.Repo, dir string, patterns []string, from, to map[string]object.ID) (map[string]object.ID, []string, error) {
	w, err := r.Objects().NewWriter(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = w.Discard() }()
	out, names, err := PickIn(ctx, r, w, dir, patterns, from, to)
	if err != nil {
		return nil, nil, err
	}
	_, err = w.Publish(ctx)
	return out, names, err
}

// PickIn is Pick for tables that w has; what it makes is not published.
func PickIn(ctx context.Context, r *repo.Repo, w store.Writer, dir string, patterns []string, from, to map[string]object.ID) (map[string]object.ID, []string, error) {
	t := &tree{r: r, root: r.Layout().Root}
	out := map[string]object.ID{}
	for n, id := range from {
		out[n] = id
	}
	var names []string
	for _, p := range patterns {
		hit, err := t.pick(ctx, w, dir, p, from, to, out)
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

func (t *tree) pick(ctx context.Context, w store.Writer, dir, pattern string, from, to, out map[string]object.ID) ([]string, error) {
	rel := pattern
	if t.root != "" && !strings.HasPrefix(pattern, "@") {
		var err error
		if rel, err = t.rel(dir, pattern); err != nil {
			return nil, err
		}
	}
	var hit []string
	for _, state := range []map[string]object.ID{from, to} {
		for n, id := range state {
			ok := n == pattern || matches(rel, n)
			if !ok && !IsSystem(n) {
				tb, err := loadTable(ctx, w, id)
				if err != nil {
					return nil, err
				}
				sources, err := sourcesOf(ctx, w, tb)
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
	plain, err := t.pickPlain(ctx, w, rel, to, out)
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
func (t *tree) pickPlain(ctx context.Context, w store.Writer, rel string, to, out map[string]object.ID) ([]string, error) {
	old, err := loadTable(ctx, w, out[FilesName])
	if err != nil {
		return nil, err
	}
	new, err := loadTable(ctx, w, to[FilesName])
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
	mixed, err := editPlain(ctx, w, old, put, remove)
	if err != nil {
		return nil, err
	}
	id, err := savePlain(ctx, w, mixed)
	if err != nil {
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
