package csv

import (
	"math"

	"github.com/strata-data/strata/internal/column"
)

// How the fraction of a second is written: n digits (0 to 9), or one of these.
const (
	fracMinutes  = -1 // hours and minutes only
	fracShortest = 10 // without zeros at the end, and no point before nothing
	fracPython   = 11 // nothing or six digits, as datetime.isoformat
)

// The zone suffix of an instant.
const (
	zoneNone   = iota
	zoneZ      // Z
	zoneOffset // +02:00
)

// stamp is a timestamp as it was written.
type stamp struct {
	sec  int64 // of local time since 1970-01-01
	nano int32
	frac int8 // digits, or fracMinutes
	sep  byte
	zone uint8
	off  int16 // minutes east of UTC
}

var monthDays = [13]uint8{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// two reads two digits; the result is above 99 if they are none.
func two(b []byte, i int) int {
	x, y := b[i]-'0', b[i+1]-'0'
	if x > 9 || y > 9 {
		return 1000
	}
	return int(x)*10 + int(y)
}

// parseDate reads 2006-01-02, years 0001 to 9999, as days since 1970-01-01.
func parseDate(b []byte) (days int64, ok bool) {
	if len(b) != 10 || b[4] != '-' || b[7] != '-' {
		return 0, false
	}
	hi, lo, m, d := two(b, 0), two(b, 2), two(b, 5), two(b, 8)
	if hi > 99 || lo > 99 || m < 1 || m > 12 || d < 1 || d > int(monthDays[m]) {
		return 0, false
	}
	y := hi*100 + lo
	if y == 0 || m == 2 && d == 29 && (y%4 != 0 || y%100 == 0 && y%400 != 0) {
		return 0, false
	}
	return daysOf(y, m, d), true
}

// daysOf counts the days from 1970-01-01 to a date of the proleptic Gregorian
// calendar (H. Hinnant, chrono-compatible low-level date algorithms).
func daysOf(y, m, d int) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	era := y / 400
	yoe := y - era*400
	doy := (153*(m-3)+2)/5 + d - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return int64(era)*146097 + int64(doe) - 719468
}

// dateOf is the inverse of daysOf.
func dateOf(days int64) (y int64, m, d int) {
	z := days + 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = int(doy-(153*mp+2)/5) + 1
	m = int(mp) + 3
	y = yoe + era*400
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

// parseStamp reads 2006-01-02 15:04[:05[.999999999]] with a space or T in the
// middle and nothing, Z or +01:00 at the end.
func parseStamp(b []byte) (s stamp, ok bool) {
	if len(b) < 16 || len(b) > 35 || b[13] != ':' {
		return s, false
	}
	days, ok := parseDate(b[:10])
	h, m, sec := two(b, 11), two(b, 14), 0
	s.sep = b[10]
	if !ok || s.sep != ' ' && s.sep != 'T' || h > 23 || m > 59 {
		return s, false
	}
	s.frac = fracMinutes
	i := 16
	if i < len(b) && b[i] == ':' {
		if len(b) < 19 {
			return s, false
		}
		if sec = two(b, 17); sec > 59 {
			return s, false
		}
		s.frac = 0
		if i = 19; i < len(b) && b[i] == '.' {
			for i++; i < len(b) && b[i]-'0' <= 9; i++ {
				s.nano = s.nano*10 + int32(b[i]-'0')
				if s.frac++; s.frac > 9 {
					return s, false
				}
			}
			if s.frac == 0 {
				return s, false
			}
			for n := s.frac; n < 9; n++ {
				s.nano *= 10
			}
		}
	}
	s.sec = days*86400 + int64(h*3600+m*60+sec)
	return s, s.suffix(b[i:])
}

func (s *stamp) suffix(z []byte) bool {
	switch {
	case len(z) == 0:
		return true
	case len(z) == 1 && z[0] == 'Z':
		s.zone = zoneZ
		return true
	case len(z) != 6 || z[0] != '+' && z[0] != '-' || z[3] != ':':
		return false
	}
	h, m := two(z, 1), two(z, 4)
	if h > 23 || m > 59 {
		return false
	}
	s.zone, s.off = zoneOffset, int16(h*60+m)
	if z[0] == '-' {
		s.off = -s.off
		return s.off != 0
	}
	return true
}

// in returns s in ticks of unit u; ok is false if it does not fit.
func (s *stamp) in(u column.Unit) (ticks int64, ok bool) {
	per := u.PerSecond()
	sec := s.sec - int64(s.off)*60
	nanos := int64(s.nano)
	if nanos%(1e9/per) != 0 || sec > math.MaxInt64/per-1 || sec < math.MinInt64/per+1 {
		return 0, false
	}
	return sec*per + nanos/(1e9/per), true
}

// shortestFrac reports whether the fraction has no zero at its end, and
// pythonFrac whether isoformat would write it.
func (s *stamp) shortestFrac() bool {
	if s.frac <= 0 {
		return s.frac == 0
	}
	tail := s.nano
	for n := s.frac; n < 9; n++ {
		tail /= 10
	}
	return tail%10 != 0
}

func (s *stamp) pythonFrac() bool { return s.frac == 0 || s.frac == 6 && s.nano != 0 }

// timeForm is how the timestamps of a column are written.
type timeForm struct {
	sep  byte
	frac int8
	zone uint8
	off  int16
}

// writes reports whether s was written in form f.
func (f timeForm) writes(s *stamp) bool {
	if s.sep != f.sep || s.zone != f.zone || s.off != f.off {
		return false
	}
	switch f.frac {
	case fracShortest:
		return s.shortestFrac()
	case fracPython:
		return s.pythonFrac()
	}
	return s.frac == f.frac
}

// append writes a number of ticks; where f would lose some of it, the fraction
// is as long as it must be.
func (f timeForm) append(dst []byte, ticks int64, u column.Unit) []byte {
	per := u.PerSecond()
	sec := floorDiv(ticks, per)
	nano := (ticks - sec*per) * (1e9 / per)
	sec += int64(f.off) * 60
	days := floorDiv(sec, 86400)
	rest := int(sec - days*86400)
	dst = appendDate(dst, days)
	dst = append(dst, f.sep)
	dst = appendTwo(dst, rest/3600)
	dst = append(dst, ':')
	dst = appendTwo(dst, rest/60%60)
	if f.frac != fracMinutes || rest%60 != 0 || nano != 0 {
		dst = append(dst, ':')
		dst = appendTwo(dst, rest%60)
		dst = f.appendFrac(dst, nano)
	}
	switch f.zone {
	case zoneZ:
		return append(dst, 'Z')
	case zoneOffset:
		return appendOffset(dst, f.off)
	}
	return dst
}

func (f timeForm) appendFrac(dst []byte, nano int64) []byte {
	n := int(f.frac)
	need := 9 // digits that nano needs
	for v := nano; need > 0 && v%10 == 0; v /= 10 {
		need--
	}
	switch {
	case n == fracMinutes || n == fracShortest:
		n = need
	case n == fracPython && need > 0:
		n = max(need, 6)
	case n == fracPython:
		n = 0
	default:
		n = max(n, need)
	}
	if n == 0 {
		return dst
	}
	dst = append(dst, '.')
	for div := int64(1e8); n > 0; n-- {
		dst = append(dst, byte('0'+nano/div%10))
		div /= 10
	}
	return dst
}

func appendOffset(dst []byte, off int16) []byte {
	sign := byte('+')
	if off < 0 {
		sign, off = '-', -off
	}
	dst = appendTwo(append(dst, sign), int(off)/60)
	return appendTwo(append(dst, ':'), int(off)%60)
}

func appendDate(dst []byte, days int64) []byte {
	y, m, d := dateOf(days)
	if y < 0 {
		dst = append(dst, '-')
		y = -y
	}
	var buf [20]byte
	i := len(buf)
	for y > 0 || i > len(buf)-4 {
		i--
		buf[i] = byte('0' + y%10)
		y /= 10
	}
	dst = append(dst, buf[i:]...)
	dst = appendTwo(append(dst, '-'), m)
	return appendTwo(append(dst, '-'), d)
}

func appendTwo(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }
