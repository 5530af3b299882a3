package reach

import (
	"encoding/binary"
	"iter"
	"sync"

	"github.com/strata-data/strata/internal/object"
)

// Set is a set of object ids with a few bits for each. It takes about 42 bytes of
// memory for an id. It is safe for concurrent use; the zero Set is empty.
type Set struct{ shards [shardCount]shard }

const (
	shardCount = 64
	slabSize   = 256 // ids
)

// shard holds the ids whose last byte maps to it: in slabs in order of arrival,
// found through an open hash table of positions.
type shard struct {
	mu    sync.Mutex
	table []uint32 // position + 1; 0 is free; a power of two long
	slabs []*slab
	n     int
}

type slab struct {
	ids  [slabSize]object.ID
	bits [slabSize]uint8
}

func (s *Set) shard(id *object.ID) *shard { return &s.shards[id[object.Size-1]%shardCount] }

// Add puts id into the set with the bits given, and returns the bits that it had;
// new says that it was not there.
func (s *Set) Add(id object.ID, bits uint8) (had uint8, fresh bool) {
	sh := s.shard(&id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if 4*(sh.n+1) > 3*len(sh.table) {
		sh.grow()
	}
	at := sh.slot(&id)
	if p := sh.table[at]; p != 0 {
		b := &sh.slabs[(p-1)/slabSize].bits[(p-1)%slabSize]
		had = *b
		*b |= bits
		return had, false
	}
	if sh.n%slabSize == 0 {
		sh.slabs = append(sh.slabs, new(slab))
	}
	last := sh.slabs[len(sh.slabs)-1]
	last.ids[sh.n%slabSize], last.bits[sh.n%slabSize] = id, bits
	sh.n++
	sh.table[at] = uint32(sh.n)
	return 0, true
}

// Has reports whether id is in the set.
func (s *Set) Has(id object.ID) bool {
	sh := s.shard(&id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return len(sh.table) > 0 && sh.table[sh.slot(&id)] != 0
}

// Bits returns the bits of id, 0 where it is not in the set.
func (s *Set) Bits(id object.ID) uint8 {
	sh := s.shard(&id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if len(sh.table) == 0 {
		return 0
	}
	p := sh.table[sh.slot(&id)]
	if p == 0 {
		return 0
	}
	return sh.slabs[(p-1)/slabSize].bits[(p-1)%slabSize]
}

// All returns the ids, in no particular order. The set must not grow meanwhile.
func (s *Set) All() iter.Seq[object.ID] {
	return func(yield func(object.ID) bool) {
		for i := range s.shards {
			sh := &s.shards[i]
			for n := range sh.n {
				if !yield(sh.slabs[n/slabSize].ids[n%slabSize]) {
					return
				}
			}
		}
	}
}

// Len returns the number of ids.
func (s *Set) Len() int {
	n := 0
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		n += sh.n
		sh.mu.Unlock()
	}
	return n
}

// slot returns where id is in the table, or the free place for it.
func (sh *shard) slot(id *object.ID) int {
	mask := len(sh.table) - 1
	at := int(binary.LittleEndian.Uint64(id[:])) & mask
	for {
		p := sh.table[at]
		if p == 0 || sh.slabs[(p-1)/slabSize].ids[(p-1)%slabSize] == *id {
			return at
		}
		at = (at + 1) & mask
	}
}

func (sh *shard) grow() {
	old := sh.table
	sh.table = make([]uint32, max(64, 2*len(old)))
	for _, p := range old {
		if p != 0 {
			id := &sh.slabs[(p-1)/slabSize].ids[(p-1)%slabSize]
			sh.table[sh.slot(id)] = p
		}
	}
}
