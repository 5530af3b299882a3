package jsonl

import (
	"bytes"
	"slices"
)

// layout is the text between values.
type layout struct {
	Object [4]string `json:"object"` // before the first name, between members, after a name, at the end
	Array  [3]string `json:"array"`  // before the first element, between elements, at the end
	Line   string    `json:"line"`   // \n or \r\n
}

// The places of a layout at which there may be spaces.
const (
	gapOpen = iota
	gapBeforeComma
	gapAfterComma
	gapClose
	gapArray       // the same four of arrays
	gapBeforeColon = gapArray + 4
	gapAfterColon  = gapArray + 5
	gaps           = gapArray + 6
)

// sniffRecords is how many records are looked at for the layout.
const sniffRecords = 256

// maxGap is the longest run of spaces that a layout has.
const maxGap = 8

// gapCounts counts the runs of spaces found at each place.
type gapCounts [gaps]map[string]int

func (g *gapCounts) add(place int, d []byte) {
	if len(d) > maxGap {
		return
	}
	if g[place] == nil {
		g[place] = map[string]int{}
	}
	g[place][string(d)]++
}

// most returns the commonest run at a place, the first in order of equals.
func (g *gapCounts) most(place int, none string) string {
	best, n := none, 0
	for s, k := range g[place] {
		if k > n || k == n && s < best {
			best, n = s, k
		}
	}
	return best
}

// sniffLayout returns the layout of most of the first records of d. Text that
// is not JSON gives some layout too; errors are for those who read it all.
func sniffLayout(d []byte) layout {
	var g gapCounts
	var crlf, lf int
	for n := 0; n < sniffRecords && len(d) > 0; n++ {
		line, rest, ended := bytes.Cut(d, []byte{'\n'})
		if d = rest; ended {
			if bytes.HasSuffix(line, []byte{'\r'}) {
				crlf++
			} else {
				lf++
			}
		}
		g.record(line)
	}
	comma := g.most(gapAfterComma, g.most(gapArray+gapAfterComma, g.most(gapAfterColon, "")))
	l := layout{Line: "\n"}
	if crlf > lf {
		l.Line = "\r\n"
	}
	l.Object = [4]string{"{" + g.most(gapOpen, ""), g.most(gapBeforeComma, "") + "," + comma,
		g.most(gapBeforeColon, "") + ":" + g.most(gapAfterColon, ""), g.most(gapClose, "") + "}"}
	l.Array = [3]string{"[" + g.most(gapArray+gapOpen, ""),
		g.most(gapArray+gapBeforeComma, "") + "," + g.most(gapArray+gapAfterComma, comma),
		g.most(gapArray+gapClose, "") + "]"}
	return l
}

// record counts the gaps of one line.
func (g *gapCounts) record(d []byte) {
	var open []byte
	spaces := 0 // before i
	for i := 0; i < len(d); i++ {
		c := d[i]
		base := 0
		if len(open) > 0 && open[len(open)-1] == '[' {
			base = gapArray
		}
		before, after := d[i-spaces:i], d[i+1:skipSpace(d, i+1)]
		switch c {
		case ' ', '\t', '\r':
			spaces++
			continue
		case '"':
			s, err := scanString(d, i)
			if err != nil {
				return
			}
			i = s.end - 1
		case '{', '[':
			open = append(open, c)
			if j := i + 1 + len(after); j < len(d) && d[j] != '}' && d[j] != ']' {
				base = 0
				if c == '[' {
					base = gapArray
				}
				g.add(base+gapOpen, after)
			} else {
				i = j // nothing is counted at the end of an empty one
				open = open[:len(open)-1]
			}
		case '}', ']':
			if len(open) == 0 {
				return
			}
			open = open[:len(open)-1]
			g.add(base+gapClose, before)
		case ',':
			g.add(base+gapBeforeComma, before)
			g.add(base+gapAfterComma, after)
		case ':':
			g.add(gapBeforeColon, before)
			g.add(gapAfterColon, after)
		}
		spaces = 0
	}
}

// valid reports whether l can have come from sniffLayout.
func (l *layout) valid() bool {
	return around(l.Object[0], '{', 0, maxGap) && around(l.Object[1], ',', maxGap, maxGap) && around(l.Object[2], ':', maxGap, maxGap) &&
		around(l.Object[3], '}', maxGap, 0) && around(l.Array[0], '[', 0, maxGap) && around(l.Array[1], ',', maxGap, maxGap) &&
		around(l.Array[2], ']', maxGap, 0) && slices.Contains([]string{"\n", "\r\n"}, l.Line)
}

// around reports whether s is c with at most so many spaces on either side.
func around(s string, c byte, before, after int) bool {
	n := skipSpace([]byte(s), 0)
	return n <= before && n < len(s) && s[n] == c && len(s)-n-1 <= after && skipSpace([]byte(s), n+1) == len(s)
}
