package column

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A run of a vector comes back from its page, behind what was there before,
// and the page depends neither on neighbours nor on how rows were appended.
func TestPageRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ty := drawType(t, 3)
		v := drawVector(t, ty, rapid.IntRange(0, 90).Draw(t, "rows"))
		checkVector(t, v)
		from := rapid.IntRange(0, v.Len).Draw(t, "from")
		to := rapid.IntRange(from, v.Len).Draw(t, "to")
		page := EncodePage([]byte("x"), v, from, to)[1:]
		if n, err := PageRows(page); n != to-from || err != nil {
			t.Fatalf("%s: PageRows = %d, %v, want %d", ty, n, err, to-from)
		}
		before := rapid.IntRange(0, min(v.Len, 70)).Draw(t, "before")
		got := v.Slice(0, before)
		if err := DecodePage(page, got); err != nil {
			t.Fatalf("%s: %v", ty, err)
		}
		checkVector(t, got)
		if d := cmp.Diff(append(logicals(v, 0, before), logicals(v, from, to)...), logicals(got, 0, got.Len)); d != "" {
			t.Fatalf("%s: values (-want +got):\n%s", ty, d)
		}
		if again := EncodePage(nil, got, before, got.Len); !bytes.Equal(again, page) {
			t.Fatalf("%s: encode(decode(page)) = %x, want %x", ty, again, page)
		}
		if err := CheckPage(page, ty); err != nil {
			t.Fatalf("%s: CheckPage: %v", ty, err)
		}
		checkVector(t, v.Slice(from, to))
		if again := EncodePage(nil, v.Slice(from, to), 0, to-from); !bytes.Equal(again, page) {
			t.Fatalf("%s: page of a copy = %x, want %x", ty, again, page)
		}
	})
}

// What extent counts is what the decoder allows.
func TestExtentIsWhatDecodingNeeds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawVector(t, drawType(t, 3), rapid.IntRange(1, 20).Draw(t, "rows"))
		values, text := v.extent(0, v.Len)
		page := EncodePage(nil, v, 0, v.Len)
		if err := new(PageDecoder).decode(page, NewVector(v.Type, 0), values, text); err != nil {
			t.Fatalf("%s: %d values, %d bytes: %v", v.Type, values, text, err)
		}
		if err := new(PageDecoder).decode(page, NewVector(v.Type, 0), values-1, text); err == nil {
			t.Fatalf("%s: %d values are decoded where %d are allowed", v.Type, values, values-1)
		}
	})
}

func TestPageFits(t *testing.T) {
	v := NewVector(FixedListOf(Of(Float32), 1<<13), 0)
	v.AppendNulls(1 << 13)
	if err := PageFits(v, 0, v.Len); !errors.Is(err, ErrTooLarge) {
		t.Errorf("2^26 values and their lists: %v, want ErrTooLarge", err)
	}
	if err := PageFits(v, 0, v.Len/2); err != nil {
		t.Errorf("2^25 values: %v", err)
	}
	rows := &Vector{Type: Of(Int8), Len: MaxPageRows + 1, Ints: make([]int64, MaxPageRows+1)}
	if err := PageFits(rows, 0, rows.Len); !errors.Is(err, ErrTooLarge) {
		t.Errorf("2^20+1 rows: %v, want ErrTooLarge", err)
	}
	if err := PageFits(rows, 1, rows.Len); err != nil {
		t.Errorf("2^20 rows: %v", err)
	}
}
