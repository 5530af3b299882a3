package config

import (
	"math"
	"strconv"
	"strings"
)

// Size returns the setting key as a number of bytes, or def: 1048576, 512MiB,
// 2GB. K, M, G and T alone and with iB are powers of 1024, with B of 1000.
func (c *Config) Size(key string, def int64) (int64, error) {
	s, ok := c.Get(key)
	if !ok {
		return def, nil
	}
	n, ok := parseSize(Text(s.Value))
	if !ok {
		return def, &ValueError{Setting: s, Want: "a size such as 512MiB"}
	}
	return n, nil
}

func parseSize(text string) (int64, bool) {
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	n, err := strconv.ParseInt(text[:digits], 10, 64)
	if err != nil {
		return 0, false
	}
	unit := strings.ToUpper(strings.TrimSpace(text[digits:]))
	power := 0
	if unit != "" {
		power = strings.IndexByte("BKMGT", unit[0])
	}
	base := int64(1024)
	switch {
	case power < 0:
		return 0, false
	case power == 0 && unit != "" && unit != "B":
		return 0, false
	case power > 0 && unit[1:] == "B":
		base = 1000
	case power > 0 && unit[1:] != "" && unit[1:] != "IB":
		return 0, false
	}
	for range power {
		if n > math.MaxInt64/base {
			return 0, false
		}
		n *= base
	}
	return n, true
}
