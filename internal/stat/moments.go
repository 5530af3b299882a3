package stat

import "math"

// Moments are the count, mean, variance and range of a stream of numbers, found in one pass without cancellation (Welford
// 1962). The zero value is an empty summary. NaN and infinities are counted and otherwise left out.
//
// Merge gives the summary of both streams (Chan, Golub and LeVeque 1979). It is exact for counts, minimum and maximum; mean
// and variance depend in their last bits on the order of merging, so callers that promise equal bytes merge in one fixed
// order.
type Moments struct {
	N      uint64 // finite values
	NaN    uint64
	PosInf uint64
	NegInf uint64

	mean, m2 float64
	min, max float64
}

// Add takes in values, in order.
func (s *Moments) Add(values []float64) {
	for _, x := range values {
		s.AddOne(x)
	}
}

// AddOne takes in one value.
func (s *Moments) AddOne(x float64) {
	if x-x != 0 { // NaN or infinite
		switch {
		case x != x:
			s.NaN++
		case x > 0:
			s.PosInf++
		default:
			s.NegInf++
		}
		return
	}
	if x == 0 {
		x = 0 // -0 is 0
	}
	s.N++
	if s.N == 1 {
		s.mean, s.min, s.max = x, x, x
		return
	}
	s.min, s.max = min(s.min, x), max(s.max, x)
	d := x - s.mean
	s.mean += d / float64(s.N)
	s.m2 += float64(d * (x - s.mean))
}

// Merge takes in the summary of a stream that follows this one.
func (s *Moments) Merge(o Moments) {
	s.NaN += o.NaN
	s.PosInf += o.PosInf
	s.NegInf += o.NegInf
	if o.N == 0 {
		return
	}
	if s.N == 0 {
		s.N, s.mean, s.m2, s.min, s.max = o.N, o.mean, o.m2, o.min, o.max
		return
	}
	n, m := float64(s.N), float64(o.N)
	d := o.mean - s.mean
	s.N += o.N
	s.mean += float64(d * (m / (n + m)))
	s.m2 += o.m2 + float64(d*d*(n/(n+m)*m))
	s.min, s.max = min(s.min, o.min), max(s.max, o.max)
}

// Mean returns the mean of the finite values; ReasonNotFinite if there are none, ReasonOverflow if it does not fit.
func (s Moments) Mean() (float64, Reason) {
	if s.N == 0 {
		return 0, ReasonNotFinite
	}
	return finite(s.mean)
}

// Variance returns the sample variance (division by N-1, as pandas; numpy with ddof=1). It needs two values.
func (s Moments) Variance() (float64, Reason) {
	if s.N == 0 {
		return 0, ReasonNotFinite
	}
	if s.N == 1 {
		return 0, ReasonOneValue
	}
	return finite(s.m2 / float64(s.N-1))
}

// StdDev returns the square root of Variance.
func (s Moments) StdDev() (float64, Reason) {
	v, why := s.Variance()
	return math.Sqrt(v), why
}

// Range returns the smallest and largest finite value; ReasonNotFinite if there are none.
func (s Moments) Range() (lo, hi float64, why Reason) {
	if s.N == 0 {
		return 0, 0, ReasonNotFinite
	}
	return s.min, s.max, ReasonNone
}
