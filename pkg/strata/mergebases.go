package strata

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// This file finds the state that both sides of a merge come from. Where history
// crosses, there are several best common commits; they are merged first, as
// git's recursive strategy does, and what conflicts in that keeps the value that
// they had come from themselves.

// baseFinder merges common commits, each set of them once.
type baseFinder struct {
	r    *Repo
	w    store.Writer
	seen map[string]map[string]object.ID // set of commits -> datasets
}

func (r *Repo) newBaseFinder(w store.Writer) *baseFinder {
	return &baseFinder{r: r, w: w, seen: map[string]map[string]object.ID{}}
}

// basesOf returns the best common commits of b and those of as, in an order
// that does not depend on which side is which.
func (f *baseFinder) basesOf(ctx context.Context, as []object.ID, b object.ID) ([]object.ID, error) {
	var all []object.ID
	for _, a := range as {
		bases, err := f.r.r.MergeBases(ctx, a, b)
		if err != nil {
			return nil, err
		}
		all = append(all, bases...)
	}
	return f.r.independent(ctx, all)
}

// independent returns those of the commits that no other one reaches, oldest
// first, equally old ones in order of id.
func (r *Repo) independent(ctx context.Context, ids []object.ID) ([]object.ID, error) {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b object.ID) int { return bytes.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	var best []object.ID
	for _, id := range ids {
		reached := false
		for _, other := range ids {
			if other == id || reached {
				continue
			}
			var err error
			if reached, err = r.r.IsAncestor(ctx, id, other); err != nil {
				return nil, err
			}
		}
		if !reached {
			best = append(best, id)
		}
	}
	when := map[object.ID]int64{}
	for _, id := range best {
		c, err := r.r.Commit(ctx, id)
		if err != nil {
			return nil, err
		}
		when[id] = c.Committer.When
	}
	slices.SortStableFunc(best, func(a, b object.ID) int { return int(min(1, max(-1, when[a]-when[b]))) })
	return best, nil
}

// state returns the datasets that the commits have when they are merged: those
// of the one, or nothing for none.
func (f *baseFinder) state(ctx context.Context, ids []object.ID) (map[string]object.ID, error) {
	if len(ids) == 0 {
		return map[string]object.ID{}, nil
	}
	var name strings.Builder
	for _, id := range ids {
		name.Write(id[:])
	}
	if s, ok := f.seen[name.String()]; ok {
		return s, nil
	}
	state, err := f.r.stateOf(ctx, ids[0])
	if err != nil {
		return nil, err
	}
	for i, id := range ids[1:] {
		if state, err = f.join(ctx, state, ids[:i+1], id); err != nil {
			return nil, err
		}
	}
	f.seen[name.String()] = state
	return state, nil
}

// join merges the commit next into the state that the commits before it have.
func (f *baseFinder) join(ctx context.Context, state map[string]object.ID, before []object.ID, next object.ID) (map[string]object.ID, error) {
	bases, err := f.basesOf(ctx, before, next)
	if err != nil {
		return nil, err
	}
	in := &threeWay{ours: state, virtual: true}
	if in.base, err = f.state(ctx, bases); err != nil {
		return nil, err
	}
	if in.theirs, err = f.r.stateOf(ctx, next); err != nil {
		return nil, err
	}
	if in.oursTime, err = f.r.timeOf(ctx, before[len(before)-1]); err != nil {
		return nil, err
	}
	if in.theirsTime, err = f.r.timeOf(ctx, next); err != nil {
		return nil, err
	}
	m, err := f.r.threeWay(ctx, f.w, in)
	if err != nil {
		return nil, err
	}
	return m.next, nil
}

// timeOf returns when a commit was committed, in seconds since 1970; 0 for none.
func (r *Repo) timeOf(ctx context.Context, id object.ID) (int64, error) {
	if id.IsZero() {
		return 0, nil
	}
	c, err := r.r.Commit(ctx, id)
	if err != nil {
		return 0, err
	}
	return c.Committer.When, nil
}
