package strata

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

// BisectStartOptions of Repo.BisectStart.
type BisectStartOptions struct {
	Bad         string   // revision; "" where none is known yet
	Good        []string // revisions
	Old, New    string   // the words for good and bad; "" is good and bad
	Addresses   []string // only commits that change these count
	Dir         string   // where relative paths begin
	FirstParent bool     // follow only first parents of merges
	NoCheckout  bool     // leave HEAD; BISECT_HEAD names the commit to test
}

// BisectResult is strata.bisect/1.
type BisectResult struct {
	Schema string `json:"schema"`
	// Status is waiting (for good and bad commits), testing, found, skipped (only
	// commits are left that cannot be tested), or none.
	Status     string      `json:"status"`
	Old        string      `json:"old"` // the words for good and bad
	New        string      `json:"new"`
	Bad        ID          `json:"bad"` // the earliest known; zero for none
	Good       []ID        `json:"good"`
	Skipped    []ID        `json:"skipped"`
	Next       *CommitInfo `json:"next,omitempty"`       // the commit to test
	MergeBase  bool        `json:"merge_base"`           // Next is a merge base, which has to be good
	Left       int         `json:"left"`                 // commits left to test after Next
	Steps      int         `json:"steps"`                // about so many tests
	First      *LogEntry   `json:"first,omitempty"`      // the first bad commit
	Candidates []ID        `json:"candidates,omitempty"` // that the first bad one is among, where only skipped ones are left
	Warnings   []ID        `json:"warnings,omitempty"`   // merge bases that were skipped: the answer may be wrong
	NoCheckout bool        `json:"no_checkout"`
	Files      int64       `json:"files"` // working files written
	Deleted    int64       `json:"deleted"`
}

// bisectHead names the commit to test where HEAD stays.
const bisectHead = "BISECT_HEAD"

// The conditions in which bisecting is refused.
var (
	// ErrNoBisect is returned where no bisection is going on.
	ErrNoBisect = errors.New("no bisection is going on")
	// ErrBisectEmpty is returned where no commit is left that could be tested.
	ErrBisectEmpty = errors.New("no commit between the two can be tested")
)

// BisectTermError is returned for a word that is neither of the two words of the
// bisection.
type BisectTermError struct{ Term, Old, New string }

func (e *BisectTermError) Error() string {
	return fmt.Sprintf("%q is not a word of this bisection, which has %s and %s", e.Term, e.Old, e.New)
}

// BisectContradictionError is returned for a commit that is marked as both.
type BisectContradictionError struct {
	ID       ID
	Old, New string
}

func (e *BisectContradictionError) Error() string {
	return e.ID.String() + " was both " + e.Old + " and " + e.New
}

// BisectStart begins a search for the commit that brought a change. One that is
// going on ends, HEAD goes back first. Where a bad and a good commit are given it
// goes to the first commit to test.
func (r *Repo) BisectStart(ctx context.Context, o BisectStartOptions) (*BisectResult, error) {
	b, unlock, err := r.lockBisect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	words, err := bisectWords(o.Old, o.New)
	if err != nil {
		return nil, err
	}
	again := b.state
	if again != nil && !b.rec.NoCheckout {
		s, target, err := b.home(ctx, "")
		if err != nil {
			return nil, err
		}
		if _, err := r.goThere(ctx, s, b.head, target, &b.head, b.save); err != nil {
			return nil, err
		}
	}
	b.state = &repo.State{Kind: repo.StateBisect, Head: b.head.ID, Branch: b.head.Branch}
	if again != nil {
		b.state.Head, b.state.Branch = again.Head, again.Branch
	}
	b.clear = true // of an earlier one
	b.rec = bisectRecord{Old: words[0], New: words[1], FirstParent: o.FirstParent, NoCheckout: o.NoCheckout || r.r.Layout().Bare()}
	for _, a := range o.Addresses {
		b.rec.Addresses = append(b.rec.Addresses, r.fromRoot(o.Dir, a))
	}
	if _, err := b.changes(ctx); err != nil {
		return nil, err
	}
	b.logStart(o)
	b.note("# status: waiting for both %s and %s commits", b.rec.New, b.rec.Old)
	if o.Bad != "" {
		if err := b.mark(ctx, b.rec.New, []string{o.Bad}); err != nil {
			return nil, err
		}
	}
	if err := b.mark(ctx, b.rec.Old, o.Good); err != nil {
		return nil, err
	}
	return b.next(ctx)
}

// bisectWords checks the two words for good and bad.
func bisectWords(old, new string) ([2]string, error) {
	if old == "" {
		old = "good"
	}
	if new == "" {
		new = "bad"
	}
	reserved := []string{"start", "skip", "next", "reset", "view", "visualize", "replay", "log", "run", "terms", "help"}
	for _, word := range []string{old, new} {
		other := map[string]string{"bad": "new", "new": "bad", "good": "old", "old": "good"}[word]
		switch {
		case slices.Contains(reserved, word) || repo.CheckBranchName(word) != nil || strings.Contains(word, "/"):
			return [2]string{}, &OptionError{Option: "word", Value: word, Reason: "cannot stand for a kind of commits"}
		case old == new:
			return [2]string{}, &OptionError{Option: "word", Value: word, Reason: "stands for both kinds of commits"}
		case word == old && (word == "bad" || word == "new"), word == new && (word == "good" || word == "old"):
			return [2]string{}, &OptionError{Option: "word", Value: word, Reason: "means the other kind of commits (" + other + ")"}
		}
	}
	return [2]string{old, new}, nil
}

// BisectMark says of commits (none is the one to test) that they are good or bad,
// in the words of the bisection, or with term "skip" that they cannot be tested, and
// goes to the next one to test. For skip A..B stands for all commits of the range.
func (r *Repo) BisectMark(ctx context.Context, term string, revs []string) (*BisectResult, error) {
	b, unlock, err := r.lockBisect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	if b.state == nil {
		return nil, ErrNoBisect
	}
	if len(revs) == 0 {
		revs = []string{"HEAD"}
		if b.rec.NoCheckout {
			revs = []string{bisectHead}
		}
	}
	if err := b.mark(ctx, term, revs); err != nil {
		return nil, err
	}
	return b.next(ctx)
}

// BisectNext goes to the commit to test again.
func (r *Repo) BisectNext(ctx context.Context) (*BisectResult, error) {
	b, unlock, err := r.lockBisect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	if b.state == nil {
		return nil, ErrNoBisect
	}
	return b.next(ctx)
}

// BisectReset ends a bisection: HEAD goes back to where it was before, or to the
// revision given.
func (r *Repo) BisectReset(ctx context.Context, rev string) (*SwitchResult, error) {
	b, unlock, err := r.lockBisect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	if b.state == nil {
		return nil, ErrNoBisect
	}
	s, target, err := b.home(ctx, rev)
	if err != nil {
		return nil, err
	}
	out := &SwitchResult{Schema: "strata.switch/1", From: b.head.Short()}
	end := func(tx *repo.Tx) error {
		if err := tx.SetRef(repo.RefChange{Name: bisectHead}); err != nil {
			return err
		}
		return tx.ClearState(repo.StateBisect)
	}
	is := b.head
	if b.rec.NoCheckout && rev == "" {
		err = r.r.Update(ctx, end)
	} else {
		w, merr := r.goThere(ctx, s, b.head, target, &is, end)
		out.Files, out.Deleted, err = w.Files, w.Deleted, merr
	}
	out.Branch, out.Head = repo.ShortRef(is.Branch), is.ID
	return out, err
}

// home returns the way back to where HEAD was.
func (b *bisecting) home(ctx context.Context, rev string) (s repo.SwitchOptions, target object.ID, err error) {
	if rev != "" {
		return b.r.switchPlan(ctx, SwitchOptions{Target: rev, Guess: true})
	}
	if s.By, err = b.r.actor(); err != nil {
		return s, target, err
	}
	if b.state.Branch != "" {
		s.Branch = repo.ShortRef(b.state.Branch)
		target, err = b.r.r.Resolve(ctx, b.state.Branch)
		return s, target, err
	}
	s.Detach, s.Name = b.state.Head, b.state.Head.String()
	return s, b.state.Head, nil
}

// BisectLog returns what was done in the bisection that is going on: a text that
// BisectReplay takes.
func (r *Repo) BisectLog(ctx context.Context) (string, error) {
	b, err := r.loadBisect(ctx)
	if err != nil {
		return "", err
	}
	if b.state == nil {
		return "", ErrNoBisect
	}
	return strings.Join(b.rec.Log, "\n") + "\n", nil
}

// BisectView returns the commits among which the first bad one is, youngest first.
func (r *Repo) BisectView(ctx context.Context) (*LogDocument, error) {
	b, err := r.loadBisect(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case b.state == nil:
		return nil, ErrNoBisect
	case b.rec.Bad.IsZero():
		return nil, &repo.UnknownRevisionError{Name: b.rec.New, Reason: "no " + b.rec.New + " commit is known yet"}
	}
	out := &LogDocument{Schema: "strata.log/1", Commits: []*LogEntry{}}
	marks, err := r.refsByCommit(ctx)
	if err != nil {
		return nil, err
	}
	for c, err := range r.r.Walk(ctx, []object.ID{b.rec.Bad}, b.rec.Good, repo.WalkOptions{FirstParent: b.rec.FirstParent}) {
		if err != nil {
			return nil, err
		}
		e := &LogEntry{CommitInfo: commitInfo(c)}
		if m := marks[c.ID]; m != nil {
			e.Refs = m
		}
		out.Commits = append(out.Commits, e)
	}
	return out, nil
}
