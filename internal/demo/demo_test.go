package demo

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hashOf returns the first bytes of the SHA-256 of all files of a directory
// with their names, in order.
func hashOf(t *testing.T, dir string) string {
	t.Helper()
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		fmt.Fprintf(h, "%s %d\n", filepath.ToSlash(name), len(b))
		h.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// The hashes were taken on linux/amd64 with Go 1.26.8. They must be the same on
// every machine: ids in README.md follow from them.
func TestVersions(t *testing.T) {
	s, dir := New(), t.TempDir()
	for _, tc := range []struct {
		name   string
		change func() int
		n      int
		want   string
	}{
		{"first", func() int { return len(s.train) }, trainSamples, "f56438133aa8b954"},
		{"corrected", s.Correct, 35, "212b8d00f97ef0ce"},
		{"snow", s.Capture, newSamples, "169146fda05a9a44"},
		{"occlusion", func() int { s.Review(); return len(s.train) }, trainSamples + newSamples, "e9975a90cc06ee20"},
	} {
		if n := tc.change(); n != tc.n {
			t.Errorf("%s: %d samples, want %d", tc.name, n, tc.n)
		}
		if err := s.Write(dir); err != nil {
			t.Fatal(err)
		}
		if got := hashOf(t, dir); got != tc.want {
			t.Errorf("%s: files have hash %s, want %s", tc.name, got, tc.want)
		}
	}
	if n := s.Correct(); n != 0 {
		t.Errorf("%d labels to correct the second time", n)
	}
}

// Other readers than Strata's understand the files.
func TestReadable(t *testing.T) {
	s, dir := New(), t.TempDir()
	if err := s.Write(dir); err != nil {
		t.Fatal(err)
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	ids := map[string]bool{}
	dec := json.NewDecoder(bytes.NewReader(read("train.jsonl")))
	for dec.More() {
		var x struct {
			ID, Label, Image string
			Score            float64
			Embedding        []float64
		}
		if err := dec.Decode(&x); err != nil {
			t.Fatal(err)
		}
		if ids[x.ID] || len(x.Embedding) != dims || x.Label == "" || x.Score < 0.05 || x.Score > 0.99 {
			t.Errorf("sample %+v", x)
		}
		ids[x.ID] = true
		if _, err := os.Stat(filepath.Join(dir, x.Image)); err != nil {
			t.Error(err)
		}
	}
	if len(ids) != trainSamples {
		t.Errorf("%d samples, want %d", len(ids), trainSamples)
	}
	rows, err := csv.NewReader(bytes.NewReader(read("val.csv"))).ReadAll()
	if err != nil || len(rows) != 1+valSamples {
		t.Errorf("val.csv has %d records, %v", len(rows), err)
	}
	sizes := map[string]int{}
	images, err := filepath.Glob(filepath.Join(dir, "images", "*.png"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range images {
		img, err := png.DecodeConfig(bytes.NewReader(read(filepath.Join("images", filepath.Base(path)))))
		if err != nil {
			t.Fatal(err)
		}
		sizes[fmt.Sprintf("%dx%d", img.Width, img.Height)]++
	}
	if diff := cmp.Diff(map[string]int{"24x24": 44, "32x24": 211, "48x24": 45}, sizes); diff != "" {
		t.Errorf("images by size (-want +got):\n%s", diff)
	}
}
