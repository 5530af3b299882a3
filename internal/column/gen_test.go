package column

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// plainKinds are the types without parameters or members.
var plainKinds = []Kind{Bool, Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64, Float32, Float64,
	String, Binary, Date, File}

// drawType draws a type, nested up to depth.
func drawType(t *rapid.T, depth int) *Type {
	n := len(plainKinds) + 3
	if depth > 0 {
		n += 3
	}
	k := rapid.IntRange(0, n-1).Draw(t, "type")
	switch k - len(plainKinds) {
	case 0:
		p := rapid.IntRange(1, 38).Draw(t, "precision")
		return DecimalOf(p, rapid.IntRange(0, p).Draw(t, "scale"))
	case 1:
		zone := rapid.SampledFrom([]string{"", "UTC", "+02:00", "Europe/Berlin"}).Draw(t, "zone")
		return TimestampOf(Unit(rapid.IntRange(0, 3).Draw(t, "unit")), zone)
	case 2:
		return Of(JSON)
	case 3:
		return ListOf(drawType(t, depth-1))
	case 4:
		return FixedListOf(drawType(t, depth-1), rapid.IntRange(0, 3).Draw(t, "size"))
	case 5:
		s := &Type{Kind: Struct}
		for i := range rapid.IntRange(0, 3).Draw(t, "members") {
			s.Fields = append(s.Fields, NewField(fmt.Sprintf("m%d", i), drawType(t, depth-1)))
		}
		return s
	}
	return Of(plainKinds[k])
}

// drawVector draws n values of type ty, some of them null.
func drawVector(t *rapid.T, ty *Type, n int) *Vector {
	v := NewVector(ty, 0)
	nullOf := rapid.SampledFrom([]int{0, 0, 2, 10, 1}).Draw(t, "nulls")
	style := rapid.IntRange(0, 5).Draw(t, "style")
	for range n {
		if nullOf > 0 && rapid.IntRange(0, nullOf-1).Draw(t, "null") == 0 {
			v.AppendNull()
			continue
		}
		drawValue(t, v, style)
	}
	return v
}

// drawValue appends a value to v. Style chooses between easy and wild values.
func drawValue(t *rapid.T, v *Vector, style int) {
	switch v.Type.Layout() {
	case LayoutInt:
		v.AppendInt(drawInt(t, v.Type, style))
	case LayoutF64:
		v.AppendF64(drawFloat(t, style))
	case LayoutF32:
		v.AppendF32(float32(drawFloat(t, style)))
	case LayoutBytes:
		v.AppendBytes(drawBytes(t, v.Type, style))
	case LayoutList:
		for range rapid.IntRange(0, 4).Draw(t, "length") {
			drawElement(t, v.Kids[0], style)
		}
		v.EndList()
	case LayoutFixed:
		for range v.Type.Size {
			drawElement(t, v.Kids[0], style)
		}
		v.EndList()
	case LayoutStruct:
		for _, k := range v.Kids {
			drawElement(t, k, style)
		}
		v.EndStruct()
	}
}

func drawElement(t *rapid.T, v *Vector, style int) {
	if style > 3 && rapid.IntRange(0, 4).Draw(t, "null") == 0 {
		v.AppendNull()
		return
	}
	drawValue(t, v, style)
}

func drawInt(t *rapid.T, ty *Type, style int) int64 {
	lo, hi, _ := ty.intRange()
	if ty.Kind == Uint64 && style >= 4 {
		return int64(rapid.Uint64().Draw(t, "uint64"))
	}
	if style < 3 {
		lo, hi = max(lo, -3), min(hi, 300)
	}
	return rapid.Int64Range(lo, hi).Draw(t, "int")
}

func drawFloat(t *rapid.T, style int) float64 {
	switch style {
	case 0:
		return float64(rapid.Int64Range(-1000, 1000).Draw(t, "whole"))
	case 1, 2:
		return float64(rapid.Int64Range(-1e6, 1e6).Draw(t, "digits")) / 100
	case 3:
		return float64(rapid.Float32().Draw(t, "float32"))
	case 4:
		return rapid.Float64().Draw(t, "float64")
	}
	return rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, -1, 0.1, 1e-5, 1e16, 1e300, math.Inf(1), math.Inf(-1),
		math.NaN(), math.Float64frombits(0x7FF0000000000001), math.Float64frombits(0xFFF8000020000000), 1 << 53,
		1<<53 + 2, 1 << 51, 5e-324, math.MaxFloat64, math.MaxFloat32, 0.25}).Draw(t, "odd")
}

func drawBytes(t *rapid.T, ty *Type, style int) []byte {
	switch ty.Kind {
	case Decimal:
		n := rapid.Int64().Draw(t, "decimal")
		return appendLong(nil, longOf(n))
	case JSON:
		return []byte(rapid.SampledFrom([]string{`1`, `"a"`, `{"a":[1,2]}`, `[]`, `null`, `true`}).Draw(t, "json"))
	case Binary:
		return rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "binary")
	}
	if style < 3 {
		return []byte(rapid.SampledFrom([]string{"rain", "sun", "", "snow", "a longer name of weather"}).Draw(t, "word"))
	}
	return []byte(rapid.String().Draw(t, "string"))
}

// logical turns value i of v into something that cmp can compare: nil for
// null, bits for floats, bytes as strings.
func logical(v *Vector, i int) any {
	if v.IsNull(i) {
		return nil
	}
	switch v.Type.Layout() {
	case LayoutInt:
		return v.Ints[i]
	case LayoutF32:
		return math.Float32bits(v.F32[i])
	case LayoutF64:
		return math.Float64bits(v.F64[i])
	case LayoutBytes:
		return string(v.At(i))
	case LayoutStruct:
		var m []any
		for _, k := range v.Kids {
			m = append(m, logical(k, i))
		}
		return m
	}
	var l []any
	from, to := v.Span(i)
	for j := from; j < to; j++ {
		l = append(l, logical(v.Kids[0], j))
	}
	return l
}

// logicals are the logical values from..to of v.
func logicals(v *Vector, from, to int) []any {
	var l []any
	for i := from; i < to; i++ {
		l = append(l, logical(v, i))
	}
	return l
}

func wantSame(t testing.TB, what string, got, want []any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("%s (-want +got):\n%s", what, d)
	}
}

// checkVector fails if the buffers of v contradict each other.
func checkVector(t interface{ Fatalf(string, ...any) }, v *Vector) {
	n, nulls := v.Len, 0
	for i := range n {
		if v.Valid != nil && !v.Valid.Get(i) {
			nulls++
		}
	}
	if nulls != v.Nulls {
		t.Fatalf("%s: %d nulls counted, %d in the bitmap", v.Type, v.Nulls, nulls)
	}
	have, want := 0, n
	switch v.Type.Layout() {
	case LayoutInt:
		have = len(v.Ints)
	case LayoutF32:
		have = len(v.F32)
	case LayoutF64:
		have = len(v.F64)
	case LayoutBytes:
		have = len(v.Offs) - 1
		if int(v.Offs[n]) != len(v.Bytes) {
			t.Fatalf("%s: last end %d of %d bytes", v.Type, v.Offs[n], len(v.Bytes))
		}
	case LayoutList:
		have = len(v.Offs) - 1
		if int(v.Offs[n]) != v.Kids[0].Len {
			t.Fatalf("%s: last end %d of %d elements", v.Type, v.Offs[n], v.Kids[0].Len)
		}
	case LayoutFixed:
		have, want = v.Kids[0].Len, n*v.Type.Size
	case LayoutStruct:
		have = n
		for _, k := range v.Kids {
			if k.Len != n {
				t.Fatalf("%s: %d structs, %d members", v.Type, n, k.Len)
			}
		}
	}
	if have != want {
		t.Fatalf("%s: %d slots for %d values", v.Type, have, want)
	}
	for _, k := range v.Kids {
		checkVector(t, k)
	}
}
