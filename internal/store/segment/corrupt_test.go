package segment_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/segment"
)

// fill puts objects in one publication.
func fill(t testing.TB, s *segment.Store, h store.Hint, objects ...[]byte) store.Stats {
	t.Helper()
	w, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	for _, b := range objects {
		if _, err := w.Put(t.Context(), b, h); err != nil {
			t.Fatal(err)
		}
	}
	stats, err := w.Publish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return stats
}

func segmentFiles(t testing.TB, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "objects", "*.seg"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// small makes a repository of one segment with whole, delta, compressed and
// raw objects.
func small(t testing.TB) (dir string, objects [][]byte) {
	dir = create(t)
	s := open(dir, segment.Options{})
	defer s.Close()
	text := bytes.Repeat([]byte("a page of text, row after row. "), 20)
	changed := bytes.Clone(text)
	changed[300] = 'X'
	objects = [][]byte{text, changed, noisePages(1, 700)[0], []byte("B\x01tiny")}
	for i := range 12 {
		objects = append(objects, fmt.Appendf(nil, "object number %d", i))
	}
	w, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range objects {
		h := store.Hint{Stream: []string{"page/a", "page/a", "blob/raw", "meta"}[min(i, 3)]}
		if i == 1 {
			h.Base = object.Sum(text)
		}
		if _, err := w.Put(t.Context(), b, h); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	return dir, objects
}

// readAll gets every object from a newly opened store and returns how many
// came back right and how many corrupt; anything else fails the test.
func readAll(t *testing.T, dir, what string, objects [][]byte) (right, corrupt int) {
	t.Helper()
	s := open(dir, segment.Options{})
	defer s.Close()
	for i, want := range objects {
		id := object.Sum(want)
		got, err := s.Get(t.Context(), id)
		switch {
		case err == nil && bytes.Equal(got, want):
			right++
		case err == nil:
			t.Fatalf("%s: object %d: wrong bytes", what, i)
		default:
			if errors.Is(err, object.ErrUnsupported) && strings.Contains(err.Error(), ".seg: ") {
				corrupt++ // the version byte
				continue
			}
			c, ok := errors.AsType[*object.CorruptError](err)
			if !errors.Is(err, object.ErrCorrupt) || !ok || c.Place == "" {
				t.Fatalf("%s: object %d: %v", what, i, err)
			}
			corrupt++
		}
	}
	return right, corrupt
}

// TestFlipEveryByte damages each byte of a segment in turn. Every object then
// comes back right or as a CorruptError with a place, never wrong, never as
// missing, never with a panic.
func TestFlipEveryByte(t *testing.T) {
	dir, objects := small(t)
	path := segmentFiles(t, dir)[0]
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	harmful := 0
	for at, b := range good {
		for _, bad := range []byte{b ^ 0xff, b ^ 1} {
			if _, err := f.WriteAt([]byte{bad}, int64(at)); err != nil {
				t.Fatal(err)
			}
			if _, corrupt := readAll(t, dir, fmt.Sprintf("byte %d", at), objects); corrupt > 0 {
				harmful++
			}
		}
		if _, err := f.WriteAt([]byte{b}, int64(at)); err != nil {
			t.Fatal(err)
		}
	}
	if right, _ := readAll(t, dir, "undamaged", objects); right != len(objects) {
		t.Errorf("%d of %d objects after the damage was undone", right, len(objects))
	}
	if harmful < 1000 {
		t.Errorf("only %d of %d flips were noticed", harmful, 2*len(good))
	}
}

func TestTruncatedAndMissing(t *testing.T) {
	dir, objects := small(t)
	path := segmentFiles(t, dir)[0]
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 1023, 1024, 2048, len(good) - 1024, len(good) - 1, len(good) + 1} {
		bad := append(bytes.Clone(good), 0)[:n]
		if err := os.WriteFile(path, bad, 0o666); err != nil {
			t.Fatal(err)
		}
		if right, _ := readAll(t, dir, fmt.Sprintf("%d bytes", n), objects); right > 0 {
			t.Errorf("%d of %d bytes: %d objects were read", n, len(good), right)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	s := open(dir, segment.Options{})
	defer s.Close()
	_, err = s.Get(t.Context(), object.Sum(objects[0]))
	c, ok := errors.AsType[*object.CorruptError](err)
	if !ok || c.Place != "segment "+filepath.Base(path) {
		t.Errorf("missing file: %v", err)
	}
}

// TestCutWhileMapped cuts a file that is open. Reading what is gone is an error
// and not the end of the process.
func TestCutWhileMapped(t *testing.T) {
	dir := create(t)
	s := open(dir, segment.Options{})
	defer s.Close()
	pages := textPages(2000, 1<<10)
	fill(t, s, store.Hint{}, pages...)
	if _, err := s.Get(t.Context(), object.Sum(pages[0])); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(segmentFiles(t, dir)[0], 8<<10); err != nil {
		t.Fatal(err)
	}
	gone := 0
	for _, p := range pages {
		if _, err := s.Get(t.Context(), object.Sum(p)); err == nil {
			continue // it was in the cache
		} else if !errors.Is(err, object.ErrCorrupt) {
			t.Fatal(err)
		}
		gone++
	}
	if gone == 0 {
		t.Error("nothing is gone")
	}
	w, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	// What cannot be read counts as absent, so it is stored again.
	if _, err := w.Put(t.Context(), pages[100], store.Hint{}); err != nil {
		t.Fatal(err)
	}
	if stats, err := w.Publish(t.Context()); err != nil || stats.Objects != 1 {
		t.Errorf("stats %+v, %v", stats, err)
	}
}

// TestSecondCopy: an object that is damaged in one segment is read from
// another.
func TestSecondCopy(t *testing.T) {
	dir, objects := small(t)
	path := segmentFiles(t, dir)[0]
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, good[:len(good)-1], 0o666); err != nil {
		t.Fatal(err)
	}
	s := open(dir, segment.Options{})
	if stats := fill(t, s, store.Hint{}, objects[1:]...); stats.Objects != int64(len(objects)-1) {
		t.Errorf("%d objects were stored again", stats.Objects)
	}
	s.Close()
	if right, corrupt := readAll(t, dir, "second copy", objects); right != len(objects)-1 || corrupt != 1 {
		t.Errorf("%d right, %d corrupt", right, corrupt)
	}
	// Storing the rest and merging is not possible with a damaged segment, and
	// says so; nothing else is lost.
	s = open(dir, segment.Options{})
	defer s.Close()
	if err := s.MergeAll(t.Context()); !errors.Is(err, object.ErrCorrupt) {
		t.Errorf("merge: %v", err)
	}
	if err := sweep(t, s, func(object.ID) bool { return true }); !errors.Is(err, object.ErrCorrupt) {
		t.Errorf("sweep: %v", err)
	}
}

func TestNewerSegment(t *testing.T) {
	dir, objects := small(t)
	path := segmentFiles(t, dir)[0]
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, []byte("segment\x01"))
	if at < 0 {
		t.Fatal("no version in the file")
	}
	b[at+len("segment")] = 2
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	s := open(dir, segment.Options{})
	defer s.Close()
	if _, err := s.Get(t.Context(), object.Sum(objects[0])); !errors.Is(err, object.ErrUnsupported) {
		t.Errorf("err = %v, want ErrUnsupported", err)
	}
}

func TestCheckAndObjects(t *testing.T) {
	dir, objects := small(t)
	s := open(dir, segment.Options{NoMerge: true})
	defer s.Close()
	more := textPages(50, 600)
	fill(t, s, store.Hint{Stream: "x"}, append(more, objects...)...)
	want := map[object.ID]bool{}
	for _, b := range append(more, objects...) {
		want[object.Sum(b)] = true
	}
	var last object.ID
	n := 0
	for id, err := range s.Objects(t.Context()) {
		if err != nil || !want[id] || bytes.Compare(id[:], last[:]) <= 0 {
			t.Fatalf("object %s after %s: %v", id, last, err)
		}
		last = id
		n++
	}
	if n != len(want) {
		t.Errorf("%d of %d objects", n, len(want))
	}
	for err := range s.Check(t.Context()) {
		t.Errorf("check of a whole store: %v", err)
	}
	noise := noisePages(1, 60<<10)[0]
	before := segmentFiles(t, dir)
	fill(t, s, store.Hint{Stream: "blob/raw"}, noise)
	var path string
	for _, f := range segmentFiles(t, dir) {
		if !slices.Contains(before, f) {
			path = f
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, noise)
	if at < 0 {
		t.Fatal("noise is not stored as it is")
	}
	b[at+5]++
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	found := 0
	for err := range s.Check(t.Context()) {
		c, ok := errors.AsType[*object.CorruptError](err)
		if !ok || c.ID != object.Sum(noise) {
			t.Errorf("check: %v", err)
		}
		found++
	}
	if found != 1 {
		t.Errorf("check found %d of 1 damages", found)
	}
}
