package source

import (
	"bytes"
	"context"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/table"
)

// edits turns vanished and new rows into edits of the table, in key order.
func (u *updater) edits(ctx context.Context) ([]table.Edit, error) {
	slices.SortFunc(u.gone, bytes.Compare)
	u.sortFresh()
	keys := u.fresh
	if u.content {
		return u.contentEdits(ctx)
	}
	var edits []table.Edit
	g := 0
	for i, k := range keys {
		if i > 0 && bytes.Equal(k, keys[i-1]) {
			return nil, errWhole
		}
		for ; g < len(u.gone) && bytes.Compare(u.gone[g], k) < 0; g++ {
			edits = append(edits, table.Edit{Key: u.gone[g], Row: -1})
		}
		replaced := g < len(u.gone) && bytes.Equal(u.gone[g], k)
		if replaced {
			g++
		}
		edits = append(edits, table.Edit{Key: k, Row: i, New: !replaced})
	}
	for ; g < len(u.gone); g++ {
		edits = append(edits, table.Edit{Key: u.gone[g], Row: -1})
	}
	return edits, nil
}

// sortFresh puts the new rows into key order. Where the files are in it they
// are already.
func (u *updater) sortFresh() {
	if slices.IsSortedFunc(u.fresh, bytes.Compare) {
		return
	}
	order := make([]int, len(u.fresh))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return bytes.Compare(u.fresh[a], u.fresh[b]) })
	sorted := column.NewBatch(u.old.Schema, len(order))
	keys := make([][]byte, len(order))
	for i, v := range sorted.Cols {
		v.Take(u.rows.Cols[i], order)
	}
	sorted.Len = len(order)
	for i, o := range order {
		keys[i] = u.fresh[o]
	}
	u.rows, u.fresh = sorted, keys
}

// contentEdits keeps the occurrence numbers of equal rows without gaps: what
// matters is how many there are now and were before.
func (u *updater) contentEdits(ctx context.Context) ([]table.Edit, error) {
	var edits []table.Edit
	g := 0
	for i := 0; i < len(u.fresh) || g < len(u.gone); {
		var key []byte
		if i < len(u.fresh) && (g == len(u.gone) || bytes.Compare(u.fresh[i], u.gone[g]) <= 0) {
			key = u.fresh[i]
		} else {
			key = u.gone[g]
		}
		row, plus, minus := i, 0, 0
		for ; i < len(u.fresh) && bytes.Equal(u.fresh[i], key); i++ {
			plus++
		}
		for ; g < len(u.gone) && bytes.Equal(u.gone[g], key); g++ {
			minus++
		}
		if plus == minus {
			continue
		}
		have, err := u.occurrences(ctx, key)
		if err != nil {
			return nil, err
		}
		want := have + plus - minus
		for n := min(have, want); n < max(have, want); n++ {
			own, err := numbered(key, uint32(n))
			if err != nil {
				return nil, err
			}
			if n >= have {
				if err := u.number(row+n-have, own); err != nil {
					return nil, err
				}
				edits = append(edits, table.Edit{Key: own, Row: row + n - have, New: true})
			} else {
				edits = append(edits, table.Edit{Key: own, Row: -1})
			}
		}
	}
	return edits, nil
}

// occurrences counts the rows of the old table with the content of key.
func (u *updater) occurrences(ctx context.Context, key []byte) (int, error) {
	end, err := numbered(key, 1<<32-1)
	if err != nil {
		return 0, err
	}
	n := 0
	for b, err := range u.old.Scan(ctx, table.ScanOptions{Columns: u.old.Schema.Key, From: key, To: end, Workers: 1}) {
		if err != nil {
			return 0, err
		}
		n += b.Len
	}
	return n, nil
}

// number writes a content key into a new row.
func (u *updater) number(row int, encoded []byte) error {
	raw, err := contentKey(encoded)
	if err != nil {
		return err
	}
	v := u.rows.Cols[u.keyCols[0]]
	copy(v.Bytes[v.Offs[row]:v.Offs[row+1]], raw)
	return nil
}
