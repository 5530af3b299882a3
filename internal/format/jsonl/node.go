package jsonl

import (
	"bytes"
	"math"

	"github.com/strata-data/strata/internal/column"
)

// kindSet says which kinds of values were seen at one place of the records.
type kindSet uint8

const (
	kindBool kindSet = 1 << iota
	kindNumber
	kindString
	kindArray
	kindObject
)

// mixed reports whether more than one bit is set.
func (k kindSet) mixed() bool { return k&(k-1) != 0 }

const (
	// maxMembers is how many members a nested object may have over all records
	// before it is taken for a dictionary, and read as json.
	maxMembers = 1024
	// maxColumns is how many columns a file may have.
	maxColumns = 10000
	// maxTypeDepth is how deep lists and structs nest before they are json.
	maxTypeDepth = 30
)

// node is what is known about the values at one place: a column, a member of
// a struct or the elements of a list. Everything in it is a count, an extreme
// or a union, so parts of a file merge in any order.
type node struct {
	kinds  kindSet
	opaque bool // json in any case
	nulls  int64
	ints   intRange
	floats *floatCounts // of numbers that are no small integers; nil where there are none
	times  timeCounts
	elem   *node
	object *objectNode
}

// json reports that values here have no one type.
func (n *node) json() bool { return n.opaque || n.kinds.mixed() }

func (n *node) merge(o *node, root bool) {
	n.kinds |= o.kinds
	n.opaque = n.opaque || o.opaque
	n.nulls += o.nulls
	n.ints.merge(o.ints)
	if o.floats != nil {
		n.floatCounts().merge(o.floats)
	}
	n.times.merge(&o.times)
	if o.elem != nil {
		if n.elem == nil {
			n.elem = new(node)
		}
		n.elem.merge(o.elem, false)
	}
	if o.object != nil {
		if n.object == nil {
			n.object = newObjectNode()
		}
		n.object.merge(o.object)
		if len(n.object.members) > maxMembers && !root {
			n.opaque = true
		}
	}
}

func (n *node) floatCounts() *floatCounts {
	if n.floats == nil {
		n.floats = new(floatCounts)
	}
	return n.floats
}

// intRange is the extremes of the canonical integers at one place. Those
// beyond ±2^53 are counted among the floats too, because a float may lose them.
type intRange struct {
	count int64 // within ±2^53
	large int64
	min   int64
	max   uint64 // of those that are not negative
	neg   bool   // some are negative
	over  bool   // some are beyond uint64 or below int64
	float bool   // some numbers are not integers
}

func (r *intRange) merge(o intRange) {
	r.count += o.count
	r.large += o.large
	r.min = min(r.min, o.min)
	r.max = max(r.max, o.max)
	r.neg = r.neg || o.neg
	r.over = r.over || o.over
	r.float = r.float || o.float
}

// number counts the literal t.
func (n *node) number(t []byte, integer bool, scratch []byte) {
	n.kinds |= kindNumber
	if !integer || string(t) == "-0" {
		n.ints.float = true
		n.floatCounts().add(t, scratch)
		return
	}
	x, neg, ok := parseInteger(t)
	switch {
	case !ok:
		n.ints.over = true
	case neg:
		n.ints.neg = true
		n.ints.min = min(n.ints.min, -int64(x))
	default:
		n.ints.max = max(n.ints.max, x)
	}
	if ok && x <= 1<<53 {
		n.ints.count++
		return
	}
	n.ints.large++
	n.floatCounts().add(t, scratch)
}

// parseInteger reads a canonical integer; ok is false below int64 and beyond
// uint64. Of the least int64 the magnitude is 1<<63.
func parseInteger(t []byte) (magnitude uint64, neg, ok bool) {
	if t[0] == '-' {
		neg = true
		t = t[1:]
	}
	if len(t) > 20 {
		return 0, neg, false
	}
	var x uint64
	for i, c := range t {
		c -= '0'
		if i == 19 && (x > math.MaxUint64/10 || x == math.MaxUint64/10 && c > 5) {
			return 0, neg, false
		}
		x = x*10 + uint64(c)
	}
	return x, neg, !neg || x <= 1<<63
}

// numbers returns the counts of all numbers here as floats.
func (n *node) numbers() floatCounts {
	var c floatCounts
	if n.floats != nil {
		c = *n.floats
	}
	c.numbers += n.ints.count
	c.by[spellJS] += n.ints.count
	return c
}

// typeOf returns the narrowest type under which all values at n convert and
// back to the same text. n may be nil.
func typeOf(n *node, records int64) *column.Type {
	if n == nil || n.kinds == 0 && !n.opaque {
		return column.Of(column.String)
	}
	if !n.json() {
		switch n.kinds {
		case kindBool:
			return column.Of(column.Bool)
		case kindNumber:
			return column.Of(n.numberKind())
		case kindString:
			if t := n.times.result(records); t != nil {
				return t
			}
			return column.Of(column.String)
		case kindArray:
			return column.ListOf(typeOf(n.elem, records))
		case kindObject:
			if t := n.object.structType(records); t != nil {
				return t
			}
		}
	}
	return column.Of(column.JSON)
}

func (n *node) numberKind() column.Kind {
	r := n.ints
	switch {
	case r.float || r.over:
		c := n.numbers()
		if _, ok := c.best(); ok {
			return column.Float64
		}
		return column.JSON
	case r.max <= math.MaxInt64:
		return column.Int64
	case !r.neg:
		return column.Uint64
	}
	return column.JSON
}

// structType returns nil for objects that a struct cannot hold: those without
// any members and those with a member without a name.
func (o *objectNode) structType(records int64) *column.Type {
	if len(o.members) == 0 {
		return nil
	}
	t := &column.Type{Kind: column.Struct}
	for _, m := range o.ordered() {
		if m.name == "" {
			return nil
		}
		t.Fields = append(t.Fields, column.NewField(m.name, typeOf(&m.node, records)))
	}
	return t
}

// shapeOf returns how values of type t are written at n. Without n it is how
// export writes them.
func shapeOf(n *node, t *column.Type) shape {
	var s shape
	switch t.Kind {
	case column.Float32, column.Float64:
		if n != nil {
			c := n.numbers()
			s.Float, _ = c.best()
		}
	case column.Timestamp:
		style := styleFor(t)
		if n != nil {
			if as, _ := n.times.style(); !n.times.none && n.times.n > n.times.dates && (as.Zone == "") == (t.Zone == "") {
				style = as
			}
		}
		s.Time = &style
	case column.List, column.FixedList:
		var elem *node
		if n != nil {
			elem = n.elem
		}
		e := shapeOf(elem, t.Elem)
		s.Elem = &e
	case column.Struct:
		s.Members = memberShapes(n, t)
	}
	return s
}

func memberShapes(n *node, t *column.Type) []shape {
	var shapes []shape
	found := map[string]bool{}
	if n != nil && n.object != nil {
		for _, m := range n.object.ordered() {
			for _, f := range t.Fields {
				if f.Name == m.name {
					shapes = append(shapes, n.object.memberShape(m, f.Type))
					found[m.name] = true
				}
			}
		}
	}
	for _, f := range t.Fields {
		if !found[f.Name] {
			s := shapeOf(nil, f.Type)
			s.Name, s.Absent = f.Name, n != nil
			shapes = append(shapes, s)
		}
	}
	return shapes
}

// memberShape says that nulls are left out where most are.
func (o *objectNode) memberShape(m *member, t *column.Type) shape {
	s := shapeOf(&m.node, t)
	s.Name = m.name
	s.Absent = o.count-m.present > m.node.nulls
	return s
}

// sameName reports whether the literal at d[i] is the name lit with its quotes.
func sameName(d []byte, i int, lit []byte) bool {
	return len(d)-i >= len(lit) && bytes.Equal(d[i:i+len(lit)], lit)
}
