package strata

import (
	"context"
	"errors"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/table"
)

// SchemaOptions of Repo.DatasetSchema and Repo.SetMergePolicy.
type SchemaOptions struct {
	Address string // [REV:]DATASET; without REV the index, or HEAD where the index does not have it
	Column  string // display name; "" for all columns
	// Policy is what SetMergePolicy gives the column: max, min, union, latest,
	// latest:COLUMN, vote, vote:COLUMN (display names), or none.
	Policy string
	DryRun bool
}

// SchemaResult is strata.schema/1.
type SchemaResult struct {
	Schema  string         `json:"schema"`
	Dataset string         `json:"dataset"`
	Rev     string         `json:"rev"` // "index" for what is staged
	Columns []SchemaColumn `json:"columns"`
	Changed bool           `json:"changed"` // by SetMergePolicy
	DryRun  bool           `json:"dry_run"`
}

// SchemaColumn is a column of a dataset.
type SchemaColumn struct {
	Name  string `json:"name"`
	ID    string `json:"id"` // the name that it was born with
	Type  string `json:"type"`
	Key   bool   `json:"key"`
	Merge string `json:"merge"` // merge policy, or "none"
}

// DatasetSchema returns the columns of a dataset and how cells of them merge.
// Errors are *NotFoundError and those of revisions.
func (r *Repo) DatasetSchema(ctx context.Context, o SchemaOptions) (*SchemaResult, error) {
	t, res, err := r.schemaOf(ctx, o)
	if err != nil {
		return nil, err
	}
	return res, res.show(t.Schema, o.Column)
}

// schemaOf finds the dataset that an address means; the index counts first.
func (r *Repo) schemaOf(ctx context.Context, o SchemaOptions) (*table.Table, *SchemaResult, error) {
	s, m, err := r.locate(ctx, o.Address)
	if err != nil {
		return nil, nil, err
	}
	if a, err := repo.ParseAddress(o.Address, []string{m.Dataset}); err == nil && !a.HasRev {
		if index, err := r.sideOf(ctx, ""); err != nil {
			return nil, nil, err
		} else if slices.Contains(index.names(), m.Dataset) {
			s = index
		}
	}
	if m.Key != "" {
		return nil, nil, &OptionError{Option: "address", Value: o.Address, Reason: "names a sample; a schema is that of a dataset"}
	}
	t, err := r.tableOf(ctx, s, m.Dataset)
	if err != nil {
		return nil, nil, err
	}
	return t, &SchemaResult{Schema: "strata.schema/1", Dataset: m.Dataset, Rev: s.name.Rev, Columns: []SchemaColumn{}, DryRun: o.DryRun}, nil
}

// show adds the columns of s, or the one of the given name, to the result.
func (res *SchemaResult) show(s *column.Schema, name string) error {
	for _, f := range s.Fields {
		if !column.Hidden(f.ID) && (name == "" || f.Name == name) {
			res.Columns = append(res.Columns, SchemaColumn{f.Name, f.ID, f.Type.String(), s.IsKey(f.ID), s.PolicyText(f.Merge)})
		}
	}
	if name != "" && len(res.Columns) == 0 {
		return notFound("column", name, res.Dataset, s.Names())
	}
	return nil
}

// SetMergePolicy stages a merge policy for a column of a dataset in the index.
// No sample and no working file changes. Errors are *NotFoundError and
// *OptionError, for a policy that does not fit the column.
func (r *Repo) SetMergePolicy(ctx context.Context, o SchemaOptions) (res *SchemaResult, err error) {
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	t, res, err := r.schemaOf(ctx, o)
	if err != nil {
		return nil, err
	}
	ix, err := r.r.Index(ctx)
	if err != nil {
		return nil, err
	}
	if ix.Datasets[res.Dataset].IsZero() || res.Rev != "index" {
		return nil, &OptionError{Option: "address", Value: o.Address, Reason: "a policy is staged, so name a dataset of the index"}
	}
	next, err := withPolicy(t.Schema, res.Dataset, o)
	if err != nil {
		return nil, err
	}
	res.Changed = !next.Equal(t.Schema)
	if err := res.show(next, o.Column); err != nil || !res.Changed || o.DryRun {
		return res, err
	}
	w, err := r.r.Objects().NewWriter(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Discard()) }()
	staged := table.New(w, next, t.Root)
	staged.Sources = t.Sources
	id, err := staged.Save(ctx, w)
	if err != nil {
		return nil, err
	}
	if _, err := w.Publish(ctx); err != nil {
		return nil, err
	}
	ix.Datasets[res.Dataset] = id
	return res, r.r.SaveIndex(ctx, ix)
}

// withPolicy returns s with the policy of one column changed.
func withPolicy(s *column.Schema, dataset string, o SchemaOptions) (*column.Schema, error) {
	i := s.ByName(o.Column)
	if i < 0 || column.Hidden(s.Fields[i].ID) {
		return nil, notFound("column", o.Column, dataset, s.Names())
	}
	text := o.Policy
	if text == "none" {
		text = ""
	}
	p, err := column.ParsePolicy(text)
	if err == nil {
		if k := s.ByName(p.Column); p.Column != "" && k >= 0 {
			p.Column = s.Fields[k].ID
		}
		err = s.CheckPolicy(s.Fields[i].ID, p)
	}
	if err != nil {
		return nil, &OptionError{Option: "--merge", Reason: err.Error()}
	}
	next := &column.Schema{Key: s.Key, Fields: slices.Clone(s.Fields)}
	next.Fields[i].Merge = p.String()
	return next, nil
}
