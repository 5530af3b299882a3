// Package formats is the registry of file formats: one value each, built here
// in plain sight. Start reading at All.
package formats

import (
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/arrow"
	"github.com/strata-data/strata/internal/format/csv"
	"github.com/strata-data/strata/internal/format/jsonl"
	"github.com/strata-data/strata/internal/format/parquet"
)

// All returns every format, in the order in which help lists them.
func All() []format.Format { return slices.Clone(all()) }

// all is built once: ByPath is asked about every file of a repository.
var all = sync.OnceValue(func() []format.Format {
	return slices.Concat(csv.Formats(), jsonl.Formats(), parquet.Formats(), arrow.Formats())
})

// ByName returns the format that is called name.
func ByName(name string) (format.Format, bool) {
	for _, f := range all() {
		if f.Name == name {
			return f, true
		}
	}
	return format.Format{}, false
}

// compressions are the extensions of compressed text files.
var compressions = []string{".gz", ".zst"}

// ByPath returns the format that the extension of a path names, and the
// extension of its compression, which only text formats may have.
func ByPath(p string) (f format.Format, compressed string, ok bool) {
	p = strings.ToLower(path.Base(p))
	for _, c := range compressions {
		if strings.HasSuffix(p, c) {
			p, compressed = strings.TrimSuffix(p, c), c
			break
		}
	}
	ext := path.Ext(p)
	for _, f := range all() {
		if slices.Contains(f.Extensions, ext) && (compressed == "" || f.Text != nil) && p != ext {
			return f, compressed, true
		}
	}
	return format.Format{}, "", false
}
