package drift

import (
	"fmt"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/stat"
)

// computeNumeric compares a column of numbers: PSI over quantile bins of the reference, with NaN and null as bins of their own, and
// Kolmogorov–Smirnov over the values.
func (p *pair) computeNumeric(o Options) {
	c, col := &p.collector, &p.result
	col.Kind = Numeric
	for _, h := range []*half{&c.ref, &c.cur} {
		h.binned.NaN, h.binned.Null = h.moments.NaN, uint64(h.nulls)
		if h.exact {
			stat.SortFloats(h.values)
		}
	}
	col.Reference, col.Current = c.ref.summary(p.ref.Type), c.cur.summary(p.cur.Type)
	if c.ref.present() == 0 && c.cur.present() == 0 && c.ref.moments.NaN+c.cur.moments.NaN == 0 {
		col.Verdict, col.Reason = NotComparable, "all values are null on both sides"
		return
	}
	binning := fmt.Sprintf("quantiles 1/%d of the reference", o.Bins)
	if !c.ref.exact {
		binning += ", from a sketch"
	}
	p.computePSI(c.ref.binned.Vector(), c.cur.binned.Vector(), binning, func(i int) Bin { return nameBin(p.ref.Type, c.bins, i) }, o)
	p.computeKS(o)
}

// present returns the number of values that are neither null nor NaN.
func (h *half) present() float64 {
	return float64(h.moments.N + h.moments.PosInf + h.moments.NegInf)
}

// computeKS compares the distribution functions. A side that was sketched widens the margin and raises p.
func (p *pair) computeKS(o Options) {
	c, col := &p.collector, &p.result
	n, m := c.ref.present(), c.cur.present()
	if n == 0 || m == 0 {
		return
	}
	res := &KS{N: n, M: m, Margin: stat.KSMargin(n, o.Alpha) + stat.KSMargin(m, o.Alpha)}
	if c.ref.exact && c.cur.exact {
		ks, why := stat.KolmogorovSmirnov(c.ref.values, c.cur.values)
		if why != stat.ReasonNone {
			return
		}
		res.D, res.P, res.Method = ks.D, ks.P, ks.Method
	} else {
		d, why := stat.KSDistance(c.ref.cdf(), c.cur.cdf())
		if why != stat.ReasonNone {
			return
		}
		res.D, res.SketchError = d, c.ref.sketchError()+c.cur.sketchError()
		res.P, res.Method = stat.KSProbability(max(0, d-res.SketchError), n, m), stat.KSAsymptotic
	}
	res.Lo = max(0, res.D-res.Margin-res.SketchError)
	col.KS, col.P = res, &res.P
	if res.Lo > o.KSTolerance && min(c.ref.rows, c.cur.rows) >= float64(o.MinRows) {
		col.Findings = append(col.Findings, findKS)
	}
}

// cdf returns the distribution function of a side.
func (h *half) cdf() stat.CDF {
	if !h.exact {
		return h.sketch.CDF()
	}
	ones := make([]float64, len(h.values))
	for i := range ones {
		ones[i] = 1
	}
	return stat.NewCDF(h.values, ones)
}

func (h *half) sketchError() float64 {
	if h.exact {
		return 0
	}
	return h.sketch.Error()
}

// summary describes a side; its values are sorted.
func (h *half) summary(t *column.Type) *Summary {
	s := &Summary{Nulls: h.nulls, NaN: float64(h.moments.NaN), Infinite: float64(h.moments.PosInf + h.moments.NegInf), Exact: h.exact}
	if lo, hi, why := h.moments.Range(); why == stat.ReasonNone {
		s.Min, s.Max = scalar(t, lo), scalar(t, hi)
	}
	if mean, why := h.moments.Mean(); why == stat.ReasonNone {
		s.Mean = scalar(t, mean)
	}
	if sd, why := h.moments.StdDev(); why == stat.ReasonNone {
		s.StdDev = &sd
	}
	if h.present() > 0 {
		if h.exact {
			s.Median = scalar(t, stat.Quantile(h.values, 0.5))
		} else {
			s.Median = scalar(t, h.sketch.Quantiles([]float64{0.5})[0])
		}
	}
	return s
}

// nameBin describes a bin; NaN and null come after the others.
func nameBin(t *column.Type, b stat.Bins, i int) Bin {
	switch i - b.Len() {
	case 0:
		return Bin{Label: "NaN", Special: "nan"}
	case 1:
		return Bin{Label: "null", Special: "null"}
	}
	lo, hi, hasLo, hasHi := b.Bounds(i)
	switch {
	case !hasLo && !hasHi:
		return Bin{Label: "any value"}
	case !hasLo:
		return Bin{Label: "< " + number(t, hi)}
	case !hasHi:
		return Bin{Label: ">= " + number(t, lo)}
	case lo == hi:
		return Bin{Label: "= " + number(t, lo)}
	}
	return Bin{Label: "[" + number(t, lo) + ", " + number(t, hi) + ")"}
}
