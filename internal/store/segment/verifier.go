package segment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/strata-data/strata/internal/object"
)

// verifier is the state of one Verify. Objects that are kept as differences are
// made when their base is at hand, so that a block is decoded once, however
// many versions hang on it: collectDeltas reads the differences, blocks the whole
// objects with everything that hangs on them, rest what hangs on nothing.
type verifier struct {
	s     *Store
	v     *view
	visit func(Stored) error

	mu      sync.Mutex
	room    int64                   // bytes of deltas that may still be held
	waiting map[object.ID][]waiting // by base
}

// waiting is a delta whose base is to come.
type waiting struct {
	f     *file
	x     indexed
	delta []byte // behind the base's id
}

// eachBlock calls fn for the objects of each block of a run that want says yes
// to one of; raw is nil where the block cannot be read.
func (vf *verifier) eachBlock(ctx context.Context, f *file, run []indexed, fresh bool, want func(indexed) bool, fn func(objects []indexed, raw []byte, err error) error) error {
	var buf []byte
	for len(run) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := 1
		for n < len(run) && run[n].place == run[0].place {
			n++
		}
		objects := run[:n]
		run = run[n:]
		if !slices.ContainsFunc(objects, want) {
			continue
		}
		if fresh {
			buf = nil
		}
		raw, err := vf.s.wholeBlock(f, objects[0].place, &buf)
		if err := fn(objects, raw, err); err != nil {
			return err
		}
	}
	return nil
}

func isDelta(x indexed) bool { return x.depth > 0 }

// collectDeltas notes the deltas of a run.
func (vf *verifier) collectDeltas(ctx context.Context, f *file, run []indexed) error {
	return vf.eachBlock(ctx, f, run, true, isDelta, func(objects []indexed, raw []byte, err error) error {
		for _, x := range objects {
			if x.depth == 0 {
				continue
			}
			if err == nil && x.size < object.Size {
				err = fmt.Errorf("%w: its delta has no base", object.ErrCorrupt)
			}
			if err != nil {
				if err := vf.visit(vf.unread(f, x, err)); err != nil {
					return err
				}
				continue
			}
			b := raw[x.off : x.off+x.size : x.off+x.size]
			if vf.hold(f, x, b) {
				continue
			}
			if err := vf.visit(vf.alone(f, x, b)); err != nil {
				return err
			}
		}
		return nil
	})
}

// hold keeps a delta until its base comes, if there is room.
func (vf *verifier) hold(f *file, x indexed, b []byte) bool {
	vf.mu.Lock()
	defer vf.mu.Unlock()
	if vf.room < int64(len(b)) {
		return false
	}
	vf.room -= int64(len(b))
	base := object.ID(b[:object.Size])
	vf.waiting[base] = append(vf.waiting[base], waiting{f, x, b[object.Size:]})
	return true
}

// take returns the deltas that wait for id, once.
func (vf *verifier) take(id object.ID) []waiting {
	vf.mu.Lock()
	defer vf.mu.Unlock()
	w := vf.waiting[id]
	delete(vf.waiting, id)
	return w
}

// blocks verifies the whole objects of a run and what hangs on them.
func (vf *verifier) blocks(ctx context.Context, f *file, run []indexed) error {
	whole := func(x indexed) bool { return x.depth == 0 }
	return vf.eachBlock(ctx, f, run, false, whole, func(objects []indexed, raw []byte, err error) error {
		for _, x := range objects {
			if x.depth > 0 {
				continue
			}
			if err != nil {
				if err := vf.visit(vf.unread(f, x, err)); err != nil {
					return err
				}
				continue
			}
			if err := vf.object(f, x, raw[x.off:x.off+x.size:x.off+x.size]); err != nil {
				return err
			}
		}
		return nil
	})
}

// object verifies the copy x with the bytes b, and all that hangs on it. A chain
// of deltas ends, as each is taken once.
func (vf *verifier) object(f *file, x indexed, b []byte) error {
	if id := object.Sum(b); id != x.id {
		bad := vf.found(f, x, FaultHash, "its bytes have another hash")
		bad.Actual = id
		return vf.visit(bad)
	}
	if err := vf.visit(Stored{Segment: f.info.Name, ID: x.id, Bytes: b}); err != nil {
		return err
	}
	for _, w := range vf.take(x.id) {
		made, err := apply(b, w.delta, maxObject)
		if err != nil {
			if err := vf.visit(vf.found(w.f, w.x, FaultHash, detailOf(err))); err != nil {
				return err
			}
			continue
		}
		if err := vf.object(w.f, w.x, made); err != nil {
			return err
		}
	}
	return nil
}

// rest verifies the deltas whose base did not come: most often it is damaged.
func (vf *verifier) rest(ctx context.Context) error {
	bases := make([]object.ID, 0, len(vf.waiting))
	for id := range vf.waiting {
		bases = append(bases, id)
	}
	slices.SortFunc(bases, func(a, b object.ID) int { return slices.Compare(a[:], b[:]) })
	for _, id := range bases {
		for _, w := range vf.take(id) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := vf.visit(vf.alone(w.f, w.x, append(id[:], w.delta...))); err != nil {
				return err
			}
		}
	}
	return nil
}

// alone verifies the delta b by reading its base.
func (vf *verifier) alone(f *file, x indexed, b []byte) (found Stored) {
	var fault error
	defer func() {
		if fault != nil {
			found = vf.found(f, x, FaultRead, detailOf(fault))
		}
	}()
	defer guard(&fault)()
	id := object.ID(b[:object.Size])
	base, err := vf.s.assemble(vf.v, id, 1, false)
	if err != nil {
		return vf.found(f, x, FaultBase, fmt.Sprintf("its base %s: %s", id, detailOf(err)))
	}
	made, err := apply(base, b[object.Size:], maxObject)
	if err != nil {
		return vf.found(f, x, FaultHash, detailOf(err))
	}
	if object.Sum(made) != x.id {
		return vf.found(f, x, FaultHash, "its bytes have another hash")
	}
	return Stored{Segment: f.info.Name, ID: x.id, Bytes: made}
}

// unread is the fault of an object whose block cannot be read.
func (vf *verifier) unread(f *file, x indexed, err error) Stored {
	fault := FaultHash
	switch {
	case errors.Is(err, errShort):
		fault = FaultTruncated
	case !errors.Is(err, object.ErrCorrupt):
		fault = FaultRead
	}
	return vf.found(f, x, fault, detailOf(err))
}

func (vf *verifier) found(f *file, x indexed, fault Fault, detail string) Stored {
	return Stored{Segment: f.info.Name, ID: x.id, Fault: fault, Detail: fmt.Sprintf("pack %d offset %d: %s", x.pack, x.place.off, detail)}
}
