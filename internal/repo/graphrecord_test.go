package repo

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/strata-data/strata/internal/object"
)

func TestNodeRoundTrip(t *testing.T) {
	id := object.Sum([]byte("commit"))
	for name, n := range map[string]*Node{
		"root":   {ID: id, Tree: object.Sum([]byte("t")), Generation: 1, When: -5, Parents: []object.ID{}},
		"merge":  {ID: id, Tree: object.Sum([]byte("t")), Generation: 1 << 31, When: 1 << 40, Parents: []object.ID{object.Sum([]byte("a")), object.Sum([]byte("b"))}},
		"linear": {ID: id, Tree: object.Sum([]byte("t")), Generation: 2, Parents: []object.ID{object.Sum([]byte("a"))}},
	} {
		if d := cmp.Diff(n, decodeNode(id, n.encode()), cmpopts.IgnoreUnexported(Node{})); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func FuzzDecodeNode(f *testing.F) {
	f.Add((&Node{Generation: 1}).encode())
	f.Add((&Node{Generation: 9, When: 77, Parents: []object.ID{object.Sum(nil)}}).encode())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		n := decodeNode(object.ID{}, b)
		if n == nil {
			return
		}
		if again := decodeNode(object.ID{}, n.encode()); again == nil || !bytes.Equal(again.encode(), n.encode()) {
			t.Fatalf("%x is read as %v and not again", b, n)
		}
	})
}
