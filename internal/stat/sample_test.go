package stat

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Worked example of reference/labels-selection.md §2.13, seed "42".
func TestHashKeysWorkedExample(t *testing.T) {
	b := NewBottomK(5)
	b2 := NewBottomK(2)
	k := NewKeyer("42")
	for _, c := range []struct {
		id           string
		weight, u, k float64
	}{
		{"a", 1, 0.844599665859, 0.168892532103},
		{"b", 1, 0.600930781579, 0.509275523162},
		{"c", 5, 0.753567098142, 0.056587443250},
		{"d", 1, 0.480719117474, 0.732472134801},
		{"e", 0.5, 0.018948333770, 7.932078558009},
	} {
		closeTo(t, c.id+" u", k.Uniform([]byte(c.id)), c.u, 1e-12)
		key := k.Key([]byte(c.id), c.weight)
		closeTo(t, c.id+" key", key, c.k, 1e-11)
		b.Add(Drawn{c.id, key, c.weight})
		b2.Add(Drawn{c.id, key, c.weight})
	}
	order := ""
	for _, d := range b.Sample() {
		order += d.ID
	}
	if order != "cabde" {
		t.Errorf("order %s, want cabde", order)
	}
	s := b2.Sample()
	tau, full := b2.Threshold()
	if !full || len(s) != 2 || s[0].ID != "c" || s[1].ID != "a" {
		t.Fatalf("k=2: %v", s)
	}
	closeTo(t, "threshold", tau, 0.509276, 1e-6)
	closeTo(t, "inclusion of c", b2.Inclusion(s[0]), 0.9216, 5e-5)
	closeTo(t, "inclusion of a", b2.Inclusion(s[1]), 0.3991, 5e-5)
	if p := b.Inclusion(b.Sample()[4]); p != 1 {
		t.Errorf("inclusion when all are chosen = %v", p)
	}
}

func TestKeyerZeroValue(t *testing.T) {
	var zero Keyer
	if a, b := zero.Uniform([]byte("x")), NewKeyer("").Uniform([]byte("x")); a != b {
		t.Errorf("%v, %v", a, b)
	}
	k := NewKeyer("s")
	first := k.Uniform([]byte("long id"))
	k.Uniform([]byte("y"))
	if again := k.Uniform([]byte("long id")); again != first {
		t.Error("a Keyer remembers earlier ids")
	}
}

func TestBottomKIsAFunctionOfTheSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 300).Draw(t, "n")
		k := rapid.IntRange(0, 40).Draw(t, "k")
		seed := rapid.Uint64().Draw(t, "order")
		entries := make([]Drawn, n)
		for i := range entries {
			entries[i] = Drawn{fmt.Sprintf("id%d", i), float64(i * 7919 % 50), 1} // keys tie often
		}
		one := NewBottomK(k)
		for _, e := range entries {
			one.Add(e)
		}
		r := rand.New(rand.NewPCG(seed, 1))
		r.Shuffle(n, func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
		a, b := NewBottomK(k), NewBottomK(k)
		for i, e := range entries {
			if i%3 == 0 {
				a.Add(e)
			} else {
				b.Add(e)
			}
			if i%5 == 0 {
				b.Add(e) // repetition
			}
		}
		a.Merge(b)
		if d := cmp.Diff(append([]Drawn{}, one.Sample()...), append([]Drawn{}, a.Sample()...)); d != "" {
			t.Fatal(d)
		}
		smaller := NewBottomK(k / 2)
		for _, e := range entries {
			smaller.Add(e)
		}
		if d := cmp.Diff(append([]Drawn{}, one.Sample()[:min(k/2, n)]...), append([]Drawn{}, smaller.Sample()...)); d != "" {
			t.Fatalf("not nested: %s", d)
		}
	})
}

// A chi-square test of 20,000 draws of 1 out of 4 with weights 1 2 3 4, at a level of one in a million.
func TestWeightedDrawsFollowWeights(t *testing.T) {
	seen := make([]float64, 4)
	for i := range 20_000 {
		k := NewKeyer(fmt.Sprint(i))
		b := NewBottomK(1)
		for j := range 4 {
			id := fmt.Sprint(j)
			b.Add(Drawn{id, k.Key([]byte(id), float64(j+1)), float64(j + 1)})
		}
		seen[b.Sample()[0].ID[0]-'0']++
	}
	chi2 := 0.0
	for j, o := range seen {
		e := 20_000 * float64(j+1) / 10
		chi2 += (o - e) * (o - e) / e
	}
	if p := ChiSquareSurvival(chi2, 3); p < 1e-6 {
		t.Errorf("draws %v, p %g", seen, p)
	}
}

// Worked examples of reference/labels-selection.md §2.11.
func TestApportion(t *testing.T) {
	strata := func(sizes ...int) []Stratum {
		s := make([]Stratum, len(sizes))
		for i, n := range sizes {
			s[i] = Stratum{string(rune('a' + i)), n}
		}
		return s
	}
	classes := strata(1500, 1500, 900, 500, 500, 200)
	for _, c := range []struct {
		name   string
		strata []Stratum
		n, min int
		want   []int
	}{
		{"25 seats", classes, 25, 0, []int{8, 8, 4, 2, 2, 1}},
		{"26 seats", classes, 26, 0, []int{8, 8, 5, 2, 2, 1}},
		{"plain", strata(900, 80, 15, 5), 20, 0, []int{18, 2, 0, 0}},
		{"minimum 2", strata(900, 80, 15, 5), 20, 2, []int{13, 3, 2, 2}},
		{"minimum above the size", strata(100, 3), 10, 5, []int{7, 3}},
		{"caps", strata(3, 50, 7, 100), 1000, 0, []int{3, 50, 7, 100}},
		{"all of it", strata(3, 5), 8, 0, []int{3, 5}},
		{"budget below the minima", strata(900, 80, 15, 5), 5, 2, []int{2, 1, 1, 1}},
		{"none", strata(4, 4), 0, 2, []int{0, 0}},
		{"negative", strata(4, 4), -3, 0, []int{0, 0}},
		{"no strata", nil, 5, 0, []int{}},
		{"empty stratum", strata(0, 4), 3, 1, []int{0, 3}},
		{"tie goes to the lower name", []Stratum{{"z", 10}, {"y", 10}}, 1, 0, []int{0, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, Apportion(c.strata, c.n, c.min)); d != "" {
				t.Error(d)
			}
		})
	}
	// Horvitz–Thompson weights of the minimum-2 case, same place.
	for i, want := range []float64{69.2308, 26.6667, 7.5, 2.5} {
		got := Apportion(strata(900, 80, 15, 5), 20, 2)
		closeTo(t, "weight", float64([]int{900, 80, 15, 5}[i])/float64(got[i]), want, 5e-5)
	}
}

func TestSeatsArePrefixes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(0, 50), 1, 8).Draw(t, "sizes")
		least := rapid.IntRange(0, 4).Draw(t, "least")
		strata := make([]Stratum, len(sizes))
		for i, n := range sizes {
			strata[i] = Stratum{fmt.Sprint(i), n}
		}
		all := total(strata)
		longest := Seats(strata, all+1, least)
		if len(longest) != all {
			t.Fatalf("%d seats of %d rows", len(longest), all)
		}
		n := rapid.IntRange(0, all).Draw(t, "n")
		if d := cmp.Diff(longest[:n:n], Seats(strata, n, least)); d != "" {
			t.Fatal(d)
		}
		for i, c := range Apportion(strata, n, 0) {
			// Sainte-Laguë can break quota, but never by more than the number of strata.
			if quota := float64(n) * float64(sizes[i]) / math.Max(1, float64(all)); math.Abs(float64(c)-quota) > float64(len(sizes)) {
				t.Fatalf("stratum %d of %v gets %d, quota %.2f", i, sizes, c, quota)
			}
			if c > sizes[i] {
				t.Fatalf("stratum %d over its size", i)
			}
		}
	})
}
