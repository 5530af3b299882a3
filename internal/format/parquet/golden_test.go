package parquet

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The files were written by testdata/gen.py with the versions in their first
// line.
func TestReadsWhatOthersWrote(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.parquet")
	if err != nil || len(paths) < 10 {
		t.Fatal("goldens missing", paths, err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".parquet")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(strings.TrimSuffix(path, ".parquet") + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			var wantTypes, wantRows []string
			for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
				switch {
				case i == 0:
				case strings.HasPrefix(line, "# "):
					wantTypes = append(wantTypes, line[2:])
				default:
					wantRows = append(wantRows, line)
				}
			}
			got, err := readAll(data)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(wantTypes, types(got.Schema)); d != "" {
				t.Error("types (-want +got)\n", d)
			}
			if d := cmp.Diff(wantRows, rows(got)); d != "" {
				t.Error("rows (-want +got)\n", d)
			}
		})
	}
}
