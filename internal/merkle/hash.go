package merkle

import "github.com/cespare/xxhash/v2"

// Hash returns the 64-bit hash of key that decides cuts (docs/format/merkle.md).
func Hash(key []byte) uint64 { return xxhash.Sum64(key) }
