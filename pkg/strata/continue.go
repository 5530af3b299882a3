package strata

import (
	"context"
	"maps"
	"slices"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

// This file goes on with work that has stopped: a merge is committed, a sequence
// of commits takes the next one.

// MergeContinue commits a merge that has stopped, once nothing is in conflict
// any more; a *ConflictError says what is. An empty message is the one that the
// merge began with.
func (r *Repo) MergeContinue(ctx context.Context, o CommitOptions) (*CommitResult, error) {
	s, err := r.unfinished(ctx, repo.StateMerge)
	if err == nil {
		err = r.leftError(ctx, s) // no hook is asked about conflicts
	}
	if err == nil {
		err = r.beforeCommit(ctx, &o)
	}
	if err != nil {
		return nil, err
	}
	res, err := r.lockAndContinue(ctx, o)
	if err == nil {
		r.afterCommit(ctx, res)
	}
	return res, err
}

func (r *Repo) lockAndContinue(ctx context.Context, o CommitOptions) (*CommitResult, error) {
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	if _, err := r.unfinished(ctx, repo.StateMerge); err != nil {
		return nil, err
	}
	return r.commit(ctx, o)
}

// concluding makes a commit the end of the work that has stopped: it has the
// parents, the author and, if none is given, the message that the work is about.
func (r *Repo) concluding(ctx context.Context, s *repo.State, o *CommitOptions, ro *repo.CommitOptions) error {
	if o.Amend {
		return &UnfinishedError{Kind: s.Kind, Left: len(s.Left())}
	}
	if err := r.leftError(ctx, s); err != nil {
		return err
	}
	if ro.Message == "" && !o.Edited {
		ro.Message = s.Message
	}
	ro.Doing = s.Kind
	switch {
	case s.Kind == repo.StateMerge:
		ro.MergeParents = s.Theirs
		ro.AllowEmpty = ro.AllowEmpty || len(s.Theirs) > 0
	case s.Kind == repo.StateCherryPick && len(s.Theirs) > 0 && s.Options["no-commit"] == "" && o.Author == "" && o.Date == "":
		c, err := r.r.Commit(ctx, s.Theirs[0])
		if err != nil {
			return err
		}
		ro.Author = c.Author
	}
	ro.Finish = func(tx *repo.Tx, made object.ID) error {
		if len(s.Todo) == 0 {
			return tx.ClearState(s.Kind)
		}
		return tx.SetState(between(s, made))
	}
	return nil
}

// between is the state of a sequence between two commits, where HEAD is at made.
func between(s *repo.State, made object.ID) *repo.State {
	next := *s
	next.Theirs, next.Datasets, next.Message = nil, nil, ""
	next.Options = maps.Clone(s.Options)
	if next.Options == nil {
		next.Options = map[string]string{}
	}
	next.Options[optionStopped] = made.String()
	return &next
}

// leftError is a *ConflictError while conflicts are left.
func (r *Repo) leftError(ctx context.Context, s *repo.State) error {
	e := &ConflictError{Doing: "the " + s.Kind, Kind: s.Kind, Left: true}
	for _, d := range s.Left() {
		c, err := r.countConflicts(ctx, s, d)
		if err != nil {
			return err
		}
		e.Datasets = append(e.Datasets, *c)
	}
	if len(e.Datasets) == 0 {
		return nil
	}
	return e
}

// PickContinue goes on with a sequence that has stopped: the commit that it
// stopped at is made of what is staged, then those after it are taken.
func (r *Repo) PickContinue(ctx context.Context, kind string, o CommitOptions) (*PickResult, error) {
	return r.afterPick(ctx)(r.pickContinue(ctx, kind, o))
}

func (r *Repo) pickContinue(ctx context.Context, kind string, o CommitOptions) (*PickResult, error) {
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	s, err := r.unfinished(ctx, kind)
	if err != nil {
		return nil, err
	}
	if err := r.leftError(ctx, s); err != nil {
		return nil, err
	}
	var first *PickedCommit
	if len(s.Theirs) > 0 && s.Options["no-commit"] == "" {
		at, err := r.stand(ctx)
		if err != nil {
			return nil, err
		}
		if len(at.staged()) == 0 && !o.AllowEmpty {
			return nil, &EmptyPickError{Kind: kind, Commit: s.Theirs[0]}
		}
		made, err := r.commit(ctx, o)
		if err != nil {
			return nil, err
		}
		first = &PickedCommit{Source: s.Theirs[0], Commit: made.Commit, Changes: made.Datasets}
	}
	return r.pickRest(ctx, s, first, o.SignOptions)
}

// PickSkip leaves out the commit that a sequence has stopped at and goes on with
// those after it.
func (r *Repo) PickSkip(ctx context.Context, kind string) (*PickResult, error) {
	return r.afterPick(ctx)(r.pickSkip(ctx, kind))
}

func (r *Repo) pickSkip(ctx context.Context, kind string) (*PickResult, error) {
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	s, err := r.unfinished(ctx, kind)
	if err != nil {
		return nil, err
	}
	at, err := r.stand(ctx)
	if err != nil {
		return nil, err
	}
	names := differing(at.tree, at.ix.Datasets)
	for _, d := range s.Datasets {
		names = append(names, d.Name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	l := &landing{next: at.tree, again: names}
	if err := r.giveUp(ctx, l, s); err != nil {
		return nil, err
	}
	if len(s.Todo) > 0 {
		l.state = between(s, at.head.ID)
	}
	if _, err := r.landOnly(ctx, at, l, names); err != nil {
		return nil, err
	}
	return r.pickRest(ctx, s, nil, SignOptions{})
}

// pickRest takes the commits that are left of a sequence.
func (r *Repo) pickRest(ctx context.Context, s *repo.State, first *PickedCommit, sign SignOptions) (*PickResult, error) {
	o := optionsOf(s)
	o.SignOptions = sign
	p, err := r.newPicking(ctx, s.Kind, &o)
	if err != nil {
		return nil, err
	}
	p.begun = *s
	p.res.Old = s.Head
	if first != nil {
		p.res.Commits = append(p.res.Commits, *first)
	}
	if len(s.Todo) == 0 {
		p.res.Outcome = "done"
		return p.res, r.r.Update(ctx, func(tx *repo.Tx) error { return tx.ClearState(s.Kind) })
	}
	return p.res, p.run(ctx, s.Todo)
}
