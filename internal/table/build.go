package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/store"
)

// ErrUnsorted is returned by Builder.Append for a key below the one before.
var ErrUnsorted = errors.New("rows are not in key order")

// Builder makes a table bottom-up from rows in key order, writing every object
// once. Leaves are encoded on several goroutines and written in key order, so
// the result does not depend on their number.
type Builder struct {
	schema  *column.Schema
	keyCols []int
	pending *column.Batch // rows of the open leaf
	zeros   []uint8
	first   []byte
	last    []byte // last key appended
	key     []byte // scratch
	begun   bool

	ctx   context.Context
	group *errgroup.Group
	jobs  chan *leafJob
	order chan *leafJob
	free  sync.Pool // *column.Batch of leaves that are encoded
	bufs  sync.Pool // *[]byte of leaves that are written
	nodes *merkle.Builder
	root  merkle.Root
}

type leafJob struct {
	batch       *column.Batch
	zeros       []uint8
	first, last []byte
	out         *newLeaf
	buf         []byte // holds the pages of out
	err         error
	done        chan struct{}
}

// NewBuilder returns a Builder that writes to w with the given number of
// encoding goroutines (0: one for each processor). Finish or Abort must be
// called.
func NewBuilder(ctx context.Context, w store.Writer, s *column.Schema, workers int) *Builder {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	b := &Builder{schema: s, keyCols: s.KeyColumns(), pending: column.NewBatch(s, 0), nodes: merkle.NewBuilder(w)}
	b.group, b.ctx = errgroup.WithContext(ctx)
	b.jobs, b.order = make(chan *leafJob, workers), make(chan *leafJob, workers)
	jobs, order := b.jobs, b.order
	for range workers {
		b.group.Go(func() error { return b.encode(jobs) })
	}
	b.group.Go(func() error { return b.write(w, order) })
	return b
}

// encode turns jobs into encoded leaves until there are no more.
func (b *Builder) encode(jobs <-chan *leafJob) error {
	var e encoder
	for j := range jobs {
		if buf, ok := b.bufs.Get().(*[]byte); ok {
			e.reset(*buf)
		} else {
			e.reset(nil)
		}
		j.out, j.err = e.leaf(j.batch, j.zeros, j.first, j.last)
		j.buf = e.buf
		j.batch.Reset()
		b.free.Put(j.batch)
		close(j.done)
	}
	return nil
}

// write puts encoded leaves in the order of their keys.
func (b *Builder) write(w store.Writer, order <-chan *leafJob) error {
	for j := range order {
		select {
		case <-j.done:
		case <-b.ctx.Done():
			return context.Cause(b.ctx)
		}
		if j.err != nil {
			return j.err
		}
		e, err := j.out.write(b.ctx, w)
		if err != nil {
			return err
		}
		b.bufs.Put(&j.buf)
		if err := b.nodes.Append(b.ctx, 0, e); err != nil {
			return err
		}
	}
	root, err := b.nodes.Finish(b.ctx)
	b.root = root
	return err
}

// Append adds the rows of src, whose columns are those of the schema. Keys
// must be ascending within and across calls: a lower one is ErrUnsorted, an
// equal one a *DuplicateKeyError with the row's number in src. src is copied.
func (b *Builder) Append(src *column.Batch) error {
	from := 0
	for i := range src.Len {
		b.key = column.RowKey(b.key[:0], src, b.keyCols, i)
		if b.begun {
			if c := bytes.Compare(b.last, b.key); c == 0 {
				return &DuplicateKeyError{Key: bytes.Clone(b.key), Row: int64(i), Old: -1}
			} else if c > 0 {
				return ErrUnsorted
			}
		}
		if len(b.zeros) == 0 {
			b.first = bytes.Clone(b.key)
		}
		b.begun = true
		b.last, b.key = b.key, b.last
		z := merkle.Zeros(b.last)
		b.zeros = append(b.zeros, uint8(z))
		if z >= merkle.LeafBits || len(b.zeros) >= merkle.MaxLeafRows {
			if err := b.take(src, from, i+1); err != nil {
				return err
			}
			from = i + 1
			if err := b.flush(); err != nil {
				return err
			}
		}
	}
	return b.take(src, from, src.Len)
}

// maxLeafBytes bounds the values of one leaf in memory; a vector holds 4 GiB.
const maxLeafBytes = 2 << 30

// take copies rows from..to of src into the open leaf.
func (b *Builder) take(src *column.Batch, from, to int) error {
	if from < to {
		b.pending.AppendFrom(src, from, to)
	}
	if b.pending.SizeBytes() > maxLeafBytes {
		return fmt.Errorf("%d neighbouring rows: %w", b.pending.Len, column.ErrTooLarge)
	}
	return nil
}

// flush hands the open leaf to the encoders.
func (b *Builder) flush() error {
	j := &leafJob{batch: b.pending, zeros: b.zeros, first: b.first, last: bytes.Clone(b.last), done: make(chan struct{})}
	for _, c := range []chan *leafJob{b.order, b.jobs} {
		select {
		case c <- j:
		case <-b.ctx.Done():
			return context.Cause(b.ctx)
		}
	}
	b.zeros, b.first = make([]uint8, 0, 2048), nil
	if next, ok := b.free.Get().(*column.Batch); ok {
		b.pending = next
	} else {
		b.pending = column.NewBatch(b.schema, 2048)
	}
	return nil
}

// Finish ends the table and returns its root.
func (b *Builder) Finish() (merkle.Root, error) {
	var err error
	if len(b.zeros) > 0 {
		err = b.flush()
	}
	if werr := b.stop(); werr != nil {
		err = werr
	}
	return b.root, err
}

// Abort ends the goroutines of a Builder whose Append failed.
func (b *Builder) Abort() { _ = b.stop() }

func (b *Builder) stop() error {
	if b.jobs == nil {
		return nil
	}
	close(b.jobs)
	close(b.order)
	b.jobs = nil
	return b.group.Wait()
}
