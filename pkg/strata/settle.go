package strata

import (
	"context"
	"maps"
	"slices"

	"github.com/strata-data/strata/internal/merge"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
)

// This file lets add and rm settle conflicts: a cell that was edited in the file
// and staged again is not in conflict any more.

// settled is what an add did to the conflicts of work that has stopped.
type settled struct {
	state *repo.State // with the conflicts that are left; nil where nothing changed
	n     int64       // conflicts settled
	left  int64
}

// settle takes conflicts away whose cell, sample, column or dataset differs between
// two states of the index. What is new is written to w, in which both states are.
func (r *Repo) settle(ctx context.Context, w store.Writer, was, now map[string]object.ID) (*settled, error) {
	s, err := r.r.Unfinished(ctx)
	if err != nil || s == nil || len(s.Left()) == 0 {
		return &settled{}, err
	}
	next := *s
	next.Datasets = slices.Clone(s.Datasets)
	out := &settled{}
	for i := range next.Datasets {
		d := &next.Datasets[i]
		if d.Conflicts.IsZero() {
			continue
		}
		u, err := r.unmerged(ctx, s, *d, was[d.Name])
		if err != nil {
			return nil, err
		}
		if was[d.Name] == now[d.Name] {
			out.left += u.Unmerged.Conflicts.Rows()
			continue
		}
		edited, err := loadFrom(ctx, w, now[d.Name])
		if err != nil {
			return nil, err
		}
		res, err := merge.Edited(ctx, w, u.Unmerged, edited)
		if err != nil {
			return nil, err
		}
		out.n += u.Unmerged.Conflicts.Rows()
		d.Conflicts = object.ID{}
		if res.Conflicts == nil {
			continue
		}
		out.n -= res.Conflicts.Rows()
		out.left += res.Conflicts.Rows()
		if d.Conflicts, err = res.Conflicts.Save(ctx, w); err != nil {
			return nil, err
		}
	}
	if out.n > 0 {
		out.state = &next
	}
	return out, nil
}

// remember is what is done in the transaction that moves the index.
func (s *settled) remember(tx *repo.Tx) error {
	switch {
	case s.state == nil:
		return nil
	case s.left == 0 && s.state.Kind == repo.StateStash:
		return tx.ClearState(s.state.Kind) // nothing comes after it
	}
	return tx.SetState(s.state)
}

// settleRemoved settles the conflicts about datasets that were removed.
func (r *Repo) settleRemoved(ctx context.Context, names []string) (err error) {
	ix, err := r.r.Index(ctx)
	if err != nil {
		return err
	}
	s, err := r.r.Unfinished(ctx)
	if err != nil || s == nil {
		return err
	}
	was := maps.Clone(ix.Datasets)
	for _, d := range s.Left() {
		if slices.Contains(names, d.Name) { // as it was does not matter, only that it was
			for _, id := range []object.ID{d.Ours, d.Theirs, d.Base} {
				if !id.IsZero() && was[d.Name].IsZero() {
					was[d.Name] = id
				}
			}
		}
	}
	w, err := r.r.Objects().NewWriter(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = w.Discard() }()
	done, err := r.settle(ctx, w, was, ix.Datasets)
	if err != nil || done.state == nil {
		return err
	}
	if _, err := w.Publish(ctx); err != nil {
		return err
	}
	return r.r.Update(ctx, done.remember)
}
