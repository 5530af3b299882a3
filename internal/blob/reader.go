package blob

import (
	"context"
	"fmt"
	"io"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// Reader gives the bytes of a file back, in order. It holds one chunk at a
// time and is not safe for concurrent use.
type Reader struct {
	ctx   context.Context
	rd    store.Reader
	stack []part // what is still to be read, first part last
	chunk []byte // rest of the current chunk
	err   error
}

// part is a chunk, or a list of the level, of which nothing was read yet.
type part struct {
	Entry
	level int // -1 = chunk, anyLevel = whatever the object is
}

const anyLevel = -2

// Read returns a reader of the file ref. Objects that are missing or not what
// ref and their lists say are object.ErrNotFound and object.ErrCorrupt.
func Read(ctx context.Context, rd store.Reader, ref Ref) *Reader {
	return &Reader{ctx: ctx, rd: rd, stack: []part{{Entry(ref), anyLevel}}}
}

// next makes the next chunk with bytes current; io.EOF behind the last.
func (r *Reader) next() error {
	for len(r.chunk) == 0 {
		if len(r.stack) == 0 {
			return io.EOF
		}
		p := r.stack[len(r.stack)-1]
		r.stack = r.stack[:len(r.stack)-1]
		b, err := r.rd.Get(r.ctx, p.ID)
		if err != nil {
			return err
		}
		list := len(b) > 0 && object.Kind(b[0]) == object.KindChunks
		if list && p.level != -1 {
			err = r.push(p, b)
		} else if !list && p.level > -1 {
			err = fmt.Errorf("%w: object %s: a chunk where a list should be", object.ErrCorrupt, p.ID)
		} else {
			r.chunk, err = object.Payload(b, object.KindChunk)
			if err == nil && int64(len(r.chunk)) != p.Size {
				err = fmt.Errorf("%w: chunk %s has %d bytes, want %d", object.ErrCorrupt, p.ID, len(r.chunk), p.Size)
			}
		}
		if err != nil {
			r.chunk = nil
			return err
		}
	}
	return nil
}

// push puts the entries of the list object b on the stack.
func (r *Reader) push(p part, b []byte) error {
	entries, level, err := Children(b)
	if err != nil {
		return fmt.Errorf("object %s: %w", p.ID, err)
	}
	size := int64(0)
	for _, e := range entries {
		size += e.Size
	}
	if size != p.Size || p.level != anyLevel && p.level != level {
		return fmt.Errorf("%w: list %s has %d bytes at level %d, want %d at level %d", object.ErrCorrupt, p.ID, size, level, p.Size, p.level)
	}
	for i := len(entries) - 1; i >= 0; i-- {
		r.stack = append(r.stack, part{entries[i], level - 1})
	}
	return nil
}

// Read implements io.Reader.
func (r *Reader) Read(b []byte) (int, error) {
	if r.err == nil && len(b) > 0 {
		r.err = r.next()
	}
	if r.err != nil {
		return 0, r.err
	}
	n := copy(b, r.chunk)
	r.chunk = r.chunk[n:]
	return n, nil
}

// WriteTo implements io.WriterTo; chunks are written as they lie in the store.
func (r *Reader) WriteTo(w io.Writer) (n int64, err error) {
	for r.err == nil {
		if r.err = r.next(); r.err != nil {
			break
		}
		m, err := w.Write(r.chunk)
		n += int64(m)
		r.chunk = r.chunk[m:]
		if err != nil {
			return n, err
		}
	}
	if r.err == io.EOF {
		return n, nil
	}
	return n, r.err
}

// Close implements io.Closer.
func (r *Reader) Close() error {
	r.stack, r.chunk, r.err = nil, nil, io.ErrClosedPipe
	return nil
}
