// Package storetest is the suite that every object store passes: what a Reader,
// a Writer and a Store promise in package store, as tests. It also has Faulty,
// which makes any store fail on demand, for tests of what stands on one. Start
// reading at Run.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// Run runs the suite. open returns a new empty store each time, which the suite
// closes.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, tc := range []struct {
		name string
		run  func(*testing.T, store.Store)
	}{
		{"RoundTrip", roundTrip},
		{"SizesAndStreams", sizesAndStreams},
		{"NotFound", missing},
		{"NothingBeforePublish", invisible},
		{"Discard", discard},
		{"AfterPublish", afterPublish},
		{"SameObjectTwice", sameTwice},
		{"EmptyPublish", emptyPublish},
		{"Bases", bases},
		{"PutDoesNotKeep", putDoesNotKeep},
		{"ConcurrentPut", concurrentPut},
		{"ReadersBesideWriter", readersBesideWriter},
		{"ManyPublications", manyPublications},
		{"Canceled", canceled},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := open(t)
			tc.run(t, s)
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
}

func writer(t *testing.T, s store.Store) store.Writer {
	t.Helper()
	w, err := s.NewWriter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func put(t *testing.T, w store.Writer, b []byte, h store.Hint) object.ID {
	t.Helper()
	id, err := w.Put(t.Context(), b, h)
	if err != nil {
		t.Fatal(err)
	}
	if id != object.Sum(b) {
		t.Fatalf("put returned %s for %s", id, object.Sum(b))
	}
	return id
}

func publish(t *testing.T, w store.Writer) store.Stats {
	t.Helper()
	stats, err := w.Publish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return stats
}

func expect(t *testing.T, r store.Reader, want []byte) {
	t.Helper()
	id := object.Sum(want)
	got, err := r.Get(t.Context(), id)
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("get %s: %d bytes that differ from the %d that were put", id.Short(), len(got), len(want))
	}
	if ok, err := r.Has(t.Context(), id); err != nil || !ok {
		t.Fatalf("has %s: %v, %v", id.Short(), ok, err)
	}
}

func absent(t *testing.T, r store.Reader, b []byte) {
	t.Helper()
	id := object.Sum(b)
	if got, err := r.Get(t.Context(), id); !errors.Is(err, object.ErrNotFound) {
		t.Fatalf("get of an absent object: %d bytes, %v", len(got), err)
	}
	if ok, err := r.Has(t.Context(), id); err != nil || ok {
		t.Fatalf("has of an absent object: %v, %v", ok, err)
	}
}

// page returns the n-th of endless different compressible objects.
func page(n int) []byte {
	b := []byte{byte(object.KindPage), object.Version}
	for i := range 60 + n%50 {
		b = fmt.Appendf(b, "row %d of page %d; ", i, n)
	}
	return b
}

// noise returns n incompressible bytes.
func noise(seed uint64, n int) []byte {
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(n), byte(n >> 8), byte(n >> 16)})
	b := make([]byte, n)
	r.Read(b)
	return b
}

func roundTrip(t *testing.T, s store.Store) {
	w := writer(t, s)
	for i := range 200 {
		put(t, w, page(i), store.Hint{Stream: "page/a"})
	}
	for i := range 200 {
		expect(t, w, page(i))
	}
	stats := publish(t, w)
	raw := 0
	for i := range 200 {
		expect(t, s, page(i))
		raw += len(page(i))
	}
	if stats.Objects != 200 || stats.RawBytes != int64(raw) || stats.DiskSize <= 0 {
		t.Errorf("stats %+v, want 200 objects of %d bytes", stats, raw)
	}
}

func sizesAndStreams(t *testing.T, s store.Store) {
	w := writer(t, s)
	var all [][]byte
	for i, n := range []int{0, 1, 2, 100, 32<<10 - 1, 32 << 10, 32<<10 + 1, 128<<10 - 1, 128 << 10, 128<<10 + 1, 1 << 20, 3 << 20} {
		for j, stream := range []string{"", "meta", "meta/node", "blob/raw", "page/x"} {
			b := noise(uint64(i*10+j), n)
			if j%2 == 0 {
				b = bytes.Repeat([]byte{byte(i), byte(j), 7}, n/3)
			}
			put(t, w, b, store.Hint{Stream: stream})
			all = append(all, b)
		}
	}
	for _, b := range all {
		expect(t, w, b)
	}
	publish(t, w)
	for _, b := range all {
		expect(t, s, b)
	}
}

func missing(t *testing.T, s store.Store) {
	absent(t, s, page(1))
	w := writer(t, s)
	absent(t, w, page(1))
	put(t, w, page(2), store.Hint{})
	publish(t, w)
	absent(t, s, page(1))
	if _, err := s.Get(t.Context(), object.ID{}); !errors.Is(err, object.ErrNotFound) {
		t.Errorf("get of the zero id: %v", err)
	}
}

func invisible(t *testing.T, s store.Store) {
	w := writer(t, s)
	put(t, w, page(1), store.Hint{})
	expect(t, w, page(1))
	absent(t, s, page(1))
	publish(t, w)
	expect(t, s, page(1))
}

func discard(t *testing.T, s store.Store) {
	w := writer(t, s)
	put(t, w, page(1), store.Hint{})
	put(t, w, noise(1, 4<<20), store.Hint{})
	if err := w.Discard(); err != nil {
		t.Fatal(err)
	}
	absent(t, s, page(1))
	if _, err := w.Put(t.Context(), page(2), store.Hint{}); err == nil {
		t.Error("put after discard succeeded")
	}
	if _, err := w.Publish(t.Context()); err == nil {
		t.Error("publish after discard succeeded")
	}
	if err := w.Discard(); err != nil {
		t.Errorf("second discard: %v", err)
	}
}

func afterPublish(t *testing.T, s store.Store) {
	w := writer(t, s)
	put(t, w, page(1), store.Hint{})
	publish(t, w)
	if err := w.Discard(); err != nil {
		t.Errorf("discard after publish: %v", err)
	}
	expect(t, s, page(1))
	expect(t, w, page(1))
	if _, err := w.Put(t.Context(), page(2), store.Hint{}); err == nil {
		t.Error("put after publish succeeded")
	}
}

func sameTwice(t *testing.T, s store.Store) {
	w := writer(t, s)
	put(t, w, page(1), store.Hint{})
	put(t, w, page(1), store.Hint{Stream: "other"})
	if stats := publish(t, w); stats.Objects != 1 {
		t.Errorf("%d objects, want 1", stats.Objects)
	}
	w = writer(t, s)
	put(t, w, page(1), store.Hint{})
	put(t, w, page(2), store.Hint{})
	if stats := publish(t, w); stats.Objects != 1 || stats.RawBytes != int64(len(page(2))) {
		t.Errorf("stats %+v, want 1 object of %d bytes", stats, len(page(2)))
	}
	expect(t, s, page(1))
	expect(t, s, page(2))
}

func emptyPublish(t *testing.T, s store.Store) {
	if stats := publish(t, writer(t, s)); stats != (store.Stats{}) {
		t.Errorf("stats %+v of nothing", stats)
	}
}

// bases puts long chains of edited objects, with every kind of base.
func bases(t *testing.T, s store.Store) {
	r := rand.New(rand.NewPCG(5, 6))
	cur := noise(9, 20_000)
	var all [][]byte
	base := object.Sum(noise(10, 50)) // nobody has this one
	for round := range 6 {
		w := writer(t, s)
		for range 5 {
			put(t, w, cur, store.Hint{Stream: "page/d", Base: base})
			all = append(all, cur)
			base = object.Sum(cur)
			cur = edit(r, cur)
		}
		for _, b := range all {
			expect(t, w, b)
		}
		if round == 2 {
			put(t, w, []byte("short"), store.Hint{Base: base})
			put(t, w, noise(11, 20_000), store.Hint{Base: object.Sum(all[0])})
			put(t, w, all[3], store.Hint{Base: object.Sum(all[3])}) // itself
			all = append(all, []byte("short"), noise(11, 20_000))
		}
		publish(t, w)
		for _, b := range all {
			expect(t, s, b)
		}
	}
}

// edit changes, inserts and cuts a few bytes.
func edit(r *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	for range 1 + r.IntN(3) {
		at := r.IntN(len(b) - 40)
		switch r.IntN(3) {
		case 0:
			b[at] ^= 0x55
		case 1:
			b = append(b[:at:at], append([]byte("an inserted cell"), b[at:]...)...)
		case 2:
			b = append(b[:at:at], b[at+20:]...)
		}
	}
	return b
}

func putDoesNotKeep(t *testing.T, s store.Store) {
	w := writer(t, s)
	b := bytes.Clone(page(1))
	put(t, w, b, store.Hint{})
	clear(b)
	expect(t, w, page(1))
	publish(t, w)
	expect(t, s, page(1))
}

func concurrentPut(t *testing.T, s store.Store) {
	w := writer(t, s)
	const workers, each = 8, 150
	var wg sync.WaitGroup
	for g := range workers {
		wg.Go(func() {
			for i := range each {
				n := (g*each + i) / 2 // each object comes twice
				if _, err := w.Put(context.Background(), page(n), store.Hint{Stream: fmt.Sprint("s", n%3)}); err != nil {
					t.Error(err)
					return
				}
				if b, err := w.Get(context.Background(), object.Sum(page(n))); err != nil || !bytes.Equal(b, page(n)) {
					t.Errorf("get back %d: %v", n, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if stats := publish(t, w); stats.Objects != workers*each/2 {
		t.Errorf("%d objects, want %d", stats.Objects, workers*each/2)
	}
	for n := range workers * each / 2 {
		expect(t, s, page(n))
	}
}

// readersBesideWriter reads while segments are published; a reader sees all of
// a publication or nothing of it.
func readersBesideWriter(t *testing.T, s store.Store) {
	const rounds, each = 12, 20
	done := make(chan struct{})
	var wg sync.WaitGroup
	defer func() {
		close(done)
		wg.Wait()
	}()
	for range 3 {
		wg.Go(func() {
			for {
				for round := range rounds {
					last, err := s.Has(context.Background(), object.Sum(page(round*each+each-1)))
					if err != nil {
						t.Error(err)
						return
					}
					for i := 0; last && i < each; i += 7 {
						b, err := s.Get(context.Background(), object.Sum(page(round*each+i)))
						if err != nil || !bytes.Equal(b, page(round*each+i)) {
							t.Errorf("round %d object %d: %v", round, i, err)
							return
						}
					}
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for round := range rounds {
		w := writer(t, s)
		for i := range each {
			put(t, w, page(round*each+i), store.Hint{Stream: "p"})
		}
		publish(t, w)
	}
}

func manyPublications(t *testing.T, s store.Store) {
	for i := range 40 {
		w := writer(t, s)
		put(t, w, page(2*i), store.Hint{Stream: "p"})
		put(t, w, page(2*i+1), store.Hint{Stream: "meta", Base: object.Sum(page(2*i - 1))})
		publish(t, w)
	}
	for i := range 80 {
		expect(t, s, page(i))
	}
}

func canceled(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	w := writer(t, s)
	put(t, w, page(1), store.Hint{})
	cancel()
	if _, err := w.Put(ctx, page(2), store.Hint{}); !errors.Is(err, context.Canceled) {
		t.Errorf("put: %v", err)
	}
	if _, err := w.Publish(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("publish: %v", err)
	}
	if err := w.Discard(); err != nil {
		t.Error(err)
	}
	absent(t, s, page(1))
}
