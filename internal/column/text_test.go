package column

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ty := drawType(t, 2)
		v := drawVector(t, ty, 1)
		js := AppendJSON(nil, v, 0)
		if !json.Valid(js) {
			t.Fatalf("%s: JSON %s", ty, js)
		}
		if v.IsNull(0) || keepsNoText(v, 0) {
			return
		}
		text := Text(v, 0)
		got := NewVector(ty, 1)
		if err := ParseText(ty, text, got); err != nil {
			t.Fatalf("%s: ParseText(%q): %v", ty, text, err)
		}
		checkVector(t, got)
		if !Equal(v, 0, got, 0) {
			t.Fatalf("%s: %q comes back as %q", ty, text, Text(got, 0))
		}
	})
}

// keepsNoText reports whether value i of v holds one that text does not tell
// apart: NaNs with a payload, in JSON infinities and a JSON null that is a
// value of the json kind.
func keepsNoText(v *Vector, i int) bool {
	if v.IsNull(i) {
		return false
	}
	if k := v.Type.Kind; k.IsFloat() {
		x := math.Float64frombits(v.floatBits(i))
		return x != x
	}
	from, to := i, i
	switch {
	case v.Type.Kind == Struct:
		to = i + 1
	case v.Type.Kind.IsNested():
		from, to = v.Span(i)
	}
	for _, k := range v.Kids {
		for j := from; j < to; j++ {
			if keepsNoText(k, j) || k.Type.Kind == JSON ||
				k.Type.Kind.IsFloat() && math.IsInf(math.Float64frombits(k.floatBits(j)), 0) {
				return true
			}
		}
	}
	return false
}

func TestTextForms(t *testing.T) {
	for _, c := range []struct {
		typ, text, canonical, json string // canonical "" = text
	}{
		{"bool", "true", "", "true"},
		{"bool", "1", "true", "true"},
		{"int8", "-128", "", "-128"},
		{"int64", "+5", "5", "5"},
		{"int64", "9007199254740992", "", "9007199254740992"},
		{"int64", "9007199254740993", "", `"9007199254740993"`},
		{"int64", "-9223372036854775808", "", `"-9223372036854775808"`},
		{"uint64", "18446744073709551615", "", `"18446744073709551615"`},
		// Floats: repr() of CPython 3.12.
		{"float64", "0", "0.0", "0.0"},
		{"float64", "-0.0", "", "-0.0"},
		{"float64", "0.1", "", "0.1"},
		{"float64", "100", "100.0", "100.0"},
		{"float64", "123456.789", "", "123456.789"},
		{"float64", "-0.5", "", "-0.5"},
		{"float64", "0.0001", "", "0.0001"},
		{"float64", "0.00012", "", "0.00012"},
		{"float64", "0.00001", "1e-05", "1e-05"},
		{"float64", "123456789012345678", "1.2345678901234568e+17", "1.2345678901234568e+17"},
		{"float64", "9999999999999998", "9999999999999998.0", "9999999999999998.0"},
		{"float64", "1e15", "1000000000000000.0", "1000000000000000.0"},
		{"float64", "1e16", "1e+16", "1e+16"},
		{"float64", "5e-324", "", "5e-324"},
		{"float64", "1.7976931348623157e308", "1.7976931348623157e+308", "1.7976931348623157e+308"},
		{"float64", "NaN", "nan", "null"},
		{"float64", "-Infinity", "-inf", "null"},
		{"float32", "0.1", "", "0.1"},
		{"float32", "16777216", "16777216.0", "16777216.0"},
		{"decimal(5, 2)", "1.5", "1.50", "1.50"},
		{"decimal(5, 2)", "-0.05", "", "-0.05"},
		{"decimal(5, 0)", "-12", "", "-12"},
		{"decimal(5, 5)", ".5", "0.50000", "0.50000"},
		{"decimal(5, 2)", "1.2e1", "12.00", "12.00"},
		{"decimal(38, 10)", "-1234567890123456789012345678.0123456789", "", `"-1234567890123456789012345678.0123456789"`},
		{"decimal(20, 0)", "0", "", `"0"`},
		{"string", "a\"\\\n\x01é\u2028\xff", "", "\"a\\\"\\\\\\n\\u0001é\u2028\uFFFD\""},
		{"binary", "AP8=", "", `"AP8="`},
		{"date", "2020-02-29", "", `"2020-02-29"`},
		{"date", "-0044-03-15", "", `"-0044-03-15"`},
		{"date", "+12345-01-01", "", `"+12345-01-01"`},
		{"timestamp[us]", "2020-01-02 03:04:05", "2020-01-02T03:04:05", `"2020-01-02T03:04:05"`},
		{"timestamp[us]", "2020-01-02T03:04", "2020-01-02T03:04:00", `"2020-01-02T03:04:00"`},
		{"timestamp[us]", "2020-01-02", "2020-01-02T00:00:00", `"2020-01-02T00:00:00"`},
		{"timestamp[us]", "1969-12-31T23:59:59.5", "1969-12-31T23:59:59.500000", `"1969-12-31T23:59:59.500000"`},
		{"timestamp[ms, UTC]", "2020-01-02T03:04:05.678Z", "", `"2020-01-02T03:04:05.678Z"`},
		{"timestamp[s, UTC]", "2020-01-02T03:04:05+02:00", "2020-01-02T01:04:05Z", `"2020-01-02T01:04:05Z"`},
		{"timestamp[ns, -05:30]", "2020-01-02T23:04:05.000000001-05:30", "", `"2020-01-02T23:04:05.000000001-05:30"`},
		{"timestamp[s, Europe/Berlin]", "2020-07-01T12:00:00Z", "", `"2020-07-01T12:00:00Z"`},
		{"timestamp[ns]", "1677-09-21T00:12:43.145224192", "", `"1677-09-21T00:12:43.145224192"`}, // the least int64
		{"timestamp[ns]", "2262-04-11T23:47:16.854775807", "", `"2262-04-11T23:47:16.854775807"`}, // the greatest
		{"list<int64>", "[1, null,3]", "[1,null,3]", "[1,null,3]"},
		{"fixed_list<float32, 2>", "[0.5,1]", "[0.5,1.0]", "[0.5,1.0]"},
		{"struct<a: int64, b: list<string>>", `{"b":["x"],"a":"9007199254740993"}`, `{"a":"9007199254740993","b":["x"]}`, `{"a":"9007199254740993","b":["x"]}`},
		{"struct<a: int64>", "{}", `{"a":null}`, `{"a":null}`},
		{"json", ` {"a" : [1, 2.50]}`, `{"a":[1,2.50]}`, `{"a":[1,2.50]}`},
	} {
		v := parsed(t, c.typ, c.text)
		want := c.canonical
		if want == "" {
			want = c.text
		}
		if got := Text(v, 0); got != want {
			t.Errorf("%s: text of %q = %q, want %q", c.typ, c.text, got, want)
		}
		if got := string(AppendJSON(nil, v, 0)); got != c.json {
			t.Errorf("%s: JSON of %q = %s, want %s", c.typ, c.text, got, c.json)
		}
	}
	null := NewVector(Of(Int64), 1)
	null.AppendNull()
	if got := Text(null, 0) + string(AppendJSON(nil, null, 0)); got != "null" {
		t.Errorf("null is written %q, want nothing in text and null in JSON", got)
	}
}

func TestParseTextRefuses(t *testing.T) {
	for _, c := range [][2]string{
		{"bool", "yes"}, {"int8", "128"}, {"int64", ""}, {"int64", "1.0"}, {"int64", "0x10"}, {"int64", "1_000"},
		{"int64", "9223372036854775808"}, {"uint8", "-1"}, {"uint64", "-1"}, {"uint64", "18446744073709551616"},
		{"float64", ""}, {"float64", "1e999"}, {"float64", "0x1p4"}, {"float64", "1_0"}, {"float32", "1e39"},
		{"decimal(3, 1)", "1.25"}, {"decimal(3, 1)", "100"}, {"decimal(3, 1)", ""}, {"decimal(3, 1)", "."}, {"decimal(3, 1)", "1e"},
		{"decimal(38, 0)", "1e38"}, {"binary", "A"}, {"date", "2020-2-29"}, {"date", "2021-02-29"}, {"date", "2020-13-01"},
		{"date", "12345-01-01"}, {"date", "2020-01-01T00:00"}, {"date", "+9999999-01-01"}, {"date", "2020-00-10"}, {"date", "2020-01-00"},
		{"timestamp[s]", "2020-01-01T25:00:00"}, {"timestamp[s]", "2020-01-01T00:00:00.5"}, {"timestamp[s]", "2020-01-01T00:00:00Z"},
		{"timestamp[s, UTC]", "2020-01-01T00:00:00+99:00"}, {"timestamp[s]", "2020-01-01T00:00:00."}, {"timestamp[s]", "2020-01-01X"},
		{"timestamp[ns]", "2262-04-11T23:47:16.854775808"}, {"timestamp[ns]", "1677-09-21T00:12:43.145224191"},
		{"list<int64>", "[1,"}, {"list<int64>", `["x"]`}, {"list<int64>", `{}`}, {"list<int64>", `[[1]]`}, {"list<string>", "[1]"},
		{"fixed_list<int8, 2>", "[1]"}, {"struct<a: int8>", `{"b":1}`}, {"struct<a: int8>", `[1]`}, {"json", "{"}, {"json", ""},
	} {
		ty := mustType(t, c[0])
		v := NewVector(ty, 0)
		if err := ParseText(ty, c[1], v); err == nil {
			t.Errorf("%s: ParseText(%q) = %q, want an error", c[0], c[1], Text(v, 0))
		}
		checkVector(t, v)
		if v.Len != 0 {
			t.Errorf("%s: ParseText(%q) left %d values", c[0], c[1], v.Len)
		}
	}
}

// Floats of few digits, which take a way of their own, are written as strconv
// finds them.
func TestShortFloats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := float64(rapid.Int64Range(-1e15, 1e15).Draw(t, "digits")) / math.Pow10(rapid.IntRange(0, 17).Draw(t, "exponent"))
		x = math.Float64frombits(math.Float64bits(x) + rapid.SampledFrom([]uint64{0, 0, 0, 1, 2}).Draw(t, "off"))
		got := string(appendFloat(nil, x, 64))
		want := strconv.FormatFloat(x, 'e', -1, 64)
		if e := exponent([]byte(want)); e >= -4 && e < 16 {
			want = strconv.FormatFloat(x, 'f', -1, 64)
			if !strings.Contains(want, ".") {
				want += ".0"
			}
		}
		if got != want {
			t.Fatalf("%x = %s, want %s", x, got, want)
		}
	})
}

// The calendar is that of package time.
func TestCivilAgreesWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sec := rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds") // years 1 to 9999
		want := time.Unix(sec, 0).UTC().Format("2006-01-02T15:04:05")
		if got := string(appendTimestamp(nil, TimestampOf(Second, ""), sec)); got != want {
			t.Fatalf("%d = %s, want %s", sec, got, want)
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.Int64Range(-1<<40, 1<<40).Draw(t, "days")
		y, m, d := civil(days)
		if back := dayOf(y, m, d); back != days || m < 1 || m > 12 || d < 1 || d > 31 {
			t.Fatalf("day %d = %d-%d-%d = day %d", days, y, m, d, back)
		}
	})
}
