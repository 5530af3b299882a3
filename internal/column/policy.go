package column

import (
	"errors"
	"fmt"
	"strings"
)

// Policy settles cells of a column that two sides of a merge changed to
// different values (docs/format/schema.md).
type Policy struct {
	Rule   Rule
	Column string // id of the column that decides, for latest and vote; or ""
}

// Rule is the kind of a Policy.
type Rule uint8

// The rules of merge policies.
const (
	RuleNone   Rule = iota // it is a conflict
	RuleMax                // the greater value
	RuleMin                // the smaller value
	RuleUnion              // lists as sets
	RuleLatest             // the later side, or the greater value of Column
	RuleVote               // votes by annotator, or the majority of the votes of Column
)

var ruleNames = [...]string{"", "max", "min", "union", "latest", "vote"}

// Annotator and Label are the members of the structs that votes are lists of.
const (
	Annotator = "annotator"
	Label     = "label"
)

// ErrPolicy is returned for a merge policy that does not exist or does not fit
// its column.
var ErrPolicy = errors.New("bad merge policy")

// ParsePolicy reads max, min, union, latest, latest:COLUMN, vote and
// vote:COLUMN; the empty text is no policy.
func ParsePolicy(text string) (Policy, error) {
	name, col, has := strings.Cut(text, ":")
	for r, n := range ruleNames {
		if n != name {
			continue
		}
		p := Policy{Rule: Rule(r), Column: col}
		if has && (col == "" || p.Rule != RuleLatest && p.Rule != RuleVote) {
			break
		}
		return p, nil
	}
	return Policy{}, fmt.Errorf("%w: %q is none of max, min, union, latest, latest:COLUMN, vote, vote:COLUMN", ErrPolicy, text)
}

// String returns the text that ParsePolicy reads.
func (p Policy) String() string {
	if p.Column != "" {
		return ruleNames[p.Rule] + ":" + p.Column
	}
	return ruleNames[p.Rule]
}

// CheckPolicy reports why p is none for the column with the given id: it is
// part of the key, its type is not one that the rule works on, or the column
// that decides is not there.
func (s *Schema) CheckPolicy(id string, p Policy) error {
	i := s.Index(id)
	if i < 0 {
		return fmt.Errorf("%w: no column %q", ErrPolicy, id)
	}
	f := &s.Fields[i]
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s of column %q: %s", ErrPolicy, p, f.Name, fmt.Sprintf(format, args...))
	}
	if p.Rule == RuleNone {
		return nil
	}
	if s.IsKey(id) || Hidden(id) {
		return fail("it is part of the key, which never conflicts")
	}
	var other *Type
	if p.Column != "" {
		k := s.Index(p.Column)
		if k < 0 || p.Column == id || Hidden(p.Column) {
			return fail("there is no other column %q", p.Column)
		}
		other = s.Fields[k].Type
	}
	switch {
	case (p.Rule == RuleMax || p.Rule == RuleMin) && !Orderable(f.Type):
		return fail("values of type %s have no order", f.Type)
	case p.Rule == RuleUnion && f.Type.Kind != List:
		return fail("only lists have a union, not %s", f.Type)
	case p.Rule == RuleLatest && other != nil && !Orderable(other):
		return fail("values of type %s have no order", other)
	case p.Rule == RuleVote && other == nil && !isVotes(f.Type, false):
		return fail("votes are a list<struct<%s, %s, ...>>, not %s", Annotator, Label, f.Type)
	case p.Rule == RuleVote && other != nil && !isVotes(other, true):
		return fail("column %q has no votes, which are a list<struct<%s, %s, ...>>", p.Column, Annotator, Label)
	case p.Rule == RuleVote && other != nil && f.Type.Kind.IsNested():
		return fail("a label is one value, not a %s", f.Type)
	}
	return nil
}

// isVotes reports whether values of type t are lists of votes, with a label
// where one is wanted.
func isVotes(t *Type, label bool) bool {
	if t.Kind != List || t.Elem.Kind != Struct {
		return false
	}
	return t.Elem.Member(Annotator) >= 0 && (!label || t.Elem.Member(Label) >= 0)
}

// Member returns the position of the member of a struct with the given name, or -1.
func (t *Type) Member(name string) int {
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			return i
		}
	}
	return -1
}

// PolicyText returns the text of a merge policy of s as people write it: the
// column that decides is called by its display name. None is "none".
func (s *Schema) PolicyText(policy string) string {
	if policy == "" {
		return "none"
	}
	p, err := ParsePolicy(policy)
	if err != nil {
		return policy
	}
	if i := s.Index(p.Column); i >= 0 {
		p.Column = s.Fields[i].Name
	}
	return p.String()
}

func (s *Schema) checkPolicies() error {
	for _, f := range s.Fields {
		if f.Merge == "" {
			continue
		}
		p, err := ParsePolicy(f.Merge)
		if err != nil {
			return fmt.Errorf("schema: column %q: %w", f.Name, err)
		}
		if err := s.CheckPolicy(f.ID, p); err != nil {
			return fmt.Errorf("schema: %w", err)
		}
	}
	return nil
}

// DropPolicies takes away those merge policies that no longer fit their
// columns, as where a column that decides is gone.
func (s *Schema) DropPolicies() {
	for i := range s.Fields {
		f := &s.Fields[i]
		if p, err := ParsePolicy(f.Merge); err != nil || s.CheckPolicy(f.ID, p) != nil {
			f.Merge = ""
		}
	}
}
