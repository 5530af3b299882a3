package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// count returns n with thousands separators: 1,212.
func count[T ~int | ~int64 | ~int32 | ~uint64 | ~uint32](n T) string {
	s := strconv.FormatInt(int64(n), 10)
	if n > 0 && int64(n) < 0 {
		s = strconv.FormatUint(uint64(n), 10)
	}
	return separate(s)
}

// separate puts a comma before every third digit from the end.
func separate(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	if len(s) <= 3 {
		return sign + s
	}
	var b strings.Builder
	b.WriteString(sign)
	first := len(s) % 3
	b.WriteString(s[:first])
	for i := first; i < len(s); i += 3 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(s[i : i+3])
	}
	return b.String()
}

// plural returns n with its noun, which is one for 1 and noun+"s" otherwise;
// a second noun is the plural of an irregular one: plural(2, "entry", "entries").
func plural[T ~int | ~int64 | ~int32 | ~uint64 | ~uint32](n T, noun ...string) string {
	if n == 1 {
		return "1 " + noun[0]
	}
	if len(noun) > 1 {
		return count(n) + " " + noun[1]
	}
	return count(n) + " " + noun[0] + "s"
}

// bytesText returns a size for people in decimal units with three significant
// digits at most: 812 B, 41.2 MB, 1.3 GB.
func bytesText(n int64) string {
	if n < 1000 && n > -1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	v, unit := float64(n), -1
	for math.Abs(v) >= 999.5 && unit < len(decimalUnits)-1 {
		v /= 1000
		unit++
	}
	digits := 1
	if math.Abs(v) >= 99.95 {
		digits = 0
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + " " + decimalUnits[unit:][:1] + "B"
}

const decimalUnits = "kMGTPE"

// exactSize returns n in the largest binary unit that divides it: 1GiB, 1536MiB.
func exactSize(n int64) string {
	for _, u := range sizeUnits() {
		if strings.HasSuffix(u.name, "ib") && n >= u.bytes && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + strings.ToUpper(u.name[:1]) + "iB"
		}
	}
	return strconv.FormatInt(n, 10)
}

type sizeUnit struct {
	name  string
	bytes int64
}

// sizeUnits lists what parseSize understands, longest names first. A bare
// letter is binary, as in git and ulimit; "MB" is decimal, "MiB" binary.
func sizeUnits() []sizeUnit {
	return []sizeUnit{
		{"tib", 1 << 40}, {"gib", 1 << 30}, {"mib", 1 << 20}, {"kib", 1 << 10},
		{"tb", 1e12}, {"gb", 1e9}, {"mb", 1e6}, {"kb", 1e3},
		{"t", 1 << 40}, {"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}, {"b", 1},
	}
}

// parseSize reads 1GiB, 512MiB, 1.5G, 2GB, 65536.
func parseSize(s string) (int64, error) {
	text := strings.ToLower(strings.TrimSpace(s))
	unit := int64(1)
	for _, u := range sizeUnits() {
		if strings.HasSuffix(text, u.name) {
			text, unit = strings.TrimSpace(strings.TrimSuffix(text, u.name)), u.bytes
			break
		}
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || v < 0 || math.IsNaN(v) || v*float64(unit) >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is not a size such as 512MiB or 2GiB", s)
	}
	return int64(v * float64(unit)), nil
}

// parseCount reads a whole number; thousands separators are allowed.
func parseCount(s string) (int, bool) {
	n, err := strconv.Atoi(strings.ReplaceAll(s, ",", ""))
	return n, err == nil
}

// percent returns part of whole in per cent with one decimal: 25.9%.
func percent(part, whole int64) string {
	if whole == 0 {
		return "-"
	}
	return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 1, 64) + "%"
}
