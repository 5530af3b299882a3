package strata

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/worktree"
)

// This file ends verbs that bring changes in: objects are published, working
// files written, and then index, HEAD and what is remembered of the work move in
// one transaction.

// standing is where a verb begins.
type standing struct {
	head repo.Head
	ix   *repo.Index
	tree map[string]object.ID // datasets of HEAD's commit
}

func (r *Repo) stand(ctx context.Context) (*standing, error) {
	s := &standing{}
	err := r.r.View(ctx, func(tx *repo.Tx) (err error) {
		if s.head, err = tx.Head(); err == nil {
			s.ix, err = tx.Index()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	s.tree, err = r.stateOf(ctx, s.head.ID)
	if r.r.Layout().Bare() {
		s.ix.Datasets = maps.Clone(s.tree) // nothing is staged where nothing can be added
	}
	return s, err
}

// staged returns the datasets in which the index differs from HEAD's commit.
func (s *standing) staged() []string { return differing(s.tree, s.ix.Datasets) }

// differing returns the names, in order, that stand for different tables in the
// two states.
func differing(a, b map[string]object.ID) []string {
	names := maps.Clone(a)
	if names == nil {
		names = map[string]object.ID{}
	}
	maps.Copy(names, b)
	var out []string
	for _, n := range slices.Sorted(maps.Keys(names)) {
		if a[n] != b[n] {
			out = append(out, n)
		}
	}
	return out
}

// move is a commit that HEAD goes to, and what its reflog says.
type move struct {
	to  object.ID
	log string
}

// landing is the state that a verb ends in.
type landing struct {
	next      map[string]object.ID // datasets of the working files
	index     map[string]object.ID // datasets of the index; nil where they are next
	moves     []move               // of HEAD, in order
	orig      bool                 // remember HEAD as ORIG_HEAD
	state     *repo.State          // to remember from now on; nil for nothing
	again     []string             // datasets whose files are written, or checked, although the index has them already
	lost      []string             // datasets whose files may have changes that are lost
	lostFiles []string             // plain files, likewise
	ready     map[string]worktree.Ready
	published bool // the objects are, already
}

// land makes l the state of the repository. Objects in w are published first; w
// may be nil. Files with changes of their own that would be lost are a
// *worktree.OverwriteError, and nothing but unused objects has changed then.
func (r *Repo) land(ctx context.Context, w store.Writer, at *standing, l *landing) (written worktree.Written, err error) {
	by, err := r.actor()
	if err != nil {
		return written, err
	}
	if w != nil && !l.published {
		if _, err := w.Publish(ctx); err != nil {
			return written, err
		}
	}
	if l.index == nil {
		l.index = l.next
	}
	finish := func(tx *repo.Tx, ix *repo.Index) error {
		if ix != nil {
			ix.Datasets = maps.Clone(l.index)
		}
		return l.finish(tx, at.head, by)
	}
	if r.r.Layout().Bare() {
		return written, r.r.Update(ctx, func(tx *repo.Tx) error { return finish(tx, nil) })
	}
	if err := r.trySwitch(ctx, finish); err != nil {
		return written, err
	}
	from := maps.Clone(at.ix.Datasets)
	for _, n := range l.again {
		if from[n] == l.next[n] && (n != worktree.FilesName || l.lostFiles == nil) {
			delete(from, n)
		}
	}
	o := worktree.CheckoutOptions{Overwrite: l.lost, OverwriteFiles: l.lostFiles, Ready: l.ready}
	return worktree.CheckoutWith(ctx, r.r, from, l.next, o, finish)
}

// finish moves HEAD and what is remembered.
func (l *landing) finish(tx *repo.Tx, head repo.Head, by repo.Signature) error {
	now, err := tx.Head()
	if err != nil {
		return err
	}
	if now != head {
		return &repo.RefMovedError{Name: "HEAD", Want: head.ID, Have: now.ID}
	}
	if l.orig && !head.ID.IsZero() {
		if err := tx.SetRef(repo.RefChange{Name: "ORIG_HEAD", New: head.ID}); err != nil {
			return err
		}
	}
	for _, m := range l.moves {
		if err := tx.SetRef(repo.RefChange{Name: "HEAD", New: m.to, By: by, Log: m.log}); err != nil {
			return err
		}
	}
	if err := tx.ClearUnfinished(); err != nil {
		return err
	}
	if l.state != nil {
		return tx.SetState(l.state)
	}
	return nil
}

// UnfinishedError is returned by verbs that cannot begin, or go on, while
// another piece of work has stopped before its end.
type UnfinishedError struct {
	Kind string // merge, cherry-pick, revert, stash
	Left int    // datasets with conflicts
}

func (e *UnfinishedError) Error() string {
	what := "a " + e.Kind
	if e.Kind == repo.StateStash {
		what += " pop"
	}
	if e.Left > 0 {
		return what + " has stopped and has conflicts that are not settled"
	}
	return what + " is not finished"
}

// ErrNothingUnfinished is returned by --continue, --abort and the like where
// nothing has stopped.
var ErrNothingUnfinished = errors.New("nothing is in progress")

// refuseBare keeps work from stopping in a repository without an index to stop in.
func (r *Repo) refuseBare(why error) error {
	if why == nil || !r.r.Layout().Bare() {
		return nil
	}
	return fmt.Errorf("%s: %w", why, worktree.ErrBare)
}

// refuseUnfinished is an *UnfinishedError while something has stopped.
func (r *Repo) refuseUnfinished(ctx context.Context) error {
	s, err := r.r.Unfinished(ctx)
	if err != nil || s == nil {
		return err
	}
	return &UnfinishedError{Kind: s.Kind, Left: len(s.Left())}
}

// unfinished returns the state of a kind of work that has stopped.
func (r *Repo) unfinished(ctx context.Context, kinds ...string) (*repo.State, error) {
	s, err := r.r.Unfinished(ctx)
	switch {
	case err != nil:
		return nil, err
	case s == nil:
		return nil, ErrNothingUnfinished
	case len(kinds) > 0 && !slices.Contains(kinds, s.Kind):
		return nil, &UnfinishedError{Kind: s.Kind, Left: len(s.Left())}
	}
	return s, nil
}
