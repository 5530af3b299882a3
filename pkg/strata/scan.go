package strata

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/diff"
	"github.com/strata-data/strata/internal/expr"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/table"
)

// ScanOptions say which samples of a dataset are wanted, and what of them.
type ScanOptions struct {
	// Address is [REV:]DATASET[/KEY]; KEY may have * and ?. Without REV it is
	// HEAD, or the index where HEAD does not have the dataset; an empty REV
	// (":train") is the index.
	Address string
	Columns []string // display names, in the order wanted; none means all
	Where   string   // predicate
	Slice   string   // name of a saved predicate that holds as well
}

// Rows is a dataset that is about to be read. It is safe for concurrent use.
type Rows struct {
	Dataset string
	Rev     string // as it was given; "index" is no revision
	Commit  ID     // zero for the index

	t       *table.Table
	out     *column.Schema // the columns wanted
	program *expr.Program  // nil for all samples
	keys    string         // pattern of keys, "" for all
}

// Sample is one sample of a dataset. It is valid until the next.
type Sample struct {
	rows  *Rows
	batch *column.Batch // columns of rows.out, then others
	row   int
}

// Scan finds a dataset and the samples of it that are wanted, reading none.
// Errors are *NotFoundError, those of revisions, and of predicates.
func (r *Repo) Scan(ctx context.Context, o ScanOptions) (*Rows, error) {
	s, m, err := r.locate(ctx, o.Address)
	if err != nil {
		return nil, err
	}
	rows := &Rows{Dataset: m.Dataset, Rev: s.name.Rev, Commit: s.name.Commit, keys: m.Key}
	if rows.t, err = r.tableOf(ctx, s, m.Dataset); err != nil {
		return nil, err
	}
	if rows.out, err = choose(rows.t.Schema, m.Dataset, o.Columns); err != nil {
		return nil, err
	}
	e, err := r.predicateOn(ctx, o.Where, o.Slice, s.ids, m.Dataset)
	if err != nil || e == nil {
		return rows, err
	}
	rows.program, err = e.Bind(rows.t.Schema)
	return rows, err
}

// locate returns the side and the one dataset that an address means.
func (r *Repo) locate(ctx context.Context, text string) (*side, repo.Match, error) {
	index, err := r.sideOf(ctx, "")
	if err != nil {
		return nil, repo.Match{}, err
	}
	head, err := r.sideOf(ctx, "HEAD")
	if err != nil {
		return nil, repo.Match{}, err
	}
	a, err := repo.ParseAddress(text, append(head.names(), index.names()...))
	if err != nil {
		return nil, repo.Match{}, err
	}
	tried := []*side{head, index}
	switch {
	case a.HasRev && a.Rev == "":
		tried = []*side{index}
	case a.HasRev && a.Rev != "HEAD":
		s, err := r.sideOf(ctx, a.Rev)
		if err != nil {
			return nil, repo.Match{}, err
		}
		tried = []*side{s}
	case a.HasRev:
		tried = []*side{head}
	}
	for _, s := range tried {
		found := a.Match(s.names())
		if a.Path == "" {
			found = nil
		}
		if len(found) > 1 {
			var names []string
			for _, m := range found {
				names = append(names, m.Dataset)
			}
			return nil, repo.Match{}, &OptionError{Option: "address", Value: text, Reason: "means several datasets: " + strings.Join(names, ", ")}
		}
		if len(found) == 1 {
			return s, found[0], nil
		}
	}
	last := tried[len(tried)-1]
	known := slices.DeleteFunc(last.names(), func(n string) bool { return strings.HasPrefix(n, "@") })
	return nil, repo.Match{}, notFound("dataset", a.Path, last.place(), known)
}

// choose returns the schema with only the columns of the given display names,
// in that order; without names all but the hidden ones.
func choose(s *column.Schema, dataset string, names []string) (*column.Schema, error) {
	out := &column.Schema{Key: s.Key}
	for i := range s.Fields {
		if len(names) == 0 && !column.Hidden(s.Fields[i].ID) {
			out.Fields = append(out.Fields, s.Fields[i])
		}
	}
	for _, n := range names {
		i := s.ByName(n)
		if i < 0 || column.Hidden(s.Fields[i].ID) {
			return nil, notFound("column", n, dataset, s.Names())
		}
		if out.ByName(n) < 0 {
			out.Fields = append(out.Fields, s.Fields[i])
		}
	}
	return out, nil
}

// Columns returns the display names of the columns wanted.
func (rows *Rows) Columns() []string {
	names := make([]string, len(rows.out.Fields))
	for i, f := range rows.out.Fields {
		names[i] = f.Name
	}
	return names
}

// Total returns the number of samples of the dataset, wanted or not.
func (rows *Rows) Total() int64 { return rows.t.Rows() }

// All yields the samples in the order of keys. Only the columns that are
// wanted, or that the predicate is about, are read, and only those parts of the
// dataset in which the predicate can be true.
func (rows *Rows) All(ctx context.Context) iter.Seq2[*Sample, error] {
	return func(yield func(*Sample, error) bool) {
		s := &Sample{rows: rows}
		for b, err := range rows.batches(ctx, true, 0) {
			if err != nil {
				yield(nil, err)
				return
			}
			s.batch = b
			for s.row = 0; s.row < b.Len; s.row++ {
				if !yield(s, nil) {
					return
				}
			}
		}
	}
}

// Value returns the value of column i of Rows.Columns.
func (s *Sample) Value(i int) Value { return Value{Vector: s.batch.Cols[i], Row: s.row} }

// Key returns the sample's key as text.
func (s *Sample) Key() (string, error) {
	key := column.RowKey(nil, s.batch, s.batch.Schema.KeyColumns(), s.row)
	return diff.KeyText(s.rows.t.Schema, key)
}

// batches yields the samples wanted with the columns of rows.out, in order, and
// with withKey those of the key behind them. A batch is the caller's.
func (rows *Rows) batches(ctx context.Context, withKey bool, workers int) iter.Seq2[*column.Batch, error] {
	return func(yield func(*column.Batch, error) bool) {
		read, keep := rows.columns(withKey)
		o := table.ScanOptions{Columns: read, Workers: workers}
		if rows.program != nil {
			o.Prune = pruner(rows.program)
		}
		if rows.keys != "" && !diff.IsPattern(rows.keys) {
			rows.bound(&o)
		}
		for b, err := range rows.t.Scan(ctx, o) {
			if err == nil {
				b, err = rows.pick(b, keep)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if b.Len > 0 && !yield(b, nil) {
				return
			}
		}
	}
}

// columns returns the ids of the columns to read, the first keep of which are
// handed on.
func (rows *Rows) columns(withKey bool) (read []string, keep int) {
	read = []string{} // nil would be all
	add := func(id string) {
		if !slices.Contains(read, id) {
			read = append(read, id)
		}
	}
	for _, f := range rows.out.Fields {
		add(f.ID)
	}
	if withKey {
		for _, id := range rows.t.Schema.Key {
			add(id)
		}
	}
	keep = len(read)
	if rows.program != nil {
		for _, id := range rows.program.Columns() {
			add(id)
		}
	}
	if rows.keys != "" {
		for _, id := range rows.t.Schema.Key {
			add(id)
		}
	}
	return read, keep
}

// pruner returns what tells a scan which leaves the program cannot be true in.
func pruner(p *expr.Program) func(table.LeafBounds) bool {
	return func(l table.LeafBounds) bool {
		return p.Prune(func(id string) (min, max []byte, nulls, rows int, ok bool) {
			min, max, nulls = l.Column(id)
			return min, max, nulls, l.Rows(), true
		})
	}
}

// bound narrows a scan to the one key that rows.keys spells, where it is whole.
func (rows *Rows) bound(o *table.ScanOptions) {
	var types []*column.Type
	for _, i := range rows.t.Schema.KeyColumns() {
		types = append(types, rows.t.Schema.Fields[i].Type)
	}
	if len(types) == 1 && types[0].Kind != column.String && !column.Hidden(rows.t.Schema.Key[0]) {
		if key, err := column.ParseKeyText(types, rows.keys); err == nil {
			o.From, o.To = key, append(slices.Clone(key), 0)
		}
		return
	}
	if len(types) == 1 && types[0].Kind == column.String {
		// The key itself and, behind it, those that go on with a slash.
		v := column.NewVector(types[0], 1)
		v.AppendString(rows.keys)
		key := column.AppendKey(nil, v, 0)
		o.From = key[:len(key)-2] // without the terminator
		o.To = append(slices.Clone(o.From), '/'+1)
	}
}

// pick returns the rows of b that are wanted, with its first keep columns.
func (rows *Rows) pick(b *column.Batch, keep int) (*column.Batch, error) {
	var sel column.Bitmap
	if rows.program != nil {
		sel = rows.program.Eval(b, nil)
	}
	if rows.keys != "" {
		var err error
		if sel, err = rows.pickKeys(b, sel); err != nil {
			return nil, err
		}
	}
	out := &column.Batch{Schema: &column.Schema{Key: b.Schema.Key, Fields: b.Schema.Fields[:keep]}, Len: b.Len, Cols: b.Cols[:keep]}
	if sel == nil {
		return out, nil
	}
	var at []int
	for i := range b.Len {
		if sel.Get(i) {
			at = append(at, i)
		}
	}
	if len(at) == b.Len {
		return out, nil
	}
	part := column.NewBatch(out.Schema, len(at))
	for i := range part.Cols {
		part.Cols[i].Take(out.Cols[i], at)
	}
	part.Len = len(at)
	return part, nil
}

func (rows *Rows) pickKeys(b *column.Batch, sel column.Bitmap) (column.Bitmap, error) {
	picked, cols := column.NewBitmap(b.Len), b.Schema.KeyColumns()
	var key []byte
	for i := range b.Len {
		if sel != nil && !sel.Get(i) {
			continue
		}
		key = column.RowKey(key[:0], b, cols, i)
		text, err := diff.KeyText(rows.t.Schema, key)
		if err != nil {
			return nil, err
		}
		if diff.MatchKey(rows.keys, text) {
			picked.Set(i)
		}
	}
	return picked, nil
}
