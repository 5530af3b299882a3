package table

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sort"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// Edit is one change of a table by key.
type Edit struct {
	Key []byte
	Row int  // row of the edit batch that is the sample's new content; -1 removes it
	New bool // the key must not be there yet
}

// EditStats counts what Apply did.
type EditStats struct {
	Added, Removed, Replaced int64
	Modified                 int64 // of those replaced, the ones that have another value now
}

// Apply makes the table that t becomes under edits, which are in ascending
// order of key, each key once; rows holds their new content under the schema
// of t. Only leaves that an edit falls into are read, only pages that hold an
// edited row are written. The root is the one that a Builder would make of the
// resulting rows. Removing a key that is not there does nothing; a New key
// that is there is a *DuplicateKeyError.
func Apply(ctx context.Context, w store.Writer, t *Table, rows *column.Batch, edits []Edit) (merkle.Root, EditStats, error) {
	e := &editor{ctx: ctx, t: t, w: w, rows: rows, edits: edits, nodes: merkle.NewBuilder(w)}
	root, err := merkle.Edit(ctx, t.r, e.nodes, t.Root, e)
	return root, e.stats, err
}

// editor implements merkle.Rewriter.
type editor struct {
	ctx   context.Context
	t     *Table
	w     store.Writer
	rows  *column.Batch
	edits []Edit // those not yet done
	nodes *merkle.Builder
	stats EditStats
	enc   encoder
	dec   column.PageDecoder

	changed []bool // rows of the open leaf that replace others and differ
	cells   []bool // the same of the column at hand

	segs  []segment // the open leaf
	zeros []uint8
	first []byte
	last  []byte
	base  object.ID // the old leaf that the open one begins in
}

// segment is a run of rows of the open leaf: of an old leaf, or new ones.
type segment struct {
	old      *leafReader // nil: rows of the edit batch
	from, to int
	// near is where new rows fall: the old leaf and the row that they replace
	// or stand before. Pages of them are stored as edits of the pages there.
	near    *leafReader
	nearRow int
	replace bool // they replace the rows from nearRow on, one by one
}

func (e *editor) Touches(last []byte, isLast bool) bool {
	return len(e.edits) > 0 && (isLast || bytes.Compare(e.edits[0].Key, last) <= 0)
}

func (e *editor) Pending() bool { return len(e.zeros) > 0 }

func (e *editor) Leaf(ctx context.Context, entry merkle.Entry, isLast bool) error {
	l, err := openLeaf(ctx, e.t.r, &entry, &e.dec)
	if err != nil {
		return err
	}
	keys, err := l.keys(ctx, e.t.Schema)
	if err != nil {
		return err
	}
	at := 0
	for e.Touches(entry.Last, isLast) {
		ed := e.edits[0]
		e.edits = e.edits[1:]
		to := at + sort.Search(keys.len()-at, func(i int) bool { return bytes.Compare(keys.at(at+i), ed.Key) >= 0 })
		if err := e.keep(l, &keys, at, to); err != nil {
			return err
		}
		at = to
		if at < keys.len() && bytes.Equal(keys.at(at), ed.Key) {
			if ed.New {
				return &DuplicateKeyError{Key: bytes.Clone(ed.Key), Row: int64(ed.Row), Old: -1}
			}
			at++
			e.count(ed.Row, true)
		} else {
			e.count(ed.Row, false)
		}
		if ed.Row >= 0 {
			if err := e.add(l, to, at > to, ed); err != nil {
				return err
			}
		}
	}
	return e.keep(l, &keys, at, keys.len())
}

func (e *editor) count(row int, found bool) {
	switch {
	case row < 0 && found:
		e.stats.Removed++
	case row >= 0 && found:
		e.stats.Replaced++
	case row >= 0:
		e.stats.Added++
	}
}

// keep takes over rows from..to of an old leaf.
func (e *editor) keep(l *leafReader, keys *keySet, from, to int) error {
	start := from
	for i := from; i < to; i++ {
		if e.push(l, keys.at(i)) {
			e.segs = append(e.segs, segment{old: l, from: start, to: i + 1})
			start = i + 1
			if err := e.flush(); err != nil {
				return err
			}
		}
	}
	if start < to {
		e.segs = append(e.segs, segment{old: l, from: start, to: to})
	}
	return nil
}

// add takes the new row of an edit, which falls at a row of the old leaf l and
// may replace it.
func (e *editor) add(l *leafReader, row int, replace bool, ed Edit) error {
	ends := e.push(l, ed.Key)
	if n := len(e.segs); n > 0 && e.segs[n-1].extends(l, row, replace, ed.Row) {
		e.segs[n-1].to++
	} else {
		e.segs = append(e.segs, segment{from: ed.Row, to: ed.Row + 1, near: l, nearRow: row, replace: replace})
	}
	if ends {
		return e.flush()
	}
	return nil
}

// extends reports whether a further new row can be counted to the segment.
func (s *segment) extends(l *leafReader, row int, replace bool, newRow int) bool {
	if s.old != nil || s.to != newRow || s.replace != replace || s.near != l {
		return false
	}
	return !replace || s.nearRow+s.to-s.from == row
}

// push counts one more row of the open leaf and reports whether it ends it.
func (e *editor) push(l *leafReader, key []byte) bool {
	if len(e.zeros) == 0 {
		e.first = bytes.Clone(key)
		e.base = object.ID{}
		if l != nil {
			e.base = l.id
		}
	}
	e.last = key
	z := merkle.Zeros(key)
	e.zeros = append(e.zeros, uint8(z))
	return z >= merkle.LeafBits || len(e.zeros) >= merkle.MaxLeafRows
}

func (e *editor) Finish(ctx context.Context) error {
	for len(e.edits) > 0 { // only where the tree was empty
		ed := e.edits[0]
		e.edits = e.edits[1:]
		e.count(ed.Row, false)
		if ed.Row >= 0 {
			if err := e.add(nil, 0, false, ed); err != nil {
				return err
			}
		}
	}
	if len(e.zeros) > 0 {
		return e.flush()
	}
	return nil
}

// flush writes the open leaf.
func (e *editor) flush() error {
	e.enc.reset(e.enc.buf)
	e.changed = cleared(e.changed, len(e.zeros))
	out := &newLeaf{rows: len(e.zeros), first: e.first, last: bytes.Clone(e.last), base: e.base}
	for i := range e.t.Schema.Fields {
		c, err := e.column(i)
		if err != nil {
			return fmt.Errorf("column %s: %w", e.t.Schema.Fields[i].Name, err)
		}
		if c != nil {
			out.columns = append(out.columns, *c)
		}
	}
	sort.Slice(out.columns, func(i, j int) bool { return out.columns[i].id < out.columns[j].id })
	entry, err := out.write(e.ctx, e.w)
	if err != nil {
		return err
	}
	for _, c := range e.changed {
		if c {
			e.stats.Modified++
		}
	}
	e.segs, e.zeros = e.segs[:0], e.zeros[:0]
	return e.nodes.Append(e.ctx, 0, entry)
}

// piece is a run of rows of one column of the open leaf.
type piece struct {
	old   *leafReader    // where page lies, nil for new rows and nulls
	page  pageRef        // the old page, if old is set
	vec   *column.Vector // values; of an old page only once it was needed
	from  int            // in the page or the edit batch
	rows  int
	nulls bool // a run of nulls of a column that the old leaf does not have

	near    []pageRef // of new rows: the old pages where they fall
	nearRow int       // and the row there of row 0 of vec
	leaf    *leafReader
	replace bool
}

// at returns the old page that the piece begins in or at, if there is one, and
// the row there.
func (p *piece) at() (ref pageRef, row int, ok bool) {
	if p.old != nil {
		return p.page, p.from, true
	}
	row = p.nearRow + p.from
	for _, ref := range p.near {
		if row < ref.Rows {
			return ref, row, true
		}
		row -= ref.Rows
	}
	return pageRef{}, 0, false
}

func (p *piece) whole() bool { return p.old != nil && p.from == 0 && p.rows == p.page.Rows }

// column makes column i of the open leaf, nil where it has no values.
func (e *editor) column(i int) (*newColumn, error) {
	f := &e.t.Schema.Fields[i]
	pieces, base, err := e.pieces(i)
	if err != nil {
		return nil, err
	}
	if err := e.mark(f.Type, pieces); err != nil {
		return nil, err
	}
	var size int64
	nulls := 0
	for k := range pieces {
		n, z, err := e.measure(&pieces[k], f.Type)
		if err != nil {
			return nil, err
		}
		size += n
		nulls += z
	}
	if nulls == len(e.zeros) {
		return nil, nil
	}
	c := &newColumn{id: f.ID, base: base}
	from := 0
	for _, to := range cuts(e.zeros, pageBits(size, len(e.zeros))) {
		p, rest, err := e.page(f.Type, pieces, from, to-from)
		if err != nil {
			return nil, err
		}
		c.pages = append(c.pages, p)
		pieces, from = rest, to
	}
	return c, nil
}

// pieces lists where the values of column i of the open leaf come from, and
// the page list that most of them hung off.
func (e *editor) pieces(i int) (out []piece, base object.ID, err error) {
	f := &e.t.Schema.Fields[i]
	for _, s := range e.segs {
		if s.old == nil {
			p := piece{vec: e.rows.Cols[i], from: s.from, rows: s.to - s.from, nearRow: s.nearRow - s.from, leaf: s.near, replace: s.replace}
			if s.near != nil {
				if p.near, err = s.near.refs(e.ctx, f.ID); err != nil {
					return nil, base, err
				}
				if c := s.near.leaf.column(f.ID); c != nil && c.List && base.IsZero() {
					base = c.ID
				}
			}
			out = append(out, p)
			continue
		}
		refs, err := s.old.refs(e.ctx, f.ID)
		if err != nil {
			return nil, base, err
		}
		if refs == nil {
			out = append(out, piece{nulls: true, rows: s.to - s.from})
			continue
		}
		if c := s.old.leaf.column(f.ID); base.IsZero() && c.List {
			base = c.ID
		}
		at := 0
		for _, p := range refs {
			from, to := max(s.from, at), min(s.to, at+p.Rows)
			if from < to {
				out = append(out, piece{old: s.old, page: p, from: from - at, rows: to - from})
			}
			at += p.Rows
		}
	}
	return out, base, nil
}

// load makes the values of a piece available.
func (e *editor) load(p *piece, t *column.Type) (err error) {
	if p.vec == nil && p.old != nil {
		p.vec, err = p.old.page(e.ctx, p.page, t)
	}
	return err
}

// measure returns the value bytes and nulls of a piece.
func (e *editor) measure(p *piece, t *column.Type) (size int64, nulls int, err error) {
	switch {
	case p.nulls:
		return nullBytes(t, int64(p.rows)), p.rows, nil
	case p.whole():
		return p.page.Bytes, p.page.Nulls, nil
	}
	if err := e.load(p, t); err != nil {
		return 0, 0, err
	}
	if p.vec.Nulls > 0 {
		for i := range p.rows {
			if p.vec.IsNull(p.from + i) {
				nulls++
			}
		}
	}
	return valueBytes(p.vec, p.from, p.from+p.rows), nulls, nil
}

// page makes the next page, of the given rows, from the front of pieces and
// returns the pieces behind it. A page that is an old one is taken over.
func (e *editor) page(t *column.Type, pieces []piece, from, rows int) (newPage, []piece, error) {
	if len(pieces) > 0 && pieces[0].whole() && pieces[0].rows == rows {
		return newPage{pageRef: pieces[0].page}, pieces[1:], nil
	}
	if same, rest := e.unchanged(pieces, from, rows); rest != nil {
		return newPage{pageRef: same}, rest, nil
	}
	v := column.NewVector(t, rows)
	var base object.ID
	for v.Len < rows {
		if len(pieces) == 0 {
			return newPage{}, nil, fmt.Errorf("table: leaf of %d rows ran short", rows)
		}
		p := &pieces[0]
		n := min(rows-v.Len, p.rows)
		if ref, _, ok := p.at(); ok && base.IsZero() {
			base = ref.ID
		}
		if p.nulls {
			v.AppendNulls(n)
		} else {
			if err := e.load(p, t); err != nil {
				return newPage{}, nil, err
			}
			v.AppendFrom(p.vec, p.from, p.from+n)
		}
		if p.rows == n {
			pieces = pieces[1:]
			continue
		}
		p.from += n
		p.rows -= n
	}
	out, err := e.enc.run(v, 0, rows)
	out.base = base
	return out, pieces, err
}

// unchanged finds that the next page is an old one after all: the rows that
// replace some of its rows have the same values in this column. It returns the
// page and the pieces behind it, which are not nil, or nil.
func (e *editor) unchanged(pieces []piece, from, rows int) (pageRef, []piece) {
	page, row, ok := pieces[0].at()
	if !ok || row != 0 || page.Rows != rows || slices.Contains(e.cells[from:from+rows], true) {
		return page, nil
	}
	rest := pieces
	for at := 0; at < rows; {
		p := rest[0]
		ref, row, ok := p.at()
		if !ok || row != at || ref.ID != page.ID || (p.old == nil && !p.replace) {
			return page, nil
		}
		n := min(p.rows, rows-at)
		if n == p.rows {
			rest = rest[1:]
		} else {
			rest = append([]piece{p}, rest[1:]...)
			rest[0].from += n
			rest[0].rows -= n
		}
		at += n
	}
	return page, append([]piece{}, rest...)
}

// mark compares the rows of a column that replace others with those: cells
// says of which the value is another one, changed gathers that over columns.
func (e *editor) mark(t *column.Type, pieces []piece) error {
	e.cells = cleared(e.cells, len(e.zeros))
	at := 0
	for k := range pieces {
		p := &pieces[k]
		if p.old == nil && p.replace {
			if err := e.markPiece(t, p, at); err != nil {
				return err
			}
		}
		at += p.rows
	}
	return nil
}

func (e *editor) markPiece(t *column.Type, p *piece, at int) error {
	for j := 0; j < p.rows; {
		q := *p
		q.from += j
		ref, row, ok := q.at()
		n := p.rows - j
		var old *column.Vector
		if ok {
			n = min(n, ref.Rows-row)
			var err error
			if old, err = p.leaf.page(e.ctx, ref, t); err != nil {
				return err
			}
		}
		for i := range n {
			if ok && !column.Equal(old, row+i, p.vec, q.from+i) || !ok && !p.vec.IsNull(q.from+i) {
				e.cells[at+j+i], e.changed[at+j+i] = true, true
			}
		}
		j += n
	}
	return nil
}

// cleared returns n times false, in the memory of b if it is enough.
func cleared(b []bool, n int) []bool {
	b = slices.Grow(b[:0], n)[:n]
	clear(b)
	return b
}

// nullBytes returns the value bytes of n nulls of type t.
func nullBytes(t *column.Type, n int64) int64 {
	switch t.Layout() {
	case column.LayoutBytes:
		return 0
	case column.LayoutList:
		return 4 * n
	case column.LayoutFixed:
		return nullBytes(t.Elem, n*int64(t.Size))
	case column.LayoutStruct:
		var sum int64
		for _, f := range t.Fields {
			sum += nullBytes(f.Type, n)
		}
		return sum
	}
	return 8 * n
}
