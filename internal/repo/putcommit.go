package repo

import (
	"context"
	"fmt"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// PutCommit writes a commit of the datasets to w and returns it; the caller
// publishes w and then moves a ref. Tree and Generation of c are filled in. Its
// parents may be commits that are only in w so far. Merges and cherry-picks make
// several commits in this way before anything is visible; CreateCommit is the
// one for what is staged.
func (r *Repo) PutCommit(ctx context.Context, w store.Writer, datasets map[string]object.ID, c Commit) (*CommitInfo, error) {
	return r.PutSignedCommit(ctx, w, datasets, c, nil)
}

// PutSignedCommit is PutCommit of a commit that by signs; nil leaves it
// unsigned.
func (r *Repo) PutSignedCommit(ctx context.Context, w store.Writer, datasets map[string]object.ID, c Commit, by Signer) (*CommitInfo, error) {
	tree, err := NewTree(Entries(datasets))
	if err != nil {
		return nil, err
	}
	b, err := tree.Encode()
	if err != nil {
		return nil, err
	}
	if c.Tree, err = w.Put(ctx, b, store.Hint{Stream: "tree"}); err != nil {
		return nil, err
	}
	c.Generation = 1
	for _, id := range c.Parents {
		b, err := w.Get(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("read commit %s: %w", id, err)
		}
		p, err := DecodeCommit(b)
		if err != nil {
			return nil, fmt.Errorf("read commit %s: %w", id, err)
		}
		c.Generation = max(c.Generation, p.Generation+1)
	}
	c.Extra = sortFields(c.Extra)
	if err := c.sign(ctx, by); err != nil {
		return nil, err
	}
	if b, err = c.Encode(); err != nil {
		return nil, err
	}
	id, err := w.Put(ctx, b, store.Hint{Stream: "commit"})
	return &CommitInfo{ID: id, Commit: &c}, err
}
