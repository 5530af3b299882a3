package expr

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parser is a Pratt parser: expression reads what binds at least as strongly
// as it is told.
type parser struct {
	src    string
	tokens []token
	next   int
	depth  int
}

// maxDepth is how deep parentheses and nots may nest.
const maxDepth = 200

func (p *parser) peek() token { return p.tokens[p.next] }

func (p *parser) take() token {
	t := p.tokens[p.next]
	if t.kind != tokEnd {
		p.next++
	}
	return t
}

// word reports whether t is the keyword or operator w.
func (t token) is(w string) bool {
	return t.kind == tokOp && t.text == w || t.kind == tokWord && strings.EqualFold(t.text, w)
}

// accept takes the next token if it is w.
func (p *parser) accept(w string) bool {
	if p.peek().is(w) {
		p.next++
		return true
	}
	return false
}

func (p *parser) expect(w, after string) (token, error) {
	t := p.take()
	if !t.is(w) {
		return t, p.unexpected(t, "want "+w+" "+after)
	}
	return t, nil
}

func (p *parser) unexpected(t token, want string) error {
	if t.kind == tokEnd {
		return fail(p.src, t.span, "", "%s, have the end", want)
	}
	return fail(p.src, t.span, "", "%s, have %s", want, p.src[t.span.pos:t.span.end])
}

// parse reads the whole source.
func (p *parser) parse() (node, error) {
	if p.peek().kind == tokEnd {
		return nil, fail(p.src, p.peek().span, "for example: label = 'dog'", "the expression is empty")
	}
	n, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != tokEnd {
		want := "want and, or, or the end"
		if _, ok := n.(*columnNode); ok {
			want = "want a comparison such as ="
		}
		return nil, p.unexpected(t, want)
	}
	return n, nil
}

func (p *parser) expression(min int) (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, fail(p.src, p.peek().span, "", "nested deeper than %d", maxDepth)
	}
	defer func() { p.depth-- }()
	x, err := p.prefix()
	for err == nil {
		t := p.peek()
		binds := binding(t)
		if binds == 0 || binds < min {
			return x, nil
		}
		if binds == bindCompare && min <= bindCompare && isComparison(x) && !p.parenthesised(x) {
			return nil, fail(p.src, t.span, "join comparisons with and", "comparisons do not chain")
		}
		x, err = p.infix(x, t, binds)
	}
	return nil, err
}

// binding returns how strongly an operator that follows an operand binds, 0
// if t is none.
func binding(t token) int {
	switch {
	case t.is("or"):
		return bindOr
	case t.is("and"):
		return bindAnd
	case t.is("in"), t.is("is"), t.is("like"), t.is("between"), t.is("not"):
		return bindCompare
	}
	if _, ok := comparison(t); ok {
		return bindCompare
	}
	return 0
}

func comparison(t token) (op, bool) {
	if t.kind == tokOp {
		for o, text := range opTexts {
			if t.text == text {
				return op(o), true
			}
		}
	}
	return 0, false
}

func isComparison(n node) bool {
	switch n.(type) {
	case *compareNode, *inNode, *betweenNode, *likeNode, *isNullNode:
		return true
	}
	return false
}

// parenthesised reports whether the token behind n closes a parenthesis that
// was opened before it.
func (p *parser) parenthesised(n node) bool {
	return p.next > 0 && p.tokens[p.next-1].is(")") && p.tokens[p.next-1].span.end > n.at().end
}

// prefix reads an operand with what stands before it.
func (p *parser) prefix() (node, error) {
	t := p.take()
	switch {
	case t.is("not"):
		x, err := p.expression(bindNot)
		if err != nil {
			return nil, err
		}
		return &notNode{x, t.span.to(x.at())}, nil
	case t.is("-"), t.is("+"):
		n := p.take()
		if n.kind != tokNumber {
			return nil, p.unexpected(n, "want a number after "+t.text)
		}
		sign := ""
		if t.is("-") {
			sign = "-"
		}
		return p.literalNumber(sign+n.text, t.span.to(n.span))
	case t.is("("):
		x, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		_, err = p.expect(")", "to close the parenthesis")
		return x, err
	case t.kind == tokNumber:
		return p.literalNumber(t.text, t.span)
	case t.kind == tokString:
		return &literalNode{litString, t.text, t.span}, nil
	case t.is("null"):
		return &literalNode{kind: litNull, span: t.span}, nil
	case t.is("true"):
		return &literalNode{kind: litTrue, span: t.span}, nil
	case t.is("false"):
		return &literalNode{kind: litFalse, span: t.span}, nil
	case t.kind == tokName, t.kind == tokWord && !isKeyword(t.text):
		return p.column(t)
	case t.kind == tokWord && p.peek().kind == tokOp && !p.peek().is("("):
		return nil, fail(p.src, t.span, `a column of this name is written in double quotes: "`+t.text+`"`, "%s is a word of the language", t.text)
	}
	return nil, p.unexpected(t, "want a column or value")
}

// maxExponent bounds the exponent of numbers, which are kept exact.
const maxExponent = 400

func (p *parser) literalNumber(text string, s span) (node, error) {
	if i := strings.IndexByte(text, 'e'); i >= 0 {
		if e, err := strconv.Atoi(strings.TrimPrefix(text[i+1:], "+")); err != nil || e > maxExponent || e < -maxExponent {
			return nil, fail(p.src, s, "", "the number %s is out of range", text)
		}
	}
	return &literalNode{litNumber, text, s}, nil
}

// rational returns the exact value of a number literal.
func (n *literalNode) rational() *big.Rat {
	r, ok := new(big.Rat).SetString(n.text)
	if !ok {
		panic("expr: number " + n.text)
	}
	return r
}

func (p *parser) column(t token) (node, error) {
	n := &columnNode{path: []string{t.text}, quoted: t.kind == tokName, span: t.span}
	for p.peek().is(".") {
		p.next++
		m := p.take()
		if m.kind != tokName && m.kind != tokWord {
			return nil, p.unexpected(m, "want the name of a member after .")
		}
		n.path = append(n.path, m.text)
		n.span = n.span.to(m.span)
	}
	if p.peek().is("(") {
		return nil, fail(p.src, n.span, "", "there is no function %s", n.name())
	}
	return n, nil
}

// infix reads the operator t, which binds so strongly, and its right side.
func (p *parser) infix(x node, t token, binds int) (node, error) {
	p.next++
	switch {
	case t.is("and"), t.is("or"):
		y, err := p.expression(binds + 1)
		if err != nil {
			return nil, err
		}
		return &logicNode{t.is("or"), x, y}, nil
	case t.is("is"):
		return p.isNull(x)
	case t.is("not"):
		switch n := p.take(); {
		case n.is("in"):
			return p.in(x, true)
		case n.is("like"):
			return p.like(x, true)
		case n.is("between"):
			return p.between(x, true)
		default:
			return nil, p.unexpected(n, "want in, like or between after not")
		}
	case t.is("in"):
		return p.in(x, false)
	case t.is("like"):
		return p.like(x, false)
	case t.is("between"):
		return p.between(x, false)
	}
	o, _ := comparison(t)
	y, err := p.expression(bindCompare + 1)
	if err != nil {
		return nil, err
	}
	return &compareNode{o, x, y}, nil
}

func (p *parser) isNull(x node) (node, error) {
	not := p.accept("not")
	t, err := p.expect("null", "after is")
	if err != nil {
		return nil, err
	}
	return &isNullNode{x, not, x.at().to(t.span)}, nil
}

func (p *parser) in(x node, not bool) (node, error) {
	n := &inNode{x: x, not: not}
	if _, err := p.expect("(", "after in"); err != nil {
		return nil, err
	}
	for {
		e, err := p.expression(bindCompare + 1)
		if err != nil {
			return nil, err
		}
		if _, ok := e.(*literalNode); !ok {
			return nil, fail(p.src, e.at(), "strings are written in single quotes", "the list after in holds values only")
		}
		n.list = append(n.list, e)
		if p.accept(",") {
			continue
		}
		t, err := p.expect(")", "or , in the list")
		n.span = x.at().to(t.span)
		return n, err
	}
}

func (p *parser) between(x node, not bool) (node, error) {
	lo, err := p.expression(bindCompare + 1)
	if err != nil {
		return nil, err
	}
	if _, err := p.expect("and", "between the two bounds"); err != nil {
		return nil, err
	}
	hi, err := p.expression(bindCompare + 1)
	if err != nil {
		return nil, err
	}
	return &betweenNode{x, lo, hi, not}, nil
}

func (p *parser) like(x node, not bool) (node, error) {
	t := p.take()
	if t.kind != tokString {
		return nil, p.unexpected(t, "want a pattern in single quotes after like")
	}
	n := &likeNode{x: x, pattern: literalNode{litString, t.text, t.span}, not: not, span: x.at().to(t.span)}
	if p.accept("escape") {
		e := p.take()
		if e.kind != tokString || utf8.RuneCountInString(e.text) != 1 {
			return nil, p.unexpected(e, "want one character in single quotes after escape")
		}
		n.escape = e.text
		n.span = n.span.to(e.span)
	}
	if _, err := compilePattern(n.pattern.text, n.escape); err != nil {
		return nil, fail(p.src, n.pattern.span, "", "%s", err)
	}
	return n, nil
}
