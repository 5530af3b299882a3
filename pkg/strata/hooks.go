package strata

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/strata-data/strata/internal/hook"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/repo/config"
	"github.com/strata-data/strata/internal/store"
)

// This file tells hooks what happens (docs/hooks.md). Nothing runs unless
// Options.Programs is set.

// HookError is returned for a hook that stopped the verb; nothing has changed.
type HookError = hook.RefusedError

// hooks returns what runs the hooks, nil where none may run.
func (r *Repo) hooks() (*hook.Runner, error) {
	if r.programs == nil {
		return nil, nil
	}
	c, err := r.r.Config()
	if err != nil {
		return nil, err
	}
	l := r.r.Layout()
	h := &hook.Runner{Dir: l.HooksDir(), Repository: l.Dir, Root: l.Root, Environ: r.programs.Environ, Out: r.programs.Out, Warn: r.programs.Warn}
	s, ok := c.Get("core.hooks-path")
	if !ok {
		s, ok = c.Get("core.hooksPath")
	}
	if ok {
		h.Dir, h.Trusted = config.Text(s.Value), s.Scope != config.Local
		if rest, home := strings.CutPrefix(h.Dir, "~/"); home {
			h.Dir = filepath.Join(r.getenv("HOME"), rest)
		}
		switch {
		case filepath.IsAbs(h.Dir):
		case l.Bare():
			h.Dir = filepath.Join(l.Dir, h.Dir)
		default:
			h.Dir = filepath.Join(l.Root, h.Dir)
		}
	}
	return h, nil
}

// describer makes the document of an event, if there is a hook to read it.
type describer = func(context.Context) (*hook.Event, error)

// event describes a step from one commit to another.
func (r *Repo) event(branch string, from, to object.ID, message string, changes []repo.TreeChange) describer {
	return func(ctx context.Context) (*hook.Event, error) {
		e := &hook.Event{Branch: repo.ShortRef(branch), Old: idText(from), New: idText(to), Message: message}
		was, is := map[string]object.ID{}, map[string]object.ID{}
		for _, c := range changes {
			was[c.Name], is[c.Name] = c.Old, c.New
		}
		counted, err := changesBetween(ctx, r.r.Objects(), was, is)
		for _, d := range counted {
			e.Datasets = append(e.Datasets, hook.Dataset{Name: d.Name, Change: d.Change, Old: idText(d.Old), New: idText(d.New),
				Added: d.Added, Removed: d.Removed, Modified: d.Modified})
		}
		return e, err
	}
}

// idText is an id as hooks read it: empty for none.
func idText(id object.ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

// stepBetween describes the step from one commit to another, either of which may be
// none.
func (r *Repo) stepBetween(branch string, from, to object.ID, message string) describer {
	return func(ctx context.Context) (*hook.Event, error) {
		before, err := r.r.CommitTree(ctx, from)
		if err != nil {
			return nil, err
		}
		after, err := r.r.CommitTree(ctx, to)
		if err != nil {
			return nil, err
		}
		return r.event(branch, from, to, message, repo.DiffTrees(before, after))(ctx)
	}
}

// PreCommit runs the hook of that name for a commit that is about to be made, for
// callers that ask for the message afterwards; Commit then does not run it
// again.
func (r *Repo) PreCommit(ctx context.Context, o *CommitOptions) error {
	if o.NoVerify || o.DryRun || o.preCommit {
		return nil
	}
	h, err := r.hooks()
	if err != nil || h == nil {
		return err
	}
	o.preCommit = true
	return h.Run(ctx, hook.PreCommit, nil, r.staged("", o.Amend))
}

// staged describes what a commit of the index would be.
func (r *Repo) staged(message string, amend bool) describer {
	return func(ctx context.Context) (*hook.Event, error) {
		by, err := r.actor()
		if err != nil {
			return nil, err
		}
		plan, err := r.r.CreateCommit(ctx, repo.CommitOptions{Amend: amend, AllowEmpty: true, AllowEmptyMessage: true, DryRun: true, Author: by, Committer: by})
		if err != nil {
			return nil, err
		}
		return r.event(plan.Branch, plan.Old, object.ID{}, message, plan.Changes)(ctx)
	}
}

// beforeCommit runs the hooks that may stop a commit. The caller does not hold
// the lock yet, so that they may run what takes it.
func (r *Repo) beforeCommit(ctx context.Context, o *CommitOptions) error {
	if o.NoVerify || o.DryRun || r.programs == nil {
		return nil
	}
	h, err := r.hooks()
	if err != nil || !h.Has(hook.PreCommit) && !h.Has(hook.CommitMsg) {
		return err
	}
	if err := r.PreCommit(ctx, o); err != nil {
		return err
	}
	ro, err := r.commitOptions(ctx, *o)
	if err != nil {
		return err
	}
	if ro.Message == "" && !o.Edited {
		if s, err := r.r.Unfinished(ctx); err == nil && s != nil {
			ro.Message = s.Message
		}
	}
	message, err := r.commitMsg(ctx, ro.Message, ro.Cleanup, func(clean string) describer { return r.staged(clean, o.Amend) })
	if err != nil {
		return err
	}
	if message != "" {
		o.Message, o.Trailers = message, nil
	}
	o.checked, err = r.indexTree(ctx)
	return err
}

// commitMsg lets the hook commit-msg check and change a message. It returns "" for a
// message that has nothing to be checked, and one line end for one that the
// hook has emptied.
func (r *Repo) commitMsg(ctx context.Context, message string, how repo.Cleanup, describe func(clean string) describer) (string, error) {
	h, err := r.hooks()
	clean := repo.CleanMessage(message, how)
	if err != nil || h == nil || strings.TrimSpace(clean) == "" {
		return "", err
	}
	f, err := os.CreateTemp("", "strata-message-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(clean)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	if err := h.Run(ctx, hook.CommitMsg, []string{f.Name()}, describe(clean)); err != nil {
		return "", err
	}
	b, err := os.ReadFile(f.Name())
	if strings.TrimSpace(string(b)) == "" {
		return "\n", err
	}
	return string(b), err
}

// indexTree returns the id of the tree that a commit of the index has.
func (r *Repo) indexTree(ctx context.Context) (object.ID, error) {
	ix, err := r.r.Index(ctx)
	if err != nil {
		return object.ID{}, err
	}
	tree, err := ix.Tree()
	if err != nil {
		return object.ID{}, err
	}
	b, err := tree.Encode()
	return object.Sum(b), err
}

// unchecked reports that the index is not what the hooks have seen.
func (r *Repo) unchecked(ctx context.Context, o *CommitOptions) error {
	if o.checked.IsZero() {
		return nil
	}
	now, err := r.indexTree(ctx)
	if err == nil && now != o.checked {
		err = repo.ErrIndexMoved
	}
	return err
}

// afterCommit tells hooks of a commit. The caller does not hold the lock.
func (r *Repo) afterCommit(ctx context.Context, res *CommitResult) {
	if res.DryRun {
		return
	}
	r.tell(ctx, hook.PostCommit, nil, func(ctx context.Context) (*hook.Event, error) {
		var parent object.ID
		if len(res.Commit.Parents) > 0 {
			parent = res.Commit.Parents[0]
		}
		return r.stepBetween(res.Branch, parent, res.Commit.ID, res.Commit.Message)(ctx)
	})
}

// afterPick returns what tells hooks of the commits that a sequence has made, also
// where it stopped at a later one, and hands its result on. The caller does not
// hold the lock.
func (r *Repo) afterPick(ctx context.Context) func(*PickResult, error) (*PickResult, error) {
	return func(res *PickResult, err error) (*PickResult, error) {
		if res == nil || res.DryRun {
			return res, err
		}
		for _, c := range res.Commits {
			r.afterCommit(ctx, &CommitResult{Branch: res.Branch, Commit: c.Commit})
		}
		return res, err
	}
}

// tell runs a hook that stops nothing.
func (r *Repo) tell(ctx context.Context, event string, args []string, describe describer) {
	h, err := r.hooks()
	if err != nil && r.programs != nil && r.programs.Warn != nil {
		r.programs.Warn("hook-failed", err.Error())
	}
	if err == nil && h != nil {
		h.Tell(ctx, event, args, describe)
	}
}

// afterMerge tells hooks of a merge. The caller does not hold the lock.
func (r *Repo) afterMerge(ctx context.Context, res *MergeResult, squash bool) {
	if res.DryRun || res.Outcome != "merged" && res.Outcome != "fast-forward" && !(squash && res.Outcome == "staged") {
		return
	}
	flag, message := "0", ""
	if squash {
		flag = "1"
	}
	if res.Commit != nil {
		message = res.Commit.Message
	}
	r.tell(ctx, hook.PostMerge, []string{flag}, r.stepBetween(res.Branch, res.Old, res.Head, message))
}

// afterCheckout tells hooks that files were checked out: all of a commit, or
// some. The caller does not hold the lock.
func (r *Repo) afterCheckout(ctx context.Context, branch string, from, to object.ID, all bool) {
	flag := "0"
	if all {
		flag = "1"
	}
	r.tell(ctx, hook.PostCheckout, []string{hook.Commit(idText(from)), hook.Commit(idText(to)), flag}, r.stepBetween(branch, from, to, ""))
}

// beforeMerge runs the hook that may stop a merge, whose commit is in l. Objects
// are published before, so that the hook can look at the commit.
func (m *merging) beforeMerge(ctx context.Context, w store.Writer, l *landing, made *repo.CommitInfo) error {
	if m.o.NoVerify || m.o.DryRun {
		return nil
	}
	h, err := m.r.hooks()
	if err != nil || h == nil || !h.Has(hook.PreMergeCommit) {
		return err
	}
	if _, err := w.Publish(ctx); err != nil {
		return err
	}
	l.published = true
	return h.Run(ctx, hook.PreMergeCommit, nil, m.r.stepBetween(m.at.head.Branch, m.at.head.ID, made.ID, made.Message))
}

// mergeMsg lets the hook commit-msg check and change the message of a merge.
func (m *merging) mergeMsg(ctx context.Context, message string, how repo.Cleanup) (string, error) {
	if m.o.NoVerify || m.o.DryRun {
		return message, nil
	}
	changed, err := m.r.commitMsg(ctx, message, how, func(clean string) describer {
		return func(ctx context.Context) (*hook.Event, error) {
			return &hook.Event{Branch: repo.ShortRef(m.at.head.Branch), Old: idText(m.at.head.ID), Message: clean}, nil
		}
	})
	if err != nil || changed == "" {
		return message, err
	}
	return changed, nil
}
