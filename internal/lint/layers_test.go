package lint

import (
	"fmt"
	"strings"
	"testing"
)

// layer is one row of the table of layers: packages may import only packages
// of lower rows, and packages of their own closet (the same pattern with /...).
type layer struct {
	level   int
	pattern string
}

func layers() []layer {
	return []layer{
		{0, "internal/kernel/..."},
		{0, "internal/fault"},
		{0, "internal/vfs"},
		{1, "internal/stat"},
		{1, "internal/object"},
		{2, "internal/column"},
		{2, "internal/store/..."},
		{3, "internal/merkle"},
		{4, "internal/table"},
		{4, "internal/expr"},
		{4, "internal/blob"},
		{5, "internal/profile"},
		{5, "internal/format/..."},
		{5, "internal/knn"},
		{5, "internal/cluster"},
		{6, "internal/source"}, // files to tables and back: formats, blobs, tables
		{6, "internal/merge"},
		{6, "internal/slice"},
		{6, "internal/label"},
		{6, "internal/selection"},
		{6, "internal/eval"},
		{6, "internal/drift"},
		{6, "internal/diff"},
		{7, "internal/repo/..."},
		{8, "internal/reach"},    // which objects an object names
		{9, "internal/worktree"}, // working files and what they were read into
		{9, "internal/gc"},
		{9, "internal/usage"},
		{9, "internal/fsck"},
		{9, "internal/history/..."},
		{9, "internal/hook"},
		{9, "internal/sshsig"},
		{9, "internal/proof"},
		{9, "internal/remote/..."},
		{9, "internal/engine/..."},
		{10, "pkg/strata"},
		{11, "internal/report/..."},
		{11, "internal/demo"},
		{11, "internal/web"},
		{12, "internal/cli"},
		{13, "cmd/..."},
		{13, "internal/reliability"}, // tests of the whole that attack it
		{14, "internal/lint"},        // imports nothing
	}
}

// owners says which packages may import a third-party module. A module that is
// not listed may not be imported at all; tests may import the last group too.
func owners() map[string][]string {
	return map[string][]string{
		"github.com/apache/arrow-go/v18":     {"internal/format/arrow"},
		"github.com/bep/imagemeta":           {"internal/format/..."},
		"github.com/cespare/xxhash/v2":       {"internal/merkle"},
		"github.com/fxamacker/cbor/v2":       {"internal/object"},
		"github.com/go-json-experiment/json": {"internal/format/..."},
		"github.com/klauspost/compress":      {"internal/store/...", "internal/format/lines"},
		"github.com/parquet-go/parquet-go":   {"internal/format/parquet"},
		"github.com/pelletier/go-toml/v2":    {"internal/repo/config"},
		"github.com/spf13/cobra":             {"internal/cli"},
		"github.com/spf13/pflag":             {"internal/cli"},
		"github.com/vbauerster/mpb/v8":       {"internal/cli"},
		"github.com/zeebo/blake3":            {"internal/object"},
		"go.etcd.io/bbolt":                   {"internal/store/..."},
		"golang.org/x/image":                 {"internal/format/..."},
		"golang.org/x/sync":                  {"internal/...", "pkg/...", "cmd/..."},
		"golang.org/x/sys":                   {"internal/vfs"},
		"golang.org/x/term":                  {"internal/cli"},
		"gonum.org/v1/gonum":                 {"internal/stat"},
		"github.com/google/go-cmp":           {},
		"github.com/rogpeppe/go-internal":    {},
		"pgregory.net/rapid":                 {},
	}
}

func find(dir string) (layer, bool) {
	for _, l := range layers() {
		if matches(l.pattern, dir) {
			return l, true
		}
	}
	return layer{}, false
}

// brokenLayers returns what is wrong with the imports of one file.
func brokenLayers(f *sourceFile) []string {
	if f.test() {
		return nil
	}
	own, known := find(f.dir())
	if !known {
		return []string{fmt.Sprintf("%s: package %s has no level; enter it in layers()", f.path, f.dir())}
	}
	var broken []string
	for _, p := range f.imports() {
		if dir, ours := strings.CutPrefix(p, module+"/"); ours {
			switch other, ok := find(dir); {
			case !ok:
				broken = append(broken, fmt.Sprintf("%s: imports %s, which has no level", f.path, dir))
			case other.pattern == own.pattern && strings.HasSuffix(own.pattern, "/..."):
			case other.level >= own.level:
				broken = append(broken, fmt.Sprintf("%s: level %d imports %s of level %d", f.path, own.level, dir, other.level))
			}
			continue
		}
		if !strings.Contains(strings.SplitN(p, "/", 2)[0], ".") {
			continue // standard library
		}
		if !allowed(p, f.dir()) {
			broken = append(broken, fmt.Sprintf("%s: imports %s, which is not for %s; see owners()", f.path, p, f.dir()))
		}
	}
	return broken
}

func allowed(imported, dir string) bool {
	for m, patterns := range owners() {
		if imported != m && !strings.HasPrefix(imported, m+"/") {
			continue
		}
		for _, pattern := range patterns {
			if matches(pattern, dir) {
				return true
			}
		}
	}
	return false
}

func TestLayers(t *testing.T) {
	for _, f := range sources(t) {
		for _, b := range brokenLayers(f) {
			t.Error(b)
		}
	}
}

func TestLayersSee(t *testing.T) {
	for _, tc := range []struct {
		name, file, imports, want string
	}{
		{"upwards", "internal/object/x.go", module + "/internal/store", "level 1 imports internal/store of level 2"},
		{"sideways", "internal/drift/x.go", module + "/internal/eval", "level 6 imports internal/eval of level 6"},
		{"unknown package", "internal/brandnew/x.go", "fmt", "has no level"},
		{"unknown import", "internal/cli/x.go", module + "/internal/brandnew", "has no level"},
		{"library of another room", "internal/table/x.go", "go.etcd.io/bbolt", "not for internal/table"},
		{"library that is not listed", "internal/table/x.go", "github.com/sirupsen/logrus", "not for internal/table"},
		{"library of tests", "internal/table/x.go", "pgregory.net/rapid", "not for internal/table"},
		{"longer name", "internal/store/x.go", "go.etcd.io/bbolt2", "not for internal/store"},
		{"downwards", "internal/store/x.go", module + "/internal/object", ""},
		{"own closet", "internal/format/csv/x.go", module + "/internal/format", ""},
		{"own library", "internal/store/segment/x.go", "go.etcd.io/bbolt", ""},
		{"standard library", "internal/object/x.go", "encoding/json", ""},
		{"test", "internal/object/x_test.go", "pgregory.net/rapid", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := brokenLayers(parseSource(t, tc.file, "package x\n\nimport _ \""+tc.imports+"\"\n"))
			switch {
			case tc.want == "" && len(got) > 0:
				t.Errorf("have %q, want nothing", got)
			case tc.want != "" && (len(got) != 1 || !strings.Contains(got[0], tc.want)):
				t.Errorf("have %q, want one with %q", got, tc.want)
			}
		})
	}
}
