package arrow

import (
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/strata-data/strata/internal/column"
)

// reader is an open Arrow file or stream.
type reader struct {
	r      io.ReaderAt
	size   int64
	file   bool // file format, else stream
	schema *column.Schema
	rows   int64
}

// converters returns one converter for each column. They keep converted
// dictionaries, so every pass over the rows has its own.
func converters(s *arrow.Schema) ([]converter, error) {
	if s == nil || s.NumFields() == 0 {
		return nil, malformed("the file has no columns")
	}
	var cols []converter
	seen := map[string]bool{}
	for i, f := range s.Fields() {
		switch {
		case f.Name == "":
			return nil, malformed("column %d has no name", i+1)
		case seen[f.Name]:
			return nil, malformed("column %q is there twice", f.Name)
		}
		seen[f.Name] = true
		c, err := converterOf(f, 0)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", f.Name, err)
		}
		cols = append(cols, c)
	}
	return cols, nil
}

func (o *reader) setSchema(s *arrow.Schema) error {
	cols, err := converters(s)
	if err != nil {
		return err
	}
	o.schema = &column.Schema{}
	for i, c := range cols {
		o.schema.Fields = append(o.schema.Fields, column.NewField(s.Field(i).Name, c.typ))
	}
	return nil
}

// Schema implements format.RowReader.
func (o *reader) Schema() *column.Schema { return o.schema }

// Rows implements format.RowReader.
func (o *reader) Rows() int64 { return o.rows }

// Close implements format.RowReader. The file belongs to the caller.
func (o *reader) Close() error { return nil }

// batchRows and batchBytes bound the batches that are made of one record
// batch, which may be as large as the file.
const (
	batchRows  = 1 << 14
	batchBytes = 8 << 20
)

// Batches implements format.RowReader.
func (o *reader) Batches(ctx context.Context) iter.Seq2[*column.Batch, error] {
	return func(yield func(*column.Batch, error) bool) {
		src, err := o.open()
		if err != nil {
			yield(nil, err)
			return
		}
		defer src.close()
		cols, err := converters(src.schema())
		if err != nil {
			yield(nil, err)
			return
		}
		b := column.NewBatch(o.schema, 0)
		var done int64
		for {
			rec, err := next(src)
			if err == nil && rec == nil {
				if done != o.rows {
					yield(nil, malformed("%d rows where %d were announced", done, o.rows))
				}
				return
			}
			if err != nil {
				yield(nil, fmt.Errorf("rows from %d on: %w", done+1, err))
				return
			}
			goOn, err := o.slices(ctx, cols, rec, b, yield)
			done += rec.NumRows()
			rec.Release()
			if err != nil {
				yield(nil, err)
				return
			}
			if !goOn {
				return
			}
		}
	}
}

// slices yields the rows of rec in batches.
func (o *reader) slices(ctx context.Context, cols []converter, rec arrow.RecordBatch, b *column.Batch, yield func(*column.Batch, error) bool) (bool, error) {
	n := int(rec.NumRows())
	step := batchRows
	for from := 0; from < n; {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		to := min(from+step, n)
		b.Reset()
		for i, c := range cols {
			if err := c.run(b.Cols[i], rec, i, from, to); err != nil {
				return false, fmt.Errorf("column %s: %w", o.schema.Fields[i].Name, err)
			}
		}
		b.Len = to - from
		if !yield(b, nil) {
			return false, nil
		}
		from = to
		step = min(batchRows, max(64, b.Len*batchBytes/(b.SizeBytes()+1)))
	}
	return true, nil
}

// run converts rows from..to of column i of rec into the empty vector v.
func (c converter) run(v *column.Vector, rec arrow.RecordBatch, i, from, to int) (err error) {
	defer recovered(&err, "read arrow column")
	a := rec.Column(i)
	if a.Len() < to {
		return malformed("%d values in %d rows", a.Len(), rec.NumRows())
	}
	if err := c.append(v, a, from, to); err != nil {
		return err
	}
	if v.Len != to-from {
		return malformed("%d values in %d rows", v.Len, to-from)
	}
	return nil
}

func (o *reader) open() (s *source, err error) {
	defer recovered(&err, "open arrow file")
	return o.source()
}

func next(s *source) (b arrow.RecordBatch, err error) {
	defer recovered(&err, "read arrow record batch")
	return s.read()
}
