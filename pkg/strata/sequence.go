package strata

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/strata-data/strata/internal/merge"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/worktree"
)

// PickOptions of Repo.CherryPick and Repo.Revert.
type PickOptions struct {
	Revisions    []string // commits and ranges A..B
	NoCommit     bool     // change index and working files only
	Mainline     int      // of a merge: the parent, from 1, that its changes are against
	RecordOrigin bool     // cherry-pick: say in the message where the commit comes from (-x)
	AllowEmpty   bool     // commit even what changes nothing
	Favor        string   // "", ours, theirs, union (-X)
	DryRun       bool
	SignOptions
}

// PickResult is strata.cherry-pick/1 or strata.revert/1.
type PickResult struct {
	Schema  string         `json:"schema"`
	DryRun  bool           `json:"dry_run"`
	Outcome string         `json:"outcome"` // done, staged, stopped, empty
	Branch  string         `json:"branch"`  // "" when detached
	Old     ID             `json:"old"`     // HEAD's commit before
	Head    ID             `json:"head"`    // and after
	Commits []PickedCommit `json:"commits"` // that were made, in order
	// Stopped is the commit that conflicts or changes nothing, Todo what comes
	// after it.
	Stopped   ID              `json:"stopped"`
	Todo      []ID            `json:"todo"`
	Datasets  []MergedDataset `json:"datasets"` // that both sides had changed
	Conflicts int64           `json:"conflicts"`
	Files     int64           `json:"files"` // working files written
	Deleted   int64           `json:"deleted"`
}

// PickedCommit is a commit that was made from another.
type PickedCommit struct {
	Source  ID              `json:"source"`
	Commit  CommitInfo      `json:"commit"`
	Changes []DatasetChange `json:"changes"`
}

// MainlineError is returned for a merge without -m, or a parent that there is not.
type MainlineError struct {
	Commit   ID
	Parents  int
	Mainline int
}

func (e *MainlineError) Error() string {
	if e.Mainline == 0 {
		return fmt.Sprintf("commit %s is a merge of %d, say which parent its changes are against", e.Commit.Short(), e.Parents)
	}
	return fmt.Sprintf("commit %s does not have parent %d", e.Commit.Short(), e.Mainline)
}

// EmptyPickError is returned where a commit would change nothing here.
type EmptyPickError struct {
	Kind   string
	Commit ID
}

func (e *EmptyPickError) Error() string {
	return "the " + e.Kind + " of " + e.Commit.Short() + " changes nothing here"
}

// CherryPick makes the changes of commits again on the current branch, as new
// commits with the old author, date and message. It stops at one that conflicts
// (*ConflictError) or changes nothing (*EmptyPickError); those before it are made,
// the result is returned beside the error, and PickContinue, PickSkip or Abort
// goes on from there.
func (r *Repo) CherryPick(ctx context.Context, o PickOptions) (*PickResult, error) {
	return r.afterPick(ctx)(r.pick(ctx, repo.StateCherryPick, o))
}

// Revert makes commits that undo the changes of others. It stops as CherryPick does.
func (r *Repo) Revert(ctx context.Context, o PickOptions) (*PickResult, error) {
	return r.afterPick(ctx)(r.pick(ctx, repo.StateRevert, o))
}

// picking is one run over a sequence of commits.
type picking struct {
	r      *Repo
	kind   string // of repo.State
	o      *PickOptions
	favor  merge.Favor
	at     *standing
	begun  repo.State           // head, branch and index before the first commit of the sequence
	now    map[string]object.ID // datasets so far
	parent object.ID            // of the next commit
	res    *PickResult
}

func (r *Repo) pick(ctx context.Context, kind string, o PickOptions) (*PickResult, error) {
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	if err := r.refuseUnfinished(ctx); err != nil {
		return nil, err
	}
	todo, err := r.pickList(ctx, kind, o.Revisions)
	if err != nil {
		return nil, err
	}
	p, err := r.newPicking(ctx, kind, &o)
	if err != nil {
		return nil, err
	}
	if staged := p.at.staged(); len(staged) > 0 && !o.NoCommit {
		return nil, &worktree.OverwriteError{Names: staged}
	}
	p.begun = repo.State{Head: p.at.head.ID, Branch: p.at.head.Branch, Index: repo.Entries(p.at.ix.Datasets)}
	return p.res, p.run(ctx, todo)
}

func (r *Repo) newPicking(ctx context.Context, kind string, o *PickOptions) (p *picking, err error) {
	p = &picking{r: r, kind: kind, o: o}
	if p.favor, err = favorOf(o.Favor); err != nil {
		return nil, err
	}
	if p.at, err = r.stand(ctx); err != nil {
		return nil, err
	}
	p.now, p.parent = p.at.ix.Datasets, p.at.head.ID
	p.res = &PickResult{Schema: "strata." + kind + "/1", DryRun: o.DryRun, Branch: repo.ShortRef(p.at.head.Branch), Old: p.at.head.ID,
		Head: p.at.head.ID, Commits: []PickedCommit{}, Todo: []ID{}, Datasets: []MergedDataset{}}
	return p, nil
}

// pickList returns the commits that revisions and ranges name, each in the order
// in which it is taken: a range from its beginning, for revert from its end.
func (r *Repo) pickList(ctx context.Context, kind string, revs []string) ([]object.ID, error) {
	var todo []object.ID
	for _, rev := range revs {
		rg, isRange, err := rangeOf(rev)
		if err != nil {
			return nil, err
		}
		if !isRange {
			id, err := r.r.Resolve(ctx, rev)
			if err != nil {
				return nil, err
			}
			todo = append(todo, id)
			continue
		}
		tips, exclude, err := r.r.RangeEnds(ctx, rg)
		if err != nil {
			return nil, err
		}
		var found []object.ID
		for c, err := range r.r.Walk(ctx, tips, exclude, repo.WalkOptions{Order: repo.OrderTopo}) {
			if err != nil {
				return nil, err
			}
			found = append(found, c.ID)
		}
		if kind == repo.StateCherryPick {
			slices.Reverse(found)
		}
		todo = append(todo, found...)
	}
	if len(todo) == 0 {
		return nil, &OptionError{Option: "revisions", Value: strings.Join(revs, " "), Reason: "name no commit"}
	}
	return todo, nil
}

// run takes the commits one after the other. Nothing is visible before the last
// one, or the one that stops it; then all that was made appears at once.
func (p *picking) run(ctx context.Context, todo []object.ID) error {
	w, err := p.r.r.Objects().NewWriter(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = w.Discard() }()
	l := &landing{}
	for i, id := range todo {
		stop, err := p.one(ctx, w, l, id, todo[i+1:])
		if stop == nil && err != nil {
			return err
		}
		if stop != nil {
			return p.finish(ctx, w, l, stop, err)
		}
	}
	p.res.Outcome = "done"
	if p.o.NoCommit {
		p.res.Outcome = "staged"
	}
	return p.finish(ctx, w, l, nil, nil)
}

// finish makes what was picked visible, with what is to be remembered.
func (p *picking) finish(ctx context.Context, w store.Writer, l *landing, stop *repo.State, why error) error {
	l.next, l.state = p.now, stop
	defer removeReady(l.ready)
	if stop != nil {
		p.res.Todo = append(p.res.Todo, stop.Todo...)
		if stop.Options == nil {
			stop.Options = map[string]string{}
		}
		stop.Options[optionStopped] = p.parent.String()
	}
	if p.o.DryRun {
		return why
	}
	if err := p.r.refuseBare(why); err != nil {
		return err
	}
	written, err := p.r.land(ctx, w, p.at, l)
	p.res.Files, p.res.Deleted = written.Files, written.Deleted
	if err != nil {
		return err
	}
	p.res.Head = p.parent
	return why
}

// one picks a commit. A state says that the sequence stops here, for the error.
func (p *picking) one(ctx context.Context, w store.Writer, l *landing, id object.ID, rest []object.ID) (*repo.State, error) {
	c, err := p.r.r.Commit(ctx, id)
	if err != nil {
		return nil, err
	}
	parent, err := p.against(id, c)
	if err != nil {
		return nil, err
	}
	m, err := p.merge(ctx, w, id, c, parent, len(rest) == 0 && !p.o.DryRun)
	if err != nil {
		return nil, err
	}
	removeReady(l.ready)
	l.ready, l.again = m.ready, m.conflicted()
	p.res.Datasets = append(p.res.Datasets, m.datasets...)
	before := p.now
	p.now = m.next
	message := p.message(id, c, parent)
	state := &repo.State{Kind: p.kind, Head: p.begun.Head, Branch: p.begun.Branch, Index: p.begun.Index, Staged: repo.Entries(m.next),
		Theirs: []object.ID{id}, Todo: rest, Message: message, Datasets: m.conflicts, Options: p.options()}
	if conflict := m.conflictError(doing(p.kind)+" "+id.Short(), p.kind); conflict != nil {
		p.res.Outcome, p.res.Stopped, p.res.Conflicts = "stopped", id, conflict.Total()
		return state, conflict
	}
	if p.o.NoCommit {
		return nil, nil
	}
	if len(differing(before, m.next)) == 0 && !p.o.AllowEmpty {
		p.res.Outcome, p.res.Stopped = "empty", id
		return state, &EmptyPickError{Kind: p.kind, Commit: id}
	}
	return nil, p.commit(ctx, w, l, id, c, message, before)
}

// doing is the verb's name in a sentence.
func doing(kind string) string {
	switch kind {
	case repo.StateCherryPick:
		return "cherry-picking"
	case repo.StateRevert:
		return "reverting"
	case repo.StateStash:
		return "popping"
	}
	return "merging"
}

// against returns the parent that a commit's changes are against; zero for the
// first commit.
func (p *picking) against(id object.ID, c *repo.Commit) (object.ID, error) {
	n := p.o.Mainline
	switch {
	case n == 0 && len(c.Parents) == 0:
		return object.ID{}, nil
	case n == 0 && len(c.Parents) == 1:
		return c.Parents[0], nil
	case n < 1 || n > len(c.Parents):
		return object.ID{}, &MainlineError{Commit: id, Parents: len(c.Parents), Mainline: n}
	}
	return c.Parents[n-1], nil
}

// merge applies the change from a commit's parent to it, or the reverse, to the
// datasets as they are.
func (p *picking) merge(ctx context.Context, w store.Writer, id object.ID, c *repo.Commit, parent object.ID, render bool) (*merged, error) {
	from, err := p.r.stateOf(ctx, parent)
	if err != nil {
		return nil, err
	}
	to, err := p.r.stateOf(ctx, id)
	if err != nil {
		return nil, err
	}
	if p.kind == repo.StateRevert {
		from, to = to, from
	}
	in := &threeWay{base: from, ours: p.now, theirs: to, favor: p.favor, theirsTime: c.Committer.When, render: render}
	if in.oursTime, err = p.r.timeOf(ctx, p.at.head.ID); err != nil {
		return nil, err
	}
	return p.r.threeWay(ctx, w, in)
}

// options are the flags that hold until the sequence ends.
func (p *picking) options() map[string]string {
	o := map[string]string{}
	if p.o.Mainline > 0 {
		o["mainline"] = strconv.Itoa(p.o.Mainline)
	}
	if p.o.Favor != "" {
		o["favor"] = p.o.Favor
	}
	for name, on := range map[string]bool{"allow-empty": p.o.AllowEmpty, "record-origin": p.o.RecordOrigin, "no-commit": p.o.NoCommit} {
		if on {
			o[name] = "true"
		}
	}
	return o
}

// optionsOf is the reverse of options.
func optionsOf(s *repo.State) PickOptions {
	n, _ := strconv.Atoi(s.Options["mainline"]) // was written by options
	return PickOptions{Mainline: n, Favor: s.Options["favor"], AllowEmpty: s.Options["allow-empty"] != "",
		RecordOrigin: s.Options["record-origin"] != "", NoCommit: s.Options["no-commit"] != ""}
}

// commit writes the commit that a pick makes.
func (p *picking) commit(ctx context.Context, w store.Writer, l *landing, id object.ID, c *repo.Commit, message string, before map[string]object.ID) error {
	var signed repo.CommitOptions
	if err := p.r.sign(ctx, CommitOptions{SignOptions: p.o.SignOptions, DryRun: p.o.DryRun}, &signed); err != nil {
		return err
	}
	next := repo.Commit{Author: signed.Author, Committer: signed.Committer, Message: message}
	if !p.parent.IsZero() {
		next.Parents = []object.ID{p.parent}
	}
	if p.kind == repo.StateCherryPick {
		next.Author = c.Author
	}
	made, err := p.r.r.PutSignedCommit(ctx, w, p.now, next, signed.Sign)
	if err != nil {
		return err
	}
	changes, err := changesBetween(ctx, w, before, p.now)
	if err != nil {
		return err
	}
	p.res.Commits = append(p.res.Commits, PickedCommit{Source: id, Commit: commitInfo(made), Changes: changes})
	l.moves = append(l.moves, move{made.ID, p.kind + ": " + made.Subject()})
	p.parent = made.ID
	return nil
}

// message is that of the commit to make.
func (p *picking) message(id object.ID, c *repo.Commit, parent object.ID) string {
	if p.kind == repo.StateCherryPick {
		if p.o.RecordOrigin {
			return withOrigin(c.Message, id)
		}
		return c.Message
	}
	subject := `Revert "` + c.Subject() + `"`
	if was, ok := strings.CutPrefix(c.Subject(), `Revert "`); ok && !strings.HasPrefix(was, `Revert "`) {
		subject = `Reapply "` + was
	}
	if len(c.Parents) > 1 {
		return subject + "\n\nThis reverts commit " + id.String() + ", reversing\nchanges made to " + parent.String() + ".\n"
	}
	return subject + "\n\nThis reverts commit " + id.String() + ".\n"
}

// withOrigin puts git's line about where a commit comes from behind its message.
func withOrigin(message string, id object.ID) string {
	body := strings.TrimRight(message, "\n ")
	gap := "\n\n"
	if at := strings.LastIndex(body, "\n\n"); at >= 0 {
		last := body[at+2:]
		lines := strings.Split(last, "\n")
		if isTrailers(last) || strings.HasPrefix(lines[len(lines)-1], "(cherry picked from commit ") {
			gap = "\n"
		}
	}
	return body + gap + "(cherry picked from commit " + id.String() + ")\n"
}
