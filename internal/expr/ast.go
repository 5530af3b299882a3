package expr

import (
	"strings"
)

// node is a part of an expression as written.
type node interface {
	at() span
	// append writes the canonical text, in parentheses if it binds weaker
	// than min.
	append(dst []byte, min int) []byte
}

// How strongly operators bind, weakest first. Room is left for arithmetic.
const (
	bindOr      = 10
	bindAnd     = 20
	bindNot     = 30
	bindCompare = 40
	bindNegate  = 70
	bindPrimary = 100
)

// op is a comparison.
type op uint8

const (
	opEq op = iota
	opNe
	opLt
	opLe
	opGt
	opGe
)

var opTexts = [...]string{"=", "!=", "<", "<=", ">", ">="}

func (o op) String() string { return opTexts[o] }

// flip returns the comparison of the same operands in the other order.
func (o op) flip() op { return [...]op{opEq, opNe, opGt, opGe, opLt, opLe}[o] }

type (
	// columnNode is a column, or a member of a struct in it.
	columnNode struct {
		path   []string
		quoted bool // the first name was in double quotes
		span
	}
	// literalNode is a constant.
	literalNode struct {
		kind literalKind
		text string // of numbers, as written with its sign; of strings, what they mean
		span
	}
	logicNode struct { // and, or
		or   bool
		x, y node
	}
	notNode struct {
		x node
		span
	}
	compareNode struct {
		op   op
		x, y node
	}
	inNode struct {
		x    node
		list []node
		not  bool
		span
	}
	betweenNode struct {
		x, lo, hi node
		not       bool
	}
	likeNode struct {
		x       node
		pattern literalNode
		escape  string // one character, or none
		not     bool
		span
	}
	isNullNode struct {
		x   node
		not bool
		span
	}
)

type literalKind uint8

const (
	litNull literalKind = iota
	litTrue
	litFalse
	litNumber
	litString
)

func (n *columnNode) at() span  { return n.span }
func (n *literalNode) at() span { return n.span }
func (n *logicNode) at() span   { return n.x.at().to(n.y.at()) }
func (n *notNode) at() span     { return n.span }
func (n *compareNode) at() span { return n.x.at().to(n.y.at()) }
func (n *inNode) at() span      { return n.span }
func (n *betweenNode) at() span { return n.x.at().to(n.hi.at()) }
func (n *likeNode) at() span    { return n.span }
func (n *isNullNode) at() span  { return n.span }

// name returns the column as people write it.
func (n *columnNode) name() string { return string(n.append(nil, 0)) }

func (n *columnNode) append(dst []byte, _ int) []byte {
	for i, p := range n.path {
		if i > 0 {
			dst = append(dst, '.')
		}
		dst = append(dst, quoteName(p)...)
	}
	return dst
}

// quoteName returns a name as it has to be written.
func quoteName(name string) string {
	if wordEnd(name, 0) == len(name) && name != "" && !isKeyword(name) {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

func quoteString(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (n *literalNode) append(dst []byte, _ int) []byte {
	switch n.kind {
	case litNull:
		return append(dst, "null"...)
	case litTrue:
		return append(dst, "true"...)
	case litFalse:
		return append(dst, "false"...)
	case litString:
		return append(dst, quoteString(n.text)...)
	}
	return append(dst, n.text...)
}

// wrap writes body, in parentheses if it binds weaker than min.
func wrap(dst []byte, binds, min int, body func([]byte) []byte) []byte {
	if binds >= min {
		return body(dst)
	}
	return append(body(append(dst, '(')), ')')
}

func (n *logicNode) append(dst []byte, min int) []byte {
	binds, word := bindAnd, " and "
	if n.or {
		binds, word = bindOr, " or "
	}
	return wrap(dst, binds, min, func(dst []byte) []byte {
		dst = n.x.append(dst, binds)
		return n.y.append(append(dst, word...), binds+1)
	})
}

func (n *notNode) append(dst []byte, min int) []byte {
	return wrap(dst, bindNot, min, func(dst []byte) []byte {
		return n.x.append(append(dst, "not "...), bindNot)
	})
}

func (n *compareNode) append(dst []byte, min int) []byte {
	return wrap(dst, bindCompare, min, func(dst []byte) []byte {
		dst = n.x.append(dst, bindCompare+1)
		dst = append(append(append(dst, ' '), n.op.String()...), ' ')
		return n.y.append(dst, bindCompare+1)
	})
}

func (n *inNode) append(dst []byte, min int) []byte {
	return wrap(dst, bindCompare, min, func(dst []byte) []byte {
		dst = appendNot(n.x.append(dst, bindCompare+1), n.not)
		dst = append(dst, " in ("...)
		for i, e := range n.list {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = e.append(dst, 0)
		}
		return append(dst, ')')
	})
}

func (n *betweenNode) append(dst []byte, min int) []byte {
	return wrap(dst, bindCompare, min, func(dst []byte) []byte {
		dst = appendNot(n.x.append(dst, bindCompare+1), n.not)
		dst = n.lo.append(append(dst, " between "...), bindCompare+1)
		return n.hi.append(append(dst, " and "...), bindCompare+1)
	})
}

func (n *likeNode) append(dst []byte, min int) []byte {
	return wrap(dst, bindCompare, min, func(dst []byte) []byte {
		dst = appendNot(n.x.append(dst, bindCompare+1), n.not)
		dst = n.pattern.append(append(dst, " like "...), 0)
		if n.escape != "" {
			dst = append(append(dst, " escape "...), quoteString(n.escape)...)
		}
		return dst
	})
}

func (n *isNullNode) append(dst []byte, min int) []byte {
	return wrap(dst, bindCompare, min, func(dst []byte) []byte {
		dst = n.x.append(dst, bindCompare+1)
		if n.not {
			return append(dst, " is not null"...)
		}
		return append(dst, " is null"...)
	})
}

func appendNot(dst []byte, not bool) []byte {
	if not {
		return append(dst, " not"...)
	}
	return dst
}
