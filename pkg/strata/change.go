package strata

import (
	"context"
	"fmt"

	"github.com/strata-data/strata/internal/diff"
	"github.com/strata-data/strata/internal/history"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// DatasetChange is how one dataset differs between two trees: counts, no values.
type DatasetChange struct {
	Name          string         `json:"name"`
	Change        string         `json:"change"` // A, M, D
	Old           ID             `json:"old"`    // tables; zero where absent
	New           ID             `json:"new"`    //
	Rows          RowCounts      `json:"rows"`   //
	Added         int64          `json:"added"`  // samples; of @files plain files
	Removed       int64          `json:"removed"`
	Modified      int64          `json:"modified"`
	SchemaChanges []SchemaChange `json:"schema_changes"`
	Columns       []CellCount    `json:"columns"` // columns with changed cells, in order of the new schema
}

// RowCounts are the samples of both sides.
type RowCounts struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// CellCount is how many cells of a column changed in samples that both sides have.
type CellCount struct {
	Name    string `json:"name"`
	Changed int64  `json:"changed"`
}

// countChanges counts what differs for each of the datasets in changes. Only
// pages that differ are read.
func (r *Repo) countChanges(ctx context.Context, changes []repo.TreeChange) ([]DatasetChange, error) {
	return r.recordChanges(ctx, changes, nil)
}

// recordChanges is countChanges, which it also tells rec.
func (r *Repo) recordChanges(ctx context.Context, changes []repo.TreeChange, rec *history.Recorder) ([]DatasetChange, error) {
	counted := []DatasetChange{}
	for _, c := range changes {
		d, err := countChangeIn(ctx, r.r.Objects(), c, rec)
		if err != nil {
			return nil, fmt.Errorf("compare %s: %w", c.Name, err)
		}
		counted = append(counted, *d)
	}
	return counted, nil
}

// changesBetween counts what differs between two states, whose tables rd has.
func changesBetween(ctx context.Context, rd store.Reader, from, to map[string]object.ID) ([]DatasetChange, error) {
	return recordBetween(ctx, rd, from, to, nil)
}

// recordBetween is changesBetween, which it also tells rec.
func recordBetween(ctx context.Context, rd store.Reader, from, to map[string]object.ID, rec *history.Recorder) ([]DatasetChange, error) {
	counted := []DatasetChange{}
	for _, name := range differing(from, to) {
		d, err := countChangeIn(ctx, rd, repo.TreeChange{Name: name, Old: from[name], New: to[name]}, rec)
		if err != nil {
			return nil, fmt.Errorf("compare %s: %w", name, err)
		}
		counted = append(counted, *d)
	}
	return counted, nil
}

// countChangeIn counts what differs in one dataset, whose tables rd has.
func countChangeIn(ctx context.Context, rd store.Reader, c repo.TreeChange, rec *history.Recorder) (*DatasetChange, error) {
	d := &DatasetChange{Name: c.Name, Change: string(c.Letter()), Old: c.Old, New: c.New,
		SchemaChanges: []SchemaChange{}, Columns: []CellCount{}}
	old, err := loadFrom(ctx, rd, c.Old)
	if err != nil {
		return nil, err
	}
	new, err := loadFrom(ctx, rd, c.New)
	if err != nil {
		return nil, err
	}
	rec.Dataset(c.Name, old, new)
	switch {
	case old == nil:
		d.Rows.To, d.Added = new.Rows(), new.Rows()
		return d, nil
	case new == nil:
		d.Rows.From, d.Removed = old.Rows(), old.Rows()
		return d, nil
	}
	d.Rows = RowCounts{old.Rows(), new.Rows()}
	d.SchemaChanges = diff.SchemaChanges(old.Schema, new.Schema)
	cells := map[string]int64{}
	for delta, err := range table.Compare(ctx, old, new, nil) {
		if err != nil {
			return nil, err
		}
		rec.Seen(delta)
		for _, ch := range delta.Changes {
			switch ch.Op {
			case table.Added:
				d.Added++
			case table.Removed:
				d.Removed++
			case table.Modified:
				d.Modified++
			}
			for _, i := range ch.Columns {
				cells[delta.Columns[i]]++
			}
		}
	}
	for _, f := range new.Schema.Fields {
		if n := cells[f.ID]; n > 0 {
			d.Columns = append(d.Columns, CellCount{f.Name, n})
		}
	}
	return d, nil
}

// loadTable returns the table id, nil for the zero id.
func (r *Repo) loadTable(ctx context.Context, id object.ID) (*table.Table, error) {
	return loadFrom(ctx, r.r.Objects(), id)
}

// loadFrom returns the table id of rd, nil for the zero id.
func loadFrom(ctx context.Context, rd store.Reader, id object.ID) (*table.Table, error) {
	if id.IsZero() {
		return nil, nil
	}
	return table.Load(ctx, rd, id)
}
