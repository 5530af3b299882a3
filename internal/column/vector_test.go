package column

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Copying in runs, one by one, by position or by rows of nulls keeps values
// and counts.
func TestVectorAppend(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ty := drawType(t, 2)
		src := drawVector(t, ty, rapid.IntRange(0, 150).Draw(t, "rows"))
		got, want := NewVector(ty, 0), []any(nil)
		for range rapid.IntRange(0, 5).Draw(t, "steps") {
			from := rapid.IntRange(0, src.Len).Draw(t, "from")
			to := rapid.IntRange(from, src.Len).Draw(t, "to")
			switch rapid.IntRange(0, 3).Draw(t, "how") {
			case 0:
				got.AppendFrom(src, from, to)
			case 1:
				var idx []int
				for i := from; i < to; i++ {
					idx = append(idx, i)
				}
				got.Take(src, idx)
			case 2:
				got.AppendNulls(to - from)
				want = append(want, make([]any, to-from)...)
				continue
			case 3:
				got.AppendNull()
				want = append(want, nil)
				continue
			}
			want = append(want, logicals(src, from, to)...)
		}
		checkVector(t, got)
		if d := cmp.Diff(want, logicals(got, 0, got.Len)); d != "" {
			t.Fatalf("%s (-want +got):\n%s", ty, d)
		}
		got.Reset()
		got.AppendFrom(src, 0, src.Len)
		checkVector(t, got)
		if d := cmp.Diff(logicals(src, 0, src.Len), logicals(got, 0, got.Len)); d != "" {
			t.Fatalf("%s after Reset (-want +got):\n%s", ty, d)
		}
	})
}

func TestBatchAppendFrom(t *testing.T) {
	s := &Schema{Fields: []Field{NewField("id", Of(Int64)), NewField("name", Of(String))}, Key: []string{"id"}}
	b := NewBatch(s, 2)
	for i, name := range []string{"a", "b", "c"} {
		b.Cols[0].AppendInt(int64(i))
		b.Cols[1].AppendString(name)
		b.Len++
	}
	c := NewBatch(s, 0)
	c.AppendFrom(b, 1, 3)
	if c.Len != 2 || Text(c.Cols[1], 1) != "c" || c.SizeBytes() == 0 {
		t.Errorf("rows 1 to 3 = %d rows, last %q", c.Len, Text(c.Cols[1], 1))
	}
	c.Reset()
	if c.Len != 0 || c.Cols[0].Len != 0 {
		t.Errorf("after Reset %d rows, %d ids", c.Len, c.Cols[0].Len)
	}
}
