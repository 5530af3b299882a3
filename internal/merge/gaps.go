package merge

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/table"
)

// closeGaps numbers equal rows of a dataset that is keyed by content anew where
// one side added and the other one removed some of them: their numbers are those
// that reading the rows from a file would give them. Only keys that differ from
// our side are looked at.
func (m *merging) closeGaps(ctx context.Context, r *Result) error {
	if !byContent(m.schema) || r.Table.Rows() == 0 {
		return nil
	}
	hashes, err := m.gaps(ctx, r.Table)
	if err != nil || len(hashes) == 0 {
		return err
	}
	rows, edits := column.NewBatch(m.schema, len(hashes)), []table.Edit{}
	key := m.schema.Index(column.ContentKey)
	for _, hash := range hashes {
		n := uint32(0)
		from := contentKey(hash, 0)
		for b, err := range r.Table.Scan(ctx, table.ScanOptions{From: from, To: append(contentKey(hash, 1<<32-1), 0), Workers: 1}) {
			if err != nil {
				return err
			}
			for i := range b.Len {
				was := column.AppendKey(nil, b.Cols[key], i)
				binary.BigEndian.PutUint32(b.Cols[key].At(i)[contentHash:], n)
				if is := column.AppendKey(nil, b.Cols[key], i); !bytes.Equal(was, is) {
					rows.AppendFrom(b, i, i+1)
					edits = append(edits, table.Edit{Key: is, Row: rows.Len - 1}, table.Edit{Key: was, Row: -1})
				}
				n++
			}
		}
	}
	root, _, err := table.Apply(ctx, m.w, r.Table, rows, ordered(edits))
	if err != nil {
		return fmt.Errorf("number equal rows: %w", err)
	}
	r.Table = table.New(m.w, m.schema, root)
	return nil
}

// ordered puts edits in the order of keys. A key that a row leaves and another
// one takes is taken.
func ordered(edits []table.Edit) []table.Edit {
	slices.SortStableFunc(edits, func(a, b table.Edit) int { return bytes.Compare(a.Key, b.Key) })
	out := edits[:0]
	for _, e := range edits {
		if n := len(out); n > 0 && bytes.Equal(out[n-1].Key, e.Key) {
			if e.Row >= 0 {
				out[n-1] = e
			}
			continue
		}
		out = append(out, e)
	}
	return out
}

// contentKey returns the encoded key of the row number n with a hash.
func contentKey(hash []byte, n uint32) []byte {
	v := column.NewVector(column.Of(column.Binary), 1)
	v.AppendBytes(binary.BigEndian.AppendUint32(bytes.Clone(hash), n))
	return column.AppendKey(nil, v, 0)
}

// gaps returns the hashes of equal rows whose numbers leave one out, ascending.
func (m *merging) gaps(ctx context.Context, t *table.Table) ([][]byte, error) {
	type probe struct {
		key, hash []byte
		gap       bool // if the key is there; else if it is not
	}
	var probes []probe
	v := column.NewVector(column.Of(column.Binary), 1)
	for d, err := range table.Compare(ctx, m.in.Ours, t, []string{}) {
		if err != nil {
			return nil, err
		}
		for _, c := range d.Changes {
			v.Reset()
			if err := column.ParseKey(c.Key, []*column.Vector{v}); err != nil || len(v.At(0)) != contentHash+4 {
				return nil, fmt.Errorf("content key %x: %w", c.Key, err)
			}
			hash := bytes.Clone(v.At(0)[:contentHash])
			n := binary.BigEndian.Uint32(v.At(0)[contentHash:])
			switch {
			case c.Op == table.Removed:
				probes = append(probes, probe{contentKey(hash, n+1), hash, true})
			case c.Op == table.Added && n > 0:
				probes = append(probes, probe{contentKey(hash, n-1), hash, false})
			}
		}
	}
	slices.SortStableFunc(probes, func(a, b probe) int { return bytes.Compare(a.key, b.key) })
	var keys [][]byte
	for _, p := range probes {
		if n := len(keys); n == 0 || !bytes.Equal(keys[n-1], p.key) {
			keys = append(keys, p.key)
		}
	}
	_, rows, err := t.Lookup(ctx, keys, []string{})
	if err != nil {
		return nil, err
	}
	var hashes [][]byte
	at := 0
	for _, p := range probes {
		for !bytes.Equal(keys[at], p.key) {
			at++
		}
		if (rows[at] >= 0) == p.gap && (len(hashes) == 0 || !bytes.Equal(hashes[len(hashes)-1], p.hash)) {
			hashes = append(hashes, p.hash)
		}
	}
	return hashes, nil
}
