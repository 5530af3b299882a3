package parquet

import (
	"fmt"
	"sync"

	"github.com/strata-data/strata/internal/column"
)

// scan is one pass over a file: columns that are each read batch after batch,
// by whoever is free, into a ring of batches. The column that is furthest
// behind goes first, so that neither one slow column nor the end of a batch
// lets a processor wait.
type scan struct {
	r       *reader
	batches int64
	cols    []*assembler
	order   []int // columns, slowest first

	mu       sync.Mutex
	cond     sync.Cond
	ring     [ahead]*column.Batch
	missing  [ahead]int // columns that are not yet read of the batch in each place
	next     []int64    // for each column the batch that is to be read next
	busy     []bool
	released int64 // batches that the caller is done with
	stopped  bool

	// The first failure, in the order of batches and then of columns.
	err      error
	errBatch int64
	errCol   int

	wg sync.WaitGroup
}

func newScan(r *reader) *scan {
	s := &scan{r: r, cols: r.assemblers(), order: r.bySize(), next: make([]int64, len(r.nodes)), busy: make([]bool, len(r.nodes))}
	s.cond.L = &s.mu
	s.batches = (r.rows + int64(r.batch) - 1) / int64(r.batch)
	for i := range s.ring {
		s.ring[i] = newBatch(r.schema, int(min(int64(r.batch), r.rows)))
		s.missing[i] = len(r.nodes)
	}
	return s
}

// newBatch returns an empty batch with room for n rows in its flat columns;
// what nested ones need is not known, and a file may lie about it.
func newBatch(s *column.Schema, n int) *column.Batch {
	b := &column.Batch{Schema: s}
	for _, f := range s.Fields {
		room := n
		if f.Type.Kind.IsNested() {
			room = 0
		}
		b.Cols = append(b.Cols, column.NewVector(f.Type, room))
	}
	return b
}

// rowsOf returns the number of rows of batch b.
func (s *scan) rowsOf(b int64) int {
	return int(min(int64(s.r.batch), s.r.rows-b*int64(s.r.batch)))
}

// work reads columns until there is nothing left to read.
func (s *scan) work() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		c, more := s.choose()
		switch {
		case !more || s.stopped:
			return
		case c < 0:
			s.cond.Wait()
			continue
		}
		b := s.next[c]
		s.busy[c] = true
		s.mu.Unlock()
		v := s.ring[b%ahead].Cols[c]
		v.Reset()
		err := s.cols[c].read(v, s.rowsOf(b))
		s.mu.Lock()
		s.busy[c] = false
		s.next[c]++
		s.missing[b%ahead]--
		if err != nil {
			s.fail(err, b, c)
		}
		s.cond.Broadcast()
	}
}

// choose returns the column to read now, -1 if one has to wait, and whether
// any column has batches left.
func (s *scan) choose() (col int, more bool) {
	col = -1
	for _, c := range s.order {
		if s.next[c] >= s.batches {
			continue
		}
		more = true
		if !s.busy[c] && s.next[c] < s.released+ahead && (col < 0 || s.next[c] < s.next[col]) {
			col = c
		}
	}
	return col, more
}

func (s *scan) fail(err error, b int64, c int) {
	s.next[c] = s.batches // the column is over
	if s.err == nil || b < s.errBatch || b == s.errBatch && c < s.errCol {
		s.err, s.errBatch, s.errCol = err, b, c
	}
}

// take waits for batch b.
func (s *scan) take(b int64) (*column.Batch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.missing[b%ahead] > 0 {
		s.cond.Wait()
	}
	if s.err != nil && s.errBatch == b {
		name := s.r.schema.Fields[s.errCol].Name
		return nil, fmt.Errorf("rows %d to %d, column %s: %w", b*int64(s.r.batch)+1, b*int64(s.r.batch)+int64(s.rowsOf(b)), name, s.err)
	}
	batch := s.ring[b%ahead]
	batch.Len = s.rowsOf(b)
	return batch, nil
}

// release gives the place of the oldest batch back.
func (s *scan) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.missing[s.released%ahead] = len(s.cols)
	s.released++
	s.cond.Broadcast()
}

// stop ends the goroutines and closes the columns.
func (s *scan) stop() {
	s.mu.Lock()
	s.stopped = true
	s.cond.Broadcast()
	s.mu.Unlock()
	s.wg.Wait()
	for _, c := range s.cols {
		c.close()
	}
}
