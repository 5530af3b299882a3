package jsonl

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
)

// inferrer implements format.Inferrer.
type inferrer struct {
	options format.TextOptions
	layout  layout
	root    node
	escapes escapeCounts
	tooMany bool // columns

	recordStart int   // of the record that is looked at
	line        int64 // its line
	scratch     []byte
}

func newInferrer(o format.TextOptions, l layout) *inferrer {
	return &inferrer{options: o, layout: l, root: node{object: newObjectNode()}}
}

// Clone returns an inferrer of the same file that has seen nothing yet.
func (w *inferrer) Clone() format.Inferrer { return newInferrer(w.options, w.layout) }

// Merge adds what other, a clone, has seen. other must not be used behind it.
func (w *inferrer) Merge(other format.Inferrer) {
	o := other.(*inferrer)
	w.root.merge(&o.root, true)
	w.escapes.merge(&o.escapes)
	w.tooMany = w.tooMany || o.tooMany || len(w.root.object.members) > maxColumns
}

// Chunk implements format.Inferrer.
func (w *inferrer) Chunk(d []byte, line int64) error {
	w.escapes.chunk(d)
	for i := 0; ; {
		i, line = nextRecord(d, i, line)
		if i == len(d) {
			return nil
		}
		w.recordStart, w.line = i, line
		if d[i] != '{' {
			return recordError(d, i, line, notObject(d, i))
		}
		end, err := w.object(&w.root, d, i, 0)
		if err == nil {
			end, err = lineEnd(d, end)
		}
		if err != nil {
			return recordError(d, i, line, err)
		}
		if w.tooMany {
			return &format.SyntaxError{Line: line, Msg: fmt.Sprintf("the records have more than %d names among them", maxColumns)}
		}
		i = end
	}
}

// nextRecord skips blank lines.
func nextRecord(d []byte, i int, line int64) (int, int64) {
	for i < len(d) && isSpace(d[i]) {
		if d[i] == '\n' {
			line++
		}
		i++
	}
	return i, line
}

// lineEnd returns the position of the line end, or of the end of d, after the
// object that ends at i.
func lineEnd(d []byte, i int) (int, error) {
	i = skipSpace(d, i)
	if i < len(d) && d[i] != '\n' {
		return i, &scanError{at: i, msg: "want the end of the line after the object, have " + glimpse(d, i), hint: hintLines}
	}
	return i, nil
}

func notObject(d []byte, i int) error {
	if _, err := skipValue(d, i, 0, nil); err != nil {
		return err
	}
	return &scanError{at: i, msg: "want an object, have " + glimpse(d, i)}
}

// recordError turns err, about the record that starts at start, into a
// *format.SyntaxError.
func recordError(d []byte, start int, line int64, err error) error {
	var e *scanError
	if !errors.As(err, &e) {
		return err
	}
	column := e.at - bytes.LastIndexByte(d[:e.at], '\n')
	hint := e.hint
	if hint == "" && (e.at >= len(d) || d[e.at] == '\n') && start < len(d) && d[start] == '{' {
		hint = hintLines
	}
	return &format.SyntaxError{Line: line, Msg: fmt.Sprintf("%s, at column %d", e.msg, column), Hint: hint}
}

// value looks at the value at i and returns its end.
func (w *inferrer) value(n *node, d []byte, i, depth int) (int, error) {
	if i >= len(d) {
		return i, &scanError{at: i, msg: "want a value, have the end of the line"}
	}
	switch d[i] {
	case '"':
		return w.str(n, d, i)
	case '{', '[':
		kind := kindObject
		if d[i] == '[' {
			kind = kindArray
		}
		n.kinds |= kind
		if depth > maxTypeDepth {
			n.opaque = true
		}
		if n.json() {
			n.elem, n.object = nil, nil
			return skipNested(d, i, depth, w.seeString)
		}
		if kind == kindArray {
			return w.array(n, d, i, depth)
		}
		if n.object == nil {
			n.object = newObjectNode()
		}
		return w.object(n, d, i, depth)
	case 't':
		if end := wordAt(d, i, "true"); end > 0 {
			n.kinds |= kindBool
			return end, nil
		}
	case 'f':
		if end := wordAt(d, i, "false"); end > 0 {
			n.kinds |= kindBool
			return end, nil
		}
	case 'n':
		if end := wordAt(d, i, "null"); end > 0 {
			n.nulls++
			return end, nil
		}
	}
	end, integer, err := scanNumber(d, i)
	if err != nil {
		return i, err
	}
	if w.scratch == nil {
		w.scratch = make([]byte, 0, 512)
	}
	n.number(d[i:end], integer, w.scratch)
	return end, nil
}

func (w *inferrer) seeString(d []byte, i int, s stringSpan) {
	if s.escapes || s.wide {
		w.escapes.add(d, i, s)
	}
}

func (w *inferrer) str(n *node, d []byte, i int) (int, error) {
	s, err := scanString(d, i)
	if err != nil {
		return i, err
	}
	w.seeString(d, i, s)
	n.kinds |= kindString
	if !n.times.none {
		lit := d[i+1 : s.end-1]
		if s.escapes {
			lit = unquote(nil, lit)
		}
		n.times.add(lit)
	}
	return s.end, nil
}

func (w *inferrer) array(n *node, d []byte, i, depth int) (int, error) {
	i = skipSpace(d, i+1)
	if i < len(d) && d[i] == ']' {
		return i + 1, nil
	}
	if n.elem == nil {
		n.elem = new(node)
	}
	for {
		end, err := w.value(n.elem, d, i, depth+1)
		if err != nil {
			return i, err
		}
		i = skipSpace(d, end)
		switch {
		case i < len(d) && d[i] == ',':
			i = skipSpace(d, i+1)
		case i < len(d) && d[i] == ']':
			return i + 1, nil
		default:
			return i, &scanError{at: i, msg: "want ',' or ']', have " + glimpse(d, i)}
		}
	}
}

// object looks at the object at i. Names are guessed to come in the order in
// which they came the last time, which spares finding them.
func (w *inferrer) object(n *node, d []byte, i, depth int) (int, error) {
	o := n.object
	o.count++
	serial := o.count
	i = skipSpace(d, i+1)
	if i < len(d) && d[i] == '}' {
		return i + 1, nil
	}
	var last *member
	for {
		guess := o.start
		if last != nil {
			guess = last.next.hot
		}
		at := place{w.line, i - w.recordStart}
		if guess == nil || !sameName(d, i, guess.lit) {
			m, err := w.name(o, d, i, at)
			if err != nil {
				return i, err
			}
			guess = m
		}
		m := guess
		if m.serial == serial {
			return i, &scanError{at: i, msg: "the name " + string(m.lit) + " comes twice in an object"}
		}
		m.serial = serial
		m.present++
		if at.before(m.first) {
			m.appears(d, i, at)
		}
		if last != nil {
			last.next.to(m)
		} else {
			o.start = m
		}
		last = m
		end, err := w.member(m, d, i, depth)
		if err != nil {
			return end, err
		}
		i = skipSpace(d, end)
		switch {
		case i < len(d) && d[i] == ',':
			i = skipSpace(d, i+1)
		case i < len(d) && d[i] == '}':
			w.limit(n)
			return i + 1, nil
		default:
			return i, &scanError{at: i, msg: "want ',' or '}', have " + glimpse(d, i)}
		}
	}
}

// appears notes that the name at i is the first of m in the file so far.
func (m *member) appears(d []byte, i int, at place) {
	m.first = at
	if s, err := scanString(d, i); err == nil && !bytes.Equal(m.lit, d[i:s.end]) {
		m.lit = bytes.Clone(d[i:s.end])
	}
}

// member looks at the value of m, whose name ends somewhere behind i.
func (w *inferrer) member(m *member, d []byte, i, depth int) (int, error) {
	end := i + len(m.lit)
	if !sameName(d, i, m.lit) { // spelled with other escapes
		s, err := scanString(d, i)
		if err != nil {
			return i, err
		}
		end = s.end
	}
	v := end + 1
	if end >= len(d) || d[end] != ':' || v < len(d) && d[v] <= ' ' {
		var err error
		if v, err = skipColon(d, end); err != nil {
			return end, err
		}
	}
	return w.value(&m.node, d, v, depth+1)
}

// name finds the member that the name at i means.
func (w *inferrer) name(o *objectNode, d []byte, i int, at place) (*member, error) {
	if i >= len(d) || d[i] != '"' {
		return nil, &scanError{at: i, msg: "want a name in quotes, have " + glimpse(d, i)}
	}
	s, err := scanString(d, i)
	if err != nil {
		return nil, err
	}
	name := d[i+1 : s.end-1]
	if s.escapes {
		name = unquote(nil, name)
	}
	return o.member(name, d[i:s.end], at), nil
}

// limit gives up on n as a struct if it has too many members.
func (w *inferrer) limit(n *node) {
	switch count := len(n.object.members); {
	case n == &w.root:
		w.tooMany = count > maxColumns
	case count > maxMembers:
		n.opaque = true
		n.object = nil
	}
}

// typeOfValue returns the narrowest type of one value, of syntax that was
// checked before.
func typeOfValue(d []byte) *column.Type {
	w := newInferrer(format.TextOptions{}, layout{})
	n := new(node)
	if _, err := w.value(n, d, 0, 1); err != nil {
		return column.Of(column.JSON)
	}
	if n.kinds == 0 && !n.opaque {
		return nil
	}
	return typeOf(n, 1)
}
