package merkle

import (
	"context"

	"github.com/strata-data/strata/internal/store"
)

// A Rewriter makes new leaves where a tree is edited. It appends them to the
// Builder that was given to Edit.
type Rewriter interface {
	// Touches reports whether an edit is left for a key up to last, or any
	// edit at all where the entry is the tree's last.
	Touches(last []byte, isLast bool) bool
	// Pending reports whether samples wait for the end of their leaf.
	Pending() bool
	// Leaf takes the samples of an old leaf and the edits that fall into it.
	Leaf(ctx context.Context, e Entry, isLast bool) error
	// Finish takes the edits behind the last leaf and ends the open leaf.
	Finish(ctx context.Context) error
}

// Edit builds a tree anew where edits fall and takes over every subtree that
// they leave alone. The result is the tree that a Builder would have made from
// all the samples. Cost: the nodes and leaves on the paths to the edits.
func Edit(ctx context.Context, r store.Reader, b *Builder, root Root, rw Rewriter) (Root, error) {
	if !root.ID.IsZero() {
		if err := edit(ctx, r, b, root.Level, root.Entry, true, rw); err != nil {
			return Root{}, err
		}
	}
	if err := rw.Finish(ctx); err != nil {
		return Root{}, err
	}
	return b.Finish(ctx)
}

func edit(ctx context.Context, r store.Reader, b *Builder, level int, e Entry, isLast bool, rw Rewriter) error {
	// A run that is the last of its level is open unless its last key ends it;
	// as nothing follows it when it is untouched, it may be taken over too.
	if !rw.Touches(e.Last, isLast) && !rw.Pending() && b.Aligned(level) {
		return b.Append(ctx, level, e)
	}
	if level == 0 {
		return rw.Leaf(ctx, e, isLast)
	}
	n, err := ReadNode(ctx, r, e, level)
	if err != nil {
		return err
	}
	b.setBase(level, e.ID)
	for i, c := range n.Children {
		if err := edit(ctx, r, b, level-1, c, isLast && i == len(n.Children)-1, rw); err != nil {
			return err
		}
	}
	return nil
}
