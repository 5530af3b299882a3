package segment_test

import (
	"bytes"
	stdcontext "context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/fault"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/segment"
	"github.com/strata-data/strata/internal/vfs"
)

// forever is a time behind all others.
const forever = 1<<63 - 1

// sweep removes everything that keep does not want.
func sweep(t *testing.T, s *segment.Store, keep func(object.ID) bool) error {
	t.Helper()
	_, err := s.Sweep(t.Context(), segment.SweepOptions{Keep: keep, Before: forever})
	return err
}

// at is a clock that stands.
func at(seconds int64) func() time.Time { return func() time.Time { return time.Unix(seconds, 0) } }

// history is versions of a few pages, published one after the other at the
// seconds 1, 2, 3 and so on, each a delta to the one before.
type history struct {
	dir   string
	all   [][]byte
	born  map[object.ID]int64
	order []segment.Ordered // newest first, families together
}

func newHistory(t testing.TB, pages, versions int, o segment.Options) *history {
	t.Helper()
	h := &history{dir: create(t), born: map[object.ID]int64{}}
	var all [][][]byte
	for p := range pages {
		all = append(all, edits(uint64(p+1), versions))
	}
	for v := range versions {
		o.Now = at(int64(v + 1))
		s := open(h.dir, o)
		w, err := s.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for p := range pages {
			hint := store.Hint{Stream: "page/a"}
			if p%3 == 0 {
				hint.Stream = "meta/b"
			}
			if v > 0 {
				hint.Base = object.Sum(all[p][v-1])
			}
			id, err := w.Put(t.Context(), all[p][v], hint)
			if err != nil {
				t.Fatal(err)
			}
			h.all = append(h.all, all[p][v])
			h.born[id] = int64(v + 1)
		}
		if _, err := w.Publish(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for p := range pages {
		for v := versions - 1; v >= 0; v-- {
			h.order = append(h.order, segment.Ordered{ID: object.Sum(all[p][v]), Like: v < versions-1})
		}
	}
	return h
}

// clone returns the history in another directory.
func (h *history) clone(t testing.TB) *history {
	t.Helper()
	c := *h
	c.dir = filepath.Join(t.TempDir(), "clone")
	if err := os.CopyFS(c.dir, os.DirFS(h.dir)); err != nil {
		t.Fatal(err)
	}
	return &c
}

// check says which objects are there, after comparing each with what it was, and
// that nothing else is wrong.
func (h *history) check(t testing.TB) map[object.ID]bool {
	t.Helper()
	s := open(h.dir, segment.Options{})
	defer s.Close()
	there := map[object.ID]bool{}
	for _, b := range h.all {
		id := object.Sum(b)
		got, err := s.Get(t.Context(), id)
		switch {
		case err == nil && bytes.Equal(got, b):
			there[id] = true
		case !errors.Is(err, object.ErrNotFound):
			t.Fatalf("object of time %d: %v", h.born[id], err)
		}
	}
	for err := range s.Check(t.Context()) {
		t.Fatal(err)
	}
	return there
}

// ordered yields the part of the order that keep wants.
func (h *history) ordered(keep func(object.ID) bool) iter.Seq[segment.Ordered] {
	return func(yield func(segment.Ordered) bool) {
		for _, o := range h.order {
			if keep(o.ID) && !yield(o) {
				return
			}
		}
	}
}

// TestSweepKeeps: whatever is to be kept is there afterwards, and what is young;
// of the rest only what was not worth it, and with an order nothing.
func TestSweepKeeps(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		pages, versions := rapid.IntRange(1, 6).Draw(r, "pages"), rapid.IntRange(1, 14).Draw(r, "versions")
		o := segment.Options{NoMerge: rapid.Bool().Draw(r, "apart"), Workers: 2}
		h := newHistory(t, pages, versions, o)
		defer os.RemoveAll(h.dir)
		seed := rapid.Uint64().Draw(r, "kept")
		part := rapid.IntRange(0, 10).Draw(r, "of ten")
		keep := func(id object.ID) bool {
			return rand.New(rand.NewPCG(seed, uint64(id[0])<<8|uint64(id[1]))).IntN(10) < part
		}
		before := int64(rapid.IntRange(0, versions+2).Draw(r, "before"))
		if before > int64(versions) {
			before = forever
		}
		s := open(h.dir, segment.Options{Now: at(100)})
		infos, err := s.Segments(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		so := segment.SweepOptions{Keep: keep, Before: before}
		if rapid.Bool().Draw(r, "pack") {
			so.Order = h.ordered(keep)
		}
		so.DryRun = true
		said, err := s.Sweep(t.Context(), so)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := s.Segments(t.Context()); err != nil || !slices.Equal(again, infos) {
			t.Fatalf("a dry run changed the catalogue: %v", err)
		}
		so.DryRun = false
		res, err := s.Sweep(t.Context(), so)
		if err != nil {
			t.Fatal(err)
		}
		if res.Kept != said.Kept || res.Removed != said.Removed || res.Young != said.Young || res.Left != said.Left {
			t.Fatalf("said %+v, did %+v", said, res)
		}
		size := int64(0)
		now, err := s.Segments(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		youngest := int64(0)
		for _, i := range now {
			size += i.Size
			youngest = max(youngest, i.Written)
		}
		if size != res.After || len(now) != res.Segments || len(segmentFiles(t, h.dir)) != len(now) {
			t.Fatalf("%d segments of %d bytes in %d files, want %+v", len(now), size, len(segmentFiles(t, h.dir)), res)
		}
		if youngest > int64(versions) {
			t.Fatalf("a segment got the time %d", youngest)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d pages, %d versions, %+v, kept %d of ten by %d, before %d, packed %v", pages, versions, o, part, seed, before, so.Order != nil)
		there := h.check(t)
		gone := int64(0)
		for _, b := range h.all {
			id := object.Sum(b)
			switch {
			case there[id]:
			case keep(id):
				t.Fatalf("an object of time %d is gone", h.born[id])
			case h.born[id] >= before && before != forever:
				t.Fatalf("garbage of time %d is gone, though it came at %d or later", h.born[id], before)
			default:
				gone++
			}
		}
		kept := int64(len(h.all)) - gone
		switch {
		case so.Order != nil && (kept != res.Kept.Objects+res.Young.Objects || gone != res.Removed.Objects):
			t.Fatalf("%d objects are there and %d gone, want %+v", kept, gone, res)
		case gone > res.Removed.Objects || kept < res.Kept.Objects+res.Young.Objects+res.Left.Objects:
			t.Fatalf("%d objects are there and %d gone, want %+v", kept, gone, res)
		}
	})
}

// TestSweepPacks: versions that lie beside each other take less room than apart,
// and so again.
func TestSweepPacks(t *testing.T) {
	h := newHistory(t, 9, 40, segment.Options{})
	s := open(h.dir, segment.Options{})
	defer s.Close()
	all := func(object.ID) bool { return true }
	so := segment.SweepOptions{Keep: all, Before: forever, Order: h.ordered(all)}
	res, err := s.Sweep(t.Context(), so)
	if err != nil {
		t.Fatal(err)
	}
	if res.After*3 > res.Before*2 || res.Segments != 2 {
		t.Errorf("%d bytes before, %d after, in %d segments", res.Before, res.After, res.Segments)
	}
	if n := len(h.check(t)); n != len(h.all) {
		t.Errorf("%d of %d objects are there", n, len(h.all))
	}
	again, err := s.Sweep(t.Context(), so)
	if err != nil || again.After != res.After || again.Segments != 2 {
		t.Errorf("packing again made %+v of %+v: %v", again, res, err)
	}
	if n := len(h.check(t)); n != len(h.all) {
		t.Errorf("%d of %d objects are there", n, len(h.all))
	}
	// What comes then is a delta to the newest, which is whole.
	fill(t, s, store.Hint{Stream: "page/a", Base: h.order[0].ID}, []byte("P\x01 something else"))
}

// TestSweepDates: segments of unknown age are young at first and get the present
// time; those made of others take the time of the youngest.
func TestSweepDates(t *testing.T) {
	dir := create(t)
	s := open(dir, segment.Options{NoMerge: true})
	fill(t, s, store.Hint{}, []byte("of unknown age"))
	s.Close()
	none := func(object.ID) bool { return false }
	for _, step := range []struct {
		now, before int64
		removed     int64
	}{{1000, 900, 0}, {2000, 900, 0}, {2000, 1000, 0}, {2000, 1001, 1}} {
		s := open(dir, segment.Options{Now: at(step.now)})
		res, err := s.Sweep(t.Context(), segment.SweepOptions{Keep: none, Before: step.before})
		if err != nil || res.Removed.Objects != step.removed {
			t.Errorf("at %d before %d: %+v, %v", step.now, step.before, res, err)
		}
		s.Close()
	}
	for i := range 4 { // the fourth publication merges
		s := open(dir, segment.Options{Now: at(int64(100 + i))})
		fill(t, s, store.Hint{}, fmt.Appendf(nil, "object %d", i))
		s.Close()
	}
	s = open(dir, segment.Options{})
	defer s.Close()
	infos, err := s.Segments(t.Context())
	if err != nil || len(infos) != 1 || infos[0].Written != 103 {
		t.Errorf("catalogue %+v, %v", infos, err)
	}
}

// halves keeps about half of all objects.
func halves(id object.ID) bool { return id[3]%2 == 0 }

// sweepFaults sweeps a history in which something fails, then again without, and
// checks that nothing was lost and nothing is left over.
func sweepFaults(t *testing.T, h *history, pack bool, first func(h *history, so segment.SweepOptions) error) {
	t.Helper()
	h = h.clone(t)
	defer os.RemoveAll(h.dir)
	so := segment.SweepOptions{Keep: halves, Before: forever}
	if pack {
		so.Order = h.ordered(halves)
	}
	ferr := first(h, so)
	there := h.check(t)
	for _, b := range h.all {
		if id := object.Sum(b); halves(id) && !there[id] {
			t.Fatalf("an object of time %d is gone after %v", h.born[id], ferr)
		}
	}
	s := open(h.dir, segment.Options{})
	defer s.Close()
	if _, err := s.CleanTemp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sweep(t.Context(), so); err != nil {
		t.Fatal(err)
	}
	there = h.check(t)
	for _, b := range h.all {
		if id := object.Sum(b); halves(id) != there[id] {
			t.Fatalf("an object of time %d: kept %v, is there %v", h.born[id], halves(id), there[id])
		}
	}
	infos, err := s.Segments(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(h.dir, "objects"))
	if err != nil || len(entries) != len(infos) {
		t.Errorf("%d files for %d segments: %v", len(entries), len(infos), err)
	}
}

// TestSweepEveryFault fails the n-th file operation of sweeping, once and from
// then on, for every n.
func TestSweepEveryFault(t *testing.T) {
	h := newHistory(t, 4, 6, segment.Options{NoMerge: true})
	for _, pack := range []bool{false, true} {
		for _, from := range []bool{false, true} {
			for n, done := 1, false; !done; n++ {
				sweepFaults(t, h, pack, func(h *history, so segment.SweepOptions) error {
					faulty := vfs.NewFaulty(vfs.OS{}, vfs.Rule{Ops: vfs.OpAll, N: n, From: from, Err: syscall.ENOSPC, Short: true})
					s := open(h.dir, segment.Options{FS: faulty, Workers: 1})
					defer s.Close()
					_, err := s.Sweep(t.Context(), so)
					if done = faulty.Count() < n; done && err != nil {
						t.Fatalf("no fault, but %v", err)
					}
					if done && n < 10 {
						t.Errorf("only %d operations", n)
					}
					return err
				})
			}
		}
	}
}

// TestSweepKilled kills the process that sweeps, or fails it, at each point.
func TestSweepKilled(t *testing.T) {
	h := newHistory(t, 4, 6, segment.Options{NoMerge: true})
	points := []string{fault.GCBeforePublish, fault.GCAfterPublish, fault.GCBeforeDelete, fault.MetaBeforeCommit, fault.MetaAfterCommit,
		fault.SegmentBeforeSync, fault.SegmentBeforeRename, fault.SegmentAfterRename}
	for _, pack := range []bool{false, true} {
		for _, point := range points {
			for _, action := range []string{"kill", "error"} {
				t.Run(fmt.Sprintf("%s=%s,pack=%v", point, action, pack), func(t *testing.T) {
					sweepFaults(t, h, pack, func(h *history, _ segment.SweepOptions) error {
						cmd := run(t, point+"="+action, "sweep", h.dir, pack)
						cmd.Stderr = nil
						err := cmd.Run()
						if err == nil {
							t.Error("nothing happened at the point")
						}
						return err
					})
				})
			}
		}
	}
}

// sweepChild is the job "sweep|DIR|PACK" of another process.
func sweepChild(dir string, pack bool) error {
	s := open(dir, segment.Options{})
	defer s.Close()
	so := segment.SweepOptions{Keep: halves, Before: forever}
	if pack {
		so.Order = func(yield func(segment.Ordered) bool) {
			for id, err := range s.Objects(context()) {
				if err != nil || halves(id) && !yield(segment.Ordered{ID: id, Like: true}) {
					return
				}
			}
		}
	}
	_, err := s.Sweep(context(), so)
	return err
}

// TestSweepCanceled stops in the middle.
func TestSweepCanceled(t *testing.T) {
	h := newHistory(t, 4, 6, segment.Options{NoMerge: true})
	for _, pack := range []bool{false, true} {
		sweepFaults(t, h, pack, func(h *history, so segment.SweepOptions) error {
			ctx, cancel := stdcontext.WithCancel(t.Context())
			n := 0
			so.Keep = func(id object.ID) bool {
				if n++; n > len(h.all)+3 {
					cancel()
				}
				return halves(id)
			}
			s := open(h.dir, segment.Options{})
			defer s.Close()
			_, err := s.Sweep(ctx, so)
			if !errors.Is(err, stdcontext.Canceled) {
				t.Errorf("err = %v", err)
			}
			return err
		})
	}
}

// TestSweepBesideReaders: readers of this and of other stores never miss what is
// kept, while segments come and go, and a walk over all objects goes on.
func TestSweepBesideReaders(t *testing.T) {
	h := newHistory(t, 4, 5, segment.Options{NoMerge: true})
	var kept [][]byte
	for _, b := range h.all {
		if halves(object.Sum(b)) {
			kept = append(kept, b)
		}
	}
	writer := open(h.dir, segment.Options{})
	defer writer.Close()
	reader := open(h.dir, segment.Options{CacheBytes: 1})
	defer reader.Close()
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for k, s := range []*segment.Store{writer, reader, nil} {
		readers.Go(func() {
			for i := k; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				from := s
				if from == nil { // one that has just come
					from = open(h.dir, segment.Options{})
				}
				b := kept[i%len(kept)]
				if got, err := from.Get(t.Context(), object.Sum(b)); err != nil || !bytes.Equal(got, b) {
					t.Errorf("reader %d: %v", k, err)
				}
				if s == nil {
					from.Close()
				}
			}
		})
	}
	walk, end := iter.Pull2(reader.Objects(t.Context()))
	defer end()
	walked := 0
	if _, err, ok := walk(); err != nil || !ok {
		t.Fatal(err)
	}
	for round := range 20 {
		fill(t, writer, store.Hint{Stream: "page/a"}, fmt.Appendf(nil, "P\x01garbage of round %d", round))
		so := segment.SweepOptions{Keep: halves, Before: forever}
		if round%3 == 2 {
			so.Order = h.ordered(halves)
		}
		if _, err := writer.Sweep(t.Context(), so); err != nil {
			t.Fatal(err)
		}
		if _, err, ok := walk(); ok {
			walked++
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	close(stop)
	readers.Wait()
	if walked < 10 {
		t.Errorf("the walk ended after %d objects", walked)
	}
}

// TestCopies: the shares of all objects make up the files.
func TestCopies(t *testing.T) {
	h := newHistory(t, 5, 20, segment.Options{})
	s := open(h.dir, segment.Options{})
	defer s.Close()
	var sum, n int64
	var last object.ID
	for c, err := range s.Copies(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Compare(last[:], c.ID[:]) >= 0 || c.N != 1 || c.Bytes <= 0 {
			t.Errorf("%+v behind %s", c, last)
		}
		last = c.ID
		sum += c.Bytes
		n++
	}
	infos, err := s.Segments(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	size := int64(0)
	for _, i := range infos {
		size += i.Size
	}
	if got := sum / segment.BytesUnit; n != int64(len(h.all)) || got > size || got < size-size/50 {
		t.Errorf("%d objects of %d bytes, the files have %d", n, got, size)
	}
}
