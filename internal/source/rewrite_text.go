package source

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/lines"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/table"
)

// text writes a file of records and fills in its source. It reports whether
// there is such a file.
func (rw *rewriter) text(ctx context.Context, f *rewritten, s *Source) (bool, error) {
	s.Shuffled = rw.shuffled
	var places *table.Sorter
	var total int64
	if rw.shuffled {
		places = table.NewSorter(positionSchema(), rw.o.Mem/12, rw.o.Temp)
		defer places.Close()
		var err error
		if total, err = rw.sortPlaces(ctx, f, places); err != nil {
			return false, err
		}
		if total == 0 && !f.must {
			return false, nil
		}
	} else if !f.must {
		if some, err := rw.hasSamples(ctx, f); err != nil || !some {
			return false, err
		}
	}
	rd, err := rw.recordWriter(ctx, f, s)
	if err != nil {
		return false, err
	}
	defer rd.odds.stop()
	var pieces iter.Seq2[*piece, error]
	if rw.shuffled {
		pieces = rw.inFileOrder(ctx, rd, places, total)
	} else {
		pieces = rw.inKeyOrder(ctx, f, rd)
	}
	out, err := rw.output(f)
	if err != nil {
		rd.oddRows.Abort()
		return false, err
	}
	err = rw.write(ctx, f, s, rd, pieces, out)
	if err = out.close(err); err != nil {
		rd.oddRows.Abort()
		return false, err
	}
	root, err := rd.oddRows.Finish()
	s.setOdd(root)
	return true, err
}

// hasSamples reports whether a sample is in the range of a file.
func (rw *rewriter) hasSamples(ctx context.Context, f *rewritten) (bool, error) {
	if f.empty() {
		return false, nil
	}
	for _, err := range rw.t.Scan(ctx, table.ScanOptions{Columns: rw.t.Schema.Key, From: f.from, To: f.to, Workers: 1}) {
		return err == nil, err
	}
	return false, nil
}

// empty reports whether the range of a file holds no key.
func (f *rewritten) empty() bool { return f.to != nil && len(f.to) == 0 }

// write writes the head and the records of a file and remembers its chunks.
func (rw *rewriter) write(ctx context.Context, f *rewritten, s *Source, rd *recordWriter, pieces iter.Seq2[*piece, error], out *output) error {
	if _, err := out.Write(s.Head); err != nil {
		return err
	}
	in := &pieceReader{}
	var stop func()
	in.pull, stop = iter.Pull2(cutLast(pieces, rd, s, f.template().Cut))
	defer stop()
	lo := lines.Options{Line: 1 + lines.CountLines(s.Head), Workers: rw.o.Workers}
	cut := lines.Chunks(ctx, in, lines.RecordEnd(f.format.Text, rd.codec), lo)
	var chunks []chunk
	for c, err := range lines.Summed(ctx, cut, lo) {
		if err != nil {
			return err
		}
		ch := chunk{Hash: hashOf(c.ID), Size: int64(len(c.Data)), Lines: lines.CountLines(c.Data)}
		if err := in.take(ctx, rw, s, &ch); err != nil {
			return err
		}
		if _, err := out.Write(c.Data); err != nil {
			return err
		}
		chunks = append(chunks, ch)
		s.Rows += ch.Rows
		c.Release()
	}
	hash := out.hash.Sum()
	s.Hash, s.Size = hash[:], out.size
	return s.saveChunks(ctx, rw.w, chunks, f.template().Lines)
}

// recordWriter writes the records of one file: those of a side whose samples
// it has as they are, verbatim, others in the dialect.
type recordWriter struct {
	codec   format.Codec
	columns []string       // to read: those of the file, then those of the key
	keyCols []int          // of the key in what is read
	end     []byte         // the line end of the dialect
	odds    *oddForms      // nil where no side has an odd record
	oddRows *table.Builder // of the odd records of the new file
	content bool
	proven  bool      // what is rendered is read back as it was, but for doubts
	doubts  [][]byte  // keys, ascending
	parsed  sync.Pool // batches
	texts   sync.Pool // buffers of pieces
}

// recordWriter finds the dialect and head of a file.
func (rw *rewriter) recordWriter(ctx context.Context, f *rewritten, s *Source) (*recordWriter, error) {
	if f.format.Text == nil {
		return nil, fmt.Errorf("%w: source format %q is not text", object.ErrCorrupt, s.Format)
	}
	tmpl := f.template()
	if err := rw.coverValues(ctx, f); err != nil {
		return nil, err
	}
	s.Columns, s.Skip, s.Header = f.columns, tmpl.Skip, tmpl.Header
	fields := s.fields(rw.t.Schema)
	adapter, ok := f.format.Text.(format.Adapter)
	if !ok {
		return nil, fmt.Errorf("files of format %s cannot be merged", s.Format)
	}
	var layouts []format.Layout
	for _, i := range rw.sidesOf(f) {
		if l := f.like[i]; l.IsText() && l.Format == s.Format {
			layouts = append(layouts, format.Layout{Columns: l.fields(rw.sides[i].t.Schema), Dialect: l.Dialect, Head: l.Head, Skip: l.Skip})
		}
	}
	layout, err := adapter.Adapt(layouts, fields)
	if err != nil {
		return nil, err
	}
	s.Dialect, s.Head = layout.Dialect, layout.Head
	if layout.Header && s.Header == 2 {
		s.Header = 1 // it has one now
	}
	rd := &recordWriter{columns: append([]string(nil), s.Columns...), content: rw.content}
	if err := rd.prove(ctx, rw, f, layout); err != nil {
		return nil, err
	}
	for _, k := range rw.t.Schema.Key {
		at := -1
		for i, id := range rd.columns {
			if id == k {
				at = i
			}
		}
		if at < 0 {
			at = len(rd.columns)
			rd.columns = append(rd.columns, k)
		}
		rd.keyCols = append(rd.keyCols, at)
	}
	if rd.codec, err = f.format.Text.Load(s.Dialect, fields); err != nil {
		return nil, err
	}
	empty := column.NewBatch(&column.Schema{Fields: fields}, 1)
	for _, c := range empty.Cols {
		c.AppendNull()
	}
	empty.Len = 1
	rd.end = lineEnd(rd.codec.Render(nil, empty, 0))
	if rd.odds, err = rw.oddForms(ctx, f, s); err != nil {
		return nil, err
	}
	rd.oddRows = table.NewBuilder(ctx, rw.w, oddSchema(), 1)
	return rd, nil
}

// lineEnd returns the line end of a record.
func lineEnd(rec []byte) []byte {
	return rec[len(bytes.TrimRight(rec, "\r\n")):]
}

// sidesOf returns the sides that have the file, the one that it is written
// like first.
func (rw *rewriter) sidesOf(f *rewritten) []int {
	at := []int{f.main}
	for i, l := range f.like {
		if l != nil && i != f.main {
			at = append(at, i)
		}
	}
	return at
}

// coverValues gives a file the columns in which a sample of it has a value,
// though no version of the file has them.
func (rw *rewriter) coverValues(ctx context.Context, f *rewritten) error {
	var more []string
	for _, id := range visible(rw.t.Schema) {
		if !contains(f.columns, id) {
			more = append(more, id)
		}
	}
	if len(more) == 0 {
		return nil
	}
	if len(rw.files) == 1 {
		f.columns = rw.mergeColumns(f.columns, more)
		return nil
	}
	found := make([]bool, len(more))
	o := table.ScanOptions{Columns: more, From: f.from, To: f.to, Workers: rw.o.Workers, Prune: func(b table.LeafBounds) bool {
		for _, id := range more {
			if _, _, nulls := b.Column(id); nulls < b.Rows() {
				return false
			}
		}
		return true
	}}
	for b, err := range rw.t.Scan(ctx, o) {
		if err != nil {
			return err
		}
		for i, c := range b.Cols {
			found[i] = found[i] || c.Nulls < c.Len
		}
	}
	for i, id := range more {
		if found[i] {
			f.columns = append(f.columns, id)
		}
	}
	return nil
}

func contains(ids []string, id string) bool {
	for _, s := range ids {
		if s == id {
			return true
		}
	}
	return false
}

// useOdd reports whether a sample's row in b can stand in the file as o, and
// makes it end in a line end.
func (rd *recordWriter) useOdd(o *oddRecord, b *column.Batch) bool {
	if !rd.holds(o.record, b, o.row) {
		return false
	}
	if !bytes.HasSuffix(o.record, []byte{'\n'}) {
		o.record = append(o.record, rd.end...)
		o.open = len(rd.end)
	}
	return !bytes.Equal(o.record, rd.codec.Render(nil, b, o.row))
}

// close takes the line end off again that useOdd put behind the record, which
// is the file's last, and returns its length.
func (o *oddRecord) close() int {
	o.record = o.record[:len(o.record)-o.open]
	return o.open
}

// holds reports whether a record says what row i of b is.
func (rd *recordWriter) holds(rec []byte, b *column.Batch, i int) bool {
	got := column.NewBatch(&column.Schema{Fields: rd.codec.Columns()}, 1)
	if _, _, err := rd.codec.Parse(rec, 1, got); err != nil || got.Len != 1 {
		return false
	}
	for k, c := range got.Cols {
		if !column.Equal(c, 0, b.Cols[k], i) {
			return false
		}
	}
	return true
}

// keepOf remembers the odd records of a piece.
func (rd *recordWriter) keepOf(p *piece) error {
	if p.kept {
		return nil
	}
	return rd.keep(p.odds)
}

// keep remembers odd records of the new file. Keys come in ascending order.
func (rd *recordWriter) keep(odds []oddRecord) error {
	if len(odds) == 0 {
		return nil
	}
	out := column.NewBatch(oddSchema(), len(odds))
	for _, o := range odds {
		out.Cols[0].AppendBytes(o.key)
		out.Cols[1].AppendBytes(o.record)
	}
	out.Len = len(odds)
	return rd.oddRows.Append(out)
}
