package stat

import (
	"math"
	"sort"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func run(from, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(from + i)
	}
	return x
}

func counts(b Bins, x []float64) []float64 {
	c := NewBinCounts(b)
	c.Add(b, x)
	return c.Vector()
}

// Worked C of reference/drift.md §2.2: decile PSI of 1..50 against 6..55 is 0.759399 with shares floored at 1e-4 and 0.276775
// with half counts.
func TestQuantileBinsWorkedC(t *testing.T) {
	ref, cur := run(1, 50), run(6, 50)
	b := QuantileBins(10, func(q float64) float64 { return Quantile(ref, q) })
	want := []float64{5.9, 10.8, 15.7, 20.6, 25.5, 30.4, 35.3, 40.2, 45.1}
	for i, c := range b.Cuts {
		near(t, "cut", c, want[i], 1e-12)
	}
	psi, _ := PSI(counts(b, ref), counts(b, cur), Zeros{Mode: ZeroFloor, Eps: 1e-4})
	near(t, "PSI floor", psi, 0.759399, 1e-6)
	psi, _ = PSI(counts(b, ref), counts(b, cur), Zeros{})
	near(t, "PSI half", psi, 0.276775, 1e-6)
}

func TestQuantileBins(t *testing.T) {
	zeros := append(make([]float64, 81), run(1, 20)...) // ranks of deciles are whole numbers
	for _, c := range []struct {
		name string
		x    []float64
		cuts []float64
	}{
		{"constant gets bins below, at and above", []float64{7, 7, 7}, []float64{7, above(7)}},
		{"one value", []float64{3}, []float64{3, above(3)}},
		{"atom at zero", zeros, []float64{0, above(0), 10}},
		{"atom at the end", []float64{1, 2, 3, 4, 5, 9, 9, 9, 9, 9, 9}, []float64{2, 3, 4, 5, 9, above(9)}},
		{"infinities", []float64{math.Inf(-1), math.Inf(-1), 0, 0, math.Inf(1), math.Inf(1)}, []float64{-math.MaxFloat64, 0, above(0), math.Inf(1)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := QuantileBins(10, func(q float64) float64 { return Quantile(c.x, q) })
			if !sort.Float64sAreSorted(b.Cuts) {
				t.Fatalf("cuts not sorted: %v", b.Cuts)
			}
			if d := cmp.Diff(c.cuts, b.Cuts); d != "" {
				t.Error(d)
			}
		})
	}
	b := Bins{Cuts: []float64{0, above(0), 5}}
	lo, hi, hasLo, hasHi := b.Bounds(1)
	if lo != 0 || hi != 0 || !hasLo || !hasHi {
		t.Errorf("atom bounds %v %v", lo, hi)
	}
	if _, hi, hasLo, _ := b.Bounds(0); hasLo || hi != 0 {
		t.Errorf("first bin ends at %v", hi)
	}
	if _, _, _, hasHi := b.Bounds(3); hasHi {
		t.Error("last bin has an end")
	}
}

func TestConstantColumnShowsDrift(t *testing.T) {
	ref, cur := make([]float64, 100), make([]float64, 100)
	for i := range cur {
		cur[i] = 1
	}
	b := QuantileBins(10, func(q float64) float64 { return Quantile(ref, q) })
	psi, why := PSI(counts(b, ref), counts(b, cur), Zeros{})
	if why != ReasonNone || psi < 5 {
		t.Errorf("PSI of 0 against 1 = %v %q", psi, why)
	}
}

func TestBinsCountEveryValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gen := rapid.SliceOfN(rapid.Float64(), 1, 100)
		ref, cur := gen.Draw(t, "ref"), gen.Draw(t, "cur")
		SortFloats(ref)
		b := QuantileBins(rapid.IntRange(2, 20).Draw(t, "parts"), func(q float64) float64 { return Quantile(ref, q) })
		for i := 1; i < len(b.Cuts); i++ {
			if b.Cuts[i] <= b.Cuts[i-1] {
				t.Fatalf("cuts do not ascend: %v", b.Cuts)
			}
		}
		c := NewBinCounts(b)
		c.Add(b, cur)
		c.Add(b, []float64{math.NaN()})
		c.Null = 2
		if got := sum(c.Vector()); got != float64(len(cur)+3) {
			t.Fatalf("%v counted of %d", got, len(cur)+3)
		}
		for _, x := range cur {
			i := b.Find(x)
			if i > 0 && x < b.Cuts[i-1] || i < len(b.Cuts) && x >= b.Cuts[i] {
				t.Fatalf("%v in bin %d of %v", x, i, b.Cuts)
			}
		}
	})
}
