package strata

import (
	"bytes"
	"context"
	"encoding/json"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/table"
)

// filesTable is the system table of plain files; its key is the path.
const filesTable = "@files"

// logPath is an address that narrows a log.
type logPath struct {
	text string
	addr repo.Address
	file string   // what it is as a path from the root
	src  []string // datasets with files in the directory file, as the index has them
	met  bool     // some commit has a dataset of this name
}

// logPaths reads addresses. A path of a file that a dataset was read from
// stands for the dataset.
func (r *Repo) logPaths(ctx context.Context, texts []string, dir string) ([]*logPath, error) {
	ix, err := r.r.Index(ctx)
	if err != nil {
		return nil, err
	}
	tree, err := ix.Tree()
	if err != nil {
		return nil, err
	}
	var paths []*logPath
	for _, text := range texts {
		a, err := repo.ParseAddress(text, tree.Names())
		if err != nil {
			return nil, err
		}
		if a.HasRev && a.Rev != "" {
			return nil, &repo.RevisionSyntaxError{Text: text, Reason: "a log follows names through all revisions, so leave out " + a.Rev + ":"}
		}
		file := r.fromRoot(dir, a.Path)
		if src, ok := ix.Sources[file]; ok && src.Dataset != "" {
			a.Path = src.Dataset
		}
		paths = append(paths, &logPath{text: text, addr: a, file: file, src: readFrom(ix, file)})
	}
	return paths, nil
}

// fromRoot returns the path p, relative to dir, as one from the root; p itself
// where it leads out of the working directory.
func (r *Repo) fromRoot(dir, p string) string {
	if dir == "" || r.Root() == "" {
		return path.Clean(p)
	}
	rel, err := filepath.Rel(r.Root(), filepath.Join(dir, filepath.FromSlash(p)))
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return p
	}
	return filepath.ToSlash(rel)
}

// match returns what the address means among datasets of these names: for a
// path that no dataset has, a plain file or what lies in a directory.
func (p *logPath) match(names []string) []repo.Match {
	found := p.datasets(names)
	p.met = p.met || len(found) > 0
	if len(p.addr.Match(names)) == 0 && p.file != "." && slices.Contains(names, filesTable) {
		found = append(found, repo.Match{Dataset: filesTable, Key: p.file})
	}
	return found
}

// datasets returns the datasets that the address means, plain files aside.
func (p *logPath) datasets(names []string) []repo.Match {
	if found := p.addr.Match(names); len(found) > 0 {
		return found
	}
	return inDirectory(p.file, names, p.src)
}

// inDirectory returns the datasets of names that lie in a directory, whose path
// is from the root: by their names or, if they are among src, by their files.
// The root, ".", has them all, system tables too.
func inDirectory(dir string, names, src []string) []repo.Match {
	var found []repo.Match
	for _, n := range names {
		system := strings.HasPrefix(n, "@")
		if dir == "." || !system && (strings.HasPrefix(n, dir+"/") || slices.Contains(src, n)) {
			found = append(found, repo.Match{Dataset: n})
		}
	}
	return found
}

// readFrom returns the datasets that have files in a directory.
func readFrom(ix *repo.Index, dir string) (names []string) {
	for p, src := range ix.Sources {
		if src.Dataset != "" && strings.HasPrefix(p, dir+"/") {
			names = append(names, src.Dataset)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// keep reports whether a commit changes what the addresses name.
func (l *logger) keep(ctx context.Context, c *repo.CommitInfo) (bool, error) {
	old, new, err := l.r.treesOf(ctx, c)
	if err != nil {
		return false, err
	}
	names := append(slices.Clone(old.Names()), new.Names()...)
	slices.Sort(names)
	names = slices.Compact(names)
	kept := false
	for _, p := range l.paths {
		for _, m := range p.match(names) {
			a, _ := old.Table(m.Dataset)
			b, _ := new.Table(m.Dataset)
			if a == b {
				continue
			}
			if m.Key == "" {
				kept = true
				continue
			}
			found, err := l.r.sampleChanges(ctx, m, a, b)
			if err != nil {
				return false, err
			}
			if len(found) > 0 {
				kept, p.met = true, true
				l.samples[c.ID] = append(l.samples[c.ID], found...)
			}
		}
	}
	return kept, nil
}

// onlyNamed returns the changes of datasets that the addresses name.
func (l *logger) onlyNamed(changes []repo.TreeChange) []repo.TreeChange {
	var names []string
	for _, c := range changes {
		names = append(names, c.Name)
	}
	var named []repo.TreeChange
	for _, c := range changes {
		if slices.ContainsFunc(l.paths, func(p *logPath) bool {
			return slices.ContainsFunc(p.match(names), func(m repo.Match) bool { return m.Dataset == c.Name })
		}) {
			named = append(named, c)
		}
	}
	return named
}

// checkAddresses returns an error if an address of a log without commits names
// nothing at all.
func (l *logger) checkAddresses(ctx context.Context) error {
	for _, p := range l.paths {
		if p.met {
			continue
		}
		names, err := l.r.DatasetNames(ctx, "HEAD")
		if err != nil {
			return err
		}
		if len(p.datasets(names)) == 0 {
			return notFound("dataset", p.text, "", names)
		}
	}
	return nil
}

// maxGlobSamples bounds how many samples of a pattern one commit lists.
const maxGlobSamples = 100

// sampleChanges returns what happened between two versions of a dataset to the
// samples that m names: one key, a pattern, or for plain files a directory.
func (r *Repo) sampleChanges(ctx context.Context, m repo.Match, a, b ID) ([]SampleChange, error) {
	old, err := r.loadTable(ctx, a)
	if err != nil {
		return nil, err
	}
	new, err := r.loadTable(ctx, b)
	if err != nil {
		return nil, err
	}
	if old != nil && new != nil && old.Root.ID == new.Root.ID && old.Schema.Equal(new.Schema) {
		return nil, nil
	}
	if one, err := r.keyChange(ctx, m, old, new); one != nil || err != nil {
		return one, err
	}
	if !strings.ContainsAny(m.Key, "*?[") && m.Dataset != filesTable {
		return nil, nil
	}
	return r.globChanges(ctx, m, old, new)
}

// keyChange looks one key up on both sides.
func (r *Repo) keyChange(ctx context.Context, m repo.Match, old, new *table.Table) ([]SampleChange, error) {
	x, err := lookUp(ctx, old, m.Key)
	if err != nil {
		return nil, err
	}
	y, err := lookUp(ctx, new, m.Key)
	if err != nil {
		return nil, err
	}
	ch := SampleChange{Dataset: m.Dataset, Key: m.Key, Cells: []CellChange{}}
	switch {
	case x == nil && y == nil:
		return nil, nil
	case x == nil:
		ch.Change = "A"
	case y == nil:
		ch.Change = "D"
	default:
		ch.Change = "M"
		if ch.Cells = cellChanges(x, y); len(ch.Cells) == 0 {
			return nil, nil
		}
	}
	return []SampleChange{ch}, nil
}

// lookUp returns the sample of t whose key is written text, nil if there is none.
func lookUp(ctx context.Context, t *table.Table, text string) (*column.Batch, error) {
	if t == nil {
		return nil, nil
	}
	key, err := column.ParseKeyText(keyTypes(t.Schema), text)
	if err != nil {
		return nil, nil // text that no key of these types can be
	}
	return t.Get(ctx, key, nil)
}

// keyTypes returns the types of the key columns of s, in key order.
func keyTypes(s *column.Schema) []*column.Type {
	var types []*column.Type
	for _, i := range s.KeyColumns() {
		types = append(types, s.Fields[i].Type)
	}
	return types
}

// cellChanges compares one sample on both sides: cells of columns that both
// have, in the order of the new schema.
func cellChanges(old, new *column.Batch) []CellChange {
	var cells []CellChange
	for j, f := range new.Schema.Fields {
		i := old.Schema.Index(f.ID)
		if i < 0 || column.Equal(old.Cols[i], 0, new.Cols[j], 0) {
			continue
		}
		if x, y := old.Cols[i], new.Cols[j]; x.Type.Kind != y.Type.Kind && x.IsNull(0) == y.IsNull(0) &&
			bytes.Equal(column.AppendText(nil, x, 0), column.AppendText(nil, y, 0)) {
			continue // it became its own text
		}
		cells = append(cells, CellChange{Column: f.Name, Old: jsonOf(old.Cols[i], 0), New: jsonOf(new.Cols[j], 0),
			OldText: textOf(old.Cols[i], 0), NewText: textOf(new.Cols[j], 0)})
	}
	return cells
}

func jsonOf(v *column.Vector, i int) json.RawMessage { return column.AppendJSON(nil, v, i) }

// textOf returns a value for people; null where there is none.
func textOf(v *column.Vector, i int) string {
	if v.IsNull(i) {
		return "null"
	}
	return column.Text(v, i)
}

// globChanges compares the tables and keeps the keys that fit.
func (r *Repo) globChanges(ctx context.Context, m repo.Match, old, new *table.Table) ([]SampleChange, error) {
	schema := new
	if schema == nil {
		schema = old
	}
	if old == nil {
		old = emptyLike(r, new)
	}
	if new == nil {
		new = emptyLike(r, old)
	}
	types := keyTypes(schema.Schema)
	var found []SampleChange
	for delta, err := range table.Compare(ctx, old, new, nil) {
		if err != nil {
			return nil, err
		}
		for _, c := range delta.Changes {
			key, err := column.KeyText(types, c.Key)
			if err != nil {
				return nil, err
			}
			if !fits(m, key) {
				continue
			}
			ch := SampleChange{Dataset: m.Dataset, Key: key, Change: letterOf(c.Op), Cells: []CellChange{}}
			if c.Op == table.Modified {
				if ch.Cells, err = deltaCells(ctx, old, new, delta, c); err != nil {
					return nil, err
				}
			}
			if found = append(found, ch); len(found) == maxGlobSamples {
				return found, nil
			}
		}
	}
	return found, nil
}

func deltaCells(ctx context.Context, old, new *table.Table, d *table.Delta, c table.Change) ([]CellChange, error) {
	var cells []CellChange
	for _, i := range c.Columns {
		id := d.Columns[i]
		fa, fb := &old.Schema.Fields[old.Schema.Index(id)], &new.Schema.Fields[new.Schema.Index(id)]
		va, ia, err := c.Old.Value(ctx, fa)
		if err != nil {
			return nil, err
		}
		vb, ib, err := c.New.Value(ctx, fb)
		if err != nil {
			return nil, err
		}
		cells = append(cells, CellChange{Column: fb.Name, Old: jsonOf(va, ia), New: jsonOf(vb, ib), OldText: textOf(va, ia), NewText: textOf(vb, ib)})
	}
	return cells, nil
}

func letterOf(op table.Op) string {
	switch op {
	case table.Added:
		return "A"
	case table.Removed:
		return "D"
	}
	return "M"
}

// fits reports whether a key is what m names: it matches the pattern, or is a
// plain file below the directory.
func fits(m repo.Match, key string) bool {
	if m.Dataset == filesTable && strings.HasPrefix(key, strings.TrimSuffix(m.Key, "/")+"/") {
		return true
	}
	ok, err := path.Match(m.Key, key)
	return ok && err == nil
}
