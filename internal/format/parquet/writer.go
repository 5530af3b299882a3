package parquet

import (
	"fmt"
	"io"
	"runtime"

	pq "github.com/parquet-go/parquet-go"
	"golang.org/x/sync/errgroup"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
)

// What a written file looks like: zstd, pages of about 1 MiB in the first
// version of the page format (which everything reads), row groups of about a
// million rows or 128 MiB in memory, dictionaries for strings while they stay
// below 1 MiB.
const (
	pageBytes  = 1 << 20
	dictBytes  = 1 << 20
	groupRows  = 1 << 20
	groupBytes = 128 << 20
)

// writer writes one Parquet file.
type writer struct {
	schema *column.Schema
	file   *pq.GenericWriter[any]
	leaves []*shredder
	rows   int // of the open row group
	bytes  int // of the open row group, in memory
	err    error
}

func newWriter(w io.Writer, s *column.Schema, _ format.WriteOptions) (rw format.RowWriter, err error) {
	defer recoveredWrite(&err)
	schema, err := schemaOf(s.Fields)
	if err != nil {
		return nil, err
	}
	file := pq.NewGenericWriter[any](w, schema,
		pq.Compression(&pq.Zstd), pq.PageBufferSize(pageBytes), pq.DataPageVersion(1), pq.DictionaryMaxBytes(dictBytes),
		pq.CreatedBy("strata", "1", "0"), pq.KeyValueMetadata(arrowKey, arrowSchema(s.Fields)))
	fw := &writer{schema: s, file: file}
	for i, f := range s.Fields {
		fw.leaves = appendShredders(fw.leaves, i, f.Type)
	}
	columns := file.ColumnWriters()
	if len(columns) != len(fw.leaves) {
		return nil, fmt.Errorf("parquet: %d leaves for %d columns", len(fw.leaves), len(columns))
	}
	for i, l := range fw.leaves {
		l.out, l.index = columns[i], i
	}
	return fw, nil
}

func recoveredWrite(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("write parquet: %v", p)
	}
}

// Write implements format.RowWriter.
func (w *writer) Write(b *column.Batch) error {
	if w.err == nil {
		w.err = w.write(b)
	}
	return w.err
}

func (w *writer) write(b *column.Batch) error {
	if len(b.Cols) != len(w.schema.Fields) {
		return fmt.Errorf("write parquet: %d columns in a file of %d", len(b.Cols), len(w.schema.Fields))
	}
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, l := range w.leaves {
		g.Go(func() (err error) {
			defer recoveredWrite(&err)
			if err := l.write(b.Cols[l.column], b.Len); err != nil {
				return fmt.Errorf("write parquet: column %s: %w", w.schema.Fields[l.column].Name, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	w.rows += b.Len
	w.bytes += b.SizeBytes()
	if w.rows < groupRows && w.bytes < groupBytes {
		return nil
	}
	w.rows, w.bytes = 0, 0
	return w.guard(w.file.Flush)
}

// Close implements format.RowWriter.
func (w *writer) Close() error {
	if w.err != nil {
		return w.err
	}
	return w.guard(w.file.Close)
}

func (w *writer) guard(f func() error) (err error) {
	defer recoveredWrite(&err)
	if err := f(); err != nil {
		return fmt.Errorf("write parquet: %w", err)
	}
	return nil
}
