package stat

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// NormalQuantile returns the p-quantile of the standard normal law, for p in (0, 1).
func NormalQuantile(p float64) float64 { return distuv.UnitNormal.Quantile(p) }

// Wilson returns the score interval of a proportion of hits out of n at a two-sided confidence in (0, 1). It stays within [0,
// 1] and has sensible width at 0 and n hits. With n = 0 nothing is known: [0, 1]. Source: Wilson (1927), as
// scipy.stats.binomtest(k, n).proportion_ci(method="wilson").
func Wilson(hits, n, confidence float64) (lo, hi float64) {
	if n <= 0 {
		return 0, 1
	}
	z := NormalQuantile(0.5 + confidence/2)
	p := hits / n
	centre := 2*n*p + z*z
	spread := z * math.Sqrt(z*z+4*n*p*(1-p))
	scale := 2 * (n + z*z)
	lo, hi = (centre-spread)/scale, (centre+spread)/scale
	if hits == 0 {
		lo = 0
	}
	if hits == n {
		hi = 1
	}
	return max(lo, 0), min(hi, 1)
}

// ProportionDifference returns cur minus ref, hitsCur/m - hitsRef/n, with an interval made of the two Wilson intervals
// (Newcombe's method 10, Statistics in Medicine 17, 1998), in [-1, 1]. n and m must be positive.
func ProportionDifference(hitsRef, n, hitsCur, m, confidence float64) (diff, lo, hi float64, why Reason) {
	if why := emptySides(n, m); why != ReasonNone {
		return 0, 0, 0, why
	}
	p, q := hitsRef/n, hitsCur/m
	pLo, pHi := Wilson(hitsRef, n, confidence)
	qLo, qHi := Wilson(hitsCur, m, confidence)
	diff = q - p
	lo = diff - math.Sqrt((q-qLo)*(q-qLo)+(pHi-p)*(pHi-p))
	hi = diff + math.Sqrt((qHi-q)*(qHi-q)+(p-pLo)*(p-pLo))
	return diff, max(lo, -1), min(hi, 1), ReasonNone
}
