package table

import (
	"bytes"
	"context"
	"fmt"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// leafReader reads the columns of one leaf, each page at most once.
// Not safe for concurrent use.
type leafReader struct {
	*leaf
	r     store.Reader
	id    object.ID
	lists map[string][]pageRef
	dec   *column.PageDecoder
	pages map[pageType]*column.Vector // decoded
	wary  bool                        // the bytes may come from an enemy; see Point
}

// pageType is a page as it was decoded: one page may be that of several columns
// of different types.
type pageType struct {
	id object.ID
	t  *column.Type
}

// openLeaf reads the leaf e. A leaf that is not what e says of it is an
// *object.CorruptError. Pages are decoded with dec, which several leaves of one
// goroutine may share.
func openLeaf(ctx context.Context, r store.Reader, e *merkle.Entry, dec *column.PageDecoder) (*leafReader, error) {
	b, err := r.Get(ctx, e.ID)
	if err != nil {
		return nil, fmt.Errorf("read leaf %s: %w", e.ID, err)
	}
	l, err := decodeLeaf(b)
	if err != nil {
		return nil, merkle.Refused(e.ID, err)
	}
	if int64(l.Rows) != e.Rows || l.bytes() != e.Bytes || !bytes.Equal(l.Last, e.Last) {
		return nil, &object.CorruptError{ID: e.ID, Detail: "not the rows, bytes and last key that its node says"}
	}
	return &leafReader{leaf: l, r: r, id: e.ID, dec: dec}, nil
}

// refs returns the pages of a column, nil where it has no values here.
func (l *leafReader) refs(ctx context.Context, id string) ([]pageRef, error) {
	c := l.column(id)
	if c == nil {
		return nil, nil
	}
	if !c.List {
		return []pageRef{c.pageRef}, nil
	}
	if refs, ok := l.lists[id]; ok {
		return refs, nil
	}
	b, err := l.r.Get(ctx, c.ID)
	if err != nil {
		return nil, fmt.Errorf("read page list %s of column %s: %w", c.ID, id, err)
	}
	refs, err := decodePageList(b)
	if err != nil {
		return nil, merkle.Refused(c.ID, err)
	}
	if sum := sumRefs(refs); sum.Rows != c.Rows || sum.Nulls != c.Nulls || sum.Bytes != c.Bytes {
		return nil, &object.CorruptError{ID: c.ID, Detail: "not the rows, nulls and bytes that its leaf says"}
	}
	if l.lists == nil {
		l.lists = map[string][]pageRef{}
	}
	l.lists[id] = refs
	return refs, nil
}

// page returns the values of one page, decoded once.
func (l *leafReader) page(ctx context.Context, p pageRef, t *column.Type) (*column.Vector, error) {
	at := pageType{p.ID, t}
	if v, ok := l.pages[at]; ok {
		return v, nil
	}
	v := column.NewVector(t, p.Rows)
	if err := l.readPage(ctx, p, v); err != nil {
		return nil, err
	}
	if l.pages == nil {
		l.pages = map[pageType]*column.Vector{}
	}
	l.pages[at] = v
	return v, nil
}

// readPage appends the values of p to v.
func (l *leafReader) readPage(ctx context.Context, p pageRef, v *column.Vector) error {
	b, err := l.r.Get(ctx, p.ID)
	if err != nil {
		return fmt.Errorf("read page %s: %w", p.ID, err)
	}
	if n, err := column.PageRows(b); err == nil && n != p.Rows {
		return &object.CorruptError{ID: p.ID, Detail: fmt.Sprintf("%d rows, want %d", n, p.Rows)}
	}
	if l.wary {
		return l.decodeWary(b, p, v)
	}
	if err := l.dec.Decode(b, v); err != nil {
		return merkle.Refused(p.ID, err)
	}
	return nil
}

// appendColumn appends all values of the column f to v, nulls where it has none.
func (l *leafReader) appendColumn(ctx context.Context, f *column.Field, v *column.Vector) error {
	refs, err := l.refs(ctx, f.ID)
	if err != nil {
		return err
	}
	if refs == nil {
		v.AppendNulls(l.Rows)
		return nil
	}
	for _, p := range refs {
		if known, ok := l.pages[pageType{p.ID, f.Type}]; ok {
			v.AppendFrom(known, 0, known.Len)
			continue
		}
		if err := l.readPage(ctx, p, v); err != nil {
			return err
		}
	}
	return nil
}

// batch returns the given columns of the whole leaf. sub is their schema.
func (l *leafReader) batch(ctx context.Context, sub *column.Schema) (*column.Batch, error) {
	b := column.NewBatch(sub, l.Rows)
	for i := range sub.Fields {
		if err := l.appendColumn(ctx, &sub.Fields[i], b.Cols[i]); err != nil {
			return nil, err
		}
	}
	b.Len = l.Rows
	return b, nil
}

// keys returns the encoded keys of all rows, one after the other, with their
// ends. The pages of the key columns stay decoded.
func (l *leafReader) keys(ctx context.Context, s *column.Schema) (keySet, error) {
	sub := keySchema(s)
	b := &column.Batch{Schema: sub, Len: l.Rows}
	for i := range sub.Fields {
		f := &sub.Fields[i]
		refs, err := l.refs(ctx, f.ID)
		if err != nil {
			return keySet{}, err
		}
		if refs == nil {
			return keySet{}, &object.CorruptError{ID: l.id, Detail: "no values in the key column " + f.ID}
		}
		v := column.NewVector(f.Type, 0)
		for _, p := range refs {
			part, err := l.page(ctx, p, f.Type)
			if err != nil {
				return keySet{}, err
			}
			if part.Nulls > 0 {
				return keySet{}, &object.CorruptError{ID: p.ID, Detail: "null in the key column " + f.ID}
			}
			if len(refs) == 1 {
				v = part
			} else {
				v.AppendFrom(part, 0, part.Len)
			}
		}
		b.Cols = append(b.Cols, v)
	}
	return encodeKeys(b), nil
}

// keySchema returns the key columns of s alone, in key order.
func keySchema(s *column.Schema) *column.Schema {
	sub := &column.Schema{Key: s.Key}
	for _, i := range s.KeyColumns() {
		sub.Fields = append(sub.Fields, s.Fields[i])
	}
	return sub
}

// keySet is many keys in one buffer.
type keySet struct {
	data []byte
	ends []uint32
}

func encodeKeys(b *column.Batch) keySet {
	pos := b.Schema.KeyColumns()
	k := keySet{data: make([]byte, 0, 12*b.Len), ends: make([]uint32, b.Len)}
	for i := range b.Len {
		k.data = column.RowKey(k.data, b, pos, i)
		k.ends[i] = uint32(len(k.data))
	}
	return k
}

func (k *keySet) len() int { return len(k.ends) }

func (k *keySet) at(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = k.ends[i-1]
	}
	return k.data[from:k.ends[i]:k.ends[i]]
}
