package parquet

import (
	"bytes"
	"errors"
	"io"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"

	"github.com/strata-data/strata/internal/column"
)

// leaf reads the values of one leaf column from the first row group to the
// last. It is used by one goroutine at a time.
type leaf struct {
	node *node
	file *reader

	group int   // row group of the open pages
	left  int64 // rows of it that were not begun yet
	pages pq.Pages
	page  pq.Page

	n    int // entries of the page: its levels, or its values where it has none
	pos  int // next entry
	vpos int // next value
	raw  encoding.Values
	defs []byte
	reps []byte

	dict    pq.Dictionary
	dictVec *column.Vector // the converted dictionary

	// What the last call of read has read.
	gotDefs []byte
	gotReps []byte
}

// read appends the values that are there in the next rows rows to the buffers
// of v, and keeps their levels.
func (l *leaf) read(v *column.Vector, rows int) error {
	l.gotDefs, l.gotReps = l.gotDefs[:0], l.gotReps[:0]
	for rows > 0 {
		if l.pages == nil || (l.left == 0 && l.group < len(l.file.groups)) {
			if err := l.openGroup(); err != nil {
				return err
			}
			continue
		}
		n := int(min(int64(rows), l.left))
		var err error
		if l.node.rep > 0 {
			err = l.readRepeated(v, n)
		} else {
			err = l.readFlat(v, n)
		}
		if err != nil {
			return err
		}
		rows -= n
		l.left -= int64(n)
		if l.left == 0 {
			if err := l.endGroup(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *leaf) openGroup() error {
	for l.group < len(l.file.groups) && l.file.groups[l.group].NumRows() == 0 {
		l.group++
	}
	if l.group >= len(l.file.groups) {
		return malformed("parquet: fewer rows than the file says")
	}
	g := l.file.groups[l.group]
	l.left = g.NumRows()
	meta := &l.file.meta.RowGroups[l.group].Columns[l.node.leaf].MetaData
	if err := checkPages(l.file.r, l.file.size, meta, l.left, l.node.rep == 0); err != nil {
		return err
	}
	l.pages = g.ColumnChunks()[l.node.leaf].Pages()
	l.dict, l.dictVec = nil, nil
	return nil
}

// endGroup checks that the column chunk ends where its row group does.
func (l *leaf) endGroup() error {
	if l.pos < l.n {
		return malformed("parquet: a column has more rows than its row group")
	}
	more, err := l.nextPage()
	if err != nil {
		return err
	}
	if more {
		return malformed("parquet: a column has more rows than its row group")
	}
	l.close()
	l.group++
	return nil
}

func (l *leaf) close() {
	if l.page != nil {
		pq.Release(l.page)
		l.page = nil
	}
	if l.pages != nil {
		l.pages.Close()
		l.pages = nil
	}
	l.n, l.pos = 0, 0
}

// nextPage makes the next page with entries current, or reports that there is
// none.
func (l *leaf) nextPage() (bool, error) {
	for {
		if l.page != nil {
			pq.Release(l.page)
			l.page = nil
		}
		l.n, l.pos, l.vpos = 0, 0, 0
		p, err := l.pages.ReadPage()
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return false, nil
		}
		if err != nil {
			return false, malformed("parquet: %v", err)
		}
		l.page = p
		l.defs, l.reps = p.DefinitionLevels(), p.RepetitionLevels()
		l.n = int(p.NumValues())
		if l.node.def > 0 && len(l.defs) != l.n || l.node.rep > 0 && len(l.reps) != l.n {
			return false, malformed("parquet: %d values with %d and %d levels", l.n, len(l.defs), len(l.reps))
		}
		l.raw = p.Data()
		if l.n == 0 {
			continue
		}
		return true, l.loadDict(p.Dictionary())
	}
}

// loadDict converts the dictionary d of the page, once for each column chunk.
func (l *leaf) loadDict(d pq.Dictionary) error {
	if d == l.dict {
		return nil
	}
	l.dict, l.dictVec = d, nil
	if d == nil || l.node.conv == convNull {
		return nil
	}
	l.dictVec = column.NewVector(l.node.typ, d.Len())
	vals := d.Page().Data()
	return l.node.dense(l.dictVec, &vals, 0, d.Len())
}

func (l *leaf) needPage() (bool, error) {
	if l.pos < l.n {
		return true, nil
	}
	return l.nextPage()
}

// readFlat reads n rows of a column that does not repeat.
func (l *leaf) readFlat(v *column.Vector, n int) error {
	for n > 0 {
		if ok, err := l.needPage(); err != nil {
			return err
		} else if !ok {
			return malformed("parquet: a column has fewer rows than its row group")
		}
		take := min(n, l.n-l.pos)
		if err := l.take(v, take); err != nil {
			return err
		}
		n -= take
	}
	return nil
}

// readRepeated reads n rows: the entries up to the one that begins row n+1.
func (l *leaf) readRepeated(v *column.Vector, n int) error {
	begun := 0
	for {
		ok, err := l.needPage()
		if err != nil {
			return err
		}
		if !ok {
			if begun < n {
				return malformed("parquet: a column has fewer rows than its row group")
			}
			return nil
		}
		end := l.pos
		for end < l.n {
			if l.reps[end] == 0 {
				if begun == n {
					break
				}
				begun++
			} else if begun == 0 {
				return malformed("parquet: the first value of a column belongs to no row")
			}
			end++
		}
		stop := end < l.n
		if err := l.take(v, end-l.pos); err != nil {
			return err
		}
		if stop {
			return nil
		}
	}
}

// take reads the next n entries of the page.
func (l *leaf) take(v *column.Vector, n int) error {
	values := n
	if l.node.def > 0 {
		d := l.defs[l.pos : l.pos+n]
		l.gotDefs = append(l.gotDefs, d...)
		values = bytes.Count(d, []byte{byte(l.node.def)})
	}
	if l.node.rep > 0 {
		l.gotReps = append(l.gotReps, l.reps[l.pos:l.pos+n]...)
	}
	l.pos += n
	from := l.vpos
	l.vpos += values
	if values == 0 {
		return nil
	}
	if l.dictVec != nil {
		return gather(v, l.dictVec, &l.raw, from, l.vpos)
	}
	return l.node.dense(v, &l.raw, from, l.vpos)
}

// gather appends the values of dict that the indexes from..to of raw name.
func gather(v, dict *column.Vector, raw *encoding.Values, from, to int) error {
	if raw.Kind() != encoding.Int32 || to > len(raw.Int32()) {
		return errShort
	}
	idx := raw.Int32()[from:to]
	n := uint32(len(dict.Ints) + len(dict.F32) + len(dict.F64))
	if dict.Offs != nil {
		n = uint32(len(dict.Offs) - 1)
	}
	for _, i := range idx {
		if uint32(i) >= n {
			return malformed("parquet: dictionary index %d of %d", uint32(i), n)
		}
	}
	switch v.Type.Layout() {
	case column.LayoutInt:
		v.Ints = pick(v.Ints, dict.Ints, idx)
	case column.LayoutF32:
		v.F32 = pick(v.F32, dict.F32, idx)
	case column.LayoutF64:
		v.F64 = pick(v.F64, dict.F64, idx)
	default:
		return pickBytes(v, dict, idx)
	}
	return nil
}

func pick[T any](dst, dict []T, idx []int32) []T {
	for _, i := range idx {
		dst = append(dst, dict[i])
	}
	return dst
}

func pickBytes(v, dict *column.Vector, idx []int32) error {
	size := len(v.Bytes)
	for _, i := range idx {
		size += int(dict.Offs[i+1] - dict.Offs[i])
	}
	if size > maxBytes {
		return tooLarge(v)
	}
	at, oat := len(v.Bytes), len(v.Offs)
	v.Bytes = grown(v.Bytes, size)
	v.Offs = grown(v.Offs, oat+len(idx))
	for k, i := range idx {
		at += copy(v.Bytes[at:], dict.Bytes[dict.Offs[i]:dict.Offs[i+1]])
		v.Offs[oat+k] = uint32(at)
	}
	return nil
}

// grown returns s with length n, its new elements not set.
func grown[T any](s []T, n int) []T {
	if n <= cap(s) {
		return s[:n]
	}
	t := make([]T, n, n+n/4)
	copy(t, s)
	return t
}
