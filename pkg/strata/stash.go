package strata

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/worktree"
)

// StashOptions of Repo.Stash.
type StashOptions struct {
	Message   string
	KeepIndex bool     // leave what is staged in index and files
	Untracked bool     // files that are not tracked too
	Addresses []string // only these datasets and files
	Dir       string   // where relative paths begin
	DryRun    bool
}

// StashResult is strata.stash/1.
type StashResult struct {
	Schema    string          `json:"schema"`
	DryRun    bool            `json:"dry_run"`
	Stash     *StashInfo      `json:"stash"`     // nil where there was nothing to put aside
	Changes   []DatasetChange `json:"changes"`   // HEAD to the working files
	Untracked []string        `json:"untracked"` // files put aside that were not tracked
	Files     int64           `json:"files"`     // working files written
	Deleted   int64           `json:"deleted"`
}

// StashInfo is one stash.
type StashInfo struct {
	Name    string    `json:"name"` // stash@{0}
	Commit  ID        `json:"commit"`
	Base    ID        `json:"base"` // HEAD's commit when it was made
	Message string    `json:"message"`
	Time    time.Time `json:"time"`
}

// StashList is strata.stash-list/1.
type StashList struct {
	Schema  string      `json:"schema"`
	Stashes []StashInfo `json:"stashes"` // newest first
}

// ErrNoCommitYet is returned by verbs that need a commit before the first.
var ErrNoCommitYet = errors.New("there is no commit yet")

// Stash puts changes aside: what is staged and what the working files have becomes
// a stash, and both are as in HEAD again. Where nothing has changed nothing happens.
// Before the first commit the error is ErrNoCommitYet; a working file that cannot be
// read is an error, a file in the way that is not put aside is a
// *worktree.OverwriteError, and nothing has changed.
func (r *Repo) Stash(ctx context.Context, o StashOptions) (*StashResult, error) {
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	s, err := r.newStashing(ctx, o)
	if err != nil {
		return nil, err
	}
	w, err := r.r.Objects().NewWriter(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = w.Discard() }()
	if err := s.look(ctx, w); err != nil {
		return nil, err
	}
	if s.same() {
		return s.out, nil
	}
	if s.out.Changes, err = changesBetween(ctx, w, s.at.tree, s.work); err != nil {
		return nil, err
	}
	made, err := s.commit(ctx, w)
	if err != nil {
		return nil, err
	}
	s.out.Stash = &StashInfo{Name: selector("stash", 0), Commit: made.ID, Base: s.at.head.ID, Message: made.Message, Time: made.Committer.Time()}
	if o.DryRun {
		return s.out, nil
	}
	if _, err := w.Publish(ctx); err != nil {
		return nil, err
	}
	return s.out, s.clear(ctx, made)
}

// stashing is the state of one Stash.
type stashing struct {
	r     *Repo
	o     StashOptions
	at    *standing
	by    repo.Signature
	snap  *worktree.Snapshot
	index map[string]object.ID // what is staged and is put aside
	work  map[string]object.ID // what the working files have and is put aside
	next  map[string]object.ID // the index afterwards
	files map[string]object.ID // the working files afterwards
	out   *StashResult
}

func (r *Repo) newStashing(ctx context.Context, o StashOptions) (*stashing, error) {
	if r.r.Layout().Bare() {
		return nil, worktree.ErrBare
	}
	if err := r.refuseUnfinished(ctx); err != nil {
		return nil, err
	}
	s := &stashing{r: r, o: o, out: &StashResult{Schema: "strata.stash/1", DryRun: o.DryRun, Changes: []DatasetChange{}, Untracked: []string{}}}
	var err error
	if s.at, err = r.stand(ctx); err != nil {
		return nil, err
	}
	if s.at.head.ID.IsZero() {
		return nil, ErrNoCommitYet
	}
	s.by, err = r.actor()
	return s, err
}

// look finds out what there is to put aside, and writes it to w.
func (s *stashing) look(ctx context.Context, w store.Writer) (err error) {
	if s.snap, err = worktree.TakeSnapshot(ctx, s.r.r, w, s.at.tree, s.o.Untracked); err != nil {
		return err
	}
	s.index, s.work = s.at.ix.Datasets, s.snap.Datasets
	s.next, s.files = s.at.tree, s.at.tree
	if s.o.KeepIndex {
		s.next, s.files = s.at.ix.Datasets, s.at.ix.Datasets
	}
	s.out.Untracked = nonNil(s.snap.Paths)
	if len(s.o.Addresses) == 0 {
		return nil
	}
	return s.pick(ctx, w)
}

// pick leaves out what no address names.
func (s *stashing) pick(ctx context.Context, w store.Writer) (err error) {
	named, _, err := worktree.PickIn(ctx, s.r.r, w, s.o.Dir, s.o.Addresses, s.at.tree, s.snap.Datasets)
	if err != nil {
		return err
	}
	for _, m := range []struct {
		to         *map[string]object.ID
		from, have map[string]object.ID
	}{{&s.index, s.at.tree, s.at.ix.Datasets}, {&s.next, s.at.ix.Datasets, s.next}, {&s.files, s.snap.Datasets, s.files}} {
		if *m.to, _, err = worktree.PickIn(ctx, s.r.r, w, s.o.Dir, s.o.Addresses, m.from, m.have); err != nil {
			var none *worktree.NoMatchError
			if !errors.As(err, &none) {
				return err
			}
			*m.to = m.from
		}
	}
	s.work = named
	return nil
}

// same reports whether nothing has changed.
func (s *stashing) same() bool {
	return len(differing(s.at.tree, s.work)) == 0 && len(differing(s.at.tree, s.index)) == 0 && s.snap.Untracked.IsZero()
}

// commit writes the commits of the stash to w.
func (s *stashing) commit(ctx context.Context, w store.Writer) (*repo.CommitInfo, error) {
	head, err := s.r.r.Commit(ctx, s.at.head.ID)
	if err != nil {
		return nil, err
	}
	where := s.at.head.Short()
	if s.at.head.Detached() {
		where = "(no branch)"
	}
	tail := where + ": " + s.at.head.ID.Short() + " " + head.Subject()
	put := func(datasets map[string]object.ID, message string, parents ...object.ID) (*repo.CommitInfo, error) {
		return s.r.r.PutCommit(ctx, w, datasets, repo.Commit{Parents: parents, Author: s.by, Committer: s.by, Message: message + "\n"})
	}
	index, err := put(s.index, "index on "+tail, s.at.head.ID)
	if err != nil {
		return nil, err
	}
	parents := []object.ID{s.at.head.ID, index.ID}
	if !s.snap.Untracked.IsZero() {
		u, err := put(map[string]object.ID{worktree.FilesName: s.snap.Untracked}, "untracked files on "+tail)
		if err != nil {
			return nil, err
		}
		parents = append(parents, u.ID)
	}
	message := "WIP on " + tail
	if text := strings.TrimSpace(s.o.Message); text != "" {
		message = "On " + where + ": " + text
	}
	return put(s.work, message, parents...)
}

// clear makes index and working files what they are without the changes. The stash is
// in the list before the first file is written, with what undo needs to know, so that
// nothing is lost wherever it is interrupted.
func (s *stashing) clear(ctx context.Context, made *repo.CommitInfo) error {
	ctx = repo.WithOperation(ctx)
	have := maps.Clone(s.snap.Datasets) // what is in the working directory
	setTable(have, worktree.FilesName, s.snap.Files)
	awaited, err := worktree.Awaited(ctx, s.r.r.Objects(), s.next, s.files)
	if err != nil {
		return err
	}
	names := notIndexed(have, s.files, s.at.ix.Datasets, s.next)
	err = s.r.r.Update(ctx, func(tx *repo.Tx) error {
		tx.FilesWere(names, have, s.files)
		return tx.PushStash(made.ID, s.by, strings.TrimSpace(made.Message))
	})
	if err != nil {
		return err
	}
	// Files that are as in have are put aside and may be written; what changed since,
	// or is not tracked and in the way, stops it.
	w, err := worktree.Checkout(ctx, s.r.r, have, s.files, false, func(_ *repo.Tx, ix *repo.Index) error {
		ix.Datasets = maps.Clone(s.next)
		worktree.Await(ix, awaited)
		return nil
	})
	s.out.Files, s.out.Deleted = w.Files, w.Deleted
	if errors.As(err, new(*worktree.OverwriteError)) { // nothing was written
		return errors.Join(err, s.r.r.Update(ctx, func(tx *repo.Tx) error {
			tx.FilesWere(names, have, have)
			_, err := tx.DropStash(0)
			return err
		}))
	}
	return err
}

// notIndexed returns the datasets whose working files change, or are not what the
// index has before or afterwards.
func notIndexed(was, are, index, next map[string]object.ID) []string {
	names := slices.Concat(differing(was, are), differing(was, index), differing(are, next))
	slices.Sort(names)
	return slices.Compact(names)
}

// Stashes returns the stashes, newest first.
func (r *Repo) Stashes(ctx context.Context) (*StashList, error) {
	var log []repo.ReflogEntry
	err := r.r.View(ctx, func(tx *repo.Tx) (err error) { log, err = tx.Stashes(); return err })
	if err != nil {
		return nil, err
	}
	out := &StashList{Schema: "strata.stash-list/1", Stashes: []StashInfo{}}
	for i, e := range log {
		info, err := r.stashInfo(ctx, i, e)
		if err != nil {
			return nil, err
		}
		out.Stashes = append(out.Stashes, info)
	}
	return out, nil
}

func (r *Repo) stashInfo(ctx context.Context, n int, e repo.ReflogEntry) (StashInfo, error) {
	info := StashInfo{Name: selector("stash", n), Commit: e.New, Message: e.Message, Time: e.By.Time()}
	c, err := r.r.Commit(ctx, e.New)
	if err != nil {
		return info, fmt.Errorf("read %s: %w", info.Name, err)
	}
	if len(c.Parents) > 0 {
		info.Base = c.Parents[0]
	}
	return info, nil
}

// stashNumber reads stash@{N}, N or "" for the newest.
func stashNumber(name string) (int, bool) {
	if name == "" || name == "stash" || name == "refs/stash" {
		return 0, true
	}
	for _, prefix := range []string{"refs/stash@{", "stash@{"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			name = strings.TrimSuffix(rest, "}")
			break
		}
	}
	n, err := strconv.Atoi(name)
	return n, err == nil && n >= 0
}

// StashDropOptions of Repo.DropStash.
type StashDropOptions struct {
	Name   string // stash@{N} or N; "" is the newest
	All    bool   // every stash
	DryRun bool
}

// DropStash removes a stash, or all of them, and returns what it removed. Undo brings
// them back.
func (r *Repo) DropStash(ctx context.Context, o StashDropOptions) (*StashList, error) {
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	list, err := r.Stashes(ctx)
	if err != nil {
		return nil, err
	}
	if !o.All {
		n, err := r.stashAt(o.Name, len(list.Stashes))
		if err != nil {
			return nil, err
		}
		list.Stashes = slices.Clone(list.Stashes[n : n+1])
		return list, r.r.Update(ctx, func(tx *repo.Tx) error {
			if o.DryRun {
				return nil
			}
			_, err := tx.DropStash(n)
			return err
		})
	}
	if o.DryRun || len(list.Stashes) == 0 {
		return list, nil
	}
	return list, r.r.Update(ctx, (*repo.Tx).ClearStashes)
}

// stashAt returns the number that a name means among count stashes.
func (r *Repo) stashAt(name string, count int) (int, error) {
	n, ok := stashNumber(name)
	switch {
	case !ok:
		return 0, &repo.UnknownRevisionError{Name: name, Reason: "it is no stash; they are called stash@{0}, stash@{1} and so on"}
	case count == 0:
		return 0, &repo.UnknownRevisionError{Name: selector("stash", n), Reason: "there is no stash"}
	case n >= count && count == 1:
		return 0, &repo.UnknownRevisionError{Name: selector("stash", n), Reason: "there is one stash"}
	case n >= count:
		return 0, &repo.UnknownRevisionError{Name: selector("stash", n), Reason: fmt.Sprintf("there are %d stashes", count)}
	}
	return n, nil
}

// StashNamed returns the stash stash@{N} or N; "" is the newest.
func (r *Repo) StashNamed(ctx context.Context, name string) (*StashInfo, error) {
	list, err := r.Stashes(ctx)
	if err != nil {
		return nil, err
	}
	n, err := r.stashAt(name, len(list.Stashes))
	if err != nil {
		return nil, err
	}
	return &list.Stashes[n], nil
}
