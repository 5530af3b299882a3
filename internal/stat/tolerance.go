package stat

import "math"

// PSIFloor returns the mean of PSI when nothing drifted, (bins-1)(1/n + 1/m), for n reference and m current rows. Under no
// drift PSI / (1/n + 1/m) follows a chi-square law with bins-1 degrees of freedom (Yurdakul and Naranjo, Statistical properties of
// the population stability index, 2020). It is 0 for fewer than two bins; n and m must be positive.
func PSIFloor(bins int, n, m float64) float64 {
	if bins < 2 || n <= 0 || m <= 0 {
		return 0
	}
	return float64(bins-1) * (1/n + 1/m)
}

// PSICorrected returns max(0, psi - PSIFloor): an estimate of the drift that is there, in the units of PSI.
func PSICorrected(psi float64, bins int, n, m float64) float64 {
	return max(0, psi-PSIFloor(bins, n, m))
}

// EffectV turns a PSI into the scale of Cramér's V for sides of equal size, sqrt(psi)/2, cut at 1. To first order PSI is
// 4 V^2, so PSI 0.01, 0.04 and 0.25 are V 0.05, 0.10 and 0.25. One scale serves numeric and categorical columns alike.
func EffectV(psi float64) float64 {
	if psi <= 0 {
		return 0
	}
	return min(math.Sqrt(psi)/2, 1)
}

// PSIOfV is the inverse of EffectV: 4 v^2.
func PSIOfV(v float64) float64 { return 4 * v * v }

// Band is a word for the size of an effect.
type Band string

// The bands of Cramér's V, lower bounds 0, 0.05, 0.10 and 0.25.
const (
	BandNone     Band = "none"
	BandSmall    Band = "small"
	BandModerate Band = "moderate"
	BandLarge    Band = "large"
)

// BandOf returns the band of an effect v on the scale of EffectV. A bound belongs to the band above it.
func BandOf(v float64) Band {
	switch {
	case v < 0.05:
		return BandNone
	case v < 0.10:
		return BandSmall
	case v < 0.25:
		return BandModerate
	}
	return BandLarge
}

// EffectiveRows returns nm/(n+m), the number that scales two-sample statistics.
func EffectiveRows(n, m float64) float64 {
	if n <= 0 || m <= 0 {
		return 0
	}
	return n / (n + m) * m
}

// ToleranceLimit returns the PSI above which drift of more than delta is shown at level alpha,
//
//	ncx2^-1(1-alpha; bins-1, en delta) / en,  en = nm/(n+m),
//
// where ncx2 is the non-central chi-square law. Unlike a plain chi-square test it does not alarm on trivial shifts however large n
// is. Source: the population resemblance statistic, arXiv 2307.11878. For bins 10, delta 0.02 and alpha 0.05 it is 0.0658 at
// n = m = 1000 and 0.0207 at a million.
func ToleranceLimit(bins int, n, m, delta, alpha float64) (float64, Reason) {
	if bins < 2 {
		return 0, ReasonOneCategory
	}
	if why := emptySides(n, m); why != ReasonNone {
		return 0, why
	}
	en := EffectiveRows(n, m)
	return NoncentralChiSquareQuantile(1-alpha, float64(bins-1), en*delta) / en, ReasonNone
}

// ToleranceTest says whether a PSI shows drift of more than delta at level alpha: psi > ToleranceLimit.
func ToleranceTest(psi float64, bins int, n, m, delta, alpha float64) (drifted bool, limit float64, why Reason) {
	limit, why = ToleranceLimit(bins, n, m, delta, alpha)
	return why == ReasonNone && psi > limit, limit, why
}

// PSIInterval returns bounds for the PSI of the populations from which the two sides were drawn, each missed with probability
// (1-confidence)/2: the non-centralities for which the observed en*psi is the upper or lower tail quantile, divided by en. lo
// is 0 when no drift at all is compatible with the observation. lo > delta exactly when ToleranceTest with alpha =
// (1-confidence)/2 says drifted.
func PSIInterval(psi float64, bins int, n, m, confidence float64) (lo, hi float64, why Reason) {
	if bins < 2 {
		return 0, 0, ReasonOneCategory
	}
	if why := emptySides(n, m); why != ReasonNone {
		return 0, 0, why
	}
	en, df, tail := EffectiveRows(n, m), float64(bins-1), (1-confidence)/2
	x := max(0, en*psi)
	return noncentralityFor(1-tail, x, df) / en, noncentralityFor(tail, x, df) / en, ReasonNone
}

// MinimumEffect returns the smallest PSI that a comparison would find in 80 of 100 cases when it tests for drift of more
// than delta at level alpha: the non-centrality at which the limit is exceeded with that probability, divided by en.
func MinimumEffect(bins int, n, m, delta, alpha float64) (float64, Reason) {
	limit, why := ToleranceLimit(bins, n, m, delta, alpha)
	if why != ReasonNone {
		return 0, why
	}
	en := EffectiveRows(n, m)
	return noncentralityFor(0.2, limit*en, float64(bins-1)) / en, ReasonNone
}

// noncentralityFor returns the lambda >= 0 with P(X <= x) = p for X non-central chi-square, or 0 if that probability is below
// p even at lambda = 0. The probability falls in lambda, so bisection always ends.
func noncentralityFor(p, x, df float64) float64 {
	if NoncentralChiSquareCDF(x, df, 0) <= p {
		return 0
	}
	lo, hi := 0.0, x+df+10
	for NoncentralChiSquareCDF(x, df, hi) > p {
		lo, hi = hi, 2*hi
	}
	return bisect(lo, hi, func(lambda float64) bool { return NoncentralChiSquareCDF(x, df, lambda) > p })
}

// bisect returns the point in [lo, hi] at which below turns from true to false, to a relative width of 1e-13.
func bisect(lo, hi float64, below func(float64) bool) float64 {
	for range 200 {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi || hi-lo <= 1e-13*hi {
			break
		}
		if below(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo + (hi-lo)/2
}
