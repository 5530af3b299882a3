package source

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/table"
)

// inKeyOrder renders the samples of a file in key order, on several goroutines.
func (rw *rewriter) inKeyOrder(ctx context.Context, f *rewritten, rd *recordWriter) iter.Seq2[*piece, error] {
	if f.empty() {
		return func(func(*piece, error) bool) {}
	}
	jobs := func(yield func(renderJob, error) bool) {
		o := table.ScanOptions{Columns: rd.columns, From: f.from, To: f.to, Workers: rw.o.Workers}
		for b, err := range rw.t.Scan(ctx, o) {
			j := renderJob{batch: b}
			if err == nil {
				j.odds, err = rd.oddRecords(b)
			}
			if !yield(j, err) || err != nil {
				return
			}
		}
	}
	return inOrder(ctx, jobs, rw.o.Workers, rd.render)
}

// renderJob is a batch to render and the odd records that its rows may have.
type renderJob struct {
	batch *column.Batch
	odds  []oddRecord
	at    []int64 // places in the file, where that is shuffled
}

// oddRecords returns the odd records that rows of b may have.
func (rd *recordWriter) oddRecords(b *column.Batch) (odds []oddRecord, err error) {
	if rd.odds == nil {
		return nil, nil
	}
	var key []byte
	for i := range b.Len {
		key = column.RowKey(key[:0], b, rd.keyCols, i)
		if odds, err = rd.findOdd(odds, key, i); err != nil {
			return nil, err
		}
	}
	return odds, nil
}

// findOdd appends the odd record that row i may have. Keys come in ascending
// order.
func (rd *recordWriter) findOdd(odds []oddRecord, key []byte, i int) ([]oddRecord, error) {
	if rd.odds == nil {
		return nil, nil
	}
	rec, err := rd.odds.find(key)
	if err == nil && rec != nil {
		odds = append(odds, oddRecord{row: i, key: bytes.Clone(key), record: bytes.Clone(rec)})
	}
	return odds, err
}

// render makes a piece of a batch. What it renders is read back, unless it is
// known that this gives what was rendered.
func (rd *recordWriter) render(j renderJob) (*piece, error) {
	b, odds := j.batch, j.odds
	p := &piece{ends: make([]uint32, b.Len), at: j.at, pool: &rd.texts}
	if buf, ok := rd.texts.Get().(*[]byte); ok {
		p.data = (*buf)[:0]
	}
	for i := range b.Len {
		if len(odds) > 0 && odds[0].row == i {
			if rd.useOdd(&odds[0], b) {
				p.data, p.odds = append(p.data, odds[0].record...), append(p.odds, odds[0])
			} else {
				p.data = rd.codec.Render(p.data, b, i)
			}
			odds = odds[1:]
		} else {
			p.data = rd.codec.Render(p.data, b, i)
		}
		p.ends[i] = uint32(len(p.data))
		if i == 31 {
			p.data = slices.Grow(p.data, len(p.data)*b.Len/30)
		}
	}
	var key []byte
	p.keys = func(i int) []byte {
		key = column.RowKey(key[:0], b, rd.keyCols, i)
		return key
	}
	if rd.proven {
		return p, rd.verifyDoubts(p, b)
	}
	return p, rd.verify(p.data, p.ends, b)
}

// release gives the buffer of p back for other pieces.
func (p *piece) release() {
	if p.pool != nil {
		buf := p.data
		p.pool.Put(&buf)
	}
}

// verify reads records back and compares them with the samples that they are
// of: what was rendered may be all that is ever seen of a sample.
func (rd *recordWriter) verify(data []byte, ends []uint32, b *column.Batch) error {
	got, _ := rd.parsed.Get().(*column.Batch)
	if got == nil {
		got = column.NewBatch(&column.Schema{Fields: rd.codec.Columns()}, b.Len)
	}
	got.Reset()
	defer rd.parsed.Put(got)
	at, _, err := rd.codec.Parse(data, 1, got)
	if err != nil {
		return &UnwritableError{Detail: err.Error()}
	}
	if !slices.Equal(at, ends) {
		return &UnwritableError{Detail: "its records end elsewhere when they are read"}
	}
	for k, c := range got.Cols {
		if sameVector(c, b.Cols[k]) {
			continue
		}
		for i := range b.Len {
			if !column.Equal(c, i, b.Cols[k], i) {
				return &UnwritableError{Detail: fmt.Sprintf("column %s: %s is read back as %s", got.Schema.Fields[k].Name,
					quoted(b.Cols[k], i), quoted(c, i))}
			}
		}
	}
	return nil
}

func quoted(v *column.Vector, i int) string {
	if v.IsNull(i) {
		return "null"
	}
	return fmt.Sprintf("%q", column.Text(v, i))
}

// sameVector reports whether two vectors of one plain type are the same; false
// does not say that they differ.
func sameVector(a, b *column.Vector) bool {
	return a.Len == b.Len && a.Nulls == 0 && b.Nulls == 0 && a.Kids == nil && b.Kids == nil && a.Type.Equal(b.Type) &&
		slices.Equal(a.Ints, b.Ints) && slices.Equal(a.F32, b.F32) && slices.Equal(a.F64, b.F64) &&
		slices.Equal(a.Offs, b.Offs) && bytes.Equal(a.Bytes, b.Bytes)
}

// inOrder runs work over what in yields, on several goroutines, and yields the
// results in the order of in. All goroutines have ended when it returns.
func inOrder[T, R any](ctx context.Context, in iter.Seq2[T, error], workers int, work func(T) (R, error)) iter.Seq2[R, error] {
	type result struct {
		value R
		err   error
	}
	return func(yield func(R, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		queue := make(chan chan result, workers)
		var g errgroup.Group
		g.Go(func() error {
			defer close(queue)
			var works errgroup.Group
			works.SetLimit(workers)
			defer func() { _ = works.Wait() }()
			for v, err := range in {
				c := make(chan result, 1)
				select {
				case queue <- c:
				case <-ctx.Done():
					return nil
				}
				if err != nil {
					c <- result{err: err}
					return nil
				}
				works.Go(func() error {
					r, err := work(v)
					c <- result{r, err}
					return nil
				})
			}
			return nil
		})
		defer func() {
			cancel()
			for range queue { // let the readers end
			}
			_ = g.Wait()
		}()
		for c := range queue {
			r := <-c
			if !yield(r.value, r.err) || r.err != nil {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			var none R
			yield(none, err)
		}
	}
}

// UnwritableError is returned when samples cannot be written in the format of
// their file. It unwraps to ErrUnwritable.
type UnwritableError struct{ Detail string }

func (e *UnwritableError) Error() string { return ErrUnwritable.Error() + ": " + e.Detail }

// Unwrap returns ErrUnwritable.
func (e *UnwritableError) Unwrap() error { return ErrUnwritable }
