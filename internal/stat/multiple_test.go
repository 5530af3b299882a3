package stat

import (
	"math"
	"testing"
)

func TestQValuesAgainstScipy(t *testing.T) {
	type row struct {
		Name string
		P, Q []float64
	}
	for _, c := range golden[row](t, "bh.json") {
		t.Run(c.Name, func(t *testing.T) {
			got := QValues(c.P)
			if len(got) != len(c.Q) {
				t.Fatalf("%d q-values, want %d", len(got), len(c.Q))
			}
			for i := range got {
				near(t, "q", got[i], c.Q[i], 1e-12)
			}
		})
	}
}

func TestQValuesSkipMissing(t *testing.T) {
	nan := math.NaN()
	got := QValues([]float64{nan, 0.01, nan, 0.04})
	if !math.IsNaN(got[0]) || !math.IsNaN(got[2]) {
		t.Errorf("missing p-values got a q-value: %v", got)
	}
	near(t, "q", got[1], 0.02, 1e-12)
	near(t, "q", got[3], 0.04, 1e-12)
}

func TestWilsonAgainstScipy(t *testing.T) {
	type row struct{ K, N, Confidence, Lo, Hi float64 }
	for _, c := range golden[row](t, "wilson.json") {
		lo, hi := Wilson(c.K, c.N, c.Confidence)
		near(t, "lo", lo, c.Lo, 1e-9)
		near(t, "hi", hi, c.Hi, 1e-9)
	}
	if lo, hi := Wilson(0, 0, 0.95); lo != 0 || hi != 1 {
		t.Errorf("no rows: [%v, %v], want [0, 1]", lo, hi)
	}
}

// Newcombe 1998, table II: intervals of method 10 for 56/70 - 48/80 and so on, given to four decimals.
func TestProportionDifference(t *testing.T) {
	for _, c := range []struct{ k, n, j, m, lo, hi float64 }{
		{48, 80, 56, 70, 0.0524, 0.3339},
		{3, 10, 9, 10, 0.1705, 0.8090},
		{2, 7, 6, 7, 0.0582, 0.8062},
		{0, 29, 5, 56, -0.0381, 0.1926},
		{0, 20, 0, 10, -0.1611, 0.2775},
		{0, 10, 10, 10, 0.6075, 1},
	} {
		diff, lo, hi, why := ProportionDifference(c.k, c.n, c.j, c.m, 0.95)
		if why != ReasonNone {
			t.Fatal(why)
		}
		near(t, "diff", diff, c.j/c.m-c.k/c.n, 1e-12)
		closeTo(t, "lo", lo, c.lo, 6e-5)
		closeTo(t, "hi", hi, c.hi, 6e-5)
	}
	if _, _, _, why := ProportionDifference(0, 0, 1, 2, 0.95); why != ReasonEmptyReference {
		t.Errorf("no reference: %q", why)
	}
}
