package table

import (
	"bytes"
	"encoding/binary"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
)

// Bounds of what a decoder accepts.
const (
	maxColumns = 1 << 20
	maxPages   = merkle.MaxLeafRows
)

const (
	flagList = 1 << iota
	flagMin
	flagMax
)

// pageRef names a page, or the page list of a column, with its statistics.
type pageRef struct {
	ID       object.ID
	List     bool // ID names a page list
	Rows     int
	Nulls    int
	Bytes    int64
	Min, Max []byte // zone-map bounds, nil = none
}

// leafColumn is a column of a leaf.
type leafColumn struct {
	Column string // id
	pageRef
}

// leaf is a decoded leaf object.
type leaf struct {
	Rows        int
	First, Last []byte
	Columns     []leafColumn // ascending by id
}

func (l *leaf) column(id string) *leafColumn {
	for i := range l.Columns {
		if l.Columns[i].Column == id {
			return &l.Columns[i]
		}
	}
	return nil
}

func (l *leaf) bytes() (n int64) {
	for i := range l.Columns {
		n += l.Columns[i].Bytes
	}
	return n
}

func appendBytes(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

func (l *leaf) encode() []byte {
	dst := object.AppendHeader(make([]byte, 0, 64+96*len(l.Columns)), object.KindLeaf)
	dst = binary.AppendUvarint(dst, uint64(l.Rows))
	dst = appendBytes(dst, l.First)
	dst = appendBytes(dst, l.Last)
	dst = binary.AppendUvarint(dst, uint64(len(l.Columns)))
	for i := range l.Columns {
		dst = appendBytes(dst, []byte(l.Columns[i].Column))
		dst = l.Columns[i].append(dst)
	}
	return dst
}

func (p *pageRef) append(dst []byte) []byte {
	var flags byte
	if p.List {
		flags |= flagList
	}
	if p.Min != nil {
		flags |= flagMin
	}
	if p.Max != nil {
		flags |= flagMax
	}
	dst = append(dst, flags)
	dst = binary.AppendUvarint(dst, uint64(p.Nulls))
	dst = binary.AppendUvarint(dst, uint64(p.Bytes))
	if p.Min != nil {
		dst = appendBytes(dst, p.Min)
	}
	if p.Max != nil {
		dst = appendBytes(dst, p.Max)
	}
	return append(dst, p.ID[:]...)
}

func readRef(d *merkle.Decoder, rows int, listAllowed bool) pageRef {
	p := pageRef{Rows: rows}
	flags := d.Byte()
	if flags&^(flagList|flagMin|flagMax) != 0 || (flags&flagList != 0 && !listAllowed) {
		d.Fail("bad flags %#x", flags)
	}
	p.List = flags&flagList != 0
	p.Nulls = int(d.Uvarint(uint64(rows)))
	p.Bytes = int64(d.Uvarint(1 << 40))
	if flags&flagMin != 0 {
		p.Min = bytes.Clone(d.Bytes())
		if p.Min == nil {
			p.Min = []byte{}
		}
	}
	if flags&flagMax != 0 {
		p.Max = bytes.Clone(d.Bytes())
		if p.Max == nil {
			p.Max = []byte{}
		}
	}
	p.ID = d.ID()
	return p
}

func decodeLeaf(b []byte) (*leaf, error) {
	p, err := object.Payload(b, object.KindLeaf)
	if err != nil {
		return nil, err
	}
	d := merkle.Decoder{B: p}
	l := &leaf{Rows: int(d.Uvarint(merkle.MaxLeafRows))}
	l.First, l.Last = bytes.Clone(d.Bytes()), bytes.Clone(d.Bytes())
	if d.Err == nil && (l.Rows == 0 || bytes.Compare(l.First, l.Last) > 0) {
		d.Fail("leaf of %d rows with its first key behind its last", l.Rows)
	}
	n := d.Uvarint(maxColumns)
	for i := uint64(0); i < n && d.Err == nil; i++ {
		id := string(d.Bytes())
		if i > 0 && d.Err == nil && l.Columns[i-1].Column >= id {
			d.Fail("columns out of order")
		}
		l.Columns = append(l.Columns, leafColumn{Column: id, pageRef: readRef(&d, l.Rows, true)})
		if d.Err == nil && l.Columns[i].Nulls == l.Rows {
			d.Fail("column %q without values", id)
		}
	}
	return l, d.Done()
}

func encodePageList(pages []pageRef) []byte {
	dst := object.AppendHeader(make([]byte, 0, 16+80*len(pages)), object.KindPageList)
	dst = binary.AppendUvarint(dst, uint64(len(pages)))
	for i := range pages {
		dst = binary.AppendUvarint(dst, uint64(pages[i].Rows))
		dst = pages[i].append(dst)
	}
	return dst
}

func decodePageList(b []byte) ([]pageRef, error) {
	p, err := object.Payload(b, object.KindPageList)
	if err != nil {
		return nil, err
	}
	d := merkle.Decoder{B: p}
	n := d.Uvarint(maxPages)
	if d.Err == nil && n < 2 {
		d.Fail("list of %d pages", n)
	}
	var pages []pageRef
	for i := uint64(0); i < n && d.Err == nil; i++ {
		rows := int(d.Uvarint(merkle.MaxLeafRows))
		if d.Err == nil && rows == 0 {
			d.Fail("page without rows")
		}
		pages = append(pages, readRef(&d, rows, false))
	}
	return pages, d.Done()
}

// valueBytes returns the value bytes of rows from..to of v (docs/format/table.md).
// They are the same under every type that the values' own type widens to.
func valueBytes(v *column.Vector, from, to int) int64 {
	n := int64(to - from)
	switch v.Type.Layout() {
	case column.LayoutBytes:
		return int64(v.Offs[to]) - int64(v.Offs[from])
	case column.LayoutList:
		return 4*n + valueBytes(v.Kids[0], int(v.Offs[from]), int(v.Offs[to]))
	case column.LayoutFixed:
		return valueBytes(v.Kids[0], from*v.Type.Size, to*v.Type.Size)
	case column.LayoutStruct:
		var sum int64
		for _, k := range v.Kids {
			sum += valueBytes(k, from, to)
		}
		return sum
	}
	return 8 * n
}

// onePage stands for a column that is not cut inside its leaf.
const onePage = merkle.LeafBits

// pageBits returns how many trailing zero bits of a key's hash end a page of a
// column that has size value bytes in a leaf of rows rows.
func pageBits(size int64, rows int) int {
	w := (size + int64(rows) - 1) / int64(rows)
	if w <= 32 {
		return onePage
	}
	bits := 14
	for v := int64(1); v < w; v <<= 1 {
		bits--
	}
	return max(bits, 0)
}
