// Package mem is the object store in memory: a map, for tests and dry runs. It
// behaves as store/segment does, and passes the same suite (store/storetest),
// so that what works on it works on disk; only durability is missing.
//
// Objects of a Writer are visible to others when it is published, all at once.
// Start reading at Store.
package mem

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// Store is a map from ids to bytes. It is safe for concurrent use.
type Store struct {
	mu     sync.RWMutex
	m      map[object.ID][]byte
	closed bool
}

var _ store.Store = (*Store)(nil)

var errClosed = errors.New("object store is closed")

// New returns an empty store.
func New() *Store { return &Store{m: map[object.ID][]byte{}} }

// Get implements store.Reader.
func (s *Store) Get(ctx context.Context, id object.ID) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	b, ok := s.m[id]
	closed := s.closed
	s.mu.RUnlock()
	if closed {
		return nil, errClosed
	}
	if !ok {
		return nil, fmt.Errorf("%w: %s", object.ErrNotFound, id)
	}
	return check(id, b)
}

// check verifies b, which a test may have damaged.
func check(id object.ID, b []byte) ([]byte, error) {
	if object.Sum(b) != id {
		return nil, &object.CorruptError{ID: id, Place: "memory", Detail: "its bytes have another hash"}
	}
	return b, nil
}

// Has implements store.Reader.
func (s *Store) Has(ctx context.Context, id object.ID) (bool, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return false, errClosed
	}
	_, ok := s.m[id]
	return ok, ctx.Err()
}

// Objects returns the ids of all published objects in ascending order.
func (s *Store) Objects(ctx context.Context) iter.Seq2[object.ID, error] {
	return func(yield func(object.ID, error) bool) {
		s.mu.RLock()
		ids := make([]object.ID, 0, len(s.m))
		for id := range s.m {
			ids = append(ids, id)
		}
		s.mu.RUnlock()
		slices.SortFunc(ids, func(a, b object.ID) int { return bytes.Compare(a[:], b[:]) })
		for _, id := range ids {
			if !yield(id, ctx.Err()) {
				return
			}
		}
	}
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// NewWriter implements store.Store.
func (s *Store) NewWriter(ctx context.Context) (store.Writer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return nil, errClosed
	}
	return &writer{s: s, m: map[object.ID][]byte{}}, ctx.Err()
}

// writer is what was Put and not yet published.
type writer struct {
	s *Store

	mu   sync.Mutex
	m    map[object.ID][]byte
	done bool
}

func (w *writer) Put(ctx context.Context, b []byte, _ store.Hint) (object.ID, error) {
	if err := ctx.Err(); err != nil {
		return object.ID{}, err
	}
	id := object.Sum(b)
	known, err := w.s.Has(ctx, id)
	if err != nil {
		return id, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return id, errClosed
	}
	if _, ok := w.m[id]; !ok && !known {
		w.m[id] = bytes.Clone(b)
	}
	return id, nil
}

func (w *writer) Get(ctx context.Context, id object.ID) ([]byte, error) {
	w.mu.Lock()
	b, ok := w.m[id]
	w.mu.Unlock()
	if ok {
		return b, ctx.Err()
	}
	return w.s.Get(ctx, id)
}

func (w *writer) Has(ctx context.Context, id object.ID) (bool, error) {
	w.mu.Lock()
	_, ok := w.m[id]
	w.mu.Unlock()
	if ok {
		return true, ctx.Err()
	}
	return w.s.Has(ctx, id)
}

func (w *writer) Publish(ctx context.Context) (store.Stats, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return store.Stats{}, errClosed
	}
	if err := ctx.Err(); err != nil {
		return store.Stats{}, err
	}
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	var stats store.Stats
	for id, b := range w.m {
		if _, ok := w.s.m[id]; ok {
			continue
		}
		w.s.m[id] = b
		stats.Objects++
		stats.RawBytes += int64(len(b))
	}
	stats.DiskSize = stats.RawBytes
	w.m, w.done = nil, true
	return stats, nil
}

func (w *writer) Discard() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.m, w.done = nil, true
	return nil
}
