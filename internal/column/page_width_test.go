package column

import (
	"bytes"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// widerTypes are types that hold what a first type holds, with the first type
// in front.
var widerTypes = [][]*Type{
	{Of(Int8), Of(Int16), Of(Int32), Of(Int64), Of(Float32), Of(Float64)},
	{Of(Uint8), Of(Int16), Of(Uint16), Of(Int32), Of(Uint32), Of(Int64), Of(Uint64), Of(Float32), Of(Float64)},
	{Of(Int32), Of(Int64), Of(Float64)},
	{Of(Uint32), Of(Int64), Of(Uint64), Of(Float64)},
	{Of(Float32), Of(Float64)},
	{DecimalOf(5, 2), DecimalOf(12, 2), DecimalOf(18, 2)},
	{DecimalOf(19, 2), DecimalOf(38, 2)},
	{Of(JSON), Of(String), Of(Binary), Of(File)},
	{TimestampOf(Milli, "UTC"), TimestampOf(Milli, "+02:00")},
	{ListOf(Of(Int8)), ListOf(Of(Int64)), ListOf(Of(Float64))},
	{FixedListOf(Of(Float32), 2), FixedListOf(Of(Float64), 2)},
	{StructOf(NewField("a", Of(Uint8))), StructOf(NewField("a", Of(Float64)))},
}

// What Widens allows changes neither pages, bounds, row bytes nor equality,
// and what WidensKey allows no keys.
func TestWideningChangesNoBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		types := rapid.SampledFrom(widerTypes).Draw(t, "types")
		from, to := types[0], rapid.SampledFrom(types[1:]).Draw(t, "to")
		if from.Kind == JSON && to.Kind == File {
			return
		}
		if !Widens(from, to) {
			t.Fatalf("Widens(%s, %s) is false", from, to)
		}
		v := drawVector(t, from, rapid.IntRange(0, 30).Draw(t, "rows"))
		w, err := Convert(v, to)
		if err != nil {
			t.Fatalf("%s to %s: %v", from, to, err)
		}
		checkVector(t, w)
		a, b := EncodePage(nil, v, 0, v.Len), EncodePage(nil, w, 0, w.Len)
		if !bytes.Equal(a, b) {
			t.Fatalf("%s to %s: page %x becomes %x", from, to, a, b)
		}
		got := NewVector(to, 0)
		if err := DecodePage(a, got); err != nil {
			t.Fatalf("%s as %s: %v", from, to, err)
		}
		amin, amax, anulls := Bounds(v, 0, v.Len)
		bmin, bmax, bnulls := Bounds(w, 0, w.Len)
		if !bytes.Equal(amin, bmin) || !bytes.Equal(amax, bmax) || (amax == nil) != (bmax == nil) || anulls != bnulls {
			t.Fatalf("%s to %s: bounds %x..%x become %x..%x", from, to, amin, amax, bmin, bmax)
		}
		checkSameRows(t, v, w)
	})
}

func checkSameRows(t *rapid.T, v, w *Vector) {
	a := &Batch{Schema: &Schema{Fields: []Field{{ID: "x", Type: v.Type}}}, Cols: []*Vector{v}}
	b := &Batch{Schema: &Schema{Fields: []Field{{ID: "x", Type: w.Type}}}, Cols: []*Vector{w}}
	for i := range v.Len {
		if !Equal(v, i, w, i) || !Equal(w, i, v, i) {
			t.Fatalf("%s %q is not equal to %s %q", v.Type, Text(v, i), w.Type, Text(w, i))
		}
		if p, q := AppendRow(nil, a, []int{0}, i), AppendRow(nil, b, []int{0}, i); !bytes.Equal(p, q) {
			t.Fatalf("%s to %s: row %x becomes %x", v.Type, w.Type, p, q)
		}
		if v.IsNull(i) || !Orderable(v.Type) {
			continue
		}
		if c := Compare(v, i, w, i); c != 0 {
			t.Fatalf("Compare(%s, %s) of %q = %d", v.Type, w.Type, Text(v, i), c)
		}
		if p, q := AppendKey(nil, v, i), AppendKey(nil, w, i); WidensKey(v.Type, w.Type) && !bytes.Equal(p, q) {
			t.Fatalf("%s to %s: key %x becomes %x", v.Type, w.Type, p, q)
		}
	}
}

func TestWidens(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"int64", "int64", true}, {"int64", "int32", false}, {"int64", "float64", false}, {"int32", "float32", false},
		{"uint64", "int64", false}, {"int64", "uint64", false}, {"uint64", "uint64", true}, {"int8", "uint16", false},
		{"uint16", "uint64", true}, {"bool", "int8", false}, {"float64", "float32", false}, {"date", "timestamp[s]", false},
		{"decimal(10, 2)", "decimal(12, 3)", false}, {"decimal(18, 2)", "decimal(19, 2)", false},
		{"timestamp[us]", "timestamp[us, UTC]", false}, {"timestamp[us, UTC]", "timestamp[ns, UTC]", false},
		{"string", "json", false}, {"file", "string", true}, {"string", "file", true}, {"binary", "string", false},
		{"list<int8>", "list<int16>", true}, {"list<int16>", "list<int8>", false}, {"list<int8>", "fixed_list<int8, 3>", false},
		{"fixed_list<int8, 2>", "fixed_list<int8, 3>", false}, {"struct<a: int8>", "struct<b: int8>", false},
		{"struct<a: int8>", "struct<a: int8, b: int8>", false}, {"struct<a: int8>", "struct<a: int16>", true},
	} {
		if got := Widens(mustType(t, c.from), mustType(t, c.to)); got != c.want {
			t.Errorf("Widens(%s, %s) = %t, want %t", c.from, c.to, got, c.want)
		}
	}
	if WidensKey(Of(Int8), Of(Float64)) || !WidensKey(Of(Int8), Of(Int64)) || !WidensKey(Of(Float32), Of(Float64)) {
		t.Error("WidensKey: integers have other keys than floats, widths have not")
	}
}

func mustType(t testing.TB, s string) *Type {
	t.Helper()
	ty, err := ParseType(s)
	if err != nil {
		t.Fatal(err)
	}
	return ty
}

// What lies under nulls is not in the page.
func TestPageIgnoresWhatIsUnderNulls(t *testing.T) {
	clean := NewVector(ListOf(Of(Float64)), 0)
	dirty := NewVector(ListOf(Of(Float64)), 0)
	for i := range 5 {
		dirty.Kids[0].AppendF64(float64(i) + 0.5)
		dirty.EndList()
		if i == 3 {
			clean.AppendNull()
			continue
		}
		clean.Kids[0].AppendF64(float64(i) + 0.5)
		clean.EndList()
	}
	dirty.Valid, dirty.Nulls = Bitmap{^uint64(8)}, 1
	if a, b := EncodePage(nil, clean, 0, 5), EncodePage(nil, dirty, 0, 5); !bytes.Equal(a, b) {
		t.Errorf("page = %x, want %x", b, a)
	}
	ints := &Vector{Type: Of(Int64), Len: 3, Nulls: 1, Valid: Bitmap{0b101}, Ints: []int64{1, math.MaxInt64, 2}}
	want := NewVector(Of(Int64), 0)
	want.AppendInt(1)
	want.AppendNull()
	want.AppendInt(2)
	if a, b := EncodePage(nil, want, 0, 3), EncodePage(nil, ints, 0, 3); !bytes.Equal(a, b) {
		t.Errorf("page = %x, want %x", b, a)
	}
}
