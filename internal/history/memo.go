package history

import (
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store/cache"
)

// bucketSame holds, in cache.db, pairs of tables between which a sample did not
// change (docs/format/cache.md).
const bucketSame = "same/1"

// enoughSame is how many pairs must have been compared for it to be worth
// writing down.
const enoughSame = 64

// sameID names two tables and a sample in bucketSame.
func sameID(a, b object.ID, key string) []byte {
	id := object.Sum(append(recordKey(a, b), key...))
	return id[:16]
}

// knownSame reports whether the sample was found to be the same in both tables
// before.
func (h *History) knownSame(a, b object.ID, key string) bool {
	return h.r.Cache().Value(bucketSame, sameID(a, b, key)) != nil
}

// learnSame notes that the sample is the same in both tables.
func (h *History) learnSame(a, b object.ID, key string) {
	h.same = append(h.same, cache.Entry{Key: sameID(a, b, key)})
}

// Close keeps what was worked out on the way for later commands.
func (h *History) Close() {
	if len(h.fresh) > 0 {
		h.r.Remember(bucketChanges, h.fresh)
	}
	if len(h.same) >= h.least {
		h.r.Remember(bucketSame, h.same)
	}
	h.fresh, h.same = nil, nil
}
