package stat

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestDistancesAgainstScipy(t *testing.T) {
	type row struct {
		Name                    string
		Ref, Cur                []float64
		PSIHalf                 float64 `json:"psi_half"`
		PSIFloor                float64 `json:"psi_floor"`
		PSIAdd                  float64 `json:"psi_add"`
		PSIEvidently            float64 `json:"psi_evidently"`
		PSISkip                 float64 `json:"psi_skip"`
		KLHalf                  float64 `json:"kl_half"`
		JS, Hellinger, TV, LInf float64
	}
	for _, c := range golden[row](t, "distance.json") {
		t.Run(c.Name, func(t *testing.T) {
			check := func(what string, want float64, got float64, why Reason) {
				t.Helper()
				if why != ReasonNone {
					t.Fatalf("%s: %s", what, why)
				}
				near(t, what, got, want, 1e-9)
			}
			for _, z := range []struct {
				rule Zeros
				want float64
			}{
				{Zeros{}, c.PSIHalf},
				{Zeros{Mode: ZeroFloor, Eps: 0.01}, c.PSIFloor},
				{Zeros{Mode: ZeroAdd, Eps: 1e-5}, c.PSIAdd},
				{Zeros{Mode: ZeroEvidently}, c.PSIEvidently},
				{Zeros{Mode: ZeroSkip}, c.PSISkip},
			} {
				got, why := PSI(c.Ref, c.Cur, z.rule)
				check("PSI "+z.rule.Mode.String(), z.want, got, why)
			}
			got, why := KL(c.Ref, c.Cur, Zeros{})
			check("KL", c.KLHalf, got, why)
			got, why = JensenShannon(c.Ref, c.Cur)
			check("JS", c.JS, got, why)
			got, why = Hellinger(c.Ref, c.Cur)
			check("Hellinger", c.Hellinger, got, why)
			got, why = TotalVariation(c.Ref, c.Cur)
			check("TV", c.TV, got, why)
			got, why = LInfinity(c.Ref, c.Cur)
			check("LInfinity", c.LInf, got, why)
		})
	}
}

// Worked examples A, B and D of reference/drift.md §2.2 (numpy 1.24.2, scipy 1.10.1).
func TestDistanceWorkedExamples(t *testing.T) {
	ev, dc := Zeros{Mode: ZeroEvidently}, Zeros{Mode: ZeroFloor, Eps: 0.01}
	pm := Zeros{Mode: ZeroAdd, Eps: 1e-5}
	a := [2][]float64{{100, 200, 300, 400}, {150, 250, 250, 350}}
	b := [2][]float64{{500, 300, 200, 0}, {400, 300, 200, 100}}
	d := [2][]float64{{16, 18, 16, 14, 12, 12}, {16, 16, 16, 16, 16, 8}}
	value := func(x float64, why Reason) float64 {
		t.Helper()
		if why != ReasonNone {
			t.Fatal(why)
		}
		return x
	}
	psi := func(s [2][]float64, z Zeros) float64 { return value(PSI(s[0], s[1], z)) }
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"A PSI evidently", psi(a, ev), 0.0472231},
		{"A PSI deepchecks", psi(a, dc), 0.0472231},
		{"A PSI popmon on shares", psi(a, pm), 0.0472204},
		{"A JS distance", math.Sqrt(value(JensenShannon(a[0], a[1]))), 0.0766850},
		{"A JS distance in bits", math.Sqrt(value(JensenShannon(a[0], a[1])) / math.Ln2), 0.0921080},
		{"A Hellinger", value(Hellinger(a[0], a[1])), 0.0767574},
		{"A TV", value(TotalVariation(a[0], a[1])), 0.1},
		{"A LInfinity", value(LInfinity(a[0], a[1])), 0.05},
		{"B PSI evidently", psi(b, ev), 0.712399},
		{"B PSI deepchecks", psi(b, dc), 0.229547},
		{"B PSI popmon on shares", psi(b, pm), 0.943358},
		{"B JS distance", math.Sqrt(value(JensenShannon(b[0], b[1]))), 0.193496},
		{"B Hellinger", value(Hellinger(b[0], b[1])), 0.229753},
		{"D PSI", psi(d, ev), 0.03721838},
		{"D KL", value(KL(d[0], d[1], Zeros{Mode: ZeroKeep})), 0.01890968},
		{"D Hellinger", value(Hellinger(d[0], d[1])), 0.06812774},
		{"D JS distance", math.Sqrt(value(JensenShannon(d[0], d[1]))), 0.06804820},
		{"D TV", value(TotalVariation(d[0], d[1])), 0.06818182},
		{"D LInfinity", value(LInfinity(d[0], d[1])), 0.04545455},
	} {
		near(t, c.name, c.got, c.want, 5e-6)
	}
}

func TestDistanceReasons(t *testing.T) {
	for _, c := range []struct {
		name     string
		ref, cur []float64
		zeros    Zeros
		want     Reason
	}{
		{"no bins", nil, nil, Zeros{}, ReasonBothEmpty},
		{"all zero", []float64{0, 0}, []float64{0, 0}, Zeros{}, ReasonBothEmpty},
		{"empty reference", []float64{0, 0}, []float64{1, 2}, Zeros{}, ReasonEmptyReference},
		{"empty current", []float64{1, 2}, []float64{0, 0}, Zeros{}, ReasonEmptyCurrent},
		{"lengths", []float64{1}, []float64{1, 2}, Zeros{}, ReasonLengths},
		{"zero kept", []float64{1, 0}, []float64{1, 2}, Zeros{Mode: ZeroKeep}, ReasonZeroShare},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, why := PSI(c.ref, c.cur, c.zeros); why != c.want {
				t.Errorf("PSI: reason %q, want %q", why, c.want)
			}
		})
	}
	if x, why := PSI([]float64{7, 0}, []float64{9, 0}, Zeros{}); x != 0 || why != ReasonNone {
		t.Errorf("PSI of a constant column = %v, %q, want 0", x, why)
	}
}

func TestDistanceLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "bins")
		gen := rapid.SliceOfN(rapid.Float64Range(0, 1000), n, n)
		ref, cur := gen.Draw(t, "ref"), gen.Draw(t, "cur")
		ref[0]++
		cur[n-1]++
		psi, why := PSI(ref, cur, Zeros{})
		if why != ReasonNone || psi < 0 {
			t.Fatalf("PSI = %v, %q", psi, why)
		}
		if back, _ := PSI(cur, ref, Zeros{}); math.Abs(back-psi) > 1e-9*psi+1e-12 {
			t.Fatalf("PSI is not symmetric: %v, %v", psi, back)
		}
		if more, _ := PSI(append(ref[:n:n], 0), append(cur[:n:n], 0), Zeros{}); more != psi {
			t.Fatalf("an unused bin changes PSI: %v, %v", psi, more)
		}
		js, _ := JensenShannon(ref, cur)
		h, _ := Hellinger(ref, cur)
		tv, _ := TotalVariation(ref, cur)
		linf, _ := LInfinity(ref, cur)
		// H^2 <= TV <= H sqrt(2 - H^2), and TV^2/2 <= JS <= TV ln 2 (Lin 1991).
		const eps = 1e-9
		if h*h > tv+eps || tv > h*math.Sqrt(2-h*h)+eps || js > tv*math.Ln2+eps || tv*tv/2 > js+eps || linf > 2*tv+eps {
			t.Fatalf("bounds broken: H %v TV %v JS %v Linf %v", h, tv, js, linf)
		}
	})
}
