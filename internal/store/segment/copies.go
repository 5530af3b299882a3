package segment

import (
	"bytes"
	"context"
	"iter"
	"slices"

	"github.com/strata-data/strata/internal/object"
)

// Copies is where an object lies.
type Copies struct {
	ID    object.ID
	Bytes int64 // that all copies take on the disk, in 1/1024 of a byte: their share of blocks and index
	N     int   // segments that have it
}

// BytesUnit is the parts of a byte in which Copies counts, so that sums over
// many objects are exact and do not depend on the order.
const BytesUnit = shareUnit

// Copies returns every published object in ascending order of ids, with the room
// that it takes. Memory and reading: the indexes of the segments. An error ends
// it.
func (s *Store) Copies(ctx context.Context) iter.Seq2[Copies, error] {
	return func(yield func(Copies, error) bool) {
		v, err := s.refresh(ctx, nil)
		if err != nil {
			yield(Copies{}, err)
			return
		}
		defer s.release(v)
		overhead := map[*file]int64{}
		for _, f := range v.files {
			if overhead[f], err = f.overhead(ctx); err != nil {
				yield(Copies{}, err)
				return
			}
		}
		err = v.copies(ctx, func(id object.ID, found []located) bool {
			c := Copies{ID: id, N: len(found)}
			for _, l := range found {
				c.Bytes += l.x.share() + overhead[l.f]
			}
			return yield(c, nil)
		})
		if err != nil {
			yield(Copies{}, err)
		}
	}
}

// located is an entry of the index of f.
type located struct {
	f *file
	x indexed
}

// copies calls visit for each object of v in ascending order of ids, with all of
// its index entries, newest first, which are valid until it returns. visit ends
// it by returning false.
func (v *view) copies(ctx context.Context, visit func(object.ID, []located) bool) error {
	type head struct {
		located
		next func() (indexed, error, bool)
	}
	var heads []*head
	for _, f := range v.files {
		next, stop := iter.Pull2(f.guarded())
		defer stop()
		h := &head{located: located{f: f}, next: next}
		x, err, ok := next()
		if err != nil {
			return err
		}
		if h.x = x; ok {
			heads = append(heads, h)
		}
	}
	var found []located
	for n := 0; len(heads) > 0; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		least := slices.MinFunc(heads, func(a, b *head) int { return bytes.Compare(a.x.id[:], b.x.id[:]) }).x.id
		found = found[:0]
		for i := 0; i < len(heads); {
			h := heads[i]
			if h.x.id != least {
				i++
				continue
			}
			found = append(found, h.located)
			x, err, ok := h.next()
			if err != nil {
				return err
			}
			if h.x = x; !ok {
				heads = slices.Delete(heads, i, i+1)
				continue
			}
			i++
		}
		if !visit(least, found) {
			return nil
		}
	}
	return nil
}

// Sizes tells what objects take, in the state of the store in which it was made.
// It is safe for concurrent use until Close.
type Sizes struct {
	s        *Store
	v        *view
	overhead map[*file]int64
}

// Sizes returns a Sizes, which must be closed.
func (s *Store) Sizes(ctx context.Context) (*Sizes, error) {
	v, err := s.refresh(ctx, nil)
	if err != nil {
		return nil, err
	}
	z := &Sizes{s: s, v: v, overhead: map[*file]int64{}}
	for _, f := range v.files {
		if z.overhead[f], err = f.overhead(ctx); err != nil {
			z.Close()
			return nil, err
		}
	}
	return z, nil
}

// Close releases what z looks at.
func (z *Sizes) Close() { z.s.release(z.v) }

// Of returns the room that all copies of an object take, in 1/BytesUnit of a byte,
// and the length of the object itself. A missing object is object.ErrNotFound.
// For an object that is stored as a difference its block is read.
func (z *Sizes) Of(id object.ID) (stored, raw int64, err error) {
	defer guard(&err)()
	found := false
	for _, f := range z.v.files {
		e, ok, err := f.lookup(id)
		if err != nil {
			return 0, 0, f.corrupt(id, err)
		}
		if !ok {
			continue
		}
		stored += e.share() + z.overhead[f]
		if found {
			continue
		}
		found = true
		if raw = int64(e.size); e.depth > 0 {
			payload, err := z.s.payload(f, e)
			if err != nil {
				return 0, 0, f.corrupt(id, err, e.place)
			}
			raw = 0
			if len(payload) > object.Size {
				raw = int64(targetSize(payload[object.Size:]))
			}
		}
	}
	if !found {
		return 0, 0, notFound(id)
	}
	return stored, raw, nil
}
