package kernel

import (
	"encoding/binary"
	"math"
)

// transpose8 turns eight rows of eight bytes into eight columns: byte j of
// result i is byte i of argument j. It is its own inverse.
func transpose8(a, b, c, d, e, f, g, h uint64) (uint64, uint64, uint64, uint64, uint64, uint64, uint64, uint64) {
	const m4, m2, m1 = 0x00000000FFFFFFFF, 0x0000FFFF0000FFFF, 0x00FF00FF00FF00FF
	var t uint64
	t = (a>>32 ^ e) & m4
	e, a = e^t, a^t<<32
	t = (b>>32 ^ f) & m4
	f, b = f^t, b^t<<32
	t = (c>>32 ^ g) & m4
	g, c = g^t, c^t<<32
	t = (d>>32 ^ h) & m4
	h, d = h^t, d^t<<32

	t = (a>>16 ^ c) & m2
	c, a = c^t, a^t<<16
	t = (b>>16 ^ d) & m2
	d, b = d^t, b^t<<16
	t = (e>>16 ^ g) & m2
	g, e = g^t, e^t<<16
	t = (f>>16 ^ h) & m2
	h, f = h^t, f^t<<16

	t = (a>>8 ^ b) & m1
	b, a = b^t, a^t<<8
	t = (c>>8 ^ d) & m1
	d, c = d^t, c^t<<8
	t = (e>>8 ^ f) & m1
	f, e = f^t, e^t<<8
	t = (g>>8 ^ h) & m1
	h, g = h^t, g^t<<8
	return a, b, c, d, e, f, g, h
}

// Split writes the low width bytes of every xs[i]-base as byte planes, least
// significant plane first: dst[p*len(xs)+i] is byte p. Width is 1 to 8 and dst
// has width*len(xs) bytes.
func Split(dst []byte, xs []int64, base uint64, width int) {
	n := len(xs)
	dst = dst[:width*n]
	i := 0
	switch width {
	case 1:
		i = split1(dst, xs, base)
	case 2:
		i = split2(dst, xs, base)
	default:
		i = split8(dst, xs, base, width)
	}
	for ; i < n; i++ {
		x := uint64(xs[i]) - base
		for p := i; p < len(dst); p += n {
			dst[p] = byte(x)
			x >>= 8
		}
	}
}

func split1(dst []byte, xs []int64, base uint64) int {
	i := 0
	for ; i+8 <= len(xs); i += 8 {
		x := xs[i : i+8 : i+8]
		w := uint64(byte(uint64(x[0])-base)) | uint64(byte(uint64(x[1])-base))<<8 |
			uint64(byte(uint64(x[2])-base))<<16 | uint64(byte(uint64(x[3])-base))<<24 |
			uint64(byte(uint64(x[4])-base))<<32 | uint64(byte(uint64(x[5])-base))<<40 |
			uint64(byte(uint64(x[6])-base))<<48 | uint64(byte(uint64(x[7])-base))<<56
		binary.LittleEndian.PutUint64(dst[i:], w)
	}
	return i
}

func split2(dst []byte, xs []int64, base uint64) int {
	const m = 0x00FF00FF00FF00FF
	n, i := len(xs), 0
	hi := dst[n:]
	for ; i+8 <= n; i += 8 {
		x := xs[i : i+8 : i+8]
		a := uint64(uint16(uint64(x[0])-base)) | uint64(uint16(uint64(x[2])-base))<<16 |
			uint64(uint16(uint64(x[4])-base))<<32 | uint64(uint16(uint64(x[6])-base))<<48
		b := uint64(uint16(uint64(x[1])-base)) | uint64(uint16(uint64(x[3])-base))<<16 |
			uint64(uint16(uint64(x[5])-base))<<32 | uint64(uint16(uint64(x[7])-base))<<48
		binary.LittleEndian.PutUint64(dst[i:], a&m|b&m<<8)
		binary.LittleEndian.PutUint64(hi[i:], a>>8&m|b&^m)
	}
	return i
}

func split8(dst []byte, xs []int64, base uint64, width int) int {
	n, i := len(xs), 0
	for ; i+8 <= n; i += 8 {
		x := xs[i : i+8 : i+8]
		a, b, c, d, e, f, g, h := transpose8(uint64(x[0])-base, uint64(x[1])-base, uint64(x[2])-base, uint64(x[3])-base,
			uint64(x[4])-base, uint64(x[5])-base, uint64(x[6])-base, uint64(x[7])-base)
		binary.LittleEndian.PutUint64(dst[i:], a)
		binary.LittleEndian.PutUint64(dst[n+i:], b)
		binary.LittleEndian.PutUint64(dst[2*n+i:], c)
		if width == 3 {
			continue
		}
		binary.LittleEndian.PutUint64(dst[3*n+i:], d)
		if width == 4 {
			continue
		}
		binary.LittleEndian.PutUint64(dst[4*n+i:], e)
		if width == 5 {
			continue
		}
		binary.LittleEndian.PutUint64(dst[5*n+i:], f)
		if width == 6 {
			continue
		}
		binary.LittleEndian.PutUint64(dst[6*n+i:], g)
		if width == 7 {
			continue
		}
		binary.LittleEndian.PutUint64(dst[7*n+i:], h)
	}
	return i
}

// Join is the inverse of Split: dst[i] becomes base plus the number whose
// bytes stand in the planes of src, which has width*len(dst) bytes.
func Join(dst []int64, src []byte, base uint64, width int) {
	n := len(dst)
	src = src[:width*n]
	i := 0
	switch width {
	case 1:
		i = join1(dst, src, base)
	case 2:
		i = join2(dst, src, base)
	default:
		i = join8(dst, src, base, width)
	}
	for ; i < n; i++ {
		x := uint64(0)
		for p := width - 1; p >= 0; p-- {
			x = x<<8 | uint64(src[p*n+i])
		}
		dst[i] = int64(x + base)
	}
}

func join1(dst []int64, src []byte, base uint64) int {
	i := 0
	for ; i+8 <= len(dst); i += 8 {
		w := binary.LittleEndian.Uint64(src[i:])
		x := dst[i : i+8 : i+8]
		x[0] = int64(w&255 + base)
		x[1] = int64(w>>8&255 + base)
		x[2] = int64(w>>16&255 + base)
		x[3] = int64(w>>24&255 + base)
		x[4] = int64(w>>32&255 + base)
		x[5] = int64(w>>40&255 + base)
		x[6] = int64(w>>48&255 + base)
		x[7] = int64(w>>56 + base)
	}
	return i
}

func join2(dst []int64, src []byte, base uint64) int {
	const m = 0x00FF00FF00FF00FF
	n, i := len(dst), 0
	hi := src[n:]
	for ; i+8 <= n; i += 8 {
		l, h := binary.LittleEndian.Uint64(src[i:]), binary.LittleEndian.Uint64(hi[i:])
		a, b := l&m|h&m<<8, l>>8&m|h&^m
		x := dst[i : i+8 : i+8]
		x[0] = int64(a&0xFFFF + base)
		x[1] = int64(b&0xFFFF + base)
		x[2] = int64(a>>16&0xFFFF + base)
		x[3] = int64(b>>16&0xFFFF + base)
		x[4] = int64(a>>32&0xFFFF + base)
		x[5] = int64(b>>32&0xFFFF + base)
		x[6] = int64(a>>48 + base)
		x[7] = int64(b>>48 + base)
	}
	return i
}

func join8(dst []int64, src []byte, base uint64, width int) int {
	n, i := len(dst), 0
	for ; i+8 <= n; i += 8 {
		var d, e, f, g, h uint64
		a := binary.LittleEndian.Uint64(src[i:])
		b := binary.LittleEndian.Uint64(src[n+i:])
		c := binary.LittleEndian.Uint64(src[2*n+i:])
		if width > 3 {
			d = binary.LittleEndian.Uint64(src[3*n+i:])
		}
		if width > 4 {
			e = binary.LittleEndian.Uint64(src[4*n+i:])
		}
		if width > 5 {
			f = binary.LittleEndian.Uint64(src[5*n+i:])
		}
		if width > 6 {
			g = binary.LittleEndian.Uint64(src[6*n+i:])
		}
		if width > 7 {
			h = binary.LittleEndian.Uint64(src[7*n+i:])
		}
		a, b, c, d, e, f, g, h = transpose8(a, b, c, d, e, f, g, h)
		x := dst[i : i+8 : i+8]
		x[0], x[1], x[2], x[3] = int64(a+base), int64(b+base), int64(c+base), int64(d+base)
		x[4], x[5], x[6], x[7] = int64(e+base), int64(f+base), int64(g+base), int64(h+base)
	}
	return i
}

// SplitF64 writes the IEEE bits of xs as eight byte planes into dst, which has
// 8*len(xs) bytes.
func SplitF64(dst []byte, xs []float64) {
	n, i := len(xs), 0
	dst = dst[:8*n]
	for ; i+8 <= n; i += 8 {
		x := xs[i : i+8 : i+8]
		a, b, c, d, e, f, g, h := transpose8(math.Float64bits(x[0]), math.Float64bits(x[1]), math.Float64bits(x[2]),
			math.Float64bits(x[3]), math.Float64bits(x[4]), math.Float64bits(x[5]), math.Float64bits(x[6]), math.Float64bits(x[7]))
		binary.LittleEndian.PutUint64(dst[i:], a)
		binary.LittleEndian.PutUint64(dst[n+i:], b)
		binary.LittleEndian.PutUint64(dst[2*n+i:], c)
		binary.LittleEndian.PutUint64(dst[3*n+i:], d)
		binary.LittleEndian.PutUint64(dst[4*n+i:], e)
		binary.LittleEndian.PutUint64(dst[5*n+i:], f)
		binary.LittleEndian.PutUint64(dst[6*n+i:], g)
		binary.LittleEndian.PutUint64(dst[7*n+i:], h)
	}
	for ; i < n; i++ {
		x := math.Float64bits(xs[i])
		for p := i; p < len(dst); p += n {
			dst[p] = byte(x)
			x >>= 8
		}
	}
}

// JoinF64 is the inverse of SplitF64.
func JoinF64(dst []float64, src []byte) {
	n, i := len(dst), 0
	src = src[:8*n]
	for ; i+8 <= n; i += 8 {
		a, b, c, d, e, f, g, h := transpose8(binary.LittleEndian.Uint64(src[i:]), binary.LittleEndian.Uint64(src[n+i:]),
			binary.LittleEndian.Uint64(src[2*n+i:]), binary.LittleEndian.Uint64(src[3*n+i:]),
			binary.LittleEndian.Uint64(src[4*n+i:]), binary.LittleEndian.Uint64(src[5*n+i:]),
			binary.LittleEndian.Uint64(src[6*n+i:]), binary.LittleEndian.Uint64(src[7*n+i:]))
		x := dst[i : i+8 : i+8]
		x[0], x[1], x[2], x[3] = math.Float64frombits(a), math.Float64frombits(b), math.Float64frombits(c), math.Float64frombits(d)
		x[4], x[5], x[6], x[7] = math.Float64frombits(e), math.Float64frombits(f), math.Float64frombits(g), math.Float64frombits(h)
	}
	for ; i < n; i++ {
		x := uint64(0)
		for p := 7; p >= 0; p-- {
			x = x<<8 | uint64(src[p*n+i])
		}
		dst[i] = math.Float64frombits(x)
	}
}

// transpose4 turns eight rows of four bytes, two in each word (row k low, row
// k+4 high), into four columns of eight bytes.
func transpose4(a, b, c, d uint64) (uint64, uint64, uint64, uint64) {
	const m2, m1 = 0x0000FFFF0000FFFF, 0x00FF00FF00FF00FF
	t := (a>>16 ^ c) & m2
	c, a = c^t, a^t<<16
	t = (b>>16 ^ d) & m2
	d, b = d^t, b^t<<16
	t = (a>>8 ^ b) & m1
	b, a = b^t, a^t<<8
	t = (c>>8 ^ d) & m1
	d, c = d^t, c^t<<8
	return a, b, c, d
}

// SplitF32 writes the IEEE bits of xs as four byte planes into dst, which has
// 4*len(xs) bytes.
func SplitF32(dst []byte, xs []float32) {
	n, i := len(xs), 0
	dst = dst[:4*n]
	for ; i+8 <= n; i += 8 {
		x := xs[i : i+8 : i+8]
		a, b, c, d := transpose4(
			uint64(math.Float32bits(x[0]))|uint64(math.Float32bits(x[4]))<<32,
			uint64(math.Float32bits(x[1]))|uint64(math.Float32bits(x[5]))<<32,
			uint64(math.Float32bits(x[2]))|uint64(math.Float32bits(x[6]))<<32,
			uint64(math.Float32bits(x[3]))|uint64(math.Float32bits(x[7]))<<32)
		binary.LittleEndian.PutUint64(dst[i:], a)
		binary.LittleEndian.PutUint64(dst[n+i:], b)
		binary.LittleEndian.PutUint64(dst[2*n+i:], c)
		binary.LittleEndian.PutUint64(dst[3*n+i:], d)
	}
	for ; i < n; i++ {
		x := math.Float32bits(xs[i])
		for p := i; p < len(dst); p += n {
			dst[p] = byte(x)
			x >>= 8
		}
	}
}

// JoinF32 is the inverse of SplitF32.
func JoinF32(dst []float32, src []byte) {
	n, i := len(dst), 0
	src = src[:4*n]
	for ; i+8 <= n; i += 8 {
		a, b, c, d := transpose4(binary.LittleEndian.Uint64(src[i:]), binary.LittleEndian.Uint64(src[n+i:]),
			binary.LittleEndian.Uint64(src[2*n+i:]), binary.LittleEndian.Uint64(src[3*n+i:]))
		x := dst[i : i+8 : i+8]
		x[0], x[4] = math.Float32frombits(uint32(a)), math.Float32frombits(uint32(a>>32))
		x[1], x[5] = math.Float32frombits(uint32(b)), math.Float32frombits(uint32(b>>32))
		x[2], x[6] = math.Float32frombits(uint32(c)), math.Float32frombits(uint32(c>>32))
		x[3], x[7] = math.Float32frombits(uint32(d)), math.Float32frombits(uint32(d>>32))
	}
	for ; i < n; i++ {
		x := uint32(src[i]) | uint32(src[n+i])<<8 | uint32(src[2*n+i])<<16 | uint32(src[3*n+i])<<24
		dst[i] = math.Float32frombits(x)
	}
}
