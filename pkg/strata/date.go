package strata

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DateError is returned for text that is no point in time.
type DateError struct{ Text string }

func (e *DateError) Error() string {
	return fmt.Sprintf("%q is not a date such as 2026-01-31, 2026-01-31T10:00:00Z, @1767323045, yesterday or 2 weeks ago", e.Text)
}

// ParseDate returns the point in time that people mean by text: ISO 8601 (with
// or without clock and zone), RFC 2822, seconds since 1970 as "@N" or "N" with
// an optional zone behind, now, yesterday, "N UNITs ago" from seconds to years, and
// the same as 12h, 90d, 2w or 1y.
// What has no zone is in the zone of now. Errors are *DateError.
func ParseDate(text string, now time.Time) (time.Time, error) {
	s := strings.TrimSpace(text)
	if t, ok := parseEpoch(s, now); ok {
		return t, nil
	}
	for _, layout := range []string{
		time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05",
		"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02", "2006.01.02", "2006/01/02",
		"Mon, 2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 -0700", "Mon Jan 2 15:04:05 2006 -0700", "2 Jan 2006",
	} {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return t, nil
		}
	}
	if t, ok := parseAgo(strings.ToLower(s), now); ok {
		return t, nil
	}
	return time.Time{}, &DateError{text}
}

// parseEpoch reads @SECONDS or SECONDS (of at least 9 digits, so that years are
// none), with a zone such as +0200 behind.
func parseEpoch(s string, now time.Time) (time.Time, bool) {
	number, zone, hasZone := strings.Cut(s, " ")
	number, marked := strings.CutPrefix(number, "@")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || !marked && len(number) < 9 {
		return time.Time{}, false
	}
	loc := now.Location()
	if hasZone {
		z, err := time.Parse("-0700", strings.TrimSpace(zone))
		if err != nil {
			return time.Time{}, false
		}
		_, seconds := z.Zone()
		loc = time.FixedZone("", seconds)
	}
	return time.Unix(n, 0).In(loc), true
}

// parseAgo reads now, today, yesterday, "3 days ago" and "3.days.ago".
func parseAgo(s string, now time.Time) (time.Time, bool) {
	switch s {
	case "now":
		return now, true
	case "today", "midnight":
		y, m, d := now.Date()
		return time.Date(y, m, d, 0, 0, 0, 0, now.Location()), true
	case "yesterday":
		return now.AddDate(0, 0, -1), true
	}
	if n := len(s) - 1; n > 0 && strings.ContainsRune("hdwy", rune(s[n])) { // 90d, 2w
		if unit := map[byte]string{'h': "hours", 'd': "days", 'w': "weeks", 'y': "years"}[s[n]]; s[:n] != "" && strings.Trim(s[:n], "0123456789") == "" {
			s = s[:n] + " " + unit
		}
	}
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '.' || r == '_' })
	if len(words) == 3 && words[2] == "ago" {
		words = words[:2]
	}
	if len(words) != 2 {
		return time.Time{}, false
	}
	n, err := strconv.Atoi(words[0])
	if words[0] == "a" || words[0] == "an" || words[0] == "last" {
		n, err = 1, nil
	}
	if err != nil || n < 0 || n > 1<<20 {
		return time.Time{}, false
	}
	switch strings.TrimSuffix(words[1], "s") {
	case "second", "sec":
		return now.Add(-time.Duration(n) * time.Second), true
	case "minute", "min":
		return now.Add(-time.Duration(n) * time.Minute), true
	case "hour":
		return now.Add(-time.Duration(n) * time.Hour), true
	case "day":
		return now.AddDate(0, 0, -n), true
	case "week":
		return now.AddDate(0, 0, -7*n), true
	case "month":
		return now.AddDate(0, -n, 0), true
	case "year":
		return now.AddDate(-n, 0, 0), true
	}
	return time.Time{}, false
}
