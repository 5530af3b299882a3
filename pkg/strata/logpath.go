package strata

import (
	"context"
	"encoding/json"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/history"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/table"
)

// filesTable is the system table of plain files; its key is the path.
const filesTable = history.FilesDataset

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

// match returns what all addresses mean among datasets of these names.
func (l *logger) match(names []string) (found []repo.Match) {
	for _, p := range l.paths {
		found = append(found, p.match(names)...)
	}
	return found
}

// tell is told what a commit of the history does.
func (l *logger) tell(id ID, c *history.Changes) {
	for _, s := range c.Samples {
		l.samples[id] = append(l.samples[id], sampleChange(s))
	}
	for _, m := range c.Moved {
		l.renamed[id] = append(l.renamed[id], Rename(m))
	}
	for _, p := range l.paths {
		p.met = true // so nothing is missing, whatever else leaves the commit out
	}
}

// keep reports whether a commit changes, against its first parent, what the
// addresses name.
func (l *logger) keep(ctx context.Context, c *repo.CommitInfo) (bool, error) {
	if l.history == nil {
		l.history = history.New(l.r.r)
	}
	n, err := l.r.r.Node(ctx, c.ID)
	if err != nil {
		return false, err
	}
	var parent *repo.Node
	if len(n.Parents) > 0 {
		if parent, err = l.r.r.Node(ctx, n.Parents[0]); err != nil {
			return false, err
		}
	}
	found, err := l.history.Between(ctx, n, parent, l.match, false)
	return err == nil && found.Any, err
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

// sampleChange returns c as a document has it.
func sampleChange(c history.Change) SampleChange {
	ch := SampleChange{Dataset: c.Dataset, Key: c.Key, Change: letterOf(c.Op), Cells: []CellChange{}}
	for _, x := range c.Cells {
		ch.Cells = append(ch.Cells, CellChange{Column: x.Column.Name, Old: jsonOf(x.Old, 0), New: jsonOf(x.New, 0),
			OldText: textOf(x.Old, 0), NewText: textOf(x.New, 0)})
	}
	return ch
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

func jsonOf(v *column.Vector, i int) json.RawMessage { return column.AppendJSON(nil, v, i) }

// textOf returns a value for people; null where there is none.
func textOf(v *column.Vector, i int) string {
	if v.IsNull(i) {
		return "null"
	}
	return column.Text(v, i)
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
