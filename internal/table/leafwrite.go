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
	taken *pageRef  // all of the column, as it is there already
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

// encoder makes pages of vectors. It belongs to one goroutine.
type encoder struct {
	page column.PageEncoder
	buf  []byte // the pages since the last reset
}

// reset makes room for new pages; those made before must have been written.
func (e *encoder) reset(buf []byte) { e.buf = buf[:0] }

// leaf encodes all rows of b, which are one leaf in key order, as new pages.
func (e *encoder) leaf(b *column.Batch, zeros []uint8, first, last []byte) (*newLeaf, error) {
	l := &newLeaf{rows: b.Len, first: first, last: last}
	for i, f := range b.Schema.Fields {
		c, err := e.column(f.ID, b.Cols[i], zeros)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", f.Name, err)
		}
		if c != nil {
			l.columns = append(l.columns, *c)
		}
	}
	sort.Slice(l.columns, func(i, j int) bool { return l.columns[i].id < l.columns[j].id })
	return l, nil
}

// column returns nil for a column without values.
func (e *encoder) column(id string, v *column.Vector, zeros []uint8) (*newColumn, error) {
	n := v.Len
	if v.Nulls == n {
		return nil, nil
	}
	c := &newColumn{id: id}
	from := 0
	for _, to := range cuts(zeros, pageBits(valueBytes(v, 0, n), n)) {
		p, err := e.run(v, from, to)
		if err != nil {
			return nil, err
		}
		c.pages = append(c.pages, p)
		from = to
	}
	return c, nil
}

// run makes a page of rows from..to of v.
func (e *encoder) run(v *column.Vector, from, to int) (p newPage, err error) {
	if err := column.PageFits(v, from, to); err != nil {
		return p, err
	}
	at := len(e.buf)
	e.buf = e.page.Encode(e.buf, v, from, to)
	p.raw = e.buf[at:len(e.buf):len(e.buf)]
	p.Rows, p.Bytes = to-from, valueBytes(v, from, to)
	p.Min, p.Max, p.Nulls = column.Bounds(v, from, to)
	return p, nil
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
	if c.taken != nil {
		return *c.taken, nil
	}
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
