package segment_test

import (
	stdcontext "context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/meta"
	"github.com/strata-data/strata/internal/store/segment"
)

// versions publishes n objects and, on top of each, a chain of versions that are
// kept as differences; the ids are by object and version.
func versions(t *testing.T, n, chain int) (s *segment.Store, dir string, ids [][]object.ID) {
	t.Helper()
	ctx := t.Context()
	dir = t.TempDir()
	path := filepath.Join(dir, "meta.db")
	if err := meta.Create(path, meta.Version, meta.Features()); err != nil {
		t.Fatal(err)
	}
	s = segment.Open(dir, meta.Open(path), segment.Options{NoMerge: true})
	t.Cleanup(func() { s.Close() })
	ids = make([][]object.ID, n)
	for v := range chain {
		w, err := s.NewWriter(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			b := object.AppendHeader(nil, object.KindChunk)
			for line := range 200 {
				b = fmt.Appendf(b, "object %d line %d is %x\n", i, line, object.Sum(fmt.Append(nil, i, line)))
			}
			b = fmt.Appendf(b, "version %d\n", v)
			h := store.Hint{Stream: "x"}
			if v > 0 {
				h.Base = ids[i][v-1]
			}
			id, err := w.Put(ctx, b, h)
			if err != nil {
				t.Fatal(err)
			}
			ids[i] = append(ids[i], id)
		}
		if _, err := w.Publish(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return s, dir, ids
}

// verify returns the faults by object, and how many whole copies there were.
func verify(t *testing.T, s *segment.Store) (whole int, faults map[object.ID]segment.Fault) {
	t.Helper()
	faults = map[object.ID]segment.Fault{}
	var mu sync.Mutex
	err := s.Verify(t.Context(), func(x segment.Stored) error {
		mu.Lock()
		defer mu.Unlock()
		if x.Fault != segment.FaultNone {
			faults[x.ID] = x.Fault
			return nil
		}
		whole++
		if object.Sum(x.Bytes) != x.ID {
			t.Errorf("object %s: other bytes", x.ID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return whole, faults
}

func TestVerify(t *testing.T) {
	s, dir, ids := versions(t, 40, 6)
	if whole, faults := verify(t, s); whole != 240 || len(faults) > 0 {
		t.Fatalf("%d whole, faults %v", whole, faults)
	}
	// With no room for differences every one is made by itself.
	infos, err := s.Segments(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	small := segment.OpenFiles(dir, infos, segment.Options{CacheBytes: 1})
	defer small.Close()
	if whole, faults := verify(t, small); whole != 240 || len(faults) > 0 {
		t.Errorf("without room: %d whole, faults %v", whole, faults)
	}
	// A damaged first segment takes along what hangs on its objects.
	name := infos[0].Name + ".seg"
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	for i := 8192; i < 8192+4096; i++ {
		b[i] ^= 0x55
	}
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
		t.Fatal(err)
	}
	hurt := segment.OpenFiles(dir, infos, segment.Options{})
	defer hurt.Close()
	whole, faults := verify(t, hurt)
	if len(faults) == 0 || whole+len(faults) != 240 {
		t.Fatalf("%d whole, %d faults", whole, len(faults))
	}
	for _, chain := range ids {
		first := faults[chain[0]]
		if first != segment.FaultNone && first != segment.FaultHash {
			t.Errorf("fault %d of a first version", first)
		}
		for _, id := range chain[1:] {
			if (faults[id] != segment.FaultNone) != (first != segment.FaultNone) {
				t.Errorf("a later version has fault %d, the first %d", faults[id], first)
			}
		}
	}
}

func TestRescue(t *testing.T) {
	s, dir, ids := versions(t, 10, 3)
	ctx := t.Context()
	infos, err := s.Segments(ctx)
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]bool{}
	gone := ids[3][2]
	o := segment.Rescue{
		Get: func(ctx stdcontext.Context, id object.ID) ([]byte, error) {
			if id == gone {
				return nil, object.ErrNotFound
			}
			return s.Get(ctx, id)
		},
		Away: func(path string) error { kept[filepath.Base(path)] = true; return nil },
	}
	for _, i := range infos[1:] {
		listed, err := s.List(ctx, i.Name)
		if err != nil {
			t.Fatal(err)
		}
		o.IDs, o.Bad = append(o.IDs, listed...), append(o.Bad, i.Name)
	}
	n, err := s.Rescue(ctx, o)
	if err != nil || n != 19 {
		t.Fatalf("%d objects, %v", n, err)
	}
	if diff := cmp.Diff(map[string]bool{o.Bad[0] + ".seg": true, o.Bad[1] + ".seg": true}, kept); diff != "" {
		t.Error(diff)
	}
	if whole, faults := verify(t, s); whole != 29 || len(faults) > 0 {
		t.Errorf("%d whole, faults %v", whole, faults)
	}
	after, err := s.Segments(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if was, is := infos[1].Size+infos[2].Size, after[len(after)-1].Size; is > was {
		t.Errorf("%d bytes were rescued into %d: differences were not kept", was, is)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.seg")); err != nil || len(left) != 2 {
		t.Errorf("files %v, %v", left, err)
	}
}
