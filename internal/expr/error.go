package expr

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error is returned for an expression that cannot be parsed or that does not
// fit the columns.
type Error struct {
	Src  string
	Pos  int // byte offset in Src of the words that are wrong
	Len  int // their length in bytes; 0 at the end of Src
	Msg  string
	Hint string // what to do, or ""
}

// Error returns what is wrong and the source on one line.
func (e *Error) Error() string { return e.Msg + inside + oneLine(e.Src) }

const inside = " in  "

// Render returns the line prefix+Error() and, below the words that are wrong,
// a line of carets; neither ends in a line end.
func (e *Error) Render(prefix string) string {
	before := utf8.RuneCountInString(prefix) + utf8.RuneCountInString(e.Msg) + len(inside) + utf8.RuneCountInString(e.Src[:e.Pos])
	carets := max(1, utf8.RuneCountInString(e.Src[e.Pos:e.Pos+e.Len]))
	return prefix + e.Error() + "\n" + strings.Repeat(" ", before) + strings.Repeat("^", carets)
}

// oneLine replaces line ends and tabs by as many spaces.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// span is the place of some words in the source.
type span struct{ pos, end int }

func (s span) to(o span) span { return span{s.pos, o.end} }

// fail returns an error about the words at s.
func fail(src string, s span, hint, format string, args ...any) *Error {
	return &Error{Src: src, Pos: s.pos, Len: s.end - s.pos, Msg: oneLine(fmt.Sprintf(format, args...)), Hint: oneLine(hint)}
}

// maxHintNames is how many columns a hint lists.
const maxHintNames = 12

// nameHint suggests the nearest of names and lists them.
func nameHint(word, what string, names []string) string {
	if len(names) == 0 {
		return "there are no " + what
	}
	list := names
	more := ""
	if len(list) > maxHintNames {
		list, more = list[:maxHintNames], ", ..."
	}
	all := what + ": " + strings.Join(list, ", ") + more
	if near := nearest(word, names); near != "" {
		return "did you mean " + quoteName(near) + "? " + all
	}
	return all
}

// nearest returns the name with the least edit distance from word, the first
// of equals, or "" if none is near.
func nearest(word string, names []string) string {
	best, found := max(2, len(word)/3)+1, ""
	for _, n := range names {
		d := distance(strings.ToLower(word), strings.ToLower(n))
		if d < best && d < max(len(word), len(n)) {
			best, found = d, n
		}
	}
	return found
}

// distance is the Damerau-Levenshtein distance (adjacent swaps count once) in
// its restricted form, by runes.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			change := rows[i-1][j-1]
			if x[i-1] != y[j-1] {
				change++
			}
			rows[i][j] = min(change, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
