package repo

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Signature says who and when. It is part of commits and tags (docs/format/commit.md).
type Signature struct {
	Name  string `cbor:"1,keyasint"`
	Email string `cbor:"2,keyasint"`
	When  int64  `cbor:"3,keyasint"` // seconds since 1970-01-01T00:00:00Z
	Zone  int    `cbor:"4,keyasint"` // minutes east of UTC, for display
}

// maxZone is the greatest distance from UTC, in minutes.
const maxZone = 23*60 + 59

// NewSignature returns the signature of name and email at the time t, in t's
// zone. As in git, control characters and angle brackets are dropped, and
// spaces, dots, commas, colons, semicolons, quotes and backslashes at the ends
// of the two are cut off. Fractions of a second are dropped.
func NewSignature(name, email string, t time.Time) Signature {
	_, seconds := t.Zone()
	return Signature{
		Name: cleanIdent(name), Email: cleanIdent(email),
		When: t.Unix(), Zone: min(max(seconds/60, -maxZone), maxZone),
	}
}

// ParseSignature returns the name and email in s, written `Name <email>`.
func ParseSignature(s string) (name, email string, err error) {
	name, rest, ok := strings.Cut(s, "<")
	email, after, closed := strings.Cut(rest, ">")
	if !ok || !closed || strings.TrimSpace(after) != "" || cleanIdent(name) == "" {
		return "", "", fmt.Errorf("identity %q: want the form Name <email>", s)
	}
	return cleanIdent(name), cleanIdent(email), nil
}

// Time returns when s was made, in the zone of s.
func (s Signature) Time() time.Time {
	return time.Unix(s.When, 0).In(time.FixedZone("", s.Zone*60))
}

// String returns `Name <email>`.
func (s Signature) String() string { return s.Name + " <" + s.Email + ">" }

func (s Signature) check() error {
	if s.Name == "" {
		return fmt.Errorf("signature has no name")
	}
	for _, part := range []string{s.Name, s.Email} {
		if !utf8.ValidString(part) || strings.ContainsFunc(part, badInIdent) || strings.TrimSpace(part) != part {
			return fmt.Errorf("signature %q: bad name or email", s.String())
		}
	}
	if s.Zone < -maxZone || s.Zone > maxZone {
		return fmt.Errorf("signature %q: zone of %d minutes", s.String(), s.Zone)
	}
	return nil
}

func badInIdent(r rune) bool { return r < 0x20 || r == 0x7f || r == '<' || r == '>' }

func cleanIdent(s string) string {
	s = strings.Map(func(r rune) rune {
		if badInIdent(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(".,:;\"\\'", r)
	})
}
