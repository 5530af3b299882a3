package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sort"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
)

// Bounds of what Point reads.
const (
	pointValues = 1 << 24 // values of a page, nested ones too
	pointBytes  = 1 << 27 // value bytes of a page, of a leaf's keys, of a sample
)

// ErrLarge is returned by Point for a sample that is too large to be looked up
// within its bounds of memory.
var ErrLarge = errors.New("too large to be looked up alone")

// Point looks up the sample with the given key and returns the wanted columns
// of it as a batch of one row, nil if there is none. Columns are ids; nil means
// all of the schema. Unlike Get it reads, of the columns that are cut into
// several pages, only the page that holds the sample; and it always reads the
// path to the leaf that would hold the key.
//
// It checks what it sees of the shape on its way: that keys ascend within
// nodes and the leaf and across their borders, and that runs end where
// docs/format/merkle.md and table.md end them. A tree that breaks these rules
// is an *object.CorruptError. Objects are read one after the other in an order
// that depends on the table and the arguments alone, which proofs rely on
// (docs/format/proof.md).
func (t *Table) Point(ctx context.Context, key []byte, columns []string) (*column.Batch, error) {
	if t.Root.ID.IsZero() {
		return nil, nil
	}
	s, err := t.descend(ctx, key)
	if err != nil {
		return nil, err
	}
	dec := t.dec.Get().(*column.PageDecoder)
	defer t.dec.Put(dec)
	l, err := openLeaf(ctx, t.r, &s.Entry, dec)
	if err != nil {
		return nil, err
	}
	l.wary = true
	if err := l.checkKeySize(t.Schema); err != nil {
		return nil, err
	}
	keys, err := l.keys(ctx, t.Schema)
	if err != nil {
		return nil, err
	}
	zeros, err := l.checkKeys(keys, s)
	if err != nil {
		return nil, &object.CorruptError{ID: s.ID, Detail: err.Error()}
	}
	at := sort.Search(keys.len(), func(i int) bool { return bytes.Compare(keys.at(i), key) >= 0 })
	if at == keys.len() || !bytes.Equal(keys.at(at), key) {
		return nil, nil
	}
	return l.row(ctx, Project(t.Schema, columns), at, zeros)
}

// spot is a leaf that was found by a key.
type spot struct {
	merkle.Entry
	lower []byte // the last key before the leaf, nil where it is the first
	end   bool   // it is the last leaf of the table
}

// descend goes to the leaf that would hold key: the first whose last key is not
// below it, or the last one.
func (t *Table) descend(ctx context.Context, key []byte) (spot, error) {
	s := spot{Entry: t.Root.Entry, end: true}
	for level := t.Root.Level; level > 0; level-- {
		n, err := merkle.ReadNode(ctx, t.r, s.Entry, level)
		if err != nil {
			return s, err
		}
		if level == t.Root.Level && len(n.Children) == 1 {
			err = fmt.Errorf("a root with one child")
		} else {
			err = checkNode(n, s)
		}
		if err != nil {
			return s, &object.CorruptError{ID: s.ID, Detail: err.Error()}
		}
		last := len(n.Children) - 1
		at := min(last, sort.Search(len(n.Children), func(i int) bool { return bytes.Compare(n.Children[i].Last, key) >= 0 }))
		if at > 0 {
			s.lower = n.Children[at-1].Last
		}
		s.Entry, s.end = n.Children[at], s.end && at == last
	}
	return s, nil
}

// checkNode says where the children of n do not lie behind the key before it,
// or n does not end where it has to.
func checkNode(n *merkle.Node, s spot) error {
	for i, c := range n.Children {
		ends := merkle.Level(merkle.Zeros(c.Last)) >= n.Level
		switch last := i == len(n.Children)-1; {
		case i == 0 && s.lower != nil && bytes.Compare(c.Last, s.lower) <= 0:
			return fmt.Errorf("its keys are not behind those before it")
		case !last && ends:
			return fmt.Errorf("a node that goes on behind child %d, which ends it", i)
		case last && !ends && !s.end && len(n.Children) < merkle.MaxChildren:
			return fmt.Errorf("a node that ends behind child %d, which does not end it", i)
		}
	}
	return nil
}

// checkKeys says where the keys of a leaf are not in order, not those that the
// leaf says, or not cut where they have to be. It returns the trailing zeros
// of each key's hash.
func (l *leafReader) checkKeys(keys keySet, s spot) ([]uint8, error) {
	n := keys.len()
	if !bytes.Equal(keys.at(0), l.First) || !bytes.Equal(keys.at(n-1), l.Last) {
		return nil, fmt.Errorf("its keys do not begin and end as it says")
	}
	zeros, before := make([]uint8, n), s.lower
	for i := range n {
		k := keys.at(i)
		if before != nil && bytes.Compare(before, k) >= 0 {
			return nil, fmt.Errorf("the key of row %d is not behind the one before it", i)
		}
		zeros[i] = uint8(merkle.Zeros(k))
		if i < n-1 && zeros[i] >= merkle.LeafBits {
			return nil, fmt.Errorf("a leaf that goes on behind row %d, which ends it", i)
		}
		before = k
	}
	if zeros[n-1] < merkle.LeafBits && !s.end && n < merkle.MaxLeafRows {
		return nil, fmt.Errorf("a leaf that ends behind row %d, which does not end it", n-1)
	}
	return zeros, nil
}

// decodeWary appends the values of p to v within the bounds of Point, and
// compares them with what the leaf or page list says of them.
func (l *leafReader) decodeWary(b []byte, p pageRef, v *column.Vector) error {
	if p.Bytes > pointBytes {
		return fmt.Errorf("page %s of %d bytes: %w", p.ID, p.Bytes, ErrLarge)
	}
	part := column.NewVector(v.Type, p.Rows)
	if err := l.dec.DecodeWithin(b, part, pointValues, pointBytes); err != nil {
		return merkle.Refused(p.ID, err)
	}
	if part.Len != p.Rows || part.Nulls != p.Nulls || valueBytes(part, 0, part.Len) != p.Bytes {
		return &object.CorruptError{ID: p.ID, Detail: "not the rows, nulls and bytes that its leaf says"}
	}
	v.AppendFrom(part, 0, part.Len)
	return nil
}

// checkKeySize refuses a leaf whose keys do not fit into the bounds of Point.
func (l *leafReader) checkKeySize(s *column.Schema) error {
	size := int64(0)
	for _, id := range s.Key {
		if c := l.column(id); c != nil {
			size += c.Bytes
		}
	}
	if size > pointBytes {
		return fmt.Errorf("keys of %d bytes in leaf %s: %w", size, l.id, ErrLarge)
	}
	return nil
}

// row returns row number at with the columns of sub, reading one page of each.
func (l *leafReader) row(ctx context.Context, sub *column.Schema, at int, zeros []uint8) (*column.Batch, error) {
	b := column.NewBatch(sub, 1)
	size := int64(0)
	for i := range sub.Fields {
		f := &sub.Fields[i]
		refs, err := l.refs(ctx, f.ID)
		if err != nil {
			return nil, err
		}
		if refs == nil {
			b.Cols[i].AppendNulls(1)
			continue
		}
		if err := l.checkCuts(f.ID, refs, zeros); err != nil {
			return nil, err
		}
		p, from := 0, 0
		for from+refs[p].Rows <= at {
			from += refs[p].Rows
			p++
		}
		v, known := l.pages[pageType{refs[p].ID, f.Type}] // of a key column
		if !known {
			v = column.NewVector(f.Type, 0)
			if err := l.readPage(ctx, refs[p], v); err != nil {
				return nil, err
			}
		}
		if size += valueBytes(v, at-from, at-from+1); size > pointBytes {
			return nil, fmt.Errorf("row %d of leaf %s: %w", at, l.id, ErrLarge)
		}
		b.Cols[i].AppendFrom(v, at-from, at-from+1)
	}
	b.Len = 1
	return b, nil
}

// checkCuts compares the pages of a column with the rule that ends them. Their
// rows are those of the leaf, which refs has seen to.
func (l *leafReader) checkCuts(id string, refs []pageRef, zeros []uint8) error {
	c := l.column(id)
	ends := cuts(zeros, pageBits(c.Bytes, l.Rows))
	ok, at := len(ends) == len(refs), 0
	for i := range refs {
		at += refs[i].Rows
		ok = ok && ends[i] == at
	}
	if !ok {
		return &object.CorruptError{ID: c.ID, Detail: "column " + id + " is not cut into the pages that it has to be"}
	}
	return nil
}
