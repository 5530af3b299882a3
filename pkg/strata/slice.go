package strata

import (
	"context"
	"fmt"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/expr"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/table"
)

// slicesTable is the system table of saved predicates. They are rows of it, so
// commits, branches, diff and restore treat them as they treat samples.
const slicesTable = "@slices"

// SliceInfo is a saved predicate over a dataset.
type SliceInfo struct {
	Name    string `json:"name"`
	Dataset string `json:"dataset"`
	Where   string `json:"where"` // canonical text
	Why     string `json:"why,omitempty"`
	Samples *int64 `json:"samples,omitempty"` // that it picks, where they were counted
	Total   *int64 `json:"total,omitempty"`   // samples of the dataset
	// Broken says why the predicate does not fit the dataset any more.
	Broken string `json:"broken,omitempty"`
}

// SliceResult is strata.slice/1.
type SliceResult struct {
	Schema string      `json:"schema"`
	Rev    string      `json:"rev"`
	Slices []SliceInfo `json:"slices"`
}

// slicesSchema is the schema of the table.
func slicesSchema() *column.Schema {
	f := func(name string) column.Field { return column.NewField(name, column.Of(column.String)) }
	return &column.Schema{Key: []string{"name"}, Fields: []column.Field{f("name"), f("dataset"), f("expr"), f("why")}}
}

// slicesIn reads the slices of a tree, in order of name.
func (r *Repo) slicesIn(ctx context.Context, t *repo.Tree) ([]SliceInfo, error) {
	id, ok := t.Table(slicesTable)
	if !ok {
		return nil, nil
	}
	tab, err := r.loadTable(ctx, id)
	if err != nil {
		return nil, err
	}
	var all []SliceInfo
	for b, err := range tab.Scan(ctx, table.ScanOptions{Columns: []string{"name", "dataset", "expr", "why"}, Workers: 1}) {
		if err != nil {
			return nil, err
		}
		for i := range b.Len {
			text := func(c int) string { return Value{Vector: b.Cols[c], Row: i}.String() }
			all = append(all, SliceInfo{Name: text(0), Dataset: text(1), Where: text(2), Why: text(3)})
		}
	}
	return all, nil
}

// sliceNamed returns a slice of a tree or, where that has none of the name, of
// the index, so that a new one can be used before it is committed.
func (r *Repo) sliceNamed(ctx context.Context, name string, t *repo.Tree) (*SliceInfo, error) {
	var known []string
	index, err := r.treeOf(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, tree := range []*repo.Tree{t, index} {
		all, err := r.slicesIn(ctx, tree)
		if err != nil {
			return nil, err
		}
		for i := range all {
			if all[i].Name == name {
				return &all[i], nil
			}
			known = append(known, all[i].Name)
		}
	}
	return nil, notFound("slice", name, "", known)
}

// predicate parses a predicate and joins it with that of a slice; nil for none.
func (r *Repo) predicate(ctx context.Context, where, slice string, t *repo.Tree) (*expr.Expr, error) {
	return r.predicateOn(ctx, where, slice, t, "")
}

// predicateOn is predicate where the slice has to be one of the dataset given.
func (r *Repo) predicateOn(ctx context.Context, where, slice string, t *repo.Tree, dataset string) (*expr.Expr, error) {
	var e *expr.Expr
	var err error
	if strings.TrimSpace(where) != "" {
		if e, err = expr.Parse(where); err != nil {
			return nil, err
		}
	}
	if slice == "" {
		return e, nil
	}
	s, err := r.sliceNamed(ctx, slice, t)
	if err != nil {
		return nil, err
	}
	if dataset != "" && s.Dataset != dataset {
		return nil, &OptionError{Option: "slice", Value: slice, Reason: "is one of " + s.Dataset + " and not of " + dataset}
	}
	if e == nil {
		return expr.Parse(s.Where)
	}
	return expr.Parse("(" + s.Where + ") and (" + where + ")")
}

// SliceOptions of Repo.CreateSlice.
type SliceOptions struct {
	Name    string
	Where   string // the predicate
	Dataset string // "" where the repository has one dataset only
	Why     string
	Force   bool // replace a slice of this name
}

// CreateSlice saves a predicate under a name in the index, and counts what it
// picks there. A name that is taken is an *ExistsError.
func (r *Repo) CreateSlice(ctx context.Context, o SliceOptions) (*SliceInfo, error) {
	if err := repo.CheckTagName(o.Name); err != nil {
		return nil, err
	}
	e, err := expr.Parse(o.Where)
	if err != nil {
		return nil, err
	}
	if o.Dataset == "" {
		if o.Dataset, err = r.onlyDataset(ctx); err != nil {
			return nil, err
		}
	}
	s := &SliceInfo{Name: o.Name, Dataset: o.Dataset, Where: e.String(), Why: o.Why}
	tree, err := r.treeOf(ctx, "")
	if err != nil {
		return nil, err
	}
	if err := r.countSlice(ctx, s, tree); err != nil {
		return nil, err
	}
	return s, r.changeSlices(ctx, func(all []SliceInfo) ([]SliceInfo, error) {
		for i := range all {
			if all[i].Name == o.Name {
				if !o.Force {
					return nil, &ExistsError{Kind: "slice", Name: o.Name}
				}
				all[i] = *s
				return all, nil
			}
		}
		return append(all, *s), nil
	})
}

// ExistsError is something of a name that is taken.
type ExistsError struct{ Kind, Name string }

func (e *ExistsError) Error() string {
	return fmt.Sprintf("a %s called %q exists already", e.Kind, e.Name)
}

// onlyDataset returns the repository's dataset if it has just one.
func (r *Repo) onlyDataset(ctx context.Context) (string, error) {
	names, err := r.DatasetNames(ctx, "")
	if err != nil {
		return "", err
	}
	switch len(names) {
	case 0:
		return "", notFound("dataset", "", "the index", nil)
	case 1:
		return names[0], nil
	}
	return "", &OptionError{Option: "dataset", Reason: "there are several, name one: " + strings.Join(names, ", ")}
}

// countSlice counts the samples that a slice picks in a tree. An error about the
// predicate or the dataset is returned.
func (r *Repo) countSlice(ctx context.Context, s *SliceInfo, t *repo.Tree) error {
	id, ok := t.Table(s.Dataset)
	if !ok {
		return notFound("dataset", s.Dataset, "", t.Names())
	}
	tab, err := r.loadTable(ctx, id)
	if err != nil {
		return err
	}
	e, err := expr.Parse(s.Where)
	if err != nil {
		return err
	}
	p, err := e.Bind(tab.Schema)
	if err != nil {
		return err
	}
	rows := &Rows{t: tab, out: &column.Schema{Key: tab.Schema.Key}, program: p}
	n, total := int64(0), tab.Rows()
	for b, err := range rows.batches(ctx, false, 0) {
		if err != nil {
			return err
		}
		n += int64(b.Len)
	}
	s.Samples, s.Total = &n, &total
	return nil
}

// ListSlicesOptions of Repo.ListSlices.
type ListSlicesOptions struct {
	Rev    string // "" is the index
	Counts bool   // count the samples of each
}

// ListSlices returns the saved predicates of a revision, in order of name. One
// that does not fit its dataset any more says why in Broken.
func (r *Repo) ListSlices(ctx context.Context, o ListSlicesOptions) (*SliceResult, error) {
	s, err := r.sideOf(ctx, o.Rev)
	if err != nil {
		return nil, err
	}
	all, err := r.slicesIn(ctx, s.ids)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if !o.Counts {
			continue
		}
		if err := r.countSlice(ctx, &all[i], s.ids); err != nil {
			if !isExpression(err) && !isNotFound(err) {
				return nil, err
			}
			all[i].Broken = err.Error()
		}
	}
	if all == nil {
		all = []SliceInfo{}
	}
	return &SliceResult{Schema: "strata.slice/1", Rev: s.name.Rev, Slices: all}, nil
}

// Slice returns one saved predicate of a revision ("" is the index), counted.
func (r *Repo) Slice(ctx context.Context, name, rev string) (*SliceInfo, error) {
	s, err := r.sideOf(ctx, rev)
	if err != nil {
		return nil, err
	}
	all, err := r.slicesIn(ctx, s.ids)
	if err != nil {
		return nil, err
	}
	var known []string
	for i := range all {
		if known = append(known, all[i].Name); all[i].Name != name {
			continue
		}
		if err := r.countSlice(ctx, &all[i], s.ids); err != nil {
			if !isExpression(err) && !isNotFound(err) {
				return nil, err
			}
			all[i].Broken = err.Error()
		}
		return &all[i], nil
	}
	return nil, notFound("slice", name, s.place(), known)
}

// RemoveSlice removes a saved predicate from the index.
func (r *Repo) RemoveSlice(ctx context.Context, name string) error {
	return r.changeSlices(ctx, func(all []SliceInfo) ([]SliceInfo, error) {
		var known []string
		for i := range all {
			if all[i].Name == name {
				return append(all[:i], all[i+1:]...), nil
			}
			known = append(known, all[i].Name)
		}
		return nil, notFound("slice", name, "the index", known)
	})
}

func isNotFound(err error) bool {
	_, ok := err.(*NotFoundError)
	return ok
}
