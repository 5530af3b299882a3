package table

import (
	"bytes"
	"context"
	"fmt"
	"sort"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// newPage is a page to be written, or one that is there already (raw nil).
type newPage struct {
	pageRef
	raw  []byte
	base object.ID // an older page that it was edited from
}

// newColumn is a column of a leaf to be written.
type newColumn struct {
	id    string
	pages []newPage
	base  object.ID // the older page list
}

// newLeaf is a leaf whose pages are encoded and not yet written.
type newLeaf struct {
	rows        int
	first, last []byte
	columns     []newColumn // ascending by id, all-null ones left out
	base        object.ID   // the older leaf
}

// cuts returns the ends of the pages of a column that ends pages behind keys
// with at least bits zeros, where zeros are those of the leaf's rows.
func cuts(zeros []uint8, bits int) []int {
	if bits >= onePage {
		return []int{len(zeros)}
	}
	var ends []int
	start, limit := 0, 8<<bits
	for i, z := range zeros {
		if int(z) >= bits || i+1-start >= limit {
			ends = append(ends, i+1)
			start = i + 1
		}
	}
	if start < len(zeros) {
		ends = append(ends, len(zeros))
	}
	return ends
}

// encodeLeaf encodes all rows of b, which are one leaf in key order, as new
// pages. It touches no shared state and may run beside others.
func encodeLeaf(b *column.Batch, zeros []uint8, first, last []byte) *newLeaf {
	l := &newLeaf{rows: b.Len, first: first, last: last}
	for i, f := range b.Schema.Fields {
		if c := encodeColumn(f.ID, b.Cols[i], zeros); c != nil {
			l.columns = append(l.columns, *c)
		}
	}
	sort.Slice(l.columns, func(i, j int) bool { return l.columns[i].id < l.columns[j].id })
	return l
}

// encodeColumn returns nil for a column without values.
func encodeColumn(id string, v *column.Vector, zeros []uint8) *newColumn {
	n := v.Len
	if v.Nulls == n {
		return nil
	}
	c := &newColumn{id: id}
	from := 0
	for _, to := range cuts(zeros, pageBits(valueBytes(v, 0, n), n)) {
		c.pages = append(c.pages, encodePage(v, from, to))
		from = to
	}
	return c
}

func encodePage(v *column.Vector, from, to int) newPage {
	p := newPage{raw: column.EncodePage(nil, v, from, to)}
	p.Rows, p.Bytes = to-from, valueBytes(v, from, to)
	p.Min, p.Max, p.Nulls = column.Bounds(v, from, to)
	return p
}

// write puts the leaf and what hangs off it and returns its entry.
func (l *newLeaf) write(ctx context.Context, w store.Writer) (merkle.Entry, error) {
	out := leaf{Rows: l.rows, First: l.first, Last: l.last}
	for i := range l.columns {
		ref, err := l.columns[i].write(ctx, w)
		if err != nil {
			return merkle.Entry{}, err
		}
		out.Columns = append(out.Columns, leafColumn{Column: l.columns[i].id, pageRef: ref})
	}
	id, err := w.Put(ctx, out.encode(), store.Hint{Stream: streamLeaf, Base: l.base})
	if err != nil {
		return merkle.Entry{}, fmt.Errorf("write leaf: %w", err)
	}
	return merkle.Entry{Last: l.last, ID: id, Rows: int64(l.rows), Bytes: out.bytes()}, nil
}

func (c *newColumn) write(ctx context.Context, w store.Writer) (pageRef, error) {
	refs := make([]pageRef, len(c.pages))
	for i := range c.pages {
		p := &c.pages[i]
		if p.raw != nil {
			id, err := w.Put(ctx, p.raw, store.Hint{Stream: streamColumn + c.id, Base: p.base})
			if err != nil {
				return pageRef{}, fmt.Errorf("write page of column %s: %w", c.id, err)
			}
			p.ID, p.raw = id, nil
		}
		refs[i] = p.pageRef
	}
	sum := sumRefs(refs)
	if len(refs) == 1 {
		return sum, nil
	}
	id, err := w.Put(ctx, encodePageList(refs), store.Hint{Stream: streamPageList, Base: c.base})
	if err != nil {
		return pageRef{}, fmt.Errorf("write page list of column %s: %w", c.id, err)
	}
	sum.ID, sum.List = id, true
	return sum, nil
}

// sumRefs returns the statistics of all pages together; of one page, itself.
func sumRefs(refs []pageRef) pageRef {
	sum := refs[0]
	for _, p := range refs[1:] {
		sum.Rows += p.Rows
		sum.Bytes += p.Bytes
		switch {
		case p.Nulls == p.Rows:
		case sum.Nulls == sum.Rows-p.Rows:
			sum.Min, sum.Max = p.Min, p.Max
		default:
			if p.Min == nil || sum.Min == nil {
				sum.Min = nil
			} else if bytes.Compare(p.Min, sum.Min) < 0 {
				sum.Min = p.Min
			}
			if p.Max == nil || sum.Max == nil {
				sum.Max = nil
			} else if bytes.Compare(p.Max, sum.Max) > 0 {
				sum.Max = p.Max
			}
		}
		sum.Nulls += p.Nulls
	}
	return sum
}
