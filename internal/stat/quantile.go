package stat

import "math"

// Quantile returns the q-quantile, q in [0, 1], of values in ascending order without NaN, by linear interpolation between
// the two nearest ranks (Hyndman and Fan's type 7). It is bit-equal to numpy.quantile(method="linear"), pandas' default too.
// The slice must not be empty; q outside [0, 1] is cut.
func Quantile(sorted []float64, q float64) float64 {
	last := float64(len(sorted) - 1)
	at := min(max(q, 0), 1) * last
	low := math.Floor(at)
	i := int(low)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	a, b, t := sorted[i], sorted[i+1], at-low
	if a == b {
		return a // also equal infinities
	}
	if t == 0 {
		return a
	}
	gap := b - a
	if math.IsInf(gap, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		return float64(a*(1-t)) + float64(b*t)
	}
	if t >= 0.5 {
		return b - float64(gap*(1-t))
	}
	return a + float64(gap*t)
}
