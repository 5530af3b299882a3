package segment

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/strata-data/strata/internal/object"
)

// maxChain bounds how many deltas a read follows. Writers keep chains at
// maxDepth; damage may make longer ones, or circles.
const maxChain = 2 * maxDepth

// read returns the verified bytes of id from v.
func (s *Store) read(v *view, id object.ID) (b []byte, err error) {
	defer guard(&err)()
	return s.assemble(v, id, 0, true)
}

// assemble returns the bytes of id, whole or made from its base. A segment that cannot give them is passed over for an older one that can.
// With check the bytes are compared with the id; bases in between need not be,
// as a wrong one makes a wrong object.
func (s *Store) assemble(v *view, id object.ID, chain int, check bool) ([]byte, error) {
	var bad error
	for _, f := range v.files {
		e, ok, err := f.lookup(id)
		if err == nil && !ok {
			continue
		}
		if err != nil {
			bad = cmp.Or(bad, f.corrupt(id, err))
			continue
		}
		b, err := s.extract(v, f, e, chain)
		if err == nil && check && object.Sum(b) != id {
			err = fmt.Errorf("%w: its bytes have another hash", object.ErrCorrupt)
		}
		if err == nil {
			return b, nil
		}
		bad = cmp.Or(bad, f.corrupt(id, err, e.place))
	}
	if bad == nil {
		bad = notFound(id)
	}
	return nil, bad
}

// extract returns the object at e in f.
func (s *Store) extract(v *view, f *file, e entry, chain int) ([]byte, error) {
	b, err := s.payload(f, e)
	if err != nil || e.depth == 0 {
		return b, err
	}
	if chain >= maxChain {
		return nil, fmt.Errorf("%w: its chain of deltas does not end", object.ErrCorrupt)
	}
	if len(b) < object.Size {
		return nil, fmt.Errorf("%w: its delta has no base", object.ErrCorrupt)
	}
	id := object.ID(b[:object.Size])
	base, err := s.assemble(v, id, chain+1, false)
	if errors.Is(err, object.ErrNotFound) {
		return nil, fmt.Errorf("%w: its base %s is missing", object.ErrCorrupt, id)
	}
	if err != nil {
		return nil, err
	}
	return apply(base, b[object.Size:], maxObject)
}

// payload returns what is stored for e: the object or its delta.
func (s *Store) payload(f *file, e entry) ([]byte, error) {
	if e.codec == codecRaw {
		return f.stored(e.place, e.off, e.size)
	}
	raw, err := s.block(f, e.place)
	if err != nil {
		return nil, err
	}
	return raw[e.off : e.off+e.size : e.off+e.size], nil
}

// block returns a decoded block, from the cache if it is there.
func (s *Store) block(f *file, p place) ([]byte, error) {
	key := blockKey{f, p.pack, p.off}
	if raw := s.cache.get(key); len(raw) == int(p.raw) && raw != nil {
		return raw, nil
	}
	stored, err := f.stored(p, 0, p.stored)
	if err != nil {
		return nil, err
	}
	raw, err := s.decoder.decode(stored, p.codec, int(p.raw))
	if err != nil {
		return nil, err
	}
	s.cache.put(key, raw)
	return raw, nil
}
