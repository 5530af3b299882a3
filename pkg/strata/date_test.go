package strata

import (
	"errors"
	"testing"
	"time"
)

// Expected values from git 2.39.5 (date of a commit made with --date) where git
// takes the form too; now is 2026-01-31T12:00:00+01:00.
func TestParseDate(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.FixedZone("", 3600))
	for text, want := range map[string]string{
		"2025-12-31T10:00:00Z":            "2025-12-31T10:00:00Z",
		"2025-12-31T10:00:00+02:00":       "2025-12-31T10:00:00+02:00",
		"2025-12-31T10:00:00":             "2025-12-31T10:00:00+01:00",
		"2025-12-31 10:00:00 -0500":       "2025-12-31T10:00:00-05:00",
		"2025-12-31 10:00":                "2025-12-31T10:00:00+01:00",
		"2025-12-31":                      "2025-12-31T00:00:00+01:00",
		"Thu, 1 Jan 2026 08:30:00 +0000":  "2026-01-01T08:30:00Z",
		"Thu Jan 1 08:30:00 2026 +0000":   "2026-01-01T08:30:00Z",
		"@1000000000":                     "2001-09-09T02:46:40+01:00",
		"1000000000 +0000":                "2001-09-09T01:46:40Z",
		"@0 -0300":                        "1969-12-31T21:00:00-03:00",
		"now":                             "2026-01-31T12:00:00+01:00",
		"yesterday":                       "2026-01-30T12:00:00+01:00",
		"today":                           "2026-01-31T00:00:00+01:00",
		"2 weeks ago":                     "2026-01-17T12:00:00+01:00",
		"3.days.ago":                      "2026-01-28T12:00:00+01:00",
		"90 minutes ago":                  "2026-01-31T10:30:00+01:00",
		"1 year ago":                      "2025-01-31T12:00:00+01:00",
		"an hour ago":                     "2026-01-31T11:00:00+01:00",
		"  2025-12-31T10:00:00Z ":         "2025-12-31T10:00:00Z",
		"2 month":                         "2025-12-01T12:00:00+01:00",
		"Mon, 02 Jan 2006 15:04:05 -0700": "2006-01-02T15:04:05-07:00",
	} {
		got, err := ParseDate(text, now)
		if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("ParseDate(%q) = %s, %v; want %s", text, got.Format(time.RFC3339), err, want)
		}
	}
	for _, text := range []string{"", "someday", "2025-13-01", "12345", "-3 days ago", "3 fortnights ago", "@", "@12x", "1000000000 noon", "ago"} {
		if got, err := ParseDate(text, now); !errors.As(err, new(*DateError)) {
			t.Errorf("ParseDate(%q) = %s, %v; want a DateError", text, got, err)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2025-12-31T10:00:00Z", "@5 +0100", "2 weeks ago", "9999999999999999999 years ago", "1048576 years ago"} {
		f.Add(s)
	}
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseDate(s, now)
		if err != nil && (!errors.As(err, new(*DateError)) || !got.IsZero()) {
			t.Errorf("ParseDate(%q) = %v, %v", s, got, err)
		}
	})
}

func TestAddTrailers(t *testing.T) {
	for _, tc := range []struct {
		name, message string
		trailers      []string
		want          string
	}{
		{"none", "One\n", nil, "One\n"},
		{"after a subject", "One\n", []string{"k=v"}, "One\n\nk: v\n"},
		{"after a body", "One\n\nWhy.\n", []string{"k: v", "a=b=c"}, "One\n\nWhy.\n\nk: v\na: b=c\n"},
		{"beside others", "One\n\nk: v\n", []string{"l=w"}, "One\n\nk: v\nl: w\n"},
		{"a subject that looks like one", "fix: it\n", []string{"k=v"}, "fix: it\n\nk: v\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := addTrailers(tc.message, tc.trailers)
			if err != nil || got != tc.want {
				t.Errorf("have %q, %v; want %q", got, err, tc.want)
			}
		})
	}
	for _, bad := range []string{"", "novalue", "=v", "two words=v", "k=v\nx"} {
		if _, err := addTrailers("One\n", []string{bad}); !errors.As(err, new(*TrailerError)) {
			t.Errorf("trailer %q: %v, want a TrailerError", bad, err)
		}
	}
}
