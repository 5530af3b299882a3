package stat

import "math"

// Histogram counts values in bins of equal width between Lo and Hi; each bin holds its lower edge, the last one both. The
// values that numpy.histogram(range=(lo, hi)) would leave out are counted in Under, Over and NaN. Histograms over the same
// bins merge by addition.
type Histogram struct {
	Lo, Hi      float64
	Counts      []uint64
	Under, Over uint64
	NaN         uint64

	edges []float64
}

// NewHistogram returns an empty histogram with bins >= 1 over finite lo <= hi. If lo = hi the range is widened by 1/2 on
// both sides, as in numpy.
func NewHistogram(lo, hi float64, bins int) *Histogram {
	if lo == hi {
		lo, hi = lo-0.5, hi+0.5
	}
	h := &Histogram{Lo: lo, Hi: hi, Counts: make([]uint64, bins), edges: make([]float64, bins+1)}
	step := (hi - lo) / float64(bins)
	if math.IsInf(step, 0) {
		step = hi/float64(bins) - lo/float64(bins)
	}
	for i := range h.edges {
		h.edges[i] = float64(float64(i)*step) + lo
	}
	h.edges[bins] = hi
	return h
}

// Edges returns the len(Counts)+1 ascending edges of the bins, which the caller must not change.
func (h *Histogram) Edges() []float64 { return h.edges }

// Add counts values.
func (h *Histogram) Add(values []float64) {
	for _, x := range values {
		h.AddN(x, 1)
	}
}

// AddN counts a value n times.
func (h *Histogram) AddN(x float64, n uint64) {
	switch {
	case x != x:
		h.NaN += n
		return
	case x < h.Lo:
		h.Under += n
		return
	case x > h.Hi:
		h.Over += n
		return
	}
	// Scaling by halves keeps hi - lo in range when both are near the largest float64.
	i := int((x/2 - h.Lo/2) / (h.Hi/2 - h.Lo/2) * float64(len(h.Counts)))
	i = min(max(i, 0), len(h.Counts)-1)
	for i > 0 && x < h.edges[i] {
		i--
	}
	for i < len(h.Counts)-1 && x >= h.edges[i+1] {
		i++
	}
	h.Counts[i] += n
}

// Merge adds the counts of a histogram with the same Lo, Hi and number of bins.
func (h *Histogram) Merge(o *Histogram) {
	for i, c := range o.Counts {
		h.Counts[i] += c
	}
	h.Under += o.Under
	h.Over += o.Over
	h.NaN += o.NaN
}
