package merge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// Unmerged is a dataset whose merge stopped with conflicts.
type Unmerged struct {
	Input
	Merged    *table.Table // as Tables made it, or an earlier Resolve; nil where it is deleted
	Conflicts *table.Table
	// Temp is as in Options; it is needed where a key is in conflict.
	Temp func() (*os.File, error)
}

// Choice is what becomes of a conflict. The zero Choice leaves it.
type Choice struct {
	// Side takes what that side has: its value, its sample (or none), its
	// column, its dataset.
	Side Side
	// Cells are values by column id, under any type that converts to the
	// column's. Of a cell that is in conflict, the one of its column counts; of
	// a sample, all replace those of the side, or, for SideNone, of the merged sample.
	Cells map[string]column.Value
}

func (c *Choice) leaves() bool { return c.Side == SideNone && c.Cells == nil }

// Resolved is what Resolve made.
type Resolved struct {
	Table     *table.Table // without sources where it is a new one; nil where Deleted
	Deleted   bool
	Conflicts *table.Table // those that are left; nil for none
	Settled   []Count      // by column, in the order of the schema
}

// ErrChoice is returned for a choice that cannot be made: a value that the
// column cannot hold, a name that another column has.
var ErrChoice = errors.New("conflict cannot be resolved this way")

// resolveBatch is how many conflicts are settled together at most, which
// bounds memory.
const resolveBatch = 1 << 14

// Resolve asks for each conflict, in the order of Conflicts, what becomes of
// it, and makes the table and the conflicts that follow from the answers. An
// error of choose ends it. Cost: the leaves of the samples that are settled.
func Resolve(ctx context.Context, w store.Writer, u Unmerged, choose func(*Conflict) (Choice, error)) (*Resolved, error) {
	r := &resolver{ctx: ctx, w: w, u: u, out: u.Merged, gone: map[string]int64{}}
	if r.out != nil {
		r.schema = r.out.Schema
	} else {
		r.schema = &column.Schema{}
	}
	for c, err := range Conflicts(ctx, u.Conflicts) {
		if err != nil {
			return nil, fmt.Errorf("read conflicts: %w", err)
		}
		choice, err := choose(c)
		if err != nil {
			return nil, err
		}
		if choice.leaves() {
			continue
		}
		if err := r.settle(c, choice); err != nil {
			return nil, err
		}
	}
	return r.finish()
}

// resolver applies choices.
type resolver struct {
	ctx     context.Context
	w       store.Writer
	u       Unmerged
	schema  *column.Schema // of out
	out     *table.Table
	deleted bool
	cells   []chosen // of the samples at hand, in key order
	done    [][]byte // keys, in the conflicts table, of what is settled
	gone    map[string]int64
	keyed   [4]*table.Table // the sides under the merged key
	key     *column.Schema  // whose key is chosen in the end, nil for none
}

// chosen is a conflict about a cell or a sample, and what becomes of it.
type chosen struct {
	key    []byte
	column string
	Choice
}

func (r *resolver) settle(c *Conflict, choice Choice) error {
	r.done = append(r.done, conflictKey(c))
	r.gone[c.Column]++
	switch {
	case c.IsSchema() && c.Column == "":
		if r.side(choice.Side) == nil {
			return fmt.Errorf("%w: take the key of a side", ErrChoice)
		}
		r.key = r.side(choice.Side).Schema
		return nil
	case c.IsSchema():
		return r.column(c.Column, choice)
	case c.IsDataset():
		return r.dataset(choice)
	}
	if n := len(r.cells); n >= resolveBatch && !bytes.Equal(r.cells[n-1].key, c.Key) {
		if err := r.apply(); err != nil {
			return err
		}
	}
	r.cells = append(r.cells, chosen{bytes.Clone(c.Key), c.Column, choice})
	return nil
}

func conflictKey(c *Conflict) []byte {
	key, col := column.NewVector(column.Of(column.Binary), 1), column.NewVector(column.Of(column.String), 1)
	key.AppendBytes(c.Key)
	col.AppendString(c.Column)
	return column.AppendKey(column.AppendKey(nil, key, 0), col, 0)
}

func (r *resolver) side(s Side) *table.Table {
	switch s {
	case SideBase:
		return r.u.Base
	case SideOurs:
		return r.u.Ours
	case SideTheirs:
		return r.u.Theirs
	}
	return nil
}

// dataset takes all of a side's dataset.
func (r *resolver) dataset(c Choice) error {
	if c.Side == SideNone {
		return fmt.Errorf("%w: it is about all of the dataset", ErrChoice)
	}
	r.out = r.side(c.Side)
	r.deleted = r.out == nil
	return nil
}

// column takes the column, or its absence, of a side; its values stay.
func (r *resolver) column(id string, c Choice) error {
	t := r.side(c.Side)
	if t == nil {
		return fmt.Errorf("%w: column %s: take that of a side", ErrChoice, id)
	}
	next := &column.Schema{Key: r.schema.Key, Fields: slices.Clone(r.schema.Fields)}
	at, from := next.Index(id), t.Schema.Index(id)
	switch {
	case from < 0 && at >= 0:
		next.Fields = slices.Delete(next.Fields, at, at+1)
	case from >= 0 && at >= 0:
		f := t.Schema.Fields[from]
		if k := next.ByName(f.Name); k >= 0 && k != at {
			return fmt.Errorf("%w: another column is called %q; take that side for it first, or rename it", ErrChoice, f.Name)
		}
		next.Fields[at] = f
	case from >= 0:
		return fmt.Errorf("%w: column %s is no longer in the dataset", ErrChoice, id)
	}
	next.DropPolicies()
	if err := next.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrChoice, err)
	}
	out, err := reshape(r.ctx, r.w, r.out, next)
	if err != nil {
		return err
	}
	r.out, r.schema = out, next
	return nil
}

// reshape returns the rows of t under another schema with the same key.
// Columns that the schema does not have are dropped.
func reshape(ctx context.Context, w store.Writer, t *table.Table, s *column.Schema) (*table.Table, error) {
	none := table.New(w, &column.Schema{Key: s.Key}, merkle.Root{})
	root, err := table.Merge(ctx, w, table.Merging{Tables: [3]*table.Table{none, t, none}, Schema: s,
		NewJudge: func() table.Judge { return converter{s} }, Done: func(table.Judge) error { return nil }})
	return table.New(w, s, root), err
}

// converter is the judge of a reshaping: it meets only values that have no
// counterpart under the new type.
type converter struct{ s *column.Schema }

func (c converter) Cell(_ context.Context, x *table.CellCase) (column.Value, error) {
	f := &c.s.Fields[x.Column]
	return column.Value{}, fmt.Errorf("%w: column %q holds values that are not %s; set these first", ErrChoice, f.Name, f.Type)
}

func (c converter) Sample(context.Context, *table.Case) (bool, error) { return true, nil }

func (c converter) Row(context.Context, *table.Case) (int, error) { return merkle.Ours, nil }

// apply makes the choices at hand.
func (r *resolver) apply() error {
	if len(r.cells) == 0 {
		return nil
	}
	var keys [][]byte
	for _, c := range r.cells {
		if n := len(keys); n == 0 || !bytes.Equal(keys[n-1], c.key) {
			keys = append(keys, c.key)
		}
	}
	from := [4]*picked{}
	for _, s := range []Side{SideNone, SideBase, SideOurs, SideTheirs} {
		if s != SideNone && !slices.ContainsFunc(r.cells, func(c chosen) bool { return c.Side == s }) {
			continue
		}
		t, err := r.underKey(s)
		if err != nil {
			return err
		}
		p, err := pick(r.ctx, t, keys)
		if err != nil {
			return err
		}
		from[s] = p
	}
	rows, edits := column.NewBatch(r.schema, len(keys)), []table.Edit{}
	for i, next := 0, 0; i < len(keys); i++ {
		to := next
		for to < len(r.cells) && bytes.Equal(r.cells[to].key, keys[i]) {
			to++
		}
		there, err := r.sample(rows, i, r.cells[next:to], &from)
		if err != nil {
			return err
		}
		e := table.Edit{Key: keys[i], Row: -1}
		if there {
			e.Row = rows.Len
			rows.Len++
		}
		edits = append(edits, e)
		next = to
	}
	root, _, err := table.Apply(r.ctx, r.w, r.out, rows, edits)
	if err != nil {
		return err
	}
	r.cells = r.cells[:0]
	if root.ID != r.out.Root.ID {
		r.out = table.New(r.w, r.schema, root)
	}
	return nil
}

// underKey returns the table of a side, or the merged one for SideNone, with
// the keys that the conflicts tell samples by.
func (r *resolver) underKey(s Side) (*table.Table, error) {
	if s == SideNone {
		return r.out, nil
	}
	t := r.side(s)
	if t == nil || sameKey(t.Schema, r.schema) {
		return t, nil
	}
	if r.keyed[s] != nil {
		return r.keyed[s], nil
	}
	next, err := keyedSchema(t.Schema, r.schema)
	if err == nil {
		r.keyed[s], err = rebuild(r.ctx, r.w, t, next, Options{Temp: r.u.Temp})
	}
	return r.keyed[s], err
}

// takeKey gives the rows the key that was chosen.
func (r *resolver) takeKey() error {
	if r.key == nil || sameKey(r.key, r.schema) {
		return nil
	}
	if int64(len(r.done)) < r.u.Conflicts.Rows() {
		return fmt.Errorf("%w: with another key, samples are told otherwise; resolve the other conflicts first", ErrChoice)
	}
	next, err := keyedSchema(r.schema, r.key)
	if err == nil {
		r.out, err = rebuild(r.ctx, r.w, r.out, next, Options{Temp: r.u.Temp})
	}
	if errors.Is(err, errKey) {
		return fmt.Errorf("%w: %w", ErrChoice, err)
	}
	return err
}

// picked is the samples with some keys.
type picked struct {
	batch *column.Batch
	rows  []int // of each key; -1 = no such sample
}

func pick(ctx context.Context, t *table.Table, keys [][]byte) (p *picked, err error) {
	p = &picked{}
	if t == nil {
		p.batch, p.rows = column.NewBatch(&column.Schema{}, 0), slices.Repeat([]int{-1}, len(keys))
		return p, nil
	}
	p.batch, p.rows, err = t.Lookup(ctx, keys, nil)
	return p, err
}

// value returns the cell of a column; one that does not exist is the zero Value.
func (p *picked) value(i int, id string) column.Value {
	c := p.batch.Schema.Index(id)
	if c < 0 || p.rows[i] < 0 {
		return column.Value{}
	}
	return column.Value{Vector: p.batch.Cols[c], Row: p.rows[i]}
}

// sample appends sample i as the choices want it to rows and reports whether
// there is one.
func (r *resolver) sample(rows *column.Batch, i int, cs []chosen, from *[4]*picked) (bool, error) {
	whole := SideNone
	for _, c := range cs {
		if c.column == "" {
			whole = c.Side
		}
	}
	if from[whole].rows[i] < 0 {
		return false, nil
	}
	for k := range r.schema.Fields {
		f := &r.schema.Fields[k]
		v := from[whole].value(i, f.ID)
		if !v.Exists() {
			v = from[SideNone].value(i, f.ID)
		}
		for _, c := range cs {
			set, ok := c.Cells[f.ID]
			switch {
			case ok && (c.column == "" || c.column == f.ID):
				v = set
			case c.column == f.ID && c.Side != SideNone:
				v = from[c.Side].value(i, f.ID)
			}
		}
		if err := appendAs(rows.Cols[k], v, f); err != nil {
			return false, err
		}
	}
	return true, nil
}

// appendAs appends v, converted to the type of the column f.
func appendAs(dst *column.Vector, v column.Value, f *column.Field) error {
	switch {
	case v.IsNull():
		dst.AppendNull()
		return nil
	case v.Vector.Type.Equal(f.Type):
		dst.AppendOne(v.Vector, v.Row)
		return nil
	}
	out, err := column.Convert(v.Vector.Slice(v.Row, v.Row+1), f.Type)
	if err != nil {
		return fmt.Errorf("%w: column %q: %w", ErrChoice, f.Name, err)
	}
	dst.AppendFrom(out, 0, 1)
	return nil
}

func (r *resolver) finish() (*Resolved, error) {
	if err := r.apply(); err != nil {
		return nil, err
	}
	if err := r.takeKey(); err != nil {
		return nil, err
	}
	out := &Resolved{Table: r.out, Deleted: r.deleted}
	left, err := without(r.ctx, r.w, r.u.Conflicts, r.done)
	if err != nil {
		return nil, fmt.Errorf("write conflicts: %w", err)
	}
	out.Conflicts = left
	m := &merging{in: r.u.Input, schema: r.schema}
	if r.deleted {
		m.schema = &column.Schema{}
	}
	out.Settled = m.counts(r.gone)
	return out, nil
}

// without returns the conflicts table without the given keys, nil where
// nothing is left.
func without(ctx context.Context, w store.Writer, t *table.Table, keys [][]byte) (*table.Table, error) {
	if t == nil || int64(len(keys)) == t.Rows() {
		return nil, nil
	}
	edits := make([]table.Edit, len(keys))
	for i, k := range keys {
		edits[i] = table.Edit{Key: k, Row: -1}
	}
	root, _, err := table.Apply(ctx, w, t, column.NewBatch(t.Schema, 0), edits)
	return table.New(w, t.Schema, root), err
}
