package table

import (
	"bytes"
	"context"
	"iter"
	"runtime"
	"sort"

	"golang.org/x/sync/errgroup"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
)

// ScanOptions narrow a scan. The zero value reads everything.
type ScanOptions struct {
	// Columns are the ids to read, in the order wanted; nil means all of the
	// schema, hidden ones too.
	Columns []string
	// From and To bound the keys: From <= key < To; nil is no bound.
	From, To []byte
	// Prune may return true for a leaf in which no sample can matter.
	Prune func(b LeafBounds) bool
	// Workers decode beside each other; 0 means one for each processor.
	Workers int
}

// LeafBounds are the zone maps of a leaf.
type LeafBounds struct{ l *leaf }

// Rows returns the number of samples of the leaf.
func (b LeafBounds) Rows() int { return b.l.Rows }

// Column returns the bounds of a column in the leaf, in the order bytes of
// column.Bounds; nil where there is no bound. A column that the leaf does not
// have is all null.
func (b LeafBounds) Column(id string) (min, max []byte, nulls int) {
	c := b.l.column(id)
	if c == nil {
		return nil, nil, b.l.Rows
	}
	return c.Min, c.Max, c.Nulls
}

// Project returns the schema with only the given columns (nil: all of them).
// The key is kept, though its columns need not be among them.
func Project(s *column.Schema, ids []string) *column.Schema {
	if ids == nil {
		return s
	}
	sub := &column.Schema{Key: s.Key}
	for _, id := range ids {
		if i := s.Index(id); i >= 0 {
			sub.Fields = append(sub.Fields, s.Fields[i])
		}
	}
	return sub
}

// Scan yields the samples in key order, a batch for each leaf. A batch belongs
// to the caller. The order of batches does not depend on Workers.
func (t *Table) Scan(ctx context.Context, o ScanOptions) iter.Seq2[*column.Batch, error] {
	return func(yield func(*column.Batch, error) bool) {
		if o.Workers <= 0 {
			o.Workers = runtime.GOMAXPROCS(0)
		}
		parent := ctx
		ctx, cancel := context.WithCancel(parent)
		g, ctx := errgroup.WithContext(ctx)
		order := make(chan chan *column.Batch, 2*o.Workers)
		g.Go(func() error {
			defer close(order)
			return t.schedule(ctx, o, order)
		})
		var stopped, failed bool
		for c := range order {
			if stopped || failed {
				continue // let the readers end
			}
			select {
			case b := <-c:
				if b != nil && b.Len > 0 && !yield(b, nil) {
					stopped = true
					cancel()
				}
			case <-ctx.Done():
				failed = true
			}
		}
		err := g.Wait()
		if err == nil {
			err = context.Cause(parent)
		}
		cancel()
		if err != nil && !stopped {
			yield(nil, err)
		}
	}
}

// schedule starts the reading of each leaf in turn and hands out the places
// where results will be, in order.
func (t *Table) schedule(ctx context.Context, o ScanOptions, order chan<- chan *column.Batch) error {
	sub := Project(t.Schema, o.Columns)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(o.Workers)
	for e, err := range merkle.Leaves(ctx, t.r, t.Root, o.From) {
		if err != nil {
			if rerr := g.Wait(); rerr != nil {
				return rerr // which has cancelled the walk
			}
			return err
		}
		c := make(chan *column.Batch, 1)
		select {
		case order <- c:
		case <-ctx.Done():
			return g.Wait()
		}
		g.Go(func() error {
			b, err := t.readLeaf(ctx, e, sub, &o)
			if err != nil {
				return err
			}
			c <- b
			return nil
		})
		if o.To != nil && bytes.Compare(e.Last, o.To) >= 0 {
			break
		}
	}
	return g.Wait()
}

// readLeaf returns the wanted columns and rows of a leaf, nil for none.
func (t *Table) readLeaf(ctx context.Context, e merkle.Entry, sub *column.Schema, o *ScanOptions) (*column.Batch, error) {
	dec := t.dec.Get().(*column.PageDecoder)
	defer t.dec.Put(dec)
	l, err := openLeaf(ctx, t.r, &e, dec)
	if err != nil {
		return nil, err
	}
	if o.Prune != nil && o.Prune(LeafBounds{l.leaf}) {
		return nil, nil
	}
	if (o.From == nil || bytes.Compare(o.From, l.First) <= 0) && (o.To == nil || bytes.Compare(l.Last, o.To) < 0) {
		return l.batch(ctx, sub)
	}
	keys, err := l.keys(ctx, t.Schema)
	if err != nil {
		return nil, err
	}
	from, to := 0, keys.len()
	if o.From != nil {
		from = sort.Search(to, func(i int) bool { return bytes.Compare(keys.at(i), o.From) >= 0 })
	}
	if o.To != nil {
		to = sort.Search(to, func(i int) bool { return bytes.Compare(keys.at(i), o.To) >= 0 })
	}
	if from >= to {
		return nil, nil
	}
	b, err := l.batch(ctx, sub)
	if err != nil {
		return nil, err
	}
	part := column.NewBatch(sub, to-from)
	part.AppendFrom(b, from, to)
	return part, nil
}

// Get returns the sample with the given key as a batch of one row, nil if
// there is none.
func (t *Table) Get(ctx context.Context, key []byte, columns []string) (*column.Batch, error) {
	for b, err := range t.Scan(ctx, ScanOptions{Columns: columns, From: key, To: append(bytes.Clone(key), 0), Workers: 1}) {
		return b, err
	}
	return nil, nil
}

// ScanRange yields samples number from..to (exclusive, from 0, in key order).
func (t *Table) ScanRange(ctx context.Context, from, to int64, columns []string) iter.Seq2[*column.Batch, error] {
	return func(yield func(*column.Batch, error) bool) {
		if from = max(from, 0); from >= to {
			return
		}
		sub := Project(t.Schema, columns)
		for e, err := range merkle.LeavesAt(ctx, t.r, t.Root, from) {
			if err != nil {
				yield(nil, err)
				return
			}
			if e.Before >= to {
				return
			}
			b, err := t.readLeaf(ctx, e.Entry, sub, &ScanOptions{})
			if err != nil {
				yield(nil, err)
				return
			}
			a, z := max(from-e.Before, 0), min(to-e.Before, int64(b.Len))
			if a > 0 || z < int64(b.Len) {
				part := column.NewBatch(sub, int(z-a))
				part.AppendFrom(b, int(a), int(z))
				b = part
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}
