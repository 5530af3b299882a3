package strata

import (
	"context"
)

// HeadOptions of Repo.Head.
type HeadOptions struct {
	ScanOptions
	N int // samples; 0 means 10, negative all
}

// HeadResult is strata.head/1.
type HeadResult struct {
	Schema  string         `json:"schema"`
	Dataset string         `json:"dataset"`
	Rev     string         `json:"rev"`
	Commit  ID             `json:"commit"`
	Columns []ColumnHeader `json:"columns"`
	Rows    [][]Value      `json:"rows"`  // values in the order of Columns
	Total   int64          `json:"total"` // samples of the dataset, wanted or not
}

// ColumnHeader names a column.
type ColumnHeader struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Key  bool   `json:"key"`
}

// Head returns the first samples in the order of keys.
func (r *Repo) Head(ctx context.Context, o HeadOptions) (*HeadResult, error) {
	if o.N == 0 {
		o.N = 10
	}
	rows, err := r.Scan(ctx, o.ScanOptions)
	if err != nil {
		return nil, err
	}
	res := &HeadResult{Schema: "strata.head/1", Dataset: rows.Dataset, Rev: rows.Rev, Commit: rows.Commit,
		Columns: rows.headers(), Rows: [][]Value{}, Total: rows.Total()}
	for b, err := range rows.batches(ctx, false, 1) {
		if err != nil {
			return nil, err
		}
		for i := range b.Len {
			row := make([]Value, len(b.Cols))
			for c := range row {
				row[c] = Value{Vector: b.Cols[c], Row: i}.Copy()
			}
			if res.Rows = append(res.Rows, row); len(res.Rows) == o.N {
				return res, nil
			}
		}
	}
	return res, nil
}

// headers returns the columns wanted.
func (rows *Rows) headers() []ColumnHeader {
	heads := []ColumnHeader{}
	for _, f := range rows.out.Fields {
		heads = append(heads, ColumnHeader{Name: f.Name, Type: f.Type.String(), Key: rows.t.Schema.IsKey(f.ID)})
	}
	return heads
}
