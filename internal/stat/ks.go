package stat

import "math"

// KSMethod says by which law a Kolmogorov–Smirnov probability was found.
type KSMethod string

// KSExact counts lattice paths; KSAsymptotic is the one-sample law at the effective number of rows.
const (
	KSExact      KSMethod = "exact"
	KSAsymptotic KSMethod = "asymptotic"
)

// exactRows is the largest side for which the exact law is used, as in scipy.stats.ks_2samp(method="auto").
const exactRows = 10_000

// KS is the outcome of a two-sample Kolmogorov–Smirnov test.
type KS struct {
	D      float64  // largest distance of the two distribution functions, in [0, 1]
	P      float64  // two-sided probability of a distance this large without drift, in [0, 1]
	Method KSMethod // law that P comes from
}

// KolmogorovSmirnov compares two samples. Both slices must be sorted ascending and free of NaN; they may differ in length;
// infinities are ordinary values. Ties are treated as in scipy.stats.ks_2samp: both distribution functions jump before they
// are compared. P is exact up to 10,000 rows a side (with ties it is an upper bound, as there) and KolmogorovSurvival at
// round(nm/(n+m)) beyond, and where the asymptotic P is below 1e-30, which costs too much to count. Runs in O(n+m) for the
// distance and at most O(nmD) for P.
func KolmogorovSmirnov(ref, cur []float64) (KS, Reason) {
	if why := emptySides(float64(len(ref)), float64(len(cur))); why != ReasonNone {
		return KS{}, why
	}
	n, m := int64(len(ref)), int64(len(cur))
	gap := largestGap(ref, cur)
	d := float64(gap) / (float64(n) * float64(m))
	asymptotic := KSProbability(d, float64(n), float64(m))
	if max(n, m) > exactRows || asymptotic < 1e-30 {
		return KS{D: d, P: asymptotic, Method: KSAsymptotic}, ReasonNone
	}
	return KS{D: d, P: ksExact(n, m, gap), Method: KSExact}, ReasonNone
}

// KSProbability returns the asymptotic two-sided probability of a distance of at least d between samples of n and m rows:
// KolmogorovSurvival at round(nm/(n+m)) rows, half to even, as scipy.stats.ks_2samp(method="asymp").
func KSProbability(d, n, m float64) float64 {
	return KolmogorovSurvival(max(1, math.RoundToEven(EffectiveRows(n, m))), d)
}

// KSMargin returns the half-width sqrt(ln(2/alpha)/(2n)) within which an empirical distribution function of n rows stays
// around the true one with probability 1-alpha (Dvoretzky–Kiefer–Wolfowitz with Massart's constant). It is 1 for n <= 0.
func KSMargin(n, alpha float64) float64 {
	if n <= 0 {
		return 1
	}
	return min(1, math.Sqrt(math.Log(2/alpha)/(2*n)))
}

// largestGap returns max |i*m - j*n| over the merged values, where i and j are the numbers of values at or below; the
// distance D is that over nm. In whole numbers it is exact.
func largestGap(x, y []float64) int64 {
	n, m := int64(len(x)), int64(len(y))
	var i, j, gap int64
	for i < n && j < m {
		v := min(x[i], y[j])
		for i < n && x[i] <= v {
			i++
		}
		for j < m && y[j] <= v {
			j++
		}
		d := i*m - j*n
		gap = max(gap, d, -d)
	}
	return gap
}

// CDF is a step function that rises from 0 to 1: an empirical distribution with weights. Values ascend (equal values are
// allowed) and Cum[i] is the share of rows at or below Values[i]; the last one is 1.
type CDF struct {
	Values []float64
	Cum    []float64
}

// NewCDF makes a CDF from values in ascending order and their non-negative weights. An empty or weightless input gives an
// empty CDF.
func NewCDF(values, weights []float64) CDF {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	if total <= 0 {
		return CDF{}
	}
	c := CDF{Values: values, Cum: make([]float64, len(values))}
	sum := 0.0
	for i, w := range weights {
		sum += w
		c.Cum[i] = sum / total
	}
	return c
}

// KSDistance returns the largest distance of two step functions, in [0, 1]. It serves weighted rows, sketches and counts
// in common bins (Values = upper edges). For plain samples it equals the D of KolmogorovSmirnov up to rounding.
func KSDistance(ref, cur CDF) (float64, Reason) {
	if why := emptySides(float64(len(ref.Values)), float64(len(cur.Values))); why != ReasonNone {
		return 0, why
	}
	i, j, largest := 0, 0, 0.0
	f, g := 0.0, 0.0
	for i < len(ref.Values) && j < len(cur.Values) {
		v := min(ref.Values[i], cur.Values[j])
		for i < len(ref.Values) && ref.Values[i] <= v {
			f = ref.Cum[i]
			i++
		}
		for j < len(cur.Values) && cur.Values[j] <= v {
			g = cur.Cum[j]
			j++
		}
		largest = max(largest, math.Abs(f-g))
	}
	return min(largest, 1), ReasonNone
}
