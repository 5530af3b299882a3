package stat

import (
	"math"
	"sort"
)

// Drawn is a member of a sample.
type Drawn struct {
	ID     string
	Key    float64 // from Keyer.Key; small keys are chosen first
	Weight float64 // positive; 1 in a sample with equal chances
}

// BottomK keeps the k entries with the smallest keys of a stream, ties in byte order of their ids. The result is a pure
// function of the set of entries: order, repetition of an entry and merging do not matter, and the first j of it are
// the result for j. It holds at most about 2k entries, k >= 0.
type BottomK struct {
	k      int
	sorted bool
	held   []Drawn
	limit  float64 // entries with larger keys cannot be among the first k+1
	full   bool
}

// NewBottomK returns an empty sample of size k.
func NewBottomK(k int) *BottomK { return &BottomK{k: max(0, k)} }

// Wants says whether an entry with this key could still be chosen, so that callers build ids only for those.
func (b *BottomK) Wants(key float64) bool { return !b.full || key <= b.limit }

// Add offers an entry.
func (b *BottomK) Add(d Drawn) {
	if !b.Wants(d.Key) {
		return
	}
	b.held = append(b.held, d)
	b.sorted = false
	if len(b.held) >= 2*(b.k+1)+16 {
		b.prune()
	}
}

// Merge offers all entries of another sample of at least the same size, which keeps its contents.
func (b *BottomK) Merge(o *BottomK) {
	for _, d := range o.held {
		b.Add(d)
	}
}

// prune sorts, drops repetitions and cuts to k+1 entries; the last of these is the threshold.
func (b *BottomK) prune() {
	if b.sorted {
		return
	}
	sort.Slice(b.held, func(i, j int) bool {
		if b.held[i].Key != b.held[j].Key {
			return b.held[i].Key < b.held[j].Key
		}
		return b.held[i].ID < b.held[j].ID
	})
	kept := b.held[:0]
	for i, d := range b.held {
		if i > 0 && d.ID == kept[len(kept)-1].ID && d.Key == kept[len(kept)-1].Key {
			continue
		}
		kept = append(kept, d)
		if len(kept) == b.k+1 {
			break
		}
	}
	clear(b.held[len(kept):])
	b.held, b.sorted = kept, true
	if len(kept) == b.k+1 {
		b.full, b.limit = true, kept[b.k].Key
	}
}

// Sample returns the chosen entries in ascending order of their keys, at most k. The slice is shared with the sample.
func (b *BottomK) Sample() []Drawn {
	b.prune()
	return b.held[:min(b.k, len(b.held))]
}

// Threshold returns the (k+1)-th smallest key, and false if there were at most k entries.
func (b *BottomK) Threshold() (float64, bool) {
	b.prune()
	return b.limit, b.full
}

// Inclusion returns the probability 1 - exp(-weight threshold) with which the entry was chosen, given the keys of all others;
// 1 if everything was chosen. Sums of value/Inclusion over a sample are unbiased for the whole (Horvitz and Thompson 1952;
// Cohen and Kaplan, Bottom-k sketches, 2007).
func (b *BottomK) Inclusion(d Drawn) float64 {
	t, full := b.Threshold()
	if !full {
		return 1
	}
	return -math.Expm1(-d.Weight * t)
}
