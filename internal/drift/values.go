package drift

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/strata-data/strata/internal/column"
)

// floats appends the values of v that are not null to dst as float64: integers rounded to the nearest, decimals divided by
// their scale, dates in days and timestamps in seconds.
func floats(dst []float64, v *column.Vector) []float64 {
	switch v.Type.Layout() {
	case column.LayoutF64:
		for i, x := range v.F64 {
			if !v.IsNull(i) {
				dst = append(dst, x)
			}
		}
	case column.LayoutF32:
		for i, x := range v.F32 {
			if !v.IsNull(i) {
				dst = append(dst, float64(x))
			}
		}
	case column.LayoutBytes: // decimals of more than 18 digits
		scale := math.Pow10(v.Type.Scale)
		for i := range v.Len {
			if !v.IsNull(i) {
				dst = append(dst, wideDecimal(v.At(i))/scale)
			}
		}
	case column.LayoutInt:
		dst = intFloats(dst, v)
	}
	return dst
}

func intFloats(dst []float64, v *column.Vector) []float64 {
	unit := 1.0
	switch v.Type.Kind {
	case column.Uint64:
		for i, x := range v.Ints {
			if !v.IsNull(i) {
				dst = append(dst, float64(uint64(x)))
			}
		}
		return dst
	case column.Decimal:
		unit = math.Pow10(v.Type.Scale)
	case column.Timestamp:
		unit = float64(v.Type.Unit.PerSecond())
	}
	for i, x := range v.Ints {
		if !v.IsNull(i) {
			dst = append(dst, float64(x)/unit)
		}
	}
	return dst
}

// wideDecimal reads 16 big-endian bytes with the sign flipped. Other lengths, which no page holds, are NaN.
func wideDecimal(b []byte) float64 {
	if len(b) != 16 {
		return math.NaN()
	}
	hi := int64(binary.BigEndian.Uint64(b[:8]) ^ 1<<63)
	lo := binary.BigEndian.Uint64(b[8:])
	return float64(hi)*0x1p64 + float64(lo)
}

// longest is the size up to which a text is its own category key; longer ones are cut and named by their hash.
const longest = 128

// textKey returns the key under which a text is counted.
func textKey(b []byte) []byte {
	if len(b) <= longest {
		return b
	}
	cut := 80
	for cut > 0 && !utf8.RuneStart(b[cut]) {
		cut--
	}
	h := sha256.Sum256(b)
	key := append(make([]byte, 0, longest), b[:cut]...)
	key = append(key, "… sha256:"...)
	return hex.AppendEncode(key, h[:12])
}

// intLabel returns an integer or boolean as text.
func intLabel(t *column.Type, x int64) string {
	switch t.Kind {
	case column.Bool:
		return strconv.FormatBool(x != 0)
	case column.Uint64:
		return strconv.FormatUint(uint64(x), 10)
	}
	return strconv.FormatInt(x, 10)
}

// scalar turns a value of floats into what is printed: a date or time as text, an integer too large for a JSON number as text,
// else the number itself. It is nil for NaN and infinities.
func scalar(t *column.Type, x float64) any {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return nil
	case t.Kind == column.Date || t.Kind == column.Timestamp:
		return instant(t, x)
	case t.Kind.IsInt() && math.Abs(x) > 1<<53:
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return x
}

// instant formats days or seconds since 1970. Beyond the years 0 to 9999 it gives the plain number.
func instant(t *column.Type, x float64) string {
	seconds := x
	if t.Kind == column.Date {
		seconds = x * 86400
	}
	if seconds < -62167219200 || seconds >= 253402300800 {
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	whole := math.Floor(seconds)
	at := time.Unix(int64(whole), int64((seconds-whole)*1e9)).UTC()
	if t.Kind == column.Date && at.Equal(at.Truncate(24*time.Hour)) {
		return at.Format(time.DateOnly)
	}
	return at.Truncate(time.Microsecond).Format("2006-01-02T15:04:05.999999Z")
}

// number formats a value of floats for a label.
func number(t *column.Type, x float64) string {
	if t.Kind == column.Date || t.Kind == column.Timestamp {
		return instant(t, x)
	}
	if x == math.Trunc(x) && math.Abs(x) < 1e15 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'g', 6, 64)
}
