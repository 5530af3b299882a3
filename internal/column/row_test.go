package column

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Row bytes depend neither on the order of columns nor on columns that are
// null, and tell different rows apart.
func TestAppendRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(t, "columns")
		b := &Batch{Schema: &Schema{}, Len: 2}
		for i := range n {
			ty := drawType(t, 2)
			b.Schema.Fields = append(b.Schema.Fields, NewField(fmt.Sprintf("c%d", i), ty))
			b.Cols = append(b.Cols, drawVector(t, ty, 2))
		}
		cols := rapid.Permutation([]int{0, 1, 2, 3}[:n]).Draw(t, "order")
		before := slices.Clone(cols)
		row := AppendRow(nil, b, cols, 0)
		if !slices.Equal(cols, before) {
			t.Fatalf("AppendRow changed cols from %v to %v", before, cols)
		}
		var present []int
		same := true
		for c, v := range b.Cols {
			if !v.IsNull(0) {
				present = append(present, c)
			}
			same = same && Equal(v, 0, v, 1)
		}
		if got := AppendRow(nil, b, present, 0); !bytes.Equal(got, row) {
			t.Fatalf("without null columns the row is %x, want %x", got, row)
		}
		other := AppendRow(nil, b, cols, 1)
		if bytes.Equal(row, other) != same {
			t.Fatalf("rows equal: %t, their bytes %x and %x", same, row, other)
		}
		if !same && (bytes.HasPrefix(row, other) || bytes.HasPrefix(other, row)) {
			t.Fatalf("one of the rows %x, %x begins the other", row, other)
		}
	})
}

func TestAppendRowBytes(t *testing.T) {
	b := &Batch{Schema: &Schema{}, Len: 1}
	for _, c := range [][3]string{
		{"i", "int8", "-3"}, {"f", "float64", "0.5"}, {"s", "string", "hé"}, {"b", "bool", "true"},
		{"l", "list<int64>", "[1,null]"}, {"r", "struct<y: int8, x: float32>", `{"x":2,"y":null}`},
		{"d", "decimal(4, 2)", "1.50"}, {"D", "date", "1970-01-03"}, {"T", "timestamp[us, UTC]", "1970-01-01T00:00:00.000001Z"},
		{"u", "uint64", "18446744073709551615"},
	} {
		v := parsed(t, c[1], c[2])
		b.Schema.Fields = append(b.Schema.Fields, NewField(c[0], v.Type))
		b.Cols = append(b.Cols, v)
	}
	want := "\x0a" + // columns
		"\x01D" + "D\x04" +
		"\x01T" + "T\x02\x02" +
		"\x01b" + "b\x01" +
		"\x01d" + "d\x02\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x96" +
		"\x01f" + "f\x00\x00\x00\x00\x00\x00\xe0\x3f" +
		"\x01i" + "i\x05" +
		"\x01l" + "l\x02i\x02n" +
		"\x01r" + "r\x01\x01xi\x04" +
		"\x01s" + "s\x03h\xc3\xa9" +
		"\x01u" + "u\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
	got := AppendRow(nil, b, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 0)
	if string(got) != want {
		t.Errorf("row = %x\nwant  %x", got, want)
	}
}
