package merkle

import (
	"context"
	"errors"
	"fmt"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// streamNode groups nodes on disk.
const streamNode = "meta/node"

// Builder makes the nodes above leaves that arrive in key order. It writes
// every node once, when it ends. Not safe for concurrent use.
type Builder struct {
	w      store.Writer
	levels [][]Entry   // levels[n]: children of the open node of level n+1
	made   []made      // made[n]: the node of level n that was written last
	bases  []object.ID // bases[n]: the old node of level n that edits are in
}

// made is a written node.
type made struct {
	id       object.ID
	children []Entry
}

// ErrLongKeys is returned by a Builder for neighbouring keys that are too long
// for a node.
var ErrLongKeys = errors.New("bytes of the keys of one node, too many")

func (n *Node) keyBytes() (sum int) {
	for _, c := range n.Children {
		sum += len(c.Last)
	}
	return sum
}

// NewBuilder returns a Builder that writes nodes to w.
func NewBuilder(w store.Writer) *Builder { return &Builder{w: w} }

// Aligned reports whether a finished subtree of the given level may be
// appended: no run below that level is open.
func (b *Builder) Aligned(level int) bool {
	for n := range min(level, len(b.levels)) {
		if len(b.levels[n]) > 0 {
			return false
		}
	}
	return true
}

// Append adds a leaf (level 0) or a finished node of the given level behind
// everything that was appended before. It panics if the level is not aligned.
func (b *Builder) Append(ctx context.Context, level int, e Entry) error {
	if !b.Aligned(level) {
		panic(fmt.Sprintf("merkle: subtree of level %d appended inside a run", level))
	}
	return b.push(ctx, level, e, Level(Zeros(e.Last)))
}

func (b *Builder) push(ctx context.Context, level int, e Entry, ends int) error {
	for len(b.levels) <= level {
		b.levels = append(b.levels, nil)
	}
	b.levels[level] = append(b.levels[level], e)
	if ends > level || len(b.levels[level]) >= MaxChildren {
		return b.close(ctx, level, ends)
	}
	return nil
}

// close writes the open node above level and pushes it one level up.
func (b *Builder) close(ctx context.Context, level, ends int) error {
	children := b.levels[level]
	n := Node{Level: level + 1, Children: children}
	if n.keyBytes() > maxNodeKeys {
		return fmt.Errorf("%w: %d", ErrLongKeys, n.keyBytes())
	}
	id, err := b.w.Put(ctx, n.Encode(), store.Hint{Stream: streamNode, Base: b.base(level + 1)})
	if err != nil {
		return fmt.Errorf("write node: %w", err)
	}
	rows, size := Sum(children)
	e := Entry{Last: children[len(children)-1].Last, ID: id, Rows: rows, Bytes: size}
	b.levels[level] = nil
	for len(b.made) <= level+1 {
		b.made = append(b.made, made{})
	}
	b.made[level+1] = made{id, children}
	return b.push(ctx, level+1, e, ends)
}

// Finish closes all runs and returns the root of everything appended.
func (b *Builder) Finish(ctx context.Context) (Root, error) {
	for level := 0; level < len(b.levels); level++ {
		switch entries := b.levels[level]; {
		case len(entries) == 0:
		case len(entries) == 1 && b.top(level):
			return b.lowest(ctx, Root{Entry: entries[0], Level: level})
		default:
			if err := b.close(ctx, level, -1); err != nil {
				return Root{}, err
			}
		}
	}
	return Root{}, nil
}

// top reports whether no run above level is open.
func (b *Builder) top(level int) bool {
	for _, entries := range b.levels[level+1:] {
		if len(entries) > 0 {
			return false
		}
	}
	return true
}

// lowest goes down from r for as long as it has one child, so that equal
// leaves have one root however many levels their last key ends.
func (b *Builder) lowest(ctx context.Context, r Root) (Root, error) {
	for r.Level > 0 {
		children, err := b.children(ctx, r)
		if err != nil {
			return Root{}, err
		}
		if len(children) > 1 {
			break
		}
		r = Root{Entry: children[0], Level: r.Level - 1}
	}
	return r, nil
}

// children returns those of the node r, which may have been taken over.
func (b *Builder) children(ctx context.Context, r Root) ([]Entry, error) {
	if r.Level < len(b.made) && b.made[r.Level].id == r.ID {
		return b.made[r.Level].children, nil
	}
	n, err := ReadNode(ctx, b.w, r.Entry, r.Level)
	if err != nil {
		return nil, err
	}
	return n.Children, nil
}

func (b *Builder) base(level int) object.ID {
	if level < len(b.bases) {
		return b.bases[level]
	}
	return object.ID{}
}

// setBase remembers the old node that the edits of a level are in.
func (b *Builder) setBase(level int, id object.ID) {
	for len(b.bases) <= level {
		b.bases = append(b.bases, object.ID{})
	}
	b.bases[level] = id
}
