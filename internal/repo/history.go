package repo

import (
	"context"
	"iter"
	"regexp"
	"slices"

	"github.com/strata-data/strata/internal/object"
)

// Order is the order in which Walk yields commits.
type Order int

// The orders, which are git's.
const (
	// OrderDate takes the youngest commit known so far; of equal dates the one
	// found first. With clocks that run backwards a parent may come before a
	// child. It reads no more of the history than it yields.
	OrderDate Order = iota
	// OrderTopo shows no parent before its children and keeps lines of history
	// together, as `log --graph` needs it.
	OrderTopo
	// OrderDateTopo shows no parent before its children, else the youngest.
	OrderDateTopo
)

// Merges chooses commits by the number of their parents.
type Merges int

// The choices.
const (
	AllCommits Merges = iota
	OnlyMerges        // with several parents
	NoMerges          // with one at most
)

// WalkOptions say which commits Walk yields and how. The zero value is all of
// them by date.
type WalkOptions struct {
	Order       Order
	FirstParent bool // follow only the first parent of merges

	// The rest chooses among the commits that are walked.
	Merges Merges         // only those with several parents, or without
	Max    int            // yield at most so many; 0 means no limit
	Skip   int            // after leaving out the first so many
	Since  int64          // committed at or after, seconds since 1970; 0 means no limit
	Until  int64          // committed at or before; 0 means no limit
	Author *regexp.Regexp // matches "Name <email>" of the author
	Grep   *regexp.Regexp // matches the message
	Keep   func(ctx context.Context, c *CommitInfo) (bool, error)

	// Simplify, if set, says of a commit whether it belongs to the history at
	// all and which of its parents the walk goes on to; Edges then lead to the
	// next commits that belong, but are not set with OrderDate. It is asked once for each commit, for children
	// before their parents. With FirstParent it sees that parent only.
	Simplify func(ctx context.Context, n *Node) (Simple, error)
}

// Simple is what Simplify says of a commit. One that is left out leads to its
// parents all the same.
type Simple struct {
	Keep    bool
	Parents []object.ID // some of its parents
}

// Walk yields the commits that tips reach and exclude does not, tips and all.
// All ids must be commits. An error ends the walk. Commits are the caller's.
func (r *Repo) Walk(ctx context.Context, tips, exclude []object.ID, o WalkOptions) iter.Seq2[*CommitInfo, error] {
	return func(yield func(*CommitInfo, error) bool) {
		left, skip := o.Max, o.Skip
		ns := r.nodes(o.Order == OrderDate && o.Simplify == nil && len(exclude) == 0)
		defer ns.remember()
		for w, err := range ns.ordered(ctx, tips, exclude, o) {
			var c *CommitInfo
			keep := false
			if err == nil && o.inTime(w.Node) {
				if c, err = ns.info(ctx, w.Node); err == nil {
					c.Edges = w.edges
					keep, err = o.keep(ctx, c)
				}
			}
			switch {
			case err != nil:
				yield(nil, err)
				return
			case !keep:
				continue
			case skip > 0:
				skip--
				continue
			case !yield(c, nil):
				return
			}
			if left--; left == 0 {
				return
			}
		}
	}
}

func (o *WalkOptions) inTime(n *Node) bool {
	return (o.Since == 0 || n.When >= o.Since) && (o.Until == 0 || n.When <= o.Until)
}

func (o *WalkOptions) keep(ctx context.Context, c *CommitInfo) (bool, error) {
	switch {
	case o.Merges == OnlyMerges && len(c.Parents) < 2, o.Merges == NoMerges && len(c.Parents) > 1,
		o.Author != nil && !o.Author.MatchString(c.Author.String()),
		o.Grep != nil && !o.Grep.MatchString(c.Message):
		return false, nil
	case o.Keep != nil:
		return o.Keep(ctx, c)
	}
	return true, nil
}

// walked is a commit that a walk has come to, and where it goes on.
type walked struct {
	*Node
	edges []object.ID
}

// ordered yields what Walk chooses from.
func (ns *nodes) ordered(ctx context.Context, tips, exclude []object.ID, o WalkOptions) iter.Seq2[walked, error] {
	return func(yield func(walked, error) bool) {
		w := &walker{nodes: ns, first: o.FirstParent, simplify: o.Simplify}
		var err error
		if len(exclude) > 0 {
			w.inside, err = w.reachableWithout(ctx, tips, exclude)
		}
		if err == nil && o.Simplify != nil {
			tips, err = w.shown(ctx, tips)
		}
		if err == nil && o.Order == OrderDate {
			err = w.byDate(ctx, tips, yield)
		} else if err == nil {
			err = w.topological(ctx, tips, o.Order == OrderTopo, yield)
		}
		if err != nil {
			yield(walked{}, err)
		}
	}
}

// walker is the state of one Walk.
type walker struct {
	*nodes
	first    bool               // first parents only
	inside   map[object.ID]bool // the commits to yield; nil means all
	simplify func(context.Context, *Node) (Simple, error)
	asked    map[object.ID]Simple      // what simplify said
	leads    map[object.ID][]object.ID // what lead found
}

func (w *walker) parents(n *Node) []object.ID {
	if w.first && len(n.Parents) > 1 {
		return n.Parents[:1]
	}
	return n.Parents
}

func (w *walker) has(id object.ID) bool { return w.inside == nil || w.inside[id] }

// edges returns the commits that the walk goes on to from n, which it yields.
func (w *walker) edges(ctx context.Context, n *Node) ([]object.ID, error) {
	if w.simplify != nil {
		s, err := w.simple(ctx, n)
		if err != nil {
			return nil, err
		}
		return w.shown(ctx, s.Parents)
	}
	var out []object.ID
	for _, p := range w.parents(n) {
		if w.has(p) {
			out = append(out, p)
		}
	}
	return out, nil
}

// reachableWithout returns the commits that tips reach and exclude does not.
// It visits commits by falling generation, so that all children of a commit
// come before it and what is known of it is final; it stops when only excluded
// commits are left to visit.
func (w *walker) reachableWithout(ctx context.Context, tips, exclude []object.ID) (map[object.ID]bool, error) {
	out := map[object.ID]bool{}
	excluded := map[object.ID]bool{}
	queued := map[object.ID]bool{}
	q := newQueue(byGeneration)
	wanted := 0 // commits in q that are not excluded
	push := func(n *Node, no bool) {
		id := n.ID
		if no && !excluded[id] {
			excluded[id] = true
			if queued[id] {
				wanted--
			}
		}
		if !queued[id] {
			queued[id] = true
			q.push(n)
			if !excluded[id] {
				wanted++
			}
		}
	}
	for i, id := range slices.Concat(exclude, tips) {
		n, err := w.get(ctx, id)
		if err != nil {
			return nil, err
		}
		push(n, i < len(exclude))
	}
	for wanted > 0 {
		n := q.pop()
		no := excluded[n.ID]
		parents := n.Parents
		if !no {
			wanted--
			out[n.ID] = true
			parents = w.parents(n)
		}
		for _, id := range parents {
			p, err := w.parent(ctx, n, id)
			if err != nil {
				return nil, err
			}
			push(p, no)
		}
	}
	return out, nil
}

// byDate yields the youngest commit found so far.
func (w *walker) byDate(ctx context.Context, tips []object.ID, yield func(walked, error) bool) error {
	q := newQueue(byCommitDate)
	queued := map[object.ID]bool{}
	push := func(ids []object.ID) error {
		for _, id := range ids {
			if queued[id] || !w.has(id) {
				continue
			}
			queued[id] = true
			n, err := w.get(ctx, id)
			if err != nil {
				return err
			}
			q.push(n)
		}
		return nil
	}
	if err := push(tips); err != nil {
		return err
	}
	for q.len() > 0 {
		n := q.pop()
		if w.simplify != nil && !yield(walked{Node: n}, nil) {
			return nil // before the search for the next one, which may be long
		}
		edges, err := w.edges(ctx, n)
		if err != nil {
			return err
		}
		if err := push(edges); err != nil {
			return err
		}
		if w.simplify == nil && !yield(walked{n, edges}, nil) {
			return nil
		}
	}
	return nil
}
