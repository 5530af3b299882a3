package segment

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/strata-data/strata/internal/object"
)

// sampleSize is how much of a long block is compressed to learn whether the
// rest is worth it.
const sampleSize = 16 << 10

// worthIt reports whether n stored bytes save enough of raw ones.
func worthIt(n, raw int) bool { return n <= raw-raw/32 }

// encoder compresses blocks. It is not safe for concurrent use.
type encoder struct {
	z      *zstd.Encoder
	sample []byte
}

// level is how hard an encoder tries. What it writes is read the same way.
type level zstd.EncoderLevel

// On text the level after the fastest saves 1.5 % more and takes 1.3 to 1.5
// times as long (docs/design/0001). The others are for what is packed once and
// kept; the best takes about 45 MB of memory for each encoder.
const (
	levelFast   = level(zstd.SpeedFastest)
	levelBetter = level(zstd.SpeedBetterCompression)
	levelBest   = level(zstd.SpeedBestCompression)
)

// newEncoder returns an encoder. Entropy coding without matches is on, as it is
// all that float columns have.
func newEncoder(l level) (*encoder, error) {
	z, err := zstd.NewWriter(nil,
		zstd.WithEncoderLevel(zstd.EncoderLevel(l)),
		zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderCRC(false),
		zstd.WithSingleSegment(true),
		zstd.WithAllLitEntropyCompression(true),
		zstd.WithLowerEncoderMem(true),
	)
	return &encoder{z: z}, err
}

// encode returns raw as it should be stored: compressed into dst's memory, or
// raw itself with codecRaw.
func (e *encoder) encode(dst, raw []byte) ([]byte, uint8) {
	if len(raw) > 2*sampleSize {
		e.sample = e.z.EncodeAll(raw[:sampleSize], e.sample[:0])
		if !worthIt(len(e.sample), sampleSize) {
			return raw, codecRaw
		}
	}
	out := e.z.EncodeAll(raw, dst[:0])
	if !worthIt(len(out), len(raw)) {
		return raw, codecRaw
	}
	return out, codecZstd
}

// decoder decompresses blocks; safe for concurrent use. Making it is put off
// until a block needs it.
type decoder struct {
	once sync.Once
	z    *zstd.Decoder
	err  error
}

// decode returns the raw bytes, size long, of the stored ones.
func (d *decoder) decode(stored []byte, codec uint8, size int) ([]byte, error) {
	if codec == codecRaw {
		return stored, nil
	}
	d.once.Do(func() {
		d.z, d.err = zstd.NewReader(nil,
			zstd.WithDecoderConcurrency(runtime.GOMAXPROCS(0)),
			zstd.WithDecodeAllCapLimit(true),
			zstd.WithDecoderMaxMemory(maxObject+1<<20),
			zstd.WithDecoderLowmem(true),
		)
	})
	if d.err != nil {
		return nil, d.err
	}
	// A frame that expands more than this was not written by us; without the
	// check a damaged length could ask for a gigabyte.
	if size/(1<<15) > len(stored) {
		return nil, fmt.Errorf("%w: %d bytes cannot hold a block of %d", object.ErrCorrupt, len(stored), size)
	}
	raw, err := d.z.DecodeAll(stored, make([]byte, 0, size))
	if err != nil {
		return nil, fmt.Errorf("%w: zstd: %v", object.ErrCorrupt, err)
	}
	if len(raw) != size {
		return nil, fmt.Errorf("%w: a block has %d bytes, its index says %d", object.ErrCorrupt, len(raw), size)
	}
	return raw, nil
}

func (d *decoder) close() {
	if d.z != nil {
		d.z.Close()
	}
}
