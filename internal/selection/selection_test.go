package selection

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func from(cs []Candidate) iter.Seq2[Candidate, error] {
	return func(yield func(Candidate, error) bool) {
		for _, c := range cs {
			if !yield(c, nil) {
				return
			}
		}
	}
}

func random(t testing.TB, cs []Candidate, n int, seed uint64) *Selection {
	t.Helper()
	s, err := Random(from(cs), n, seed)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func stratified(t testing.TB, cs []Candidate, n int, seed uint64, minimum int) *Selection {
	t.Helper()
	s, err := Stratified(from(cs), "label", n, seed, minimum)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func keys(s *Selection) string {
	var k []string
	for _, p := range s.Picks {
		k = append(k, p.Key)
	}
	return strings.Join(k, " ")
}

// Seed "42" of reference/labels-selection.md §2.13: u is .8446 for a, .6009 b, .7536 c, .4807 d, .0189 e.
func TestRandomWorkedExample(t *testing.T) {
	var cs []Candidate
	for _, k := range []string{"e", "d", "c", "b", "a"} {
		cs = append(cs, Candidate{Key: k})
	}
	if got := keys(random(t, cs, 5, 42)); got != "a c b d e" {
		t.Errorf("order %q", got)
	}
	s := random(t, cs, 2, 42)
	want := []Pick{{Key: "a", Inclusion: 0.4}, {Key: "c", Inclusion: 0.4}}
	if d := cmp.Diff(want, s.Picks); d != "" || s.Total != 5 || s.By != "random" {
		t.Errorf("%+v %s", s, d)
	}
}

// Sizes 900 80 15 5, 20 picks, minimum 2: 13 3 2 2 with weights 69.2308 26.6667 7.5 2.5 (reference/labels-selection.md §2.11).
func TestStratifiedWorkedExample(t *testing.T) {
	var cs []Candidate
	for i, n := range []int{900, 80, 15, 5} {
		for j := range n {
			cs = append(cs, Candidate{Key: fmt.Sprintf("%d/%d", i, j), Stratum: string(rune('a' + i))})
		}
	}
	s := stratified(t, cs, 20, 1, 2)
	want := []StratumReport{{Stratum: "a", Size: 900, Picked: 13}, {Stratum: "b", Size: 80, Picked: 3}, {Stratum: "c", Size: 15, Picked: 2},
		{Stratum: "d", Size: 5, Picked: 2}}
	if d := cmp.Diff(want, s.Strata); d != "" {
		t.Error(d)
	}
	weights := map[string]float64{"a": 69.2308, "b": 26.6667, "c": 7.5, "d": 2.5}
	total := 0.0
	for _, p := range s.Picks {
		if w := 1 / p.Inclusion; math.Abs(w-weights[p.Stratum]) > 5e-5 {
			t.Errorf("weight of %s is %v", p.Key, w)
		}
		total += 1 / p.Inclusion
	}
	if math.Abs(total-1000) > 1e-9 {
		t.Errorf("weights sum to %v", total)
	}
	plain := stratified(t, cs, 20, 1, 0)
	if plain.Strata[0].Picked != 18 || plain.Strata[1].Picked != 2 {
		t.Errorf("without a minimum: %+v", plain.Strata)
	}
}

func TestMinimaThatCannotBeMet(t *testing.T) {
	cs := []Candidate{{"1", "a", false}, {"2", "a", false}, {"3", "b", false}, {"4", "a", false}, {"5", "", true}, {"6", "", false}}
	s := stratified(t, cs, 100, 1, 2)
	want := []StratumReport{
		{Null: true, Size: 1, Picked: 1, Missing: 1, Reason: "not enough samples"},
		{Stratum: "", Size: 1, Picked: 1, Missing: 1, Reason: "not enough samples"},
		{Stratum: "a", Size: 3, Picked: 3},
		{Stratum: "b", Size: 1, Picked: 1, Missing: 1, Reason: "not enough samples"},
	}
	if d := cmp.Diff(want, s.Strata); d != "" {
		t.Error(d)
	}
	s = stratified(t, cs, 3, 1, 2)
	if r := s.Strata[3]; len(s.Picks) != 3 || r.Reason != "not enough picks for every minimum" || r.Missing != 2 {
		t.Errorf("%+v", s.Strata)
	}
}

func TestEdges(t *testing.T) {
	for name, s := range map[string]*Selection{
		"random, none": random(t, nil, 5, 1), "random, zero": random(t, []Candidate{{Key: "a"}}, 0, 1),
		"stratified, none": stratified(t, nil, 5, 1, 3), "stratified, zero": stratified(t, []Candidate{{Key: "a"}}, 0, 1, 0),
	} {
		if b, err := json.Marshal(s); err != nil || !strings.Contains(string(b), `"picks":[]`) {
			t.Errorf("%s: %s, %v", name, b, err)
		}
	}
	if _, err := Random(from(nil), -1, 1); !errors.Is(err, ErrNegative) {
		t.Errorf("negative n: %v", err)
	}
	if _, err := Stratified(from(nil), "x", 1, 1, -1); !errors.Is(err, ErrNegative) {
		t.Errorf("negative minimum: %v", err)
	}
	twice := []Candidate{{Key: "a"}, {Key: "a"}}
	if _, err := Stratified(from(twice), "x", 2, 1, 0); !errors.Is(err, ErrDuplicateKey) {
		t.Errorf("duplicate keys, stratified: %v", err)
	}
	if _, err := Random(from(twice), 2, 1); !errors.Is(err, ErrDuplicateKey) {
		t.Errorf("duplicate keys, random: %v", err)
	}
	cause := errors.New("bad page")
	broken := func(yield func(Candidate, error) bool) { yield(Candidate{}, cause) }
	if _, err := Random(broken, 1, 1); !errors.Is(err, cause) {
		t.Errorf("Random: %v", err)
	}
	if _, err := Stratified(broken, "x", 1, 1, 0); !errors.Is(err, cause) {
		t.Errorf("Stratified: %v", err)
	}
	many := func(yield func(Candidate, error) bool) {
		for i := range MaxStrata + 1 {
			if !yield(Candidate{Key: fmt.Sprint(i), Stratum: fmt.Sprint(i)}, nil) {
				return
			}
		}
	}
	if _, err := Stratified(many, "id", 3, 1, 0); !errors.Is(err, ErrTooManyStrata) {
		t.Errorf("many strata: %v", err)
	}
}

func TestSelectionLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(0, 200).Draw(t, "candidates")
		cs := make([]Candidate, size)
		for i := range cs {
			cs[i] = Candidate{Key: fmt.Sprintf("k%03d", i), Stratum: string(rune('a' + i*i%7)), Null: i%11 == 0}
		}
		n := rapid.IntRange(0, 220).Draw(t, "n")
		seed := rapid.Uint64().Draw(t, "seed")
		least := rapid.IntRange(0, 5).Draw(t, "minimum")
		shuffled := append([]Candidate(nil), cs...)
		rand.New(rand.NewPCG(seed, 1)).Shuffle(size, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		for _, choose := range []func(cs []Candidate, n int) (*Selection, error){
			func(cs []Candidate, n int) (*Selection, error) { return Random(from(cs), n, seed) },
			func(cs []Candidate, n int) (*Selection, error) { return Stratified(from(cs), "label", n, seed, least) },
		} {
			s, err := choose(cs, n)
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Picks) != min(n, size) || s.Total != size {
				t.Fatalf("%d picks of %d", len(s.Picks), size)
			}
			again, _ := choose(shuffled, n)
			if d := cmp.Diff(s, again); d != "" {
				t.Fatalf("order of rows matters: %s", d)
			}
			more, _ := choose(cs, n+1)
			if !strings.HasPrefix(keys(more)+" ", keys(s)+" ") && len(s.Picks) > 0 {
				t.Fatalf("not nested: %s, then %s", keys(s), keys(more))
			}
			seen, weight := map[string]bool{}, 0.0
			for _, p := range s.Picks {
				if seen[p.Key] || p.Inclusion <= 0 || p.Inclusion > 1 {
					t.Fatalf("%+v", p)
				}
				seen[p.Key] = true
				weight += 1 / p.Inclusion
			}
			if s.By == "random" && n > 0 && math.Abs(weight-float64(size)) > 1e-6 {
				t.Fatalf("weights sum to %v of %d", weight, size)
			}
		}
	})
}

// Adding a row displaces at most one pick.
func TestRandomIsStable(t *testing.T) {
	var cs []Candidate
	for i := range 1000 {
		cs = append(cs, Candidate{Key: fmt.Sprint(i)})
	}
	before := map[string]bool{}
	for _, p := range random(t, cs, 100, 7).Picks {
		before[p.Key] = true
	}
	gone := 100
	for _, p := range random(t, append(cs, Candidate{Key: "new"}), 100, 7).Picks {
		if before[p.Key] {
			gone--
		}
	}
	if gone > 1 {
		t.Errorf("%d picks displaced by one new row", gone)
	}
}

// Over 2,000 seeds each of 20 candidates is chosen equally often, by a chi-square test at one in a million: 19 df, limit 63.677 (scipy
// 1.17.1, chi2.isf(1e-6, 19)).
func TestRandomIsUniform(t *testing.T) {
	var cs []Candidate
	for i := range 20 {
		cs = append(cs, Candidate{Key: fmt.Sprint(i)})
	}
	count := map[string]float64{}
	for seed := range uint64(2000) {
		for _, p := range random(t, cs, 5, seed).Picks {
			count[p.Key]++
		}
	}
	chi2 := 0.0
	for _, c := range cs {
		d := count[c.Key] - 500
		chi2 += d * d / 500
	}
	if chi2 > 63.677 {
		t.Errorf("chi-square %v: %v", chi2, count)
	}
}

func BenchmarkRandom(b *testing.B) {
	cs := make([]Candidate, 100_000)
	for i := range cs {
		cs[i] = Candidate{Key: fmt.Sprint(i), Stratum: fmt.Sprint(i % 10)}
	}
	b.Run("random", func(b *testing.B) {
		for b.Loop() {
			random(b, cs, 1000, 1)
		}
	})
	b.Run("stratified", func(b *testing.B) {
		for b.Loop() {
			stratified(b, cs, 1000, 1, 0)
		}
	})
}
