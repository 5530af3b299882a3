package jsonl

import "math/bits"

// wideDecimal is the magnitude of a decimal of up to 38 digits.
type wideDecimal struct{ hi, lo uint64 }

// times10 returns w*10+c; ok is false on overflow of 127 bits.
func (w wideDecimal) times10(c uint64) (wideDecimal, bool) {
	h1, l1 := bits.Mul64(w.lo, 10)
	h2, l2 := bits.Mul64(w.hi, 10)
	lo, carry := bits.Add64(l1, c, 0)
	hi, over := bits.Add64(l2, h1, carry)
	return wideDecimal{hi, lo}, h2 == 0 && over == 0 && hi>>63 == 0
}

// by10 returns w/10 and the remainder.
func (w wideDecimal) by10() (wideDecimal, byte) {
	hi, r := w.hi/10, w.hi%10
	lo, r := bits.Div64(r, w.lo, 10)
	return wideDecimal{hi, lo}, byte(r)
}

// parseDecimal reads a number without exponent that has at most precision
// digits, scale of them after the point.
func parseDecimal(t []byte, precision, scale int) (w wideDecimal, neg, ok bool) {
	if len(t) > 0 && t[0] == '-' {
		neg = true
		t = t[1:]
	}
	frac, digits := -1, 0
	for i := 0; i < len(t) || frac < scale; i++ {
		c := byte('0')
		if i < len(t) {
			c = t[i]
		}
		switch {
		case c == '.' && frac < 0:
			frac = 0
			continue
		case !isDigit(c):
			return w, neg, false
		case frac < 0 && i >= len(t):
			frac = 0
			if scale == 0 {
				return w, neg, digits <= precision
			}
		}
		if frac >= scale {
			if c != '0' {
				return w, neg, false
			}
			continue
		}
		if frac >= 0 {
			frac++
		}
		if digits > 0 || c != '0' {
			digits++
		}
		if w, ok = w.times10(uint64(c - '0')); !ok || digits > precision {
			return w, neg, false
		}
	}
	return w, neg, true
}

// appendDecimal writes w with scale digits after the point.
func appendDecimal(dst []byte, w wideDecimal, neg bool, scale int) []byte {
	var buf [64]byte
	at := len(buf)
	for n := 0; n <= scale || w != (wideDecimal{}); n++ {
		if n == scale && scale > 0 {
			at--
			buf[at] = '.'
		}
		var c byte
		w, c = w.by10()
		at--
		buf[at] = '0' + c
	}
	if neg {
		dst = append(dst, '-')
	}
	return append(dst, buf[at:]...)
}

// bytes returns the 16 bytes in which wide decimals are kept: two's
// complement, big-endian, with the sign bit flipped.
func (w wideDecimal) bytes(neg bool) [16]byte {
	hi, lo := w.hi, w.lo
	if neg {
		var b uint64
		lo, b = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, b)
	}
	hi ^= 1 << 63
	var out [16]byte
	for i := range 8 {
		out[i], out[8+i] = byte(hi>>(56-8*i)), byte(lo>>(56-8*i))
	}
	return out
}

// wideFrom is the inverse of bytes.
func wideFrom(b []byte) (w wideDecimal, neg bool) {
	if len(b) != 16 {
		return w, false
	}
	for i := range 8 {
		w.hi, w.lo = w.hi<<8|uint64(b[i]), w.lo<<8|uint64(b[8+i])
	}
	w.hi ^= 1 << 63
	if neg = w.hi>>63 == 1; neg {
		var br uint64
		w.lo, br = bits.Sub64(0, w.lo, 0)
		w.hi, _ = bits.Sub64(0, w.hi, br)
	}
	return w, neg
}
