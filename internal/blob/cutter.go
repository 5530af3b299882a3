package blob

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// Cutter turns files into objects, one after another, and keeps its buffers
// between them. It is not safe for concurrent use.
type Cutter struct {
	w    store.Writer // nil: compute ids only
	hint store.Hint

	buf   []byte // header room, then bytes of the file
	lists []list // the open list of each level
}

// The buffer begins with room for a header, holds a small file and the byte
// that says that there is more; it grows to bigBuffer for larger files.
const (
	smallBuffer = object.HeaderSize + smallFile + 1
	bigBuffer   = object.HeaderSize + 8*maxChunk
)

// NewCutter returns a Cutter that stores into w. Chunks get the hint stream
// ("" = Stream).
func NewCutter(w store.Writer, stream string) *Cutter {
	if stream == "" {
		stream = Stream
	}
	return &Cutter{w: w, hint: store.Hint{Stream: stream}}
}

// NewSummer returns a Cutter that stores nothing: its Write computes Refs.
func NewSummer() *Cutter { return new(Cutter) }

// Write cuts and stores everything that r has. An error of r is returned as it
// is. After an error the objects that were stored already stay stored; nothing
// refers to them.
func (c *Cutter) Write(ctx context.Context, r io.Reader) (Ref, error) {
	if c.buf == nil {
		c.buf = make([]byte, smallBuffer)
	}
	n, err := fill(r, c.buf[object.HeaderSize:])
	if err != nil {
		return Ref{}, err
	}
	if n <= smallFile {
		id, err := c.chunk(ctx, object.HeaderSize, object.HeaderSize+n)
		return Ref{id, int64(n)}, err
	}
	if len(c.buf) < bigBuffer {
		big := make([]byte, bigBuffer)
		copy(big, c.buf)
		c.buf = big
	}
	return c.writeLarge(ctx, r, n)
}

// writeLarge goes on with a file whose first n bytes are in the buffer.
func (c *Cutter) writeLarge(ctx context.Context, r io.Reader, n int) (Ref, error) {
	c.lists = c.lists[:0]
	var (
		total int64
		last  Entry
		from  = object.HeaderSize
		to    = from + n
		eof   = false
	)
	for {
		if to-from < maxChunk && !eof {
			if err := ctx.Err(); err != nil {
				return Ref{}, err
			}
			to = object.HeaderSize + copy(c.buf[object.HeaderSize:], c.buf[from:to])
			from = object.HeaderSize
			m, err := fill(r, c.buf[to:])
			if err != nil {
				return Ref{}, err
			}
			eof = to+m < len(c.buf)
			to += m
		}
		if from == to {
			break
		}
		end := from + cut(c.buf[from:to])
		id, err := c.chunk(ctx, from, end)
		if err != nil {
			return Ref{}, err
		}
		last = Entry{id, int64(end - from)}
		if err := c.add(ctx, 0, last); err != nil {
			return Ref{}, err
		}
		total += last.Size
		from = end
	}
	id, err := c.finish(ctx, last, total)
	return Ref{id, total}, err
}

// chunk makes the bytes from..to of the buffer an object. Its header goes over
// the two bytes before, which belong to a chunk that is done.
func (c *Cutter) chunk(ctx context.Context, from, to int) (object.ID, error) {
	b := c.buf[from-object.HeaderSize : to]
	object.AppendHeader(b[:0], object.KindChunk)
	return c.put(ctx, b)
}

func (c *Cutter) put(ctx context.Context, b []byte) (object.ID, error) {
	if c.w == nil {
		return object.Sum(b), nil
	}
	return c.w.Put(ctx, b, c.hint)
}

// add appends e to the list of a level, and what that completes to the levels
// above.
func (c *Cutter) add(ctx context.Context, level int, e Entry) error {
	for level == len(c.lists) {
		if level > maxLevel {
			return fmt.Errorf("store file: larger than lists of level %d can hold", maxLevel)
		}
		if cap(c.lists) > level { // keep the buffer of an earlier file
			c.lists = c.lists[:level+1]
		} else {
			c.lists = append(c.lists, list{})
		}
		c.lists[level].reset(level)
	}
	l := &c.lists[level]
	l.add(e)
	if !endsList(l.len()-1, e.ID) {
		return nil
	}
	return c.flush(ctx, level)
}

// flush stores the list of a level, as an entry of the level above.
func (c *Cutter) flush(ctx context.Context, level int) error {
	l := &c.lists[level]
	size := l.size()
	id, err := c.put(ctx, l.b)
	if err != nil {
		return err
	}
	l.reset(level)
	return c.add(ctx, level+1, Entry{id, size})
}

// finish closes the open lists from the bottom up and returns the root: the
// first entry that is alone at its level. last is the last chunk.
func (c *Cutter) finish(ctx context.Context, last Entry, total int64) (object.ID, error) {
	if last.Size == total {
		return last.ID, nil
	}
	for level := 0; level < len(c.lists); level++ {
		l := &c.lists[level]
		if top := level == len(c.lists)-1; top && level > 0 && l.len() == 1 {
			return object.ID(l.b[entriesAt : entriesAt+object.Size]), nil
		}
		if l.len() == 0 {
			continue
		}
		if err := c.flush(ctx, level); err != nil {
			return object.ID{}, err
		}
	}
	return object.ID{}, errors.New("store file: no root list")
}

// fill reads until b is full or r ends.
func fill(r io.Reader, b []byte) (int, error) {
	n := 0
	for empty := 0; n < len(b); {
		m, err := r.Read(b[n:])
		n += m
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return n, err
		}
		if empty++; m > 0 {
			empty = 0
		} else if empty > 100 {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}
