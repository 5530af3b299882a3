package segment

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/object"
)

func TestDiffSizes(t *testing.T) {
	r := rand.NewChaCha8([32]byte{7})
	base := make([]byte, 8<<10)
	r.Read(base)
	edit := func(f func(b []byte) []byte) []byte { return f(bytes.Clone(base)) }
	for _, tc := range []struct {
		name   string
		target []byte
		most   int // bytes of delta
	}{
		{"same", base, 10},
		{"one byte", edit(func(b []byte) []byte { b[4000]++; return b }), 16},
		{"first and last byte", edit(func(b []byte) []byte { b[0]++; b[len(b)-1]++; return b }), 20},
		{"inserted in the middle", edit(func(b []byte) []byte {
			return append(b[:3000:3000], append([]byte("twenty inserted byte"), b[3000:]...)...)
		}), 40},
		{"cut in the middle", edit(func(b []byte) []byte { return append(b[:3000:3000], b[3100:]...) }), 20},
		{"every 1000th byte", edit(func(b []byte) []byte {
			for i := 500; i < len(b); i += 1000 {
				b[i]++
			}
			return b
		}), 60},
		{"halves swapped", edit(func(b []byte) []byte { return append(b[4096:len(b):len(b)], b[:4096]...) }), 30},
		{"appended", edit(func(b []byte) []byte { return append(b, "new"...) }), 20},
		{"empty", nil, 10},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := new(differ).diff(nil, base, tc.target, 1<<20)
			if len(d) > tc.most {
				t.Errorf("delta of %d bytes, want at most %d", len(d), tc.most)
			}
			got, err := apply(base, d, maxObject)
			if err != nil || !bytes.Equal(got, tc.target) {
				t.Errorf("apply: %d of %d bytes, %v", len(got), len(tc.target), err)
			}
			if n := targetSize(d); n != len(tc.target) {
				t.Errorf("target size %d, want %d", n, len(tc.target))
			}
			if d := new(differ).diff(nil, base, tc.target, len(d)-1); d != nil {
				t.Errorf("a delta of %d bytes came out in spite of the limit", len(d))
			}
		})
	}
}

// TestDiffApply: apply(base, diff(base, target)) is target, for targets that
// are made from pieces of the base and other bytes, and diff is a function.
func TestDiffApply(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.SliceOfN(rapid.ByteRange(0, 7), 0, 600).Draw(t, "base")
		if rapid.Bool().Draw(t, "long") {
			base = bytes.Repeat(base, 200)
		}
		var target []byte
		for range rapid.IntRange(0, 8).Draw(t, "pieces") {
			if len(base) > 0 && rapid.Bool().Draw(t, "copy") {
				from := rapid.IntRange(0, len(base)-1).Draw(t, "from")
				target = append(target, base[from:rapid.IntRange(from, len(base)).Draw(t, "to")]...)
			} else {
				target = append(target, rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "new")...)
			}
		}
		d := new(differ).diff([]byte("prefix"), base, target, 1<<30)
		if !bytes.HasPrefix(d, []byte("prefix")) || !bytes.Equal(d, new(differ).diff([]byte("prefix"), base, target, 1<<30)) {
			t.Fatal("diff is not a function of its arguments")
		}
		got, err := apply(base, d[len("prefix"):], maxObject)
		if err != nil || !bytes.Equal(got, target) {
			t.Fatalf("apply: %d of %d bytes, %v", len(got), len(target), err)
		}
		if limit := len(target) / 2; len(new(differ).diff(nil, base, target, limit)) > limit {
			t.Fatal("a delta is longer than its limit")
		}
	})
}

func TestApplyRefuses(t *testing.T) {
	base := []byte("0123456789")
	for _, tc := range []struct {
		name  string
		delta []byte
	}{
		{"nothing", nil},
		{"another base", []byte{9, 1, 2, 'x'}},
		{"too large", []byte{10, 0xff, 0xff, 0xff, 0xff, 0x7f, 2, 'x'}},
		{"step of length 0", []byte{10, 1, 0, 2, 'x'}},
		{"insert cut off", []byte{10, 3, 6, 'x', 'y'}},
		{"insert too long", []byte{10, 1, 4, 'x', 'y'}},
		{"copy before the base", []byte{10, 1, 3, 1}},
		{"copy behind the base", []byte{10, 3, 7, 18}},
		{"copy of nothing there", []byte{10, 1, 3, 20}},
		{"distance cut off", []byte{10, 1, 3, 0x80}},
		{"ends early", []byte{10, 2, 2, 'x'}},
		{"goes on", []byte{10, 1, 2, 'x', 2, 'y'}},
		{"endless number", bytes.Repeat([]byte{0xff}, 20)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if b, err := apply(base, tc.delta, 1<<20); !errors.Is(err, object.ErrCorrupt) {
				t.Errorf("apply: %q, %v", b, err)
			}
		})
	}
}

// FuzzDeltaApply: any delta gives an object within the limit or ErrCorrupt.
func FuzzDeltaApply(f *testing.F) {
	base := []byte("the quick brown fox jumps over the lazy dog, and again: the quick brown fox")
	f.Add(base, new(differ).diff(nil, base, []byte("the quick red fox jumps over the lazy dog, and again"), 1000))
	f.Add(base, []byte{byte(len(base)), 200, 1, 0xff, 1, 0})
	f.Add([]byte{}, []byte{0, 0})
	f.Fuzz(func(t *testing.T, base, delta []byte) {
		const limit = 1 << 20
		b, err := apply(base, delta, limit)
		if err != nil {
			if !errors.Is(err, object.ErrCorrupt) {
				t.Errorf("err = %v", err)
			}
			return
		}
		if len(b) > limit || len(b) != targetSize(delta) {
			t.Errorf("%d bytes", len(b))
		}
		again, err := apply(base, new(differ).diff(nil, base, b, 1<<30), limit)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("diff and apply: %v", err)
		}
	})
}

// FuzzEntry: an index value that decodes encodes to itself or is refused.
func FuzzEntry(f *testing.F) {
	f.Add(entry{place: place{1, 2, 30, 50, codecZstd}, off: 4, size: 5, depth: 6, stream: 7}.append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := decodeEntry(b)
		if err != nil {
			if !errors.Is(err, object.ErrCorrupt) {
				t.Errorf("err = %v", err)
			}
			return
		}
		if again, err := decodeEntry(e.append(nil)); err != nil || again != e {
			t.Errorf("%+v became %+v: %v", e, again, err)
		}
		if uint64(e.off)+uint64(e.size) > uint64(e.raw) {
			t.Errorf("%+v leaves its block", e)
		}
	})
}
