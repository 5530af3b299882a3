package jsonl

import (
	"io"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
)

// exportLayout is without spaces.
func exportLayout() layout {
	return layout{Object: [4]string{"{", ",", ":", "}"}, Array: [3]string{"[", ",", "]"}, Line: "\n"}
}

// bufferSize is how much is gathered before it is written.
const bufferSize = 64 << 10

// writer implements format.RowWriter.
type writer struct {
	w   io.Writer
	c   *codec
	buf []byte
	err error
}

// newWriter begins a file of rows of s: compact, text as it is, nulls written,
// floats as Python's repr so that they stay floats, times in ISO 8601, binary
// in base64. Integers beyond 2^53 and decimals are plain numbers, with all
// their digits. NaN and the infinities are written as Python does, NaN and
// Infinity, which is not JSON but keeps them.
func newWriter(w io.Writer, s *column.Schema, _ format.WriteOptions) (format.RowWriter, error) {
	d := dialect{Version: dialectVersion, layout: exportLayout(), Columns: []shape{}}
	for _, f := range s.Fields {
		sh := shapeOf(nil, f.Type)
		sh.Name = f.Name
		d.Columns = append(d.Columns, sh)
	}
	c, err := newCodec(d, s.Fields)
	if err != nil {
		return nil, err
	}
	return &writer{w: w, c: c}, nil
}

// Write implements format.RowWriter.
func (w *writer) Write(b *column.Batch) error {
	for i := range b.Len {
		w.buf = w.c.Render(w.buf, b, i)
		if len(w.buf) >= bufferSize {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return w.err
}

func (w *writer) flush() error {
	if w.err == nil {
		_, w.err = w.w.Write(w.buf)
	}
	w.buf = w.buf[:0]
	return w.err
}

// Close implements format.RowWriter.
func (w *writer) Close() error { return w.flush() }
