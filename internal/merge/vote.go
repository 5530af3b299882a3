package merge

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/table"
)

// votes merges lists of votes three-way by annotator, whose first vote is one,
// second another, and so on. Where both sides changed a vote, the one with the
// greater bytes stays. The result is in the order of annotators.
func votes(t *column.Type, side [3]column.Value) column.Value {
	var by [3]map[string]element
	all := map[string]bool{}
	for i := range side {
		by[i] = ballots(t, side[i])
		for who := range by[i] {
			all[who] = true
		}
	}
	var out []element
	for _, who := range slices.Sorted(maps.Keys(all)) {
		b, inBase := by[merkle.Base][who]
		o, inOurs := by[merkle.Ours][who]
		t, inTheirs := by[merkle.Theirs][who]
		sameAs := func(x element, in bool) bool { return in == inBase && x.bytes == b.bytes }
		switch {
		case sameAs(o, inOurs):
			o, inOurs = t, inTheirs
		case sameAs(t, inTheirs):
		case !inOurs || inTheirs && cmp.Compare(o.bytes, t.bytes) < 0:
			o, inOurs = t, inTheirs
		}
		if inOurs {
			out = append(out, o)
		}
	}
	return listOf(t, out)
}

// ballots returns the votes of a list by annotator and number.
func ballots(t *column.Type, v column.Value) map[string]element {
	who := t.Elem.Member(column.Annotator)
	out, seen := map[string]element{}, map[string]int{}
	for _, e := range elements(v) {
		name := "n" // a null vote, or one of nobody
		if !e.IsNull() {
			name = string(column.AppendValue(nil, e.Vector.Kids[who], e.Row))
		}
		seen[name]++
		out[name+"\x00"+strconv.Itoa(1e9+seen[name])] = e
	}
	return out
}

// majority returns the label that most of the merged votes of another column
// are for; ok is false where no label has more votes than all others.
func (j *judge) majority(ctx context.Context, c *table.CellCase, r rule) (v column.Value, ok bool, err error) {
	f := &j.m.schema.Fields[r.other]
	var side [3]column.Value
	for i := range side {
		x, err := j.cell(ctx, c, i, r.other)
		if err != nil {
			return v, false, err
		}
		if !x.IsNull() {
			if x.Vector, err = column.Convert(x.Vector.Slice(x.Row, x.Row+1), f.Type); err != nil {
				return v, false, nil // a vote that no one can count
			}
			x.Row = 0
		}
		side[i] = x
	}
	label := f.Type.Elem.Member(column.Label)
	counts, labels := map[string]int{}, map[string]column.Value{}
	for _, e := range elements(votes(f.Type, side)) {
		if e.IsNull() || e.Vector.Kids[label].IsNull(e.Row) {
			continue
		}
		l := column.Value{Vector: e.Vector.Kids[label], Row: e.Row}
		k := string(rowBytes(l))
		counts[k]++
		labels[k] = l
	}
	most := ""
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		switch {
		case counts[k] > counts[most]:
			most, ok = k, true
		case counts[k] == counts[most]:
			ok = false
		}
	}
	if !ok {
		return v, false, nil
	}
	l := labels[most]
	out, err := column.Convert(l.Vector.Slice(l.Row, l.Row+1), j.m.schema.Fields[c.Column].Type)
	if err != nil {
		return v, false, nil // a label that the column cannot hold
	}
	return column.Value{Vector: out}, true, nil
}
