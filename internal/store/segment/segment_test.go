package segment_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/meta"
	"github.com/strata-data/strata/internal/store/segment"
	"github.com/strata-data/strata/internal/store/storetest"
)

// create makes an empty repository's worth of store in a new directory.
func create(t testing.TB) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "objects"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := meta.Create(filepath.Join(dir, "meta.db"), meta.Version, meta.Features()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func open(dir string, o segment.Options) *segment.Store {
	return segment.Open(filepath.Join(dir, "objects"), meta.Open(filepath.Join(dir, "meta.db")), o)
}

func TestConformance(t *testing.T) {
	for name, o := range map[string]segment.Options{
		"defaults":    {},
		"no merge":    {NoMerge: true},
		"no cache":    {CacheBytes: 1},
		"one worker":  {Workers: 1},
		"ten workers": {Workers: 10, CacheBytes: 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) store.Store { return open(create(t), o) })
		})
	}
}
