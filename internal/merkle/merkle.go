// Package merkle is the tree over the samples of a table: an ordered map from
// key bytes to leaves whose shape depends only on the keys. Two trees with
// equal leaves have equal roots, whatever the order of edits; every test here
// leans on that law. The package knows keys and ids, not samples: leaves are
// made and read by its caller (internal/table).
//
// Cuts and the node layout are in docs/format/merkle.md. Start reading at
// Level, then Builder, then Edit, then Diff.
package merkle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/bits"

	"github.com/cespare/xxhash/v2"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// The cut rules of the format.
const (
	LeafBits    = 11      // trailing zero bits that end a leaf
	NodeBits    = 7       // more of them for each level of node
	MaxLeafRows = 8 << 11 // rows at which a leaf ends in any case
	MaxChildren = 8 << 7  // children at which a node ends in any case
	maxLevel    = 10
	maxNodeKeys = 1 << 28 // bytes of the last keys of a node's children
)

// Zeros returns the number of trailing zero bits of the hash of key, from
// which all cuts follow.
func Zeros(key []byte) int { return bits.TrailingZeros64(xxhash.Sum64(key)) }

// Level returns the highest level of run that ends behind a key with the given
// trailing zeros: 0 for a leaf, n for a node of level n, -1 for none.
func Level(zeros int) int {
	if zeros < LeafBits {
		return -1
	}
	return min((zeros-LeafBits)/NodeBits, maxLevel)
}

// Entry is a child of a node: a leaf or a node of lower level.
type Entry struct {
	Last  []byte // its last key
	ID    object.ID
	Rows  int64
	Bytes int64 // value bytes below it
}

// Root is a whole tree. The zero Root is the empty tree.
type Root struct {
	Entry
	Level int // 0 where the root is a leaf
}

// Node is a decoded node object.
type Node struct {
	Level    int
	Children []Entry
}

// ReadNode reads the node e of the given level. A node that is not what e says
// of it is an *object.CorruptError.
func ReadNode(ctx context.Context, r store.Reader, e Entry, level int) (*Node, error) {
	b, err := r.Get(ctx, e.ID)
	if err != nil {
		return nil, fmt.Errorf("read node %s: %w", e.ID, err)
	}
	n, err := DecodeNode(b)
	if err != nil {
		return nil, Refused(e.ID, err)
	}
	if err := n.check(e, level); err != nil {
		return nil, &object.CorruptError{ID: e.ID, Detail: err.Error()}
	}
	return n, nil
}

// Refused says of which object err is, which a decoder returned. Where a newer
// program wrote the object, the error keeps saying so; else it is an
// *object.CorruptError.
func Refused(id object.ID, err error) error {
	if errors.Is(err, object.ErrUnsupported) {
		return fmt.Errorf("object %s: %w", id, err)
	}
	return &object.CorruptError{ID: id, Detail: err.Error()}
}

// check compares a node with its entry one level up.
func (n *Node) check(e Entry, level int) error {
	rows, size := Sum(n.Children)
	switch {
	case n.Level != level:
		return fmt.Errorf("a node of level %d where one of level %d should be", n.Level, level)
	case rows != e.Rows || size != e.Bytes:
		return fmt.Errorf("%d rows of %d bytes, want %d of %d", rows, size, e.Rows, e.Bytes)
	case !bytes.Equal(n.Children[len(n.Children)-1].Last, e.Last):
		return errors.New("another last key than its parent says")
	}
	return nil
}

// Check reports what is impossible about a root that was read.
func (r *Root) Check() error {
	empty := r.ID.IsZero()
	if r.Level < 0 || r.Level > maxLevel || r.Rows < 0 || r.Bytes < 0 || empty != (r.Rows == 0) ||
		empty && (r.Level != 0 || r.Bytes != 0 || len(r.Last) > 0) {
		return fmt.Errorf("a root of level %d with %d rows of %d bytes", r.Level, r.Rows, r.Bytes)
	}
	return nil
}

// Sum returns the rows and value bytes of all entries.
func Sum(entries []Entry) (rows, size int64) {
	for _, e := range entries {
		rows += e.Rows
		size += e.Bytes
	}
	return rows, size
}
