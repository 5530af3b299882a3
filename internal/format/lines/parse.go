package lines

import (
	"context"
	"iter"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
)

// Parsed is a chunk and its records.
type Parsed struct {
	Chunk // with its ID
	Batch *column.Batch
	Ends  []uint32 // for each record its end in Data
	Odd   []uint32 // numbers of the records that Render writes otherwise, ascending

	batches *sync.Pool
}

// Record returns the bytes of record i.
func (p *Parsed) Record(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = p.Ends[i-1]
	}
	return p.Data[from:p.Ends[i]]
}

// Release gives the buffers of Data and Batch back for the next chunks. It may
// be left out; neither must be used behind it.
func (p *Parsed) Release() {
	p.Chunk.Release()
	if p.batches != nil {
		p.batches.Put(p.Batch)
		p.Batch, p.batches = nil, nil
	}
}

// Parse parses the chunks of one file on o.Workers goroutines and yields them
// in the order in which they came; the result does not depend on the number of
// goroutines. At most o.Budget bytes of text are under way (or one chunk);
// what was yielded is the caller's and is no longer counted when its turn of
// the loop ends. The sequence ends at the first error, in file order.
func Parse(ctx context.Context, chunks iter.Seq2[Chunk, error], codec format.Codec, o Options) iter.Seq2[*Parsed, error] {
	schema := &column.Schema{Fields: codec.Columns()}
	batches := &sync.Pool{New: func() any { return column.NewBatch(schema, 0) }}
	work := func(c *Chunk) (*Parsed, error) {
		b := batches.Get().(*column.Batch)
		b.Reset()
		ends, odd, err := codec.Parse(c.Data, c.Line, b)
		if err != nil {
			return nil, err
		}
		c.Sum()
		return &Parsed{Chunk: *c, Batch: b, Ends: ends, Odd: odd, batches: batches}, nil
	}
	return func(yield func(*Parsed, error) bool) {
		for p, err := range ordered(ctx, chunks, work, o) {
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// Summed fills in the ids of chunks, which other goroutines compute.
func Summed(ctx context.Context, chunks iter.Seq2[Chunk, error], o Options) iter.Seq2[Chunk, error] {
	return ordered(ctx, chunks, func(c *Chunk) (Chunk, error) { c.Sum(); return *c, nil }, o)
}

// Infer shows every chunk to a clone of inf, on o.Workers goroutines, releases
// it, and returns the codec for all of them. The result, and which of several
// errors is returned (that of the first chunk), do not depend on the number of
// goroutines. inf itself is used up.
func Infer(ctx context.Context, chunks iter.Seq2[Chunk, error], inf format.Inferrer, o Options) (format.Codec, error) {
	var mu sync.Mutex
	var free, all []format.Inferrer
	work := func(c *Chunk) (struct{}, error) {
		mu.Lock()
		var mine format.Inferrer
		if n := len(free); n > 0 {
			mine, free = free[n-1], free[:n-1]
		} else {
			mine = inf.Clone()
			all = append(all, mine)
		}
		mu.Unlock()
		err := mine.Chunk(c.Data, c.Line)
		c.Release()
		mu.Lock()
		free = append(free, mine)
		mu.Unlock()
		return struct{}{}, err
	}
	for _, err := range ordered(ctx, chunks, work, o) {
		if err != nil {
			return nil, err
		}
	}
	for _, m := range all {
		inf.Merge(m)
	}
	return inf.Codec()
}

// job is a chunk on its way through ordered.
type job[T any] struct {
	chunk Chunk
	cost  int64
	value T
	err   error
	done  chan struct{}
}

// ordered runs work over chunks on several goroutines and yields the results
// in order. All goroutines have ended when it returns.
func ordered[T any](ctx context.Context, chunks iter.Seq2[Chunk, error], work func(*Chunk) (T, error), o Options) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		inner, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()

		workers, budget := o.workers(), o.budget()
		sem := semaphore.NewWeighted(budget)
		jobs := make(chan *job[T])
		queue := make(chan *job[T], 4*workers)
		wg.Go(func() {
			defer close(queue)
			defer close(jobs)
			for c, err := range chunks {
				j := &job[T]{chunk: c, err: err, done: make(chan struct{})}
				if err != nil {
					close(j.done)
				} else {
					j.cost = min(int64(len(c.Data)), budget)
					if sem.Acquire(inner, j.cost) != nil {
						return
					}
				}
				select {
				case queue <- j:
				case <-inner.Done():
					return
				}
				if err != nil {
					return
				}
				select {
				case jobs <- j:
				case <-inner.Done():
					return
				}
			}
		})
		for range workers {
			wg.Go(func() {
				for j := range jobs {
					j.value, j.err = work(&j.chunk)
					close(j.done)
				}
			})
		}
		var none T
		for j := range queue {
			select {
			case <-j.done:
			case <-ctx.Done():
				yield(none, ctx.Err())
				return
			}
			if j.err != nil {
				yield(none, j.err)
				return
			}
			if !yield(j.value, nil) {
				return
			}
			sem.Release(j.cost)
		}
		if err := ctx.Err(); err != nil {
			yield(none, err)
		}
	}
}
