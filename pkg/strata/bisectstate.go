package strata

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/worktree"
)

// bisectRecord is what a bisection remembers (docs/format/bisect.md).
type bisectRecord struct {
	Old         string      `cbor:"1,keyasint"`
	New         string      `cbor:"2,keyasint"`
	Bad         object.ID   `cbor:"3,keyasint,omitzero"`
	Good        []object.ID `cbor:"4,keyasint,omitempty"`
	Skip        []object.ID `cbor:"5,keyasint,omitempty"`
	Next        object.ID   `cbor:"6,keyasint,omitzero"`
	Found       bool        `cbor:"7,keyasint,omitempty"`
	Addresses   []string    `cbor:"8,keyasint,omitempty"`
	FirstParent bool        `cbor:"9,keyasint,omitempty"`
	NoCheckout  bool        `cbor:"10,keyasint,omitempty"`
	Log         []string    `cbor:"11,keyasint,omitempty"`
	BasesOK     bool        `cbor:"12,keyasint,omitempty"`
}

// bisecting is a bisection under the lock.
type bisecting struct {
	r     *Repo
	head  repo.Head
	state *repo.State // nil where none is going on
	rec   bisectRecord
	clear bool // BISECT_HEAD is of an earlier bisection
}

func (r *Repo) lockBisect(ctx context.Context) (*bisecting, func() error, error) {
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, nil, err
	}
	b, err := r.loadBisect(ctx)
	if err == nil {
		err = r.refuseUnfinished(ctx)
	}
	if err != nil {
		_ = unlock()
		return nil, nil, err
	}
	return b, unlock, nil
}

func (r *Repo) loadBisect(ctx context.Context) (*bisecting, error) {
	b := &bisecting{r: r}
	err := r.r.View(ctx, func(tx *repo.Tx) (err error) {
		if b.head, err = tx.Head(); err == nil {
			b.state, err = tx.State(repo.StateBisect)
		}
		return err
	})
	if err == nil && b.state != nil {
		err = object.UnmarshalRecord(b.state.Payload, &b.rec)
	}
	return b, err
}

// bisectingFrom returns where HEAD was when the bisection that is going on began,
// "" where none is.
func (r *Repo) bisectingFrom(ctx context.Context) (string, error) {
	b, err := r.loadBisect(ctx)
	if err != nil || b.state == nil {
		return "", err
	}
	if b.state.Branch != "" {
		return repo.ShortRef(b.state.Branch), nil
	}
	return b.state.Head.String(), nil
}

// save writes the state in a transaction.
func (b *bisecting) save(tx *repo.Tx) error {
	if b.clear && !b.rec.NoCheckout {
		if err := tx.SetRef(repo.RefChange{Name: bisectHead}); err != nil {
			return err
		}
	}
	s := *b.state
	s.Payload = object.MarshalRecord(&b.rec)
	s.Keep = slices.Concat([]object.ID{b.rec.Bad, b.rec.Next}, b.rec.Good, b.rec.Skip)
	s.Keep = slices.DeleteFunc(s.Keep, object.ID.IsZero)
	return tx.SetState(&s)
}

func (b *bisecting) note(format string, args ...any) {
	b.rec.Log = append(b.rec.Log, fmt.Sprintf(format, args...))
}

// logStart writes the line of the log that begins the same search again.
func (b *bisecting) logStart(o BisectStartOptions) {
	words := []string{"strata bisect start"}
	if b.rec.Old != "good" {
		words = append(words, "--term-old="+b.rec.Old)
	}
	if b.rec.New != "bad" {
		words = append(words, "--term-new="+b.rec.New)
	}
	if o.FirstParent {
		words = append(words, "--first-parent")
	}
	if o.NoCheckout {
		words = append(words, "--no-checkout")
	}
	if len(b.rec.Addresses) > 0 {
		words = append(words, "--")
		for _, a := range b.rec.Addresses {
			words = append(words, "'"+strings.ReplaceAll(a, "'", `'\''`)+"'")
		}
	}
	b.note("%s", strings.Join(words, " "))
}

// term returns whether a word means the commits with the change, or "skip".
func (b *bisecting) term(word string) (string, error) {
	switch {
	case word == "skip" || word == b.rec.Old || word == b.rec.New:
		return word, nil
	case (word == "new" && b.rec.New == "bad" || word == "bad" && b.rec.New == "new") && b.fresh():
		return b.rec.New, nil
	case (word == "old" && b.rec.Old == "good" || word == "good" && b.rec.Old == "old") && b.fresh():
		return b.rec.Old, nil
	}
	return "", &BisectTermError{Term: word, Old: b.rec.Old, New: b.rec.New}
}

// fresh reports whether nothing is marked yet, so that the first mark may still
// choose between good and bad and old and new.
func (b *bisecting) fresh() bool { return b.rec.Bad.IsZero() && len(b.rec.Good) == 0 }

// mark notes what the user says of commits.
func (b *bisecting) mark(ctx context.Context, word string, revs []string) error {
	if b.fresh() && len(revs) > 0 && (word == "new" || word == "old") && b.rec.Old == "good" && b.rec.New == "bad" {
		b.rec.Old, b.rec.New = "old", "new"
	}
	term, err := b.term(word)
	if err != nil {
		return err
	}
	if term == b.rec.New && len(revs) > 1 {
		return &OptionError{Option: b.rec.New, Reason: "takes one revision"}
	}
	ids, err := b.resolve(ctx, term, revs)
	if err != nil {
		return err
	}
	for _, id := range ids {
		c, err := b.r.r.Commit(ctx, id)
		if err != nil {
			return err
		}
		switch {
		case term == b.rec.New:
			b.rec.Bad = id
		case term == "skip":
			b.rec.Skip = addOnce(b.rec.Skip, id)
		default:
			b.rec.Good = addOnce(b.rec.Good, id)
		}
		if slices.Contains(b.rec.Good, b.rec.Bad) {
			return &BisectContradictionError{ID: b.rec.Bad, Old: b.rec.Old, New: b.rec.New}
		}
		b.note("# %s: [%s] %s", term, id, c.Subject())
		b.note("strata bisect %s %s", term, id)
	}
	b.rec.Found = false
	return nil
}

// resolve returns the commits that revisions mean; those of skip may be ranges.
func (b *bisecting) resolve(ctx context.Context, term string, revs []string) (ids []object.ID, err error) {
	for _, rev := range revs {
		if rg, err := repo.ParseRange(rev); err == nil && rg.From != "" && term == "skip" {
			tips, exclude, err := b.r.r.RangeEnds(ctx, rg)
			if err != nil {
				return nil, err
			}
			for c, err := range b.r.r.Walk(ctx, tips, exclude, repo.WalkOptions{}) {
				if err != nil {
					return nil, err
				}
				ids = append(ids, c.ID)
			}
			continue
		}
		id, err := b.r.r.Resolve(ctx, rev)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func addOnce(ids []object.ID, id object.ID) []object.ID {
	if slices.Contains(ids, id) {
		return ids
	}
	return append(ids, id)
}

// changes returns what tells commits that count, nil where all do.
func (b *bisecting) changes(ctx context.Context) (func(context.Context, *repo.CommitInfo) (bool, error), error) {
	if len(b.rec.Addresses) == 0 {
		return nil, nil
	}
	l := &logger{r: b.r, samples: map[ID][]SampleChange{}}
	var err error
	if l.paths, err = b.r.logPaths(ctx, b.rec.Addresses, ""); err != nil {
		return nil, err
	}
	return func(ctx context.Context, c *repo.CommitInfo) (bool, error) {
		clear(l.samples)
		return l.keep(ctx, c)
	}, nil
}

// next finds the commit to test and goes there.
func (b *bisecting) next(ctx context.Context) (*BisectResult, error) {
	out := &BisectResult{Schema: "strata.bisect/1", Old: b.rec.Old, New: b.rec.New, Bad: b.rec.Bad, Good: append([]ID{}, b.rec.Good...),
		Skipped: append([]ID{}, b.rec.Skip...), NoCheckout: b.rec.NoCheckout}
	if b.rec.Bad.IsZero() || len(b.rec.Good) == 0 {
		out.Status = "waiting"
		return out, b.r.r.Update(ctx, b.save)
	}
	changes, err := b.changes(ctx)
	if err != nil {
		return nil, err
	}
	a, err := b.r.r.Bisect(ctx, repo.BisectQuestion{Bad: b.rec.Bad, Good: b.rec.Good, Skip: b.rec.Skip, FirstParent: b.rec.FirstParent,
		BasesOK: b.rec.BasesOK, Changes: changes})
	if err != nil {
		return nil, err
	}
	b.rec.BasesOK = a.BasesOK
	out.Left, out.Steps, out.MergeBase, out.Warnings = a.Left, a.Steps, a.MergeBase, a.Skipped
	b.rec.Next = a.Next
	switch {
	case len(a.Untested) > 0:
		out.Status, out.Candidates = "skipped", a.Untested
		b.note("# only skipped commits left to test")
		return out, b.r.r.Update(ctx, b.save)
	case a.Next.IsZero():
		return nil, ErrBisectEmpty
	case a.Found:
		out.Status, b.rec.Found = "found", true
		if out.First, err = b.r.logEntry(ctx, a.Next); err != nil {
			return nil, err
		}
		b.note("# first %s commit: [%s] %s", b.rec.New, a.Next, out.First.Subject)
		return out, b.r.r.Update(ctx, b.save)
	}
	c, err := b.r.r.Commit(ctx, a.Next)
	if err != nil {
		return nil, err
	}
	info := commitInfo(&repo.CommitInfo{ID: a.Next, Commit: c})
	out.Status, out.Next = "testing", &info
	return out, b.checkout(ctx, a.Next, out)
}

// checkout goes to the commit to test.
func (b *bisecting) checkout(ctx context.Context, id object.ID, out *BisectResult) error {
	if b.rec.NoCheckout {
		return b.r.r.Update(ctx, func(tx *repo.Tx) error {
			if err := tx.SetRef(repo.RefChange{Name: bisectHead, New: id}); err != nil {
				return err
			}
			return b.save(tx)
		})
	}
	if b.head.Detached() && b.head.ID == id {
		return b.r.r.Update(ctx, b.save)
	}
	by, err := b.r.actor()
	if err != nil {
		return err
	}
	s := repo.SwitchOptions{Detach: id, Name: id.String(), By: by}
	w, err := b.r.goThere(ctx, s, b.head, id, &b.head, b.save)
	out.Files, out.Deleted = w.Files, w.Deleted
	return err
}

// goThere moves HEAD and the files, unless changes would be lost.
func (r *Repo) goThere(ctx context.Context, s repo.SwitchOptions, head repo.Head, target object.ID, is *repo.Head, also func(*repo.Tx) error) (worktree.Written, error) {
	now, w, err := r.moveTo(ctx, s, head, target, false, also)
	if err == nil {
		*is = now
	}
	return w, err
}

// logEntry returns a commit with counts of what it changes.
func (r *Repo) logEntry(ctx context.Context, id object.ID) (*LogEntry, error) {
	marks, err := r.refsByCommit(ctx)
	if err != nil {
		return nil, err
	}
	c, err := r.r.Commit(ctx, id)
	if err != nil {
		return nil, err
	}
	info := &repo.CommitInfo{ID: id, Commit: c}
	l := &logger{r: r, o: LogOptions{Stat: true}, refs: marks, samples: map[ID][]SampleChange{}}
	return l.entry(ctx, info)
}
