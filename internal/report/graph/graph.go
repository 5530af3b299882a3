// Package graph draws the lines of history beside a log, as `log --graph` does.
//
// Commits come one after the other, none before all of its children. A lane is
// a column of text that waits for one commit; lane i is at character 2i and the
// characters between are for slanted lines. The one invariant: lanes are packed
// to the left and wait for different commits, so a drawing is a function of the
// commits alone. The shapes are those of git 2.39, with which a test compares
// them.
//
// The package draws text and knows nothing of repositories. Start reading at
// Graph.Add, then Graph.fan, then collapse.
package graph

import "slices"

// Graph is the state between two commits. K names a commit. The zero value is
// the state before the first one.
type Graph[K comparable] struct {
	lanes []K
	lean  map[int]byte // lanes that the last row reached by a slant, and which
}

// Rows are the lines of text of one commit. All have the same width in
// characters, spaces at their ends included; text beside them begins behind
// that.
type Rows struct {
	Before []string // above the commit
	Commit string   // with the * of the commit
	After  []string // below it: beside further text where there is some
	Pad    string   // for still more text, as often as needed
}

// Add draws the commit id, whose parents are given in order without those that
// will never be added.
func (g *Graph[K]) Add(id K, parents []K) Rows {
	parents = distinct(parents)
	k := slices.Index(g.lanes, id)
	found := k >= 0
	if !found {
		k = len(g.lanes)
		g.lanes = append(g.lanes, id)
	}
	d := drawing{lane: k, lanes: len(g.lanes), waited: found, parents: len(parents), lean: g.lean}
	next := slices.Clone(g.lanes[:k])
	var targets []int // of the parents' lines
	for _, p := range parents {
		targets = append(targets, indexOrAppend(&next, p))
	}
	d.left = len(parents) > 1 && targets[0] < k
	d.fused = d.fanned() > 1 && k+1 < len(g.lanes) && g.lanes[k+1] == parents[len(parents)-1]
	var right []int // targets of the lanes behind the commit's
	for _, w := range g.lanes[k+1:] {
		right = append(right, indexOrAppend(&next, w))
	}
	d.width = 2 * (d.lanes + d.late())
	rows, lean := d.rows(targets, right)
	rows.Pad = d.row(func(put func(int, byte)) {
		for i := range next {
			put(2*i, '|')
		}
	})
	g.lanes, g.lean = next, lean
	return rows
}

func distinct[K comparable](in []K) []K {
	var out []K
	for _, p := range in {
		indexOrAppend(&out, p)
	}
	return out
}

func indexOrAppend[K comparable](list *[]K, p K) int {
	if i := slices.Index(*list, p); i >= 0 {
		return i
	}
	*list = append(*list, p)
	return len(*list) - 1
}

// drawing is what is known of one commit's rows.
type drawing struct {
	width   int
	lane    int  // of the commit
	lanes   int  // before the commit, its own included
	waited  bool // a child of the commit was drawn
	parents int
	lean    map[int]byte
	left    bool // a merge whose first parent has a lane on the left: its line leaves to there at once
	fused   bool // the last parent's line joins the lane on the right at once
}

// fanned returns how many parents' lines begin at the commit's lane or to the
// right of it.
func (d *drawing) fanned() int {
	if d.left {
		return d.parents - 1
	}
	return d.parents
}

// early returns by how many lanes the lanes on the right have moved when the
// commit is drawn: to make room for the third parent and further ones.
func (d *drawing) early() int { return max(d.fanned()-2, 0) }

// late returns the same for when the parents' lines have begun.
func (d *drawing) late() int {
	n := max(d.fanned()-1, 0)
	if d.fused {
		n--
	}
	return n
}

func (d *drawing) row(draw func(put func(x int, c byte))) string {
	b := make([]byte, d.width)
	for i := range b {
		b[i] = ' '
	}
	draw(func(x int, c byte) {
		for x >= len(b) {
			b = append(b, ' ')
		}
		b[x] = c
	})
	return string(b)
}

func (d *drawing) rows(targets, right []int) (out Rows, lean map[int]byte) {
	if d.lane < d.lanes-1 {
		for moved := range 2 * d.early() {
			out.Before = append(out.Before, d.row(func(put func(int, byte)) { d.makeRoom(put, moved) }))
		}
	}
	out.Commit = d.row(func(put func(int, byte)) { d.commit(put, right) })
	lines := d.lines(targets, right)
	lean = map[int]byte{}
	if d.parents > 1 {
		out.After = append(out.After, d.row(func(put func(int, byte)) { d.fan(put, lines) }))
		if d.late() > 0 {
			for _, l := range lines {
				if l.x > 2*d.lane {
					lean[l.x/2] = '\\'
				}
			}
		}
	}
	for moving(lines) {
		out.After = append(out.After, d.row(func(put func(int, byte)) { lines = collapse(put, lines) }))
		clear(lean)
		for _, l := range lines {
			if l.x%2 == 1 {
				lean[l.to] = '/'
			}
		}
	}
	return out, lean
}

// makeRoom draws a row above a commit: the lanes on the right have moved by
// that many characters.
func (d *drawing) makeRoom(put func(int, byte), moved int) {
	for i := range d.lane {
		put(2*i, '|')
	}
	if d.waited {
		put(2*d.lane, '|')
	}
	for i := d.lane + 1; i < d.lanes; i++ {
		c := byte('\\')
		if moved == 0 && d.lean[i] != '\\' {
			c = '|'
		}
		put(2*i+moved, c)
	}
}

// commit draws the commit's own row. A lane on the right that was reached by a
// slant and leaves by one of the same kind is drawn as one here too.
func (d *drawing) commit(put func(int, byte), right []int) {
	for i := range d.lane {
		put(2*i, '|')
	}
	put(2*d.lane, '*')
	d.octopus(put)
	for i := d.lane + 1; i < d.lanes; i++ {
		c := byte('|')
		switch {
		case d.late() == 0 && d.lean[i] == '/' && right[i-d.lane-1] < i:
			c = '/'
		case d.fused || d.late() == 0:
		case d.early() > 0 || d.lean[i] == '\\':
			c = '\\'
		}
		put(2*(i+d.early()), c)
	}
}

// octopus draws the arm of a merge of three or more: `*-.`
func (d *drawing) octopus(put func(int, byte)) {
	if d.early() == 0 {
		return
	}
	end := 2 * (d.lane + d.early())
	for x := 2*d.lane + 1; x < end; x++ {
		put(x, '-')
	}
	put(end, '.')
}

// line is one line of history between two commits: the character that it is
// at, and the lane where it must be.
type line struct{ x, to int }

// there reports whether l has reached its lane, or the slant that ends in it.
func (l line) there() bool { return l.x/2 == l.to }

// lines returns all lines as they are once the parents' lines have begun, in
// order of place.
func (d *drawing) lines(targets, right []int) []line {
	var out []line
	for i := range d.lane {
		out = append(out, line{2 * i, i})
	}
	at := d.lane
	for i, to := range targets {
		if i == 0 && d.left {
			// It leaves in the row in which the others begin; see fan.
			if to < d.lane-1 {
				out = append(out, line{flatEnd(to), to})
			}
			continue
		}
		out = append(out, line{2 * at, to})
		at++
	}
	for i, to := range right {
		if i == 0 && d.fused {
			continue // it is the last parent's line now
		}
		out = append(out, line{2 * (d.lane + 1 + i + d.late()), to})
	}
	slices.SortStableFunc(out, func(a, b line) int { return a.x - b.x })
	return out
}

// flatEnd returns where the flat part of a line to the lane to ends: the last
// step to the left is a slant.
func flatEnd(to int) int { return 2*to + 3 }

// fan draws the row in which the lines of a merge's parents begin.
func (d *drawing) fan(put func(int, byte), lines []line) {
	for i := range d.lane {
		put(2*i, '|')
	}
	if d.left {
		put(2*d.lane-1, '/')
		for _, l := range lines {
			if !l.there() && l.x < 2*d.lane {
				dash(put, l.to, 2*d.lane-1)
			}
		}
	}
	put(2*d.lane, '|')
	for i := 1; i < d.fanned(); i++ {
		put(2*(d.lane+i)-1, '\\')
	}
	for i := d.lane + 1; i < d.lanes; i++ {
		if d.late() > d.early() {
			put(2*(i+d.early())+1, '\\')
		} else {
			put(2*(i+d.late()), '|')
		}
	}
}

// dash draws the flat part of a line that is slanted at character x.
func dash(put func(int, byte), to, x int) {
	for i := flatEnd(to); i < x; i += 2 {
		put(i, '_')
	}
}

func moving(lines []line) bool {
	return slices.ContainsFunc(lines, func(l line) bool { return !l.there() })
}

// collapse draws one row in which lines move to the left: by one character
// where there is room, else by two across the line in the way. The first of
// them goes flat as far as it can. It returns the lines after the row.
func collapse(put func(int, byte), lines []line) []line {
	var out []line
	flat := false
	for _, l := range lines {
		if l.x == 2*l.to {
			put(l.x, '|')
			out = append(out, l)
			continue
		}
		x := l.x - 1
		if i := slices.IndexFunc(out, func(o line) bool { return o.x == x }); i >= 0 {
			if out[i].to == l.to {
				continue // it has joined
			}
			x--
		}
		next := line{x, l.to}
		switch {
		case x == 2*l.to:
			put(x, '|')
		case !flat && flatEnd(l.to) < l.x-2:
			put(x, '/')
			dash(put, l.to, l.x-2)
			next.x = flatEnd(l.to)
		default:
			put(x, '/')
		}
		flat = true
		out = append(out, next)
	}
	slices.SortStableFunc(out, func(a, b line) int { return a.x - b.x })
	return out
}
