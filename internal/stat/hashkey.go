package stat

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
)

// Keyer turns ids into the numbers by which hash-keyed sampling chooses: the same id and seed give the same number in any
// order of rows, any shard and any thread. It keeps a buffer, so each goroutine has its own. The zero value has the empty
// seed.
type Keyer struct {
	buf  []byte
	seed int // length of the prefix: seed and a zero byte
}

// NewKeyer returns a Keyer for a seed, which is used as text.
func NewKeyer(seed string) *Keyer {
	return &Keyer{buf: append([]byte(seed), 0), seed: len(seed) + 1}
}

// Uniform returns u = (top 53 bits of SHA-256(seed || 0x00 || id) + 1/2) / 2^53, a number in (0, 1).
func (k *Keyer) Uniform(id []byte) float64 {
	if k.seed == 0 {
		k.buf, k.seed = []byte{0}, 1
	}
	k.buf = append(k.buf[:k.seed], id...)
	h := sha256.Sum256(k.buf)
	return (float64(binary.BigEndian.Uint64(h[:8])>>11) + 0.5) / (1 << 53)
}

// Key returns -ln(u)/weight: of any set of ids, the n with the smallest keys are a sample without replacement in which each
// next one is drawn with probability proportional to weight (Efraimidis and Spirakis 2006, in logarithms). Weight must be
// positive.
func (k *Keyer) Key(id []byte, weight float64) float64 {
	return -math.Log(k.Uniform(id)) / weight
}
