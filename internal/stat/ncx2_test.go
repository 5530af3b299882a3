package stat

import (
	"math"
	"testing"
)

func TestNoncentralChiSquareAgainstScipy(t *testing.T) {
	type row struct {
		DF, Lambda, X, CDF float64
	}
	for _, c := range golden[row](t, "ncx2.json") {
		closeTo(t, "cdf", NoncentralChiSquareCDF(c.X, c.DF, c.Lambda), c.CDF, 1e-10)
	}
	type quantile struct {
		DF, Lambda, P, Quantile float64
	}
	for _, c := range golden[quantile](t, "ncx2_quantile.json") {
		near(t, "quantile", NoncentralChiSquareQuantile(c.P, c.DF, c.Lambda), c.Quantile, 1e-8)
	}
}

func TestNoncentralChiSquareEnds(t *testing.T) {
	if p := NoncentralChiSquareCDF(-1, 3, 2); p != 0 {
		t.Errorf("cdf(-1) = %v", p)
	}
	if p := NoncentralChiSquareCDF(1e6, 3, 2); p != 1 {
		t.Errorf("cdf(1e6) = %v", p)
	}
	if p := NoncentralChiSquareCDF(1, 3, 1e7); p != 0 {
		t.Errorf("cdf far below the mean = %v", p)
	}
	if x := NoncentralChiSquareQuantile(0, 3, 2); x != 0 {
		t.Errorf("quantile(0) = %v", x)
	}
	if x := NoncentralChiSquareQuantile(1, 3, 2); !math.IsInf(x, 1) {
		t.Errorf("quantile(1) = %v", x)
	}
	// 10 M rows against 10 M rows with tolerance 0.04: en*delta = 2e5, found by symmetry of quantile and cdf.
	x := NoncentralChiSquareQuantile(0.95, 4095, 2e5)
	closeTo(t, "round trip", NoncentralChiSquareCDF(x, 4095, 2e5), 0.95, 1e-9)
}
