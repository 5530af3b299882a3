package drift

import (
	"fmt"

	"github.com/strata-data/strata/internal/column"
)

// pair is a column on both sides, with what is known of it so far.
type pair struct {
	ref, cur *column.Field
	reason   string // why it cannot be compared

	collector collector
	result    Column
}

// match pairs the columns of two schemas by id and then by name, in the order of the reference. wanted, if not empty, names
// columns by id or name; each must be on a side, and key columns among them are compared too.
func match(ref, cur *column.Schema, wanted []string) (pairs []*pair, onlyRef, onlyCur []ColumnName, err error) {
	want, err := resolve(ref, cur, wanted)
	if err != nil {
		return nil, nil, nil, err
	}
	taken := map[int]bool{}
	partner := make([]int, len(ref.Fields))
	for i, f := range ref.Fields {
		partner[i] = cur.Index(f.ID)
		if partner[i] >= 0 {
			taken[partner[i]] = true
		}
	}
	for i, f := range ref.Fields {
		if j := cur.ByName(f.Name); partner[i] < 0 && j >= 0 && !taken[j] {
			partner[i] = j
			taken[j] = true
		}
	}
	chosen := func(f *column.Field) bool {
		return !column.Hidden(f.ID) && (len(wanted) == 0 || want[f.ID] || want[f.Name])
	}
	for i := range ref.Fields {
		r := &ref.Fields[i]
		if partner[i] < 0 {
			if chosen(r) {
				onlyRef = append(onlyRef, ColumnName{r.Name, r.Type.String()})
			}
			continue
		}
		c := &cur.Fields[partner[i]]
		if !chosen(r) && !chosen(c) {
			continue
		}
		p := &pair{ref: r, cur: c}
		if len(wanted) == 0 && (ref.IsKey(r.ID) || cur.IsKey(c.ID)) {
			p.reason = "key column"
		} else {
			p.reason = mismatch(r.Type, c.Type)
		}
		pairs = append(pairs, p)
	}
	for j := range cur.Fields {
		if c := &cur.Fields[j]; !taken[j] && chosen(c) {
			onlyCur = append(onlyCur, ColumnName{c.Name, c.Type.String()})
		}
	}
	return pairs, onlyRef, onlyCur, nil
}

// resolve makes a set of the wanted ids or names and refuses those that neither side has.
func resolve(ref, cur *column.Schema, wanted []string) (map[string]bool, error) {
	want := map[string]bool{}
	for _, w := range wanted {
		if ref.Index(w) < 0 && ref.ByName(w) < 0 && cur.Index(w) < 0 && cur.ByName(w) < 0 {
			return nil, fmt.Errorf("%w: %q", ErrColumn, w)
		}
		want[w] = true
	}
	return want, nil
}

// mismatch returns why values of two types cannot be compared, or "".
func mismatch(r, c *column.Type) string {
	a, b := familyOf(r), familyOf(c)
	switch {
	case a != b:
		return fmt.Sprintf("type changed from %s to %s", r, c)
	case a != unsupported:
		return ""
	case r.Kind.IsNested():
		return "nested column"
	}
	return r.Kind.String() + " column"
}

// family is a set of types whose values can be compared with each other.
type family int

const (
	unsupported family = iota
	numbers            // integers, floats and decimals
	days               // dates
	instants           // timestamps
	truths             // booleans
	texts              // strings and file references
)

func familyOf(t *column.Type) family {
	switch k := t.Kind; {
	case k.IsNumeric():
		return numbers
	case k == column.Date:
		return days
	case k == column.Timestamp:
		return instants
	case k == column.Bool:
		return truths
	case k == column.String || k == column.File:
		return texts
	}
	return unsupported
}
