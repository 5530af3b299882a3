package table

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"

	"github.com/strata-data/strata/internal/column"
)

// Sorter puts rows into key order within a memory budget. Rows beyond the
// budget go to a temporary file as sorted runs, which are merged when they are
// read back. Every row carries an ordinal (its number in its source), so that
// two rows with one key can both be named.
type Sorter struct {
	schema *column.Schema
	budget int64
	temp   func() (*os.File, error)

	rows    *column.Batch
	keys    keySet
	ordinal []int64
	runs    []*run
	file    *os.File
	size    int64
	enc     column.PageEncoder
}

// NewSorter returns a Sorter for rows of schema s that holds about budget
// bytes in memory, at most 2 GiB
// (a vector ends at 4). temp makes the file for what does not fit; it is removed by
// Close.
func NewSorter(s *column.Schema, budget int64, temp func() (*os.File, error)) *Sorter {
	return &Sorter{schema: s, budget: min(budget, maxLeafBytes), temp: temp, rows: column.NewBatch(s, 0)}
}

// Add copies the rows of b; the first has the given ordinal.
func (s *Sorter) Add(b *column.Batch, ordinal int64) error {
	pos := s.schema.KeyColumns()
	for i := range b.Len {
		s.keys.data = column.RowKey(s.keys.data, b, pos, i)
		s.keys.ends = append(s.keys.ends, uint32(len(s.keys.data)))
		s.ordinal = append(s.ordinal, ordinal+int64(i))
	}
	s.rows.AppendFrom(b, 0, b.Len)
	// Sorting needs an index beside the rows, reading a second copy of a part.
	if int64(s.rows.SizeBytes()+len(s.keys.data)+36*s.rows.Len) > s.budget || len(s.keys.data) > 1<<31 {
		return s.spill()
	}
	return nil
}

// Close removes the temporary file.
func (s *Sorter) Close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if rerr := os.Remove(s.file.Name()); err == nil {
		err = rerr
	}
	s.file = nil
	return err
}

// order returns the positions of the rows in key order; equal keys keep their
// order of arrival.
func (s *Sorter) order() []uint32 {
	type item struct {
		prefix uint64
		row    uint32
	}
	items := make([]item, s.keys.len())
	for i := range items {
		var p [8]byte
		copy(p[:], s.keys.at(i))
		items[i] = item{binary.BigEndian.Uint64(p[:]), uint32(i)}
	}
	slices.SortFunc(items, func(a, b item) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		if c := bytes.Compare(s.keys.at(int(a.row)), s.keys.at(int(b.row))); c != 0 {
			return c
		}
		return cmp.Compare(a.row, b.row)
	})
	order := make([]uint32, len(items))
	for i, it := range items {
		order[i] = it.row
	}
	return order
}

// sortedBlock is how many rows are read or written together at most.
const sortedBlock = 4096

var errTempDamaged = errors.New("sort rows: temporary file is damaged")

// block returns how many rows make a block: fewer of wide rows, as merging
// holds a block of every run.
func (s *Sorter) block() int {
	if s.rows == nil || s.rows.Len == 0 {
		return sortedBlock
	}
	width := int64(s.rows.SizeBytes()/s.rows.Len + 1)
	return int(min(max(s.budget/64/width, 1), sortedBlock))
}

// Sorted is a run of rows in key order.
type Sorted struct {
	Batch   *column.Batch
	Ordinal []int64
}

// Rows yields all rows in key order, rows with equal keys in order of arrival.
// What it yields is valid until the next. Rows may be called once.
func (s *Sorter) Rows(ctx context.Context) iter.Seq2[Sorted, error] {
	if len(s.runs) == 0 {
		return s.inMemory()
	}
	return s.merged(ctx)
}

func (s *Sorter) inMemory() iter.Seq2[Sorted, error] {
	return func(yield func(Sorted, error) bool) {
		order := s.order()
		out := Sorted{Batch: column.NewBatch(s.schema, min(s.block(), len(order)))}
		for len(order) > 0 {
			n := min(s.block(), len(order))
			s.gather(&out, order[:n])
			if !yield(out, nil) {
				return
			}
			order = order[n:]
		}
	}
}

func (s *Sorter) gather(out *Sorted, order []uint32) {
	out.Batch.Reset()
	out.Ordinal = out.Ordinal[:0]
	for c, v := range out.Batch.Cols {
		appendRows(v, s.rows.Cols[c], order)
	}
	out.Batch.Len = len(order)
	for _, row := range order {
		out.Ordinal = append(out.Ordinal, s.ordinal[row])
	}
}

// appendRows appends the values of src at the given rows to v.
func appendRows(v, src *column.Vector, rows []uint32) {
	if src.Nulls > 0 || v.Nulls > 0 {
		for _, row := range rows {
			v.AppendOne(src, int(row))
		}
		return
	}
	switch src.Type.Layout() {
	case column.LayoutInt:
		for _, row := range rows {
			v.Ints = append(v.Ints, src.Ints[row])
		}
	case column.LayoutF64:
		for _, row := range rows {
			v.F64 = append(v.F64, src.F64[row])
		}
	case column.LayoutBytes:
		for _, row := range rows {
			v.Bytes = append(v.Bytes, src.Bytes[src.Offs[row]:src.Offs[row+1]]...)
			v.Offs = append(v.Offs, uint32(len(v.Bytes)))
		}
	default:
		for _, row := range rows {
			v.AppendOne(src, int(row))
		}
		return
	}
	v.Len += len(rows)
}

// run is a sorted run in the temporary file: blocks of a length and, for each
// column, a length and a page, then the ordinals.
type run struct {
	file     *os.File
	at, end  int64
	schema   *column.Schema
	keyCols  []int
	block    Sorted
	row      int
	key      []byte
	sequence int
	rows     int // of a block, at most
	buf      []byte
	dec      column.PageDecoder
}

// spill writes the rows in memory as a sorted run.
func (s *Sorter) spill() error {
	if s.file == nil {
		f, err := s.temp()
		if err != nil {
			return fmt.Errorf("sort rows: %w", err)
		}
		s.file = f
	}
	start := s.size
	order := s.order()
	block := s.block()
	out := Sorted{Batch: column.NewBatch(s.schema, block)}
	var buf []byte
	var err error
	for len(order) > 0 {
		n := min(block, len(order))
		s.gather(&out, order[:n])
		if buf, err = s.encodeBlock(buf[:0], &out); err != nil {
			return fmt.Errorf("sort rows: %w", err)
		}
		if _, err := s.file.WriteAt(buf, s.size); err != nil {
			return fmt.Errorf("sort rows: %w", err)
		}
		s.size += int64(len(buf))
		order = order[n:]
	}
	s.runs = append(s.runs, &run{file: s.file, at: start, end: s.size, schema: s.schema,
		keyCols: s.schema.KeyColumns(), sequence: len(s.runs), rows: block})
	s.rows.Reset()
	s.keys.data, s.keys.ends, s.ordinal = s.keys.data[:0], s.keys.ends[:0], s.ordinal[:0]
	return nil
}

func (s *Sorter) encodeBlock(dst []byte, b *Sorted) ([]byte, error) {
	dst = append(dst, make([]byte, 8)...)
	for _, v := range b.Batch.Cols {
		if err := column.PageFits(v, 0, v.Len); err != nil {
			return nil, err
		}
		at := len(dst)
		dst = append(dst, make([]byte, 8)...)
		dst = s.enc.Encode(dst, v, 0, v.Len)
		binary.LittleEndian.PutUint64(dst[at:], uint64(len(dst)-at-8))
	}
	for _, o := range b.Ordinal {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(o))
	}
	binary.LittleEndian.PutUint64(dst, uint64(len(dst)-8))
	return dst, nil
}

// load reads the next block of the run; io.EOF behind the last.
func (r *run) load() error {
	if r.at >= r.end {
		return io.EOF
	}
	var head [8]byte
	if _, err := r.file.ReadAt(head[:], r.at); err != nil {
		return fmt.Errorf("sort rows: %w", err)
	}
	n := int64(binary.LittleEndian.Uint64(head[:]))
	if n < 0 || r.at+8+n > r.end {
		return errTempDamaged
	}
	if int64(cap(r.buf)) < n {
		r.buf = make([]byte, n)
	}
	b := r.buf[:n]
	if _, err := r.file.ReadAt(b, r.at+8); err != nil {
		return fmt.Errorf("sort rows: %w", err)
	}
	r.at += 8 + n
	if r.block.Batch == nil {
		r.block.Batch = column.NewBatch(r.schema, r.rows)
	}
	r.block.Batch.Reset()
	for _, v := range r.block.Batch.Cols {
		if len(b) < 8 || binary.LittleEndian.Uint64(b) > uint64(len(b)-8) {
			return errTempDamaged
		}
		k := binary.LittleEndian.Uint64(b)
		if err := r.dec.Decode(b[8:8+k], v); err != nil {
			return fmt.Errorf("%w: %w", errTempDamaged, err)
		}
		b = b[8+k:]
	}
	r.block.Batch.Len = len(b) / 8
	r.block.Ordinal = r.block.Ordinal[:0]
	for ; len(b) > 0; b = b[8:] {
		r.block.Ordinal = append(r.block.Ordinal, int64(binary.LittleEndian.Uint64(b)))
	}
	r.row = 0
	r.key = column.RowKey(r.key[:0], r.block.Batch, r.keyCols, 0)
	return nil
}

// next steps to the next row; io.EOF behind the last.
func (r *run) next() error {
	if r.row++; r.row >= r.block.Batch.Len {
		return r.load()
	}
	r.key = column.RowKey(r.key[:0], r.block.Batch, r.keyCols, r.row)
	return nil
}

type runHeap []*run

func (h runHeap) Len() int { return len(h) }
func (h runHeap) Less(i, j int) bool {
	if c := bytes.Compare(h[i].key, h[j].key); c != 0 {
		return c < 0
	}
	return h[i].sequence < h[j].sequence
}
func (h runHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(x any)   { *h = append(*h, x.(*run)) }
func (h *runHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

func (s *Sorter) merged(ctx context.Context) iter.Seq2[Sorted, error] {
	return func(yield func(Sorted, error) bool) {
		if s.rows.Len > 0 {
			if err := s.spill(); err != nil {
				yield(Sorted{}, err)
				return
			}
		}
		block := sortedBlock
		for _, r := range s.runs {
			block = min(block, r.rows)
		}
		s.rows, s.keys, s.ordinal = nil, keySet{}, nil
		h := runHeap{}
		for _, r := range s.runs {
			if err := r.load(); err != nil {
				yield(Sorted{}, err)
				return
			}
			h = append(h, r)
		}
		heap.Init(&h)
		out := Sorted{Batch: column.NewBatch(s.schema, block)}
		for len(h) > 0 {
			out.Batch.Reset()
			out.Ordinal = out.Ordinal[:0]
			for out.Batch.Len < block && len(h) > 0 {
				if err := takeOne(&h, &out); err != nil {
					yield(Sorted{}, err)
					return
				}
			}
			if err := ctx.Err(); err != nil {
				yield(Sorted{}, err)
				return
			}
			if !yield(out, nil) {
				return
			}
		}
	}
}

// takeOne moves the lowest row of all runs to out.
func takeOne(h *runHeap, out *Sorted) error {
	r := (*h)[0]
	for i, v := range out.Batch.Cols {
		v.AppendOne(r.block.Batch.Cols[i], r.row)
	}
	out.Batch.Len++
	out.Ordinal = append(out.Ordinal, r.block.Ordinal[r.row])
	switch err := r.next(); err {
	case nil:
		heap.Fix(h, 0)
	case io.EOF:
		heap.Pop(h)
	default:
		return err
	}
	return nil
}
