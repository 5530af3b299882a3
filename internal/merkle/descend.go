package merkle

import (
	"bytes"
	"context"
	"sort"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// Path goes down trees towards one key. It remembers where each node led, so
// that going down another version of a tree reads only the nodes that are new.
// Not safe for concurrent use.
type Path struct {
	key  []byte
	next map[object.ID]*Entry // nil: the key is behind the node's last
}

// NewPath returns the path to key, which it keeps.
func NewPath(key []byte) *Path { return &Path{key: key, next: map[object.ID]*Entry{}} }

// Meeting is where a Path went in two trees.
type Meeting struct {
	// Same says that both trees have one subtree, or none, where the key would
	// be. It was not gone into.
	Same bool
	// A and B are the leaves in which the key would be, nil on a side whose last
	// key is before it. Unset with Same.
	A, B *Entry
}

// Meet goes down the trees a, read from ra, and b, read from rb, side by side
// and stops where they are one.
func (p *Path) Meet(ctx context.Context, ra store.Reader, a Root, rb store.Reader, b Root) (Meeting, error) {
	for {
		switch {
		case a.ID == b.ID:
			return Meeting{Same: true}, nil
		case a.Level > 0 && a.Level >= b.Level:
			if err := p.down(ctx, ra, &a); err != nil {
				return Meeting{}, err
			}
		case b.Level > 0:
			if err := p.down(ctx, rb, &b); err != nil {
				return Meeting{}, err
			}
		default:
			return Meeting{A: leafOf(a), B: leafOf(b)}, nil
		}
	}
}

func leafOf(r Root) *Entry {
	if r.ID.IsZero() {
		return nil
	}
	return &r.Entry
}

// Leaf returns the leaf of the tree in which the key would be, nil if its last
// key is before it.
func (p *Path) Leaf(ctx context.Context, r store.Reader, root Root) (*Entry, error) {
	m, err := p.Meet(ctx, nil, Root{}, r, root)
	return m.B, err
}

// down replaces the node n by its child in which the key would be, by the zero
// Root if there is none.
func (p *Path) down(ctx context.Context, r store.Reader, n *Root) error {
	e, known := p.next[n.ID]
	if !known {
		node, err := ReadNode(ctx, r, n.Entry, n.Level)
		if err != nil {
			return err
		}
		i := sort.Search(len(node.Children), func(i int) bool { return bytes.Compare(node.Children[i].Last, p.key) >= 0 })
		if i < len(node.Children) {
			e = &node.Children[i]
		}
		p.next[n.ID] = e
	}
	if e == nil {
		*n = Root{}
		return nil
	}
	*n = Root{Entry: *e, Level: n.Level - 1}
	return nil
}
