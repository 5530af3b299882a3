package csv

import (
	"bytes"
	"fmt"

	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/lines"
)

// flags say how a field was written.
type flags uint16

const (
	fLast    flags = 1 << iota // the record ends behind it
	fEOF                       // without a line end
	fCRLF                      // with CR LF
	fNoSpace                   // the dialect's space before it is missing
	fQuoted
	fEscaped // quoted, with doubled quotes inside
	fDelim   // holds the delimiter
	fLF      // holds a line feed
	fCR      // holds a carriage return
	fInner   // holds a quote
)

// fSpecial is what makes a field need quotes under the minimal policy.
const fSpecial = fDelim | fLF | fCR | fInner

// classes says which of fDelim, fLF, fCR and fInner a byte causes.
type classes [256]flags

func classesOf(delim byte) *classes {
	t := new(classes)
	t['"'], t['\r'], t['\n'] = fInner, fCR, fLF
	t[delim] = fDelim
	return t
}

// scanner reads one field after the other. Quotes are special only at the
// beginning of a field.
type scanner struct {
	data  []byte
	pos   int
	class *classes
	delim byte
	space bool

	lo, hi int // the text of the field just read, without its quotes
	err    error
}

// next reads the field at pos; first says that a record begins there. The
// text is data[lo:hi], in which doubled quotes are still doubled. After an
// error, which is in err without a line number of the file but with the number
// of lines before it, the flags are fLast.
func (s *scanner) next(first bool) flags {
	data, i, class := s.data, s.pos, s.class
	var f flags
	if s.space && !first {
		if i < len(data) && data[i] == ' ' {
			i++
		} else {
			f = fNoSpace
		}
	}
	if i < len(data) && data[i] == '"' {
		return s.quoted(i+1, f|fQuoted)
	}
	s.lo = i
	for ; i < len(data); i++ {
		c := class[data[i]]
		if c == 0 {
			continue
		}
		switch c {
		case fDelim:
			s.hi, s.pos = i, i+1
			return f
		case fLF:
			s.hi, s.pos = i, i+1
			return f | fLast
		case fCR:
			if i+1 == len(data) {
				s.hi, s.pos = i, i+1
				return f | fLast | fEOF
			}
			if data[i+1] == '\n' {
				s.hi, s.pos = i, i+2
				return f | fLast | fCRLF
			}
		}
		f |= c
	}
	s.hi, s.pos = i, i
	return f | fLast | fEOF
}

// quoted reads the rest of a quoted field whose text begins at i.
func (s *scanner) quoted(i int, f flags) flags {
	data := s.data
	s.lo = i
	for {
		j := bytes.IndexByte(data[i:], '"')
		if j < 0 {
			return s.fail(s.lo-1, "quoted field %q is never closed", "look for a single quote at the beginning of a field")
		}
		i += j
		if i+1 == len(data) || data[i+1] != '"' {
			break
		}
		f |= fEscaped
		i += 2
	}
	s.hi = i
	class := s.class
	for _, c := range data[s.lo:i] {
		f |= class[c]
	}
	i++
	if i == len(data) {
		s.pos = i
		return f | fLast | fEOF
	}
	switch data[i] {
	case s.delim:
		s.pos = i + 1
		return f
	case '\n':
		s.pos = i + 1
		return f | fLast
	case '\r':
		if i+1 == len(data) {
			s.pos = i + 1
			return f | fLast | fEOF
		}
		if data[i+1] == '\n' {
			s.pos = i + 2
			return f | fLast | fCRLF
		}
	}
	return s.fail(s.lo-1, "text behind the closing quote of field %q", `write a quote inside a quoted field twice: "say ""hi"""`)
}

// fail notes an error about the field that begins at data[at].
func (s *scanner) fail(at int, msg, hint string) flags {
	end := min(len(s.data), at+60)
	if j := bytes.IndexByte(s.data[at:end], '\n'); j >= 0 {
		end = at + j
	}
	s.err = &format.SyntaxError{Line: lines.CountLines(s.data[:at]),
		Msg: fmt.Sprintf(msg, lines.Excerpt(s.data[at:end])), Hint: hint}
	s.pos, s.hi = len(s.data), s.lo
	return fLast
}

// blank returns the end of the blank line at i, or i if there is none.
func blank(data []byte, i int) int {
	if i < len(data) {
		switch data[i] {
		case '\n':
			return i + 1
		case '\r':
			if i+1 == len(data) {
				return i + 1
			}
			if data[i+1] == '\n' {
				return i + 2
			}
		}
	}
	return i
}

// skipBlank returns the end of all blank lines at i.
func skipBlank(data []byte, i int) int {
	for {
		j := blank(data, i)
		if j == i {
			return i
		}
		i = j
	}
}

// unescape appends text, in which quotes are doubled, to dst.
func unescape(dst, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, '"')
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(dst, text[:i+1]...)
		text = text[i+2:]
	}
}

// recordEnd is format.Text.RecordEnd for one delimiter.
func recordEnd(buf []byte, from int, delim byte, space bool) int {
	nl := index(buf, from, '\n')
	for i := 0; nl >= 0; {
		q := -1
		if i < nl {
			q = bytes.IndexByte(buf[i:nl], '"')
		}
		if q < 0 {
			if end := skipBlank(buf, nl+1); end < len(buf) && buf[end] != '\r' {
				return end
			}
			return -1 // more blank lines may follow
		}
		q += i
		i = q + 1
		if !opens(buf, q, delim, space) {
			continue
		}
		for {
			if i = index(buf, i, '"') + 1; i == 0 {
				return -1
			}
			if i == len(buf) || buf[i] != '"' {
				break
			}
			i++
		}
		if i > nl {
			nl = index(buf, i, '\n')
		}
	}
	return -1
}

// opens reports whether the quote at buf[q], outside quotes, begins a field.
func opens(buf []byte, q int, delim byte, space bool) bool {
	if q == 0 {
		return true
	}
	switch c := buf[q-1]; {
	case c == delim || c == '\n':
		return true
	case c == ' ' && space:
		return q >= 2 && buf[q-2] == delim
	}
	return false
}

func index(buf []byte, from int, c byte) int {
	if from > len(buf) {
		return -1
	}
	if i := bytes.IndexByte(buf[from:], c); i >= 0 {
		return from + i
	}
	return -1
}
