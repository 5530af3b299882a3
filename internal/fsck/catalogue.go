package fsck

import (
	"sync"
	"sync/atomic"

	"github.com/strata-data/strata/internal/object"
)

// mark is what is known of one object.
type mark struct {
	kind  object.Kind
	flags uint8
}

const (
	whole   = 1 << iota // a copy has the bytes of the id
	damaged             // a copy has not
	reached             // something names it
)

// objectSet remembers what was found of each object. It is safe for concurrent
// use.
type objectSet struct {
	shards [64]struct {
		mu sync.Mutex
		m  map[object.ID]mark
	}
	read, bytes atomic.Int64 // of whole copies
}

func newObjectSet() *objectSet {
	s := new(objectSet)
	for i := range s.shards {
		s.shards[i].m = map[object.ID]mark{}
	}
	return s
}

// add notes flags of id, and its kind where that is known.
func (s *objectSet) add(id object.ID, kind object.Kind, flags uint8) mark {
	sh := &s.shards[id[0]%64]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	m := sh.m[id]
	m.flags |= flags
	if kind != 0 {
		m.kind = kind
	}
	sh.m[id] = m
	return m
}

func (s *objectSet) get(id object.ID) (mark, bool) {
	sh := &s.shards[id[0]%64]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	m, ok := sh.m[id]
	return m, ok
}

// count returns how many objects have all of the flags in with and none of
// those in without.
func (s *objectSet) count(with, without uint8) (n int) {
	for i := range s.shards {
		for _, m := range s.shards[i].m {
			if m.flags&with == with && m.flags&without == 0 {
				n++
			}
		}
	}
	return n
}
