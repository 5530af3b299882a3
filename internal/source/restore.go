package source

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/strata-data/strata/internal/blob"
	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// RestoreOptions are what restoring may use.
type RestoreOptions struct {
	Format format.Format // the one that the source names
	Mem    int64         // budget in bytes, 0 = 1 GiB
	Temp   func() (*os.File, error)
}

// Restore writes the file of source s, whose rows are in t, to w. What it wrote
// has been checked against the file's hash when it returns without error.
func Restore(ctx context.Context, r store.Reader, t *table.Table, s *Source, w io.Writer, o RestoreOptions) error {
	if o.Mem <= 0 {
		o.Mem = 1 << 30
	}
	hash := object.NewHasher()
	out := io.MultiWriter(w, hash)
	var err error
	switch {
	case s.Blob != nil:
		_, err = blob.Read(ctx, r, blob.Ref{ID: object.ID(s.Blob), Size: s.Size}).WriteTo(out)
	case s.ValuesOnly:
		return writeValues(ctx, r, t, s, w, o)
	default:
		err = restoreText(ctx, r, t, s, out, o)
	}
	if err != nil {
		return fmt.Errorf("restore %s: %w", s.Path, err)
	}
	if hash.Sum() != s.HashID() {
		return fmt.Errorf("restore %s: %w: its bytes are not those that were added", s.Path, object.ErrCorrupt)
	}
	return nil
}

// renderer writes the records of one text source from its samples.
type renderer struct {
	codec   format.Codec
	columns []string // ids to read: those of the file, then those of the key
	keyCols []int    // of the key in what is read
	odd     *oddReader
}

func newRenderer(ctx context.Context, r store.Reader, t *table.Table, s *Source, f format.Format) (*renderer, error) {
	if f.Text == nil {
		return nil, fmt.Errorf("%w: source format %q is not text", object.ErrCorrupt, s.Format)
	}
	rd := &renderer{columns: append([]string(nil), s.Columns...)}
	fields := s.fields(t.Schema)
	if len(fields) != len(s.Columns) {
		return nil, fmt.Errorf("%w: source names columns that the table does not have", object.ErrCorrupt)
	}
	for _, k := range t.Schema.Key {
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
	var err error
	if rd.codec, err = f.Text.Load(s.Dialect, fields); err != nil {
		return nil, err
	}
	rd.odd = newOddReader(ctx, s.oddTable(r))
	return rd, nil
}

// record appends the record of row i of b, whose columns are rd.columns.
func (rd *renderer) record(dst []byte, b *column.Batch, i int) ([]byte, error) {
	if !rd.odd.done {
		rd.odd.key = column.RowKey(rd.odd.key[:0], b, rd.keyCols, i)
		rec, ok, err := rd.odd.find(rd.odd.key)
		if ok || err != nil {
			return append(dst, rec...), err
		}
	}
	return rd.codec.Render(dst, b, i), nil
}

// oddReader finds odd records by keys that come in ascending order.
type oddReader struct {
	pull func() (*column.Batch, error, bool)
	stop func()
	cur  *column.Batch
	at   int
	key  []byte // of the sample that is asked for
	done bool
}

func newOddReader(ctx context.Context, t *table.Table) *oddReader {
	if t.Rows() == 0 {
		return &oddReader{done: true, stop: func() {}}
	}
	o := &oddReader{}
	o.pull, o.stop = iter.Pull2(t.Scan(ctx, table.ScanOptions{Workers: 1}))
	return o
}

func (o *oddReader) find(key []byte) (record []byte, ok bool, err error) {
	for !o.done {
		for ; o.cur != nil && o.at < o.cur.Len; o.at++ {
			switch bytes.Compare(o.cur.Cols[0].At(o.at), key) {
			case 0:
				o.at++
				return o.cur.Cols[1].At(o.at - 1), true, nil
			case 1:
				return nil, false, nil
			}
		}
		next, err, more := o.pull()
		if err != nil {
			return nil, false, err
		}
		o.cur, o.at, o.done = next, 0, !more
	}
	return nil, false, nil
}

func restoreText(ctx context.Context, r store.Reader, t *table.Table, s *Source, w io.Writer, o RestoreOptions) error {
	if _, err := w.Write(s.Head); err != nil {
		return err
	}
	chunks, err := s.chunks(ctx, r)
	if err != nil {
		return err
	}
	rd, err := newRenderer(ctx, r, t, s, o.Format)
	if err != nil {
		return err
	}
	defer rd.odd.stop()
	cw := &cutWriter{w: w, cut: s.Cut}
	if s.Shuffled {
		return restoreShuffled(ctx, r, t, chunks, rd, cw, o)
	}
	var from, to []byte
	if len(t.Sources) > 1 && s.Rows > 0 {
		from, to = keyRange(chunks)
	}
	if s.Rows == 0 {
		return nil
	}
	var buf []byte
	for b, err := range t.Scan(ctx, table.ScanOptions{Columns: rd.columns, From: from, To: to}) {
		if err != nil {
			return err
		}
		buf = buf[:0]
		for i := range b.Len {
			if buf, err = rd.record(buf, b, i); err != nil {
				return err
			}
		}
		if err := cw.write(buf); err != nil {
			return err
		}
	}
	return nil
}

// keyRange returns the keys from the first of all chunks to right behind the
// last.
func keyRange(chunks []chunk) (from, to []byte) {
	for i := range chunks {
		if chunks[i].Rows == 0 {
			continue
		}
		if from == nil {
			from = chunks[i].First
		}
		to = chunks[i].Last
	}
	return from, append(bytes.Clone(to), 0)
}

// cutWriter writes everything but the last cut bytes.
type cutWriter struct {
	w    io.Writer
	cut  int
	held []byte
}

func (c *cutWriter) write(b []byte) error {
	if c.cut == 0 {
		_, err := c.w.Write(b)
		return err
	}
	if _, err := c.w.Write(c.held); err != nil {
		return err
	}
	n := max(len(b)-c.cut, 0)
	c.held = append(c.held[:0], b[n:]...)
	_, err := c.w.Write(b[:n])
	return err
}
