package column

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/strata-data/strata/internal/object"
	"pgregory.net/rapid"
)

// drawKeyType draws a type that may be a key.
func drawKeyType(t *rapid.T) *Type {
	for {
		if ty := drawType(t, 0); ty.Kind != JSON {
			return ty
		}
	}
}

func drawOne(t *rapid.T, ty *Type) *Vector {
	v := NewVector(ty, 2)
	drawValue(t, v, rapid.IntRange(0, 5).Draw(t, "style"))
	return v
}

func TestKeyOrderIsValueOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ty := drawKeyType(t)
		v, w := drawOne(t, ty), drawOne(t, ty)
		k, l := AppendKey(nil, v, 0), AppendKey(nil, w, 0)
		if got, want := bytes.Compare(k, l), Compare(v, 0, w, 0); got != want {
			t.Fatalf("%s: keys of %q, %q compare %d, values %d", ty, Text(v, 0), Text(w, 0), got, want)
		}
		if !bytes.Equal(k, l) && (bytes.HasPrefix(k, l) || bytes.HasPrefix(l, k)) {
			t.Fatalf("%s: one of the keys %x, %x begins the other", ty, k, l)
		}
	})
}

func TestCompareKnownOrder(t *testing.T) {
	texts := map[string][]string{
		"bool":           {"false", "true"},
		"int64":          {"-9223372036854775808", "-1", "0", "1", "9223372036854775806", "9223372036854775807"},
		"uint64":         {"0", "1", "9223372036854775806", "9223372036854775807", "9223372036854775808", "18446744073709551615"},
		"float64":        {"-inf", "-1e+300", "-1.0", "-5e-324", "-0.0", "0.0", "5e-324", "1.0", "inf", "nan"},
		"string":         {"", "\x00", "\x00\x00", "\x00a", "a", "a\x00", "a\x01", "aa", "b", "é"},
		"date":           {"-0001-12-31", "1969-12-31", "1970-01-01", "9999-12-31", "+10000-01-01"},
		"decimal(38, 2)": {"-999999999999999999999999999999999999.99", "-0.01", "0.00", "0.01", "999999999999999999999999999999999999.99"},
		"decimal(4, 2)":  {"-99.99", "-0.01", "0.00", "0.01", "99.99"},
	}
	for name, list := range texts {
		ty := mustType(t, name)
		v := NewVector(ty, 0)
		for _, s := range list {
			if err := ParseText(ty, s, v); err != nil {
				t.Fatal(err)
			}
		}
		for i := range v.Len {
			for j := range v.Len {
				if got := Compare(v, i, v, j); got != cmp.Compare(i, j) {
					t.Errorf("%s: Compare(%q, %q) = %d", name, list[i], list[j], got)
				}
				if got := bytes.Compare(AppendKey(nil, v, i), AppendKey(nil, v, j)); got != cmp.Compare(i, j) {
					t.Errorf("%s: keys of %q and %q compare %d", name, list[i], list[j], got)
				}
			}
		}
	}
}

func TestCompareAcrossTypes(t *testing.T) {
	for _, c := range []struct {
		ta, a, tb, b string
		want         int
	}{
		{"int64", "9007199254740993", "float64", "9007199254740992.0", 1},
		{"int64", "-1", "uint64", "18446744073709551615", -1},
		{"uint64", "18446744073709551615", "float64", "1.8446744073709552e+19", -1},
		{"uint64", "9223372036854775808", "float64", "9.223372036854775808e+18", 0},
		{"int64", "-9223372036854775808", "float64", "-9.223372036854775808e+18", 0},
		{"int64", "-3", "float64", "-2.5", -1},
		{"int64", "-2", "float64", "-2.5", 1},
		{"int64", "5", "float64", "nan", -1},
		{"int64", "5", "float64", "inf", -1},
		{"int64", "5", "float64", "-inf", 1},
		{"decimal(4, 1)", "1.5", "decimal(30, 3)", "1.500", 0},
		{"decimal(4, 1)", "-1.5", "decimal(30, 3)", "1.500", -1},
		{"decimal(4, 1)", "1.5", "decimal(6, 3)", "1.501", -1},
		{"timestamp[s]", "2020-01-01T00:00:01", "timestamp[ns]", "2020-01-01T00:00:01.000000001", -1},
		{"timestamp[ms, UTC]", "2020-01-01T00:00:00Z", "timestamp[us, +02:00]", "2020-01-01T02:00:00+02:00", 0},
		{"string", "a", "file", "a", 0},
		{"bool", "true", "int64", "0", -1},
	} {
		v, w := parsed(t, c.ta, c.a), parsed(t, c.tb, c.b)
		if got, back := Compare(v, 0, w, 0), Compare(w, 0, v, 0); got != c.want || back != -c.want {
			t.Errorf("Compare(%s %s, %s %s) = %d and %d, want %d", c.ta, c.a, c.tb, c.b, got, back, c.want)
		}
		if got := Equal(v, 0, w, 0); got != (c.want == 0) {
			t.Errorf("Equal(%s %s, %s %s) = %t", c.ta, c.a, c.tb, c.b, got)
		}
	}
	null := NewVector(Of(Int64), 1)
	null.AppendNull()
	five := parsed(t, "int64", "5")
	if Compare(null, 0, five, 0) != -1 || Compare(five, 0, null, 0) != 1 || Compare(null, 0, null, 0) != 0 {
		t.Error("null does not come before 5")
	}
	if !Equal(null, 0, null, 0) || Equal(null, 0, five, 0) {
		t.Error("null equals null and nothing else")
	}
	if zero, neg := parsed(t, "int64", "0"), parsed(t, "float64", "-0.0"); Equal(zero, 0, neg, 0) {
		t.Error("0 equals -0.0")
	}
}

func parsed(t testing.TB, typ, text string) *Vector {
	t.Helper()
	ty := mustType(t, typ)
	v := NewVector(ty, 1)
	if err := ParseText(ty, text, v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestKeyRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var types []*Type
		b := &Batch{Schema: &Schema{}, Len: 1}
		for range rapid.IntRange(1, 3).Draw(t, "columns") {
			ty := drawKeyType(t)
			types = append(types, ty)
			b.Cols = append(b.Cols, drawOne(t, ty))
		}
		cols := []int{0, 1, 2}[:len(types)]
		key := RowKey(nil, b, cols, 0)
		vs := newVectors(types)
		if err := ParseKey(key, vs); err != nil {
			t.Fatalf("ParseKey(%x): %v", key, err)
		}
		again := RowKey(nil, &Batch{Cols: vs}, cols, 0)
		if !bytes.Equal(again, key) {
			t.Fatalf("key %x comes back as %x", key, again)
		}
		text, err := KeyText(types, key)
		if err != nil {
			t.Fatalf("KeyText(%x): %v", key, err)
		}
		if again, err = ParseKeyText(types, text); err != nil || !bytes.Equal(again, key) {
			t.Fatalf("ParseKeyText(%q) = %x, %v, want %x", text, again, err, key)
		}
	})
}

func TestKeyText(t *testing.T) {
	for _, c := range []struct {
		types, parts []string
		want         string
	}{
		{[]string{"int64"}, []string{"17"}, "17"},
		{[]string{"string"}, []string{"000017"}, "000017"},
		{[]string{"file"}, []string{"cam3/0001.jpg"}, "cam3/0001.jpg"},
		{[]string{"string", "int32"}, []string{"cam3/left", "-5"}, "cam3%2Fleft/-5"},
		{[]string{"string", "string"}, []string{"", "100%\n"}, "/100%25%0A"},
		{[]string{"date", "bool"}, []string{"2020-02-29", "true"}, "2020-02-29/true"},
		{[]string{"string"}, []string{"\xff\u00e9"}, "%FF\u00e9"},
	} {
		var types []*Type
		var key []byte
		for i, s := range c.types {
			v := parsed(t, s, c.parts[i])
			types = append(types, v.Type)
			key = AppendKey(key, v, 0)
		}
		got, err := KeyText(types, key)
		if got != c.want || err != nil {
			t.Errorf("KeyText(%q) = %q, %v, want %q", c.parts, got, err, c.want)
		}
	}
	for name, c := range map[string]struct{ types, text string }{
		"too few parts": {"int64 int64", "5"}, "too many parts": {"int64 int64", "5/6/7"}, "no number": {"int64", "x"},
		"cut escape": {"string", "a%2"}, "bad escape": {"string", "%zz"}, "nested": {"list<int64>", "[1]"},
	} {
		var types []*Type
		for _, s := range strings.Fields(c.types) {
			types = append(types, mustType(t, s))
		}
		if key, err := ParseKeyText(types, c.text); err == nil {
			t.Errorf("%s: ParseKeyText(%q) = %x, want an error", name, c.text, key)
		}
	}
}

func TestKeyBytes(t *testing.T) {
	for _, c := range []struct {
		typ, text, want string
	}{
		{"int8", "1", "\x80\x00\x00\x00\x00\x00\x00\x01"},
		{"uint64", "1", "\x80\x00\x00\x00\x00\x00\x00\x01"},
		{"int64", "-1", "\x7f\xff\xff\xff\xff\xff\xff\xff"},
		{"int64", "9223372036854775807", "\xff\xff\xff\xff\xff\xff\xff\xff\x00"},
		{"uint64", "9223372036854775807", "\xff\xff\xff\xff\xff\xff\xff\xff\x00"},
		{"uint64", "18446744073709551615", "\xff\xff\xff\xff\xff\xff\xff\xff\x01\xff\xff\xff\xff\xff\xff\xff\xff"},
		{"float32", "1.0", "\xbf\xf0\x00\x00\x00\x00\x00\x00"},
		{"float64", "-1.0", "\x40\x0f\xff\xff\xff\xff\xff\xff"},
		{"float64", "nan", "\xff\xff\xff\xff\xff\xff\xff\xff"},
		{"string", "a\x00b", "a\x00\xffb\x00\x01"},
		{"bool", "true", "\x80\x00\x00\x00\x00\x00\x00\x01"},
	} {
		if got := string(AppendKey(nil, parsed(t, c.typ, c.text), 0)); got != c.want {
			t.Errorf("key of %s %s = %x, want %x", c.typ, c.text, got, c.want)
		}
	}
}

func TestKeyNull(t *testing.T) {
	v := NewVector(Of(String), 2)
	v.AppendNull()
	v.AppendString("")
	b := &Batch{Cols: []*Vector{parsed(t, "int64", "1"), v}}
	if !KeyNull(b, []int{0, 1}, 0) || KeyNull(b, []int{0}, 0) || KeyNull(b, []int{1}, 1) {
		t.Error("KeyNull: want true for row 0 of column 1 alone")
	}
}

func TestParseKeyRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		typ string
		key string
	}{
		"empty integer":     {"int64", ""},
		"cut integer":       {"int64", "\x80\x00"},
		"too large":         {"int8", "\x80\x00\x00\x00\x00\x00\x01\x00"},
		"unsigned in int64": {"int64", "\xff\xff\xff\xff\xff\xff\xff\xff\x01\xff\xff\xff\xff\xff\xff\xff\xff"},
		"small as unsigned": {"uint64", "\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\xff\xff\xff\xff\xff\xff\xff"},
		"nan in disguise":   {"float64", "\xff\xf8\x00\x00\x00\x00\x00\x00"},
		"no end":            {"string", "abc"},
		"cut escape":        {"string", "abc\x00"},
		"bad escape":        {"string", "abc\x00\x02"},
		"trailing":          {"string", "abc\x00\x01x"},
		"not a float32":     {"float32", "\xbf\xf0\x00\x00\x00\x00\x00\x01"},
		"nested":            {"list<int64>", ""},
		"cut decimal":       {"decimal(20, 0)", "\x80"},
	} {
		err := ParseKey([]byte(c.key), newVectors([]*Type{mustType(t, c.typ)}))
		if !errors.Is(err, object.ErrCorrupt) {
			t.Errorf("%s: ParseKey = %v, want ErrCorrupt", name, err)
		}
	}
}

func TestBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ty := drawType(t, 1)
		v := drawVector(t, ty, rapid.IntRange(0, 20).Draw(t, "rows"))
		lo, hi, nulls := Bounds(v, 0, v.Len)
		if nulls != v.Nulls {
			t.Fatalf("%s: %d nulls, want %d", ty, nulls, v.Nulls)
		}
		for i := range v.Len {
			down, ok := AppendBound(nil, v, i, false)
			if !ok {
				continue
			}
			up, okUp := AppendBound(nil, v, i, true)
			if lo == nil || bytes.Compare(lo, down) > 0 || okUp && bytes.Compare(lo, up) > 0 {
				t.Fatalf("%s: %q (%x..%x) is below the minimum %x", ty, Text(v, i), down, up, lo)
			}
			if hi != nil && (bytes.Compare(hi, down) < 0 || okUp && bytes.Compare(hi, up) < 0) {
				t.Fatalf("%s: %q (%x..%x) is above the maximum %x", ty, Text(v, i), down, up, hi)
			}
		}
	})
}

func TestBoundsEdges(t *testing.T) {
	nan := &Vector{Type: Of(Float64), Len: 2, F64: []float64{1, math.NaN()}}
	if lo, hi, _ := Bounds(nan, 0, 2); lo == nil || hi != nil {
		t.Errorf("Bounds(1, NaN) = %x, %x, want a minimum and no maximum", lo, hi)
	}
	if lo, hi, _ := Bounds(nan, 1, 2); lo != nil || hi != nil {
		t.Errorf("Bounds(NaN) = %x, %x, want none", lo, hi)
	}
	long := NewVector(Of(String), 0)
	long.AppendString(strings.Repeat("a", 15) + "\xff\xff")
	if _, hi, _ := Bounds(long, 0, 1); string(hi) != strings.Repeat("a", 14)+"b" {
		t.Errorf("maximum %q, want 14 a and b", hi)
	}
	long.AppendString(strings.Repeat("\xff", 17))
	if _, hi, _ := Bounds(long, 0, 2); hi != nil {
		t.Errorf("maximum %q, want none", hi)
	}
	empty := NewVector(Of(String), 0)
	empty.AppendString("")
	if lo, hi, _ := Bounds(empty, 0, 1); lo == nil || hi == nil || len(lo)+len(hi) > 0 {
		t.Errorf("Bounds(\"\") = %v, %v, want two empty ones", lo, hi)
	}
	zeros := &Vector{Type: Of(Float64), Len: 2, F64: []float64{math.Copysign(0, -1), 0}}
	if lo, hi, _ := Bounds(zeros, 0, 1); !bytes.Equal(lo, hi) {
		t.Errorf("Bounds(-0) = %x, %x, want those of 0", lo, hi)
	}
	huge := parsed(t, "int64", "9007199254740993")
	if lo, hi, _ := Bounds(huge, 0, 1); bytes.Compare(lo, hi) >= 0 {
		t.Errorf("Bounds(2^53+1) = %x, %x, want the floats around it", lo, hi)
	}
}
