package segment

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/strata-data/strata/internal/store/segment/sealed"
	"github.com/strata-data/strata/internal/vfs"
)

// block is a run of payloads on its way into a segment.
type block struct {
	id     uint32 // its position in builder.blocks
	stream stream

	into    *block // the shared block that this rest went into, or nil
	intoOff uint32

	done chan struct{} // closed when out and place's lengths are set

	// Protected by pipeline.mu once submitted.
	raw   []byte // nil once the pack was written
	out   []byte // as stored
	ready bool   // out needs no compression
	place place
}

// home returns the block in which the bytes of b at off are, and where.
func (b *block) home(off uint32) (*block, uint32) {
	if b.into != nil {
		return b.into, b.intoOff + off
	}
	return b, off
}

// pipeline compresses blocks in parallel and writes them into packs in the
// order in which they were submitted. What is in flight is bounded: submit
// waits when too much is.
type pipeline struct {
	fs      vfs.FS
	dir     string
	workers int
	decoder *decoder
	level   level

	jobs  chan *block // to be compressed
	queue chan *block // to be written, in order
	ended sync.WaitGroup
	free  chan []byte // raw buffers to be used again
	outs  chan []byte // compressed buffers to be used again

	// The assembler's alone until finish.
	file            vfs.File // nil until the first pack is written
	w               *sealed.Writer
	closed, renamed bool
	pack            [][]byte // what the next pack will be
	packed          []*block // the blocks of pack
	packSize        int      // bytes in pack

	mu     sync.Mutex
	packAt []int64 // offsets of the packs in the file
	failed error   // of the assembler

	// The submitter's alone.
	started, finished bool
}

// inFlight is how many blocks per worker wait for their turn.
const inFlight = 8

func newPipeline(fsys vfs.FS, dir string, workers int, d *decoder, l level) *pipeline {
	n := workers * inFlight
	return &pipeline{
		fs: fsys, dir: dir, workers: workers, decoder: d, level: l,
		jobs: make(chan *block, n), queue: make(chan *block, n),
		free: make(chan []byte, 4*n), outs: make(chan []byte, 4*n),
	}
}

// buffer returns an empty buffer for the raw bytes of a block.
func (p *pipeline) buffer() []byte {
	select {
	case b := <-p.free:
		return b[:0]
	default:
		return nil
	}
}

// recycle takes the raw buffer of b back.
func (p *pipeline) recycle(b *block) {
	give(p.free, b.raw)
	b.raw = nil
}

// give puts b into list for later use, unless the list is full or b is longer
// than most blocks need.
func give(list chan []byte, b []byte) {
	if cap(b) == 0 || cap(b) > 2*blockTarget {
		return
	}
	select {
	case list <- b:
	default:
	}
}

// submit hands b over. It waits while too many blocks are in flight.
func (p *pipeline) submit(b *block) {
	if !p.started {
		p.started = true
		for range p.workers {
			p.ended.Go(p.compress)
		}
		p.ended.Go(p.assemble)
	}
	b.done = make(chan struct{})
	if b.ready {
		close(b.done)
	} else {
		p.jobs <- b
	}
	p.queue <- b
}

// compress is one worker.
func (p *pipeline) compress() {
	enc, err := newEncoder(p.level)
	if err != nil {
		panic("segment: " + err.Error()) // the options are constants
	}
	for b := range p.jobs {
		var dst []byte
		select {
		case dst = <-p.outs:
		default:
		}
		out, codec := enc.encode(dst, b.raw)
		p.mu.Lock()
		b.out = out
		b.place.codec = codec
		b.place.raw, b.place.stored = uint32(len(b.raw)), uint32(len(out))
		p.mu.Unlock()
		close(b.done)
	}
}

// assemble writes the blocks of the queue. After an error it only empties the
// queue, so that nobody waits for ever.
func (p *pipeline) assemble() {
	for b := range p.queue {
		<-b.done
		if p.err() == nil {
			p.fail(p.write(b))
		}
	}
	if p.err() == nil {
		p.fail(p.flush(smallPage))
	}
}

// err returns why the pipeline stopped writing, or nil.
func (p *pipeline) err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}

func (p *pipeline) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed = err
}

func (p *pipeline) write(b *block) error {
	if p.packSize >= packTarget {
		if err := p.flush(largePage); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	b.place.pack, b.place.off = uint32(len(p.packAt)), uint32(p.packSize)
	p.pack = append(p.pack, b.out)
	p.packed = append(p.packed, b)
	p.packSize += len(b.out)
	return nil
}

// flush writes the pack, if there is something in it. A file that has not been
// begun gets pages of pageSize bytes.
func (p *pipeline) flush(pageSize int) error {
	if len(p.packed) == 0 {
		return nil
	}
	if p.file == nil {
		f, err := p.fs.CreateTemp(p.dir, tempPrefix, 0o666)
		if err != nil {
			return err
		}
		p.file = f
		p.w = sealed.NewWriter(f, pageSize)
	}
	at, err := p.w.AppendParts(bucketPacks, packKey(uint32(len(p.packAt))), p.pack)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.packAt = append(p.packAt, at)
	for _, b := range p.packed {
		if b.place.codec == codecZstd && !b.ready {
			give(p.outs, b.out)
		}
		b.out = nil
		p.recycle(b) // the bytes are in the file now
	}
	clear(p.packed)
	clear(p.pack)
	p.packed, p.pack, p.packSize = p.packed[:0], p.pack[:0], 0
	return nil
}

// read returns a copy of size bytes at off of the raw bytes of b, which may be
// anywhere between the builder and the file.
func (p *pipeline) read(b *block, off, size uint32) ([]byte, error) {
	if size == 0 {
		return []byte{}, nil
	}
	p.mu.Lock()
	if b.raw != nil {
		defer p.mu.Unlock()
		return append(make([]byte, 0, size), b.raw[off:off+size]...), nil
	}
	pl := b.place
	if int(pl.pack) >= len(p.packAt) {
		p.mu.Unlock()
		return nil, errors.New("read back a block: it is on its way")
	}
	at := p.packAt[pl.pack] + int64(pl.off)
	p.mu.Unlock()
	stored := make([]byte, pl.stored)
	if _, err := p.file.ReadAt(stored, at); err != nil {
		return nil, fmt.Errorf("read back a block: %w", err)
	}
	raw, err := p.decoder.decode(stored, pl.codec, int(pl.raw))
	if err != nil {
		return nil, fmt.Errorf("read back a block: %w", err)
	}
	return raw[off : off+size : off+size], nil
}

// finish waits until everything is written, except the index.
func (p *pipeline) finish() error {
	if !p.finished {
		p.finished = true
		close(p.jobs)
		close(p.queue)
	}
	p.ended.Wait()
	return p.err()
}

// discard ends the goroutines and removes the temporary file. A file that has
// its final name stays: it may have been published.
func (p *pipeline) discard() error {
	p.finish() // its error does not matter any more
	if p.file == nil {
		return nil
	}
	var err error
	if !p.closed {
		err = p.file.Close()
		p.closed = true
	}
	if !p.renamed {
		if rerr := p.fs.Remove(p.file.Name()); !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
	}
	p.file = nil
	return err
}
