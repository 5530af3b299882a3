package kernel

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestSplitAndJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 8).Draw(t, "width")
		base := rapid.Uint64().Draw(t, "base")
		xs := rapid.SliceOfN(rapid.Uint64Range(0, math.MaxUint64>>(64-8*width)), 0, 40).Draw(t, "xs")
		vals := make([]int64, len(xs))
		for i, x := range xs {
			vals[i] = int64(x + base)
		}
		got := make([]byte, width*len(xs))
		Split(got, vals, base, width)
		if want := plainSplit(xs, width); !cmp.Equal(got, want) {
			t.Fatalf("Split(%x, width %d) = %x, want %x", xs, width, got, want)
		}
		back := make([]int64, len(xs))
		Join(back, got, base, width)
		if !cmp.Equal(back, vals) {
			t.Fatalf("Join(%x, width %d) = %v, want %v", got, width, back, vals)
		}
	})
}

func TestSplitFloats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.SliceOfN(rapid.Uint64(), 0, 40).Draw(t, "bits")
		f64, f32, half := make([]float64, len(bits)), make([]float32, len(bits)), make([]uint64, len(bits))
		for i, b := range bits {
			f64[i], f32[i], half[i] = math.Float64frombits(b), math.Float32frombits(uint32(b)), b&math.MaxUint32
		}
		got := make([]byte, 8*len(bits))
		SplitF64(got, f64)
		if want := plainSplit(bits, 8); !cmp.Equal(got, want) {
			t.Fatalf("SplitF64(%x) = %x, want %x", bits, got, want)
		}
		back := make([]float64, len(bits))
		JoinF64(back, got)
		for i, x := range back {
			if math.Float64bits(x) != bits[i] {
				t.Fatalf("JoinF64 %d = %x, want %x", i, math.Float64bits(x), bits[i])
			}
		}
		got = make([]byte, 4*len(bits))
		SplitF32(got, f32)
		if want := plainSplit(half, 4); !cmp.Equal(got, want) {
			t.Fatalf("SplitF32(%x) = %x, want %x", half, got, want)
		}
		back32 := make([]float32, len(bits))
		JoinF32(back32, got)
		for i, x := range back32 {
			if uint64(math.Float32bits(x)) != half[i] {
				t.Fatalf("JoinF32 %d = %x, want %x", i, math.Float32bits(x), half[i])
			}
		}
	})
}

func TestIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.Int64(), 1, 40).Draw(t, "xs")
		lo, hi := MinMax(xs)
		if a, b := plainMinMax(xs); a != lo || b != hi {
			t.Fatalf("MinMax(%v) = %d, %d, want %d, %d", xs, lo, hi, a, b)
		}
		flipped := make([]int64, len(xs))
		for i, x := range xs {
			flipped[i] = x ^ math.MinInt64
		}
		if a, b := MinMaxUnsigned(flipped); int64(a)^math.MinInt64 != lo || int64(b)^math.MinInt64 != hi {
			t.Fatalf("MinMaxUnsigned(%v) = %d, %d", flipped, a, b)
		}
		diffs := make([]int64, len(xs)-1)
		Differences(diffs, xs)
		Accumulate(diffs, xs[0])
		if !cmp.Equal(diffs, xs[1:]) {
			t.Fatalf("Accumulate(Differences(%v)) = %v", xs, diffs)
		}
	})
}

func TestAscending(t *testing.T) {
	big := int64(math.MinInt64) // 2^63 as an unsigned number
	for _, c := range []struct {
		name   string
		xs     []int64
		flip   uint64
		lo, hi uint64
		ok     bool
	}{
		{"rising", []int64{1, 4, 4, 9}, 0, 0, 5, true},
		{"steady", []int64{-7, -4, -1}, 0, 3, 3, true},
		{"falling", []int64{1, 0}, 0, 0, 0, false},
		{"whole range", []int64{math.MinInt64, math.MaxInt64}, 0, math.MaxUint64, math.MaxUint64, true},
		{"unsigned", []int64{math.MaxInt64, big, big + 2}, 1 << 63, 1, 2, true},
		{"unsigned, falling", []int64{big, 1}, 1 << 63, 0, 0, false},
	} {
		if lo, hi, ok := Ascending(c.xs, c.flip); lo != c.lo || hi != c.hi || ok != c.ok {
			t.Errorf("%s: Ascending(%v) = %d, %d, %t, want %d, %d, %t", c.name, c.xs, lo, hi, ok, c.lo, c.hi, c.ok)
		}
	}
}

func TestBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.Int64Range(math.MinInt64, math.MaxInt64-1).Draw(t, "base")
		xs := rapid.SliceOfN(rapid.Int64Range(base, base+1), 1, 40).Draw(t, "xs")
		got := make([]byte, (len(xs)+7)/8)
		PackBits(got, xs, base)
		if want := plainBits(xs, base); !cmp.Equal(got, want) {
			t.Fatalf("PackBits(%v) = %x, want %x", xs, got, want)
		}
		back := make([]int64, len(xs))
		UnpackBits(back, got, base)
		if !cmp.Equal(back, xs) {
			t.Fatalf("UnpackBits(%x) = %v, want %v", got, back, xs)
		}
	})
}

// floats draws numbers around every border of Whole and Decimal.
func floats(t *rapid.T) []float64 {
	return rapid.SliceOfN(rapid.OneOf(
		rapid.Map(rapid.Int64Range(-1e6, 1e6), func(n int64) float64 { return float64(n) / 100 }),
		rapid.Map(rapid.Int64Range(-MaxDecimal-2, MaxDecimal+2), func(n int64) float64 { return float64(n) / 10 }),
		rapid.Map(rapid.Int64Range(0, MaxDecimal+2), func(n int64) float64 { return float64(n) / 1e17 }),
		rapid.Map(rapid.Int64Range(-MaxWhole-9, MaxWhole+9), func(n int64) float64 { return float64(n) }),
		rapid.Float64(),
		rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 1 << 51, -1 << 51,
			(1<<51 - 1) / 10.0, 1 << 52, 1 << 53, 1<<53 + 2, -1 << 63, 1 << 63, 1 << 64, 5e-324}),
	), 1, 5).Draw(t, "xs")
}

func TestDecimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := floats(t)
		ns := make([]int64, len(xs))
		e := Decimal(ns, xs)
		want, digits := plainDecimal(xs)
		if e != want || e > 0 && !cmp.Equal(ns, digits) {
			t.Fatalf("Decimal(%v) = %d, %v, want %d, %v", xs, e, ns, want, digits)
		}
		if e == 0 {
			return
		}
		back := make([]float64, len(xs))
		Scale(back, ns, e)
		for i := range xs {
			if math.Float64bits(back[i]) != math.Float64bits(xs[i]) {
				t.Fatalf("Scale(%d, %d) = %v, want %v", ns[i], e, back[i], xs[i])
			}
		}
	})
}

func TestWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := floats(t)
		ns, want := make([]int64, len(xs)), true
		for _, x := range xs {
			want = want && plainWhole(x)
		}
		if got := Whole(ns, xs); got != want {
			t.Fatalf("Whole(%v) = %t, want %t", xs, got, want)
		}
		for i := range xs {
			if want && float64(ns[i]) != xs[i] {
				t.Fatalf("Whole(%v) gave %d", xs[i], ns[i])
			}
		}
	})
}

// Every float32 survives widening and narrowing, signalling NaNs too, and a
// float64 between two of them does not pass for one.
func TestNarrow(t *testing.T) {
	odd := []uint32{0, 1 << 31, 1, 0x7F800000, 0xFF800000, 0x7F800001, 0xFFC12345, 0x7FFFFFFF, 0x7F7FFFFF, 0x00800000}
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.OneOf(rapid.Uint32(), rapid.SampledFrom(odd)).Draw(t, "bits")
		wide := make([]float64, 2)
		Widen(wide, []float32{1, math.Float32frombits(b)})
		if got := math.Float64bits(wide[1]); got != WidenBits(b) {
			t.Fatalf("Widen(%08x) = %016x, want %016x", b, got, WidenBits(b))
		}
		narrow := make([]float32, 2)
		if !Narrow(narrow, wide) || math.Float32bits(narrow[1]) != b {
			t.Fatalf("Narrow(Widen(%08x)) = %08x", b, math.Float32bits(narrow[1]))
		}
		wide[1] = math.Float64frombits(WidenBits(b) | 1)
		if Narrow(narrow, wide) {
			t.Fatalf("Narrow accepts %016x", math.Float64bits(wide[1]))
		}
	})
}

func BenchmarkSplit(b *testing.B) {
	xs := make([]int64, 2048)
	for i := range xs {
		xs[i] = int64(i) * 0x1234567
	}
	dst := make([]byte, 8*len(xs))
	for width := 1; width <= 8; width++ {
		b.Run(string('0'+rune(width)), func(b *testing.B) {
			b.SetBytes(int64(8 * len(xs)))
			for b.Loop() {
				Split(dst, xs, 0, width)
			}
		})
	}
}

func BenchmarkJoin(b *testing.B) {
	xs := make([]int64, 2048)
	src := make([]byte, 8*len(xs))
	for width := 1; width <= 8; width++ {
		b.Run(string('0'+rune(width)), func(b *testing.B) {
			b.SetBytes(int64(8 * len(xs)))
			for b.Loop() {
				Join(xs, src, 0, width)
			}
		})
	}
}
