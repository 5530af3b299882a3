package drift

import (
	"math"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/stat"
)

// ReportSchema names the layout of a Report as JSON. It changes when a field changes its meaning or goes away.
const ReportSchema = "strata.drift/1"

// Verdict is the answer for a column or a whole comparison.
type Verdict string

// The verdicts.
const (
	Same          Verdict = "same"           // the effect is below the tolerance
	Drifted       Verdict = "drifted"        // the effect is above the tolerance
	CannotTell    Verdict = "cannot tell"    // too few rows, or an effect at the tolerance
	NotComparable Verdict = "not comparable" // no effect is defined
)

// Report is the outcome of Compare. As JSON it holds no NaN or infinity: what has no value is null or absent, with a reason.
type Report struct {
	Schema        string       `json:"schema"`
	Reference     SideInfo     `json:"reference"`
	Current       SideInfo     `json:"current"`
	Verdict       Verdict      `json:"verdict"` // drifted if any column is; else cannot tell if any; same if any is; else not comparable
	Counts        Counts       `json:"counts"`
	Parameters    Parameters   `json:"parameters"`
	Columns       []Column     `json:"columns"` // drifted, cannot tell, same, not comparable; by falling effect, then PSI; then by name
	OnlyReference []ColumnName `json:"only_reference,omitempty"`
	OnlyCurrent   []ColumnName `json:"only_current,omitempty"`
}

// SideInfo names a side.
type SideInfo struct {
	Name string `json:"name"`
	Rows int64  `json:"rows"`
}

// Counts are the numbers of columns with each verdict.
type Counts struct {
	Same          int `json:"same"`
	Drifted       int `json:"drifted"`
	CannotTell    int `json:"cannot_tell"`
	NotComparable int `json:"not_comparable"`
}

// Parameters are the options that the numbers depend on.
type Parameters struct {
	Bins             int     `json:"bins"`
	Tolerance        float64 `json:"tolerance_v"`
	KSTolerance      float64 `json:"tolerance_ks"`
	MissingTolerance float64 `json:"tolerance_missing"`
	Alpha            float64 `json:"alpha"`
	MinRows          int64   `json:"min_rows"`
	ExactRows        int64   `json:"exact_rows"`
	SketchK          int     `json:"sketch_k"`
	MaxCategories    int     `json:"max_categories"`
	LowCardinality   int     `json:"low_cardinality"`
}

// ColumnName is a column that only one side has.
type ColumnName struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Kind says how the values of a column were compared.
type Kind string

// The kinds.
const (
	Numeric     Kind = "numeric"
	Categorical Kind = "categorical"
)

// Column is the outcome for one column.
type Column struct {
	Name        string   `json:"name"`
	NameCurrent string   `json:"name_current,omitempty"` // if it was renamed
	Type        string   `json:"type"`
	TypeCurrent string   `json:"type_current,omitempty"` // if it changed
	Kind        Kind     `json:"kind,omitempty"`
	Verdict     Verdict  `json:"verdict"`
	Reason      string   `json:"reason,omitempty"`   // why the verdict is cannot tell or not comparable
	Findings    []string `json:"findings,omitempty"` // what drifted: distribution, ks, missing

	V         *float64   `json:"v"` // effect on the scale of Cramér's V, from 0 to 1
	Band      stat.Band  `json:"band,omitempty"`
	PSI       *PSI       `json:"psi,omitempty"`
	KS        *KS        `json:"ks,omitempty"`         // numeric columns
	ChiSquare *ChiSquare `json:"chi_square,omitempty"` // categorical columns
	Missing   *Missing   `json:"missing,omitempty"`
	P         *float64   `json:"p"` // of KS or chi-square
	Q         *float64   `json:"q"` // Benjamini–Hochberg over all columns with a p

	Top       []Bin    `json:"top,omitempty"` // the bins with the largest share in PSI, at most three
	Reference *Summary `json:"reference,omitempty"`
	Current   *Summary `json:"current,omitempty"`
}

// PSI is the population stability index with what is needed to judge it.
type PSI struct {
	Value     float64 `json:"value"`
	Floor     float64 `json:"floor"`     // mean without drift
	Corrected float64 `json:"corrected"` // max(0, value - floor)
	Lo        float64 `json:"lo"`        // bounds of the PSI of the populations, each missed with probability alpha
	Hi        float64 `json:"hi"`
	Tolerance float64 `json:"tolerance"` // 4 tolerance_v^2
	Limit     float64 `json:"limit"`     // value above which drift beyond the tolerance is shown
	Least     float64 `json:"least"`     // smallest PSI that would be found in 80 of 100 comparisons of this size
	Bins      int     `json:"bins"`      // non-empty bins, those of null and NaN included
	Binning   string  `json:"binning"`
	Zeros     string  `json:"zeros"` // rule for bins that are empty on one side
	N         float64 `json:"n"`     // rows of the reference
	M         float64 `json:"m"`     // rows of the current side
}

// KS is a Kolmogorov–Smirnov comparison of the values that are neither null nor NaN.
type KS struct {
	D           float64       `json:"d"`
	Lo          float64       `json:"lo"`           // D less its margins and the error of the sketches, at least 0
	Margin      float64       `json:"margin"`       // sum of both sides' Dvoretzky–Kiefer–Wolfowitz margins
	SketchError float64       `json:"sketch_error"` // 0 if both sides were kept whole
	P           float64       `json:"p"`            // at D less the error of the sketches
	Method      stat.KSMethod `json:"method"`
	N           float64       `json:"n"`
	M           float64       `json:"m"`
}

// ChiSquare is a contingency test of side by category.
type ChiSquare struct {
	Statistic float64 `json:"statistic"`
	DF        float64 `json:"df"`
	P         float64 `json:"p"`
	V         float64 `json:"v"`
	VUnbiased float64 `json:"v_unbiased"`
	Pooled    int     `json:"pooled"` // categories that were added up because fewer than 5 rows were expected
}

// Missing compares the shares of nulls.
type Missing struct {
	Reference float64 `json:"reference"`
	Current   float64 `json:"current"`
	Change    float64 `json:"change"`
	Lo        float64 `json:"lo"` // Newcombe's interval
	Hi        float64 `json:"hi"`
	Verdict   Verdict `json:"verdict"`
}

// Bin is a bin or category with its counts on both sides.
type Bin struct {
	Label     string  `json:"label"`
	Special   string  `json:"special,omitempty"` // null, nan or other for a bin that is no range and no category
	Reference float64 `json:"reference"`
	Current   float64 `json:"current"`
	Term      float64 `json:"term"` // its summand in PSI
}

// Summary describes one side of a numeric column. Numbers are plain; dates, times and integers beyond 2^53 are strings.
type Summary struct {
	Nulls    float64  `json:"nulls"`
	NaN      float64  `json:"nan,omitempty"`
	Infinite float64  `json:"infinite,omitempty"`
	Min      any      `json:"min,omitempty"`
	Median   any      `json:"median,omitempty"`
	Max      any      `json:"max,omitempty"`
	Mean     any      `json:"mean,omitempty"`
	StdDev   *float64 `json:"std,omitempty"`      // in the column's units; days for dates, seconds for times
	Exact    bool     `json:"exact"`              // median and KS come from all values, not from a sketch
	Distinct *int     `json:"distinct,omitempty"` // categories, where all were counted
}

func newReport(ref, cur Side, o Options) *Report {
	return &Report{
		Schema:    ReportSchema,
		Reference: SideInfo{ref.Name, ref.Rows},
		Current:   SideInfo{cur.Name, cur.Rows},
		Columns:   []Column{},
		Parameters: Parameters{
			Bins: o.Bins, Tolerance: o.Tolerance, KSTolerance: o.KSTolerance, MissingTolerance: o.MissingTolerance, Alpha: o.Alpha,
			MinRows: o.MinRows, ExactRows: o.ExactRows, SketchK: o.SketchK, MaxCategories: o.MaxCategories, LowCardinality: o.LowCardinality,
		},
	}
}

// finish gathers the columns, corrects p-values for their number, sorts and counts.
func (r *Report) finish(pairs []*pair, o Options) {
	p := make([]float64, len(pairs))
	for i, pr := range pairs {
		c := &pr.result
		c.Name, c.Type = pr.ref.Name, pr.ref.Type.String()
		if pr.cur.Name != c.Name {
			c.NameCurrent = pr.cur.Name
		}
		if t := pr.cur.Type.String(); t != c.Type {
			c.TypeCurrent = t
		}
		if pr.reason != "" {
			c.Verdict, c.Reason = NotComparable, pr.reason
		}
		p[i] = math.NaN()
		if c.P != nil {
			p[i] = *c.P
		}
	}
	for i, q := range stat.QValues(p) {
		if !math.IsNaN(q) {
			pairs[i].result.Q = &q
		}
		r.Columns = append(r.Columns, pairs[i].result)
	}
	slices.SortStableFunc(r.Columns, func(a, b Column) int {
		if d := rank(a.Verdict) - rank(b.Verdict); d != 0 {
			return d
		}
		switch x, y := effect(a), effect(b); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		switch x, y := index(a), index(b); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	for _, c := range r.Columns {
		switch c.Verdict {
		case Drifted:
			r.Counts.Drifted++
		case CannotTell:
			r.Counts.CannotTell++
		case Same:
			r.Counts.Same++
		default:
			r.Counts.NotComparable++
		}
	}
	r.Verdict = NotComparable
	if len(r.Columns) > 0 {
		r.Verdict = r.Columns[0].Verdict
	}
}

// rank orders verdicts in a report.
func rank(v Verdict) int {
	return slices.Index([]Verdict{Drifted, CannotTell, Same, NotComparable}, v)
}

func effect(c Column) float64 {
	if c.V == nil {
		return -1
	}
	return *c.V
}

// index returns the PSI of a column, below all where there is none.
func index(c Column) float64 {
	if c.PSI == nil {
		return -1
	}
	return c.PSI.Value
}
