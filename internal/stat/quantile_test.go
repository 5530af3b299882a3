package stat

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestQuantilesAndMomentsAgainstNumpy(t *testing.T) {
	type row struct {
		Name                   string
		X, Q, Quantiles, Edges []float64
		Mean, Min, Max         float64
		Variance               *float64
		Histogram              []uint64
	}
	for _, c := range golden[row](t, "quantile.json") {
		t.Run(c.Name, func(t *testing.T) {
			for i, q := range c.Q {
				if got := Quantile(c.X, q); got != c.Quantiles[i] {
					t.Errorf("quantile %v = %.17g, want %.17g exactly", q, got, c.Quantiles[i])
				}
			}
			var m Moments
			m.Add(c.X)
			mean, why := m.Mean()
			if why != ReasonNone {
				t.Fatal(why)
			}
			near(t, "mean", mean, c.Mean, 1e-12)
			lo, hi, _ := m.Range()
			if lo != c.Min || hi != c.Max {
				t.Errorf("range [%v, %v], want [%v, %v]", lo, hi, c.Min, c.Max)
			}
			v, why := m.Variance()
			switch {
			case len(c.X) == 1:
				if why != ReasonOneValue {
					t.Errorf("variance of one value: %q", why)
				}
			case c.Variance == nil:
				if why != ReasonOverflow {
					t.Errorf("variance %v, %q, want overflow", v, why)
				}
			default:
				near(t, "variance", v, *c.Variance, 1e-10)
			}
			if c.Histogram == nil {
				return
			}
			h := NewHistogram(c.Min, c.Max, 10)
			h.Add(c.X)
			if d := cmp.Diff(c.Edges, h.Edges()); d != "" {
				t.Errorf("edges (-numpy +got):\n%s", d)
			}
			if d := cmp.Diff(c.Histogram, h.Counts); d != "" {
				t.Errorf("counts (-numpy +got):\n%s", d)
			}
		})
	}
}

func TestQuantileInfinities(t *testing.T) {
	inf := math.Inf(1)
	x := []float64{-inf, -inf, 1, inf, inf}
	for q, want := range map[float64]float64{0: -inf, 0.25: -inf, 0.5: 1, 0.75: inf, 1: inf} {
		if got := Quantile(x, q); got != want {
			t.Errorf("quantile %v = %v, want %v", q, got, want)
		}
	}
	if got := Quantile([]float64{-math.MaxFloat64, math.MaxFloat64}, 0.5); got != 0 {
		t.Errorf("middle of the whole range = %v, want 0", got)
	}
}

func TestMomentsMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 2, 200).Draw(t, "x")
		cut := rapid.IntRange(0, len(x)).Draw(t, "cut")
		var all, a, b Moments
		all.Add(x)
		a.Add(x[:cut])
		b.Add(x[cut:])
		a.Merge(b)
		if a.N != all.N || a.min != all.min || a.max != all.max {
			t.Fatalf("merged %+v, all %+v", a, all)
		}
		vm, _ := a.Variance()
		va, _ := all.Variance()
		if math.Abs(a.mean-all.mean) > 1e-8 || math.Abs(vm-va) > 1e-9*va+1e-9 {
			t.Fatalf("merged mean %v variance %v, all %v %v", a.mean, vm, all.mean, va)
		}
	})
}

func TestMomentsSpecialValues(t *testing.T) {
	var m Moments
	if _, why := m.Mean(); why != ReasonNotFinite {
		t.Errorf("empty mean: %q", why)
	}
	m.Add([]float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Inf(-1)})
	if _, _, why := m.Range(); why != ReasonNotFinite {
		t.Errorf("range without finite values: %q", why)
	}
	m.Add([]float64{math.Copysign(0, -1), 5e9, 5e9 + 1, 5e9 + 2})
	if m.N != 4 || m.NaN != 1 || m.PosInf != 1 || m.NegInf != 2 {
		t.Errorf("counts %+v", m)
	}
	if lo, _, _ := m.Range(); math.Signbit(lo) {
		t.Error("minimum is -0")
	}
	// Cancellation: a large offset must not eat the variance.
	var shifted Moments
	shifted.Add([]float64{1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16})
	v, _ := shifted.Variance()
	near(t, "variance", v, 30, 1e-12)
}

func TestHistogramOutside(t *testing.T) {
	h := NewHistogram(0, 10, 5)
	h.Add([]float64{-1, 0, 2, 10, 10.5, math.NaN(), math.Inf(1), math.Inf(-1)})
	o := NewHistogram(0, 10, 5)
	o.Add([]float64{9.99})
	h.Merge(o)
	if d := cmp.Diff([]uint64{1, 1, 0, 0, 2}, h.Counts); d != "" || h.Under != 2 || h.Over != 2 || h.NaN != 1 {
		t.Errorf("under %d over %d NaN %d %s", h.Under, h.Over, h.NaN, d)
	}
	c := NewHistogram(4, 4, 2)
	c.Add([]float64{4, 4})
	if d := cmp.Diff([]uint64{0, 2}, c.Counts); d != "" {
		t.Error(d)
	}
}
