package stat

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// golden reads the cases of a file that testdata/gen_goldens.py wrote; the file notes the versions of scipy and numpy.
func golden[T any](t *testing.T, name string) []T {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Scipy string `json:"scipy"`
		Cases []T    `json:"cases"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if doc.Scipy == "" || len(doc.Cases) < 6 {
		t.Fatalf("%s: %d cases from scipy %q", name, len(doc.Cases), doc.Scipy)
	}
	return doc.Cases
}

// near reports a value that is further than tol from want, relative to max(|want|, 1e-300), and than 1e-15 absolutely.
func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tol*math.Abs(want)+1e-15 {
		t.Errorf("%s = %.17g, want %.17g (relative error %.2g)", what, got, want, math.Abs(got-want)/math.Max(math.Abs(want), 1e-300))
	}
}

// close reports a value that is further than tol from want.
func closeTo(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tol {
		t.Errorf("%s = %.12g, want %.12g within %g", what, got, want, tol)
	}
}
