package stat

import (
	"math"
	"sort"
)

// QValues returns the Benjamini–Hochberg q-values of a list of p-values in [0, 1]: for each the smallest rate of false
// discoveries at which it would be called. Order is kept; NaN entries are tests without a p-value: they do not count and stay
// NaN, so callers can map them to null. Source: Benjamini and Hochberg (1995), as
// scipy.stats.false_discovery_control(method="bh").
func QValues(p []float64) []float64 {
	q := make([]float64, len(p))
	var at []int
	for i, x := range p {
		if math.IsNaN(x) {
			q[i] = x
			continue
		}
		at = append(at, i)
	}
	sort.SliceStable(at, func(a, b int) bool { return p[at[a]] < p[at[b]] })
	tests := float64(len(at))
	least := 1.0
	for k := len(at) - 1; k >= 0; k-- {
		least = min(least, p[at[k]]*tests/float64(k+1))
		q[at[k]] = least
	}
	return q
}
