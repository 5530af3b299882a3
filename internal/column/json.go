package column

import (
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"
)

// maxJSONInt is the greatest integer that all JSON readers keep exact.
const maxJSONInt = 1 << 53

// AppendJSON appends value i of v as JSON: null for null, NaN and infinities;
// integers of magnitude above 2^53 and decimals of more than 15 digits as
// strings; binary as base64, dates and timestamps as ISO 8601 strings; lists
// as arrays, structs as objects under the display names of their members; the
// json kind as it is. Bytes of text that are not UTF-8 become U+FFFD.
func AppendJSON(dst []byte, v *Vector, i int) []byte {
	if v.IsNull(i) {
		return append(dst, "null"...)
	}
	switch v.Type.Kind {
	case String, File:
		return AppendQuoted(dst, v.At(i))
	case JSON:
		return append(dst, v.At(i)...)
	case Float32:
		return appendJSONFloat(dst, float64(v.F32[i]), 32)
	case Float64:
		return appendJSONFloat(dst, v.F64[i], 64)
	case Bool:
		return strconv.AppendBool(dst, v.Ints[i] != 0)
	case Binary:
		dst = base64.StdEncoding.AppendEncode(append(dst, '"'), v.At(i))
		return append(dst, '"')
	case Date, Timestamp:
		return append(AppendText(append(dst, '"'), v, i), '"')
	case Decimal:
		if v.Type.Precision > 15 {
			return append(AppendText(append(dst, '"'), v, i), '"')
		}
		return AppendText(dst, v, i)
	case List, FixedList:
		return appendJSONList(dst, v, i)
	case Struct:
		return appendJSONStruct(dst, v, i)
	}
	// The bits of a uint64 above the greatest int64 are a negative number here.
	if x := v.Ints[i]; x > maxJSONInt || x < -maxJSONInt || x < 0 && v.Type.Kind == Uint64 {
		return append(AppendText(append(dst, '"'), v, i), '"')
	}
	return strconv.AppendInt(dst, v.Ints[i], 10)
}

func appendJSONFloat(dst []byte, x float64, width int) []byte {
	if x != x || math.IsInf(x, 0) {
		return append(dst, "null"...)
	}
	return appendFloat(dst, x, width)
}

func appendJSONList(dst []byte, v *Vector, i int) []byte {
	from, to := v.Span(i)
	dst = append(dst, '[')
	for j := from; j < to; j++ {
		if j > from {
			dst = append(dst, ',')
		}
		dst = AppendJSON(dst, v.Kids[0], j)
	}
	return append(dst, ']')
}

func appendJSONStruct(dst []byte, v *Vector, i int) []byte {
	dst = append(dst, '{')
	for j, k := range v.Kids {
		if j > 0 {
			dst = append(dst, ',')
		}
		dst = AppendQuoted(dst, []byte(v.Type.Fields[j].Name))
		dst = AppendJSON(append(dst, ':'), k, i)
	}
	return append(dst, '}')
}

// AppendQuoted appends s as a JSON string. Only what JSON requires is escaped:
// quotes, backslashes and control characters; bytes that are not UTF-8 become
// U+FFFD.
func AppendQuoted(dst, s []byte) []byte {
	dst = append(dst, '"')
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		n := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, n = utf8.DecodeRune(s[i:]); r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
		}
		dst = append(dst, s[done:i]...)
		dst = appendEscape(dst, c)
		i += n
		done = i
	}
	return append(append(dst, s[done:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	if c >= utf8.RuneSelf {
		return append(dst, "\uFFFD"...)
	}
	const low = "0123456789abcdef"
	return append(dst, '\\', 'u', '0', '0', low[c>>4], low[c&15])
}
