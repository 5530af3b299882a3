package jsonl

import (
	"bytes"
	"unicode/utf8"
)

// escapes says which characters a writer escapes beyond those that every
// writer must (the quote, the backslash and control characters).
type escapes struct {
	ASCII bool `json:"ascii,omitzero"` // everything outside ASCII, and DEL
	Upper bool `json:"upper,omitzero"` // \u001F, not \u001f
	Slash bool `json:"slash,omitzero"` // \/
	HTML  bool `json:"html,omitzero"`  // < > & as \u003c \u003e \u0026
	Lines bool `json:"lines,omitzero"` // U+2028 and U+2029
	Long  bool `json:"long,omitzero"`  // \b and \f as \u0008 and \u000c
}

// plain reports that s, a literal without escapes, is what e writes.
func (e *escapes) plain(s stringSpan, lit []byte) bool {
	switch {
	case s.escapes, e.ASCII && (s.wide || s.del):
		return false
	case e.Slash && bytes.IndexByte(lit, '/') >= 0:
		return false
	case e.HTML && bytes.ContainsAny(lit, "<>&"):
		return false
	case e.Lines && s.wide && hasLineSeparator(lit):
		return false
	}
	return true
}

func hasLineSeparator(b []byte) bool {
	return bytes.Contains(b, []byte("\u2028")) || bytes.Contains(b, []byte("\u2029"))
}

// quote appends s as a literal with its quotes.
func (e *escapes) quote(dst, s []byte) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		j := plainEnd(s, i)
		if e.Slash || e.HTML {
			j = i + e.stop(s[i:j])
		}
		dst = append(dst, s[i:j]...)
		if i = j; i == len(s) {
			break
		}
		if c := s[i]; c < utf8.RuneSelf {
			dst = e.escapeByte(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(s[i:])
		if e.ASCII || e.Lines && (r == 0x2028 || r == 0x2029) {
			dst = e.escapeRune(dst, r)
		} else {
			dst = append(dst, s[i:i+n]...)
		}
		i += n
	}
	return append(dst, '"')
}

// stop returns the first place in s of a character that only this style
// escapes.
func (e *escapes) stop(s []byte) int {
	for i, c := range s {
		if c == '/' && e.Slash || e.HTML && (c == '<' || c == '>' || c == '&') {
			return i
		}
	}
	return len(s)
}

func (e *escapes) escapeByte(dst []byte, c byte) []byte {
	switch {
	case c == '"' || c == '\\' || c == '/':
		return append(dst, '\\', c)
	case c == 0x7f && !e.ASCII:
		return append(dst, c)
	case c == '\n':
		return append(dst, `\n`...)
	case c == '\r':
		return append(dst, `\r`...)
	case c == '\t':
		return append(dst, `\t`...)
	case c == '\b' && !e.Long:
		return append(dst, `\b`...)
	case c == '\f' && !e.Long:
		return append(dst, `\f`...)
	}
	return e.escapeRune(dst, rune(c))
}

func (e *escapes) escapeRune(dst []byte, r rune) []byte {
	if r >= 0x10000 {
		r -= 0x10000
		return e.escapeRune(e.escapeRune(dst, 0xd800+r>>10), 0xdc00+r&0x3ff)
	}
	hex := "0123456789abcdef"
	if e.Upper {
		hex = "0123456789ABCDEF"
	}
	return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// escapeCounts counts how the strings of values were written, so that the
// style of most of them is known. Counts of two parts of a file add up.
type escapeCounts struct {
	Raw, Escaped           int64 // characters outside ASCII; raw ones as strings that have some
	Upper, Lower           int64 // hex digits that are letters
	Slash, HTML            int64 // escaped ones
	RawSlash, RawHTML      int64 // all in the text, escaped slashes too
	Lines, RawLines        int64
	LongControl, ShortCtrl int64
}

func (c *escapeCounts) merge(o *escapeCounts) {
	c.Raw += o.Raw
	c.Escaped += o.Escaped
	c.Upper += o.Upper
	c.Lower += o.Lower
	c.Slash += o.Slash
	c.HTML += o.HTML
	c.RawSlash += o.RawSlash
	c.RawHTML += o.RawHTML
	c.Lines += o.Lines
	c.RawLines += o.RawLines
	c.LongControl += o.LongControl
	c.ShortCtrl += o.ShortCtrl
}

// chunk counts what is found faster in the text as a whole.
func (c *escapeCounts) chunk(d []byte) {
	c.RawSlash += int64(bytes.Count(d, []byte{'/'}))
	for _, h := range [...]byte{'<', '>', '&'} {
		c.RawHTML += int64(bytes.Count(d, []byte{h}))
	}
}

// add counts the string literal s that begins at d[i].
func (c *escapeCounts) add(d []byte, i int, s stringSpan) {
	if s.wide {
		c.Raw++
		lit := d[i+1 : s.end-1]
		c.RawLines += int64(bytes.Count(lit, []byte("\u2028")) + bytes.Count(lit, []byte("\u2029")))
	}
	if !s.escapes {
		return
	}
	for i++; i < s.end-1; i++ {
		if d[i] != '\\' {
			continue
		}
		i++
		switch d[i] {
		case '/':
			c.Slash++
		case 'b', 'f':
			c.ShortCtrl++
		case 'u':
			c.addHex(d[i+1 : i+5])
			i += 4
		}
	}
}

func (c *escapeCounts) addHex(digits []byte) {
	for _, x := range digits {
		switch {
		case x >= 'a':
			c.Lower++
		case x >= 'A':
			c.Upper++
		}
	}
	switch r := hex4(digits, 0); {
	case r == '<' || r == '>' || r == '&':
		c.HTML++
	case r == 0x2028 || r == 0x2029:
		c.Lines++
		c.Escaped++
	case r >= 0x7f:
		c.Escaped++
	case r == '\b' || r == '\f':
		c.LongControl++
	}
}

// names counts the names of all objects at and below n, as if each were
// written always as it was at first.
func (c *escapeCounts) names(n *node) {
	if n == nil || n.json() { // what is known below json depends on the order
		return
	}
	c.names(n.elem)
	if n.object == nil {
		return
	}
	for _, m := range n.object.members {
		if s, err := scanString(m.lit, 0); err == nil && (s.escapes || s.wide) {
			var one escapeCounts
			one.add(m.lit, 0, s)
			one.scale(m.present)
			c.merge(&one)
		}
		c.names(&m.node)
	}
}

func (c *escapeCounts) scale(n int64) {
	for _, x := range [...]*int64{&c.Raw, &c.Escaped, &c.Upper, &c.Lower, &c.Slash, &c.HTML, &c.Lines, &c.RawLines,
		&c.LongControl, &c.ShortCtrl} {
		*x *= n
	}
}

// style returns how most strings were written. Without any evidence nothing
// is escaped that need not be.
func (c *escapeCounts) style() escapes {
	e := escapes{
		ASCII: c.Escaped-c.Lines > c.Raw,
		Upper: c.Upper > c.Lower,
		Slash: 2*c.Slash > c.RawSlash,
		HTML:  c.HTML > c.RawHTML,
		Long:  c.LongControl > c.ShortCtrl,
	}
	e.Lines = !e.ASCII && c.Lines > c.RawLines
	return e
}
