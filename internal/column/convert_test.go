package column

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func TestConvert(t *testing.T) {
	for _, c := range []struct {
		from, text, to, want string // want "" = refused
	}{
		{"int64", "5", "int8", "5"},
		{"int64", "300", "int8", ""},
		{"int64", "-1", "uint64", ""},
		{"uint64", "18446744073709551615", "int64", ""},
		{"uint64", "18446744073709551615", "float64", ""},
		{"uint64", "9223372036854775808", "float64", "9.223372036854776e+18"},
		{"int64", "9007199254740993", "float64", ""},
		{"int64", "9007199254740992", "float64", "9007199254740992.0"},
		{"int32", "16777217", "float32", ""},
		{"float64", "5.0", "int8", "5"},
		{"float64", "5.5", "int8", ""},
		{"float64", "-0.0", "int8", ""},
		{"float64", "nan", "int64", ""},
		{"float64", "1e+19", "uint64", "10000000000000000000"},
		{"float64", "1e+19", "int64", ""},
		{"float64", "0.1", "float32", ""},
		{"float64", "0.5", "float32", "0.5"},
		{"float32", "0.1", "float64", "0.10000000149011612"},
		{"float64", "0.25", "decimal(5, 2)", "0.25"},
		{"float64", "0.125", "decimal(5, 2)", ""},
		{"float64", "-0.0", "decimal(5, 2)", ""},
		{"bool", "true", "int8", "1"},
		{"bool", "true", "float64", "1.0"},
		{"bool", "true", "decimal(3, 1)", "1.0"},
		{"int64", "12", "decimal(4, 2)", "12.00"},
		{"int64", "120", "decimal(4, 2)", ""},
		{"decimal(6, 2)", "12.00", "int8", "12"},
		{"decimal(6, 2)", "12.50", "int8", ""},
		{"decimal(38, 0)", "18446744073709551615", "uint64", "18446744073709551615"},
		{"decimal(38, 0)", "18446744073709551616", "uint64", ""},
		{"decimal(38, 0)", "-9223372036854775809", "int64", ""},
		{"decimal(6, 2)", "12.50", "decimal(30, 4)", "12.5000"},
		{"decimal(6, 2)", "12.50", "float64", "12.5"},
		{"decimal(38, 0)", "9007199254740993", "float64", ""},
		{"date", "2020-01-02", "timestamp[us]", "2020-01-02T00:00:00"},
		{"timestamp[s]", "2020-01-02T03:04:05", "timestamp[ms]", "2020-01-02T03:04:05"},
		{"timestamp[ms]", "2020-01-02T03:04:05.5", "timestamp[s]", ""},
		{"timestamp[s]", "2020-01-02T03:04:05", "timestamp[s, UTC]", ""},
		{"timestamp[s]", "9999-01-02T03:04:05", "timestamp[ns]", ""},
		{"timestamp[s]", "2020-01-02T03:04:05", "date", ""},
		{"string", "01234", "int64", ""},
		{"string", "1234", "int64", "1234"},
		{"string", "x", "file", "x"},
		{"string", "[1]", "list<int64>", ""},
		{"json", `"a"`, "string", `"a"`},
		{"json", `1`, "int64", ""},
		{"int64", "7", "string", "7"},
		{"float64", "1", "string", "1.0"},
		{"binary", "AP8=", "string", "AP8="},
		{"list<int8>", "[1,2]", "string", "[1,2]"},
		{"list<int64>", "[1,2]", "fixed_list<float64, 2>", "[1.0,2.0]"},
		{"list<int64>", "[1,2]", "fixed_list<float64, 3>", ""},
		{"list<int64>", "[1,300]", "list<int8>", ""},
		{"list<int64>", "[1]", "struct<a: int64>", ""},
		{"struct<a: int64>", `{"a":1}`, "struct<b: float64>", `{"b":1.0}`},
		{"struct<a: int64>", `{"a":1}`, "struct<a: int64, b: int64>", ""},
		{"date", "2020-01-02", "int64", ""},
	} {
		v := parsed(t, c.from, c.text)
		v.AppendNull()
		w, err := Convert(v, mustType(t, c.to))
		var ce *ConvertError
		switch {
		case c.want == "" && !errors.As(err, &ce):
			t.Errorf("%s %s to %s: error %v, want a ConvertError", c.from, c.text, c.to, err)
		case c.want == "" && ce.Row != 0:
			t.Errorf("%s %s to %s: row %d, want 0", c.from, c.text, c.to, ce.Row)
		case c.want != "" && err != nil:
			t.Errorf("%s %s to %s: %v", c.from, c.text, c.to, err)
		case c.want != "" && (Text(w, 0) != c.want || !w.IsNull(1) || !w.Type.Equal(mustType(t, c.to))):
			t.Errorf("%s %s to %s = %s, want %s", c.from, c.text, c.to, Text(w, 0), c.want)
		}
	}
}

// Whatever converts to another type and back is what it was.
func TestConvertLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawVector(t, drawType(t, 1), rapid.IntRange(0, 5).Draw(t, "rows"))
		to := drawType(t, 1)
		w, err := Convert(v, to)
		if err != nil {
			return
		}
		checkVector(t, w)
		if w.Len != v.Len {
			t.Fatalf("%s to %s: %d values, want %d", v.Type, to, w.Len, v.Len)
		}
		for i := range v.Len {
			if v.IsNull(i) != w.IsNull(i) {
				t.Fatalf("%s to %s: null changes", v.Type, to)
			}
		}
		if to.Kind == String || v.Type.Kind.IsNested() || to.Kind == Binary {
			return // texts do not say whether they were 1 or 1.0
		}
		back, err := Convert(w, v.Type)
		if err != nil {
			return // widened beyond what narrowing by text finds
		}
		for i := range v.Len {
			if !Equal(v, i, back, i) {
				t.Fatalf("%s %q to %s to %q", v.Type, Text(v, i), to, Text(back, i))
			}
		}
	})
}
