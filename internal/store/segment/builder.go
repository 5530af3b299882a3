package segment

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/strata-data/strata/internal/fault"
	"github.com/strata-data/strata/internal/object"
)

// builder makes one segment file: it gathers objects into blocks, has them
// compressed and written in order (pipeline), and in the end writes the index.
// It is not safe for concurrent use; the pipeline behind it works in
// goroutines of its own, which end with seal or discard.
type builder struct {
	dir    string
	pipe   *pipeline
	open   map[openKey]*block
	opened int // raw bytes in open blocks
	blocks []*block
	refs   map[object.ID]ref
	raw    int64 // bytes of all objects, whole
}

// maxOpen bounds the raw bytes that wait in open blocks.
const maxOpen = 64 << 20

// openKey names an open block. Deltas never share a block with whole objects
// before the rests are joined.
type openKey struct {
	name   string // of the stream, where it is known
	stream stream
	delta  bool
}

func (k openKey) compare(o openKey) int {
	if c := cmp.Compare(k.name, o.name); c != 0 {
		return c
	}
	if c := cmp.Compare(k.stream, o.stream); c != 0 {
		return c
	}
	return cmp.Compare(k.bit(), o.bit())
}

func (k openKey) bit() int {
	if k.delta {
		return 1
	}
	return 0
}

// ref says where an object is: in which block, and where in it.
type ref struct {
	block     uint32
	off, size uint32
	depth     uint8
}

func newBuilder(s *Store, l level) *builder {
	return &builder{
		dir:  s.dir,
		pipe: newPipeline(s.fs, s.dir, s.opt.Workers, &s.decoder, l),
		open: map[openKey]*block{},
		refs: map[object.ID]ref{},
	}
}

// add stores payload, which is the object id or, at a depth above 0, its
// delta. size is the length of the whole object. The id must be new.
func (b *builder) add(id object.ID, k openKey, payload []byte, depth uint8, size int) {
	b.raw += int64(size)
	target := k.stream.target()
	blk := b.open[k]
	switch {
	case len(payload) >= target:
		blk = b.newBlock(k.stream)
	case blk != nil && len(blk.raw)+len(payload) > target:
		b.submit(k, blk)
		blk = nil
	}
	if blk == nil {
		blk = b.newBlock(k.stream)
		b.open[k] = blk
	}
	b.refs[id] = ref{block: blk.id, off: uint32(len(blk.raw)), size: uint32(len(payload)), depth: depth}
	blk.raw = append(blk.raw, payload...)
	if len(payload) >= target {
		b.pipe.submit(blk)
		return
	}
	b.opened += len(payload)
	if b.opened > maxOpen {
		b.submitLongest()
	}
}

// addStored stores a block that is compressed already, with its objects.
func (b *builder) addStored(stored []byte, p place, k openKey, objects []indexed) {
	blk := b.newBlock(k.stream)
	blk.out, blk.place, blk.ready = stored, p, true
	for _, x := range objects {
		b.refs[x.id] = ref{block: blk.id, off: x.off, size: x.size, depth: x.depth}
	}
	b.pipe.submit(blk)
}

func (b *builder) newBlock(s stream) *block {
	blk := &block{id: uint32(len(b.blocks)), stream: s, raw: b.pipe.buffer()}
	b.blocks = append(b.blocks, blk)
	return blk
}

func (b *builder) submit(k openKey, blk *block) {
	delete(b.open, k)
	b.opened -= len(blk.raw)
	b.pipe.submit(blk)
}

func (b *builder) submitLongest() {
	keys := b.openKeys()
	longest := slices.MaxFunc(keys, func(x, y openKey) int {
		return cmp.Compare(len(b.open[x].raw), len(b.open[y].raw))
	})
	b.submit(longest, b.open[longest])
}

func (b *builder) openKeys() []openKey {
	keys := make([]openKey, 0, len(b.open))
	for k := range b.open {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, openKey.compare)
	return keys
}

// submitRests submits what is left of each stream, short rests joined with
// each other.
func (b *builder) submitRests() {
	var joined [2]*block // of data and of meta streams
	for _, k := range b.openKeys() {
		blk := b.open[k]
		target := k.stream.target()
		if len(blk.raw) >= target/4 {
			b.submit(k, blk)
			continue
		}
		to := &joined[k.stream&1]
		if *to == nil || len((*to).raw)+len(blk.raw) > target {
			if *to != nil {
				b.pipe.submit(*to)
			}
			*to = b.newBlock(k.stream)
		}
		blk.into, blk.intoOff = *to, uint32(len((*to).raw))
		(*to).raw = append((*to).raw, blk.raw...)
		b.pipe.recycle(blk)
	}
	clear(b.open)
	for _, blk := range joined {
		if blk != nil {
			b.pipe.submit(blk)
		}
	}
}

// payload returns a copy of what add was given for r.
func (b *builder) payload(r ref) ([]byte, error) {
	blk, off := b.blocks[r.block].home(r.off)
	return b.pipe.read(blk, off, r.size)
}

// entry returns the index entry of r; every block must have been written.
func (b *builder) entry(r ref) entry {
	own := b.blocks[r.block]
	blk, off := own.home(r.off)
	return entry{place: blk.place, off: off, size: r.size, depth: r.depth, stream: own.stream}
}

// seal finishes the file and puts it under its final name, under which nobody
// knows it yet. The builder must hold an object.
func (b *builder) seal() (Info, error) {
	info, err := b.finish(nil)
	if err == nil {
		err = b.install(info.Name)
	}
	if err != nil {
		return Info{}, fmt.Errorf("write segment: %w", err)
	}
	return info, nil
}

// finish writes the rest of the temporary file. The segment gets its second name if
// taken, which may be nil, says so of the first.
func (b *builder) finish(taken func(name string) bool) (Info, error) {
	b.submitRests()
	if err := b.pipe.finish(); err != nil {
		return Info{}, err
	}
	ids := make([]object.ID, 0, len(b.refs))
	for id := range b.refs {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(x, y object.ID) int { return bytes.Compare(x[:], y[:]) })
	h := object.NewHasher()
	var value []byte
	for _, id := range ids {
		h.Write(id[:])
		value = b.entry(b.refs[id]).append(value[:0])
		if err := b.pipe.w.Append(bucketIndex, id[:], value); err != nil {
			return Info{}, err
		}
	}
	if err := b.pipe.w.Append(bucketFormat, []byte(keySegment), []byte{version}); err != nil {
		return Info{}, err
	}
	size, err := b.pipe.w.Close()
	name := nameOf(h)
	if taken != nil && taken(name) {
		name = otherName(h)
	}
	return Info{Name: name, Size: size, Objects: int64(len(ids)), RawBytes: b.raw}, err
}

// install makes the finished temporary file durable under its final name.
func (b *builder) install(name string) error {
	p := b.pipe
	err := fault.Hit(fault.SegmentBeforeSync)
	if err == nil {
		err = p.file.Sync()
	}
	if err == nil {
		err = fault.Hit(fault.SegmentAfterSync)
	}
	if cerr := p.file.Close(); err == nil {
		err = cerr
	}
	p.closed = true
	if err == nil {
		err = fault.Hit(fault.SegmentBeforeRename)
	}
	if err == nil {
		err = p.fs.Rename(p.file.Name(), filepath.Join(b.dir, name+suffix))
	}
	if err != nil {
		return err
	}
	p.renamed = true
	if err := p.fs.SyncDir(b.dir); err != nil {
		return err
	}
	return fault.Hit(fault.SegmentAfterRename)
}

// packKey is the key of a pack.
func packKey(pack uint32) []byte { return binary.BigEndian.AppendUint32(nil, pack) }
