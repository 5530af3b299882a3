package proof

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestVectors checks proofs that are kept for other implementers, and that
// proofs made today have the same payload. STRATA_UPDATE=1 writes them anew.
func TestVectors(t *testing.T) {
	dir := filepath.Join("..", "..", "testdata", "vectors", "proof")
	s := newShelf(t, 200)
	for _, tc := range []struct {
		name string
		q    Question
	}{
		{"present", Question{Dataset: "train", Key: "42"}},
		{"present-label", Question{Dataset: "train", Key: "42", Columns: []string{"label"}}},
		{"absent", Question{Dataset: "train", Key: "43"}},
		{"no-samples", Question{Dataset: "none", Key: "42"}},
		{"no-dataset", Question{Dataset: "val", Key: "42"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			made, _ := s.proofOf(t, tc.q)
			name := filepath.Join(dir, tc.name)
			if os.Getenv("STRATA_UPDATE") == "1" {
				b, err := made.Encode()
				if err != nil {
					t.Fatal(err)
				}
				write(t, name+".proof", b)
			}
			b, err := os.ReadFile(name + ".proof")
			if err != nil {
				t.Fatal(err)
			}
			p, err := Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(p.payload(), made.payload()) {
				t.Error("a proof made today has another payload")
			}
			a, err := p.Verify(ctx)
			if err != nil {
				t.Fatal(err)
			}
			got := said(p, a)
			if os.Getenv("STRATA_UPDATE") == "1" {
				write(t, name+".txt", []byte(got))
			}
			want, err := os.ReadFile(name + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Error(d)
			}
		})
	}
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// said writes down what a proof shows.
func said(p *Proof, a *Answer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "commit: %s\nauthor: %s\ndataset: %s\nkey: %s\nrows: %d\npresent: %v\n", p.Commit, a.Info.Author, a.Dataset, a.Key, a.Rows, a.Present)
	values := cells(a)
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for n := range values {
			if !yield(n) {
				return
			}
		}
	}) {
		fmt.Fprintf(&b, "%s: %s\n", name, values[name])
	}
	return b.String()
}
