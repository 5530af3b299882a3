package repo

import (
	"context"

	"github.com/strata-data/strata/internal/object"
)

// Flags of a commit in the search for merge bases.
const (
	fromA uint8 = 1 << iota
	fromB
	stale // reached from a common ancestor, so not a best one
)

// MergeBases returns the best common ancestors of the commits a and b, those
// that no other common ancestor reaches, youngest first. None is an empty
// result. It visits nothing of smaller generation than the answer.
func (r *Repo) MergeBases(ctx context.Context, a, b object.ID) ([]object.ID, error) {
	commits := r.nodes(false)
	defer commits.remember()
	flags := map[object.ID]uint8{}
	q := newQueue(byGeneration)
	fresh := 0 // commits in q that are not stale
	push := func(c *Node, f uint8) {
		id := c.ID
		old, known := flags[id]
		flags[id] = old | f
		if !known {
			q.push(c)
			if f&stale == 0 {
				fresh++
			}
		} else if old&stale == 0 && f&stale != 0 {
			fresh--
		}
	}
	for i, id := range []object.ID{a, b} {
		c, err := commits.get(ctx, id)
		if err != nil {
			return nil, err
		}
		push(c, fromA<<i)
	}
	best := newQueue(byCommitDate)
	for fresh > 0 {
		c := q.pop()
		f := flags[c.ID]
		if f&stale == 0 {
			fresh--
			if f&(fromA|fromB) == fromA|fromB {
				best.push(c)
				f |= stale
			}
		}
		for _, id := range c.Parents {
			p, err := commits.parent(ctx, c, id)
			if err != nil {
				return nil, err
			}
			push(p, f)
		}
	}
	var out []object.ID
	for best.len() > 0 {
		out = append(out, best.pop().ID)
	}
	return out, nil
}

// MergeBase returns the youngest best common ancestor of a and b, and whether
// there is one.
func (r *Repo) MergeBase(ctx context.Context, a, b object.ID) (object.ID, bool, error) {
	all, err := r.MergeBases(ctx, a, b)
	if err != nil || len(all) == 0 {
		return object.ID{}, false, err
	}
	return all[0], true, nil
}

// IsAncestor reports whether the commit old is new or reachable from it. It
// visits nothing of smaller generation than old.
func (r *Repo) IsAncestor(ctx context.Context, old, new object.ID) (bool, error) {
	if old == new {
		_, err := r.Commit(ctx, old)
		return true, err
	}
	commits := r.nodes(false)
	defer commits.remember()
	target, err := commits.get(ctx, old)
	if err != nil {
		return false, err
	}
	visited := map[object.ID]bool{new: true}
	stack := []object.ID{new}
	for len(stack) > 0 {
		id := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		c, err := commits.get(ctx, id)
		if err != nil {
			return false, err
		}
		if c.Generation <= target.Generation {
			continue
		}
		for _, p := range c.Parents {
			if p == old {
				return true, nil
			}
			if !visited[p] {
				visited[p] = true
				stack = append(stack, p)
			}
		}
	}
	return false, nil
}

// RangeEnds returns the tips and exclusions that Walk needs for rg: for A..B
// what B reaches and A does not, for A...B what only one of them reaches.
func (r *Repo) RangeEnds(ctx context.Context, rg Range) (tips, exclude []object.ID, err error) {
	to, err := r.Resolve(ctx, rg.To)
	if err != nil {
		return nil, nil, err
	}
	if rg.From == "" {
		return []object.ID{to}, nil, nil
	}
	from, err := r.Resolve(ctx, rg.From)
	if err != nil {
		return nil, nil, err
	}
	if !rg.Symmetric {
		return []object.ID{to}, []object.ID{from}, nil
	}
	exclude, err = r.MergeBases(ctx, from, to)
	return []object.ID{from, to}, exclude, err
}
