package storetest

import (
	"context"
	"sync"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// Faulty is a store whose n-th operation fails. Operations are Get, Has, Put,
// NewWriter and Publish, of the store and of its writers alike; they count from
// 1. It serves the n-th-fault loop: run the work with N = 1, 2, 3, ... until
// Count stays below N.
type Faulty struct {
	store.Store
	N    int   // 0 means none
	From bool  // those after it fail as well
	Err  error // what they return

	mu    sync.Mutex
	count int
}

// Count returns how many operations were tried.
func (f *Faulty) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

func (f *Faulty) hit() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	if f.N > 0 && (f.count == f.N || (f.From && f.count > f.N)) {
		return f.Err
	}
	return nil
}

// Get implements store.Reader.
func (f *Faulty) Get(ctx context.Context, id object.ID) ([]byte, error) {
	if err := f.hit(); err != nil {
		return nil, err
	}
	return f.Store.Get(ctx, id)
}

// Has implements store.Reader.
func (f *Faulty) Has(ctx context.Context, id object.ID) (bool, error) {
	if err := f.hit(); err != nil {
		return false, err
	}
	return f.Store.Has(ctx, id)
}

// NewWriter implements store.Store.
func (f *Faulty) NewWriter(ctx context.Context) (store.Writer, error) {
	if err := f.hit(); err != nil {
		return nil, err
	}
	w, err := f.Store.NewWriter(ctx)
	if err != nil {
		return nil, err
	}
	return &faultyWriter{Writer: w, f: f}, nil
}

type faultyWriter struct {
	store.Writer
	f *Faulty
}

func (w *faultyWriter) Get(ctx context.Context, id object.ID) ([]byte, error) {
	if err := w.f.hit(); err != nil {
		return nil, err
	}
	return w.Writer.Get(ctx, id)
}

func (w *faultyWriter) Has(ctx context.Context, id object.ID) (bool, error) {
	if err := w.f.hit(); err != nil {
		return false, err
	}
	return w.Writer.Has(ctx, id)
}

func (w *faultyWriter) Put(ctx context.Context, b []byte, h store.Hint) (object.ID, error) {
	if err := w.f.hit(); err != nil {
		return object.ID{}, err
	}
	return w.Writer.Put(ctx, b, h)
}

func (w *faultyWriter) Publish(ctx context.Context) (store.Stats, error) {
	if err := w.f.hit(); err != nil {
		return store.Stats{}, err
	}
	return w.Writer.Publish(ctx)
}
