package object

import "github.com/zeebo/blake3"

// Hasher computes an ID from bytes that arrive in pieces. It is an io.Writer
// whose Write never fails. The zero value is not ready: use NewHasher.
type Hasher struct{ h *blake3.Hasher }

// NewHasher returns a Hasher of no bytes.
func NewHasher() Hasher { return Hasher{blake3.New()} }

// Write adds p.
func (h Hasher) Write(p []byte) (int, error) { return h.h.Write(p) }

// Sum returns what the function Sum would for all bytes so far.
func (h Hasher) Sum() ID {
	var id ID
	h.h.Sum(id[:0])
	return id
}
