package segment

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/strata-data/strata/internal/object"
)

// The layout of docs/format/segment.md.
const (
	bucketFormat = "format"
	bucketIndex  = "index"
	bucketPacks  = "packs"
	keySegment   = "segment"
	version      = 1

	suffix     = ".seg"
	tempPrefix = "tmp-"
	nameSize   = 16

	packTarget      = 1 << 20   // a pack ends when it is this long
	blockTarget     = 128 << 10 // so does a block
	metaBlockTarget = 32 << 10  // of streams that are read at random
	maxObject       = 1 << 30
	maxDepth        = 64 // deltas behind one object, at most
	writeDepth      = 8  // at most, of what a Writer puts
	smallPage       = 1 << 10
	largePage       = 4 << 10

	codecRaw  = 0
	codecZstd = 1
)

// MaxObjectSize is the greatest length of an object in bytes.
const MaxObjectSize = maxObject

// stream is what is kept of a stream's name: docs/format/segment.md, "stream".
type stream uint16

func streamOf(name string) stream {
	h := object.Sum([]byte(name))
	s := stream(binary.BigEndian.Uint16(h[:])>>3) << 1
	if strings.HasPrefix(name, "meta") {
		s |= 1
	}
	return s
}

// target is the raw size at which a block of the stream is full.
func (s stream) target() int {
	if s&1 == 1 {
		return metaBlockTarget
	}
	return blockTarget
}

// place says where a block lies in its segment.
type place struct {
	pack   uint32
	off    uint32 // in the pack
	stored uint32 // length in the pack
	raw    uint32 // length when decoded
	codec  uint8
}

// entry is the value of the index for one object.
type entry struct {
	place
	off    uint32 // in the raw block
	size   uint32 // in the raw block
	depth  uint8
	stream stream
}

func (e entry) append(dst []byte) []byte {
	for _, v := range [...]uint64{
		uint64(e.pack), uint64(e.place.off), uint64(e.stored), uint64(e.raw), uint64(e.codec),
		uint64(e.off), uint64(e.size), uint64(e.depth), uint64(e.stream),
	} {
		dst = binary.AppendUvarint(dst, v)
	}
	return dst
}

// decodeEntry reads an index value and checks each field against its limit.
func decodeEntry(b []byte) (entry, error) {
	var v [9]uint64
	limits := [9]uint64{1<<32 - 1, 1<<32 - 1, 1<<32 - 1, maxObject, codecZstd, maxObject, maxObject, maxDepth, 1<<14 - 1}
	for i := range v {
		x, n := binary.Uvarint(b)
		if n <= 0 || x > limits[i] {
			return entry{}, fmt.Errorf("%w: field %d of an index entry", object.ErrCorrupt, i)
		}
		v[i] = x
		b = b[n:]
	}
	e := entry{
		place: place{pack: uint32(v[0]), off: uint32(v[1]), stored: uint32(v[2]), raw: uint32(v[3]), codec: uint8(v[4])},
		off:   uint32(v[5]), size: uint32(v[6]), depth: uint8(v[7]), stream: stream(v[8]),
	}
	if len(b) != 0 || v[5]+v[6] > v[3] || (e.codec == codecRaw && e.stored != e.raw) {
		return entry{}, fmt.Errorf("%w: an index entry contradicts itself", object.ErrCorrupt)
	}
	return e, nil
}
