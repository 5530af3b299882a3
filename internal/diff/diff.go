// Package diff says what changed between two versions of a dataset: how many
// samples, which columns, from which value to which, and each sample in turn.
//
// The one invariant: an answer costs the change. Everything is counted over the
// cells that differ, which table.Compare finds by reading only what differs; so
// a mean is the mean of the changed cells and never that of the column, and a
// change of schema counts no samples. Order is that of keys.
//
// Start reading at Walk, then column.go for what is counted of a column and
// where.go for predicates over both sides.
package diff

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/expr"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// Dataset is what changed in one dataset.
type Dataset struct {
	Name          string         `json:"name"`
	Change        string         `json:"change"` // A, D or M: added, deleted, modified
	Rows          Pair[int64]    `json:"rows"`   // samples on each side
	Added         int64          `json:"added"`
	Removed       int64          `json:"removed"`
	Modified      int64          `json:"modified"`
	SchemaChanges []SchemaChange `json:"schema_changes"`
	Columns       []Column       `json:"columns"` // those with changed cells, in the order of the schema
}

// Total returns the number of samples that differ.
func (d *Dataset) Total() int64 { return d.Added + d.Removed + d.Modified }

// Pair is a figure of both sides.
type Pair[T any] struct {
	From T `json:"from"`
	To   T `json:"to"`
}

// Options narrow a walk. The zero value is everything that differs.
type Options struct {
	Columns []string          // display names on either side; nil means all
	Where   *expr.Expr        // see where.go
	Filter  table.Op          // only this kind of change; 0 means all
	Key     func(string) bool // only samples whose key, as text, is accepted
	Count   bool              // leave Dataset.Columns empty
}

// narrow reports whether not every change counts.
func (o *Options) narrow() bool { return o.Where != nil || o.Filter != 0 || o.Key != nil }

// ErrStop is returned by the function that Walk calls to end the walk early;
// Walk then returns what it has counted so far and no error.
var ErrStop = errors.New("enough seen")

// Walk compares the tables old and new, nil standing for one that is not
// there, and calls each, which may be nil, for every sample that differs, in
// the order of keys. A *Sample is valid during the call. Errors are those of
// reading, of each, an *expr.Error for a predicate that does not fit the
// columns, and a *ColumnError.
func Walk(ctx context.Context, old, new *table.Table, o Options, each func(*Sample) error) (*Dataset, error) {
	d := &Dataset{Change: "M", SchemaChanges: []SchemaChange{}, Columns: []Column{}}
	switch {
	case old == nil && new == nil:
		return d, nil
	case old == nil:
		d.Change, old = "A", empty(new)
	case new == nil:
		d.Change, new = "D", empty(old)
	}
	d.Rows = Pair[int64]{old.Rows(), new.Rows()}
	if d.Change == "M" {
		d.SchemaChanges = SchemaChanges(old.Schema, new.Schema)
	}
	w, err := newWalker(ctx, old, new, o, each)
	if err != nil {
		return nil, err
	}
	if d.Change != "M" && each == nil && !o.narrow() {
		d.Added, d.Removed = d.Rows.To, d.Rows.From
		return d, nil
	}
	err = w.run(d)
	if errors.Is(err, ErrStop) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	d.Columns = w.columns()
	return d, nil
}

// empty returns a table without samples that has the columns of t.
func empty(t *table.Table) *table.Table {
	e := table.New(noObjects{}, t.Schema, t.Root)
	e.Root.ID, e.Root.Level, e.Root.Last, e.Root.Rows, e.Root.Bytes = object.ID{}, 0, nil, 0, 0
	return e
}

// noObjects is the store of a table without samples.
type noObjects struct{}

func (noObjects) Get(context.Context, object.ID) ([]byte, error) { return nil, object.ErrNotFound }
func (noObjects) Has(context.Context, object.ID) (bool, error)   { return false, nil }

var _ store.Reader = noObjects{}

// SameTable reports whether two tables have the same samples and columns, so
// that there is nothing to walk.
func SameTable(a, b *table.Table) bool {
	return a.Root.ID == b.Root.ID && a.Root.Rows == b.Root.Rows && a.Schema.Equal(b.Schema)
}

// ColumnError names a column that neither side has.
type ColumnError struct {
	Name  string
	Known []string
}

func (e *ColumnError) Error() string { return "no column called \"" + e.Name + "\"" }

// SchemaChange is one change of a dataset's columns.
type SchemaChange struct {
	Op     string `json:"op"` // add, drop, rename, type, merge, reorder, key
	Column string `json:"column"`
	Old    string `json:"old,omitempty"` // name, type or merge policy before
	New    string `json:"new,omitempty"`
}

// SchemaChanges returns how the columns of new came from those of old: first
// those that are gone, then those that are new, renamed, of another type or with
// another merge policy, in the order of new, then whether the rest changed places, then the key.
func SchemaChanges(old, new *column.Schema) []SchemaChange {
	changes := []SchemaChange{}
	for i := range old.Fields {
		if f := &old.Fields[i]; new.Index(f.ID) < 0 && !column.Hidden(f.ID) {
			changes = append(changes, SchemaChange{Op: "drop", Column: f.Name, Old: f.Type.String()})
		}
	}
	last, moved := -1, false
	for i := range new.Fields {
		f := &new.Fields[i]
		if column.Hidden(f.ID) {
			continue
		}
		j := old.Index(f.ID)
		if j < 0 {
			changes = append(changes, SchemaChange{Op: "add", Column: f.Name, New: f.Type.String()})
			continue
		}
		g := &old.Fields[j]
		if f.Name != g.Name {
			changes = append(changes, SchemaChange{Op: "rename", Column: f.Name, Old: g.Name, New: f.Name})
		}
		if !f.Type.Equal(g.Type) {
			changes = append(changes, SchemaChange{Op: "type", Column: f.Name, Old: g.Type.String(), New: f.Type.String()})
		}
		if f.Merge != g.Merge {
			changes = append(changes, SchemaChange{Op: "merge", Column: f.Name, Old: old.PolicyText(g.Merge), New: new.PolicyText(f.Merge)})
		}
		moved = moved || j < last
		last = max(last, j)
	}
	if moved {
		changes = append(changes, SchemaChange{Op: "reorder"})
	}
	if !slices.Equal(old.Key, new.Key) {
		changes = append(changes, SchemaChange{Op: "key", Old: keyNames(old), New: keyNames(new)})
	}
	return changes
}

// keyNames returns the display names of the key columns, content where samples
// are keyed by it.
func keyNames(s *column.Schema) string {
	var keys []string
	for _, i := range s.KeyColumns() {
		if f := &s.Fields[i]; column.Hidden(f.ID) {
			keys = append(keys, "content")
		} else {
			keys = append(keys, f.Name)
		}
	}
	return strings.Join(keys, ",")
}
