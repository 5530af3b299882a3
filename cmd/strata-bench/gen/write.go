package gen

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/parquet"
)

// blockRows is how many rows a goroutine makes at a time.
const blockRows = 4096

// block is a run of rows in one of two forms.
type block struct {
	text []byte
	rows *column.Batch
}

// Write writes t to w as csv, jsonl or parquet (zstd), using every processor.
func (t *Table) Write(ctx context.Context, w io.Writer, format string) error {
	columns, err := t.columns()
	if err != nil {
		return err
	}
	a := &appender{g: New(*t), columns: columns, weather: weatherNames(), labels: labelNames(), csv: format == "csv"}
	switch format {
	case "csv", "jsonl":
		out := bufio.NewWriterSize(w, 1<<20)
		if _, err := out.Write(a.appendHeader(nil)); err != nil {
			return err
		}
		if err := a.blocks(ctx, a.text, func(b block) error {
			_, err := out.Write(b.text)
			return err
		}); err != nil {
			return err
		}
		return out.Flush()
	case "parquet":
		return a.writeParquet(ctx, w)
	}
	return fmt.Errorf("no format is called %q; have csv, jsonl, parquet", format)
}

func (a *appender) writeParquet(ctx context.Context, w io.Writer) error {
	s, err := schema(a.columns)
	if err != nil {
		return err
	}
	out, err := parquet.Formats()[0].Write(w, s, format.WriteOptions{})
	if err != nil {
		return err
	}
	if err := a.blocks(ctx, func(from, to int64) block { return a.vectors(s, from, to) }, func(b block) error {
		return out.Write(b.rows)
	}); err != nil {
		return err
	}
	return out.Close()
}

// text makes rows [from, to) as text.
func (a *appender) text(from, to int64) block {
	b := make([]byte, 0, (to-from)*400)
	var r row
	for n := from; n < to; n++ {
		if a.g.row(n, &r) {
			b = a.appendRow(b, &r)
		}
	}
	return block{text: b}
}

// vectors makes rows [from, to) as a batch.
func (a *appender) vectors(s *column.Schema, from, to int64) block {
	b := column.NewBatch(s, int(to-from))
	var r row
	for n := from; n < to; n++ {
		if a.g.row(n, &r) {
			a.appendVectors(b, &r)
		}
	}
	return block{rows: b}
}

// blocks makes the blocks of the table in parallel and hands them to write in
// order, on the calling goroutine.
func (a *appender) blocks(ctx context.Context, produce func(from, to int64) block, write func(block) error) error {
	total, workers := a.g.t.Total(), runtime.GOMAXPROCS(0)
	ready := make(chan chan block, 2*workers)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(ready)
		var makers errgroup.Group
		makers.SetLimit(workers)
		for from := int64(0); from < total && ctx.Err() == nil; from += blockRows {
			done := make(chan block, 1)
			select {
			case ready <- done:
			case <-ctx.Done():
				continue
			}
			makers.Go(func() error {
				done <- produce(from, min(from+blockRows, total))
				return nil
			})
		}
		if err := makers.Wait(); err != nil {
			return err
		}
		return ctx.Err()
	})
	group.Go(func() error {
		for done := range ready {
			select {
			case b := <-done:
				if err := write(b); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return group.Wait()
}
