package repo

import (
	"context"

	"github.com/strata-data/strata/internal/store/meta"
)

// Tx is one transaction over everything in a repository that changes: refs,
// reflog, index and stat cache. All that is done in one Tx becomes visible and
// durable together, or not at all. It lasts milliseconds: read objects and
// files before or after it, never inside, as the object store needs the same
// file.
type Tx struct {
	meta  meta.Tx
	draft *draft // what it changed, for the operation log; nil in a View
}

// View runs fn in a transaction that only reads.
func (r *Repo) View(ctx context.Context, fn func(*Tx) error) error {
	return r.meta.View(ctx, func(m meta.Tx) error { return fn(&Tx{meta: m}) })
}
