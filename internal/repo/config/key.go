package config

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// KeyError is returned for text that is not a key.
type KeyError struct {
	Key    string
	Reason string
}

func (e *KeyError) Error() string { return fmt.Sprintf("bad setting name %q: %s", e.Key, e.Reason) }

// SplitKey returns the parts of a key such as `user.name` or
// `branch."a.b".remote`: parts are separated by dots, and a part that contains
// dots, quotes or spaces is written in double quotes with \" and \\ inside.
func SplitKey(key string) ([]string, error) {
	parts, err := splitParts(key)
	if err == nil && len(parts) < 2 {
		err = &KeyError{key, "want the form section.name"}
	}
	if err != nil {
		return nil, err
	}
	return parts, nil
}

// splitParts is SplitKey for keys outside any table too.
func splitParts(key string) ([]string, error) {
	if !utf8.ValidString(key) {
		return nil, &KeyError{key, "it is not UTF-8"}
	}
	var parts []string
	rest := key
	for {
		part, after, why := cutPart(rest)
		if why != "" {
			return nil, &KeyError{key, why}
		}
		parts = append(parts, part)
		if after == "" {
			break
		}
		if after[0] != '.' {
			return nil, &KeyError{key, "want a dot after a quoted part"}
		}
		rest = after[1:]
	}
	return parts, nil
}

func cutPart(s string) (part, rest, fault string) {
	if !strings.HasPrefix(s, `"`) {
		i := strings.IndexByte(s, '.')
		if i < 0 {
			i = len(s)
		}
		part = s[:i]
		if part == "" {
			return "", "", "a part is empty"
		}
		if strings.ContainsFunc(part, func(r rune) bool {
			return r <= ' ' || r == 0x7f || r == '"' || r == '\'' || r == '=' || r == '#' || r == '[' || r == ']'
		}) {
			return "", "", "a part contains what only quoted parts may contain"
		}
		return part, s[i:], ""
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], ""
		case s[i] < ' ' || s[i] == 0x7f:
			return "", "", "a part contains a control character"
		case s[i] == '\\':
			if i+1 == len(s) || (s[i+1] != '"' && s[i+1] != '\\') {
				return "", "", `want \" or \\ after a backslash`
			}
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", "a quote is not closed"
}

// JoinKey is the inverse of SplitKey.
func JoinKey(parts []string) string {
	out := make([]string, len(parts))
	for i, p := range parts {
		if _, rest, fault := cutPart(p); fault != "" || rest != "" || strings.HasPrefix(p, `"`) {
			p = `"` + strings.ReplaceAll(strings.ReplaceAll(p, `\`, `\\`), `"`, `\"`) + `"`
		}
		out[i] = p
	}
	return strings.Join(out, ".")
}

// tomlKey writes parts as a TOML key.
func tomlKey(parts []string) string {
	out := make([]string, len(parts))
	for i, p := range parts {
		if p == "" || strings.ContainsFunc(p, func(r rune) bool { return !isBare(r) }) {
			p, _ = quote(p) // SplitKey has refused what is not UTF-8
		}
		out[i] = p
	}
	return strings.Join(out, ".")
}

func isBare(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
}

// quote writes s as a TOML basic string.
func quote(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", fmt.Errorf("setting of %q: not UTF-8", s)
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String(), nil
}
