package stat

import "sort"

// Heavy finds the frequent values of a stream of strings in bounded memory. While at most Cap different values have been seen,
// counts are exact. Beyond that it is a Misra–Gries summary: every count may be too small, by at most Error(), and every value
// with more occurrences than that is present. Source: Misra and Gries (1982); merging by Agarwal et al., Mergeable summaries
// (2012).
//
// The result depends on the order of the stream only, never on map order.
type Heavy struct {
	cap    int
	n      uint64
	missed uint64 // sum of the decrements: the largest possible deficit of a count
	count  map[string]uint64
}

// Count is a value and how often it was seen.
type Count struct {
	Value string
	N     uint64
}

// NewHeavy returns an empty summary that holds at most about twice cap >= 1 values between clean-ups and cap after one.
func NewHeavy(cap int) *Heavy {
	return &Heavy{cap: max(1, cap), count: make(map[string]uint64)}
}

// N returns the number of values taken in.
func (h *Heavy) N() uint64 { return h.n }

// Exact says whether all counts are exact and all values present.
func (h *Heavy) Exact() bool { return h.missed == 0 }

// Error returns the largest possible deficit of a count. It is at most N/(cap+1).
func (h *Heavy) Error() uint64 { return h.missed }

// Len returns the number of values held.
func (h *Heavy) Len() int { return len(h.count) }

// AddBytes takes in n occurrences of a value; the bytes are copied when kept.
func (h *Heavy) AddBytes(value []byte, n uint64) {
	h.n += n
	if c, ok := h.count[string(value)]; ok {
		h.count[string(value)] = c + n
		return
	}
	h.count[string(value)] = n
	h.trim()
}

// Add takes in n occurrences of a value.
func (h *Heavy) Add(value string, n uint64) {
	h.n += n
	h.count[value] += n
	h.trim()
}

// Merge takes in another summary, which stays as it is.
func (h *Heavy) Merge(o *Heavy) {
	h.n += o.n
	h.missed += o.missed
	for v, c := range o.count {
		h.count[v] += c
	}
	h.reduce(h.cap)
}

// trim cleans up when twice the capacity is held, so that its cost is spread over as many values as it removes.
func (h *Heavy) trim() {
	if len(h.count) > 2*h.cap {
		h.reduce(h.cap)
	}
}

// reduce subtracts the (limit+1)-th largest count from all and drops what falls to zero.
func (h *Heavy) reduce(limit int) {
	if len(h.count) <= limit {
		return
	}
	counts := make([]uint64, 0, len(h.count))
	for _, c := range h.count {
		counts = append(counts, c)
	}
	sort.Slice(counts, func(i, j int) bool { return counts[i] > counts[j] })
	cut := counts[limit]
	h.missed += cut
	for v, c := range h.count {
		if c <= cut {
			delete(h.count, v)
		} else {
			h.count[v] = c - cut
		}
	}
}

// Top returns the values held, most frequent first, ties in byte order, at most limit of them (all if limit < 0).
func (h *Heavy) Top(limit int) []Count {
	out := make([]Count, 0, len(h.count))
	for v, c := range h.count {
		out = append(out, Count{v, c})
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].N != out[j].N {
			return out[i].N > out[j].N
		}
		return out[i].Value < out[j].Value
	})
	if limit >= 0 && len(out) > limit {
		out = out[:limit]
	}
	return out
}
