package column

import (
	"bytes"
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
