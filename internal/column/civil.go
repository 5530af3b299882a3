package column

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Days and clocks without package time, whose years end long before those of
// an int64 of seconds. The calendar is the proleptic Gregorian one; year 0 is
// 1 BC. The algorithms are Howard Hinnant's days_from_civil and
// civil_from_days (https://howardhinnant.github.io/date_algorithms.html).

const secondsPerDay = 86400

// civil returns the date that is the given number of days from 1970-01-01.
func civil(days int64) (year int64, month, day int) {
	z := days + 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = int(doy - (153*mp+2)/5 + 1)
	month = int(mp + 3)
	year = yoe + era*400
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

// dayOf is the inverse of civil.
func dayOf(year int64, month, day int) int64 {
	if month <= 2 {
		year--
	}
	era := floorDiv(year, 400)
	yoe := year - era*400
	mp := int64(month+9) % 12
	doy := (153*mp+2)/5 + int64(day) - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// appendDate appends 2006-01-02; years outside 0 to 9999 have a sign and as
// many digits as they need, at least four.
func appendDate(dst []byte, days int64) []byte {
	y, m, d := civil(days)
	switch {
	case y < 0:
		dst, y = append(dst, '-'), -y
	case y > 9999:
		dst = append(dst, '+')
	}
	if y > 9999 {
		dst = strconv.AppendInt(dst, y, 10)
	} else {
		dst = append2(append2(dst, y/100), y%100)
	}
	dst = append2(append(dst, '-'), int64(m))
	return append2(append(dst, '-'), int64(d))
}

// append2 appends two digits of n, which is below 100.
func append2(dst []byte, n int64) []byte { return append(dst, '0'+byte(n/10), '0'+byte(n%10)) }

// appendFraction appends the digits of n, which are at most width.
func appendFraction(dst []byte, n int64, width int) []byte {
	k := len(dst)
	for range width {
		dst = append(dst, '0')
	}
	for i := len(dst) - 1; i >= k; i-- {
		dst[i] = '0' + byte(n%10)
		n /= 10
	}
	return dst
}

// appendTimestamp appends 2006-01-02T15:04:05, a fraction of as many digits as
// the unit has unless it is 0, and Z or the offset where t has a zone. A zone
// that is a name, such as Europe/Berlin, is written as UTC, because what it
// means is not the same on every machine.
func appendTimestamp(dst []byte, t *Type, ticks int64) []byte {
	per := t.Unit.PerSecond()
	sec := floorDiv(ticks, per)
	frac := ticks - sec*per
	offset, fixed := zoneOffset(t.Zone)
	days := floorDiv(sec, secondsPerDay)
	clock := sec - days*secondsPerDay + int64(offset)
	if clock < 0 {
		days, clock = days-1, clock+secondsPerDay
	} else if clock >= secondsPerDay {
		days, clock = days+1, clock-secondsPerDay
	}
	dst = appendDate(dst, days)
	dst = append2(append(dst, 'T'), clock/3600)
	dst = append2(append(dst, ':'), clock/60%60)
	dst = append2(append(dst, ':'), clock%60)
	if frac != 0 {
		dst = appendFraction(append(dst, '.'), frac, 3*int(t.Unit))
	}
	switch {
	case t.Zone == "":
		return dst
	case !fixed || offset == 0:
		return append(dst, 'Z')
	case offset < 0:
		dst, offset = append(dst, '-'), -offset
	default:
		dst = append(dst, '+')
	}
	dst = append2(dst, int64(offset/3600))
	return append2(append(dst, ':'), int64(offset/60%60))
}

// zoneOffset returns the seconds east of UTC of a zone such as UTC, Z or
// +02:00, and whether it is such a zone.
func zoneOffset(zone string) (seconds int, fixed bool) {
	switch zone {
	case "UTC", "utc", "Z", "GMT", "Etc/UTC":
		return 0, true
	}
	if len(zone) != 6 && len(zone) != 5 || zone[0] != '+' && zone[0] != '-' {
		return 0, false
	}
	text := zone[1:3] + zone[len(zone)-2:]
	if len(zone) == 6 && zone[3] != ':' {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n/100 > 23 || n%100 > 59 {
		return 0, false
	}
	seconds = int(n/100*3600 + n%100*60)
	if zone[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

// parseDate reads what appendDate writes from the beginning of s and returns
// the days and the rest.
func parseDate(s string) (days int64, rest string, err error) {
	bad := fmt.Errorf("%q is not a date like 2006-01-02", s)
	text, sign := s, int64(1)
	signed := s != "" && (s[0] == '-' || s[0] == '+')
	if signed {
		if s[0] == '-' {
			sign = -1
		}
		text = s[1:]
	}
	dash := strings.IndexByte(text, '-')
	if dash < 4 || !signed && dash > 4 || len(text) < dash+6 || text[dash+3] != '-' {
		return 0, "", bad
	}
	year, ok1 := digits(text[:dash])
	month, ok2 := digits(text[dash+1 : dash+3])
	day, ok3 := digits(text[dash+4 : dash+6])
	if !ok1 || !ok2 || !ok3 || year > 1e12 || month < 1 || month > 12 || day < 1 {
		return 0, "", bad
	}
	days = dayOf(sign*year, int(month), int(day))
	if _, m, _ := civil(days); m != int(month) {
		return 0, "", bad
	}
	return days, text[dash+6:], nil
}

// digits reads s, which must be nothing but one to 18 digits.
func digits(s string) (int64, bool) {
	n := int64(0)
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, len(s) >= 1 && len(s) <= 18
}

// parseTimestamp reads what appendTimestamp writes, and also a blank instead
// of the T, no seconds, no clock at all, and fractions of any length that the
// unit can hold. Without an offset the text is in the zone of t, or in UTC
// where that is a name; with an offset t must have a zone.
func parseTimestamp(s string, t *Type) (int64, error) {
	bad := fmt.Errorf("%q is not a timestamp like 2006-01-02T15:04:05", s)
	days, rest, err := parseDate(s)
	if err != nil {
		return 0, bad
	}
	clock, frac := int64(0), ""
	if rest != "" && (rest[0] == 'T' || rest[0] == ' ') {
		var ok bool
		if clock, frac, rest, ok = parseClock(rest[1:]); !ok {
			return 0, bad
		}
	}
	offset, _ := zoneOffset(t.Zone)
	if rest != "" {
		var fixed bool
		if offset, fixed = zoneOffset(rest); !fixed {
			return 0, bad
		}
		if t.Zone == "" {
			return 0, fmt.Errorf("%q has a zone, the column has none", s)
		}
	}
	ticks, err := fraction(frac, t.Unit)
	if err != nil {
		return 0, fmt.Errorf("%q: %w", s, err)
	}
	x, ok := ticksOf(days, clock-int64(offset), ticks, t.Unit.PerSecond())
	if !ok {
		return 0, fmt.Errorf("%q is too far away for unit %s", s, t.Unit)
	}
	return x, nil
}

// ticksOf returns (days*secondsPerDay+seconds)*per+ticks if that is an int64.
// The seconds are of a few days, the ticks of one second.
func ticksOf(days, seconds, ticks, per int64) (int64, bool) {
	const near = 100_000 // days whose nanoseconds fit with room to spare
	if days > -near && days < near {
		return (days*secondsPerDay+seconds)*per + ticks, true
	}
	n := new(big.Int).Mul(big.NewInt(days), big.NewInt(secondsPerDay))
	n.Add(n, big.NewInt(seconds)).Mul(n, big.NewInt(per)).Add(n, big.NewInt(ticks))
	return n.Int64(), n.IsInt64()
}

// parseClock reads 15:04, 15:04:05 or 15:04:05.999 from the beginning of s.
func parseClock(s string) (seconds int64, frac, rest string, ok bool) {
	if len(s) < 5 || s[2] != ':' {
		return 0, "", "", false
	}
	h, ok1 := digits(s[:2])
	m, ok2 := digits(s[3:5])
	if !ok1 || !ok2 || h > 23 || m > 59 {
		return 0, "", "", false
	}
	seconds, s = h*3600+m*60, s[5:]
	if len(s) < 3 || s[0] != ':' {
		return seconds, "", s, true
	}
	sec, ok := digits(s[1:3])
	if !ok || sec > 59 {
		return 0, "", "", false
	}
	seconds, s = seconds+sec, s[3:]
	if s == "" || s[0] != '.' {
		return seconds, "", s, true
	}
	n := 1
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return seconds, s[1:n], s[n:], n > 1
}

// fraction returns the ticks that the digits behind the point stand for.
func fraction(frac string, u Unit) (int64, error) {
	width := 3 * int(u)
	if t := strings.TrimRight(frac, "0"); len(t) > width {
		return 0, fmt.Errorf("more than %d digits of a second", width)
	}
	n := int64(0)
	for i := range width {
		n *= 10
		if i < len(frac) {
			n += int64(frac[i] - '0')
		}
	}
	return n, nil
}
