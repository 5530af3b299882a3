package segment

import (
	"context"
	"fmt"
	"sync"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/meta"
)

// Writer gathers new objects into one segment. Put, Get and Has are safe for
// concurrent use. The same objects put in the same order give the same file.
// It keeps about 100 bytes of memory for each object, and a bounded number of
// blocks; Publish or Discard ends its goroutines.
type Writer struct {
	s *Store
	v *view // what was published when it began

	mu sync.Mutex
	b  *builder // nil when published or discarded
}

var _ store.Writer = (*Writer)(nil)

// NewWriter implements store.Store. The caller holds the repository's lock.
func (s *Store) NewWriter(ctx context.Context) (store.Writer, error) { return s.Begin(ctx) }

// Begin is NewWriter with the type that has PublishWith.
func (s *Store) Begin(ctx context.Context) (*Writer, error) {
	if s.db == nil {
		return nil, errNoCatalogue
	}
	v, err := s.refresh(ctx, nil)
	if err != nil {
		return nil, err
	}
	return &Writer{s: s, v: v, b: newBuilder(s, levelFast)}, nil
}

// Put implements store.Writer. An object that is there already costs its hash
// and a look-up. An object longer than MaxObjectSize is refused.
func (w *Writer) Put(ctx context.Context, b []byte, h store.Hint) (object.ID, error) {
	if len(b) > maxObject {
		return object.ID{}, fmt.Errorf("put an object of %d bytes: the most is %d", len(b), maxObject)
	}
	if err := ctx.Err(); err != nil {
		return object.ID{}, err
	}
	id := object.Sum(b)
	known, err := w.known(id)
	if known || err != nil {
		return id, err
	}
	k := openKey{name: h.Stream, stream: streamOf(h.Stream)}
	payload, depth := b, uint8(0)
	if d, n := w.delta(h.Base, b); d != nil {
		payload, depth, k.delta = d, n, true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.b == nil {
		return id, errClosed
	}
	if _, ok := w.b.refs[id]; !ok {
		w.b.add(id, k, payload, depth, len(b))
	}
	return id, nil
}

// known reports whether id needs no storing. A damaged segment does not count
// as having it.
func (w *Writer) known(id object.ID) (bool, error) {
	w.mu.Lock()
	if w.b == nil {
		w.mu.Unlock()
		return false, errClosed
	}
	err := w.b.pipe.err()
	_, ok := w.b.refs[id]
	w.mu.Unlock()
	if ok || err != nil {
		return ok, err
	}
	ok, _ = w.v.has(id)
	return ok, nil
}

// minDelta is the length below which a delta is not worth its base id.
const minDelta = 128

// delta returns what to store for b as a difference to the object base, and its
// depth, or nil when it should be stored whole.
func (w *Writer) delta(base object.ID, b []byte) ([]byte, uint8) {
	if base.IsZero() || len(b) < minDelta {
		return nil, 0
	}
	from, depth, err := w.base(base)
	if err != nil || depth >= writeDepth {
		return nil, 0 // a base that cannot be read is no base
	}
	d := w.s.differ.diff(append(make([]byte, 0, 512), base[:]...), from, b, len(b)/2-object.Size)
	return d, depth + 1
}

// base returns the object id and its depth.
func (w *Writer) base(id object.ID) ([]byte, uint8, error) {
	if b, r, ok, err := w.own(id); ok || err != nil {
		return b, r.depth, err
	}
	depth, ok := w.v.depth(id)
	if !ok || depth >= writeDepth {
		return nil, depth, notFound(id)
	}
	b, err := w.s.read(w.v, id)
	return b, depth, err
}

// depth returns the depth of id in the newest segment that has it.
func (v *view) depth(id object.ID) (depth uint8, ok bool) {
	var err error
	defer guard(&err)()
	for _, f := range v.files {
		if e, ok, _ := f.lookup(id); ok {
			return e.depth, true
		}
	}
	return 0, false
}

// own returns the object id if it was put here.
func (w *Writer) own(id object.ID) (b []byte, r ref, ok bool, err error) {
	w.mu.Lock()
	if w.b == nil {
		w.mu.Unlock()
		return nil, r, false, nil
	}
	if r, ok = w.b.refs[id]; ok {
		b, err = w.b.payload(r)
	}
	w.mu.Unlock()
	if !ok || err != nil || r.depth == 0 {
		return b, r, ok, err
	}
	base, _, err := w.base(object.ID(b[:object.Size]))
	if err == nil {
		b, err = apply(base, b[object.Size:], maxObject)
	}
	return b, r, true, err
}

// Get implements store.Reader.
func (w *Writer) Get(ctx context.Context, id object.ID) ([]byte, error) {
	b, _, ok, err := w.own(id)
	if ok || err != nil {
		return b, err
	}
	return w.s.Get(ctx, id)
}

// Has implements store.Reader.
func (w *Writer) Has(ctx context.Context, id object.ID) (bool, error) {
	w.mu.Lock()
	if w.b != nil {
		if _, ok := w.b.refs[id]; ok {
			w.mu.Unlock()
			return true, nil
		}
	}
	w.mu.Unlock()
	return w.s.Has(ctx, id)
}

// Publish implements store.Writer.
func (w *Writer) Publish(ctx context.Context) (store.Stats, error) {
	return w.PublishWith(ctx, nil)
}

// PublishWith is Publish with more writes in the transaction that makes the
// objects visible: hook, if it is not nil, writes them, and its error undoes
// everything. It runs also when there is no new object. After an error nothing
// is visible, unless the error came from after the transaction, and the Writer
// can only be discarded.
func (w *Writer) PublishWith(ctx context.Context, hook func(meta.Tx) error) (store.Stats, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.b == nil {
		return store.Stats{}, errClosed
	}
	var info Info
	if len(w.b.refs) > 0 {
		if err := ctx.Err(); err != nil {
			return store.Stats{}, err
		}
		var err error
		if info, err = w.b.seal(); err != nil {
			return store.Stats{}, err
		}
		info.Written = w.s.now()
	}
	if info.Objects > 0 || hook != nil {
		if err := w.s.publish(ctx, nil, []Info{info}, hook); err != nil {
			return store.Stats{}, fmt.Errorf("publish segment: %w", err)
		}
	}
	w.end()
	if info.Objects > 0 && !w.s.opt.NoMerge {
		// The objects are safe whatever happens here, and the next publication
		// tries again, so this is not the caller's error.
		if err := w.s.MergeSmall(ctx); err != nil {
			w.s.opt.Log.Warn("merge small segments", "err", err)
		}
	}
	return store.Stats{Objects: info.Objects, RawBytes: info.RawBytes, DiskSize: info.Size}, nil
}

// Discard implements store.Writer.
func (w *Writer) Discard() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.b == nil {
		return nil
	}
	return w.end()
}

// end drops what the writer holds, with w.mu held.
func (w *Writer) end() error {
	err := w.b.pipe.discard()
	w.b = nil
	w.s.release(w.v)
	w.v = nil
	return err
}

// now returns the time in seconds, or 0 where no clock was given or it stands
// before 1970.
func (s *Store) now() int64 { return max(s.opt.Now().Unix(), 0) }

// publish puts the segments of made into the catalogue in the place of those in
// old, in one transaction with hook. Those without objects are left out.
func (s *Store) publish(ctx context.Context, old, made []Info, hook func(meta.Tx) error) error {
	var infos []Info
	var generation uint64
	err := s.db.Update(ctx, func(tx meta.Tx) error {
		for _, o := range old {
			v := tx.Get(meta.BucketSegments, orderKey(o.Order))
			if now, err := decodeInfo(orderKey(o.Order), v); err != nil || now != o {
				return fmt.Errorf("the catalogue has changed: segment %s is gone", o.Name)
			}
			if err := tx.Delete(meta.BucketSegments, orderKey(o.Order)); err != nil {
				return err
			}
		}
		for _, info := range made {
			if info.Objects == 0 {
				continue
			}
			if err := addInfo(tx, info); err != nil {
				return err
			}
		}
		if hook != nil {
			if err := hook(tx); err != nil {
				return err
			}
		}
		var err error
		infos, err = readCatalogue(tx)
		generation = tx.Generation()
		return err
	})
	if err != nil {
		return err
	}
	v, _, err := s.adopt(infos, generation)
	if err != nil {
		return err
	}
	s.release(v)
	return nil
}
