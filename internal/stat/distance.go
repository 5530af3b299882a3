package stat

import "math"

// PSI returns the population stability index of two count vectors over the same bins,
//
//	PSI = sum (p_i - q_i) ln(p_i / q_i),  p = shares of ref, q = shares of cur,
//
// in [0, +inf) and symmetric in its arguments. Counts must be finite and non-negative. Bins that are empty on both sides
// are left out before the rule for zeros applies, so that adding an unused bin does not change the value. Without drift its mean is
// PSIFloor, not zero. Source: the definition used by evidently 0.7.21, deepchecks 0.18 and frouros 0.9.0.
func PSI(ref, cur []float64, z Zeros) (float64, Reason) {
	terms, why := PSITerms(ref, cur, z)
	if why != ReasonNone {
		return 0, why
	}
	sum := 0.0
	for _, t := range terms {
		sum += t
	}
	return finite(sum)
}

// PSITerms returns the summand of each bin of PSI, in the order of the bins; bins that are empty on both sides, and those
// that ZeroSkip leaves out, have 0. The largest terms explain an alarm.
func PSITerms(ref, cur []float64, z Zeros) ([]float64, Reason) {
	r, c, at, why := occupied(ref, cur)
	if why != ReasonNone {
		return nil, why
	}
	p, q := z.shares(r), z.shares(c)
	terms := make([]float64, len(ref))
	for i := range p {
		if p[i] == 0 || q[i] == 0 {
			if z.Mode == ZeroSkip {
				continue
			}
			return nil, ReasonZeroShare
		}
		terms[at[i]] = (p[i] - q[i]) * math.Log(p[i]/q[i])
	}
	return terms, ReasonNone
}

// KL returns the Kullback–Leibler divergence sum p ln(p/q) in nats, with p the shares of ref; terms with p = 0 count as 0.
// Without renormalisation (ZeroFloor, ZeroAdd, ZeroEvidently) it can be slightly negative.
func KL(ref, cur []float64, z Zeros) (float64, Reason) {
	r, c, _, why := occupied(ref, cur)
	if why != ReasonNone {
		return 0, why
	}
	p, q := z.shares(r), z.shares(c)
	sum := 0.0
	for i := range p {
		switch {
		case p[i] == 0:
		case q[i] == 0 && z.Mode == ZeroSkip:
		case q[i] == 0:
			return 0, ReasonZeroShare
		default:
			sum += p[i] * math.Log(p[i]/q[i])
		}
	}
	return finite(sum)
}

// JensenShannon returns the Jensen–Shannon divergence in nats, in [0, ln 2]: (KL(p||m) + KL(q||m)) / 2 with m = (p+q)/2. It
// needs no rule for zeros. Its square root is the distance of scipy.spatial.distance.jensenshannon (natural logarithm); divide the
// divergence by ln 2 for bits.
func JensenShannon(ref, cur []float64) (float64, Reason) {
	p, q, why := plainShares(ref, cur)
	if why != ReasonNone {
		return 0, why
	}
	sum := 0.0
	for i := range p {
		m := (p[i] + q[i]) / 2
		if p[i] > 0 {
			sum += p[i] * math.Log(p[i]/m)
		}
		if q[i] > 0 {
			sum += q[i] * math.Log(q[i]/m)
		}
	}
	return min(max(sum/2, 0), math.Ln2), ReasonNone
}

// Hellinger returns the Hellinger distance sqrt(sum (sqrt p - sqrt q)^2 / 2), in [0, 1].
func Hellinger(ref, cur []float64) (float64, Reason) {
	p, q, why := plainShares(ref, cur)
	if why != ReasonNone {
		return 0, why
	}
	sum := 0.0
	for i := range p {
		d := math.Sqrt(p[i]) - math.Sqrt(q[i])
		sum += d * d
	}
	return min(math.Sqrt(sum/2), 1), ReasonNone
}

// TotalVariation returns sum |p - q| / 2, in [0, 1]: the share of rows that would have to change bins.
func TotalVariation(ref, cur []float64) (float64, Reason) {
	p, q, why := plainShares(ref, cur)
	if why != ReasonNone {
		return 0, why
	}
	sum := 0.0
	for i := range p {
		sum += math.Abs(p[i] - q[i])
	}
	return min(sum/2, 1), ReasonNone
}

// LInfinity returns max |p - q|, in [0, 1]: the largest change of a single bin's share.
func LInfinity(ref, cur []float64) (float64, Reason) {
	p, q, why := plainShares(ref, cur)
	if why != ReasonNone {
		return 0, why
	}
	largest := 0.0
	for i := range p {
		largest = max(largest, math.Abs(p[i]-q[i]))
	}
	return largest, ReasonNone
}

// plainShares divides both sides by their sums.
func plainShares(ref, cur []float64) (p, q []float64, why Reason) {
	r, c, _, why := occupied(ref, cur)
	if why != ReasonNone {
		return nil, nil, why
	}
	plain := Zeros{Mode: ZeroKeep}
	return plain.shares(r), plain.shares(c), ReasonNone
}

// occupied returns the bins that have counts on at least one side, with their positions in the input.
func occupied(ref, cur []float64) (r, c []float64, at []int, why Reason) {
	if len(ref) != len(cur) {
		return nil, nil, nil, ReasonLengths
	}
	n, m := 0.0, 0.0
	for i := range ref {
		n += ref[i]
		m += cur[i]
		if ref[i] > 0 || cur[i] > 0 {
			r, c, at = append(r, ref[i]), append(c, cur[i]), append(at, i)
		}
	}
	return r, c, at, emptySides(n, m)
}

// finite passes x on, or reports that it does not fit into a float64.
func finite(x float64) (float64, Reason) {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, ReasonOverflow
	}
	return x, ReasonNone
}
