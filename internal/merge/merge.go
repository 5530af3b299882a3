// Package merge brings together what two sides made of one dataset. The schema
// comes first, then always the data: different cells of one sample merge, equal
// edits converge, column policies settle what would conflict, and what is left
// are conflicts, which are a table of their own (docs/format/conflicts.md).
//
// The one law: merge(A, B) and merge(B, A) have the same rows, and their
// conflicts mirror each other. A conflicting cell holds the value of our side
// until somebody resolves it. Cost is the change: what at most one side changed
// is taken over by its id (table.Merge).
//
// Start reading at Tables, then the judge, then Resolve.
package merge

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// Input is a dataset at the merge base and on two sides. A nil table means
// that the dataset is not there.
type Input struct{ Base, Ours, Theirs *table.Table }

// Favor settles conflicts.
type Favor int

// The ways to settle conflicts.
const (
	FavorNone   Favor = iota // they stay
	FavorOurs                // to our side
	FavorTheirs              // to their side
	FavorUnion               // lists are united and modified samples stay; other conflicts do too
	FavorBase                // to the base, or, where there is none, to our side
)

// Options are how to merge. The zero value is a plain merge.
type Options struct {
	Favor                Favor
	OursTime, TheirsTime int64 // of the commits, in seconds; for the policy latest
	Workers              int   // 0 means one for each processor
	// Rows makes a sample the smallest thing that changes, as in @files, where a
	// hash and a size of two files do not make a third.
	Rows bool
	// Temp makes files for rows that do not fit into memory while they get
	// another key; nil means the directory of the system.
	Temp func() (*os.File, error)
}

// Side says where a result comes from.
type Side int

// The sides. SideNone is a result that is none of the tables that were there.
const (
	SideNone Side = iota
	SideBase
	SideOurs
	SideTheirs
)

// Result is a merged dataset.
type Result struct {
	Take    Side         // not SideNone: the result is exactly that side's table, sources and all
	Deleted bool         // the dataset is gone
	Table   *table.Table // the merged rows, without sources; nil where Deleted
	// Conflicts are a table under ConflictSchema, nil where there are none.
	Conflicts *table.Table
	Stats     Stats
}

// Stats counts cells, and samples where all of one is meant (the column ""),
// by column and in the order of the merged schema.
type Stats struct {
	Conflicts []Count
	Settled   []Count // by a policy or by Favor
}

// Count is a number of cells of a column.
type Count struct {
	Column string // id; "" for whole samples
	Name   string
	Cells  int64
}

// Total returns the sum of counts.
func Total(counts []Count) (n int64) {
	for _, c := range counts {
		n += c.Cells
	}
	return n
}

// Tables merges a dataset. Everything new is written to w. The result depends
// on the tables and options alone, not on Workers; errors are those of reading
// and writing.
func Tables(ctx context.Context, w store.Writer, in Input, o Options) (*Result, error) {
	switch {
	case same(in.Base, in.Theirs), same(in.Ours, in.Theirs):
		return taken(SideOurs, in.Ours), nil
	case same(in.Base, in.Ours):
		return taken(SideTheirs, in.Theirs), nil
	case (in.Ours == nil || in.Theirs == nil) && o.Rows:
		return emptied(ctx, w, in, o)
	case in.Ours == nil || in.Theirs == nil:
		return deleted(ctx, w, in, o)
	}
	return newMerging(w, in, o).run(ctx)
}

// same reports whether two tables are the same, sources and all.
func same(a, b *table.Table) bool {
	if a == nil || b == nil {
		return a == b
	}
	return sameRows(a, b) && slices.Equal(a.Sources, b.Sources)
}

func sameRows(a, b *table.Table) bool { return a.Root.ID == b.Root.ID && a.Schema.Equal(b.Schema) }

func taken(from Side, t *table.Table) *Result {
	return &Result{Take: from, Table: t, Deleted: t == nil}
}

// deleted merges a dataset that one side removed and the other one changed.
// What is left of it stays until somebody resolves the conflict.
func deleted(ctx context.Context, w store.Writer, in Input, o Options) (*Result, error) {
	from, left, kind := SideOurs, in.Ours, DeletedByThem
	if in.Ours == nil {
		from, left, kind = SideTheirs, in.Theirs, DeletedByUs
	}
	r := taken(from, left)
	switch {
	case o.Favor == FavorUnion:
	case o.Favor == FavorOurs:
		r = taken(SideOurs, in.Ours)
	case o.Favor == FavorTheirs:
		r = taken(SideTheirs, in.Theirs)
	case o.Favor == FavorBase:
		return taken(SideBase, in.Base), nil
	default:
		m := &merging{w: w, in: in, o: o, schema: left.Schema}
		j := m.judge()
		j.record(nil, "", kind, [3]cell{datasetCell(in.Base), datasetCell(in.Ours), datasetCell(in.Theirs)})
		if err := m.done(ctx, j); err != nil {
			m.log.abort()
			return nil, err
		}
		return r, m.finish(r)
	}
	r.Stats.Settled = []Count{{Cells: 1}}
	return r, nil
}

// emptied merges a dataset that one side has nothing in any more, and whose
// samples are what is added and removed, not the dataset.
func emptied(ctx context.Context, w store.Writer, in Input, o Options) (*Result, error) {
	full := in
	if full.Ours == nil {
		full.Ours = table.New(w, in.Theirs.Schema, merkle.Root{})
	}
	if full.Theirs == nil {
		full.Theirs = table.New(w, in.Ours.Schema, merkle.Root{})
	}
	r, err := newMerging(w, full, o).run(ctx)
	if err != nil || r.Table.Rows() > 0 || r.Conflicts != nil {
		return r, err
	}
	gone := taken(SideOurs, nil)
	if in.Theirs == nil {
		gone = taken(SideTheirs, nil)
	}
	gone.Stats = r.Stats
	return gone, nil
}

// merging is the merge of one dataset.
type merging struct {
	w       store.Writer
	in      Input
	o       Options
	schema  *column.Schema
	judging []rule // of each column of schema
	log     conflictLog
	// keys are those of the sides where they are in conflict.
	keys       [3]cell
	keySettled bool
}

func newMerging(w store.Writer, in Input, o Options) *merging {
	if in.Base == nil {
		in.Base = table.New(w, &column.Schema{Key: in.Ours.Schema.Key}, merkle.Root{})
	}
	return &merging{w: w, in: in, o: o}
}

func (m *merging) run(ctx context.Context) (_ *Result, err error) {
	defer func() {
		if err != nil {
			m.log.abort()
		}
	}()
	whole := m.in
	if ok, err := m.mergeKeys(ctx); err != nil {
		return nil, err
	} else if !ok {
		return m.unkeyed(ctx)
	}
	if err := m.mergeSchemas(ctx); err != nil {
		return nil, err
	}
	if err := m.rehash(ctx); err != nil {
		return nil, err
	}
	root, err := table.Merge(ctx, m.w, table.Merging{Tables: [3]*table.Table{m.in.Base, m.in.Ours, m.in.Theirs}, Schema: m.schema,
		Rows: m.o.Rows, NewJudge: func() table.Judge { return m.judge() }, Workers: m.o.Workers,
		Done: func(j table.Judge) error { return m.done(ctx, j.(*judge)) }})
	if err != nil {
		return nil, err
	}
	r := &Result{Table: table.New(m.w, m.schema, root)}
	if err := m.closeGaps(ctx, r); err != nil {
		return nil, err
	}
	if err := m.finish(r); err != nil {
		return nil, fmt.Errorf("write conflicts: %w", err)
	}
	if r.Conflicts != nil {
		return r, nil
	}
	switch {
	case sameRows(r.Table, whole.Ours) && slices.Equal(whole.Base.Sources, whole.Theirs.Sources):
		r.Take, r.Table = SideOurs, whole.Ours
	case sameRows(r.Table, whole.Theirs) && slices.Equal(whole.Base.Sources, whole.Ours.Sources):
		r.Take, r.Table = SideTheirs, whole.Theirs
	}
	return r, nil
}

// unkeyed merges tables that have no key in common: all of the dataset is in
// conflict.
func (m *merging) unkeyed(ctx context.Context) (*Result, error) {
	m.schema = m.in.Ours.Schema
	r := taken(SideOurs, m.in.Ours)
	switch m.o.Favor {
	case FavorNone, FavorUnion:
		j := m.judge()
		j.record(nil, "", Modified, [3]cell{datasetCell(m.in.Base), datasetCell(m.in.Ours), datasetCell(m.in.Theirs)})
		if err := m.done(ctx, j); err != nil {
			return nil, err
		}
		return r, m.finish(r)
	case FavorTheirs:
		r = taken(SideTheirs, m.in.Theirs)
	case FavorBase:
		r = taken(SideBase, m.in.Base)
	}
	r.Stats.Settled = []Count{{Cells: 1}}
	return r, nil
}
