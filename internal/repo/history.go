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

// WalkOptions say which commits Walk yields and how. The zero value is all of
// them by date.
type WalkOptions struct {
	Order       Order
	FirstParent bool // follow only the first parent of merges

	// The rest chooses among the commits that are walked.
	Max    int            // yield at most so many; 0 means no limit
	Skip   int            // after leaving out the first so many
	Since  int64          // committed at or after, seconds since 1970; 0 means no limit
	Until  int64          // committed at or before; 0 means no limit
	Author *regexp.Regexp // matches "Name <email>" of the author
	Grep   *regexp.Regexp // matches the message
	Keep   func(ctx context.Context, c *CommitInfo) (bool, error)
}

// Walk yields the commits that tips reach and exclude does not, tips and all.
// All ids must be commits. An error ends the walk. Commits are the caller's.
func (r *Repo) Walk(ctx context.Context, tips, exclude []object.ID, o WalkOptions) iter.Seq2[*CommitInfo, error] {
	return func(yield func(*CommitInfo, error) bool) {
		left, skip := o.Max, o.Skip
		for c, err := range r.ordered(ctx, tips, exclude, o) {
			keep := false
			if err == nil {
				keep, err = o.keep(ctx, c)
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

func (o *WalkOptions) keep(ctx context.Context, c *CommitInfo) (bool, error) {
	switch {
	case o.Since != 0 && c.Committer.When < o.Since,
		o.Until != 0 && c.Committer.When > o.Until,
		o.Author != nil && !o.Author.MatchString(c.Author.String()),
		o.Grep != nil && !o.Grep.MatchString(c.Message):
		return false, nil
	case o.Keep != nil:
		return o.Keep(ctx, c)
	}
	return true, nil
}

// ordered yields what Walk chooses from.
func (r *Repo) ordered(ctx context.Context, tips, exclude []object.ID, o WalkOptions) iter.Seq2[*CommitInfo, error] {
	return func(yield func(*CommitInfo, error) bool) {
		w := &walker{commits: commitCache{repo: r, seen: map[object.ID]*CommitInfo{}}, first: o.FirstParent}
		var err error
		if len(exclude) > 0 {
			w.inside, err = w.reachableWithout(ctx, tips, exclude)
		}
		if err == nil && o.Order == OrderDate {
			err = w.byDate(ctx, tips, yield)
		} else if err == nil {
			err = w.topological(ctx, tips, o.Order == OrderTopo, yield)
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// commitCache reads each commit once.
type commitCache struct {
	repo *Repo
	seen map[object.ID]*CommitInfo
}

func (cc *commitCache) get(ctx context.Context, id object.ID) (*CommitInfo, error) {
	if c := cc.seen[id]; c != nil {
		return c, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c, err := cc.repo.Commit(ctx, id)
	if err != nil {
		return nil, err
	}
	info := &CommitInfo{ID: id, Commit: c}
	cc.seen[id] = info
	return info, nil
}

// parent returns the parent id of child. Its generation must be smaller, as
// walks stop by generation.
func (cc *commitCache) parent(ctx context.Context, child *CommitInfo, id object.ID) (*CommitInfo, error) {
	c, err := cc.get(ctx, id)
	if err == nil && c.Generation >= child.Generation {
		err = &object.CorruptError{ID: child.ID, Detail: "its generation is not above that of its parent " + id.String()}
	}
	return c, err
}

// walker is the state of one Walk.
type walker struct {
	commits commitCache
	first   bool               // first parents only
	inside  map[object.ID]bool // the commits to yield; nil means all
}

func (w *walker) parents(c *CommitInfo) []object.ID {
	if w.first && len(c.Parents) > 1 {
		return c.Parents[:1]
	}
	return c.Parents
}

// edges returns the parents of c that the walk goes on to.
func (w *walker) edges(c *CommitInfo) []object.ID {
	var out []object.ID
	for _, p := range w.parents(c) {
		if w.has(p) {
			out = append(out, p)
		}
	}
	return out
}

func (w *walker) has(id object.ID) bool { return w.inside == nil || w.inside[id] }

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
	push := func(c *CommitInfo, no bool) {
		id := c.ID
		if no && !excluded[id] {
			excluded[id] = true
			if queued[id] {
				wanted--
			}
		}
		if !queued[id] {
			queued[id] = true
			q.push(c)
			if !excluded[id] {
				wanted++
			}
		}
	}
	for i, id := range slices.Concat(exclude, tips) {
		c, err := w.commits.get(ctx, id)
		if err != nil {
			return nil, err
		}
		push(c, i < len(exclude))
	}
	for wanted > 0 {
		c := q.pop()
		no := excluded[c.ID]
		parents := c.Parents
		if !no {
			wanted--
			out[c.ID] = true
			parents = w.parents(c)
		}
		for _, id := range parents {
			p, err := w.commits.parent(ctx, c, id)
			if err != nil {
				return nil, err
			}
			push(p, no)
		}
	}
	return out, nil
}

// byDate yields the youngest commit found so far.
func (w *walker) byDate(ctx context.Context, tips []object.ID, yield func(*CommitInfo, error) bool) error {
	q := newQueue(byCommitDate)
	queued := map[object.ID]bool{}
	push := func(ids []object.ID) error {
		for _, id := range ids {
			if queued[id] || !w.has(id) {
				continue
			}
			queued[id] = true
			c, err := w.commits.get(ctx, id)
			if err != nil {
				return err
			}
			q.push(c)
		}
		return nil
	}
	if err := push(tips); err != nil {
		return err
	}
	for q.len() > 0 {
		c := q.pop()
		c.Edges = w.edges(c)
		if err := push(c.Edges); err != nil {
			return err
		}
		if !yield(c, nil) {
			return nil
		}
	}
	return nil
}
