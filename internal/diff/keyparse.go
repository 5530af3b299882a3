package diff

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/strata-data/strata/internal/column"
)

// ParseKeyText returns the key that text means under schema s: the inverse of
// KeyText. In a dataset that is keyed by content text is the hash in hex and,
// behind a #, the number of earlier equal rows.
func ParseKeyText(s *column.Schema, text string) ([]byte, error) {
	var types []*column.Type
	for _, i := range s.KeyColumns() {
		types = append(types, s.Fields[i].Type)
	}
	if !byContent(s) {
		return column.ParseKeyText(types, text)
	}
	digits, number, some := strings.Cut(text, "#")
	hash, err := hex.DecodeString(digits)
	if err != nil || len(hash) != hashSize {
		return nil, fmt.Errorf("key %q: want %d hex digits, as the rows have no key column", text, 2*hashSize)
	}
	again := uint64(0)
	if some {
		if again, err = strconv.ParseUint(number, 10, 32); err != nil || again == 0 {
			return nil, fmt.Errorf("key %q: want a number of earlier equal rows behind #", text)
		}
	}
	v := column.NewVector(types[0], 1)
	v.AppendBytes(binary.BigEndian.AppendUint32(hash, uint32(again)))
	return column.AppendKey(nil, v, 0), nil
}
