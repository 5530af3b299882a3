package table

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

func marked(err error) bool {
	return errors.Is(err, object.ErrCorrupt) || errors.Is(err, object.ErrUnsupported) || errors.Is(err, object.ErrNotFound)
}

func FuzzDecodeLeaf(f *testing.F) {
	ref := pageRef{Rows: 3, Nulls: 1, Bytes: 24, Min: []byte{1}, Max: []byte{}, ID: object.ID{7}}
	l := &leaf{Rows: 3, First: []byte("a"), Last: []byte("b"), Columns: []leafColumn{{"a", ref}, {"b", pageRef{List: true, ID: object.ID{9}}}}}
	f.Add(l.encode())
	f.Add((&leaf{Rows: 1, First: []byte{}, Last: []byte{}}).encode())
	f.Add([]byte{'L', 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := decodeLeaf(b)
		if err != nil {
			if !marked(err) {
				t.Fatalf("error without a mark: %v", err)
			}
			return
		}
		if again := l.encode(); !bytes.Equal(again, b) {
			t.Errorf("%x is written again as %x", b, again)
		}
	})
}

func FuzzDecodePageList(f *testing.F) {
	f.Add(encodePageList([]pageRef{{Rows: 3, Nulls: 1, Bytes: 24, Min: []byte{1}, ID: object.ID{7}}, {Rows: 1, Max: []byte("xyz")}}))
	f.Add(encodePageList(make([]pageRef, 1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		pages, err := decodePageList(b)
		if err != nil {
			if !marked(err) {
				t.Fatalf("error without a mark: %v", err)
			}
			return
		}
		if again := encodePageList(pages); !bytes.Equal(again, b) {
			t.Errorf("%x is written again as %x", b, again)
		}
	})
}

// fixed is a store in which every id but one names the same bytes.
type fixed struct {
	store.Reader
	b, other []byte
	id       object.ID
}

func (f fixed) Get(_ context.Context, id object.ID) ([]byte, error) {
	if id == f.id {
		return f.other, nil
	}
	return f.b, nil
}

func FuzzLoad(f *testing.F) {
	s := &column.Schema{Key: []string{"id"}, Fields: []column.Field{column.NewField("id", column.Of(column.Int64))}}
	sid := object.Sum(s.Encode())
	f.Add(object.Marshal(object.KindTable, &record{Schema: sid[:]}))
	f.Add(object.Marshal(object.KindTable, &record{Schema: sid[:], Root: sid[:], Rows: 3, Bytes: 24, Last: []byte("k"), Sources: [][]byte{sid[:]}}))
	f.Add(object.Marshal(object.KindTable, &record{Schema: sid[:], Root: sid[:], Level: -1, Rows: 3}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := fixed{b: b, other: s.Encode(), id: sid}
		tb, err := Load(context.Background(), r, object.ID{1})
		if err != nil {
			if !marked(err) {
				t.Fatalf("error without a mark: %v", err)
			}
			return
		}
		if tb.Root.Level < 0 || tb.Rows() < 0 || (tb.Rows() > 0) == tb.Root.ID.IsZero() {
			t.Errorf("impossible root %+v", tb.Root)
		}
		for _, err := range tb.Scan(context.Background(), ScanOptions{Workers: 1}) {
			if err != nil && !marked(err) {
				t.Errorf("scan: error without a mark: %v", err)
			}
		}
	})
}

// Every key ends its page where no page ends without a key: cuts nest.
func TestCutsNest(t *testing.T) {
	zeros := make([]uint8, 5000)
	for i := range zeros {
		zeros[i] = uint8(merkle.Zeros([]byte{byte(i), byte(i >> 8)}))
	}
	for bits := 0; bits < onePage; bits++ {
		ends, last := cuts(zeros, bits), 0
		for i, z := range zeros {
			if int(z) < bits {
				continue
			}
			for last < len(ends) && ends[last] < i+1 {
				last++
			}
			if last == len(ends) || ends[last] != i+1 {
				t.Fatalf("%d bits: no page ends behind row %d, which has %d", bits, i, z)
			}
		}
		from := 0
		for _, to := range ends {
			if to <= from || to-from > 8<<bits {
				t.Fatalf("%d bits: a page from %d to %d", bits, from, to)
			}
			from = to
		}
		if from != len(zeros) {
			t.Fatalf("%d bits: pages end at %d of %d", bits, from, len(zeros))
		}
	}
}
