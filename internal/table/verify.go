package table

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// What a check finds in a leaf whose bytes are whole: a writer was wrong.
var (
	// ErrStats is in the chain of errors about counts, bounds and bytes that are
	// not those of the values, or do not add up.
	ErrStats = errors.New("wrong statistics")
	// ErrCuts is in the chain of errors about runs that end where the keys do not
	// say so.
	ErrCuts = errors.New("wrong cuts")
	// ErrOrder is in the chain of errors about keys that do not ascend.
	ErrOrder = errors.New("keys out of order")
	// ErrColumn is in the chain of errors about columns that do not fit the schema.
	ErrColumn = errors.New("column does not fit the schema")
)

// LeafShape is a leaf object without the values of its pages.
type LeafShape struct {
	Rows        int
	First, Last []byte // keys
	Bytes       int64  // value bytes of all columns
	Columns     []ColumnShape
}

// ColumnShape is a column of a leaf.
type ColumnShape struct {
	Column string    // id
	ID     object.ID // of the page, or of the page list
	List   bool
	ref    pageRef
}

// ReadLeafShape decodes a leaf object and checks what can be checked without
// its pages: errors wrap object.ErrCorrupt, ErrCuts or ErrStats.
func ReadLeafShape(b []byte) (*LeafShape, error) {
	l, err := decodeLeaf(b)
	if err != nil {
		return nil, err
	}
	s := &LeafShape{Rows: l.Rows, First: l.First, Last: l.Last, Bytes: l.bytes()}
	for i := range l.Columns {
		c := &l.Columns[i]
		s.Columns = append(s.Columns, ColumnShape{c.Column, c.ID, c.List, c.pageRef})
		if err := c.plausible(l.Rows); err != nil {
			return s, fmt.Errorf("column %q: %w", c.Column, err)
		}
	}
	if !bytes.Equal(l.encode(), b) {
		return s, fmt.Errorf("%w: not in canonical form", object.ErrCorrupt)
	}
	return s, nil
}

// plausible checks a column of a leaf of rows rows against the rules of cuts.
func (p *pageRef) plausible(rows int) error {
	bits := pageBits(p.Bytes, rows)
	switch {
	case p.List && bits >= onePage:
		return fmt.Errorf("%w: several pages for %d value bytes of %d rows", ErrCuts, p.Bytes, rows)
	case !p.List && bits < onePage && rows > 8<<bits:
		return fmt.Errorf("%w: one page for %d value bytes of %d rows", ErrCuts, p.Bytes, rows)
	}
	return p.boundsInOrder()
}

func (p *pageRef) boundsInOrder() error {
	if p.Min != nil && p.Max != nil && bytes.Compare(p.Min, p.Max) > 0 {
		return fmt.Errorf("%w: the least value is above the greatest", ErrStats)
	}
	return nil
}

// Pages returns the pages in the page list object b of the column, in order,
// with the rows of each. Errors are as of ReadLeafShape.
func (c *ColumnShape) Pages(b []byte) (ids []object.ID, rows []int, err error) {
	pages, err := decodePageList(b)
	if err != nil {
		return nil, nil, err
	}
	for i := range pages {
		ids, rows = append(ids, pages[i].ID), append(rows, pages[i].Rows)
	}
	bits := pageBits(c.ref.Bytes, c.ref.Rows)
	for i := range pages {
		if pages[i].Rows > 8<<bits {
			return ids, rows, fmt.Errorf("%w: page %d has %d rows", ErrCuts, i, pages[i].Rows)
		}
		if err := pages[i].boundsInOrder(); err != nil {
			return ids, rows, fmt.Errorf("page %d: %w", i, err)
		}
	}
	sum := sumRefs(pages)
	sum.ID, sum.List = c.ref.ID, true
	if err := sameStats(&c.ref, &sum); err != nil {
		return ids, rows, fmt.Errorf("the leaf against its pages: %w", err)
	}
	if !bytes.Equal(encodePageList(pages), b) {
		return ids, rows, fmt.Errorf("%w: not in canonical form", object.ErrCorrupt)
	}
	return ids, rows, nil
}

// sameStats compares what is stored with what it should be.
func sameStats(have, want *pageRef) error {
	for _, c := range []struct {
		what       string
		have, want any
		equal      bool
	}{
		{"rows", have.Rows, want.Rows, have.Rows == want.Rows},
		{"nulls", have.Nulls, want.Nulls, have.Nulls == want.Nulls},
		{"value bytes", have.Bytes, want.Bytes, have.Bytes == want.Bytes},
		{"min", fmt.Sprintf("%x", have.Min), fmt.Sprintf("%x", want.Min), sameBound(have.Min, want.Min)},
		{"max", fmt.Sprintf("%x", have.Max), fmt.Sprintf("%x", want.Max), sameBound(have.Max, want.Max)},
	} {
		if !c.equal {
			return fmt.Errorf("%w: %s is %v, should be %v", ErrStats, c.what, c.have, c.want)
		}
	}
	return nil
}

func sameBound(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

// LeafFault is one thing that is wrong inside a leaf.
type LeafFault struct {
	Column string    // id; "" where it is about the leaf
	Object object.ID // the page, page list or leaf that is wrong
	Err    error     // wraps object.ErrCorrupt, object.ErrNotFound or one of this package's
}

// VerifyLeaf reads every page of the leaf object b under schema s and compares
// the values with what the leaf says of them: encoding, statistics, cuts, keys.
// It goes on after a fault. last says that no leaf follows in its table.
func VerifyLeaf(ctx context.Context, r store.Reader, b []byte, s *column.Schema, last bool) []LeafFault {
	v := &leafVerifier{ctx: ctx, schema: s, id: object.Sum(b)}
	l, err := decodeLeaf(b)
	if err != nil {
		return []LeafFault{{Object: v.id, Err: err}}
	}
	v.l = &leafReader{leaf: l, r: r, id: v.id, dec: new(column.PageDecoder)}
	for i := range l.Columns {
		if id := l.Columns[i].Column; s.Index(id) < 0 {
			v.fault(id, v.id, fmt.Errorf("%w: the schema has no column %q", ErrColumn, id))
		}
	}
	zeros, keysOK := v.keys(last)
	for i := range s.Fields {
		v.column(&s.Fields[i], zeros, keysOK)
	}
	return v.faults
}

type leafVerifier struct {
	ctx    context.Context
	schema *column.Schema
	id     object.ID // of the leaf
	l      *leafReader
	faults []LeafFault
}

func (v *leafVerifier) fault(column string, id object.ID, err error) {
	v.faults = append(v.faults, LeafFault{Column: column, Object: id, Err: err})
}

// keys checks the keys and returns the trailing zeros of their hashes; ok is
// false where they cannot be read, which column reports.
func (v *leafVerifier) keys(last bool) (zeros []uint8, ok bool) {
	keys, err := v.l.keys(v.ctx, v.schema)
	if err != nil {
		if v.unreadKey() {
			v.fault("", v.id, err)
		}
		return nil, false
	}
	n := keys.len()
	zeros = make([]uint8, n)
	for i := range n {
		zeros[i] = uint8(merkle.Zeros(keys.at(i)))
		if i > 0 && bytes.Compare(keys.at(i-1), keys.at(i)) >= 0 {
			v.fault("", v.id, fmt.Errorf("%w: sample %d of the leaf", ErrOrder, i))
			return zeros, true
		}
		if i < n-1 && int(zeros[i]) >= merkle.LeafBits {
			v.fault("", v.id, fmt.Errorf("%w: the leaf goes on behind sample %d, which ends it", ErrCuts, i))
		}
	}
	if n == 0 || n != v.l.Rows {
		v.fault("", v.id, fmt.Errorf("%w: %d keys, %d rows", ErrStats, n, v.l.Rows))
		return zeros, true
	}
	if !bytes.Equal(keys.at(0), v.l.First) || !bytes.Equal(keys.at(n-1), v.l.Last) {
		v.fault("", v.id, fmt.Errorf("%w: first or last key is not that of the samples", ErrStats))
	}
	if !last && int(zeros[n-1]) < merkle.LeafBits && n < merkle.MaxLeafRows {
		v.fault("", v.id, fmt.Errorf("%w: the leaf ends where no key ends it", ErrCuts))
	}
	return zeros, true
}

// unreadKey reports whether no key column's own check will say why the keys
// cannot be read: it is absent, or holds a null.
func (v *leafVerifier) unreadKey() bool {
	for _, i := range v.schema.KeyColumns() {
		f := &v.schema.Fields[i]
		refs, err := v.l.refs(v.ctx, f.ID)
		if err != nil {
			return false
		}
		for _, p := range refs {
			if _, err := v.page(p, f.Type); err != nil {
				return false
			}
		}
	}
	return true
}

func (v *leafVerifier) page(p pageRef, t *column.Type) (*column.Vector, error) {
	b, err := v.l.r.Get(v.ctx, p.ID)
	if err != nil {
		return nil, err
	}
	if err := column.CheckPage(b, t); err != nil {
		return nil, err
	}
	values := column.NewVector(t, p.Rows)
	return values, v.l.dec.Decode(b, values)
}

// column checks the pages of one column.
func (v *leafVerifier) column(f *column.Field, zeros []uint8, keysOK bool) {
	c := v.l.column(f.ID)
	if c == nil {
		return
	}
	refs, err := v.l.refs(v.ctx, f.ID)
	if err != nil {
		v.fault(f.ID, c.ID, err)
		return
	}
	all := column.NewVector(f.Type, v.l.Rows)
	whole := true
	var real []pageRef
	for _, p := range refs {
		values, err := v.page(p, f.Type)
		if err != nil {
			v.fault(f.ID, p.ID, err)
			whole = false
			continue
		}
		r := pageRef{ID: p.ID, Rows: values.Len, Bytes: valueBytes(values, 0, values.Len)}
		r.Min, r.Max, r.Nulls = column.Bounds(values, 0, values.Len)
		if err := sameStats(&p, &r); err != nil {
			v.fault(f.ID, p.ID, fmt.Errorf("what the leaf says of the page: %w", err))
		}
		real = append(real, r)
		all.AppendFrom(values, 0, values.Len)
	}
	if !whole || all.Len != v.l.Rows || !keysOK {
		return
	}
	ends := cuts(zeros, pageBits(valueBytes(all, 0, all.Len), all.Len))
	at := 0
	for i := range real {
		at += real[i].Rows
		if i >= len(ends) || ends[i] != at {
			v.fault(f.ID, c.ID, fmt.Errorf("%w: a page ends behind sample %d", ErrCuts, at))
			return
		}
	}
}

// MerkleRoot returns the root that a table object names. An impossible one is
// object.ErrCorrupt.
func (t *TableInfo) MerkleRoot() (root merkle.Root, err error) {
	if t.Root != "" {
		if root.ID, err = object.Parse(t.Root); err != nil {
			return root, fmt.Errorf("%w: id of the root: %v", object.ErrCorrupt, err)
		}
	}
	if root.Last, err = hex.DecodeString(t.Last); err != nil {
		return root, fmt.Errorf("%w: last key: %v", object.ErrCorrupt, err)
	}
	root.Level, root.Rows, root.Bytes = t.Level, t.Rows, t.Bytes
	if err := root.Check(); err != nil {
		return root, fmt.Errorf("%w: %v", object.ErrCorrupt, err)
	}
	return root, nil
}
