package config

import (
	"bytes"
	"strings"
)

// A line is one logical line of a TOML file: a table header, or a key with its
// value, which may cover several lines of text. Offsets are into the text.
type line struct {
	start, end         int      // end is behind the line end
	header             bool     // [path] or [[path]]
	list               bool     // [[path]]
	path               []string // the whole path: of the table, or of the key inside its table
	inList             bool     // the table is, or is inside, an element of a list
	key                []string // of a key line: as written
	valueStart, valEnd int
}

// scan splits text, which TOML has accepted, into its logical lines. ok is
// false where the scanner cannot follow, and then nothing may be edited.
func scan(text []byte) (lines []line, ok bool) {
	var table []string
	lists := [][]string{}
	for at := 0; at < len(text); {
		start := at
		at = skipSpace(text, at)
		switch {
		case at == len(text):
		case text[at] == '\n' || text[at] == '\r' || text[at] == '#':
			at = lineEnd(text, at)
		case text[at] == '[':
			l := line{start: start, header: true, list: bytes.HasPrefix(text[at:], []byte("[["))}
			open := 1
			if l.list {
				open = 2
			}
			var good bool
			if l.path, at, good = scanKey(text, at+open); !good || at >= len(text) || text[at] != ']' {
				return nil, false
			}
			table = l.path
			if l.list {
				lists = append(lists, l.path)
			}
			at = lineEnd(text, at)
			l.end, l.inList = at, under(table, lists)
			lines = append(lines, l)
		default:
			l := line{start: start}
			var good bool
			if l.key, at, good = scanKey(text, at); !good || at >= len(text) || text[at] != '=' {
				return nil, false
			}
			l.valueStart = skipSpace(text, at+1)
			if l.valEnd, good = scanValue(text, l.valueStart); !good {
				return nil, false
			}
			at = lineEnd(text, l.valEnd)
			l.end, l.inList = at, under(table, lists)
			l.path = append(append([]string{}, table...), l.key...)
			lines = append(lines, l)
		}
	}
	return lines, true
}

// under reports whether path is one of lists or inside one.
func under(path []string, lists [][]string) bool {
	for _, l := range lists {
		if len(path) >= len(l) && equal(path[:len(l)], l) {
			return true
		}
	}
	return false
}

func equal(a, b []string) bool {
	return len(a) == len(b) && strings.Join(a, "\x00") == strings.Join(b, "\x00")
}

func skipSpace(text []byte, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\t') {
		at++
	}
	return at
}

// lineEnd returns the offset behind the next line end.
func lineEnd(text []byte, at int) int {
	if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(text)
}

// scanKey reads a dotted key and the space behind it.
func scanKey(text []byte, at int) (parts []string, end int, ok bool) {
	for {
		at = skipSpace(text, at)
		start := at
		if at < len(text) && (text[at] == '"' || text[at] == '\'') {
			if at, ok = scanString(text, at); !ok {
				return nil, at, false
			}
			part, good := unquote(text[start:at])
			if !good {
				return nil, at, false
			}
			parts = append(parts, part)
		} else {
			for at < len(text) && isBare(rune(text[at])) {
				at++
			}
			if at == start {
				return nil, at, false
			}
			parts = append(parts, string(text[start:at]))
		}
		at = skipSpace(text, at)
		if at == len(text) || text[at] != '.' {
			return parts, at, true
		}
		at++
	}
}

// unquote returns what the quoted key means, by asking TOML.
func unquote(quoted []byte) (string, bool) {
	all, err := parse(append([]byte("x="), quoted...))
	if err != nil {
		return "", false
	}
	s, ok := all["x"].(string)
	return s, ok
}

// scanString returns the offset behind the string of any of the four kinds
// that begins at at.
func scanString(text []byte, at int) (int, bool) {
	q := text[at]
	triple := []byte{q, q, q}
	if bytes.HasPrefix(text[at:], triple) {
		for i := at + 3; i < len(text); i++ {
			if q == '"' && text[i] == '\\' {
				i++
				continue
			}
			if bytes.HasPrefix(text[i:], triple) {
				end := i + 3
				for end < len(text) && end < i+5 && text[end] == q {
					end++ // one or two quotes may stand before the closing three
				}
				return end, true
			}
		}
		return at, false
	}
	for i := at + 1; i < len(text) && text[i] != '\n'; i++ {
		switch {
		case q == '"' && text[i] == '\\':
			i++
		case text[i] == q:
			return i + 1, true
		}
	}
	return at, false
}

// scanValue returns the offset behind the value that begins at at.
func scanValue(text []byte, at int) (int, bool) {
	if at >= len(text) {
		return at, false
	}
	switch text[at] {
	case '"', '\'':
		return scanString(text, at)
	case '[', '{':
		return scanNested(text, at)
	}
	end := at
	for end < len(text) && !bytes.ContainsRune([]byte("#\r\n"), rune(text[end])) {
		end++
	}
	end = at + len(bytes.TrimRight(text[at:end], " \t"))
	return end, end > at
}

// scanNested returns the offset behind an array or inline table.
func scanNested(text []byte, at int) (int, bool) {
	depth := 0
	for i := at; i < len(text); {
		switch text[i] {
		case '"', '\'':
			end, ok := scanString(text, i)
			if !ok {
				return i, false
			}
			i = end
			continue
		case '#':
			i = lineEnd(text, i)
			continue
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return i + 1, true
			}
		}
		i++
	}
	return at, false
}
