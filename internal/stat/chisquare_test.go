package stat

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestChiSquareAgainstScipy(t *testing.T) {
	type row struct {
		Name   string
		Table  [][]float64
		Chi2   float64
		P      float64
		DF     float64
		Yates  float64 `json:"chi2_yates"`
		PYates float64 `json:"p_yates"`
		V      float64
	}
	for _, c := range golden[row](t, "chisquare.json") {
		t.Run(c.Name, func(t *testing.T) {
			got, why := ChiSquareTable(c.Table, false)
			if why != ReasonNone {
				t.Fatal(why)
			}
			near(t, "chi2", got.ChiSquare, c.Chi2, 1e-9)
			near(t, "p", got.P, c.P, 1e-8)
			near(t, "df", got.DF, c.DF, 0)
			near(t, "V", got.V, c.V, 1e-9)
			got, _ = ChiSquareTable(c.Table, true)
			near(t, "chi2 with Yates", got.ChiSquare, c.Yates, 1e-9)
			near(t, "p with Yates", got.P, c.PYates, 1e-8)
			near(t, "V with Yates", got.V, c.V, 1e-9)
		})
	}
}

// Bias-corrected V: worked A of reference/drift.md §2.2 and the test values of deepchecks 0.18 (tests/utils/drift_test.py).
func TestCramerUnbiased(t *testing.T) {
	for _, c := range []struct {
		name     string
		ref, cur []float64
		want     float64
		within   float64
	}{
		{"worked A", []float64{100, 200, 300, 400}, []float64{150, 250, 250, 350}, 0.101102, 1e-6},
		{"deepchecks 200/800 against 400/600", []float64{200, 800}, []float64{400, 600}, 0.21, 0.01},
		{"deepchecks disjoint", []float64{1000, 0}, []float64{0, 1000}, 1, 1e-3},
		{"no drift", []float64{500, 500}, []float64{501, 499}, 0, 0},
	} {
		got, why := ChiSquarePair(c.ref, c.cur, false)
		if why != ReasonNone {
			t.Fatal(c.name, why)
		}
		closeTo(t, c.name, got.VUnbiased, c.want, c.within)
	}
}

func TestChiSquareReasons(t *testing.T) {
	for _, c := range []struct {
		name  string
		table [][]float64
		want  Reason
	}{
		{"no rows", nil, ReasonBothEmpty},
		{"all zero", [][]float64{{0, 0}, {0, 0}}, ReasonBothEmpty},
		{"one category", [][]float64{{5}, {7}}, ReasonOneCategory},
		{"one used category", [][]float64{{5, 0}, {7, 0}}, ReasonOneCategory},
		{"one used row", [][]float64{{5, 1}, {0, 0}}, ReasonOneRow},
		{"ragged", [][]float64{{5, 1}, {1}}, ReasonLengths},
	} {
		if _, why := ChiSquareTable(c.table, true); why != c.want {
			t.Errorf("%s: reason %q, want %q", c.name, why, c.want)
		}
	}
	if _, why := ChiSquarePair([]float64{0, 0}, []float64{1, 2}, true); why != ReasonEmptyReference {
		t.Errorf("empty reference: %q", why)
	}
}

func TestChiSquareDropsEmptyCells(t *testing.T) {
	want, _ := ChiSquareTable([][]float64{{3, 4, 5}, {6, 1, 2}}, true)
	got, _ := ChiSquareTable([][]float64{{3, 0, 4, 5}, {0, 0, 0, 0}, {6, 0, 1, 2}}, true)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestPoolSmall(t *testing.T) {
	for _, c := range []struct {
		name     string
		ref, cur []float64
		r, c     []float64
		at       []int
	}{
		{"nothing small", []float64{50, 50}, []float64{50, 50}, []float64{50, 50}, []float64{50, 50}, []int{0, 1}},
		{"two small", []float64{50, 3, 50, 3}, []float64{50, 2, 50, 4}, []float64{50, 50, 6}, []float64{50, 50, 6}, []int{0, 2, 1, 2}},
		{"a pool that stays small takes the next", []float64{50, 1, 20}, []float64{50, 1, 20}, []float64{50, 21}, []float64{50, 21}, []int{0, 1, 1}},
		{"the pool leaves the largest alone", []float64{997, 0, 3}, []float64{996, 0, 4}, []float64{997, 3}, []float64{996, 4}, []int{0, 1, 1}},
		{"all small", []float64{1, 2}, []float64{2, 1}, []float64{3}, []float64{3}, []int{0, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, cur, at := PoolSmall(c.ref, c.cur, 5)
			if d := cmp.Diff([]any{c.r, c.c, c.at}, []any{r, cur, at}); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPoolSmallKeepsRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "categories")
		gen := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 60), func(i int) float64 { return float64(i) }), n, n)
		ref, cur := gen.Draw(t, "ref"), gen.Draw(t, "cur")
		r, c, at := PoolSmall(ref, cur, 5)
		if sum(r) != sum(ref) || sum(c) != sum(cur) || len(at) != n {
			t.Fatalf("rows lost: %v %v", r, c)
		}
		back := make([]float64, len(r))
		for i, a := range at {
			back[a] += ref[i]
		}
		if d := cmp.Diff(r, back); d != "" && sum(ref)+sum(cur) > 0 {
			t.Fatal(d)
		}
		if len(r) < 2 {
			return
		}
		share := math.Min(sum(ref), sum(cur)) / (sum(ref) + sum(cur))
		for i := range r {
			pool := len(r) == 2 && i == 1 // stays small where only the largest category is left
			if (r[i]+c[i])*share < 5 && !pool {
				t.Fatalf("category %d of %v, %v still small", i, r, c)
			}
		}
	})
}
