package drift

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// dataDir returns the folder of real data beside the module, and skips the test where there is none.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
	data := filepath.Join(dir, "..", "shared", "data")
	if _, err := os.Stat(data); errors.Is(err, fs.ErrNotExist) {
		t.Skip("no real data at ../shared/data")
	}
	return data
}

// readNumbers returns the named columns of a CSV file.
func readNumbers(t *testing.T, path string, names []string) *data {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	var cols []namedVector
	for _, name := range names {
		x := make([]float64, len(rows)-1)
		for i, row := range rows[1:] {
			if x[i], err = strconv.ParseFloat(row[at[name]], 64); err != nil {
				t.Fatal(err)
			}
		}
		cols = append(cols, f64(name, x...))
	}
	return sideOf(cols...)
}

// California housing, reference against analysis: values of numpy and scipy by testdata/gen_housing.py.
func TestCaliforniaHousing(t *testing.T) {
	dir := filepath.Join(dataDir(t), "california_housing")
	b, err := os.ReadFile(filepath.Join("testdata", "housing.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		N, M    float64
		Columns map[string]struct{ PSI, D, P, Mean, Median, Std float64 }
	}
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	names := []string{"MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude", "Longitude"}
	rep := compare(t, readNumbers(t, filepath.Join(dir, "reference.csv"), names), readNumbers(t, filepath.Join(dir, "analysis.csv"), names), Options{})
	for _, c := range rep.Columns {
		w, ok := want.Columns[c.Name]
		if !ok || c.PSI.N != want.N || c.PSI.M != want.M {
			t.Fatalf("%s: n %v m %v", c.Name, c.PSI.N, c.PSI.M)
		}
		about(t, c.Name+" PSI", c.PSI.Value, w.PSI, 1e-9)
		about(t, c.Name+" D", c.KS.D, w.D, 1e-12)
		about(t, c.Name+" p", math.Log(max(c.KS.P, 1e-300)), math.Log(max(w.P, 1e-300)), 1e-6)
		about(t, c.Name+" mean", c.Current.Mean.(float64), w.Mean, 1e-9*math.Abs(w.Mean))
		about(t, c.Name+" median", c.Current.Median.(float64), w.Median, 1e-12)
		about(t, c.Name+" std", *c.Current.StdDev, w.Std, 1e-9*w.Std)
	}
	// The reference is mostly southern California, the analysis period is not.
	if rep.Columns[0].Name != "Latitude" && rep.Columns[0].Name != "Longitude" || rep.Verdict != Drifted {
		t.Errorf("first column %s, verdict %s", rep.Columns[0].Name, rep.Verdict)
	}
}
