package expr

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/strata-data/strata/internal/column"
)

// pattern is a compiled like: pieces of text, each with so many single
// characters to skip before it, that must follow each other.
type pattern struct {
	pieces []piece
	prefix []byte // text that all matches begin with
}

// piece is text after a gap.
type piece struct {
	any  bool // any number of characters may come before
	skip int  // at least so many, and exactly so many without any
	text []byte
}

// compilePattern reads a pattern in which % stands for any characters and _
// for one; escape, if not empty, takes these meanings from the next one.
func compilePattern(s, escape string) (*pattern, error) {
	p := &pattern{}
	var cur piece
	literal := false // cur has text
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		c := s[:n]
		s = s[n:]
		switch {
		case escape != "" && c == escape:
			if s == "" {
				return nil, fmt.Errorf("the pattern ends in its escape character")
			}
			_, n := utf8.DecodeRuneInString(s)
			cur.text = append(cur.text, s[:n]...)
			s = s[n:]
			literal = true
		case r == '%' || r == '_':
			if literal {
				p.pieces = append(p.pieces, cur)
				cur, literal = piece{}, false
			}
			if r == '%' {
				cur.any = true
			} else {
				cur.skip++
			}
		default:
			cur.text = append(cur.text, c...)
			literal = true
		}
	}
	p.pieces = append(p.pieces, cur)
	if first := p.pieces[0]; !first.any && first.skip == 0 {
		p.prefix = first.text
	}
	return p, nil
}

// match reports whether all of s is as the pattern says.
func (p *pattern) match(s []byte) bool {
	if !bytes.HasPrefix(s, p.prefix) {
		return false
	}
	i := 0 // next piece
	// Where the last gap of any length began: if the pieces after it do not
	// fit, they are tried again further on. Earlier gaps need no second try,
	// because what comes after a later gap can only be easier to find the
	// earlier it is looked for.
	retry, from := -1, []byte(nil)
	for {
		if i == len(p.pieces) {
			if len(s) == 0 {
				return true
			}
		} else if q := &p.pieces[i]; q.any {
			rest, ok := skipRunes(s, q.skip)
			if !ok {
				return false
			}
			if len(q.text) == 0 && i == len(p.pieces)-1 {
				return true // the pattern ends in %
			}
			at := bytes.Index(rest, q.text)
			if i == len(p.pieces)-1 {
				return bytes.HasSuffix(rest, q.text)
			}
			if at < 0 {
				return false
			}
			retry, from = i, rest[at:]
			s = rest[at+len(q.text):]
			i++
			continue
		} else if rest, ok := skipRunes(s, q.skip); ok && bytes.HasPrefix(rest, q.text) {
			s = rest[len(q.text):]
			i++
			continue
		}
		if retry < 0 {
			return false
		}
		rest, ok := skipRunes(from, 1)
		if !ok {
			return false
		}
		at := bytes.Index(rest, p.pieces[retry].text)
		if at < 0 {
			return false
		}
		from = rest[at:]
		s = from[len(p.pieces[retry].text):]
		i = retry + 1
	}
}

// skipRunes cuts n characters off; ok is false if there are not so many.
func skipRunes(s []byte, n int) (rest []byte, ok bool) {
	for ; n > 0; n-- {
		if len(s) == 0 {
			return s, false
		}
		_, size := utf8.DecodeRune(s)
		s = s[size:]
	}
	return s, true
}

// like matches text with a pattern.
type like struct {
	ref
	pattern *pattern
}

func (l *like) eval(fr *frame, need column.Bitmap) truth {
	v, valid := l.vector(fr)
	t := fr.none()
	p := l.pattern
	if exact, ok := p.exact(); ok {
		equalBytes(t, v, need, exact, false)
		return fr.settle(t, valid)
	}
	eachRow(need, func(i int) {
		if p.match(v.At(i)) {
			t.Set(i)
		}
	})
	return fr.settle(t, valid)
}

// exact returns the only text that the pattern matches.
func (p *pattern) exact() ([]byte, bool) {
	q := p.pieces[0]
	return q.text, len(p.pieces) == 1 && !q.any && q.skip == 0
}

func (l *like) may(b boundsFunc) possible {
	z, ok := l.leaf(b)
	if !ok {
		return possible{true, true}
	}
	p := possible{z.nulls < z.rows, z.nulls < z.rows}
	prefix := l.pattern.prefix
	cut := prefix[:min(len(prefix), len(z.min))]
	switch {
	case z.min != nil && bytes.Compare(z.min[:len(cut)], cut) > 0:
		p.t = false // all text sorts behind what begins with the prefix
	case z.max != nil && bytes.Compare(z.max, prefix[:min(len(prefix), maxBound)]) < 0:
		p.t = false
	}
	return p
}

// maxBound is how much of a prefix bounds can tell apart (column.Bounds).
const maxBound = 16
