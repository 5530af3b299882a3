package expr

import (
	"fmt"
	"strings"

	"github.com/strata-data/strata/internal/column"
)

// binder checks an expression against a schema and builds its program.
type binder struct {
	src    string
	schema *column.Schema
	prog   *Program
}

// Bind checks names and types of e against the columns of s, which it finds
// by their display names, and returns the program. An error is an *Error.
func (e *Expr) Bind(s *column.Schema) (*Program, error) {
	b := &binder{src: e.src, schema: s, prog: &Program{expr: e}}
	root, err := b.predicate(e.root)
	if err != nil {
		return nil, err
	}
	b.prog.root = root
	return b.prog, nil
}

// predicate binds a node whose value is a truth.
func (b *binder) predicate(n node) (pred, error) {
	switch n := n.(type) {
	case *logicNode:
		return b.logic(n)
	case *notNode:
		x, err := b.predicate(n.x)
		if err != nil {
			return nil, err
		}
		return &not{x}, nil
	case *compareNode:
		return b.compare(n)
	case *betweenNode:
		return b.between(n)
	case *inNode:
		return b.in(n)
	case *likeNode:
		return b.like(n)
	case *isNullNode:
		return b.isNull(n)
	case *columnNode:
		r, err := b.column(n)
		if err != nil {
			return nil, err
		}
		if r.typ.Kind != column.Bool {
			return nil, b.fail(n, "compare it with something: "+n.name()+" = ...", "column %s is %s, not a condition", n.name(), r.typ)
		}
		return b.value(r, opEq, 1)
	case *literalNode:
		switch n.kind {
		case litTrue:
			return &constant{t: true}, nil
		case litFalse:
			return &constant{f: true}, nil
		case litNull:
			return &constant{}, nil
		}
		return nil, b.fail(n, "", "%s is not a condition", b.text(n))
	}
	panic(fmt.Sprintf("expr: bind %T", n))
}

// logic binds a run of ands or ors without recursion to the left, along which
// such runs grow.
func (b *binder) logic(n *logicNode) (pred, error) {
	var rest []node
	var first node = n
	for {
		l, ok := first.(*logicNode)
		if !ok || l.or != n.or {
			break
		}
		rest = append(rest, l.y)
		first = l.x
	}
	x, err := b.predicate(first)
	if err != nil {
		return nil, err
	}
	for i := len(rest) - 1; i >= 0; i-- {
		y, err := b.predicate(rest[i])
		if err != nil {
			return nil, err
		}
		x = &logic{n.or, x, y}
	}
	return x, nil
}

func (b *binder) fail(n node, hint, format string, args ...any) error {
	return fail(b.src, n.at(), hint, format, args...)
}

// text returns n as it was written.
func (b *binder) text(n node) string { return b.src[n.at().pos:n.at().end] }

// column finds the column or member of a struct that n names.
func (b *binder) column(n *columnNode) (ref, error) {
	i := b.find(n.path[0])
	path := n.path[1:]
	if i < 0 || len(path) > 0 && b.schema.Fields[i].Type.Kind != column.Struct {
		if j := b.find(strings.Join(n.path, ".")); j >= 0 {
			i, path = j, nil // a column with points in its name
		}
	}
	if i < 0 {
		hint := nameHint(n.path[0], "columns", b.schema.Names())
		if n.quoted {
			hint = "strings are written in single quotes: " + quoteString(n.path[0]) + "; " + hint
		}
		return ref{}, b.fail(n, hint, "unknown column %q", n.path[0])
	}
	f := b.schema.Fields[i]
	r := ref{id: f.ID, typ: f.Type}
	for k, name := range path {
		if r.typ.Kind != column.Struct {
			return ref{}, b.fail(n, "", "%s is %s and has no members", strings.Join(n.path[:k+1], "."), r.typ)
		}
		at := -1
		var names []string
		for j, m := range r.typ.Fields {
			names = append(names, m.Name)
			if m.Name == name {
				at = j
			}
		}
		if at < 0 {
			return ref{}, b.fail(n, nameHint(name, "members", names), "%s has no member %q", strings.Join(n.path[:k+1], "."), name)
		}
		r.path = append(r.path, at)
		r.typ = r.typ.Fields[at].Type
	}
	r.col = b.use(f.ID)
	return r, nil
}

// find returns the position of the column that people call name, or -1.
func (b *binder) find(name string) int {
	if i := b.schema.ByName(name); i >= 0 && !column.Hidden(b.schema.Fields[i].ID) {
		return i
	}
	return -1
}

// use returns the number of the column in the program.
func (b *binder) use(id string) int {
	for i, have := range b.prog.ids {
		if have == id {
			return i
		}
	}
	b.prog.ids = append(b.prog.ids, id)
	return len(b.prog.ids) - 1
}

func (b *binder) isNull(n *isNullNode) (pred, error) {
	var p pred
	switch x := n.x.(type) {
	case *columnNode:
		r, err := b.column(x)
		if err != nil {
			return nil, err
		}
		p = &isNull{r}
	case *literalNode:
		p = &constant{t: x.kind == litNull, f: x.kind != litNull}
	default:
		return nil, b.fail(n.x, "", "is null is for columns")
	}
	if n.not {
		p = &not{p}
	}
	return p, nil
}

func (b *binder) like(n *likeNode) (pred, error) {
	x, ok := n.x.(*columnNode)
	if !ok {
		return nil, b.fail(n.x, "", "like is for columns")
	}
	r, err := b.column(x)
	if err != nil {
		return nil, err
	}
	if r.typ.Kind != column.String && r.typ.Kind != column.File {
		return nil, b.fail(x, "", "like is for strings, column %s is %s", x.name(), r.typ)
	}
	pat, err := compilePattern(n.pattern.text, n.escape)
	if err != nil {
		return nil, b.fail(&n.pattern, "", "%s", err)
	}
	var p pred = &like{ref: r, pattern: pat}
	if n.not {
		p = &not{p}
	}
	return p, nil
}

func (b *binder) between(n *betweenNode) (pred, error) {
	lo, err := b.compare(&compareNode{opGe, n.x, n.lo})
	if err != nil {
		return nil, err
	}
	hi, err := b.compare(&compareNode{opLe, n.x, n.hi})
	if err != nil {
		return nil, err
	}
	var p pred = &logic{false, lo, hi}
	if n.not {
		p = &not{p}
	}
	return p, nil
}

// compare binds a comparison of columns and constants.
func (b *binder) compare(n *compareNode) (pred, error) {
	for _, side := range []node{n.x, n.y} {
		switch side.(type) {
		case *columnNode, *literalNode:
		default:
			return nil, b.fail(side, "join conditions with and, or, not", "want a column or value to compare, have a condition")
		}
	}
	x, xc := n.x.(*columnNode)
	y, yc := n.y.(*columnNode)
	switch {
	case xc && yc:
		return b.compareColumns(n.op, x, y)
	case xc:
		return b.compareLiteral(n.op, x, n.y.(*literalNode))
	case yc:
		return b.compareLiteral(n.op.flip(), y, n.x.(*literalNode))
	}
	return b.fold(n.op, n.x.(*literalNode), n.y.(*literalNode))
}

func (b *binder) compareColumns(o op, x, y *columnNode) (pred, error) {
	p, err := b.column(x)
	if err != nil {
		return nil, err
	}
	q, err := b.column(y)
	if err != nil {
		return nil, err
	}
	if f := kindFamily(p.typ); f == famNone || f != kindFamily(q.typ) {
		return nil, b.fail(&compareNode{o, x, y}, "", "%s is %s and %s is %s: they cannot be compared", x.name(), p.typ, y.name(), q.typ)
	}
	return &compareColumns{p, q, o}, nil
}

// family is a set of types whose values can be compared with each other.
type family uint8

const (
	famNone family = iota
	famBool
	famNumber
	famDecimal
	famText
	famDate
	famTime
)

func kindFamily(t *column.Type) family {
	switch k := t.Kind; {
	case k == column.Bool:
		return famBool
	case k.IsInt() || k.IsFloat():
		return famNumber
	case k == column.Decimal:
		return famDecimal
	case k == column.String || k == column.File:
		return famText
	case k == column.Date:
		return famDate
	case k == column.Timestamp:
		return famTime
	}
	return famNone
}

// fold decides a comparison of two constants.
func (b *binder) fold(o op, x, y *literalNode) (pred, error) {
	if x.kind == litNull || y.kind == litNull {
		return &constant{}, nil
	}
	var is bool
	switch {
	case x.kind == litNumber && y.kind == litNumber:
		is = holds(o, x.rational().Cmp(y.rational()))
	case x.kind == litString && y.kind == litString:
		is = holds(o, strings.Compare(x.text, y.text))
	case x.isBool() && y.isBool():
		is = holds(o, int(one(x.kind == litTrue))-int(one(y.kind == litTrue)))
	default:
		return nil, b.fail(&compareNode{o, x, y}, "", "%s cannot be compared with %s", b.text(x), b.text(y))
	}
	return &constant{is, !is}, nil
}

func (n *literalNode) isBool() bool { return n.kind == litTrue || n.kind == litFalse }
