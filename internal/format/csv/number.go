package csv

import (
	"bytes"
	"math"
	"strconv"
	"unsafe"
)

// parseInt reads a canonical decimal: no plus, no leading zero, no -0. A value
// above MaxInt64 comes back as its bits with big set.
func parseInt(b []byte) (v int64, big, ok bool) {
	neg := false
	d := b
	if len(d) > 0 && d[0] == '-' {
		neg, d = true, d[1:]
	}
	if len(d) == 0 || len(d) > 20 || d[0] == '0' && len(b) > 1 {
		return 0, false, false
	}
	var u uint64
	if len(d) < 19 {
		for _, c := range d {
			c -= '0'
			if c > 9 {
				return 0, false, false
			}
			u = u*10 + uint64(c)
		}
	} else {
		for _, c := range d {
			c -= '0'
			if c > 9 || u > math.MaxUint64/10 || u*10 > math.MaxUint64-uint64(c) {
				return 0, false, false
			}
			u = u*10 + uint64(c)
		}
	}
	switch {
	case neg && u > 1<<63:
		return 0, false, false
	case neg:
		return -int64(u), false, true
	}
	return int64(u), u > math.MaxInt64, true
}

// number is a float as it was written.
type number struct {
	v     float64
	repr  bool // as Python's repr writes it
	short bool // as JavaScript and encoding/json write it
	// exact: the digits are the shortest ones that denote v, up to zeros at
	// the end, so that nothing is lost by keeping v.
	exact bool
	// fixed is the number of decimals n such that %.nf writes it, or -1. An
	// integer that is not exact has none: it is an id, not a measurement.
	fixed int8
}

// maxFixed is the largest number of decimals of a fixed style.
const maxFixed = 30

var pow10 = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
	1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// parseFloat reads a number in the grammar of JSON. ok is false for anything
// else and for numbers that overflow. bits is 64 or 32.
func parseFloat(b []byte, bits int) (n number, ok bool) {
	d := b
	neg := len(d) > 0 && d[0] == '-'
	if neg {
		d = d[1:]
	}
	// Digits before and behind the point; m is all of them, while they fit.
	var m uint64
	i := 0
	for i < len(d) && d[i]-'0' <= 9 {
		m = m*10 + uint64(d[i]-'0')
		i++
	}
	whole := i
	if whole == 0 || whole > 1 && d[0] == '0' {
		return n, false
	}
	frac := 0
	if i < len(d) && d[i] == '.' {
		i++
		for i < len(d) && d[i]-'0' <= 9 {
			m = m*10 + uint64(d[i]-'0')
			i++
		}
		if frac = i - whole - 1; frac == 0 {
			return n, false
		}
	}
	digits := i
	exp, tail := 0, d[i:]
	if len(tail) > 0 {
		if exp, ok = parseExp(tail); !ok {
			return n, false
		}
	}
	if zero := allZero(d[:digits]); zero {
		if neg {
			n.v = math.Copysign(0, -1)
		}
		n.exact, n.fixed = true, -1
		if len(tail) == 0 {
			n.repr, n.short, n.fixed = frac == 1, frac == 0, fixedOf(frac)
		}
		return n, true
	}
	significant := whole + frac // an upper bound: leading zeros count here
	fast := bits == 64 && significant <= 15 && exp-frac >= -22 && exp-frac <= 22
	if fast {
		if n.v = float64(m); exp-frac < 0 {
			n.v /= pow10[frac-exp]
		} else {
			n.v *= pow10[exp-frac]
		}
		if neg {
			n.v = -n.v
		}
		n.exact = true // 15 digits always survive
	} else {
		v, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(b), len(b)), bits)
		if err != nil {
			return n, false
		}
		n.v, n.exact = v, isShortest(v, bits, d[:digits], whole, exp)
	}
	n.style(b, d[:digits], whole, frac, tail, exp, bits, fast)
	return n, true
}

// style fills repr, short and fixed.
func (n *number) style(b, d []byte, whole, frac int, tail []byte, exp, bits int, fast bool) {
	n.fixed = -1
	tidy := frac == 0 || d[len(d)-1] != '0'
	if len(tail) == 0 {
		at := whole - 1 // decimal exponent of the first digit that is not 0
		if d[0] == '0' {
			at = -1
			for d[1-at] == '0' {
				at--
			}
		}
		n.repr = n.exact && frac > 0 && (tidy || frac == 1) && at >= -4 && at < 16
		n.short = n.exact && tidy && at >= -6 && at < 21
		// The shortest digits are also the nearest ones of their length, unless
		// v lies in the middle of two.
		nearest := n.exact && tidy && frac > 0 && !halfway(n.v, frac)
		if n.fixed = fixedOf(frac); n.fixed >= 0 && !fast && !nearest {
			if frac == 0 && !n.exact {
				n.fixed = -1
				return
			}
			var buf [400]byte
			if !bytes.Equal(strconv.AppendFloat(buf[:0], n.v, 'f', frac, bits), b) {
				n.fixed = -1
			}
		}
		return
	}
	if !n.exact || whole != 1 || d[0] == '0' || !tidy || tail[0] != 'e' || tail[1] != '+' && tail[1] != '-' {
		return
	}
	e := tail[2:]
	n.repr = (exp >= 16 || exp < -4) && (len(e) == 2 || len(e) == 3 && e[0] != '0')
	n.short = (exp >= 21 || exp < -6) && e[0] != '0'
}

// halfway reports whether v may have frac+1 decimals, the last a 5: it is a
// multiple of 2^-(frac+1).
func halfway(v float64, frac int) bool {
	if frac > 1000 {
		return true
	}
	x := v * math.Float64frombits(uint64(1023+frac+1)<<52)
	return x == math.Trunc(x)
}

func fixedOf(frac int) int8 {
	if frac > maxFixed {
		return -1
	}
	return int8(frac)
}

func parseExp(tail []byte) (int, bool) {
	if tail[0] != 'e' && tail[0] != 'E' {
		return 0, false
	}
	t := tail[1:]
	neg := false
	if len(t) > 0 && (t[0] == '+' || t[0] == '-') {
		neg = t[0] == '-'
		t = t[1:]
	}
	if len(t) == 0 || len(t) > 4 {
		return 0, false
	}
	e := 0
	for _, c := range t {
		if c -= '0'; c > 9 {
			return 0, false
		}
		e = e*10 + int(c)
	}
	if neg {
		e = -e
	}
	return e, true
}

func allZero(d []byte) bool {
	for _, c := range d {
		if c != '0' && c != '.' {
			return false
		}
	}
	return true
}

// isShortest reports whether the digits d (whole of them before the point)
// times 10^exp are the shortest that denote v.
func isShortest(v float64, bits int, d []byte, whole, exp int) bool {
	var buf [32]byte
	s := strconv.AppendFloat(buf[:0], math.Abs(v), 'e', -1, bits)
	e := bytes.IndexByte(s, 'e')
	want := s[:e]
	wantExp, _ := parseExp(s[e:])
	// Compare the digits of d, without zeros at either end, to those of want.
	at, k, begun := whole-1+exp, 0, false
	for _, c := range d {
		switch {
		case c == '.':
			continue
		case c == '0' && !begun:
			at--
			continue
		case k < len(want):
			if want[k] == '.' {
				k++
			}
			if want[k] != c {
				return false
			}
			k++
		case c != '0':
			return false
		}
		begun = true
	}
	return k == len(want) && at == wantExp
}

// appendRepr writes v as Python's repr does: 1.0, 0.1, 1e-05, 1e+16.
func appendRepr(dst []byte, v float64, bits int) []byte {
	if a := math.Abs(v); a != 0 && (a < bound(1e-4, bits) || a >= bound(1e16, bits)) {
		return strconv.AppendFloat(dst, v, 'e', -1, bits)
	}
	from := len(dst)
	dst = strconv.AppendFloat(dst, v, 'f', -1, bits)
	if bytes.IndexByte(dst[from:], '.') < 0 {
		dst = append(dst, ".0"...)
	}
	return dst
}

// appendShort writes v as JavaScript and encoding/json do: 1, 0.1, 1e-7, 1e+21.
func appendShort(dst []byte, v float64, bits int) []byte {
	if a := math.Abs(v); a == 0 || a >= bound(1e-6, bits) && a < bound(1e21, bits) {
		return strconv.AppendFloat(dst, v, 'f', -1, bits)
	}
	dst = strconv.AppendFloat(dst, v, 'e', -1, bits)
	if n := len(dst); dst[n-2] == '0' && (dst[n-3] == '-' || dst[n-3] == '+') {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

// appendFixed writes v with n decimals, or as repr does where n decimals would
// lose some of it.
func appendFixed(dst []byte, v float64, n, bits int) []byte {
	from := len(dst)
	dst = strconv.AppendFloat(dst, v, 'f', n, bits)
	if back, ok := parseFloat(dst[from:], bits); ok && back.v == v {
		return dst
	}
	return appendRepr(dst[:from], v, bits)
}

// bound returns x as values of that width have it.
func bound(x float64, bits int) float64 {
	if bits == 32 {
		return float64(float32(x))
	}
	return x
}
