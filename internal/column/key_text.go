package column

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// KeyText returns a key of the given column types as people write it in an
// address such as train/000017: the parts as AppendText writes them, joined by
// slashes. Within a part, percent signs, control characters and bytes that are
// not UTF-8 are written %XX, and slashes too if there are several parts.
func KeyText(types []*Type, key []byte) (string, error) {
	vs := newVectors(types)
	if err := ParseKey(key, vs); err != nil {
		return "", err
	}
	var dst, part []byte
	for i, v := range vs {
		if i > 0 {
			dst = append(dst, '/')
		}
		part = AppendText(part[:0], v, 0)
		dst = appendPercent(dst, part, len(types) > 1)
	}
	return string(dst), nil
}

// ParseKeyText returns the key that text names: the inverse of KeyText. Values
// are read as ParseText reads them.
func ParseKeyText(types []*Type, text string) ([]byte, error) {
	parts := []string{text}
	if len(types) > 1 {
		parts = strings.Split(text, "/")
	}
	if len(parts) != len(types) {
		return nil, fmt.Errorf("key %q: want %d parts, have %d", text, len(types), len(parts))
	}
	var key []byte
	for i, t := range types {
		s, err := unpercent(parts[i])
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", text, err)
		}
		if t.Kind.IsNested() || t.Kind == JSON {
			return nil, fmt.Errorf("key %q: %s cannot be a key", text, t)
		}
		v := NewVector(t, 1)
		if err := ParseText(t, s, v); err != nil {
			return nil, fmt.Errorf("key %q: %w", text, err)
		}
		key = AppendKey(key, v, 0)
	}
	return key, nil
}

func newVectors(types []*Type) []*Vector {
	vs := make([]*Vector, len(types))
	for i, t := range types {
		vs[i] = NewVector(t, 1)
	}
	return vs
}

const hexDigits = "0123456789ABCDEF"

func appendPercent(dst, s []byte, slashes bool) []byte {
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		switch {
		case r == '%' || r == '/' && slashes || r < 0x20 || r == 0x7F || r == utf8.RuneError && n == 1:
			dst = append(dst, '%', hexDigits[s[0]>>4], hexDigits[s[0]&15])
		default:
			dst = append(dst, s[:n]...)
		}
		s = s[n:]
	}
	return dst
}

func unpercent(s string) (string, error) {
	if strings.IndexByte(s, '%') < 0 {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) || unhex(s[i+1]) < 0 || unhex(s[i+2]) < 0 {
			return "", fmt.Errorf("want two hex digits behind %% in %q", s)
		}
		b.WriteByte(byte(unhex(s[i+1])<<4 | unhex(s[i+2])))
		i += 2
	}
	return b.String(), nil
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
