package repo

import (
	"context"
	"slices"

	"github.com/strata-data/strata/internal/object"
)

// This file leaves commits out of a history that do not belong to it, so that
// the walks of history.go and topo.go see the rest as if it were the whole.

// simple asks for n, once.
func (w *walker) simple(ctx context.Context, n *Node) (Simple, error) {
	if s, known := w.asked[n.ID]; known {
		return s, nil
	}
	seen := n
	if w.first && len(n.Parents) > 1 {
		seen = &Node{ID: n.ID, Tree: n.Tree, Parents: n.Parents[:1], Generation: n.Generation, When: n.When}
	}
	s, err := w.simplify(ctx, seen)
	if err == nil {
		if w.asked == nil {
			w.asked = map[object.ID]Simple{}
		}
		w.asked[n.ID] = s
	}
	return s, err
}

// shown returns the commits of ids that belong to the history and, for each
// other one, those that it leads to; each once.
func (w *walker) shown(ctx context.Context, ids []object.ID) ([]object.ID, error) {
	var out []object.ID
	for _, id := range ids {
		found, err := w.lead(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out, nil
}

// lead returns where a commit leads: to itself if it belongs, else to where its
// parents lead. Chains are followed without recursion, as they may be long.
func (w *walker) lead(ctx context.Context, id object.ID) (found []object.ID, err error) {
	if w.leads == nil {
		w.leads = map[object.ID][]object.ID{}
	}
	var chain []object.ID
	for w.has(id) {
		known, ok := w.leads[id]
		if ok {
			found = known
			break
		}
		chain = append(chain, id)
		n, err := w.get(ctx, id)
		if err != nil {
			return nil, err
		}
		s, err := w.simple(ctx, n)
		if err != nil {
			return nil, err
		}
		for _, p := range s.Parents {
			if _, err := w.parent(ctx, n, p); err != nil {
				return nil, err
			}
		}
		if s.Keep {
			found = []object.ID{id}
			break
		}
		if len(s.Parents) != 1 {
			if found, err = w.shown(ctx, s.Parents); err != nil {
				return nil, err
			}
			break
		}
		id = s.Parents[0]
	}
	for _, c := range chain {
		w.leads[c] = found
	}
	return found, nil
}
