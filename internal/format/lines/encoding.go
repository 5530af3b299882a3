package lines

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/strata-data/strata/internal/format"
)

// BOM returns the length of the UTF-8 byte order mark at the beginning of a
// file, 3 or 0. UTF-16 and UTF-32, which are told by their marks, are a
// *format.SyntaxError whose hint converts the file.
func BOM(begin []byte) (int, error) {
	name := ""
	switch {
	case bytes.HasPrefix(begin, []byte{0xEF, 0xBB, 0xBF}):
		return 3, nil
	case bytes.HasPrefix(begin, []byte{0xFF, 0xFE, 0, 0}), bytes.HasPrefix(begin, []byte{0, 0, 0xFE, 0xFF}):
		name = "UTF-32"
	case bytes.HasPrefix(begin, []byte{0xFF, 0xFE}), bytes.HasPrefix(begin, []byte{0xFE, 0xFF}):
		name = "UTF-16"
	default:
		return 0, nil
	}
	return 0, &format.SyntaxError{Line: 1, Msg: fmt.Sprintf("the file is %s text, not UTF-8", name),
		Hint: fmt.Sprintf("iconv -f %s -t UTF-8 FILE > NEWFILE", name)}
}

// CheckUTF8 returns a *format.SyntaxError with the line of the first bytes of
// data that are not UTF-8; line is the number of data's first line.
func CheckUTF8(data []byte, line int64) error {
	if utf8.Valid(data) {
		return nil
	}
	i := 0
	for i < len(data) {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n <= 1 {
			break
		}
		i += n
	}
	return &format.SyntaxError{Line: line + countLF(data[:i]),
		Msg:  fmt.Sprintf("byte 0x%02X in %q is not UTF-8", data[i], Excerpt(around(data, i))),
		Hint: "if the file is Latin-1: iconv -f ISO-8859-1 -t UTF-8 FILE > NEWFILE"}
}

// around returns the part of the line at data[i] that is near i.
func around(data []byte, i int) []byte {
	lo, hi := max(0, i-20), min(len(data), i+20)
	if j := bytes.LastIndexByte(data[lo:i], '\n'); j >= 0 {
		lo += j + 1
	}
	if j := bytes.IndexByte(data[i:hi], '\n'); j >= 0 {
		hi = i + j
	}
	return data[lo:hi]
}

// Excerpt returns b as text for a message, at most about 60 bytes of it.
func Excerpt(b []byte) string {
	if len(b) <= 60 {
		return string(b)
	}
	n := 57
	for n > 50 && !utf8.RuneStart(b[n]) {
		n--
	}
	return string(b[:n]) + "..."
}
