package lines

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"

	"github.com/strata-data/strata/internal/format"
)

// The sizes of chunks, before a cut is rounded up to the next record end.
// They are part of the format.
const (
	minSize   = 4 << 10
	avgSize   = 16 << 10
	maxSize   = 64 << 10
	hardBelow = 64 - 16 // up to avgSize the top 16 bits of the hash must be 0
	easyBelow = 64 - 12 // behind it the top 12
)

// maxRecord is the longest record that is read.
const maxRecord = 1 << 30

// candidate returns the position behind minSize bytes at which the gear hash
// allows a cut, maxSize if there is none up to there, or -1 if buf ends first.
func candidate(buf []byte) int {
	if len(buf) <= minSize {
		return -1
	}
	var h uint64
	b := buf[minSize:min(len(buf), avgSize)]
	for i, c := range b {
		h = h<<1 + gear[c]
		if h>>hardBelow == 0 {
			return minSize + i + 1
		}
	}
	if len(buf) <= avgSize {
		return -1
	}
	b = buf[avgSize:min(len(buf), maxSize)]
	for i, c := range b {
		h = h<<1 + gear[c]
		if h>>easyBelow == 0 {
			return avgSize + i + 1
		}
	}
	if len(buf) < maxSize {
		return -1
	}
	return maxSize
}

// Chunks cuts the stream r, which begins at the beginning of a record (behind
// the head of a file), at ends of records that recordEnd finds (see
// format.Text.RecordEnd). Cuts depend only on the bytes from the last cut on.
// Chunks are yielded in order and together are all of r; each belongs to the
// caller, who may Release it. A record of more than 1 GiB is a
// *format.SyntaxError. Nothing is read ahead while the loop's body runs.
func Chunks(ctx context.Context, r io.Reader, recordEnd func(buf []byte, from int) int, o Options) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		c := cutter{r: r, recordEnd: recordEnd, buf: make([]byte, 0, 4*maxSize)}
		pool := &sync.Pool{New: func() any { return new([]byte) }}
		line := max(o.Line, 1)
		var offset int64
		for index := 0; ; index++ {
			data, err := c.next()
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				var se *format.SyntaxError
				if errors.As(err, &se) {
					se.Line += line
				}
				yield(Chunk{}, err)
				return
			}
			if len(data) == 0 {
				return
			}
			p := pool.Get().(*[]byte)
			ch := Chunk{Index: index, Data: append((*p)[:0], data...), Line: line, Offset: offset, buf: p, pool: pool}
			if o.Hash {
				ch.Sum()
			}
			line += countLF(data)
			offset += int64(len(data))
			if !yield(ch, nil) {
				return
			}
		}
	}
}

// cutter is a window on a stream: buf[at:] was read and not yet cut off.
type cutter struct {
	r         io.Reader
	recordEnd func([]byte, int) int
	buf       []byte
	at        int
	eof       bool
}

// next returns the bytes of the next chunk, valid until the next call, and
// none at the end.
func (c *cutter) next() ([]byte, error) {
	want := maxSize
	for {
		if err := c.fill(want); err != nil {
			return nil, err
		}
		w := c.buf[c.at:]
		end := -1
		if pos := candidate(w); pos > 0 {
			end = c.recordEnd(w, pos-1)
		}
		if end < 0 && c.eof {
			end = len(w)
		}
		if end >= 0 {
			c.at += end
			return w[:end], nil
		}
		if len(w) >= maxRecord {
			return nil, &format.SyntaxError{Msg: fmt.Sprintf("the record that begins near here is longer than %d bytes", maxRecord),
				Hint: "look for a quote that is opened and never closed"}
		}
		want = min(max(2*len(w), want), maxRecord)
	}
}

// fill reads until n bytes are in the window or the stream ends.
func (c *cutter) fill(n int) error {
	if len(c.buf)-c.at >= n || c.eof {
		return nil
	}
	if cap(c.buf)-c.at < n {
		rest := c.buf[c.at:]
		if cap(c.buf) < n {
			grown := make([]byte, len(rest), n+maxSize)
			copy(grown, rest)
			c.buf = grown
		} else {
			c.buf = c.buf[:copy(c.buf[:cap(c.buf)], rest)]
		}
		c.at = 0
	}
	for idle := 0; len(c.buf)-c.at < n; {
		k, err := c.r.Read(c.buf[len(c.buf):cap(c.buf)])
		c.buf = c.buf[:len(c.buf)+k]
		if err == io.EOF {
			c.eof = true
			return nil
		}
		if err != nil {
			return err
		}
		if k > 0 {
			idle = 0
		} else if idle++; idle == 100 {
			return io.ErrNoProgress
		}
	}
	return nil
}

func countLF(b []byte) int64 { return int64(bytes.Count(b, []byte{'\n'})) }
