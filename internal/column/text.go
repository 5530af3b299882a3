package column

import (
	"encoding/base64"
	"math"
	"strconv"
)

// AppendText appends value i of v as canonical text and is the inverse of
// ParseText: true and false, integers in decimal, floats in the shortest form
// that reads back in their width and with the look of Python's repr (1.0,
// 0.1, 1e-05, 1e+16, nan, inf, -inf), decimals with all digits of their scale,
// 2006-01-02, 2006-01-02T15:04:05.000001Z, binary as base64, text and JSON as they
// are, and lists and structs as AppendJSON writes them. Null is empty.
func AppendText(dst []byte, v *Vector, i int) []byte {
	if v.IsNull(i) {
		return dst
	}
	switch k := v.Type.Kind; k {
	case Bool:
		return strconv.AppendBool(dst, v.Ints[i] != 0)
	case Uint64:
		return strconv.AppendUint(dst, uint64(v.Ints[i]), 10)
	case Float32:
		return appendFloat(dst, float64(v.F32[i]), 32)
	case Float64:
		return appendFloat(dst, v.F64[i], 64)
	case Decimal:
		return v.decimalAt(i).appendDigits(dst, v.Type.Scale)
	case String, File, JSON:
		return append(dst, v.At(i)...)
	case Binary:
		return base64.StdEncoding.AppendEncode(dst, v.At(i))
	case Date:
		return appendDate(dst, v.Ints[i])
	case Timestamp:
		return appendTimestamp(dst, v.Type, v.Ints[i])
	default:
		if k.IsNested() {
			return AppendJSON(dst, v, i)
		}
	}
	return strconv.AppendInt(dst, v.Ints[i], 10)
}

// Text returns what AppendText appends.
func Text(v *Vector, i int) string { return string(AppendText(nil, v, i)) }

// appendFloat appends x as Python's repr does.
func appendFloat(dst []byte, x float64, width int) []byte {
	switch {
	case x != x:
		return append(dst, "nan"...)
	case math.IsInf(x, 1):
		return append(dst, "inf"...)
	case math.IsInf(x, -1):
		return append(dst, "-inf"...)
	}
	if width == 64 && x == math.Trunc(x) && math.Abs(x) < 1e15 && math.Float64bits(x) != signBit {
		return append(strconv.AppendInt(dst, int64(x), 10), '.', '0')
	}
	if width == 64 {
		if out, ok := appendShortFloat(dst, x); ok {
			return out
		}
	}
	k := len(dst)
	dst = strconv.AppendFloat(dst, x, 'e', -1, width)
	exp := exponent(dst[k:])
	if exp < -4 || exp >= 16 {
		return dst
	}
	return placePoint(dst, k, exp)
}

// appendShortFloat appends x if it has no more than six digits after the point
// and no more than 15 in all. No two numbers of up to 15 digits are the same
// float64, so the one that is x has the shortest digits; this finds them some
// five times faster than the search.
func appendShortFloat(dst []byte, x float64) ([]byte, bool) {
	scaled := x * 1e6
	abs := math.Abs(scaled)
	if !(abs >= 100 && abs < 1e15) {
		return dst, false
	}
	n := int64(abs + 0.5)
	if float64(n)/1e6 != math.Abs(x) {
		return dst, false
	}
	if x < 0 {
		dst = append(dst, '-')
	}
	dst = strconv.AppendInt(dst, n/1e6, 10)
	frac, width := n%1e6, 6
	for frac%10 == 0 && width > 1 {
		frac, width = frac/10, width-1
	}
	return appendFraction(append(dst, '.'), frac, width), true
}

// placePoint rewrites dst[k:], d.ddde+xx with exponent exp, without an
// exponent and with at least one digit on each side of the point.
func placePoint(dst []byte, k, exp int) []byte {
	var digits [24]byte
	n := 0
	if dst[k] == '-' {
		k++
	}
	for _, c := range dst[k:] {
		if c == 'e' {
			break
		}
		if c != '.' {
			digits[n] = c
			n++
		}
	}
	dst = dst[:k]
	if exp < 0 {
		dst = append(dst, "0.0000"[:1-exp]...)
		return append(dst, digits[:n]...)
	}
	for i := range max(n, exp+2) {
		if i == exp+1 {
			dst = append(dst, '.')
		}
		if i < n {
			dst = append(dst, digits[i])
		} else {
			dst = append(dst, '0')
		}
	}
	return dst
}

// exponent returns the number behind the e of s.
func exponent(s []byte) int {
	i := len(s) - 1
	for s[i] != 'e' {
		i--
	}
	n := 0
	for _, c := range s[i+2:] {
		n = n*10 + int(c-'0')
	}
	if s[i+1] == '-' {
		return -n
	}
	return n
}
