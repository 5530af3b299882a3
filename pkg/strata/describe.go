package strata

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/profile"
)

// DescribeOptions of Repo.Describe.
type DescribeOptions struct {
	ScanOptions
}

// ColumnSummary is what is known about one column.
type ColumnSummary = profile.Summary

// DescribeResult is strata.describe/1.
type DescribeResult struct {
	Schema  string          `json:"schema"`
	Dataset string          `json:"dataset"`
	Rev     string          `json:"rev"`
	Commit  ID              `json:"commit"`
	Rows    int64           `json:"rows"`  // samples described
	Total   int64           `json:"total"` // samples of the dataset
	Key     []string        `json:"key"`   // names of the key columns; none where samples are keyed by content
	Where   string          `json:"where,omitempty"`
	Columns []ColumnSummary `json:"columns"`
}

// Describe summarises the columns of a dataset in one pass and bounded memory.
func (r *Repo) Describe(ctx context.Context, o DescribeOptions) (*DescribeResult, error) {
	rows, err := r.Scan(ctx, o.ScanOptions)
	if err != nil {
		return nil, err
	}
	res := &DescribeResult{Schema: "strata.describe/1", Dataset: rows.Dataset, Rev: rows.Rev, Commit: rows.Commit,
		Total: rows.Total(), Key: []string{}, Columns: []ColumnSummary{}}
	if rows.program != nil {
		res.Where = rows.program.String()
	}
	columns := make([]*profile.Column, len(rows.out.Fields))
	for i, f := range rows.out.Fields {
		columns[i] = profile.New(f, rows.t.Schema.IsKey(f.ID))
	}
	for _, i := range rows.t.Schema.KeyColumns() {
		if f := rows.t.Schema.Fields[i]; !column.Hidden(f.ID) {
			res.Key = append(res.Key, f.Name)
		}
	}
	for b, err := range rows.batches(ctx, false, 0) {
		if err != nil {
			return nil, err
		}
		res.Rows += int64(b.Len)
		var g errgroup.Group // a column belongs to one goroutine at a time
		for i := range columns {
			g.Go(func() error {
				columns[i].Add(b.Cols[i])
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			return nil, err
		}
	}
	for _, c := range columns {
		res.Columns = append(res.Columns, c.Summary())
	}
	return res, nil
}
