// Package expr is the predicate language: the text behind --where and slices.
//
//	label = 'dog' and (score > 0.5 or hour in (22, 23)) and caption is not null
//
// Parse turns text into an Expr, whose String is the canonical form of it;
// Bind checks the types of an Expr against a schema and gives a Program, which
// runs over batches of vectors (Eval) and tells from zone maps which leaves
// cannot matter (Prune). The invariant: Prune never skips a row that Eval
// would pick, and both follow SQL's three-valued logic, in which a comparison
// with null is neither true nor false and only what is true is picked.
//
// Numbers compare by value across types, floats as IEEE 754 has it (NaN equals
// nothing and is neither above nor below anything; -0 equals 0), text by its
// bytes. docs/expressions.md is the language for users. Start reading at
// Parse (lex.go, parse.go, ast.go), then Bind (bind.go), then Program.
package expr

// Expr is a parsed expression. It is immutable.
type Expr struct {
	src  string
	root node
}

// Parse reads an expression. An error is an *Error, which shows the place.
func Parse(src string) (*Expr, error) {
	p := &parser{src: src}
	if err := p.lex(); err != nil {
		return nil, err
	}
	root, err := p.parse()
	if err != nil {
		return nil, err
	}
	return &Expr{src: src, root: root}, nil
}

// String returns the canonical text: equal for expressions that differ in
// nothing but spelling (spaces, case of keywords, needless parentheses, == for
// =). Parse reads it back to an equal Expr.
func (e *Expr) String() string { return string(e.root.append(nil, 0)) }

// Source returns the text that was parsed.
func (e *Expr) Source() string { return e.src }
