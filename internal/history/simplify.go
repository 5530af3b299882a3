package history

import (
	"context"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

// Options of Simplify. The zero value is git's default.
type Options struct {
	Match  Match
	Follow bool // a dataset that moved whole is still the same
	Full   bool // go on to all parents of merges
	// Found, if set, is told what each commit that belongs does, against its
	// first parent.
	Found func(commit object.ID, c *Changes)
}

// Simplify returns what repo.WalkOptions.Simplify needs for the history of what
// Match names, simplified as git's is: a commit belongs if it differs from all
// of its parents. A merge that is like one of its parents is left out, and of its
// parents only the first like it is followed, as the others were not taken.
func (h *History) Simplify(o Options) func(context.Context, *repo.Node) (repo.Simple, error) {
	return func(ctx context.Context, n *repo.Node) (repo.Simple, error) {
		parents := n.Parents
		if len(parents) == 0 {
			parents = []object.ID{{}} // nothing
		}
		var first *Changes
		for i, id := range parents {
			parent, err := h.node(ctx, id)
			if err != nil {
				return repo.Simple{}, err
			}
			c, err := h.Between(ctx, n, parent, o.Match, o.Follow)
			if err != nil {
				return repo.Simple{}, err
			}
			if i == 0 {
				first = c
			}
			switch {
			case c.Any:
			case parent == nil:
				return repo.Simple{}, nil
			case o.Full:
				return repo.Simple{Parents: n.Parents}, nil
			default:
				return repo.Simple{Parents: []object.ID{id}}, nil
			}
		}
		if o.Found != nil {
			o.Found(n.ID, first)
		}
		return repo.Simple{Keep: true, Parents: n.Parents}, nil
	}
}
