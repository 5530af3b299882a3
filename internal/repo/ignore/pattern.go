package ignore

import "strings"

// pattern is one line of an ignore file.
type pattern struct {
	negated  bool
	dirOnly  bool
	anchored bool // matches the whole path below its file, not the last name
	literal  string
	suffix   string  // of a pattern that is * and then plain text
	tokens   []token // where neither literal nor suffix is set
}

// compile returns the pattern in one line of text; ok is false where it can
// never match.
func compile(s string) (p pattern, ok bool) {
	if rest, found := strings.CutPrefix(s, "!"); found {
		p.negated, s = true, rest
	}
	if rest, found := strings.CutSuffix(s, "/"); found {
		p.dirOnly, s = true, rest
	}
	p.anchored = strings.Contains(s, "/")
	s = strings.TrimPrefix(s, "/")
	switch {
	case s == "":
		return p, false
	case !strings.ContainsAny(s, `*?[\`):
		p.literal = s
		return p, true
	case !p.anchored && s[0] == '*' && len(s) > 1 && !strings.ContainsAny(s[1:], `*?[\`):
		p.suffix = s[1:]
		return p, true
	}
	p.tokens, ok = tokenize(s)
	return p, ok
}

// match reports whether p matches an entry with this path below p's file and
// this last name.
func (p *pattern) match(path, name string, isDir bool) bool {
	if p.dirOnly && !isDir {
		return false
	}
	text := name
	if p.anchored {
		text = path
	}
	switch {
	case p.literal != "":
		return text == p.literal
	case p.suffix != "":
		return strings.HasSuffix(text, p.suffix)
	}
	return matchTokens(p.tokens, text)
}
