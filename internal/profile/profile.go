// Package profile summarises one column of a dataset in bounded memory: nulls,
// distinct values, range, moments, quantiles, a histogram and the most frequent
// values. describe is made of it.
//
// The one invariant: a summary depends on the values and their order only, and
// every figure that is not exact says how far off it can be. Memory is bounded
// whatever the column holds: distinct values are counted exactly up to
// ExactDistinct and by HyperLogLog beyond, values up to TopValues and by
// Misra and Gries beyond, quantiles by KLL (internal/stat). Results hold no NaN or
// infinity. Start reading at Column, then Summary.
package profile

import (
	"encoding/json"
	"math"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/stat"
)

// Bounds of what is kept.
const (
	ExactDistinct = 1 << 16 // distinct values that are counted exactly
	TopValues     = 4096    // frequent values that are counted exactly
	shownTop      = 20      // in a Summary
	histogramBins = 20
	longValue     = 256 // bytes of a value that can be among the frequent ones
)

// Summary is what is known about a column.
type Summary struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Key      bool     `json:"key"`
	Rows     int64    `json:"rows"`
	Nulls    int64    `json:"nulls"`
	NaN      int64    `json:"nan,omitempty"`
	Infinite int64    `json:"infinite,omitempty"`
	Distinct Distinct `json:"distinct"` // of the values that are not null
	// Min and Max are exact, in the order of keys; NaN and nested values have none.
	Min json.RawMessage `json:"min"`
	Max json.RawMessage `json:"max"`
	// Mean and Std are over finite numbers; Std divides by n-1.
	Mean      *float64   `json:"mean"`
	Std       *float64   `json:"std"`
	Quantiles []Quantile `json:"quantiles,omitempty"`
	// RankError bounds how far the rank of a quantile may be off, as a share of
	// the rows; 0 where quantiles are exact.
	RankError float64    `json:"rank_error"`
	Histogram *Histogram `json:"histogram,omitempty"`
	Length    *Length    `json:"length,omitempty"` // of text in characters' bytes, of lists in elements
	Top       []Top      `json:"top,omitempty"`    // most frequent values first
	// TopError bounds by how much a count of Top may be too small.
	TopError uint64 `json:"top_error"`
}

// Distinct is a number of different values.
type Distinct struct {
	N     int64   `json:"n"`
	Exact bool    `json:"exact"`
	Error float64 `json:"error"` // relative standard error where it is not exact
}

// Quantile is a value at or below which the share Q of the values lies.
type Quantile struct {
	Q     float64         `json:"q"`
	Value json.RawMessage `json:"value"`
}

// Histogram counts values in bins of equal width from Lo to Hi (days or ticks
// since 1970 for dates and timestamps).
type Histogram struct {
	Lo     float64  `json:"lo"`
	Hi     float64  `json:"hi"`
	Counts []uint64 `json:"counts"`
}

// Length is how long values are.
type Length struct {
	Min  int64   `json:"min"`
	Mean float64 `json:"mean"`
	Max  int64   `json:"max"`
}

// Top is a frequent value.
type Top struct {
	Value json.RawMessage `json:"value"`
	N     uint64          `json:"n"`
}

// Column gathers a Summary. It is not safe for concurrent use.
type Column struct {
	field   column.Field
	s       Summary
	moments stat.Moments
	kll     *stat.KLL   // numbers and times
	heavy   *stat.Heavy // what can be a category
	hll     *stat.HLL
	exact   map[uint64]struct{} // nil once there were too many
	min     *column.Vector
	max     *column.Vector
	length  stat.Moments
	floats  []float64 // scratch
	text    []byte    // scratch
}

// New returns an empty profile of a column.
func New(f column.Field, key bool) *Column {
	c := &Column{field: f, s: Summary{Name: f.Name, Type: f.Type.String(), Key: key}, hll: &stat.HLL{}, exact: map[uint64]struct{}{}}
	switch k := f.Type.Kind; {
	case k == column.Date, k == column.Timestamp, k == column.Decimal, k.IsFloat():
		c.kll = stat.NewKLL(stat.DefaultK, 0)
	case k.IsInt():
		c.kll, c.heavy = stat.NewKLL(stat.DefaultK, 0), stat.NewHeavy(TopValues)
	case k == column.Bool, k == column.String, k == column.File, k == column.JSON:
		c.heavy = stat.NewHeavy(TopValues)
	}
	return c
}

// Add takes in all values of v, which has the column's type.
func (c *Column) Add(v *column.Vector) {
	c.s.Rows += int64(v.Len)
	c.s.Nulls += int64(v.Nulls)
	c.addNumbers(v)
	c.addDistinct(v)
	c.addRange(v)
	c.addLengths(v)
	if c.heavy != nil {
		c.addCategories(v)
	}
}

// addNumbers feeds moments and quantiles.
func (c *Column) addNumbers(v *column.Vector) {
	if c.kll == nil {
		return
	}
	c.floats = c.floats[:0]
	times := v.Type.Kind == column.Date || v.Type.Kind == column.Timestamp
	for i := range v.Len {
		if v.IsNull(i) {
			continue
		}
		if times {
			c.floats = append(c.floats, float64(v.Ints[i]))
			continue
		}
		if x, ok := (column.Value{Vector: v, Row: i}).Float(); ok {
			c.floats = append(c.floats, x)
		}
	}
	if !times {
		c.moments.Add(c.floats)
	}
	finite := c.floats[:0]
	for _, x := range c.floats {
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			finite = append(finite, x)
		}
	}
	c.kll.Add(finite)
}

func (c *Column) addDistinct(v *column.Vector) {
	if v.Type.Kind.IsNested() {
		for i := range v.Len {
			if !v.IsNull(i) {
				c.text = column.AppendJSON(c.text[:0], v, i)
				c.distinct(hashBytes(c.text))
			}
		}
		return
	}
	for i := range v.Len {
		if v.IsNull(i) {
			continue
		}
		switch v.Type.Layout() {
		case column.LayoutInt:
			c.distinct(stat.Mix64(uint64(v.Ints[i])))
		case column.LayoutF32:
			c.distinct(stat.Mix64(math.Float64bits(float64(v.F32[i]))))
		case column.LayoutF64:
			c.distinct(stat.Mix64(math.Float64bits(v.F64[i])))
		default:
			c.distinct(hashBytes(v.At(i)))
		}
	}
}

func (c *Column) distinct(h uint64) {
	c.hll.Add(h)
	if c.exact == nil {
		return
	}
	if c.exact[h] = struct{}{}; len(c.exact) > ExactDistinct {
		c.exact = nil
	}
}

// hashBytes is FNV-1a, mixed.
func hashBytes(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, x := range b {
		h = (h ^ uint64(x)) * 1099511628211
	}
	return stat.Mix64(h ^ uint64(len(b)))
}

// addRange keeps the least and the greatest value.
func (c *Column) addRange(v *column.Vector) {
	if !column.Orderable(v.Type) {
		return
	}
	lo, hi := -1, -1
	for i := range v.Len {
		if v.IsNull(i) || isNaN(v, i) {
			continue
		}
		if lo < 0 {
			lo, hi = i, i
			continue
		}
		if column.Compare(v, i, v, lo) < 0 {
			lo = i
		} else if column.Compare(v, i, v, hi) > 0 {
			hi = i
		}
	}
	if lo < 0 {
		return
	}
	if c.min == nil || column.Compare(v, lo, c.min, 0) < 0 {
		c.min = v.Slice(lo, lo+1)
	}
	if c.max == nil || column.Compare(v, hi, c.max, 0) > 0 {
		c.max = v.Slice(hi, hi+1)
	}
}

func isNaN(v *column.Vector, i int) bool {
	switch v.Type.Layout() {
	case column.LayoutF64:
		return v.F64[i] != v.F64[i]
	case column.LayoutF32:
		return v.F32[i] != v.F32[i]
	}
	return false
}

// addLengths measures text and lists.
func (c *Column) addLengths(v *column.Vector) {
	switch v.Type.Kind {
	case column.String, column.Binary, column.JSON, column.List:
		for i := range v.Len {
			if !v.IsNull(i) {
				c.length.AddOne(float64(v.Offs[i+1] - v.Offs[i]))
			}
		}
	}
}

// addCategories counts values by their text.
func (c *Column) addCategories(v *column.Vector) {
	for i := range v.Len {
		if v.IsNull(i) {
			continue
		}
		if v.Type.Layout() == column.LayoutBytes {
			b := v.At(i)
			if len(b) > longValue {
				b = b[:longValue]
			}
			c.heavy.AddBytes(b, 1)
			continue
		}
		c.text = column.AppendText(c.text[:0], v, i)
		c.heavy.AddBytes(c.text, 1)
	}
}
