package merge

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// errKey is in the chain of what keeps rows from getting another key.
var errKey = errors.New("rows cannot have this key")

// sortBudget is the bytes of rows that are held in memory while they get
// another key.
const sortBudget = 256 << 20

// mergeKeys gives all three tables one key: that of the side that changed it.
// Where both changed it, or where the rows of one table cannot have it, there is
// a conflict, and one that all can have counts for now. It reports false where
// there is no such key.
func (m *merging) mergeKeys(ctx context.Context) (bool, error) {
	b, o, t := m.in.Base.Schema, m.in.Ours.Schema, m.in.Theirs.Schema
	based := m.in.Base.Rows() > 0
	first, conflict := merkle.Ours, false
	switch {
	case sameKey(o, t):
		if !based || sameKey(o, b) {
			return true, nil
		}
	case based && sameKey(b, t):
	case based && sameKey(b, o):
		first = merkle.Theirs
	default:
		conflict = true
		if m.o.Favor == FavorTheirs {
			first = merkle.Theirs
		}
	}
	sides := slices.Compact([]int{first, merkle.Ours, merkle.Theirs, merkle.Base})
	for i, side := range sides {
		s := m.table(side).Schema
		next, err := m.rekeyed(ctx, s)
		if errors.Is(err, errKey) {
			continue
		}
		if err != nil {
			return false, err
		}
		m.keyConflict(conflict || i > 0)
		m.in = next
		return true, nil
	}
	return false, nil
}

// keyConflict notes that the sides disagree on the key, or that not all rows can have it.
func (m *merging) keyConflict(is bool) {
	switch {
	case !is:
	case m.o.Favor == FavorNone || m.o.Favor == FavorUnion:
		for _, side := range sides {
			m.keys[side] = keyCell(m.table(side).Schema)
		}
	default:
		m.keySettled = true
	}
}

// keyCell is the key of a schema as JSON.
func keyCell(s *column.Schema) cell {
	return func(dst []byte) []byte {
		dst = append(dst, `{"key":[`...)
		for i, id := range s.Key {
			if i > 0 {
				dst = append(dst, ',')
			}
			name := id
			if f := fieldOf(s, id); f != nil {
				name = f.Name
			}
			dst = column.AppendQuoted(dst, []byte(name))
		}
		return append(dst, "]}"...)
	}
}

// sameKey reports whether equal samples have equal keys under both schemas.
func sameKey(a, b *column.Schema) bool {
	if !slices.Equal(a.Key, b.Key) {
		return false
	}
	for _, id := range a.Key {
		f, g := fieldOf(a, id), fieldOf(b, id)
		if f == nil || g == nil || !column.WidensKey(f.Type, g.Type) && !column.WidensKey(g.Type, f.Type) {
			return false
		}
	}
	return true
}

// rekeyed returns the input with the key of s on all sides.
func (m *merging) rekeyed(ctx context.Context, s *column.Schema) (Input, error) {
	in := m.in
	for _, t := range []**table.Table{&in.Base, &in.Ours, &in.Theirs} {
		if sameKey((*t).Schema, s) {
			continue
		}
		if (*t).Rows() == 0 {
			*t = table.New(m.w, &column.Schema{Key: s.Key}, merkle.Root{})
			continue
		}
		next, err := keyedSchema((*t).Schema, s)
		if err != nil {
			return in, err
		}
		if *t, err = rebuild(ctx, m.w, *t, next, m.o); err != nil {
			return in, err
		}
	}
	return in, nil
}

// keyedSchema returns schema s with the key of like, its columns in the types
// that they have there.
func keyedSchema(s, like *column.Schema) (*column.Schema, error) {
	out := &column.Schema{Key: like.Key}
	for _, f := range s.Fields {
		if g := fieldOf(like, f.ID); g != nil && like.IsKey(f.ID) {
			f.Type, f.Merge = g.Type, ""
		}
		if !column.Hidden(f.ID) {
			out.Fields = append(out.Fields, f)
		}
	}
	if byContent(like) {
		out.Fields = append(out.Fields, *fieldOf(like, column.ContentKey))
	}
	out.DropPolicies()
	if err := out.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", errKey, err)
	}
	return out, nil
}

func byContent(s *column.Schema) bool { return len(s.Key) == 1 && column.Hidden(s.Key[0]) }

// rebuild returns the rows of t under schema s, which may have other types,
// fewer columns and another key.
func rebuild(ctx context.Context, w store.Writer, t *table.Table, s *column.Schema, o Options) (*table.Table, error) {
	temp := o.Temp
	if temp == nil {
		temp = func() (*os.File, error) { return os.CreateTemp("", "strata-merge-") }
	}
	sorter := table.NewSorter(s, sortBudget, temp)
	defer sorter.Close()
	if err := rekey(ctx, sorter, t, s); err != nil {
		return nil, err
	}
	rows := table.NewBuilder(ctx, w, s, o.Workers)
	number := &numberer{key: s.KeyColumns()[0]}
	for sorted, err := range sorter.Rows(ctx) {
		if err == nil && byContent(s) {
			number.renumber(sorted.Batch)
		}
		if err == nil {
			err = rows.Append(sorted.Batch)
		}
		if err != nil {
			rows.Abort()
			if errors.Is(err, table.ErrDuplicateKey) {
				err = fmt.Errorf("%w: %w", errKey, err)
			}
			return nil, err
		}
	}
	root, err := rows.Finish()
	return table.New(w, s, root), err
}

// rekey gives the rows of t to the sorter under its schema s.
func rekey(ctx context.Context, sorter *table.Sorter, t *table.Table, s *column.Schema) error {
	var ids []string
	for i := range s.Fields {
		if !column.Hidden(s.Fields[i].ID) {
			ids = append(ids, s.Fields[i].ID)
		}
	}
	var seen int64
	for b, err := range t.Scan(ctx, table.ScanOptions{Columns: ids}) {
		if err != nil {
			return err
		}
		out, err := retype(b, s)
		if err != nil {
			return err
		}
		for i := range out.Len {
			if column.KeyNull(out, s.KeyColumns(), i) {
				return fmt.Errorf("%w: %w", errKey, column.ErrKeyNull)
			}
		}
		if err := sorter.Add(out, seen); err != nil {
			return err
		}
		seen += int64(out.Len)
	}
	return nil
}

// retype returns the rows of b under schema s.
func retype(b *column.Batch, s *column.Schema) (*column.Batch, error) {
	out := &column.Batch{Schema: s, Len: b.Len, Cols: make([]*column.Vector, len(s.Fields))}
	var values []int
	for i, f := range s.Fields {
		k := b.Schema.Index(f.ID)
		if k < 0 {
			continue // the content key
		}
		v, err := column.Convert(b.Cols[k], f.Type)
		if err != nil {
			return nil, fmt.Errorf("%w: column %s: %w", errKey, f.Name, err)
		}
		out.Cols[i] = v
		values = append(values, i)
	}
	if !byContent(s) {
		return out, nil
	}
	keys := column.NewVector(column.Of(column.Binary), b.Len)
	var row, key []byte
	for i := range b.Len {
		row = column.AppendRow(row[:0], out, values, i)
		id := object.Sum(row)
		key = append(append(key[:0], id[:contentHash]...), 0, 0, 0, 0)
		keys.AppendBytes(key)
	}
	out.Cols[s.Index(column.ContentKey)] = keys
	return out, nil
}

// contentHash is the bytes of a hash in a content key; the number of earlier
// equal rows follows (docs/format/key.md).
const contentHash = 16

// numberer numbers rows with equal content keys, which come side by side.
type numberer struct {
	key   int // column
	prev  []byte
	equal uint32
}

func (n *numberer) renumber(b *column.Batch) {
	v := b.Cols[n.key]
	for i := range b.Len {
		k := v.At(i)
		if bytes.Equal(n.prev, k[:contentHash]) {
			n.equal++
		} else {
			n.equal = 0
		}
		n.prev = append(n.prev[:0], k[:contentHash]...)
		binary.BigEndian.PutUint32(k[contentHash:], n.equal)
	}
}

// rehash gives the rows of each side the content keys that they have under the
// merged schema, where columns were dropped or got other types.
func (m *merging) rehash(ctx context.Context) error {
	if !byContent(m.schema) {
		return nil
	}
	for _, t := range []**table.Table{&m.in.Base, &m.in.Ours, &m.in.Theirs} {
		next := &column.Schema{Key: m.schema.Key}
		same := true
		for _, f := range (*t).Schema.Fields {
			g := fieldOf(m.schema, f.ID)
			if g == nil {
				same = false
				continue
			}
			if same = same && column.Widens(f.Type, g.Type); !column.Widens(f.Type, g.Type) {
				f.Type = g.Type
			}
			f.Merge = ""
			next.Fields = append(next.Fields, f)
		}
		if same || (*t).Rows() == 0 {
			continue
		}
		out, err := rebuild(ctx, m.w, *t, next, m.o)
		if errors.Is(err, errKey) {
			continue // values that do not convert are conflicts
		}
		if err != nil {
			return err
		}
		*t = out
	}
	return nil
}
