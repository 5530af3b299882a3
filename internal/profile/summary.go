package profile

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/stat"
)

// Summary returns what has been gathered so far.
func (c *Column) Summary() Summary {
	s := c.s
	s.Distinct = c.distinctCount()
	s.Min, s.Max = jsonOf(c.min), jsonOf(c.max)
	s.NaN, s.Infinite = int64(c.moments.NaN), int64(c.moments.PosInf+c.moments.NegInf)
	if mean, why := c.moments.Mean(); why == stat.ReasonNone {
		s.Mean = &mean
	}
	if sd, why := c.moments.StdDev(); why == stat.ReasonNone {
		s.Std = &sd
	}
	if c.kll != nil && c.kll.N() > 0 {
		c.order(&s)
	}
	if c.length.N > 0 {
		lo, hi, _ := c.length.Range()
		mean, _ := c.length.Mean()
		s.Length = &Length{Min: int64(lo), Mean: mean, Max: int64(hi)}
	}
	if c.heavy != nil {
		for _, t := range c.heavy.Top(shownTop) {
			s.Top = append(s.Top, Top{Value: c.categoryJSON(t.Value), N: t.N})
		}
		s.TopError = c.heavy.Error()
	}
	return s
}

func (c *Column) distinctCount() Distinct {
	if c.exact != nil {
		return Distinct{N: int64(len(c.exact)), Exact: true}
	}
	most := c.s.Rows - c.s.Nulls // an estimate must not say more than there can be
	return Distinct{N: min(int64(math.Round(c.hll.Estimate())), most), Error: stat.HLLError}
}

func jsonOf(v *column.Vector) json.RawMessage {
	if v == nil {
		return json.RawMessage("null")
	}
	return column.AppendJSON(nil, v, 0)
}

// order fills in what follows from the order of values.
func (c *Column) order(s *Summary) {
	shares := []float64{0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99}
	for i, x := range c.kll.Quantiles(shares) {
		s.Quantiles = append(s.Quantiles, Quantile{Q: shares[i], Value: c.numberJSON(x)})
	}
	s.RankError = c.kll.Error()
	if h := c.kll.Histogram(histogramBins); h != nil {
		s.Histogram = &Histogram{Lo: h.Lo, Hi: h.Hi, Counts: h.Counts}
	}
}

// numberJSON writes a number of the column: times as text, integers that are
// whole without a point.
func (c *Column) numberJSON(x float64) json.RawMessage {
	switch k := c.field.Type.Kind; {
	case k == column.Date, k == column.Timestamp:
		v := column.NewVector(c.field.Type, 1)
		v.AppendInt(int64(math.Round(x)))
		return column.AppendJSON(nil, v, 0)
	case k == column.Float32:
		return strconv.AppendFloat(nil, x, 'g', -1, 32)
	}
	b, err := json.Marshal(x)
	if err != nil {
		return json.RawMessage("null")
	}
	return b
}

// categoryJSON writes a value that was counted by its text.
func (c *Column) categoryJSON(text string) json.RawMessage {
	if k := c.field.Type.Kind; k == column.Bool || k == column.JSON || k.IsInt() && len(text) < 16 {
		if json.Valid([]byte(text)) {
			return json.RawMessage(text)
		}
	}
	return column.AppendQuoted(nil, []byte(text))
}
