package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ValueError is returned for a setting whose value is not of the type that is
// needed.
type ValueError struct {
	Setting
	Want string
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("setting %s = %q: want %s", e.Key, Text(e.Value), e.Want)
}

// String returns the text of the setting key, or def.
func (c *Config) String(key, def string) string {
	s, ok := c.Get(key)
	if !ok {
		return def
	}
	return Text(s.Value)
}

// Bool returns the setting key as true or false, or def; git's words yes, no,
// on and off count too.
func (c *Config) Bool(key string, def bool) (bool, error) {
	s, ok := c.Get(key)
	if !ok {
		return def, nil
	}
	switch strings.ToLower(Text(s.Value)) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return def, &ValueError{Setting: s, Want: "true or false"}
}

// Int returns the setting key as a whole number, or def.
func (c *Config) Int(key string, def int64) (int64, error) {
	s, ok := c.Get(key)
	if !ok {
		return def, nil
	}
	n, err := strconv.ParseInt(Text(s.Value), 10, 64)
	if err != nil {
		return def, &ValueError{Setting: s, Want: "a whole number"}
	}
	return n, nil
}

// Text returns a value as `config get` prints it: strings as they are, lists
// joined by commas.
func Text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return formatFloat(v)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = Text(v[i])
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(value)
}

// ParseValue returns the value that a user means by s on the command line:
// true and false are bools and numbers are numbers, where Text gives s back;
// everything else is a string.
func ParseValue(s string) any {
	if s == "true" || s == "false" {
		return s == "true"
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(n, 10) == s {
		return n
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && formatFloat(f) == s && strings.Contains(s, ".") {
		return f
	}
	return s
}

// formatFloat writes f so that TOML reads it as a float again.
func formatFloat(f float64) string {
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if strings.Trim(s, "-0123456789") == "" {
		return s + ".0"
	}
	return s
}

// render returns value as TOML.
func render(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return quote(v)
	case bool, int64:
		return Text(v), nil
	case int:
		return strconv.Itoa(v), nil
	case float64:
		s := strings.ToLower(formatFloat(v))
		if strings.Trim(s, "+-0123456789.e") != "" {
			return "", fmt.Errorf("setting of %s: want a finite number", s)
		}
		return s, nil
	case []string:
		parts := make([]string, len(v))
		for i := range v {
			var err error
			if parts[i], err = quote(v[i]); err != nil {
				return "", err
			}
		}
		return "[" + strings.Join(parts, ", ") + "]", nil
	}
	return "", fmt.Errorf("setting of type %T: want text, a number, true or false, or a list of texts", value)
}
