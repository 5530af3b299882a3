package merge

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// The kinds of conflicts, as they are stored and printed.
const (
	Modified      = "modified"        // both sides changed it
	Added         = "added"           // both sides added it
	DeletedByUs   = "deleted-by-us"   // our side removed what theirs changed
	DeletedByThem = "deleted-by-them" // their side removed what ours changed
	Schema        = "schema"          // both sides changed a column itself
)

// Columns of the conflicts table.
const (
	colKey = iota
	colColumn
	colKind
	colBase
	colOurs
	colTheirs
)

// ConflictSchema returns the columns of a conflicts table (docs/format/conflicts.md).
func ConflictSchema() *column.Schema {
	str, js := column.Of(column.String), column.Of(column.JSON)
	return &column.Schema{Key: []string{"key", "column"}, Fields: []column.Field{
		column.NewField("key", column.Of(column.Binary)), column.NewField("column", str), column.NewField("kind", str),
		column.NewField("base", js), column.NewField("ours", js), column.NewField("theirs", js)}}
}

// Conflict is one cell, sample, column or dataset that two sides changed in
// ways that do not go together. Values are JSON as column.AppendJSON writes
// it: of a cell its value, of a sample an object of its values by column name,
// of a column an object of its name and type. One that is not there is nil;
// one that is null is "null".
type Conflict struct {
	Key                []byte // empty where it is about a column, or all of the dataset
	Column             string // id; "" where it is about a sample, or all of the dataset
	Kind               string
	Base, Ours, Theirs []byte
}

// IsSchema reports whether the conflict is about a column, not its values, or
// about the key, where Column is empty.
func (c *Conflict) IsSchema() bool { return c.Kind == Schema }

// IsDataset reports whether it is about all of the dataset.
func (c *Conflict) IsDataset() bool { return len(c.Key) == 0 && c.Column == "" && c.Kind != Schema }

// Conflicts yields the rows of a conflicts table: first those about the dataset
// and its columns, then the others in the order of keys and, within a sample,
// of column ids. A Conflict is valid until the next. A nil table has none.
func Conflicts(ctx context.Context, t *table.Table) iter.Seq2[*Conflict, error] {
	return func(yield func(*Conflict, error) bool) {
		if t == nil {
			return
		}
		if !t.Schema.Equal(ConflictSchema()) {
			yield(nil, fmt.Errorf("not a table of conflicts: columns %q", t.Schema.Names()))
			return
		}
		for b, err := range t.Scan(ctx, table.ScanOptions{}) {
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range b.Len {
				if !yield(conflictAt(b, i), nil) {
					return
				}
			}
		}
	}
}

func conflictAt(b *column.Batch, i int) *Conflict {
	value := func(c int) []byte {
		if v := b.Cols[c]; !v.IsNull(i) {
			return v.At(i)
		}
		return nil
	}
	return &Conflict{Key: b.Cols[colKey].At(i), Column: string(b.Cols[colColumn].At(i)), Kind: string(b.Cols[colKind].At(i)),
		Base: value(colBase), Ours: value(colOurs), Theirs: value(colTheirs)}
}

// cell appends the JSON of one side of a conflict; nil where there is none.
type cell func(dst []byte) []byte

func valueCell(v column.Value) cell {
	if v.Vector == nil {
		return nil
	}
	return v.AppendJSON
}

func fieldCell(f *column.Field) cell {
	return func(dst []byte) []byte {
		dst = append(column.AppendQuoted(append(dst, `{"name":`...), []byte(f.Name)), `,"type":`...)
		dst = column.AppendQuoted(dst, []byte(f.Type.String()))
		if f.Merge != "" {
			dst = column.AppendQuoted(append(dst, `,"merge":`...), []byte(f.Merge))
		}
		return append(dst, '}')
	}
}

func datasetCell(t *table.Table) cell {
	if t == nil {
		return nil
	}
	return func(dst []byte) []byte {
		dst = append(dst, `{"rows":`...)
		dst = strconv.AppendInt(dst, t.Rows(), 10)
		dst = column.AppendQuoted(append(dst, `,"root":`...), []byte(t.Root.ID.String()))
		return append(dst, '}')
	}
}

// conflictLog writes the conflicts table.
type conflictLog struct {
	rows     *table.Builder
	settled  map[string]int64 // cells by column
	conflict map[string]int64
}

// add appends the conflicts of a judge, whose keys follow all before.
func (l *conflictLog) add(ctx context.Context, w store.Writer, j *judge) error {
	if l.settled == nil {
		l.settled, l.conflict = map[string]int64{}, map[string]int64{}
	}
	for id, n := range j.fixed {
		l.settled[id] += n
	}
	if j.rows == nil {
		return nil
	}
	for i := range j.rows.Len {
		l.conflict[string(j.rows.Cols[colColumn].At(i))]++
	}
	if l.rows == nil {
		l.rows = table.NewBuilder(ctx, w, j.rows.Schema, 1)
	}
	return l.rows.Append(sorted(j.rows))
}

// sorted returns the rows in the order of their keys.
func sorted(b *column.Batch) *column.Batch {
	key, col := b.Cols[colKey], b.Cols[colColumn]
	order := make([]int, b.Len)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		return cmp.Or(bytes.Compare(key.At(i), key.At(j)), bytes.Compare(col.At(i), col.At(j)))
	})
	out := column.NewBatch(b.Schema, b.Len)
	for c := range out.Cols {
		out.Cols[c].Take(b.Cols[c], order)
	}
	out.Len = b.Len
	return out
}

func (l *conflictLog) abort() {
	if l.rows != nil {
		l.rows.Abort()
	}
}

// done takes the findings of a judge.
func (m *merging) done(ctx context.Context, j *judge) error { return m.log.add(ctx, m.w, j) }

// finish ends the conflicts table and the counts.
func (m *merging) finish(r *Result) error {
	if m.log.rows != nil {
		root, err := m.log.rows.Finish()
		if err != nil {
			return err
		}
		r.Conflicts = table.New(m.w, ConflictSchema(), root)
	}
	r.Stats = Stats{Conflicts: m.counts(m.log.conflict), Settled: m.counts(m.log.settled)}
	return nil
}

// counts puts counts in the order of the schema; whole samples come first, and
// columns that are gone last.
func (m *merging) counts(by map[string]int64) []Count {
	var out []Count
	for id, n := range by {
		c := Count{Column: id, Cells: n}
		if f := fieldOf(m.schema, id); f != nil {
			c.Name = f.Name
		} else if f := fieldOf(m.baseSchema(), id); f != nil {
			c.Name = f.Name
		}
		out = append(out, c)
	}
	rank := func(c Count) int {
		if c.Column == "" {
			return -1
		}
		if i := m.schema.Index(c.Column); i >= 0 {
			return i
		}
		return len(m.schema.Fields)
	}
	slices.SortFunc(out, func(a, b Count) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Column, b.Column)) })
	return out
}

func (m *merging) baseSchema() *column.Schema {
	if m.in.Base == nil {
		return &column.Schema{}
	}
	return m.in.Base.Schema
}

func fieldOf(s *column.Schema, id string) *column.Field {
	if i := s.Index(id); i >= 0 {
		return &s.Fields[i]
	}
	return nil
}

var sides = [3]int{merkle.Base, merkle.Ours, merkle.Theirs}
