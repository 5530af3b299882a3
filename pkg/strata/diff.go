package strata

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/diff"
	"github.com/strata-data/strata/internal/expr"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/table"
)

// DiffOptions of Repo.Diff. The zero value compares the working files with the
// index.
type DiffOptions struct {
	Root   bool // compare the one revision with no data at all, as the first commit is
	Staged bool // the index with HEAD, or with the one revision given
	// Revisions are none, one (with the working files), two, or one range:
	// A..B compares the two, A...B what B has done since the merge base.
	Revisions []string
	Addresses []string // DATASET[/KEY], paths of files or directories; none means all
	Dir       string   // where relative paths begin; "" is the root
	Columns   []string // only these columns
	Where     string   // predicate over plain names, old.NAME and new.NAME
	Slice     string   // name of a saved predicate that holds as well
	Filter    string   // added, removed or modified; "" means all
}

// DiffResult is strata.diff/1.
type DiffResult struct {
	Schema    string        `json:"schema"`
	From      DiffSide      `json:"from"`
	To        DiffSide      `json:"to"`
	Datasets  []DatasetDiff `json:"datasets"`  // those that differ, in order of name
	Unchanged []string      `json:"unchanged"` // datasets that were looked at and do not differ
	Files     []FileDiff    `json:"files"`     // plain files that differ, in order of path
	Truncated bool          `json:"truncated"`
	Estimated bool          `json:"estimated"`
}

// Empty reports whether nothing differs.
func (d *DiffResult) Empty() bool { return len(d.Datasets) == 0 && len(d.Files) == 0 }

// DiffSide names one side of a diff.
type DiffSide struct {
	Rev    string `json:"rev"`    // as it was given; "index" and "working files" are no revisions
	Commit ID     `json:"commit"` // zero where the side is no commit
}

// DatasetDiff is what changed in one dataset.
type DatasetDiff = diff.Dataset

// DiffSample is one sample that differs, with its values on both sides.
type DiffSample = diff.Sample

// Value is one value of a sample, which prints as text and as JSON.
type Value = column.Value

// FileDiff is a plain file that differs.
type FileDiff struct {
	Change string `json:"change"` // A, D or M
	Path   string `json:"path"`
}

// Diff is an open comparison. It is not safe for concurrent use and has to be
// closed, before the Repo is.
type Diff struct {
	r       *Repo
	o       DiffOptions
	from    *side
	to      *side
	targets []target
	where   *expr.Expr
	filter  table.Op
	clean   func()
}

// Diff finds the two sides of a comparison. Nothing is compared yet: see
// Summary and Samples. Working files that changed are read into tables that are
// dropped by Close.
func (r *Repo) Diff(ctx context.Context, o DiffOptions) (_ *Diff, err error) {
	d := &Diff{r: r, o: o, clean: func() {}}
	defer func() {
		if err != nil {
			d.clean()
		}
	}()
	switch o.Filter {
	case "", "added", "removed", "modified":
		d.filter = map[string]table.Op{"added": table.Added, "removed": table.Removed, "modified": table.Modified}[o.Filter]
	default:
		return nil, &OptionError{Option: "filter", Value: o.Filter, Allowed: []string{"added", "removed", "modified"}}
	}
	if err := d.findSides(ctx); err != nil {
		return nil, err
	}
	if d.where, err = r.predicate(ctx, o.Where, o.Slice, d.to.ids); err != nil {
		return nil, err
	}
	return d, d.narrow(ctx)
}

// narrow leaves out what a predicate or a list of columns cannot be about: with
// a slice all datasets but its own, and system tables that were not named.
func (d *Diff) narrow(ctx context.Context) error {
	only := ""
	if d.o.Slice != "" {
		s, err := d.r.sliceNamed(ctx, d.o.Slice, d.to.ids)
		if err != nil {
			return err
		}
		only = s.Dataset
	}
	narrow := d.where != nil || len(d.o.Columns) > 0
	d.targets = slices.DeleteFunc(d.targets, func(t target) bool {
		system := strings.HasPrefix(t.dataset, "@") && len(d.o.Addresses) == 0
		return only != "" && t.dataset != only || narrow && (system || t.dataset == filesTable)
	})
	return nil
}

// Close drops what the comparison holds.
func (d *Diff) Close() error {
	d.clean()
	d.clean = func() {}
	return nil
}

// From and To name the sides.
func (d *Diff) From() DiffSide { return d.from.name }

// To names the newer side.
func (d *Diff) To() DiffSide { return d.to.name }

// Differs reports whether anything differs, reading as little as possible.
func (d *Diff) Differs(ctx context.Context) (bool, error) {
	for _, t := range d.targets {
		old, new, same, err := d.tables(ctx, t)
		if err != nil {
			return false, err
		}
		if same {
			continue
		}
		found := false
		sum, err := diff.Walk(ctx, old, new, d.options(t, true), func(*diff.Sample) error { found = true; return diff.ErrStop })
		if err != nil {
			return false, d.named(t, err)
		}
		if found || d.reportable(t, sum) {
			return true, nil
		}
	}
	return false, nil
}

// Summary counts what differs: samples, and for each column how many cells and
// from which values to which. With countsOnly nothing is said of columns.
func (d *Diff) Summary(ctx context.Context, countsOnly bool) (*DiffResult, error) {
	res := &DiffResult{Schema: "strata.diff/1", From: d.from.name, To: d.to.name,
		Datasets: []DatasetDiff{}, Unchanged: []string{}, Files: []FileDiff{}}
	for _, t := range d.targets {
		if t.dataset == filesTable {
			continue
		}
		old, new, same, err := d.tables(ctx, t)
		if err != nil {
			return nil, err
		}
		var sum *diff.Dataset
		if !same {
			if sum, err = diff.Walk(ctx, old, new, d.options(t, countsOnly), nil); err != nil {
				return nil, d.named(t, err)
			}
		}
		if !d.reportable(t, sum) {
			res.Unchanged = append(res.Unchanged, t.dataset)
			continue
		}
		sum.Name = t.dataset
		res.Datasets = append(res.Datasets, *sum)
	}
	var err error
	res.Files, err = d.Files(ctx)
	return res, err
}

// reportable reports whether a walked dataset belongs into a result: samples
// differ, or, unless only some of them were asked for, columns or existence.
func (d *Diff) reportable(t target, sum *diff.Dataset) bool {
	if sum == nil {
		return false
	}
	if sum.Total() > 0 {
		return true
	}
	narrow := len(t.keys) > 0 || d.where != nil || d.filter != 0
	return !narrow && (sum.Change != "M" || len(sum.SchemaChanges) > 0)
}

// Samples yields the samples of a dataset that differ, in the order of keys. A
// sample is valid until the next.
func (d *Diff) Samples(ctx context.Context, dataset string) iter.Seq2[*DiffSample, error] {
	return func(yield func(*DiffSample, error) bool) {
		i := slices.IndexFunc(d.targets, func(t target) bool { return t.dataset == dataset })
		if i < 0 {
			yield(nil, notFound("dataset", dataset, d.to.place(), d.Datasets()))
			return
		}
		t := d.targets[i]
		old, new, same, err := d.tables(ctx, t)
		if err == nil && !same {
			_, err = diff.Walk(ctx, old, new, d.options(t, true), func(s *diff.Sample) error {
				if !yield(s, nil) {
					return diff.ErrStop
				}
				return nil
			})
		}
		if err != nil {
			yield(nil, d.named(t, err))
		}
	}
}

// Each calls fn for the samples of a dataset that differ, in the order of keys,
// and returns their counts, nil where nothing differs. A sample is valid during
// the call.
func (d *Diff) Each(ctx context.Context, dataset string, fn func(*DiffSample) error) (*DatasetDiff, error) {
	i := slices.IndexFunc(d.targets, func(t target) bool { return t.dataset == dataset })
	if i < 0 {
		return nil, notFound("dataset", dataset, d.to.place(), d.Datasets())
	}
	t := d.targets[i]
	old, new, same, err := d.tables(ctx, t)
	if same || err != nil {
		return nil, err
	}
	sum, err := diff.Walk(ctx, old, new, d.options(t, true), fn)
	if err != nil {
		return nil, d.named(t, err)
	}
	if !d.reportable(t, sum) {
		return nil, nil
	}
	sum.Name = dataset
	return sum, nil
}

// Files returns the plain files that differ, in order of path.
func (d *Diff) Files(ctx context.Context) ([]FileDiff, error) {
	i := slices.IndexFunc(d.targets, func(t target) bool { return t.dataset == filesTable })
	if i < 0 {
		return []FileDiff{}, nil
	}
	old, new, same, err := d.tables(ctx, d.targets[i])
	if same || err != nil {
		return []FileDiff{}, err
	}
	return d.files(ctx, d.targets[i], old, new)
}

// Datasets returns the datasets that the comparison looks at, plain files left
// out, in order of name.
func (d *Diff) Datasets() []string {
	var names []string
	for _, t := range d.targets {
		if t.dataset != filesTable {
			names = append(names, t.dataset)
		}
	}
	return names
}

// Fields returns the columns of a dataset's samples, in the order in which
// DiffSample.Old and New count them.
func (d *Diff) Fields(ctx context.Context, dataset string) ([]diff.Field, error) {
	i := slices.IndexFunc(d.targets, func(t target) bool { return t.dataset == dataset })
	if i < 0 {
		return nil, notFound("dataset", dataset, d.to.place(), d.Datasets())
	}
	old, new, same, err := d.tables(ctx, d.targets[i])
	if same && old == nil && err == nil {
		old, err = d.r.tableOf(ctx, d.from, dataset)
		new = old
	}
	if err != nil {
		return nil, err
	}
	fields, err := diff.Narrow(old, new, d.o.Columns)
	return fields, d.named(d.targets[i], err)
}

// options returns how to walk a target.
func (d *Diff) options(t target, countsOnly bool) diff.Options {
	o := diff.Options{Columns: d.o.Columns, Where: d.where, Filter: d.filter, Count: countsOnly}
	if len(d.o.Columns) == 0 {
		o.Columns = nil
	}
	if len(t.keys) > 0 {
		o.Key = func(key string) bool {
			return slices.ContainsFunc(t.keys, func(p string) bool { return diff.MatchKey(p, key) })
		}
	}
	return o
}

// named makes errors about columns those of this package.
func (d *Diff) named(t target, err error) error {
	var missing *diff.ColumnError
	if errors.As(err, &missing) {
		return notFound("column", missing.Name, t.dataset, missing.Known)
	}
	if err != nil && !isExpression(err) {
		return fmt.Errorf("compare %s: %w", t.dataset, err)
	}
	return err
}

// files lists the plain files that differ.
func (d *Diff) files(ctx context.Context, t target, old, new *table.Table) ([]FileDiff, error) {
	files := []FileDiff{}
	o := diff.Options{Filter: d.filter, Count: true, Key: d.options(t, true).Key}
	_, err := diff.Walk(ctx, old, new, o, func(s *diff.Sample) error {
		path, err := s.Key()
		files = append(files, FileDiff{Change: letterOf(s.Op), Path: path})
		return err
	})
	return files, err
}

// OptionError is an option with a value that it cannot take.
type OptionError struct {
	Option, Value string
	Allowed       []string // what it can be, or nil
	Reason        string   // where Allowed is nil
}

func (e *OptionError) Error() string {
	if e.Allowed != nil {
		return fmt.Sprintf("%q is not a value of %s, which is one of %s", e.Value, e.Option, strings.Join(e.Allowed, ", "))
	}
	if e.Value == "" {
		return e.Option + ": " + e.Reason
	}
	return fmt.Sprintf("%s %q %s", e.Option, e.Value, e.Reason)
}

// isExpression reports whether err is about the text of a predicate.
func isExpression(err error) bool { return errors.As(err, new(*expr.Error)) }

// rangeOf parses a revision argument.
func rangeOf(s string) (repo.Range, bool, error) {
	rg, err := repo.ParseRange(s)
	return rg, rg.From != "", err
}
