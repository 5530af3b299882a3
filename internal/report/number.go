package report

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Count returns n with thousands separators: 1,212.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Plural returns n with its noun, which gets an s unless n is 1.
func Plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(n) + " " + noun + "s"
}

// Percent returns part of whole in per cent with one decimal: 25.9%.
func Percent(part, whole int64) string {
	if whole == 0 {
		return "-"
	}
	return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 1, 64) + "%"
}

// Number returns x with four significant digits, whole numbers below a million
// in full.
func Number(x float64) string {
	if x == math.Trunc(x) && math.Abs(x) < 1e6 {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	s := strconv.FormatFloat(x, 'g', 4, 64)
	if strings.Contains(s, "e") && math.Abs(x) < 1e15 && math.Abs(x) >= 1 {
		return Count(int64(math.Round(x)))
	}
	return s
}

// twoNumbers returns a and b with the same number of decimals, as few as tell
// them apart, and at least two for those that are not whole.
func twoNumbers(a, b float64) (string, string) {
	if a == math.Trunc(a) && b == math.Trunc(b) && math.Abs(a) < 1e15 && math.Abs(b) < 1e15 {
		return strconv.FormatFloat(a, 'f', 0, 64), strconv.FormatFloat(b, 'f', 0, 64)
	}
	large := max(math.Abs(a), math.Abs(b))
	if large >= 1e9 || large < 1e-4 {
		return Number(a), Number(b)
	}
	for digits := 2; ; digits++ {
		x, y := strconv.FormatFloat(a, 'f', digits, 64), strconv.FormatFloat(b, 'f', digits, 64)
		if x != y && (large >= 0.1 || digits >= 4) || a == b || digits == 9 {
			return x, y
		}
	}
}

// jsonText returns a value of a result as people write it: strings without
// their quotes, null as null.
func jsonText(raw json.RawMessage) string {
	if len(raw) > 0 && raw[0] == '"' {
		var s string
		if json.Unmarshal(raw, &s) == nil {
			if s == "" {
				return `""`
			}
			return s
		}
	}
	return string(raw)
}

// jsonNumber is jsonText, with numbers of a few digits and nothing for null.
func jsonNumber(raw json.RawMessage) string {
	var x float64
	if string(raw) == "null" {
		return ""
	}
	if json.Unmarshal(raw, &x) == nil && len(raw) > 8 {
		return Number(x)
	}
	return jsonText(raw)
}
