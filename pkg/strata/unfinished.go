package strata

import (
	"context"
	"slices"

	"github.com/strata-data/strata/internal/merge"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/table"
	"github.com/strata-data/strata/internal/worktree"
)

// Unfinished is work that has stopped before its end, as status shows it.
type Unfinished struct {
	Kind string `json:"kind"` // merge, cherry-pick, revert, stash
	// Theirs are the commits that are brought in, Names how the user called them.
	Theirs []ID     `json:"theirs"`
	Names  []string `json:"names"`
	Todo   []ID     `json:"todo"` // commits that come after them
	// Conflicts are those that nobody has settled, by dataset.
	Conflicts []UnfinishedDataset `json:"conflicts"`
	Message   string              `json:"message"` // of the commit to make
}

// UnfinishedDataset is a dataset with conflicts.
type UnfinishedDataset struct {
	Dataset string `json:"dataset"`
	Left    int64  `json:"left"`  // conflicts that are not settled
	Total   int64  `json:"total"` // conflicts that there were
}

// Left returns the number of conflicts that nobody has settled.
func (u *Unfinished) Left() int64 {
	n := int64(0)
	for _, d := range u.Conflicts {
		n += d.Left
	}
	return n
}

// Unfinished returns the merge, cherry-pick, revert or stash pop that has
// stopped, nil where none has.
func (r *Repo) Unfinished(ctx context.Context) (*Unfinished, error) {
	s, err := r.r.Unfinished(ctx)
	if err != nil || s == nil {
		return nil, err
	}
	return r.viewState(ctx, s)
}

func (r *Repo) viewState(ctx context.Context, s *repo.State) (*Unfinished, error) {
	u := &Unfinished{Kind: s.Kind, Theirs: append([]ID{}, s.Theirs...), Names: nonNil(s.Names), Todo: append([]ID{}, s.Todo...),
		Conflicts: []UnfinishedDataset{}, Message: s.Message}
	for _, d := range s.Datasets {
		left := int64(0)
		if !d.Conflicts.IsZero() {
			t, err := table.Load(ctx, r.r.Objects(), d.Conflicts)
			if err != nil {
				return nil, err
			}
			left = t.Rows()
		}
		u.Conflicts = append(u.Conflicts, UnfinishedDataset{Dataset: d.Name, Left: left, Total: d.Total})
	}
	return u, nil
}

// AbortResult is strata.abort/1.
type AbortResult struct {
	Schema  string `json:"schema"`
	DryRun  bool   `json:"dry_run"`
	Kind    string `json:"kind"` // what was given up
	Head    ID     `json:"head"`
	Files   int64  `json:"files"` // working files written
	Deleted int64  `json:"deleted"`
}

// optionStopped is the option of a State that names HEAD's commit where a
// sequence of commits stopped.
const optionStopped = "stopped-at"

// MovedError is returned when HEAD is not where a sequence of commits left it,
// so that it cannot be taken back as a whole.
type MovedError struct {
	Kind      string
	Want, Now ID
}

func (e *MovedError) Error() string {
	return "HEAD is at " + e.Now.Short() + " and the " + e.Kind + " left it at " + e.Want.Short()
}

// Abort gives up unfinished work of one of the kinds: HEAD, the index and the
// files of the datasets that the work touched are as before it. Datasets that it
// did not touch keep their files; what was staged of them meanwhile is not
// staged any more. Changes to files that were not in conflict, and untracked files
// in the way, are a *worktree.OverwriteError, and nothing has changed.
func (r *Repo) Abort(ctx context.Context, dryRun bool, kinds ...string) (*AbortResult, error) {
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	s, err := r.unfinished(ctx, kinds...)
	if err != nil {
		return nil, err
	}
	at, err := r.stand(ctx)
	if err != nil {
		return nil, err
	}
	l := &landing{}
	if stopped := s.Options[optionStopped]; stopped != "" && stopped != at.head.ID.String() {
		want, _ := object.Parse(stopped) // a text that is no id is a HEAD that moved, too
		return nil, &MovedError{Kind: s.Kind, Want: want, Now: at.head.ID}
	}
	head := at.head.ID
	if s.Options[optionStopped] != "" && s.Head != head {
		l.moves, head = []move{{s.Head, s.Kind + ": aborted"}}, s.Head
	}
	out := &AbortResult{Schema: "strata.abort/1", DryRun: dryRun, Kind: s.Kind, Head: head}
	before := repo.Datasets(s.Index)
	l.next, l.again = before, touched(s)
	if err := r.giveUp(ctx, l, s); err != nil {
		return nil, err
	}
	if dryRun {
		return out, nil
	}
	w, err := r.landOnly(ctx, at, l, l.again)
	out.Files, out.Deleted = w.Files, w.Deleted
	return out, err
}

// giveUp lets l overwrite the files that are in conflict.
func (r *Repo) giveUp(ctx context.Context, l *landing, s *repo.State) error {
	l.lostFiles = []string{}
	for _, d := range s.Left() {
		if d.Name != worktree.FilesName {
			l.lost = append(l.lost, d.Name)
			continue
		}
		t, err := table.Load(ctx, r.r.Objects(), d.Conflicts)
		if err != nil {
			return err
		}
		if l.lostFiles, err = conflictPaths(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// landOnly is land for work that writes the files of the named datasets only;
// others keep theirs whatever the index becomes.
func (r *Repo) landOnly(ctx context.Context, at *standing, l *landing, names []string) (worktree.Written, error) {
	part := *at
	ix := *at.ix
	ix.Datasets = only(at.ix.Datasets, names)
	part.ix = &ix
	full := l.next
	l.next = only(full, names)
	l.index = full
	return r.land(ctx, nil, &part, l)
}

// only returns the entries of m with the names given.
func only(m map[string]object.ID, names []string) map[string]object.ID {
	out := map[string]object.ID{}
	for _, n := range names {
		if id, ok := m[n]; ok {
			out[n] = id
		}
	}
	return out
}

// touched returns the datasets that the work of a state changed or has conflicts
// in, in order of name.
func touched(s *repo.State) []string {
	names := differing(repo.Datasets(s.Index), repo.Datasets(s.Staged))
	for _, d := range s.Datasets {
		names = append(names, d.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Quit forgets unfinished work of one of the kinds. HEAD, index and working files
// stay as they are.
func (r *Repo) Quit(ctx context.Context, kinds ...string) (*AbortResult, error) {
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	s, err := r.unfinished(ctx, kinds...)
	if err != nil {
		return nil, err
	}
	head, err := r.r.Head(ctx)
	if err != nil {
		return nil, err
	}
	out := &AbortResult{Schema: "strata.abort/1", Kind: s.Kind, Head: head.ID}
	return out, r.r.Update(ctx, func(tx *repo.Tx) error { return tx.ClearState(s.Kind) })
}

// conflictPaths returns the plain files that a table of conflicts is about.
func conflictPaths(ctx context.Context, t *table.Table) ([]string, error) {
	paths := []string{}
	for c, err := range merge.Conflicts(ctx, t) {
		if err != nil {
			return nil, err
		}
		if len(c.Key) == 0 {
			continue
		}
		path, err := worktree.PathOf(c.Key)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}
