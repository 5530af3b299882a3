package merkle_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
)

func nodeOf(level int, keys ...string) *merkle.Node {
	n := &merkle.Node{Level: level}
	for i, k := range keys {
		n.Children = append(n.Children, merkle.Entry{Last: []byte(k), ID: object.Sum([]byte(k)), Rows: int64(i + 1), Bytes: int64(i) << 33})
	}
	return n
}

// What DecodeNode accepts it writes again in the same way.
func FuzzDecodeNode(f *testing.F) {
	f.Add(nodeOf(1, "a").Encode())
	f.Add(nodeOf(2, "abc", "abd", "b", "ba").Encode())
	f.Add(nodeOf(10, "", "\x00", "\xff\xff").Encode())
	f.Add([]byte{'N', 1, 1, 1})
	f.Add([]byte{'N', 2, 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := merkle.DecodeNode(b)
		if err != nil {
			if !errors.Is(err, object.ErrCorrupt) && !errors.Is(err, object.ErrUnsupported) {
				t.Fatalf("error without a mark: %v", err)
			}
			return
		}
		if again := n.Encode(); !bytes.Equal(again, b) {
			t.Errorf("%x is written again as %x", b, again)
		}
	})
}

func TestDecodeNodeRefuses(t *testing.T) {
	good := nodeOf(1, "ab", "ac").Encode()
	entry := func(shared, length int, suffix string) []byte {
		b := binary.AppendUvarint(nil, uint64(shared))
		b = append(binary.AppendUvarint(b, uint64(length)), suffix...)
		return append(b, make([]byte, object.Size+2)...)
	}
	node := func(head string, entries ...[]byte) []byte { return append([]byte(head), bytes.Join(entries, nil)...) }
	for name, b := range map[string][]byte{
		"nothing":             {},
		"another kind":        append([]byte{'L'}, good[1:]...),
		"bytes behind it":     append(bytes.Clone(good), 0),
		"cut":                 good[:len(good)-1],
		"level 0":             node("N\x01\x00\x01", entry(0, 1, "a")),
		"no children":         node("N\x01\x01\x00"),
		"too many children":   node("N\x01\x01\x81\x08"),
		"long varint":         node("N\x01\x81\x00\x01", entry(0, 1, "a")),
		"keys equal":          node("N\x01\x01\x02", entry(0, 1, "a"), entry(1, 0, "")),
		"keys descending":     node("N\x01\x01\x02", entry(0, 1, "b"), entry(0, 1, "a")),
		"prefix not shared":   node("N\x01\x01\x02", entry(0, 2, "ab"), entry(0, 2, "ac")),
		"more shared than is": node("N\x01\x01\x02", entry(0, 1, "a"), entry(2, 1, "c")),
	} {
		if _, err := merkle.DecodeNode(b); !errors.Is(err, object.ErrCorrupt) {
			t.Errorf("%s: error %v, want object.ErrCorrupt", name, err)
		}
	}
	if _, err := merkle.DecodeNode([]byte{'N', 9, 1, 1}); !errors.Is(err, object.ErrUnsupported) {
		t.Errorf("a later version: error %v", err)
	}
}

// A node of a few megabytes must not become gigabytes of keys.
func TestDecodeNodeBoundsItsKeys(t *testing.T) {
	long := bytes.Repeat([]byte{'a'}, 1<<20)
	b := append([]byte("N\x01\x01"), binary.AppendUvarint(nil, 1024)...)
	for i := range 1024 {
		shared, suffix := len(long)-1+i, []byte{'b'}
		if i == 0 {
			shared, suffix = 0, long
		} else if i == 1 {
			shared = len(long)
		}
		b = binary.AppendUvarint(b, uint64(shared))
		b = append(binary.AppendUvarint(b, uint64(len(suffix))), suffix...)
		b = append(b, make([]byte, object.Size+2)...)
	}
	if _, err := merkle.DecodeNode(b); !errors.Is(err, object.ErrCorrupt) {
		t.Errorf("error %v, want object.ErrCorrupt", err)
	}
}
