package strata

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/diff"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/merge"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/table"
	"github.com/strata-data/strata/internal/worktree"
)

// ConflictsOptions of Repo.Conflicts.
type ConflictsOptions struct {
	Addresses []string // DATASET or DATASET/KEY, keys with * and ?; none is everything
	Columns   []string // only conflicts of these columns
}

// Conflicts are those of the work that has stopped which nobody has settled. They
// are a table of their own and are read as they are asked for.
type Conflicts struct {
	r       *Repo
	state   *repo.State
	index   map[string]object.ID
	targets []target
	columns []string
}

// ConflictsDocument is strata.conflicts/1.
type ConflictsDocument struct {
	Schema    string          `json:"schema"`
	Kind      string          `json:"kind"` // merge, cherry-pick, revert, stash
	Names     []string        `json:"names"`
	Total     int64           `json:"total"`
	Datasets  []ConflictCount `json:"datasets"`
	Conflicts []*Conflict     `json:"conflicts,omitempty"`
}

// Conflict is one cell, sample, column or dataset that two sides changed in
// different ways. Values are JSON: of a cell its value, of a sample an object, of
// a column its name and type. One that is not there is absent.
type Conflict struct {
	Dataset string          `json:"dataset"`
	Key     string          `json:"key,omitempty"`    // absent for a column, or all of the dataset
	Column  string          `json:"column,omitempty"` // name; absent for a sample, or all of the dataset
	Kind    string          `json:"kind"`             // modified, added, deleted-by-us, deleted-by-them, schema
	Base    json.RawMessage `json:"base,omitempty"`
	Ours    json.RawMessage `json:"ours,omitempty"`
	Theirs  json.RawMessage `json:"theirs,omitempty"`
}

// Conflicts returns the conflicts of the work that has stopped. Without any it is
// ErrNothingUnfinished; a dataset that was named and has none is a *NotFoundError.
func (r *Repo) Conflicts(ctx context.Context, o ConflictsOptions) (*Conflicts, error) {
	s, err := r.unfinished(ctx)
	if err != nil {
		return nil, err
	}
	ix, err := r.r.Index(ctx)
	if err != nil {
		return nil, err
	}
	c := &Conflicts{r: r, state: s, index: ix.Datasets, columns: o.Columns}
	c.targets, err = conflictTargets(s, o.Addresses)
	return c, err
}

// conflictTargets finds the datasets with conflicts that addresses mean.
func conflictTargets(s *repo.State, addresses []string) ([]target, error) {
	var names []string
	for _, d := range s.Datasets {
		names = append(names, d.Name)
	}
	var targets []target
	if len(addresses) == 0 {
		for _, n := range names {
			targets = append(targets, target{dataset: n})
		}
	}
	for _, text := range addresses {
		a, err := repo.ParseAddress(text, names)
		if err != nil {
			return nil, err
		}
		found := a.Match(names)
		if len(found) == 0 && !a.HasRev && strings.ContainsAny(text, "./*") && slices.Contains(names, worktree.FilesName) {
			if a, err = repo.ParseAddress(worktree.FilesName+"/"+path.Clean(text), names); err != nil {
				return nil, err
			}
			found = a.Match(names) // the path of a plain file
		}
		if a.HasRev || len(found) == 0 {
			return nil, notFound("dataset", text, "the conflicts", names)
		}
		for _, m := range found {
			i := slices.IndexFunc(targets, func(t target) bool { return t.dataset == m.Dataset })
			switch {
			case i < 0:
				i = len(targets)
				targets = append(targets, target{dataset: m.Dataset})
			case len(targets[i].keys) == 0:
				continue // all of it already
			}
			if m.Key == "" {
				targets[i].keys = nil
				continue
			}
			targets[i].keys = append(targets[i].keys, m.Key)
		}
	}
	slices.SortStableFunc(targets, func(a, b target) int { return strings.Compare(a.dataset, b.dataset) })
	return targets, nil
}

// Summary counts the conflicts by dataset and column, those that were asked for.
func (c *Conflicts) Summary(ctx context.Context) (*ConflictsDocument, error) {
	doc := &ConflictsDocument{Schema: "strata.conflicts/1", Kind: c.state.Kind, Names: nonNil(c.state.Names), Datasets: []ConflictCount{}}
	for _, t := range c.targets {
		d := stateDataset(c.state, t.dataset)
		if d.Conflicts.IsZero() {
			continue
		}
		u, err := c.r.unmerged(ctx, c.state, d, c.index[t.dataset])
		if err != nil {
			return nil, err
		}
		n, err := u.count(ctx, t, c.columns)
		if err != nil {
			return nil, err
		}
		if doc.Total += n.Conflicts; n.Conflicts > 0 {
			doc.Datasets = append(doc.Datasets, *n)
		}
	}
	return doc, nil
}

// All yields the conflicts by dataset: first those about the dataset and its
// columns, then the others in the order of keys. A Conflict is the caller's.
func (c *Conflicts) All(ctx context.Context) iter.Seq2[*Conflict, error] {
	return func(yield func(*Conflict, error) bool) {
		for _, t := range c.targets {
			d := stateDataset(c.state, t.dataset)
			if d.Conflicts.IsZero() {
				continue
			}
			u, err := c.r.unmerged(ctx, c.state, d, c.index[t.dataset])
			if err != nil {
				yield(nil, err)
				return
			}
			for x, err := range u.each(ctx, t, c.columns) {
				if !yield(x, err) || err != nil {
					return
				}
			}
		}
	}
}

func stateDataset(s *repo.State, name string) repo.StateDataset {
	i := slices.IndexFunc(s.Datasets, func(d repo.StateDataset) bool { return d.Name == name })
	return s.Datasets[i]
}

// unmerged is a dataset with conflicts, opened.
type unmerged struct {
	merge.Unmerged
	name   string
	schema *column.Schema // for names of columns and keys
	// changed says that the staged table has another key than the conflicts, or is
	// not there.
	changed bool
}

// unmerged opens a dataset with conflicts whose staged table is given.
func (r *Repo) unmerged(ctx context.Context, s *repo.State, d repo.StateDataset, staged object.ID) (u *unmerged, err error) {
	u = &unmerged{name: d.Name}
	stopped, err := r.loadTable(ctx, repo.Datasets(s.Staged)[d.Name])
	if err != nil {
		return nil, err
	}
	for _, t := range []struct {
		to *(*table.Table)
		id object.ID
	}{{&u.Base, d.Base}, {&u.Ours, d.Ours}, {&u.Theirs, d.Theirs}, {&u.Merged, staged}, {&u.Unmerged.Conflicts, d.Conflicts}} {
		if *t.to, err = r.loadTable(ctx, t.id); err != nil {
			return nil, err
		}
	}
	u.changed = u.Merged == nil || stopped != nil && !slices.Equal(u.Merged.Schema.Key, stopped.Schema.Key)
	tables := []*table.Table{u.Merged, stopped, u.Ours, u.Theirs, u.Base}
	if u.changed {
		tables = tables[1:]
	}
	for _, t := range tables {
		if t != nil && u.schema == nil {
			u.schema = t.Schema
		}
	}
	if u.schema == nil {
		return nil, &object.CorruptError{Detail: "conflicts of " + d.Name + ", which is on no side"}
	}
	return u, nil
}

// columnName returns the name of a column by its id: as it is called now, or as
// it was on a side that still has it.
func (u *unmerged) columnName(id string) string {
	for _, t := range []*table.Table{u.Merged, u.Ours, u.Theirs, u.Base} {
		if t != nil {
			if i := t.Schema.Index(id); i >= 0 {
				return t.Schema.Fields[i].Name
			}
		}
	}
	return id
}

// wants reports whether a conflict is among those that were asked for.
func (u *unmerged) wants(c *merge.Conflict, t target, columns []string) (bool, error) {
	if len(columns) > 0 && !slices.Contains(columns, u.columnName(c.Column)) {
		return false, nil
	}
	if len(t.keys) == 0 {
		return true, nil
	}
	if len(c.Key) == 0 {
		return false, nil
	}
	key, err := diff.KeyText(u.schema, c.Key)
	return slices.ContainsFunc(t.keys, func(p string) bool { return diff.MatchKey(p, key) }), err
}

// each yields the conflicts that were asked for.
func (u *unmerged) each(ctx context.Context, t target, columns []string) iter.Seq2[*Conflict, error] {
	return func(yield func(*Conflict, error) bool) {
		for c, err := range merge.Conflicts(ctx, u.Unmerged.Conflicts) {
			var ok bool
			if err == nil {
				ok, err = u.wants(c, t, columns)
			}
			if err == nil && !ok {
				continue
			}
			var x *Conflict
			if err == nil {
				x, err = u.view(c)
			}
			if !yield(x, err) || err != nil {
				return
			}
		}
	}
}

func (u *unmerged) view(c *merge.Conflict) (*Conflict, error) {
	x := &Conflict{Dataset: u.name, Kind: c.Kind, Base: slices.Clone(c.Base), Ours: slices.Clone(c.Ours), Theirs: slices.Clone(c.Theirs)}
	if c.Column != "" {
		x.Column = u.columnName(c.Column)
	}
	if len(c.Key) == 0 {
		return x, nil
	}
	var err error
	x.Key, err = diff.KeyText(u.schema, c.Key)
	return x, err
}

// count counts the conflicts that were asked for, by column.
func (u *unmerged) count(ctx context.Context, t target, columns []string) (*ConflictCount, error) {
	out := &ConflictCount{Dataset: u.name, Columns: []CellCount{}}
	by := map[string]int64{}
	for c, err := range merge.Conflicts(ctx, u.Unmerged.Conflicts) {
		if err != nil {
			return nil, err
		}
		ok, err := u.wants(c, t, columns)
		if err != nil {
			return nil, err
		}
		if ok {
			out.add(c, u.columnName(c.Column), by)
		}
	}
	add := func(id, name string) {
		if n := by[id]; n > 0 {
			out.Columns = append(out.Columns, CellCount{Name: name, Changed: n})
			delete(by, id)
		}
	}
	add("", "")
	for _, f := range u.schema.Fields {
		add(f.ID, f.Name)
	}
	var rest []string
	for id := range by {
		rest = append(rest, id)
	}
	slices.Sort(rest)
	for _, id := range rest {
		add(id, u.columnName(id))
	}
	return out, nil
}

// add counts a conflict, cells and samples into by.
func (n *ConflictCount) add(c *merge.Conflict, name string, by map[string]int64) {
	n.Conflicts++
	switch {
	case c.IsSchema():
		n.Schema = append(n.Schema, name)
	case c.IsDataset():
		n.Whole = c.Kind
	default:
		by[c.Column]++
	}
}

// countConflicts counts the conflicts of a dataset that are left.
func (r *Repo) countConflicts(ctx context.Context, s *repo.State, d repo.StateDataset) (*ConflictCount, error) {
	ix, err := r.r.Index(ctx)
	if err != nil {
		return nil, err
	}
	u, err := r.unmerged(ctx, s, d, ix.Datasets[d.Name])
	if err != nil {
		return nil, err
	}
	return u.count(ctx, target{}, nil)
}

// Text returns the value of a side as people read it: a string without quotes,
// null for null, and nothing where there is none.
func (c *Conflict) Text(side json.RawMessage) string {
	var s string
	if len(side) > 0 && side[0] == '"' && json.Unmarshal(side, &s) == nil {
		return s
	}
	return string(side)
}

// conflictRows are the conflicts that an export holds at a time.
const conflictRows = 4096

// Export writes the conflicts as a table with the columns dataset, key, column,
// kind, base, ours and theirs. In csv and tsv values are text as the dataset's own
// file has them, else JSON. It returns their number. Filled in with a further
// column resolved, the table can be given to ResolveConflicts.
func (c *Conflicts) Export(ctx context.Context, w io.Writer, formatName string, stream bool) (n int64, err error) {
	f, err := writable(formatName)
	if err != nil {
		return 0, err
	}
	text := formatName == "csv" || formatName == "tsv"
	values := column.Of(column.JSON)
	if text {
		values = column.Of(column.String)
	}
	schema := &column.Schema{}
	for _, name := range []string{"dataset", "key", "column", "kind"} {
		schema.Fields = append(schema.Fields, column.NewField(name, column.Of(column.String)))
	}
	for _, name := range []string{"base", "ours", "theirs"} {
		schema.Fields = append(schema.Fields, column.NewField(name, values))
	}
	out, err := f.Write(w, schema, format.WriteOptions{Stream: stream})
	if err != nil {
		return 0, err
	}
	batch := column.NewBatch(schema, conflictRows)
	for x, err := range c.All(ctx) {
		if err == nil {
			appendConflict(batch, x, text)
			if n++; batch.Len == conflictRows {
				err = out.Write(batch)
				batch.Reset()
			}
		}
		if err != nil {
			return n, errors.Join(err, out.Close())
		}
	}
	if batch.Len > 0 {
		err = out.Write(batch)
	}
	return n, errors.Join(err, out.Close())
}

func appendConflict(b *column.Batch, x *Conflict, text bool) {
	for i, s := range []string{x.Dataset, x.Key, x.Column, x.Kind} {
		b.Cols[i].AppendString(s)
	}
	for i, v := range []json.RawMessage{x.Base, x.Ours, x.Theirs} {
		switch col := b.Cols[4+i]; {
		case v == nil, text && string(v) == "null":
			col.AppendNull()
		case text:
			col.AppendString(x.Text(v))
		default:
			col.AppendBytes(v)
		}
	}
	b.Len++
}

// ExportFile is Export into a file, which is replaced when it is complete.
func (c *Conflicts) ExportFile(ctx context.Context, path, formatName string) (n int64, err error) {
	err = writeFile(path, func(w io.Writer) error {
		n, err = c.Export(ctx, w, formatName, false)
		return err
	})
	return n, err
}
