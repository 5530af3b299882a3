package source

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"sync"

	"github.com/strata-data/strata/internal/column"
)

// piece is a run of records of a file, rendered.
type piece struct {
	data []byte
	ends []uint32           // of each record in data
	keys func(i int) []byte // the key of record i, valid until the next call
	odds []oddRecord
	kept bool    // odds are in the file's table already
	at   []int64 // places of the records in the file, where these are not in order
	pool *sync.Pool
}

// oddRecord is a record that is not as the dialect writes it.
type oddRecord struct {
	row         int
	key, record []byte
	open        int // bytes of line end that were put behind it, though it had none
}

// cutLast takes the line end off the last record where the file had none. What
// was cut is in s when the sequence has ended. Odd records are kept on the way.
func cutLast(pieces iter.Seq2[*piece, error], rd *recordWriter, s *Source, cut int) iter.Seq2[*piece, error] {
	return func(yield func(*piece, error) bool) {
		var held *piece
		for p, err := range pieces {
			if err != nil {
				yield(nil, err)
				return
			}
			if len(p.ends) == 0 {
				continue
			}
			if held != nil {
				if err := rd.keepOf(held); err != nil {
					yield(nil, err)
					return
				}
				if !yield(held, nil) {
					return
				}
			}
			held = p
		}
		if held == nil {
			return
		}
		n := 0
		if k := len(held.odds) - 1; k >= 0 && held.odds[k].row == len(held.ends)-1 {
			n = held.odds[k].close()
		} else {
			end := held.data[:len(held.data)]
			for n < cut && len(end) > 0 && (end[len(end)-1] == '\n' || end[len(end)-1] == '\r') {
				end = end[:len(end)-1]
				n++
			}
			s.Cut = n
		}
		if err := rd.keepOf(held); err != nil {
			yield(nil, err)
			return
		}
		held.data = held.data[:len(held.data)-n]
		held.ends[len(held.ends)-1] -= uint32(n)
		yield(held, nil)
	}
}

// pieceReader is the records of a file as a stream. It remembers which records
// were read until take asks for them.
type pieceReader struct {
	pull func() (*piece, error, bool)
	rest []byte

	mu    sync.Mutex
	queue []*piece
	row   int   // of the first piece: records that were taken
	base  int64 // where the first piece begins in the stream
	taken int64 // bytes
}

// Read implements io.Reader.
func (r *pieceReader) Read(b []byte) (int, error) {
	for len(r.rest) == 0 {
		p, err, ok := r.pull()
		if err != nil {
			return 0, err
		}
		if !ok {
			return 0, io.EOF
		}
		r.mu.Lock()
		r.queue = append(r.queue, p)
		r.mu.Unlock()
		r.rest = p.data
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// take completes the next chunk of ch.Size bytes with the keys of its records.
func (r *pieceReader) take(ctx context.Context, rw *rewriter, s *Source, ch *chunk) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken += ch.Size
	var keys *column.Vector
	if s.Shuffled {
		keys = column.NewVector(column.Of(column.Binary), 0)
	}
	var last func() []byte
	for len(r.queue) > 0 {
		p := r.queue[0]
		for r.row < len(p.ends) && r.base+int64(p.ends[r.row]) <= r.taken {
			i := r.row
			if ch.Rows == 0 {
				ch.First = bytes.Clone(p.keys(i))
			}
			if keys != nil {
				keys.AppendBytes(p.keys(i))
			}
			last = func() []byte { return p.keys(i) }
			ch.Rows++
			r.row++
		}
		if r.row < len(p.ends) {
			break
		}
		r.base += int64(len(p.data))
		p.release()
		r.queue, r.row = r.queue[1:], 0
	}
	if last != nil {
		ch.Last = bytes.Clone(last())
	}
	if at := r.at(); at != r.taken {
		return fmt.Errorf("a chunk ends at byte %d, within a record that began at %d", r.taken, at)
	}
	if keys == nil {
		return nil
	}
	var err error
	ch.Keys, err = putKeys(ctx, rw.w, keys)
	return err
}

// at returns where the first record begins that was not taken.
func (r *pieceReader) at() int64 {
	if len(r.queue) == 0 || r.row == 0 {
		return r.base
	}
	return r.base + int64(r.queue[0].ends[r.row-1])
}
