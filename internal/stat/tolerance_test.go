package stat

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Limits for 10 bins, delta 0.02, alpha 0.05 from reference/drift.md §6.3 (scipy 1.10.1, ncx2.ppf).
func TestToleranceLimit(t *testing.T) {
	for _, c := range []struct{ n, want float64 }{
		{1e3, 0.0658}, {1e4, 0.0288}, {1e5, 0.0223}, {1e6, 0.0207}, {1e7, 0.0202},
	} {
		got, why := ToleranceLimit(10, c.n, c.n, 0.02, 0.05)
		if why != ReasonNone {
			t.Fatal(why)
		}
		closeTo(t, "limit", got, c.want, 6e-5)
	}
	// The plain chi-square limit at 1e7 rows, same place: 3.4e-6.
	got, _ := ToleranceLimit(10, 1e7, 1e7, 0, 0.05)
	closeTo(t, "plain limit", got, 3.4e-6, 5e-8)
}

// Noise floor for 100 categories and 1001 rows a side: reference/drift.md §2.2.
func TestPSIFloor(t *testing.T) {
	closeTo(t, "floor", PSIFloor(100, 1001, 1001), 0.198, 5e-4)
	if f := PSIFloor(1, 10, 10); f != 0 {
		t.Errorf("floor of one bin = %v", f)
	}
	if f := PSIFloor(10, 0, 10); f != 0 {
		t.Errorf("floor without rows = %v", f)
	}
	closeTo(t, "corrected", PSICorrected(0.207, 100, 1001, 1001), 0.0092, 1e-4)
	if c := PSICorrected(0.1, 100, 1001, 1001); c != 0 {
		t.Errorf("corrected below the floor = %v", c)
	}
}

func TestBands(t *testing.T) {
	for _, c := range []struct {
		psi  float64
		v    float64
		band Band
	}{
		{0, 0, BandNone}, {-1, 0, BandNone}, {0.0099, 0.04975, BandNone}, {0.01, 0.05, BandSmall}, {0.039, 0.0987, BandSmall},
		{0.04, 0.10, BandModerate}, {0.1, 0.1581, BandModerate}, {0.25, 0.25, BandLarge}, {16, 1, BandLarge}, {100, 1, BandLarge},
	} {
		v := EffectV(c.psi)
		closeTo(t, "V", v, c.v, 1e-4)
		if b := BandOf(v); b != c.band {
			t.Errorf("band of PSI %v = %s, want %s", c.psi, b, c.band)
		}
	}
	closeTo(t, "PSI of V", PSIOfV(EffectV(0.07)), 0.07, 1e-12)
}

func TestPSIIntervalAgreesWithTest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bins := rapid.IntRange(2, 64).Draw(t, "bins")
		n := float64(rapid.IntRange(1, 1_000_000).Draw(t, "n"))
		m := float64(rapid.IntRange(1, 1_000_000).Draw(t, "m"))
		psi := rapid.Float64Range(0, 2).Draw(t, "psi")
		delta := rapid.Float64Range(0.001, 0.2).Draw(t, "delta")
		lo, hi, why := PSIInterval(psi, bins, n, m, 0.9)
		if why != ReasonNone || lo < 0 || hi < lo || math.IsInf(hi, 0) {
			t.Fatalf("interval [%v, %v] %q", lo, hi, why)
		}
		if lo > psi+1e-9 {
			t.Fatalf("lower bound %v above the estimate %v", lo, psi)
		}
		drifted, limit, _ := ToleranceTest(psi, bins, n, m, delta, 0.05)
		if math.Abs(psi-limit) > 1e-9*limit && drifted != (lo > delta) {
			t.Fatalf("test says %v (limit %v) but lower bound is %v for delta %v", drifted, limit, lo, delta)
		}
		least, _ := MinimumEffect(bins, n, m, delta, 0.05)
		if least < delta {
			t.Fatalf("minimum effect %v below the tolerance %v", least, delta)
		}
	})
}

func TestToleranceReasons(t *testing.T) {
	if _, why := ToleranceLimit(1, 10, 10, 0.02, 0.05); why != ReasonOneCategory {
		t.Errorf("one bin: %q", why)
	}
	if _, why := ToleranceLimit(5, 0, 10, 0.02, 0.05); why != ReasonEmptyReference {
		t.Errorf("no reference: %q", why)
	}
	if _, _, why := PSIInterval(0.1, 5, 10, 0, 0.9); why != ReasonEmptyCurrent {
		t.Errorf("no current: %q", why)
	}
}
