package diff

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/strata-data/strata/internal/column"
)

// KeyText returns the key of a sample under schema s as people write it
// (column.KeyText). In a dataset that is keyed by content it is the hash in hex
// and, behind a #, the number of earlier equal rows where that is not 0.
func KeyText(s *column.Schema, key []byte) (string, error) {
	var types []*column.Type
	for _, i := range s.KeyColumns() {
		types = append(types, s.Fields[i].Type)
	}
	if !byContent(s) {
		return column.KeyText(types, key)
	}
	v := column.NewVector(types[0], 1)
	if err := column.ParseKey(key, []*column.Vector{v}); err != nil {
		return "", err
	}
	return contentText(v.At(0)), nil
}

func byContent(s *column.Schema) bool { return len(s.Key) == 1 && column.Hidden(s.Key[0]) }

// hashSize is the bytes of the hash in a content key; the number of earlier
// equal rows follows.
const hashSize = 16

func contentText(b []byte) string {
	if len(b) <= hashSize || len(b) > hashSize+8 {
		return hex.EncodeToString(b)
	}
	var n [8]byte
	copy(n[8-(len(b)-hashSize):], b[hashSize:])
	text := hex.EncodeToString(b[:hashSize])
	if again := binary.BigEndian.Uint64(n[:]); again > 0 {
		text += "#" + strconv.FormatUint(again, 10)
	}
	return text
}

// IsPattern reports whether a key pattern stands for more than the key that it
// spells.
func IsPattern(pattern string) bool { return strings.ContainsAny(pattern, "*?") }

// MatchKey returns whether a key, as text, is meant by pattern: * stands for
// any text and ? for one character; a pattern without them means the key
// itself and, as for directories, all keys that go on behind a slash.
func MatchKey(pattern, key string) bool {
	if !IsPattern(pattern) {
		return key == pattern || strings.HasPrefix(key, strings.TrimSuffix(pattern, "/")+"/")
	}
	star, mark := -1, 0
	p, k := 0, 0
	for k < len(key) {
		_, n := utf8.DecodeRuneInString(key[k:])
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, k
			p++
		case p < len(pattern) && pattern[p] == '?':
			p, k = p+1, k+n
		case p < len(pattern) && pattern[p] == key[k]:
			p, k = p+1, k+1
		case star >= 0:
			mark++
			p, k = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
