package expr

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is the kind of a token.
type kind uint8

const (
	tokEnd    kind = iota
	tokWord        // a name or keyword, not quoted
	tokName        // a name in double quotes
	tokNumber      // without a sign
	tokString      // in single quotes
	tokOp          // text in token.text, one spelling for each meaning
)

// token is a piece of the source.
type token struct {
	kind kind
	text string // what it means: quotes undone, keywords as written
	span span
}

// keywords cannot be column names without quotes. Those that are not used yet
// are kept for the rest of the language.
func isKeyword(word string) bool {
	switch strings.ToLower(word) {
	case "and", "or", "not", "in", "is", "null", "like", "between", "true", "false", "escape",
		"case", "when", "then", "else", "end", "cast", "as", "exists", "select":
		return true
	}
	return false
}

// operators, longest first, and what they mean.
var operators = [...][2]string{
	{"==", "="}, {"!=", "!="}, {"<>", "!="}, {"<=", "<="}, {">=", ">="}, {"&&", "and"}, {"||", "or"},
	{"=", "="}, {"<", "<"}, {">", ">"}, {"!", "not"}, {"(", "("}, {")", ")"}, {",", ","}, {".", "."}, {"-", "-"}, {"+", "+"},
}

// lex cuts p.src into p.tokens, the last of which is tokEnd.
func (p *parser) lex() error {
	s := p.src
	for i := 0; ; {
		for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r') {
			i++
		}
		if i == len(s) {
			p.tokens = append(p.tokens, token{kind: tokEnd, span: span{i, i}})
			return nil
		}
		t, err := p.token(i)
		if err != nil {
			return err
		}
		p.tokens = append(p.tokens, t)
		i = t.span.end
	}
}

func (p *parser) token(i int) (token, error) {
	s := p.src
	c := s[i]
	switch {
	case c == '\'':
		return p.quoted(i, tokString, "a string without its closing quote")
	case c == '"':
		return p.quoted(i, tokName, "a name without its closing quote")
	case isDigit(c) || c == '.' && i+1 < len(s) && isDigit(s[i+1]) && !p.afterName():
		return p.number(i)
	}
	if end := wordEnd(s, i); end > i {
		return token{tokWord, s[i:end], span{i, end}}, nil
	}
	for _, op := range operators {
		if strings.HasPrefix(s[i:], op[0]) {
			return token{tokOp, op[1], span{i, i + len(op[0])}}, nil
		}
	}
	_, n := utf8.DecodeRuneInString(s[i:])
	hint := ""
	if c == '`' || c == '[' {
		hint = `names with odd characters are written in double quotes: "my column"`
	}
	return token{}, fail(s, span{i, i + n}, hint, "%q has no meaning here", s[i:i+n])
}

// afterName reports whether the last token could have a member.
func (p *parser) afterName() bool {
	if len(p.tokens) == 0 {
		return false
	}
	t := p.tokens[len(p.tokens)-1]
	return t.kind == tokWord && !isKeyword(t.text) || t.kind == tokName
}

// quoted reads a token in quotes, which are doubled inside.
func (p *parser) quoted(i int, k kind, problem string) (token, error) {
	s, q := p.src, p.src[i]
	var b strings.Builder
	for j := i + 1; j < len(s); j++ {
		if s[j] != q {
			b.WriteByte(s[j])
			continue
		}
		if j+1 < len(s) && s[j+1] == q {
			b.WriteByte(q)
			j++
			continue
		}
		if k == tokName && b.Len() == 0 {
			return token{}, fail(s, span{i, j + 1}, "", "a name that is empty")
		}
		return token{k, b.String(), span{i, j + 1}}, nil
	}
	return token{}, fail(s, span{i, len(s)}, "", "%s", problem)
}

func (p *parser) number(i int) (token, error) {
	s, j := p.src, i
	digits := func() {
		for j < len(s) && isDigit(s[j]) {
			j++
		}
	}
	digits()
	if j < len(s) && s[j] == '.' {
		j++
		digits()
	}
	if j < len(s) && (s[j] == 'e' || s[j] == 'E') {
		j++
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		from := j
		if digits(); j == from {
			return token{}, fail(s, span{i, j}, "", "a number without digits in its exponent")
		}
	}
	if end := wordEnd(s, j); end > j || j < len(s) && isDigit(s[j]) {
		return token{}, fail(s, span{i, max(end, j)}, `a name that begins with a digit is written in double quotes`,
			"%q is neither a number nor a name", s[i:max(end, j)])
	}
	return token{tokNumber, strings.ToLower(s[i:j]), span{i, j}}, nil
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// wordEnd returns the end of the name at i: letters, digits and underscores,
// not beginning with a digit; i if there is none. An at sign may begin one.
func wordEnd(s string, i int) int {
	for j := i; j < len(s); {
		r, n := utf8.DecodeRuneInString(s[j:])
		letter := r == '_' || unicode.IsLetter(r) || j > i && (unicode.IsDigit(r) || unicode.IsMark(r)) || j == i && r == '@'
		if !letter || r == utf8.RuneError && n == 1 {
			return j
		}
		j += n
	}
	return len(s)
}
