package jsonl

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/csv"
)

// TestSameTypesAsCSV checks that the same text has the same type in a CSV
// file, so that equal rows have equal tables.
func TestSameTypesAsCSV(t *testing.T) {
	cases := map[string][]string{
		"ints":              {"1", "-5", "9223372036854775807"},
		"uints":             {"1", "18446744073709551615"},
		"floats":            {"1.5", "0.25"},
		"ints and floats":   {"1", "1.5"},
		"fixed":             {"1.50", "2.25"},
		"exponents":         {"1e-07", "2.5"},
		"dates":             {`"2024-02-29"`, `"1970-01-01"`},
		"no dates":          {`"2024-02-30"`, `"1970-01-01"`},
		"local":             {`"2024-02-29T01:02:03"`, `"1970-01-01T00:00:00"`},
		"minutes":           {`"2024-02-29 01:02"`, `"1970-01-01 00:00"`},
		"millis":            {`"2024-02-29T01:02:03.004Z"`, `"1970-01-01T00:00:00.000Z"`},
		"python":            {`"2024-02-29 01:02:03.000004"`, `"1970-01-01 00:00:00"`},
		"nanos":             {`"2024-02-29T01:02:03.123456789Z"`, `"1970-01-01T00:00:00.000000000Z"`},
		"nanos too far":     {`"2924-02-29T01:02:03.123456789Z"`},
		"offsets":           {`"2024-02-29T01:02:03+02:00"`, `"1970-01-01T00:00:00+02:00"`},
		"offset zero":       {`"2024-02-29T01:02:03+00:00"`},
		"different offsets": {`"2024-02-29T01:02:03+02:00"`, `"1970-01-01T00:00:00+01:00"`},
		"mixed zones":       {`"2024-02-29T01:02:03Z"`, `"1970-01-01T00:00:00"`},
		"untidy fraction":   {`"2024-02-29T01:02:03.10Z"`, `"1970-01-01T00:00:00.5Z"`},
		"text":              {`"a"`, `"01234"`},
		"bools":             {"true", "false"},
		"one in 150":        append(slices.Repeat([]string{`"1970-01-01T00:00:00Z"`}, 150), `"1970-01-01 00:00:00Z"`),
		"one in 50":         append(slices.Repeat([]string{`"1970-01-01T00:00:00Z"`}, 50), `"1970-01-01 00:00:00Z"`),
	}
	for name, values := range cases {
		var j, c strings.Builder
		c.WriteString("id,a\n")
		for i, v := range values {
			fmt.Fprintf(&j, `{"id":%d,"a":%s}`+"\n", i, v)
			fmt.Fprintf(&c, "%d,%s\n", i, strings.Trim(v, `"`))
		}
		codec, _, err := infer([]byte(j.String()), 0, format.TextOptions{})
		if err != nil {
			t.Fatal(err)
		}
		inf, head, err := csv.Formats()[0].Text.Sniff([]byte(c.String()), true, format.TextOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := inf.Chunk([]byte(c.String()[head:]), 2); err != nil {
			t.Fatal(err)
		}
		other, err := inf.Codec()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := columnTypes(codec)["a"], columnTypes(other)["a"]; got != want {
			t.Errorf("%s: %s in JSON lines, %s in CSV", name, got, want)
		}
	}
}
