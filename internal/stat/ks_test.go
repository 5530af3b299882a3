package stat

import (
	"math"
	"sort"
	"testing"

	"pgregory.net/rapid"
)

func TestKolmogorovSmirnovAgainstScipy(t *testing.T) {
	type row struct {
		Name       string
		Ref, Cur   []float64
		D, Exact   float64
		Asymptotic *float64
	}
	for _, c := range golden[row](t, "ks.json") {
		t.Run(c.Name, func(t *testing.T) {
			got, why := KolmogorovSmirnov(c.Ref, c.Cur)
			if why != ReasonNone {
				t.Fatal(why)
			}
			near(t, "D", got.D, c.D, 1e-12)
			near(t, "exact p", ksExact(int64(len(c.Ref)), int64(len(c.Cur)), largestGap(c.Ref, c.Cur)), c.Exact, 1e-9)
			if got.Method == KSExact {
				near(t, "p", got.P, c.Exact, 1e-9)
			}
			if c.Asymptotic != nil {
				near(t, "asymptotic p", KSProbability(got.D, float64(len(c.Ref)), float64(len(c.Cur))), *c.Asymptotic, 1e-6)
			}
		})
	}
}

// Samples S1 and S2 of reference/drift.md §2.3 (scipy 1.10.1).
func TestKolmogorovSmirnovWorkedExamples(t *testing.T) {
	closeTo(t, "S1 exact", ksExact(8, 8, 5*8), 0.0870240870, 1e-10)
	closeTo(t, "S1 asymptotic", KSProbability(0.625, 8, 8), 0.04931640625, 1e-11)
	closeTo(t, "S2 exact", ksExact(5, 5, 2*5), 0.873015873, 1e-9)
	closeTo(t, "S2 asymptotic", KSProbability(0.4, 5, 5), 0.82, 0.005)
	closeTo(t, "1000 and 1000", KSProbability(0.05, 1000, 1000), 0.158663, 1e-6)
	closeTo(t, "5000 and 7000", KSProbability(0.02, 5000, 7000), 0.191151, 1e-6)
}

func TestKolmogorovSurvivalAgainstScipy(t *testing.T) {
	type row struct{ N, D, SF float64 }
	for _, c := range golden[row](t, "kstwo.json") {
		got := KolmogorovSurvival(c.N, c.D)
		if math.Abs(got-c.SF) > 1e-6*c.SF+1e-14 {
			t.Errorf("n %v d %v (nd² %.3g): %.12g, want %.12g", c.N, c.D, c.N*c.D*c.D, got, c.SF)
		}
	}
}

func TestKolmogorovSmirnovLarge(t *testing.T) {
	type row struct {
		N, M int
		D, P float64
	}
	for _, c := range golden[row](t, "ks_large.json") {
		x, y := make([]float64, c.N), make([]float64, c.M)
		for i := range x {
			x[i] = float64(i) / float64(c.N)
		}
		for j := range y {
			y[j] = math.Pow(float64(j)/float64(c.M), 1.05)
		}
		got, _ := KolmogorovSmirnov(x, y)
		near(t, "D", got.D, c.D, 1e-9)
		near(t, "P", got.P, c.P, 1e-6)
	}
}

func TestKolmogorovSmirnovReasons(t *testing.T) {
	if _, why := KolmogorovSmirnov(nil, []float64{1}); why != ReasonEmptyReference {
		t.Errorf("empty reference: %q", why)
	}
	if _, why := KolmogorovSmirnov([]float64{1}, nil); why != ReasonEmptyCurrent {
		t.Errorf("empty current: %q", why)
	}
	if _, why := KSDistance(CDF{}, CDF{}); why != ReasonBothEmpty {
		t.Errorf("empty CDFs: %q", why)
	}
	inf := math.Inf(1)
	got, why := KolmogorovSmirnov([]float64{-inf, 0, inf}, []float64{-inf, 0, inf})
	if why != ReasonNone || got.D != 0 || got.P != 1 {
		t.Errorf("infinities: %+v, %q", got, why)
	}
}

func TestKSExactIsAProbability(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 60).Draw(t, "n")
		m := rapid.Int64Range(1, 60).Draw(t, "m")
		prev := 2.0
		for gap := int64(0); gap <= n*m; gap += max(1, n*m/17) {
			p := ksExact(n, m, gap)
			if p < 0 || p > 1 || p > prev+1e-12 {
				t.Fatalf("P(gap >= %d) = %v after %v for %d, %d", gap, p, prev, n, m)
			}
			if q := ksExact(m, n, gap); math.Abs(p-q) > 1e-12 {
				t.Fatalf("not symmetric: %v, %v", p, q)
			}
			prev = p
		}
	})
}

// Over all interleavings of 4 and 3 values, the share with a distance of at least d is what ksExact says.
func TestKSExactByEnumeration(t *testing.T) {
	const n, m = 4, 3
	count := map[int64]int{}
	paths := 0
	var walk func(i, j, worst int64)
	walk = func(i, j, worst int64) {
		d := i*m - j*n
		worst = max(worst, d, -d)
		if i == n && j == m {
			count[worst]++
			paths++
			return
		}
		if i < n {
			walk(i+1, j, worst)
		}
		if j < m {
			walk(i, j+1, worst)
		}
	}
	walk(0, 0, 0)
	for gap := int64(1); gap <= n*m; gap++ {
		atLeast := 0
		for g, c := range count {
			if g >= gap {
				atLeast += c
			}
		}
		near(t, "P", ksExact(n, m, gap), float64(atLeast)/float64(paths), 1e-12)
	}
}

func TestKSDistanceEqualsSampleDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gen := rapid.SliceOfN(rapid.Float64Range(-3, 3), 1, 50)
		x, y := gen.Draw(t, "x"), gen.Draw(t, "y")
		if rapid.Bool().Draw(t, "round") {
			for _, s := range [][]float64{x, y} {
				for i := range s {
					s[i] = math.Round(s[i])
				}
			}
		}
		sort.Float64s(x)
		sort.Float64s(y)
		ks, _ := KolmogorovSmirnov(x, y)
		ones := func(n int) []float64 {
			w := make([]float64, n)
			for i := range w {
				w[i] = 1
			}
			return w
		}
		d, why := KSDistance(NewCDF(x, ones(len(x))), NewCDF(y, ones(len(y))))
		if why != ReasonNone || math.Abs(d-ks.D) > 1e-12 {
			t.Fatalf("KSDistance %v (%q), KolmogorovSmirnov %v", d, why, ks.D)
		}
	})
}

func TestKSMargin(t *testing.T) {
	closeTo(t, "margin", KSMargin(1000, 0.05), 0.0429469, 1e-6)
	if KSMargin(0, 0.05) != 1 || KSMargin(1, 0.05) != 1 {
		t.Error("margin above 1")
	}
}
