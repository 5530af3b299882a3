package stat

import "math"

// The saddle-point form of binomial and Poisson probabilities keeps full relative precision where sums of logarithms of
// factorials lose up to nine digits. Source: C. Loader, Fast and accurate computation of binomial probabilities (2000).

// stirlingError returns ln Gamma(n+1) - (n ln n - n + ln(2 pi n)/2), the error of Stirling's formula, for n > 0.
func stirlingError(n float64) float64 {
	if n < 16 {
		lg, _ := math.Lgamma(n + 1)
		return lg - (n*math.Log(n) - n + math.Log(2*math.Pi*n)/2)
	}
	const c1, c3, c5, c7, c9 = 1. / 12, 1. / 360, 1. / 1260, 1. / 1680, 1. / 1188
	nn := n * n
	return (c1 - (c3-(c5-(c7-c9/nn)/nn)/nn)/nn) / n
}

// deviance returns k ln(k/mean) + mean - k for k > 0 and mean > 0, without cancellation when k is near mean.
func deviance(k, mean float64) float64 {
	d := k - mean
	if math.Abs(d) >= 0.1*(k+mean) {
		return k*math.Log(k/mean) + mean - k
	}
	v := d / (k + mean)
	s := d * v
	term := 2 * k * v
	for j := 1; j < 1000; j++ {
		term *= v * v
		next := s + term/float64(2*j+1)
		if next == s {
			return next
		}
		s = next
	}
	return s
}

// binomialTerm returns C(n,k) p^k q^(n-k) for integers 0 <= k <= n and p, q = 1-p in [0, 1]; both are given so that
// neither loses digits.
func binomialTerm(n, k, p, q float64) float64 {
	switch {
	case k == 0:
		if n == 0 {
			return 1
		}
		return math.Exp(n * logComplement(p, q))
	case k == n:
		return math.Exp(n * logComplement(q, p))
	case p <= 0 || q <= 0:
		return 0
	}
	e := stirlingError(n) - stirlingError(k) - stirlingError(n-k) - deviance(k, n*p) - deviance(n-k, n*q)
	return math.Exp(e) * math.Sqrt(n/(2*math.Pi*k*(n-k)))
}

// logComplement returns ln q = ln(1-p).
func logComplement(p, q float64) float64 {
	if p < 0.1 {
		return math.Log1p(-p)
	}
	return math.Log(q)
}
