package strata

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/history"
	"github.com/strata-data/strata/internal/merge"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/worktree"
)

// MergeOptions of Repo.Merge.
type MergeOptions struct {
	Revisions []string // what to bring in; several make one commit with as many more parents
	// FastForward is "" for where it is possible, "only" for nothing else, "no"
	// for a merge commit always.
	FastForward    string
	Squash         bool   // bring the changes in without a commit, and without noting where they come from
	NoCommit       bool   // stop before the commit
	Favor          string // "", ours, theirs, union: what settles conflicts (-X)
	Message        string // "" for Merge branch 'x'
	Edited         bool   // the message comes from an editor
	AllowUnrelated bool   // even if there is no common commit
	DryRun         bool
	NoVerify       bool // do not run the hooks that may stop it
	// VerifySignatures asks for good signatures of the commits to bring in; where
	// one is not it is a *SignatureError and nothing has changed.
	VerifySignatures bool
	SignOptions
}

// MergeResult is strata.merge/1.
type MergeResult struct {
	Schema  string `json:"schema"`
	DryRun  bool   `json:"dry_run"`
	Outcome string `json:"outcome"` // up-to-date, fast-forward, merged, staged, stopped
	Branch  string `json:"branch"`  // "" when detached
	Old     ID     `json:"old"`     // HEAD's commit before
	Head    ID     `json:"head"`    // and after
	Bases   []ID   `json:"bases"`
	Theirs  []ID   `json:"theirs"` // the commits brought in
	// Commit is the merge commit, where one was made; with DryRun the one that
	// would be.
	Commit *CommitInfo `json:"commit,omitempty"`
	// Datasets are those that both sides had changed.
	Datasets  []MergedDataset `json:"datasets"`
	Conflicts int64           `json:"conflicts"`
	// Changes is what becomes different in the datasets, against Old; empty where
	// the merge stopped.
	Changes []DatasetChange `json:"changes"`
	Files   int64           `json:"files"` // working files written
	Deleted int64           `json:"deleted"`
}

// The conditions in which Merge refuses.
var (
	// ErrUnrelated is returned for commits that have none in common.
	ErrUnrelated = errors.New("the two have no commit in common")
	// ErrDiverged is returned where only a fast-forward was wanted.
	ErrDiverged = errors.New("moving forward is not possible: both sides have commits of their own")
)

// merging is the state of one Merge.
type merging struct {
	r      *Repo
	o      *MergeOptions
	at     *standing
	favor  merge.Favor
	theirs []object.ID // commits to bring in
	names  []string    // how the user named them
	res    *MergeResult
	rec    *history.Recorder // what a merge without conflicts changes
}

// Merge brings the changes of other commits into the current branch: the branch
// moves forward where it has no commits of its own, else both sides are merged
// cell by cell and a commit with both as parents is made. Conflicts are a
// *ConflictError; the result is returned beside it, index and working files
// hold what could be merged, and MergeContinue or MergeAbort ends it. Staged
// changes, and changes in working files that would be written, are a
// *worktree.OverwriteError and nothing has changed.
func (r *Repo) Merge(ctx context.Context, o MergeOptions) (*MergeResult, error) {
	res, err := r.lockAndMerge(ctx, o)
	if err == nil {
		r.afterMerge(ctx, res, o.Squash)
	}
	return res, err
}

func (r *Repo) lockAndMerge(ctx context.Context, o MergeOptions) (*MergeResult, error) {
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	m := &merging{r: r, o: &o}
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	if len(m.theirs) == 0 {
		m.res.Outcome = "up-to-date"
		return m.res, nil
	}
	forward, err := m.canForward(ctx)
	switch {
	case err != nil:
		return nil, err
	case forward && o.FastForward != "no":
		return m.res, m.fastForward(ctx)
	case o.FastForward == "only":
		return nil, ErrDiverged
	}
	return m.res, m.join(ctx)
}

// begin resolves what was named and leaves out what HEAD has already.
func (m *merging) begin(ctx context.Context) (err error) {
	if err := m.r.refuseUnfinished(ctx); err != nil {
		return err
	}
	if m.favor, err = favorOf(m.o.Favor); err != nil {
		return err
	}
	if m.at, err = m.r.stand(ctx); err != nil {
		return err
	}
	m.res = &MergeResult{Schema: "strata.merge/1", DryRun: m.o.DryRun, Branch: repo.ShortRef(m.at.head.Branch), Old: m.at.head.ID,
		Head: m.at.head.ID, Bases: []ID{}, Theirs: []ID{}, Datasets: []MergedDataset{}, Changes: []DatasetChange{}}
	for _, rev := range m.o.Revisions {
		id, err := m.r.r.Resolve(ctx, rev)
		if err != nil {
			return err
		}
		if has, err := m.has(ctx, id); has || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		if err := m.verify(ctx, rev, id); err != nil {
			return err
		}
		m.theirs, m.names = append(m.theirs, id), append(m.names, rev)
	}
	return m.reduce(ctx)
}

// has reports whether HEAD reaches a commit.
func (m *merging) has(ctx context.Context, id object.ID) (bool, error) {
	if m.at.head.ID.IsZero() {
		return false, nil
	}
	return m.r.r.IsAncestor(ctx, id, m.at.head.ID)
}

// reduce leaves out commits that others of those to merge reach.
func (m *merging) reduce(ctx context.Context) error {
	best, err := m.r.independent(ctx, m.theirs)
	if err != nil {
		return err
	}
	var theirs []object.ID
	var names []string
	for i, id := range m.theirs {
		if slices.Contains(best, id) && !slices.Contains(theirs, id) {
			theirs, names = append(theirs, id), append(names, m.names[i])
		}
	}
	m.theirs, m.names = theirs, names
	m.res.Theirs = append(m.res.Theirs, theirs...)
	return nil
}

// canForward reports whether HEAD has nothing that the commit to merge lacks.
func (m *merging) canForward(ctx context.Context) (bool, error) {
	if len(m.theirs) != 1 {
		return false, nil
	}
	if m.at.head.ID.IsZero() {
		return true, nil
	}
	return m.r.r.IsAncestor(ctx, m.at.head.ID, m.theirs[0])
}

// fastForward moves the branch to the commit. Staged changes of datasets that
// both have alike come along.
func (m *merging) fastForward(ctx context.Context) error {
	to := m.theirs[0]
	m.res.Outcome = "fast-forward"
	if !m.at.head.ID.IsZero() {
		m.res.Bases = []ID{m.at.head.ID}
	}
	next, err := m.r.carry(ctx, m.at.head.ID, to, m.at.ix, false)
	if err != nil {
		return err
	}
	l := &landing{next: next, orig: true, moves: []move{{to, "merge " + strings.Join(m.names, " ") + ": Fast-forward"}}}
	if m.o.Squash {
		m.res.Outcome, l.moves, l.orig = "staged", nil, false
	} else {
		m.res.Head = to
	}
	if err := m.count(ctx, next); err != nil || m.o.DryRun {
		return err
	}
	return m.land(ctx, nil, l)
}

// count fills in what becomes different.
func (m *merging) count(ctx context.Context, next map[string]object.ID) (err error) {
	m.res.Changes, err = changesBetween(ctx, m.r.r.Objects(), m.at.ix.Datasets, next)
	return err
}

func (m *merging) land(ctx context.Context, w store.Writer, l *landing) error {
	written, err := m.r.land(ctx, w, m.at, l)
	m.res.Files, m.res.Deleted = written.Files, written.Deleted
	return err
}

// join makes a merge commit, or stops before it.
func (m *merging) join(ctx context.Context) error {
	if m.at.head.ID.IsZero() {
		return ErrUnrelated
	}
	if staged := m.at.staged(); len(staged) > 0 {
		return &worktree.OverwriteError{Names: staged}
	}
	w, err := m.r.r.Objects().NewWriter(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = w.Discard() }()
	all, err := m.mergeAll(ctx, w)
	if err != nil {
		return err
	}
	defer removeReady(all.ready)
	m.res.Datasets = append(m.res.Datasets, all.datasets...)
	conflict := all.conflictError("merging "+strings.Join(m.names, ", "), repo.StateMerge)
	if conflict != nil {
		m.res.Conflicts = conflict.Total()
	} else {
		if maps.Equal(m.at.ix.Datasets, m.at.tree) {
			m.rec = new(history.Recorder)
		}
		if m.res.Changes, err = recordBetween(ctx, w, m.at.ix.Datasets, all.next, m.rec); err != nil {
			return err
		}
	}
	l := &landing{next: all.next, orig: true, ready: all.ready, again: all.conflicted()}
	if err := m.conclude(ctx, w, all, l); err != nil {
		return err
	}
	if m.o.DryRun {
		return asError(conflict)
	}
	if err := m.r.refuseBare(asError(conflict)); err != nil {
		return err
	}
	if err := m.land(ctx, w, l); err != nil {
		return err
	}
	return asError(conflict)
}

// asError keeps a nil pointer from becoming an error.
func asError(e *ConflictError) error {
	if e == nil {
		return nil
	}
	return e
}

// mergeAll merges the commits into HEAD, one after the other.
func (m *merging) mergeAll(ctx context.Context, w store.Writer) (*merged, error) {
	finder := m.r.newBaseFinder(w)
	in := &threeWay{ours: m.at.tree, favor: m.favor, render: !m.o.DryRun && len(m.theirs) == 1}
	done := []object.ID{m.at.head.ID}
	var all *merged
	for _, theirs := range m.theirs {
		bases, err := finder.basesOf(ctx, done, theirs)
		if err != nil {
			return nil, err
		}
		if len(bases) == 0 && !m.o.AllowUnrelated {
			return nil, ErrUnrelated
		}
		m.res.Bases = append(m.res.Bases, bases...)
		if in.base, err = finder.state(ctx, bases); err != nil {
			return nil, err
		}
		if in.theirs, err = m.r.stateOf(ctx, theirs); err != nil {
			return nil, err
		}
		if in.oursTime, err = m.r.timeOf(ctx, done[len(done)-1]); err != nil {
			return nil, err
		}
		if in.theirsTime, err = m.r.timeOf(ctx, theirs); err != nil {
			return nil, err
		}
		one, err := m.r.threeWay(ctx, w, in)
		if err != nil {
			return nil, err
		}
		all = all.and(one)
		if len(m.theirs) > 1 && len(all.conflicts) > 0 {
			removeReady(all.ready)
			return nil, &OctopusError{Names: m.names, At: m.names[len(done)-1]}
		}
		in.ours, done = all.next, append(done, theirs)
	}
	return all, nil
}

// OctopusError is returned for a merge of several commits at once that would
// stop with conflicts.
type OctopusError struct {
	Names []string
	At    string // the one that conflicts
}

func (e *OctopusError) Error() string {
	return fmt.Sprintf("%s conflicts, and several are merged at once only where none does", e.At)
}

// conclude decides what the merge ends in: a commit, or something to remember.
func (m *merging) conclude(ctx context.Context, w store.Writer, all *merged, l *landing) error {
	message := m.o.Message
	if message == "" {
		message = m.r.mergeMessage(ctx, m.names, m.at.head)
		if m.o.Squash {
			message = "Squashed " + strings.TrimPrefix(message, "Merge ")
		}
	}
	state := &repo.State{Kind: repo.StateMerge, Head: m.at.head.ID, Branch: m.at.head.Branch, Index: repo.Entries(m.at.ix.Datasets),
		Staged: repo.Entries(all.next), Theirs: m.theirs, Names: m.names, Message: message, Datasets: all.conflicts}
	if m.o.Squash {
		state.Theirs = nil
	}
	switch {
	case len(all.conflicts) > 0:
		m.res.Outcome, l.state = "stopped", state
	case m.o.Squash:
		m.res.Outcome, l.orig = "staged", false
	case m.o.NoCommit:
		m.res.Outcome, l.state = "staged", state
	default:
		return m.commit(ctx, w, all, l, message)
	}
	return nil
}

// commit writes the merge commit.
func (m *merging) commit(ctx context.Context, w store.Writer, all *merged, l *landing, message string) error {
	m.res.Outcome = "merged"
	c := repo.Commit{Parents: append([]object.ID{m.at.head.ID}, m.theirs...)}
	var signed repo.CommitOptions
	if err := m.r.sign(ctx, CommitOptions{SignOptions: m.o.SignOptions, DryRun: m.o.DryRun}, &signed); err != nil {
		return err
	}
	c.Author, c.Committer = signed.Author, signed.Committer
	how := repo.CleanupWhitespace
	if m.o.Edited {
		how = repo.CleanupStrip
	}
	message, err := m.mergeMsg(ctx, message, how)
	if err != nil {
		return err
	}
	if c.Message = repo.CleanMessage(message, how); strings.TrimSpace(c.Message) == "" {
		return repo.ErrEmptyMessage
	}
	made, err := m.r.r.PutSignedCommit(ctx, w, all.next, c, signed.Sign)
	if err != nil {
		return err
	}
	if err := m.beforeMerge(ctx, w, l, made); err != nil {
		return err
	}
	if !m.o.DryRun {
		m.rec.Save(m.r.r, made)
	}
	info := commitInfo(made)
	m.res.Commit, m.res.Head = &info, made.ID
	l.moves = []move{{made.ID, "merge " + strings.Join(m.names, " ") + ": Merge made by the 'three-way' strategy."}}
	return nil
}

// favorOf returns what -X means.
func favorOf(s string) (merge.Favor, error) {
	switch s {
	case "":
		return merge.FavorNone, nil
	case "ours":
		return merge.FavorOurs, nil
	case "theirs":
		return merge.FavorTheirs, nil
	case "union":
		return merge.FavorUnion, nil
	}
	return merge.FavorNone, &OptionError{Option: "-X", Value: s, Allowed: []string{"ours", "theirs", "union"}}
}

// mergeMessage is git's: Merge branch 'x', with into y unless y is main.
func (r *Repo) mergeMessage(ctx context.Context, names []string, head repo.Head) string {
	var kinds []string
	by := map[string][]string{}
	for _, name := range names {
		kind, short := r.kindOfName(ctx, name)
		if by[kind] == nil {
			kinds = append(kinds, kind)
		}
		by[kind] = append(by[kind], "'"+short+"'")
	}
	var parts []string
	for _, kind := range kinds {
		quoted := by[kind]
		plural := kind
		if len(quoted) > 1 {
			plural = strings.Replace(kind+"s", "branchs", "branches", 1)
			quoted = []string{strings.Join(quoted[:len(quoted)-1], ", ") + " and " + quoted[len(quoted)-1]}
		}
		parts = append(parts, plural+" "+quoted[0])
	}
	text := "Merge " + strings.Join(parts, ", ")
	if into := head.Short(); into != "main" && into != "master" {
		text += " into " + into
	}
	return text
}

// kindOfName says what a revision is called in a message: branch, tag or commit.
func (r *Repo) kindOfName(ctx context.Context, name string) (kind, short string) {
	ref, err := r.r.RefOf(ctx, name)
	if err != nil {
		ref = ""
	}
	switch {
	case strings.HasPrefix(ref, "refs/heads/"):
		return "branch", repo.ShortRef(ref)
	case strings.HasPrefix(ref, "refs/tags/"):
		return "tag", repo.ShortRef(ref)
	case strings.HasPrefix(ref, "refs/remotes/"):
		return "remote-tracking branch", repo.ShortRef(ref)
	}
	return "commit", name
}
