package profile

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/column"
)

// vector makes a vector from texts; - is null.
func vector(t *testing.T, typ *column.Type, texts ...string) *column.Vector {
	t.Helper()
	v := column.NewVector(typ, len(texts))
	for _, s := range texts {
		if s == "-" {
			v.AppendNull()
		} else if err := column.ParseText(typ, s, v); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

// summary returns the summary of the values, taken in as two vectors, as JSON
// with only the given fields.
func summary(t *testing.T, typ *column.Type, fields []string, texts ...string) map[string]string {
	t.Helper()
	c := New(column.NewField("c", typ), false)
	half := len(texts) / 2
	c.Add(vector(t, typ, texts[:half]...))
	c.Add(vector(t, typ, texts[half:]...))
	b, err := json.Marshal(c.Summary())
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range fields {
		got[f] = string(all[f])
	}
	return got
}

func TestSummary(t *testing.T) {
	exact := func(n int) string { return fmt.Sprintf(`{"n":%d,"exact":true,"error":0}`, n) }
	for _, tc := range []struct {
		name  string
		typ   *column.Type
		texts []string
		want  map[string]string
	}{
		{"numbers", column.Of(column.Int32), []string{"5", "-", "1", "3", "3"}, map[string]string{
			"rows": "5", "nulls": "1", "min": "1", "max": "5", "mean": "3", "distinct": exact(3), "rank_error": "0", "top_error": "0",
			"top": `[{"value":3,"n":2},{"value":1,"n":1},{"value":5,"n":1}]`}},
		// numpy.std([1,2,3,4], ddof=1) = 1.2909944487358056 (numpy 2.3.5)
		{"standard deviation", column.Of(column.Float64), []string{"1.0", "2.0", "3.0", "4.0"}, map[string]string{"std": "1.2909944487358056", "mean": "2.5"}},
		{"not finite", column.Of(column.Float64), []string{"nan", "inf", "1.0", "-inf"}, map[string]string{
			"nan": "1", "infinite": "2", "mean": "1", "std": "null", "distinct": exact(4), "min": "null", "max": "null"}},
		{"only nulls", column.Of(column.Float64), []string{"-", "-"}, map[string]string{
			"nulls": "2", "min": "null", "max": "null", "mean": "null", "distinct": exact(0), "quantiles": ""}},
		{"none", column.Of(column.String), nil, map[string]string{"rows": "0", "min": "null", "top": ""}},
		{"text", column.Of(column.String), []string{"b", "a", "b", "-", ""}, map[string]string{
			"min": `""`, "max": `"b"`, "top": `[{"value":"b","n":2},{"value":"","n":1},{"value":"a","n":1}]`, "length": `{"min":0,"mean":0.75,"max":1}`, "mean": "null"}},
		{"dates", column.Of(column.Date), []string{"2024-01-03", "2024-01-01", "2024-01-02"}, map[string]string{
			"min": `"2024-01-01"`, "max": `"2024-01-03"`, "mean": "null"}},
		{"decimals", column.DecimalOf(5, 2), []string{"1.25", "0.75"}, map[string]string{"mean": "1", "min": "0.75", "max": "1.25"}},
		{"bool", column.Of(column.Bool), []string{"true", "true", "false"}, map[string]string{"top": `[{"value":true,"n":2},{"value":false,"n":1}]`, "min": "false"}},
		{"lists", column.ListOf(column.Of(column.Int64)), nil, map[string]string{"min": "null", "distinct": exact(0)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var fields []string
			for f := range tc.want {
				fields = append(fields, f)
			}
			if diff := cmp.Diff(tc.want, summary(t, tc.typ, fields, tc.texts...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestQuantilesInterpolate(t *testing.T) {
	c := New(column.NewField("c", column.Of(column.Float64)), false)
	v := column.NewVector(column.Of(column.Float64), 101)
	for i := range 101 {
		v.AppendF64(float64(i))
	}
	c.Add(v)
	s := c.Summary()
	// numpy.quantile(range(101), q) is 100 q (numpy 2.3.5, method linear).
	for _, q := range s.Quantiles {
		var x float64
		if err := json.Unmarshal(q.Value, &x); err != nil || math.Abs(x-100*q.Q) > 1e-9 {
			t.Errorf("quantile %v is %s, want %v", q.Q, q.Value, 100*q.Q)
		}
	}
	var n uint64
	for _, k := range s.Histogram.Counts {
		n += k
	}
	if n != 101 || s.Histogram.Lo != 0 || s.Histogram.Hi != 100 {
		t.Errorf("histogram of %d values from %v to %v", n, s.Histogram.Lo, s.Histogram.Hi)
	}
}

func TestManyDistinctValuesAreEstimated(t *testing.T) {
	c := New(column.NewField("c", column.Of(column.Int64)), false)
	const n = 3 * ExactDistinct
	v := column.NewVector(column.Of(column.Int64), n)
	for i := range n {
		v.AppendInt(int64(i))
	}
	c.Add(v)
	s := c.Summary()
	if off := math.Abs(float64(s.Distinct.N)/n - 1); s.Distinct.Exact || off > 4*s.Distinct.Error {
		t.Errorf("%d distinct of %d, exact %v: off by %.4f, with a standard error of %.4f", s.Distinct.N, n, s.Distinct.Exact, off, s.Distinct.Error)
	}
	if len(s.Top) > shownTop || s.TopError == 0 {
		t.Errorf("%d frequent values with an error of %d", len(s.Top), s.TopError)
	}
}

// The estimate for the numbers 0 to 68,784 is 69,331: more than there are.
func TestEstimatesStayBelowTheRows(t *testing.T) {
	c := New(column.NewField("c", column.Of(column.Int64)), false)
	const n = 68785
	v := column.NewVector(column.Of(column.Int64), n)
	for i := range n {
		v.AppendInt(int64(i))
	}
	v.AppendNull()
	c.Add(v)
	if s := c.Summary(); s.Distinct.Exact || s.Distinct.N > n {
		t.Errorf("%d distinct of %d values, exact %v", s.Distinct.N, n, s.Distinct.Exact)
	}
}
