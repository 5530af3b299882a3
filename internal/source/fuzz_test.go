package source

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

func marked(err error) bool {
	return errors.Is(err, object.ErrCorrupt) || errors.Is(err, object.ErrUnsupported) || errors.Is(err, object.ErrNotFound)
}

func FuzzDecodeRun(f *testing.F) {
	chunks := []chunk{{Hash: chunkHash{1}, Size: 70000, Rows: 3, Lines: 4, First: []byte("a"), Last: []byte("b"), Keys: object.ID{2}}, {Size: 1, Lines: 1}}
	f.Add(encodeRun(chunks, true), true)
	f.Add(encodeRun(chunks, false), false)
	f.Add(encodeRun(nil, false), false)
	f.Fuzz(func(t *testing.T, b []byte, shuffled bool) {
		got, err := decodeRun(b, shuffled)
		if err != nil {
			if !marked(err) {
				t.Fatalf("error without a mark: %v", err)
			}
			return
		}
		if again := encodeRun(got, shuffled); !bytes.Equal(again, b) {
			t.Errorf("%x is written again as %x", b, again)
		}
	})
}

// same is a store in which every id names the same bytes.
type same struct {
	store.Reader
	b []byte
}

func (s same) Get(context.Context, object.ID) ([]byte, error) { return s.b, nil }

func FuzzLoad(f *testing.F) {
	id := make([]byte, object.Size)
	id[0] = 1
	for _, s := range []*Source{
		{Path: "a.csv", Format: "csv", Size: 10, Hash: id, Rows: 2, Columns: []string{"id"}, Dialect: []byte{1}, Head: []byte("id\n"), Lines: [][]byte{id}, Cut: 1},
		{Path: "a.csv", Format: "csv", Hash: id, Odd: &odd{Root: id, Rows: 1, Bytes: 8, Last: []byte("k")}, Shuffled: true},
		{Path: "a.parquet", Format: "parquet", Hash: id, Blob: id},
		{Path: "a.csv", Format: "csv", Hash: id, Cut: -5},
		{Path: "a.csv", Format: "csv", Hash: id, Odd: &odd{Root: id, Level: 1 << 40, Rows: -1}},
	} {
		f.Add(object.Marshal(object.KindSource, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Load(context.Background(), same{b: b}, object.ID{1})
		if err != nil {
			if !marked(err) {
				t.Fatalf("error without a mark: %v", err)
			}
			return
		}
		if again := object.Marshal(object.KindSource, s); !bytes.Equal(again, b) {
			t.Errorf("%x is written again as %x", b, again)
		}
		_ = s.HashID()
		if s.Cut < 0 || s.Cut > 2 || s.Rows < 0 || s.Size < 0 {
			t.Errorf("impossible source %+v", s)
		}
		if _, err := s.chunks(context.Background(), same{b: b}); err != nil && !marked(err) {
			t.Errorf("chunks: error without a mark: %v", err)
		}
	})
}
