package jsonl

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/strata-data/strata/internal/column"
)

// An instant is a date or timestamp literal taken apart.
type instant struct {
	days    int64 // since 1970-01-01, as written
	seconds int64 // of the day, as written
	nanos   int64
	sep     byte   // between date and time; 0 = date only
	digits  int8   // of the fraction; 0 = no point, digitsNone = no seconds either
	zeroEnd bool   // the fraction ends in 0
	zone    string // as written
	offset  int64  // seconds east of UTC
}

// parseInstant reads 2006-01-02 or 2006-01-02T15:04[:05[.999999999]] with an
// optional Z or offset like +02:00; the T may be a space. Anything else, a day that is not in the calendar and a leap second
// among it, is not an instant.
func parseInstant(s []byte) (t instant, ok bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return t, false
	}
	y, ok1 := number(s[0:4])
	m, ok2 := number(s[5:7])
	d, ok3 := number(s[8:10])
	if !ok1 || !ok2 || !ok3 || y < 1 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m) {
		return t, false
	}
	t.days = civilDays(y, m, d)
	if len(s) == 10 {
		return t, true
	}
	if len(s) < 16 || s[10] != 'T' && s[10] != ' ' || s[13] != ':' {
		return t, false
	}
	t.sep = s[10]
	h, ok1 := number(s[11:13])
	min, ok2 := number(s[14:16])
	if !ok1 || !ok2 || h > 23 || min > 59 {
		return t, false
	}
	t.seconds = h*3600 + min*60
	if len(s) < 19 || s[16] != ':' {
		t.digits = digitsNone
		return t, t.setZone(s[16:])
	}
	sec, ok3 := number(s[17:19])
	if !ok3 || sec > 59 {
		return t, false
	}
	t.seconds += sec
	s = s[19:]
	if len(s) > 0 && s[0] == '.' {
		n := 1
		for n < len(s) && isDigit(s[n]) {
			n++
		}
		if n < 2 || n > 10 {
			return t, false
		}
		t.digits, t.zeroEnd = int8(n-1), s[n-1] == '0'
		t.nanos, _ = number(s[1:n])
		t.nanos *= powers[9-t.digits]
		s = s[n:]
	}
	return t, t.setZone(s)
}

func (t *instant) setZone(s []byte) bool {
	switch {
	case len(s) == 0:
		return true
	case len(s) == 1 && s[0] == 'Z':
		t.zone = "Z"
		return true
	case len(s) != 6 || s[0] != '+' && s[0] != '-' || s[3] != ':':
		return false
	}
	h, ok1 := number(s[1:3])
	m, ok2 := number(s[4:6])
	if !ok1 || !ok2 || h > 23 || m > 59 {
		return false
	}
	t.offset = h*3600 + m*60
	if s[0] == '-' {
		t.offset = -t.offset
		if t.offset == 0 {
			return false
		}
	}
	t.zone = string(s)
	return true
}

var powers = [...]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

func number(s []byte) (n int64, ok bool) {
	for _, c := range s {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

func daysIn(y, m int64) int64 {
	if m == 2 {
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 30 + (m+m>>3)&1
}

// civilDays returns the days from 1970-01-01 to a day of the proleptic
// Gregorian calendar. Source: H. Hinnant, chrono-compatible low-level date
// algorithms, days_from_civil.
func civilDays(y, m, d int64) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	era := y / 400
	yoe := y - era*400
	doy := (153*(m-3)+2)/5 + d - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

// civil is the inverse of civilDays (Hinnant's civil_from_days).
func civil(days int64) (y, m, d int64) {
	z := days + 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = doy - (153*mp+2)/5 + 1
	m, y = mp+3, yoe+era*400
	if m > 12 {
		m -= 12
		y++
	}
	return y, m, d
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// ticks returns t in unit u since 1970-01-01 UTC (or local time without
// zone); ok is false if it needs a finer unit or is out of range.
func (t *instant) ticks(u column.Unit) (n int64, ok bool) {
	per := u.PerSecond()
	sec := t.days*86400 + t.seconds - t.offset
	hi, lo := bits.Mul64(uint64(max(sec, -sec)), uint64(per))
	part := t.nanos / (1e9 / per)
	if part*(1e9/per) != t.nanos || hi != 0 || lo > math.MaxInt64-1e9 {
		return 0, false
	}
	return sec*per + part, true
}

// A timeStyle is one way of writing timestamps.
type timeStyle struct {
	Sep    byte   // T or space
	Digits int8   // of the fraction; or one of those below
	Zone   string // Z, an offset like +02:00, or none
}

const (
	digitsAuto int8 = -1 // Python: none for whole seconds, else six
	digitsTrim int8 = -2 // Go's RFC3339Nano: no zeros at the end
	digitsNone int8 = -3 // hours and minutes only
)

// MarshalText writes for instance T6Z, " auto" or T0+02:00.
func (s timeStyle) MarshalText() ([]byte, error) {
	b := []byte{s.Sep}
	switch s.Digits {
	case digitsAuto:
		b = append(b, "auto"...)
	case digitsTrim:
		b = append(b, "trim"...)
	case digitsNone:
		b = append(b, "minutes"...)
	default:
		b = append(b, '0'+byte(s.Digits))
	}
	return append(b, s.Zone...), nil
}

// UnmarshalText reads what MarshalText writes.
func (s *timeStyle) UnmarshalText(b []byte) error {
	bad := fmt.Errorf("unknown spelling of times %q", b)
	if len(b) < 2 || b[0] != 'T' && b[0] != ' ' {
		return bad
	}
	s.Sep = b[0]
	rest := string(b[1:])
	switch {
	case strings.HasPrefix(rest, "auto"):
		s.Digits, rest = digitsAuto, rest[4:]
	case strings.HasPrefix(rest, "trim"):
		s.Digits, rest = digitsTrim, rest[4:]
	case strings.HasPrefix(rest, "minutes"):
		s.Digits, rest = digitsNone, rest[7:]
	case isDigit(rest[0]):
		s.Digits, rest = int8(rest[0]-'0'), rest[1:]
	default:
		return bad
	}
	var t instant
	if !t.setZone([]byte(rest)) {
		return bad
	}
	s.Zone = rest
	return nil
}

// styleFor is how timestamps of type t are written without a file to imitate.
func styleFor(t *column.Type) timeStyle {
	s := timeStyle{Sep: 'T', Digits: int8(3 * t.Unit)}
	var probe instant
	switch {
	case t.Zone == "":
	case t.Zone != "UTC" && probe.setZone([]byte(t.Zone)):
		s.Zone = t.Zone
	default:
		s.Zone = "Z"
	}
	return s
}

func appendDate(dst []byte, days int64) []byte {
	y, m, d := civil(days)
	if y >= 0 && y <= 9999 {
		dst = append(dst, byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10))
	} else {
		dst = strconv.AppendInt(dst, y, 10)
	}
	return append2(append(append2(append(dst, '-'), m), '-'), d)
}

func append2(dst []byte, n int64) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

// appendTime writes the timestamp n of unit u in style s. Where s would lose
// part of it, it gets as many digits as it needs.
func appendTime(dst []byte, n int64, u column.Unit, s timeStyle) []byte {
	per := u.PerSecond()
	sec := floorDiv(n, per)
	nanos := (n - sec*per) * (1e9 / per)
	var zone instant
	zone.setZone([]byte(s.Zone))
	sec += zone.offset
	day := floorDiv(sec, 86400)
	sec -= day * 86400
	dst = append(appendDate(dst, day), s.Sep)
	dst = append2(dst, sec/3600)
	dst = append2(append(dst, ':'), sec/60%60)
	if s.Digits == digitsNone && sec%60 == 0 && nanos == 0 {
		return append(dst, s.Zone...)
	}
	dst = append2(append(dst, ':'), sec%60)
	digits := fractionDigits(nanos, s.Digits)
	if digits > 0 {
		dst = append(dst, '.')
		for i := 1; i <= digits; i++ {
			dst = append(dst, byte('0'+nanos/powers[9-i]%10))
		}
	}
	return append(dst, s.Zone...)
}

func fractionDigits(nanos int64, style int8) int {
	need := 9
	for need > 0 && nanos%powers[10-need] == 0 {
		need--
	}
	switch {
	case style == digitsAuto && need > 0:
		return max(need, 6)
	case style < 0:
		return need
	}
	return max(need, int(style))
}
