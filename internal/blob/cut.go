package blob

// Sizes of chunks in bytes. They are part of the format.
const (
	minChunk  = 16 << 10
	avgChunk  = 64 << 10
	maxChunk  = 256 << 10
	smallFile = 64 << 10 // files up to this size are not cut
)

// A chunk ends after a byte at which the top bits of the gear hash are zero:
// 18 of them before the average size and 14 behind it, which keeps sizes close
// to the average (FastCDC's normalized chunking, level 2).
const (
	strictShift = 64 - 18
	looseShift  = 64 - 14
)

// cut returns the length of the first chunk of b: all of b if that is not
// longer than minChunk, and at most maxChunk. b must hold at least maxChunk
// bytes unless the file ends with it.
func cut(b []byte) int {
	if len(b) <= minChunk {
		return len(b)
	}
	b = b[:min(len(b), maxChunk)]
	h := uint64(0)
	i := minChunk
	for mid := b[:min(len(b), avgChunk)]; i < len(mid); i++ {
		h = h<<1 + gear[mid[i]]
		if h>>strictShift == 0 {
			return i + 1
		}
	}
	for ; i < len(b); i++ {
		h = h<<1 + gear[b[i]]
		if h>>looseShift == 0 {
			return i + 1
		}
	}
	return len(b)
}
