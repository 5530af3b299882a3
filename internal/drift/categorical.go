package drift

import (
	"fmt"
	"slices"

	"github.com/strata-data/strata/internal/stat"
)

// fewExpected is the expected count below which categories are added up, so that the chi-square law holds.
const fewExpected = 5

// computeCategorical compares a column of categories: PSI and the chi-square test over the same table, null being a category.
func (p *pair) computeCategorical(o Options) {
	c, col := &p.collector, &p.result
	col.Kind = Categorical
	t := c.categories(p, o)
	col.Reference, col.Current = c.ref.tally(t.ref, !c.recount), c.cur.tally(t.cur, !c.recount)
	if c.ref.nulls == c.ref.rows && c.cur.nulls == c.cur.rows {
		col.Verdict, col.Reason = NotComparable, "all values are null on both sides"
		return
	}
	several := len(t.names) > 3 || c.recount // more than one category, null and the rest
	equal := t.equal()
	t = t.pool()
	p.computePSI(t.ref, t.cur, "categories", func(i int) Bin { return t.names[i] }, o)
	if chi, why := stat.ChiSquarePair(t.ref, t.cur, false); why == stat.ReasonNone {
		col.ChiSquare = &ChiSquare{
			Statistic: chi.ChiSquare, DF: chi.DF, P: chi.P, V: chi.V, VUnbiased: chi.VUnbiased, Pooled: t.pooled,
		}
		col.P = &chi.P
	}
	share := max(t.otherRef/c.ref.rows, t.otherCur/c.cur.rows)
	if share > 0.5 && several && !equal && col.Verdict != Drifted && min(c.ref.rows, c.cur.rows) >= float64(o.MinRows) {
		col.Verdict = NotComparable
		col.Reason = fmt.Sprintf("too many distinct values: %.0f %% of rows are in categories too rare to compare", 100*share)
		col.PSI, col.V, col.Band, col.ChiSquare, col.P, col.Top = nil, nil, "", nil, nil, nil
	}
}

// table is rows of each side by category.
type table struct {
	names              []Bin // without counts
	ref, cur           []float64
	pooled             int     // categories that pool added up
	otherRef, otherCur float64 // rows in them
}

// categories returns the counts of each category, then of null, then of all that is not told apart.
func (c *collector) categories(p *pair, o Options) table {
	var t table
	if c.mode == byText {
		for _, name := range c.names {
			t.names = append(t.names, Bin{Label: name})
		}
		t.ref, t.cur = append(t.ref, c.ref.counts...), append(t.cur, c.cur.counts...)
	} else {
		for i, x := range c.order {
			t.add(intLabel(p.ref.Type, x), c.ref.byCode[i], c.cur.byCode[i])
		}
		for _, v := range c.cur.texts.Top(o.MaxCategories) { // new values
			t.add(v.Value, 0, float64(v.N))
		}
	}
	t.names = append(t.names, Bin{Label: "null", Special: "null"}, Bin{Label: "(other)", Special: "other"})
	t.ref, t.cur = c.ref.rest(t.ref), c.cur.rest(t.cur)
	return t
}

func (t *table) add(name string, ref, cur float64) {
	t.names, t.ref, t.cur = append(t.names, Bin{Label: name}), append(t.ref, ref), append(t.cur, cur)
}

// equal reports whether all rows were told apart and each category has as many on both sides.
func (t *table) equal() bool {
	last := len(t.ref) - 1
	return t.ref[last] == 0 && slices.Equal(t.ref, t.cur)
}

// rest appends the rows that are null and those that are in none of the counts.
func (h *half) rest(counts []float64) []float64 {
	other := h.rows - h.nulls
	for _, x := range counts {
		other -= x
	}
	return append(counts, h.nulls, other)
}

// tally describes a side, given its counts as categories returns them. The number of categories is left out where not all were
// told apart.
func (h *half) tally(counts []float64, exact bool) *Summary {
	s := &Summary{Nulls: h.nulls, Exact: exact}
	last := len(counts) - 1
	if !exact || counts[last] > 0 {
		return s
	}
	n := 0
	for _, x := range counts[:last-1] {
		if x > 0 {
			n++
		}
	}
	s.Distinct = &n
	return s
}

// pool adds up the categories in which fewer than fewExpected rows are expected on a side, together with those that were not told
// apart, and drops empty ones.
func (t table) pool() table {
	r, c, at := stat.PoolSmall(t.ref, t.cur, fewExpected)
	members, first := make([]int, len(r)), make([]int, len(r))
	for i := len(at) - 1; i >= 0; i-- {
		if t.ref[i]+t.cur[i] > 0 {
			members[at[i]]++
			first[at[i]] = i
		}
	}
	var out table
	for k := range r {
		switch name := t.names[first[k]]; {
		case r[k]+c[k] == 0:
		case members[k] > 1 || name.Special == "other":
			out.otherRef, out.otherCur = out.otherRef+r[k], out.otherCur+c[k]
			out.pooled += members[k]
		default:
			out.names, out.ref, out.cur = append(out.names, name), append(out.ref, r[k]), append(out.cur, c[k])
		}
	}
	if out.otherRef+out.otherCur > 0 {
		out.names = append(out.names, Bin{Label: "(other)", Special: "other"})
		out.ref, out.cur = append(out.ref, out.otherRef), append(out.cur, out.otherCur)
	}
	return out
}
