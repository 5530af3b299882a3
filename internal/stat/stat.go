// Package stat holds the estimators, tests and sketches that describe, sample and drift are computed with: distances between
// binned distributions, Kolmogorov–Smirnov and chi-square tests, intervals, quantile bins, moments, mergeable sketches
// (KLL quantiles, HyperLogLog, heavy hitters) and hash-keyed sampling.
//
// Its one invariant: every function is pure and deterministic. There is no clock and no hidden randomness; the sketches that
// need coin flips take a seed, and equal inputs in equal order give equal bits. (Logarithms may differ in the last bit between
// processor architectures, so ids and picks never depend on them.) A statistic that has no value (an empty side, one category,
// all nulls) comes back with a Reason and never as NaN or infinity, because results end up in JSON that must hold neither.
//
// The definitions are those of the field and each docstring names its source; the numbers in testdata were computed by
// scipy and numpy, whose versions are noted in the files, by the scripts beside them.
//
// Packages above speak of columns and samples; this one knows only slices. Start reading at PSI (distance.go) for binned
// comparisons, KolmogorovSmirnov (ks.go) for values, KLL (kll.go) for bounded memory and BottomK (bottomk.go) for sampling.
package stat

// Reason says why a statistic has no value. The empty Reason means that it has one.
// Reasons are part of the machine-readable output; they are never reworded.
type Reason string

// The reasons that functions of this package return.
const (
	ReasonNone           Reason = ""
	ReasonEmptyReference Reason = "reference is empty"
	ReasonEmptyCurrent   Reason = "current is empty"
	ReasonBothEmpty      Reason = "both sides are empty"
	ReasonOneCategory    Reason = "only one category"
	ReasonOneRow         Reason = "only one non-empty row"
	ReasonOneValue       Reason = "only one value"
	ReasonLengths        Reason = "sides have different numbers of bins"
	ReasonZeroShare      Reason = "a bin is empty on one side and zeros are kept"
	ReasonOverflow       Reason = "value exceeds the range of float64"
	ReasonNotFinite      Reason = "no finite values"
)

// emptySides returns the Reason for a comparison of n reference rows with m current rows, or ReasonNone if both have rows.
func emptySides(n, m float64) Reason {
	switch {
	case n <= 0 && m <= 0:
		return ReasonBothEmpty
	case n <= 0:
		return ReasonEmptyReference
	case m <= 0:
		return ReasonEmptyCurrent
	}
	return ReasonNone
}
