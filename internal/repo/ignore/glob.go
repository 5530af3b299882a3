package ignore

import "strings"

// op is what a token matches.
type op uint8

const (
	opByte op = iota // the byte b
	opAny            // any byte but a slash: ?
	opSet            // a byte of set, never a slash
	opStar           // any bytes but slashes: *
	opDeep           // any bytes: ** at the end, or before a slash
	opDirs           // nothing, or any bytes and a slash: **/ at the start or behind a slash
)

type token struct {
	op  op
	b   byte
	set *[4]uint64 // bit c of the set
}

// tokenize returns the tokens of a glob; ok is false where it can never match.
func tokenize(s string) (out []token, ok bool) {
	for i := 0; i < len(s); {
		switch s[i] {
		case '\\':
			if i+1 == len(s) {
				return nil, false
			}
			out = append(out, token{op: opByte, b: s[i+1]})
			i += 2
		case '?':
			out = append(out, token{op: opAny})
			i++
		case '[':
			set, end, good := parseSet(s, i)
			if !good {
				return nil, false
			}
			out = append(out, token{op: opSet, set: set})
			i = end
		case '*':
			end := i
			for end < len(s) && s[end] == '*' {
				end++
			}
			t := starToken(s, i, end)
			if t.op == opDirs {
				end++ // the slash is part of it
			}
			out = append(out, t)
			i = end
		default:
			out = append(out, token{op: opByte, b: s[i]})
			i++
		}
	}
	return out, true
}

// starToken returns the meaning of the stars s[i:end]: two or more of them
// cross slashes where they stand alone between slashes or ends. As in git, the
// plain text before the first special character does not count.
func starToken(s string, i, end int) token {
	alone := end-i >= 2 && (i == strings.IndexAny(s, `*?[\`) || s[i-1] == '/')
	switch {
	case alone && end == len(s):
		return token{op: opDeep}
	case alone && s[end] == '/':
		return token{op: opDirs}
	case alone && s[end] == '\\' && end+1 < len(s) && s[end+1] == '/':
		return token{op: opDeep}
	}
	return token{op: opStar}
}

// matchTokens reports whether the tokens match the whole text. It keeps the
// set of tokens that may come next, so it takes time len(tokens) * len(text)
// whatever the pattern.
func matchTokens(tokens []token, text string) bool {
	var small [2][64]bool // saves the allocations of usual patterns
	now, next := small[0][:], small[1][:]
	if len(tokens) >= len(now) {
		now, next = make([]bool, len(tokens)+1), make([]bool, len(tokens)+1)
	}
	enter(tokens, now, 0)
	for i := 0; i < len(text); i++ {
		clear(next)
		alive := false
		for j, on := range now[:len(tokens)] {
			if !on {
				continue
			}
			stay, advance := tokens[j].step(text[i])
			if stay {
				next[j] = true
				if tokens[j].op != opDirs {
					enter(tokens, next, j+1)
				}
			}
			if advance {
				enter(tokens, next, j+1)
			}
			alive = alive || stay || advance
		}
		if !alive {
			return false
		}
		now, next = next, now
	}
	return now[len(tokens)]
}

// enter notes that token j may come next, and those behind it for as long as
// the token before may match nothing.
func enter(tokens []token, on []bool, j int) {
	on[j] = true
	for j < len(tokens) && (tokens[j].op == opStar || tokens[j].op == opDeep || tokens[j].op == opDirs) {
		j++
		on[j] = true
	}
}

// step says whether a token that reads c may read more, and whether it may be
// done.
func (t token) step(c byte) (stay, advance bool) {
	switch t.op {
	case opByte:
		return false, c == t.b
	case opAny:
		return false, c != '/'
	case opSet:
		return false, c != '/' && t.set[c>>6]&(1<<(c&63)) != 0
	case opStar:
		return c != '/', false
	case opDeep:
		return true, false
	case opDirs:
		return true, c == '/'
	}
	return false, false
}

// parseSet reads the bracket expression that begins at s[i]; end is behind it.
// ok is false where it is not closed or names an unknown class, which makes
// the whole pattern match nothing.
func parseSet(s string, i int) (set *[4]uint64, end int, ok bool) {
	set = new([4]uint64)
	i++
	negated := i < len(s) && (s[i] == '!' || s[i] == '^')
	if negated {
		i++
	}
	last, haveLast := byte(0), false // a range may begin with it
	for first := true; ; first = false {
		if i >= len(s) {
			return nil, 0, false
		}
		c := s[i]
		switch {
		case c == ']' && !first:
			if negated {
				for w := range set {
					set[w] = ^set[w]
				}
			}
			return set, i + 1, true
		case c == '-' && haveLast && i+1 < len(s) && s[i+1] != ']':
			high, n, good := setByte(s, i+1)
			if !good {
				return nil, 0, false
			}
			addRange(set, last, high)
			haveLast = false
			i += 1 + n
		case c == '[' && i+1 < len(s) && s[i+1] == ':':
			n, class, good := setClass(s, i)
			if !good {
				return nil, 0, false
			}
			if class == nil { // no :] behind it: a plain bracket
				addRange(set, '[', '[')
				last, haveLast = '[', true
				i++
				continue
			}
			for b := range 256 {
				if class(byte(b)) {
					addRange(set, byte(b), byte(b))
				}
			}
			haveLast = false
			i += n
		default:
			b, n, good := setByte(s, i)
			if !good {
				return nil, 0, false
			}
			addRange(set, b, b)
			last, haveLast = b, true
			i += n
		}
	}
}

// setByte reads one byte, which a backslash may protect.
func setByte(s string, i int) (b byte, n int, ok bool) {
	if s[i] != '\\' {
		return s[i], 1, true
	}
	if i+1 == len(s) {
		return 0, 0, false
	}
	return s[i+1], 2, true
}

func addRange(set *[4]uint64, low, high byte) {
	for b := int(low); b <= int(high); b++ {
		set[b>>6] |= 1 << (b & 63)
	}
}

// setClass reads [:name:] at s[i]. A nil class means that it is not one.
func setClass(s string, i int) (n int, class func(byte) bool, ok bool) {
	start, end := i+2, i+2
	for end < len(s) && s[end] != ']' {
		end++
	}
	if end == len(s) {
		return 0, nil, false
	}
	if end-1 < start || s[end-1] != ':' {
		return 0, nil, true
	}
	class = classOf(s[start : end-1])
	return end + 1 - i, class, class != nil
}

// classOf returns the POSIX class of the C locale, or nil.
func classOf(name string) func(byte) bool {
	lower := func(c byte) bool { return c >= 'a' && c <= 'z' }
	upper := func(c byte) bool { return c >= 'A' && c <= 'Z' }
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	alnum := func(c byte) bool { return lower(c) || upper(c) || digit(c) }
	graph := func(c byte) bool { return c > ' ' && c < 0x7f }
	switch name {
	case "alnum":
		return alnum
	case "alpha":
		return func(c byte) bool { return lower(c) || upper(c) }
	case "blank":
		return func(c byte) bool { return c == ' ' || c == '\t' }
	case "cntrl":
		return func(c byte) bool { return c < ' ' || c == 0x7f }
	case "digit":
		return digit
	case "graph":
		return graph
	case "lower":
		return lower
	case "print":
		return func(c byte) bool { return c == ' ' || graph(c) }
	case "punct":
		return func(c byte) bool { return graph(c) && !alnum(c) }
	case "space":
		return func(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
	case "upper":
		return upper
	case "xdigit":
		return func(c byte) bool { return digit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }
	}
	return nil
}
