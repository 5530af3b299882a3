package strata

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/diff"
	"github.com/strata-data/strata/internal/format/formats"
	"github.com/strata-data/strata/internal/merge"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/table"
	"github.com/strata-data/strata/internal/worktree"
)

// This file reads what settles conflicts from a file. It has one of two forms:
// rows of the dataset, with its key columns and those that are settled; or what
// Conflicts.Export writes, with a further column resolved (the value) or take
// (ours, theirs or base).

// resolutions are the rows of such a file, in memory, by key.
type resolutions struct {
	u       *unmerged
	path    string
	batches []*column.Batch
	rows    map[string]*resolution // by key, in the form of conflicts by key and column
	listed  bool                   // the form of conflicts
	columns map[int]*column.Field  // of the file to those of the dataset, in the form of rows
}

// resolution is a row of the file.
type resolution struct {
	batch *column.Batch
	row   int
	used  bool
}

// readResolutions reads the file of a Resolve for one dataset.
func (r *Repo) readResolutions(ctx context.Context, u *unmerged, o *ResolveOptions) (*resolutions, error) {
	f := &resolutions{u: u, path: o.From, rows: map[string]*resolution{}, columns: map[int]*column.Field{}}
	first, err := f.read(ctx, r, o, nil, nil)
	if err != nil {
		return nil, err
	}
	names := first.Names()
	if f.listed = slices.Contains(names, "column") && slices.Contains(names, "key") && (slices.Contains(names, "resolved") || slices.Contains(names, "take")); f.listed {
		return f, f.indexList(o)
	}
	if len(u.schema.Key) == 0 || column.Hidden(u.schema.Key[0]) {
		return nil, &OptionError{Option: "from", Value: o.From, Reason: "needs the columns key, column and resolved, as " + u.name + " has no key column"}
	}
	types := map[string]*column.Type{}
	var key []string
	for _, name := range names {
		i := u.schema.ByName(name)
		if i < 0 {
			return nil, notFound("column", name, u.name, u.schema.Names())
		}
		types[name] = u.schema.Fields[i].Type
	}
	for _, i := range u.schema.KeyColumns() {
		key = append(key, u.schema.Fields[i].Name)
	}
	schema, err := f.read(ctx, r, o, key, types)
	if err != nil {
		return nil, err
	}
	for i := range schema.Fields {
		if k := u.schema.ByName(schema.Fields[i].Name); k >= 0 && !u.schema.IsKey(u.schema.Fields[k].ID) {
			f.columns[i] = &u.schema.Fields[k]
		}
	}
	return f, f.indexRows(key)
}

// read reads all rows of the file and returns its columns without hidden ones.
func (f *resolutions) read(ctx context.Context, r *Repo, o *ResolveOptions, key []string, types map[string]*column.Type) (*column.Schema, error) {
	path := o.From
	if !filepath.IsAbs(path) {
		path = filepath.Join(o.Dir, path)
	}
	fm, compressed, ok := formats.ByPath(path)
	if o.Type != "" {
		if fm, ok = formats.ByName(o.Type); !ok {
			return nil, &OptionError{Option: "type", Value: o.Type, Reason: "is no format that can be read"}
		}
	}
	if !ok {
		return nil, &OptionError{Option: "from", Value: o.From, Reason: "has the extension of no table; give --type"}
	}
	fi, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	w, err := r.r.Objects().NewWriter(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = w.Discard() }()
	file := source.File{Path: o.From, Size: fi.Size(), Open: func() (source.Handle, error) { return os.Open(path) }}
	res, err := source.Ingest(ctx, w, &source.Request{Dataset: f.u.name, Files: []source.File{file}, Format: fm, Compressed: compressed, Key: key,
		Types: types, ValuesOnly: true, Mem: r.r.Mem(), Temp: worktree.Temp(r.r)})
	if err != nil {
		return nil, err
	}
	f.batches = nil
	out := &column.Schema{}
	var ids []string
	for _, c := range res.Table.Schema.Fields {
		if !column.Hidden(c.ID) {
			out.Fields, ids = append(out.Fields, c), append(ids, c.ID)
		}
	}
	for b, err := range res.Table.Scan(ctx, table.ScanOptions{Columns: ids}) {
		if err != nil {
			return nil, err
		}
		f.batches = append(f.batches, b)
	}
	return out, nil
}

// indexRows finds rows by the key of their sample.
func (f *resolutions) indexRows(key []string) error {
	for _, b := range f.batches {
		var cols []int
		for _, name := range key {
			cols = append(cols, b.Schema.ByName(name))
		}
		for i := range b.Len {
			f.rows[string(column.RowKey(nil, b, cols, i))] = &resolution{batch: b, row: i}
		}
	}
	return nil
}

// indexList finds rows by key and column. Those of other datasets do not count,
// nor do those without a value.
func (f *resolutions) indexList(o *ResolveOptions) error {
	for _, b := range f.batches {
		at := func(name string) *column.Vector {
			if i := b.Schema.ByName(name); i >= 0 {
				return b.Cols[i]
			}
			return nil
		}
		dataset, key, col := at("dataset"), at("key"), at("column")
		for i := range b.Len {
			if dataset != nil && plainText(dataset, i) != f.u.name || null(at("resolved"), i) && null(at("take"), i) || null(key, i) {
				continue
			}
			if take := at("take"); !null(take, i) {
				if _, err := sideOfName(plainText(take, i)); err != nil {
					return err
				}
			}
			k, err := diff.ParseKeyText(f.u.schema, plainText(key, i))
			if err != nil {
				return fmt.Errorf("%s: %w", o.From, err)
			}
			name := plainText(col, i)
			if name != "" {
				c := f.u.schema.ByName(name)
				if c < 0 {
					return notFound("column", name, f.u.name, f.u.schema.Names())
				}
				name = f.u.schema.Fields[c].ID
			}
			f.rows[string(k)+"\x00"+name] = &resolution{batch: b, row: i}
		}
	}
	return nil
}

func null(v *column.Vector, i int) bool {
	return v == nil || v.IsNull(i) || len(column.Text(v, i)) == 0
}

// plainText is the text of a value; of a JSON string what it holds.
func plainText(v *column.Vector, i int) string {
	if v == nil || v.IsNull(i) {
		return ""
	}
	text := column.Text(v, i)
	var s string
	if v.Type.Kind == column.JSON && strings.HasPrefix(text, `"`) && json.Unmarshal([]byte(text), &s) == nil {
		return s
	}
	return text
}

// of returns the values and the side that the file has for a conflict; others
// are the values beside it.
func (f *resolutions) of(c *merge.Conflict, others map[string]column.Value) (map[string]column.Value, merge.Side, error) {
	name := string(c.Key)
	if f.listed {
		name += "\x00" + c.Column
	}
	row := f.rows[name]
	if row == nil {
		return others, merge.SideNone, nil
	}
	cells := map[string]column.Value{}
	for id, v := range others {
		cells[id] = v
	}
	if f.listed {
		side, err := f.listedValue(c, row, cells)
		row.used = true
		return cells, side, err
	}
	for i, field := range f.columns {
		if c.Column != "" && c.Column != field.ID {
			continue
		}
		cells[field.ID] = column.Value{Vector: row.batch.Cols[i], Row: row.row}
		row.used = true
	}
	return cells, merge.SideNone, nil
}

// listedValue reads the columns take and resolved of a row.
func (f *resolutions) listedValue(c *merge.Conflict, row *resolution, cells map[string]column.Value) (merge.Side, error) {
	b, i := row.batch, row.row
	side := merge.SideNone
	if at := b.Schema.ByName("take"); at >= 0 && !null(b.Cols[at], i) {
		side, _ = sideOfName(plainText(b.Cols[at], i)) // indexList has seen that it is one
	}
	at := b.Schema.ByName("resolved")
	if at < 0 || null(b.Cols[at], i) {
		return side, nil
	}
	k := f.u.schema.Index(c.Column)
	if k < 0 {
		return side, &OptionError{Option: "from", Value: f.path, Reason: "gives a value to a sample that is in conflict as a whole; give take = ours, theirs or base"}
	}
	field := &f.u.schema.Fields[k]
	x := column.NewVector(field.Type, 1)
	if field.Type.Equal(b.Cols[at].Type) {
		x.AppendOne(b.Cols[at], i)
	} else if err := parseValue(field, plainText(b.Cols[at], i), x); err != nil {
		return side, err
	}
	cells[field.ID] = column.Value{Vector: x}
	return side, nil
}

// unused counts the rows that settle nothing.
func (f *resolutions) unused() int64 {
	n := int64(0)
	for _, row := range f.rows {
		if !row.used {
			n++
		}
	}
	return n
}
