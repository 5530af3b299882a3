package drift

import (
	"fmt"
	"math"
	"sort"

	"github.com/strata-data/strata/internal/stat"
)

// The findings of a drifted column.
const (
	findDistribution = "distribution"
	findKS           = "ks"
	findMissing      = "missing"
)

// compute turns what was gathered into the result of the column, and lets go of it.
func (p *pair) compute(o Options) {
	if p.collector.mode == byValue {
		p.computeNumeric(o)
	} else {
		p.computeCategorical(o)
	}
	p.computeMissing(o)
	p.result.settle()
	p.collector = collector{}
}

// settle makes the verdict of a column from its findings: any one makes it drifted.
func (c *Column) settle() {
	if len(c.Findings) > 0 {
		c.Verdict, c.Reason = Drifted, ""
	}
}

// computePSI fills in the effect and the verdict from counts over bins, which name describes.
func (p *pair) computePSI(ref, cur []float64, binning string, name func(i int) Bin, o Options) {
	c, col := &p.collector, &p.result
	n, m := c.ref.rows, c.cur.rows
	bins := 0
	for i := range ref {
		if ref[i] > 0 || cur[i] > 0 {
			bins++
		}
	}
	zeros := stat.Zeros{Mode: stat.ZeroHalf}
	terms, why := stat.PSITerms(ref, cur, zeros)
	if why != stat.ReasonNone {
		col.Verdict, col.Reason = NotComparable, string(why)
		return
	}
	value := 0.0
	for _, t := range terms {
		value += t
	}
	res := &PSI{
		Value: value, Floor: stat.PSIFloor(bins, n, m), Corrected: stat.PSICorrected(value, bins, n, m),
		Tolerance: stat.PSIOfV(o.Tolerance), Bins: bins, Binning: binning, Zeros: zeros.Mode.String(), N: n, M: m,
	}
	v := stat.EffectV(res.Corrected)
	col.PSI, col.V, col.Band = res, &v, stat.BandOf(v)
	col.Top = largest(terms, ref, cur, name)
	if bins < 2 { // one value on both sides
		col.Verdict = Same
		if min(n, m) < float64(o.MinRows) {
			col.Verdict, col.Reason = CannotTell, fewRows(o)
		}
		return
	}
	res.Lo, res.Hi, _ = stat.PSIInterval(value, bins, n, m, 1-2*o.Alpha)
	res.Limit, _ = stat.ToleranceLimit(bins, n, m, res.Tolerance, o.Alpha)
	res.Least, _ = stat.MinimumEffect(bins, n, m, res.Tolerance, o.Alpha)
	switch {
	case min(n, m) < float64(o.MinRows):
		col.Verdict, col.Reason = CannotTell, fewRows(o)
	case res.Lo > res.Tolerance:
		col.Verdict = Drifted
		col.Findings = append(col.Findings, findDistribution)
	case res.Hi <= res.Tolerance:
		col.Verdict = Same
	case res.Floor > res.Tolerance:
		col.Verdict, col.Reason = CannotTell, fmt.Sprintf("too few rows for %d bins: noise alone exceeds the tolerance", bins)
	default:
		col.Verdict, col.Reason = CannotTell, "the tolerance lies within the interval of the effect"
	}
}

func fewRows(o Options) string { return fmt.Sprintf("fewer than %d rows on a side", o.MinRows) }

// largest returns the three bins with the largest terms, ties in order of the bins.
func largest(terms, ref, cur []float64, name func(i int) Bin) []Bin {
	order := make([]int, 0, len(terms))
	for i, t := range terms {
		if t > 0 {
			order = append(order, i)
		}
	}
	sort.SliceStable(order, func(a, b int) bool { return terms[order[a]] > terms[order[b]] })
	var top []Bin
	for _, i := range order[:min(3, len(order))] {
		b := name(i)
		b.Reference, b.Current, b.Term = ref[i], cur[i], terms[i]
		top = append(top, b)
	}
	return top
}

// computeMissing compares the shares of nulls. It may find drift but never withdraws another finding.
func (p *pair) computeMissing(o Options) {
	c, col := &p.collector, &p.result
	change, lo, hi, why := stat.ProportionDifference(c.ref.nulls, c.ref.rows, c.cur.nulls, c.cur.rows, 1-2*o.Alpha)
	if why != stat.ReasonNone {
		return
	}
	res := &Missing{
		Reference: c.ref.nulls / c.ref.rows, Current: c.cur.nulls / c.cur.rows, Change: change, Lo: lo, Hi: hi, Verdict: CannotTell,
	}
	switch {
	case min(c.ref.rows, c.cur.rows) < float64(o.MinRows):
	case lo > o.MissingTolerance || hi < -o.MissingTolerance:
		res.Verdict = Drifted
		col.Findings = append(col.Findings, findMissing)
	case math.Max(math.Abs(lo), math.Abs(hi)) <= o.MissingTolerance:
		res.Verdict = Same
	}
	col.Missing = res
}
