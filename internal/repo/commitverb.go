package repo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/strata-data/strata/internal/fault"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// CommitOptions say what CreateCommit makes.
type CommitOptions struct {
	Message           string
	Cleanup           Cleanup
	Author            Signature   // with Amend, the zero Signature keeps the old author
	Committer         Signature   //
	MergeParents      []object.ID // further parents, for a merge
	Extra             []Field
	Sign              Signer // nil leaves the commit unsigned; not called with DryRun
	Amend             bool   // replace HEAD's commit
	AllowEmpty        bool   // even if the tree is that of the parent
	AllowEmptyMessage bool
	DryRun            bool   // do all but write
	Doing             string // what the commit ends, for the reflog: merge, cherry-pick; or ""
	// Finish, if not nil, is called with the new commit in the transaction that
	// moves the ref.
	Finish func(tx *Tx, made object.ID) error
}

// CommitResult is what CreateCommit made.
type CommitResult struct {
	CommitInfo
	Branch  string       // full name; "" on a detached HEAD
	Old     object.ID    // where HEAD was; zero for the first commit
	Changes []TreeChange // against the first parent
}

// The conditions in which CreateCommit refuses.
var (
	// ErrNothingToCommit is returned when the tree is that of the parent.
	ErrNothingToCommit = errors.New("nothing to commit")
	// ErrEmptyMessage is returned when nothing is left of the message.
	ErrEmptyMessage = errors.New("the commit message is empty")
	// ErrNothingToAmend is returned for Amend before the first commit.
	ErrNothingToAmend = errors.New("there is no commit to amend yet")
)

// CreateCommit makes a commit of the index and moves HEAD's branch, or a
// detached HEAD, to it. The caller holds the lock. Objects are published before
// the ref moves, and the ref moves only if HEAD is still what it was
// (*RefMovedError), so that whatever happens the old or the new state is there.
func (r *Repo) CreateCommit(ctx context.Context, o CommitOptions) (*CommitResult, error) {
	p, err := r.planCommit(ctx, o)
	if err != nil {
		return nil, err
	}
	tree, err := p.tree.Encode()
	if err != nil {
		return nil, err
	}
	p.commit.Tree = object.Sum(tree)
	if !o.DryRun {
		if err := p.commit.sign(ctx, o.Sign); err != nil {
			return nil, err
		}
	}
	commit, err := p.commit.Encode()
	if err != nil {
		return nil, err
	}
	res := &CommitResult{
		CommitInfo: CommitInfo{ID: object.Sum(commit), Commit: p.commit},
		Branch:     p.head.Branch, Old: p.head.ID, Changes: p.changes,
	}
	if o.DryRun {
		return res, nil
	}
	if err := r.writeCommit(ctx, p.changes, tree, commit); err != nil {
		return nil, err
	}
	if err := fault.Hit(fault.CommitBeforeRef); err != nil {
		return nil, err
	}
	err = r.Update(ctx, func(t *Tx) error {
		if err := t.moveHead(p.head, res, p.log); err != nil || o.Finish == nil {
			return err
		}
		return o.Finish(t, res.ID)
	})
	if err != nil {
		return nil, err
	}
	return res, fault.Hit(fault.CommitAfterRef)
}

// moveHead makes HEAD, which must still be what it was, the new commit.
func (t *Tx) moveHead(was Head, res *CommitResult, log string) error {
	now, err := t.Head()
	if err != nil {
		return err
	}
	if now != was {
		return &RefMovedError{Name: headName, Want: was.ID, Have: now.ID}
	}
	return t.SetRef(RefChange{Name: headName, Old: &was.ID, New: res.ID, By: res.Committer, Log: log})
}

// commitPlan is a commit that lacks only the id of its tree.
type commitPlan struct {
	head    Head
	tree    *Tree
	changes []TreeChange
	commit  *Commit
	log     string
}

func (r *Repo) planCommit(ctx context.Context, o CommitOptions) (*commitPlan, error) {
	p := &commitPlan{}
	var ix *Index
	err := r.View(ctx, func(t *Tx) (err error) {
		if p.head, err = t.Head(); err == nil {
			ix, err = t.Index()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if p.tree, err = ix.Tree(); err != nil {
		return nil, err
	}
	if err := r.planParents(ctx, p, o); err != nil {
		return nil, err
	}
	p.commit.Message = CleanMessage(o.Message, o.Cleanup)
	if strings.TrimSpace(p.commit.Message) == "" && !o.AllowEmptyMessage {
		return nil, ErrEmptyMessage
	}
	p.log += p.commit.Subject()
	p.commit.Committer, p.commit.Extra = o.Committer, sortFields(o.Extra)
	p.commit.Generation, err = r.generationOver(ctx, p.commit.Parents)
	return p, err
}

// planParents fills in parents, author, changes and the beginning of the
// reflog's message, and refuses a commit that changes nothing.
func (r *Repo) planParents(ctx context.Context, p *commitPlan, o CommitOptions) error {
	p.commit = &Commit{Author: o.Author}
	switch {
	case o.Amend && p.head.ID.IsZero():
		return ErrNothingToAmend
	case o.Amend:
		old, err := r.Commit(ctx, p.head.ID)
		if err != nil {
			return err
		}
		p.commit.Parents, p.log = old.Parents, "commit (amend): "
		if o.Author == (Signature{}) {
			p.commit.Author = old.Author
		}
	case p.head.ID.IsZero():
		p.log = "commit (initial): "
	default:
		p.commit.Parents, p.log = []object.ID{p.head.ID}, "commit: "
	}
	if len(o.MergeParents) > 0 {
		p.commit.Parents, p.log = append(p.commit.Parents, o.MergeParents...), "commit (merge): "
	} else if o.Doing != "" {
		p.log = "commit (" + o.Doing + "): "
	}
	var base object.ID
	if len(p.commit.Parents) > 0 {
		base = p.commit.Parents[0]
	}
	before, err := r.CommitTree(ctx, base)
	if err != nil {
		return err
	}
	p.changes = DiffTrees(before, p.tree)
	if len(p.changes) == 0 && !o.AllowEmpty && len(p.commit.Parents) < 2 {
		return ErrNothingToCommit
	}
	return nil
}

// writeCommit publishes the tree and the commit, once it has seen that the
// tables that are new are published.
func (r *Repo) writeCommit(ctx context.Context, changes []TreeChange, tree, commit []byte) error {
	if err := fault.Hit(fault.CommitBeforeObject); err != nil {
		return err
	}
	w, err := r.objects.NewWriter(ctx)
	if err != nil {
		return err
	}
	defer w.Discard()
	for _, c := range changes {
		if c.New.IsZero() {
			continue
		}
		has, err := w.Has(ctx, c.New)
		if err == nil && !has {
			err = object.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("commit dataset %q, table %s: %w", c.Name, c.New, err)
		}
	}
	if _, err := w.Put(ctx, tree, store.Hint{Stream: "tree"}); err != nil {
		return err
	}
	if _, err := w.Put(ctx, commit, store.Hint{Stream: "commit"}); err != nil {
		return err
	}
	_, err = w.Publish(ctx)
	return err
}
