package repo

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/strata-data/strata/internal/object"
)

// Revision is the parsed form of a revision such as main@{1}~2^{commit}. The
// grammar is git's; docs/format does not need it, as it is never stored.
//
//	revision = base { "~" [n] | "^" [n] | "^{" kind "}" }
//	base     = [ ref ] "@{" n "}" | "@{-" n "}" | "@" | ref | hex prefix of an id
type Revision struct {
	Text   string
	Base   string // ref name or hex; "" for the current branch; "HEAD" for "@"
	Select Select
	N      int // of Select
	Steps  []Step
}

// Select says how a revision's base uses the reflog.
type Select int

// The selections.
const (
	SelectNone   Select = iota
	SelectLog           // base@{N}: the N-th last value of base
	SelectSwitch        // @{-N}: the branch that was left N switches ago
)

// Step is one suffix of a revision.
type Step struct {
	Op   byte        // '~' N first parents; '^' the N-th parent; '{' peel to Kind
	N    int         // ^0 is the commit itself
	Kind object.Kind // for '{'; 0 means "whatever is behind tags"
}

// maxStep bounds the numbers in a revision.
const maxStep = 1<<31 - 1

// RevisionSyntaxError is returned for text that is not a revision.
type RevisionSyntaxError struct {
	Text   string
	Reason string
}

func (e *RevisionSyntaxError) Error() string {
	return fmt.Sprintf("bad revision %q: %s", e.Text, e.Reason)
}

// ParseRevision parses one revision. It does not look anything up: whether the
// base is a ref or the prefix of an id is decided by Resolve.
func ParseRevision(s string) (Revision, error) {
	rev := Revision{Text: s}
	bad := func(reason string) (Revision, error) {
		return Revision{Text: s}, &RevisionSyntaxError{Text: s, Reason: reason}
	}
	end := strings.IndexAny(s, "~^")
	if at := strings.Index(s, "@{"); at >= 0 && (end < 0 || at < end) {
		close := strings.IndexByte(s[at:], '}')
		if close < 0 {
			return bad("@{ is not closed")
		}
		end = at + close + 1
		rev.Base = s[:at]
		if why := rev.parseSelect(s[at+2 : end-1]); why != "" {
			return bad(why)
		}
	} else {
		if end < 0 {
			end = len(s)
		}
		rev.Base = s[:end]
		if rev.Base == "" {
			return bad("it has no name")
		}
	}
	if rev.Base == "@" {
		rev.Base = headName
	}
	if why := badBase(rev.Base); why != "" {
		return bad(why)
	}
	var why string
	if rev.Steps, why = parseSteps(s[end:]); why != "" {
		return bad(why)
	}
	return rev, nil
}

// badBase refuses what can be neither ref nor id, so that a stray operator is
// a syntax error and not an unknown name.
func badBase(base string) string {
	if base == "" || base == headName {
		return ""
	}
	if strings.HasPrefix(base, "-") {
		return "it begins with -"
	}
	if !strings.Contains(base, "/") {
		base = "refs/" + base
	}
	return refNameFault(base)
}

func (r *Revision) parseSelect(inside string) string {
	digits, back := strings.CutPrefix(inside, "-")
	n, ok := parseCount(digits)
	switch {
	case inside == "u" || inside == "upstream" || inside == "push":
		return "@{" + inside + "} is not supported"
	case !ok:
		return "want a number inside @{ }"
	case back && r.Base != "":
		return "@{-n} stands alone"
	case back && n == 0:
		return "@{-n} counts from 1"
	case back:
		r.Select = SelectSwitch
	default:
		r.Select = SelectLog
	}
	r.N = n
	return ""
}

func parseSteps(s string) (steps []Step, fault string) {
	for s != "" {
		op := s[0]
		s = s[1:]
		if op != '~' && op != '^' {
			return nil, fmt.Sprintf("unexpected %q", string(op)+s)
		}
		if op == '^' && strings.HasPrefix(s, "{") {
			word, rest, ok := strings.Cut(s[1:], "}")
			kind, known := peelKind(word)
			if !ok || !known {
				return nil, "want ^{commit}, ^{tree}, ^{tag}, ^{object} or ^{}"
			}
			steps = append(steps, Step{Op: '{', Kind: kind, N: boolN(word == "object")})
			s = rest
			continue
		}
		digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
		n := 1
		if digits > 0 {
			var ok bool
			if n, ok = parseCount(s[:digits]); !ok {
				return nil, "number too large"
			}
		}
		steps = append(steps, Step{Op: op, N: n})
		s = s[digits:]
	}
	return steps, ""
}

func boolN(b bool) int {
	if b {
		return 1
	}
	return 0
}

// peelKind returns what ^{word} asks for; 0 for the two that ask for no kind.
func peelKind(word string) (object.Kind, bool) {
	switch word {
	case "commit":
		return object.KindCommit, true
	case "tree":
		return object.KindTree, true
	case "tag":
		return object.KindTag, true
	case "", "object":
		return 0, true
	}
	return 0, false
}

// parseCount parses decimal digits up to maxStep.
func parseCount(s string) (int, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > maxStep {
		return 0, false
	}
	return int(n), true
}

// Range is `A..B`, `A...B` or one revision. Left out ends are HEAD, as in git.
type Range struct {
	From, To  string // From is "" for a single revision
	Symmetric bool   // three dots
}

// ParseRange splits s at its dots. A single revision is a Range with only To.
func ParseRange(s string) (Range, error) {
	dots := ".."
	if strings.Contains(s, "...") {
		dots = "..."
	}
	from, to, ok := strings.Cut(s, dots)
	if !ok {
		_, err := ParseRevision(s)
		return Range{To: s}, err
	}
	if s == dots {
		return Range{}, &RevisionSyntaxError{Text: s, Reason: "it has no name"}
	}
	for _, end := range []*string{&from, &to} {
		if *end == "" {
			*end = headName
		}
		if _, err := ParseRevision(*end); err != nil {
			return Range{}, err
		}
	}
	return Range{From: from, To: to, Symmetric: dots == "..."}, nil
}
