package strata

import (
	"context"

	"github.com/strata-data/strata/internal/repo"
)

func (r *Repo) countConflicts(ctx context.Context, d repo.StateDataset) (*ConflictCount, error) {
	return &ConflictCount{Dataset: d.Name, Conflicts: d.Total}, nil
}
