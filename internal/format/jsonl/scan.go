package jsonl

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// maxDepth is how deep values may nest, as in jsontext.
const maxDepth = 10000

// scanError is a place in the text and what is wrong there. The callers, who
// know lines, turn it into a *format.SyntaxError.
type scanError struct {
	at   int
	msg  string
	hint string
}

func (e *scanError) Error() string { return e.msg }

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// skipSpace returns the first position from i on that is not white space
// within a line.
func skipSpace(d []byte, i int) int {
	for i < len(d) && (d[i] == ' ' || d[i] == '\t' || d[i] == '\r') {
		i++
	}
	return i
}

const (
	eachByte  = 0x0101010101010101
	highBits  = 0x8080808080808080
	quotes    = '"' * eachByte
	slashes   = '\\' * eachByte
	deletes   = 0x7f * eachByte
	blankSpan = ' ' * eachByte
)

// plainEnd returns the first position from i on of a byte that ends or may
// change a string: a quote, backslash, control character, DEL or a byte of a
// character outside ASCII; len(d) if there is none.
func plainEnd(d []byte, i int) int {
	for i+8 <= len(d) {
		x := binary.LittleEndian.Uint64(d[i:])
		m := ((x ^ quotes) - eachByte) | ((x ^ slashes) - eachByte) | ((x ^ deletes) - eachByte) | (x - blankSpan) | x
		if m &= highBits; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
		i += 8
	}
	for i < len(d) && d[i] >= ' ' && d[i] < 0x7f && d[i] != '"' && d[i] != '\\' {
		i++
	}
	return i
}

// stringSpan describes a string literal that was scanned.
type stringSpan struct {
	end     int  // after the closing quote
	escapes bool // holds a backslash
	wide    bool // holds raw bytes outside ASCII
	del     bool // holds a raw DEL
}

// scanString checks the literal whose opening quote is at i.
func scanString(d []byte, i int) (stringSpan, error) {
	var s stringSpan
	start := i + 1
	for i = plainEnd(d, start); ; i = plainEnd(d, i) {
		if i == len(d) {
			return s, &scanError{at: start - 1, msg: "a string without its closing quote"}
		}
		switch c := d[i]; {
		case c == '"':
			s.end = i + 1
			if s.wide && !utf8.Valid(d[start:i]) {
				return s, &scanError{at: start - 1, msg: "a string that is not UTF-8", hint: hintUTF8}
			}
			return s, nil
		case c == '\\':
			s.escapes = true
			n := escapeLen(d, i)
			if n == 0 {
				return s, badEscape(d, i)
			}
			i += n
		case c >= utf8.RuneSelf:
			s.wide = true
			for i < len(d) && d[i] >= utf8.RuneSelf {
				i++
			}
		case c == 0x7f:
			s.del = true
			i++
		case c == '\n':
			return s, &scanError{at: start - 1, msg: "a string without its closing quote"}
		default:
			return s, &scanError{at: i, msg: "a control character in a string that is not escaped"}
		}
	}
}

// escapeLen returns the length of the escape at i, two escapes for a
// surrogate pair, or 0 if it is none.
func escapeLen(d []byte, i int) int {
	if i+1 >= len(d) {
		return 0
	}
	switch d[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		r := hex4(d, i+2)
		switch {
		case r < 0:
			return 0
		case r < 0xd800 || r > 0xdfff:
			return 6
		case r > 0xdbff || i+8 > len(d) || d[i+6] != '\\' || d[i+7] != 'u':
			return 0
		}
		if low := hex4(d, i+8); low >= 0xdc00 && low <= 0xdfff {
			return 12
		}
	}
	return 0
}

func badEscape(d []byte, i int) error {
	if i+1 < len(d) && d[i+1] == 'u' && hex4(d, i+2) >= 0 {
		return &scanError{at: i, msg: "half of a surrogate pair, " + string(d[i:i+6]) + ", which is no character"}
	}
	return &scanError{at: i, msg: "an escape that JSON does not have"}
}

// hex4 returns the number that the four hex digits at i spell, or -1.
func hex4(d []byte, i int) rune {
	if i+4 > len(d) {
		return -1
	}
	r := rune(0)
	for _, c := range d[i : i+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return -1
		}
	}
	return r
}

// unquote appends the text of the inside of a literal that scanString accepted.
func unquote(dst, lit []byte) []byte {
	for i := 0; i < len(lit); {
		c := lit[i]
		if c != '\\' {
			j := i + 1
			for j < len(lit) && lit[j] != '\\' {
				j++
			}
			dst = append(dst, lit[i:j]...)
			i = j
			continue
		}
		switch c = lit[i+1]; c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r := hex4(lit, i+2)
			if r >= 0xd800 && r <= 0xdfff {
				r = (r-0xd800)<<10 + (hex4(lit, i+8) - 0xdc00) + 0x10000
				i += 6
			}
			dst = utf8.AppendRune(dst, r)
			i += 6
			continue
		}
		dst = append(dst, c)
		i += 2
	}
	return dst
}

// scanNumber returns the end of the number at i and whether it is spelled as
// an integer (an optional minus and digits). Python's NaN, Infinity and
// -Infinity count as numbers.
func scanNumber(d []byte, i int) (end int, integer bool, err error) {
	start := i
	if i < len(d) && d[i] == '-' {
		i++
	}
	if n := wordAt(d, i, "Infinity"); n > 0 {
		return n, false, nil
	}
	if n := wordAt(d, i, "NaN"); n > 0 && i == start {
		return n, false, nil
	}
	digits := i
	for i < len(d) && isDigit(d[i]) {
		i++
	}
	if i == digits {
		return i, false, &scanError{at: start, msg: "want a value, have " + glimpse(d, start)}
	}
	if d[digits] == '0' && i > digits+1 {
		return i, false, &scanError{at: start, msg: "a number with a leading zero, " + glimpse(d, start)}
	}
	integer = true
	if i < len(d) && d[i] == '.' {
		integer = false
		frac := i + 1
		for i = frac; i < len(d) && isDigit(d[i]); i++ {
		}
		if i == frac {
			return i, false, &scanError{at: start, msg: "a number without digits after its point, " + glimpse(d, start)}
		}
	}
	if i < len(d) && (d[i] == 'e' || d[i] == 'E') {
		integer = false
		i++
		if i < len(d) && (d[i] == '+' || d[i] == '-') {
			i++
		}
		exp := i
		for i < len(d) && isDigit(d[i]) {
			i++
		}
		if i == exp {
			return i, false, &scanError{at: start, msg: "a number without digits in its exponent, " + glimpse(d, start)}
		}
	}
	return i, integer, nil
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// wordAt returns the end of the word w if it is at i and no letter follows,
// else 0.
func wordAt(d []byte, i int, w string) int {
	end := i + len(w)
	if end > len(d) || string(d[i:end]) != w {
		return 0
	}
	if end < len(d) && (isDigit(d[end]) || d[end]|0x20 >= 'a' && d[end]|0x20 <= 'z') {
		return 0
	}
	return end
}

// glimpse returns the word at i for a message, quoted and cut.
func glimpse(d []byte, i int) string {
	j := i
	for j < len(d) && j < i+20 && d[j] > ' ' && d[j] != ',' && d[j] != '}' && d[j] != ']' && d[j] < 0x7f {
		j++
	}
	switch {
	case i >= len(d) || d[i] == '\n' || d[i] == '\r':
		return "the end of the line"
	case j == i && d[i] > ' ' && d[i] < 0x7f:
		return "'" + string(d[i]) + "'"
	case j == i:
		return "byte 0x" + string("0123456789abcdef"[d[i]>>4]) + string("0123456789abcdef"[d[i]&15])
	}
	return "'" + string(d[i:j]) + "'"
}

// skipValue returns the end of the value at i, after checking its syntax but
// not for duplicate names. seen, which may be nil, is told of every string.
func skipValue(d []byte, i, depth int, seen func(d []byte, i int, s stringSpan)) (int, error) {
	if i >= len(d) {
		return i, &scanError{at: i, msg: "want a value, have the end of the line"}
	}
	switch d[i] {
	case '"':
		s, err := scanString(d, i)
		if err == nil && seen != nil {
			seen(d, i, s)
		}
		return s.end, err
	case '{', '[':
		return skipNested(d, i, depth, seen)
	case 't', 'f', 'n':
		for _, w := range [...]string{"true", "false", "null"} {
			if n := wordAt(d, i, w); n > 0 {
				return n, nil
			}
		}
		return i, &scanError{at: i, msg: "want a value, have " + glimpse(d, i)}
	}
	end, _, err := scanNumber(d, i)
	return end, err
}

func skipNested(d []byte, i, depth int, seen func([]byte, int, stringSpan)) (int, error) {
	if depth >= maxDepth {
		return i, &scanError{at: i, msg: "values nested too deeply"}
	}
	object := d[i] == '{'
	closing := d[i] + 2
	i = skipSpace(d, i+1)
	if i < len(d) && d[i] == closing {
		return i + 1, nil
	}
	for {
		var err error
		if object {
			if i, err = skipName(d, i); err != nil {
				return i, err
			}
		}
		if i, err = skipValue(d, i, depth+1, seen); err != nil {
			return i, err
		}
		i = skipSpace(d, i)
		if i < len(d) && d[i] == closing {
			return i + 1, nil
		}
		if i >= len(d) || d[i] != ',' {
			return i, &scanError{at: i, msg: "want ',' or '" + string(closing) + "', have " + glimpse(d, i)}
		}
		i = skipSpace(d, i+1)
	}
}

// skipName returns the start of the value of the member whose name is at i.
func skipName(d []byte, i int) (int, error) {
	if i >= len(d) || d[i] != '"' {
		return i, &scanError{at: i, msg: "want a name in quotes, have " + glimpse(d, i)}
	}
	s, err := scanString(d, i)
	if err != nil {
		return i, err
	}
	return skipColon(d, s.end)
}

// skipColon returns the start of the value after the colon at or after i.
func skipColon(d []byte, i int) (int, error) {
	i = skipSpace(d, i)
	if i >= len(d) || d[i] != ':' {
		return i, &scanError{at: i, msg: "want ':' after a name, have " + glimpse(d, i)}
	}
	return skipSpace(d, i+1), nil
}
