package table

import (
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
	pages map[object.ID]*column.Vector // decoded, by page id
}

func openLeaf(ctx context.Context, r store.Reader, id object.ID) (*leafReader, error) {
	b, err := r.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read leaf %s: %w", id, err)
	}
	l, err := decodeLeaf(b)
	if err != nil {
		return nil, &object.CorruptError{ID: id, Detail: err.Error()}
	}
	return &leafReader{leaf: l, r: r, id: id}, nil
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
	if err == nil {
		rows := 0
		for _, p := range refs {
			rows += p.Rows
		}
		if rows != l.Rows {
			err = fmt.Errorf("%d rows in a leaf of %d", rows, l.Rows)
		}
	}
	if err != nil {
		return nil, &object.CorruptError{ID: c.ID, Detail: err.Error()}
	}
	if l.lists == nil {
		l.lists = map[string][]pageRef{}
	}
	l.lists[id] = refs
	return refs, nil
}

// page returns the values of one page, decoded once.
func (l *leafReader) page(ctx context.Context, p pageRef, t *column.Type) (*column.Vector, error) {
	if v, ok := l.pages[p.ID]; ok {
		return v, nil
	}
	v := column.NewVector(t, p.Rows)
	if err := readPage(ctx, l.r, p, v); err != nil {
		return nil, err
	}
	if l.pages == nil {
		l.pages = map[object.ID]*column.Vector{}
	}
	l.pages[p.ID] = v
	return v, nil
}

// readPage appends the values of p to v.
func readPage(ctx context.Context, r store.Reader, p pageRef, v *column.Vector) error {
	b, err := r.Get(ctx, p.ID)
	if err != nil {
		return fmt.Errorf("read page %s: %w", p.ID, err)
	}
	before := v.Len
	if err := column.DecodePage(b, v); err != nil {
		return &object.CorruptError{ID: p.ID, Detail: err.Error()}
	}
	if v.Len-before != p.Rows {
		return &object.CorruptError{ID: p.ID, Detail: fmt.Sprintf("%d rows, want %d", v.Len-before, p.Rows)}
	}
	return nil
}

// column appends all values of the column f to v, nulls where it has none.
func (l *leafReader) appendColumn(ctx context.Context, f *column.Field, v *column.Vector) error {
	refs, err := l.refs(ctx, f.ID)
	if err != nil {
		return err
	}
	if refs == nil {
		for range l.Rows {
			v.AppendNull()
		}
		return nil
	}
	for _, p := range refs {
		if dec, ok := l.pages[p.ID]; ok {
			v.AppendFrom(dec, 0, dec.Len)
			continue
		}
		if err := readPage(ctx, l.r, p, v); err != nil {
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
// ends.
func (l *leafReader) keys(ctx context.Context, s *column.Schema) (keySet, error) {
	b, err := l.batch(ctx, keySchema(s))
	if err != nil {
		return keySet{}, err
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

func (k *keySet) append(key []byte) {
	k.data = append(k.data, key...)
	k.ends = append(k.ends, uint32(len(k.data)))
}

// zeros returns the cut strength of every key.
func (k *keySet) zeros() []uint8 {
	z := make([]uint8, k.len())
	for i := range z {
		z[i] = uint8(merkle.Zeros(k.at(i)))
	}
	return z
}
