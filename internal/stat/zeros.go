package stat

// ZeroMode names what is done with a bin that is empty on one side. PSI and Kullback–Leibler divergence are infinite
// there, and tools differ: the same two count vectors of four bins give a PSI from 0.23 to 1634 depending on the tool. So
// callers of PSI always say which rule they want, and reports print it.
type ZeroMode int

const (
	// ZeroHalf adds 1/2 to each count of both sides and renormalises (Jeffreys smoothing). The default of this project.
	ZeroHalf ZeroMode = iota
	// ZeroFloor raises each share to at least Eps and does not renormalise. Deepchecks uses 0.01.
	ZeroFloor
	// ZeroEvidently replaces zero shares, each side alone, by 0.0001, or by the smallest non-zero share / 1e6 if that
	// share is at most 0.0001, without renormalising (evidently 0.7.21).
	ZeroEvidently
	// ZeroAdd adds Eps to each share (popmon uses 1e-5) and does not renormalise.
	ZeroAdd
	// ZeroSkip leaves out the bins that are empty on either side.
	ZeroSkip
	// ZeroKeep gives no value (ReasonZeroShare) when a bin is empty on exactly one side.
	ZeroKeep
)

// String returns the name under which the mode is printed in reports.
func (m ZeroMode) String() string {
	switch m {
	case ZeroHalf:
		return "half-count"
	case ZeroFloor:
		return "floor"
	case ZeroEvidently:
		return "evidently"
	case ZeroAdd:
		return "add"
	case ZeroSkip:
		return "skip"
	case ZeroKeep:
		return "keep"
	}
	return "unknown"
}

// Zeros is a rule for empty bins. The zero value is ZeroHalf.
type Zeros struct {
	Mode ZeroMode
	Eps  float64 // used by ZeroFloor and ZeroAdd
}

// shares turns counts into the shares that the rule yields. Counts must be finite and non-negative with a positive sum.
func (z Zeros) shares(counts []float64) []float64 {
	p := make([]float64, len(counts))
	add := 0.0
	if z.Mode == ZeroHalf {
		add = 0.5
	}
	total := 0.0
	for _, c := range counts {
		total += c + add
	}
	smallest := 0.0
	for i, c := range counts {
		p[i] = (c + add) / total
		if p[i] > 0 && (smallest == 0 || p[i] < smallest) {
			smallest = p[i]
		}
	}
	switch z.Mode {
	case ZeroFloor:
		for i := range p {
			p[i] = max(p[i], z.Eps)
		}
	case ZeroAdd:
		for i := range p {
			p[i] += z.Eps
		}
	case ZeroEvidently:
		fill := 0.0001
		if smallest <= 0.0001 {
			fill = smallest / 1e6
		}
		for i := range p {
			if p[i] == 0 {
				p[i] = fill
			}
		}
	}
	return p
}
