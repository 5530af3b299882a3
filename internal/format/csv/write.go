package csv

import (
	"bufio"
	"fmt"
	"io"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
)

// writer writes rows as a file of its own: a header line, minimal quotes, LF,
// nulls as empty fields and the empty string as "".
type writer struct {
	w     *bufio.Writer
	codec *codec
	buf   []byte
}

func writeWith(delim byte) func(io.Writer, *column.Schema, format.WriteOptions) (format.RowWriter, error) {
	return func(w io.Writer, s *column.Schema, o format.WriteOptions) (format.RowWriter, error) {
		d := &dialect{delim: delim}
		for _, f := range s.Fields {
			sp := spelling{form: formOf(f.Type)}
			d.cols = append(d.cols, sp)
		}
		c := newCodec(d, s.Fields)
		for i := range c.cols {
			// Any text, even in a string column: whoever asks for it knows.
			if o.Null != "" {
				c.cols[i].sp.null, c.cols[i].sp.nullQuoted = o.Null, false
			}
		}
		out := &writer{w: bufio.NewWriterSize(w, 1<<16), codec: c}
		if !o.NoHeader && len(s.Fields) > 0 {
			return out, out.header(s)
		}
		return out, nil
	}
}

func (w *writer) header(s *column.Schema) error {
	text := column.Field{Type: column.Of(column.String)}
	names := newColumnCodec(text, spelling{}, w.codec.class)
	for i, f := range s.Fields {
		v := column.NewVector(text.Type, 1)
		v.AppendString(f.Name)
		if i > 0 {
			w.buf = append(w.buf, w.codec.d.delim)
		}
		w.buf = names.render(w.buf, v, 0)
	}
	w.buf = append(w.buf, '\n')
	_, err := w.w.Write(w.buf)
	return err
}

// Write implements format.RowWriter.
func (w *writer) Write(b *column.Batch) error {
	if len(b.Cols) != len(w.codec.cols) {
		return fmt.Errorf("write csv: a batch of %d columns, want %d", len(b.Cols), len(w.codec.cols))
	}
	for i := range b.Len {
		w.buf = w.codec.Render(w.buf[:0], b, i)
		if _, err := w.w.Write(w.buf); err != nil {
			return err
		}
	}
	return nil
}

// Close implements format.RowWriter. It does not close what is below.
func (w *writer) Close() error { return w.w.Flush() }
