package repo

import (
	"context"
	"slices"

	"github.com/strata-data/strata/internal/object"
)

// topological yields no commit before all of its children. With lines set it
// follows one line of history as far as it can (git's --topo-order), else it
// takes the youngest commit that may come (git's --date-order).
//
// A commit may come when every child has come. All children have greater
// generations, so once the commits of greater generation have been counted,
// the number of a commit's children is final, and the walk need not read the
// whole history before it yields the first commit.
func (w *walker) topological(ctx context.Context, tips []object.ID, lines bool, yield func(walked, error) bool) error {
	t := &topoWalk{walker: w, counting: newQueue(byGeneration), children: map[object.ID]int{}, queued: map[object.ID]bool{}}
	ready, err := t.start(ctx, tips, lines)
	if err != nil {
		return err
	}
	for ready.len() > 0 {
		c := ready.pop()
		edges, err := w.edges(ctx, c)
		if err != nil {
			return err
		}
		if !yield(walked{c, edges}, nil) {
			return nil
		}
		for _, p := range edges {
			parent, err := w.parent(ctx, c, p)
			if err != nil {
				return err
			}
			if err := t.countAbove(ctx, parent.Generation); err != nil {
				return err
			}
			if t.children[p]--; t.children[p] == 0 {
				ready.push(parent)
			}
		}
	}
	return nil
}

// topoWalk counts children.
type topoWalk struct {
	*walker
	counting *commitQueue      // commits whose parents are not counted yet
	children map[object.ID]int // children seen so far and not yielded
	queued   map[object.ID]bool
}

// start returns the queue of what may come, holding the tips without children.
func (t *topoWalk) start(ctx context.Context, tips []object.ID, lines bool) (*commitQueue, error) {
	byDate := newQueue(byCommitDate)
	lowest := ^uint32(0)
	for _, id := range tips {
		if !t.has(id) || t.queued[id] {
			continue
		}
		c, err := t.get(ctx, id)
		if err != nil {
			return nil, err
		}
		t.queued[id] = true
		t.counting.push(c)
		byDate.push(c)
		lowest = min(lowest, c.Generation)
	}
	if err := t.countAbove(ctx, lowest); err != nil {
		return nil, err
	}
	var first []*Node
	for byDate.len() > 0 {
		if c := byDate.pop(); t.children[c.ID] == 0 {
			first = append(first, c)
		}
	}
	if !lines {
		for _, c := range first {
			byDate.push(c)
		}
		return byDate, nil
	}
	stack := newQueue(lastIn)
	for _, c := range slices.Backward(first) {
		stack.push(c)
	}
	return stack, nil
}

// countAbove counts the parents of every commit whose generation is above g.
func (t *topoWalk) countAbove(ctx context.Context, g uint32) error {
	for t.counting.len() > 0 && t.counting.top().Generation > g {
		c := t.counting.pop()
		edges, err := t.edges(ctx, c)
		if err != nil {
			return err
		}
		for _, p := range edges {
			t.children[p]++
			if t.queued[p] {
				continue
			}
			parent, err := t.parent(ctx, c, p)
			if err != nil {
				return err
			}
			t.queued[p] = true
			t.counting.push(parent)
		}
	}
	return nil
}
