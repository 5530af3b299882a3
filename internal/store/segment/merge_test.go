package segment_test

import (
	"bytes"
	stdcontext "context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/meta"
	"github.com/strata-data/strata/internal/store/segment"
)

func context() stdcontext.Context { return stdcontext.Background() }

// edits returns versions of a page of text, each a small edit of the one before.
func edits(seed uint64, n int) [][]byte {
	r := rand.New(rand.NewPCG(seed, 1))
	cur := textPages(1, 6<<10)[0]
	copy(cur[2:], fmt.Sprintf("%08d", seed))
	var all [][]byte
	for range n {
		all = append(all, cur)
		cur = bytes.Clone(cur)
		copy(cur[10+r.IntN(6000):], fmt.Sprintf("edit%05d", len(all)))
	}
	return all
}

// TestMerge publishes many small segments of pages and deltas and checks that
// few remain, that all is readable, and that it takes less room than before.
func TestMerge(t *testing.T) {
	dir := create(t)
	versions := [][][]byte{edits(1, 60), edits(2, 60), edits(3, 60)}
	var all [][]byte
	publish := func(o segment.Options) (size int64, n int) {
		dir = create(t)
		s := open(dir, o)
		defer s.Close()
		for v := range 60 {
			w, err := s.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for p, page := range versions {
				h := store.Hint{Stream: fmt.Sprint("page/", p)}
				if v > 0 {
					h.Base = object.Sum(page[v-1])
				}
				if _, err := w.Put(t.Context(), page[v], h); err != nil {
					t.Fatal(err)
				}
				all = append(all, page[v])
			}
			if _, err := w.Publish(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		infos, err := s.Segments(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var objects, raw int64
		for _, i := range infos {
			size += i.Size
			objects += i.Objects
			raw += i.RawBytes
		}
		if objects != 180 || raw != 180*6<<10 {
			t.Errorf("catalogue of %d objects with %d bytes, want 180 with %d", objects, raw, 180*6<<10)
		}
		if got := len(segmentFiles(t, dir)); got != len(infos) {
			t.Errorf("%d files for %d segments", got, len(infos))
		}
		for err := range s.Check(t.Context()) {
			t.Error(err)
		}
		return size, len(infos)
	}
	apart, n := publish(segment.Options{NoMerge: true})
	if n != 60 {
		t.Errorf("%d segments without merging, want 60", n)
	}
	merged, n := publish(segment.Options{})
	if n > 8 {
		t.Errorf("%d segments", n)
	}
	if merged*3 > apart {
		t.Errorf("merged %d bytes, apart %d", merged, apart)
	}
	if right, corrupt := readAll(t, dir, "merged", all); right != len(all) {
		t.Errorf("%d of %d right, %d corrupt", right, len(all), corrupt)
	}
}

// TestReaderOutlivesMerge reads through a store that was opened before another
// one merged its files away.
func TestReaderOutlivesMerge(t *testing.T) {
	dir := create(t)
	writer := open(dir, segment.Options{NoMerge: true})
	defer writer.Close()
	pages := textPages(30, 2000)
	for _, p := range pages {
		fill(t, writer, store.Hint{}, p)
	}
	reader := open(dir, segment.Options{CacheBytes: 1})
	defer reader.Close()
	if _, err := reader.Get(t.Context(), object.Sum(pages[0])); err != nil {
		t.Fatal(err)
	}
	if err := writer.MergeAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(segmentFiles(t, dir)); n != 1 {
		t.Fatalf("%d files after merging", n)
	}
	fill(t, writer, store.Hint{}, []byte("new"))
	for _, p := range append(pages, []byte("new")) {
		if b, err := reader.Get(t.Context(), object.Sum(p)); err != nil || !bytes.Equal(b, p) {
			t.Fatal(err)
		}
	}
}

// TestSweepDrops keeps some versions of pages whose deltas hang together.
func TestSweepDrops(t *testing.T) {
	dir := create(t)
	s := open(dir, segment.Options{})
	defer s.Close()
	versions := edits(4, 30)
	for v, b := range versions {
		h := store.Hint{Stream: "page/a"}
		if v > 0 {
			h.Base = object.Sum(versions[v-1])
		}
		fill(t, s, h, b)
	}
	keep := map[object.ID]bool{}
	for v := 3; v < 30; v += 3 {
		keep[object.Sum(versions[v])] = true
	}
	if err := sweep(t, s, func(id object.ID) bool { return keep[id] }); err != nil {
		t.Fatal(err)
	}
	for v, b := range versions {
		got, err := s.Get(t.Context(), object.Sum(b))
		if keep[object.Sum(b)] {
			if err != nil || !bytes.Equal(got, b) {
				t.Errorf("version %d was to be kept: %v", v, err)
			}
		} else if !errors.Is(err, object.ErrNotFound) {
			t.Errorf("version %d was to be dropped: %v", v, err)
		}
	}
	for err := range s.Check(t.Context()) {
		t.Error(err)
	}
	infos, err := s.Segments(t.Context())
	if err != nil || len(infos) != 1 || infos[0].Objects != 9 || infos[0].RawBytes != 9*6<<10 {
		t.Errorf("catalogue %+v, %v", infos, err)
	}
	// Again, with nothing to drop: the file stays as it is.
	if err := s.MergeAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := s.Segments(t.Context())
	if diff := cmp.Diff(infos, again); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if err := sweep(t, s, func(object.ID) bool { return false }); err != nil {
		t.Fatal(err)
	}
	if n := len(segmentFiles(t, dir)); n != 0 {
		t.Errorf("%d files after dropping everything", n)
	}
}

// TestSameBytes: the same puts make the same file, for any number of workers;
// the same objects in another order make one of the same name.
func TestSameBytes(t *testing.T) {
	pages := textPages(600, 3<<10)
	versions := edits(5, 10)
	build := func(workers int, reverse bool) (string, []byte) {
		dir := create(t)
		s := open(dir, segment.Options{Workers: workers})
		defer s.Close()
		w, err := s.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range pages {
			p := pages[i]
			if reverse {
				p = pages[len(pages)-1-i]
			}
			h := store.Hint{Stream: fmt.Sprint("s", p[5]%5)}
			if _, err := w.Put(t.Context(), p, h); err != nil {
				t.Fatal(err)
			}
		}
		for i, b := range versions {
			h := store.Hint{Stream: "meta"}
			if i > 0 {
				h.Base = object.Sum(versions[i-1])
			}
			if _, err := w.Put(t.Context(), b, h); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Publish(t.Context()); err != nil {
			t.Fatal(err)
		}
		path := segmentFiles(t, dir)[0]
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Base(path), b
	}
	name, b := build(1, false)
	for _, workers := range []int{1, 2, 7} {
		n, again := build(workers, false)
		if n != name || !bytes.Equal(b, again) {
			t.Errorf("%d workers: %s of %d bytes, want %s of %d", workers, n, len(again), name, len(b))
		}
	}
	if n, _ := build(3, true); n != name {
		t.Errorf("in another order the name is %s, want %s", n, name)
	}
}

// TestPublishWith: the hook's writes and the segment become visible together,
// and its error undoes both.
func TestPublishWith(t *testing.T) {
	dir := create(t)
	s := open(dir, segment.Options{})
	defer s.Close()
	stop := errors.New("stop")
	w, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Put(t.Context(), numbered(1), store.Hint{}); err != nil {
		t.Fatal(err)
	}
	_, err = w.PublishWith(t.Context(), func(tx meta.Tx) error {
		if err := tx.Put("test", []byte("k"), nil); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatalf("err = %v", err)
	}
	if err := w.Discard(); err != nil {
		t.Fatal(err)
	}
	if ok, err := s.Has(t.Context(), object.Sum(numbered(1))); ok || err != nil {
		t.Errorf("has = %v, %v", ok, err)
	}
	names, err := s.CleanTemp(t.Context())
	if err != nil || len(names) != 1 || len(segmentFiles(t, dir)) != 0 {
		t.Errorf("cleaned %v, %v", names, err)
	}
	// Without objects only the hook's writes happen.
	if w, err = s.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	ran := false
	if _, err := w.PublishWith(t.Context(), func(meta.Tx) error { ran = true; return nil }); err != nil || !ran {
		t.Errorf("hook of nothing: %v, %v", ran, err)
	}
}

// TestIncompressible: what zstd does not help is stored as it is.
func TestIncompressible(t *testing.T) {
	for _, stream := range []string{"blob/raw", "page/x"} {
		s := open(create(t), segment.Options{})
		stats := fill(t, s, store.Hint{Stream: stream}, noisePages(300, 7<<10)...)
		s.Close()
		if over := float64(stats.DiskSize) / float64(stats.RawBytes); over > 1.03 {
			t.Errorf("stream %s: %.3f of the raw size", stream, over)
		}
	}
}
