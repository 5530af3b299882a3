package column

import (
	"encoding/binary"
	"math/bits"
)

// long is a 128-bit two's complement integer: the digits of a decimal.
type long struct {
	hi int64
	lo uint64
}

func longOf(n int64) long { return long{hi: n >> 63, lo: uint64(n)} }

// longAt returns the number in the 16 bytes that a vector holds for a decimal
// of more than 18 digits: big-endian with the sign bit flipped.
func longAt(b []byte) long {
	return long{hi: int64(binary.BigEndian.Uint64(b) ^ 1<<63), lo: binary.BigEndian.Uint64(b[8:])}
}

// appendLong is the inverse of longAt.
func appendLong(dst []byte, x long) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(x.hi)^1<<63)
	return binary.BigEndian.AppendUint64(dst, x.lo)
}

func (x long) negative() bool { return x.hi < 0 }

func (x long) neg() long {
	lo, carry := bits.Add64(^x.lo, 1, 0)
	return long{hi: int64(^uint64(x.hi) + carry), lo: lo}
}
