package strata

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/strata-data/strata/internal/blob"
	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format/formats"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/table"
	"github.com/strata-data/strata/internal/worktree"
)

// ShowOptions of Repo.Show.
type ShowOptions struct {
	Name string // a revision, a tag, or [REV:]DATASET[/KEY]; "" is HEAD
	Rows int    // samples of a dataset to show; 0 means 10
}

// ShowResult is strata.show/1. Exactly one of the pointers is set, by Kind.
type ShowResult struct {
	Schema  string       `json:"schema"`
	Kind    string       `json:"kind"`              // commit, tag, dataset, sample, file
	Tag     *TagInfo     `json:"tag,omitempty"`     // then Commit is what it tags
	Commit  *LogEntry    `json:"commit,omitempty"`  //
	Dataset *DatasetView `json:"dataset,omitempty"` //
	Sample  *SampleView  `json:"sample,omitempty"`  //
	File    *FileView    `json:"file,omitempty"`    //
}

// DatasetView is a dataset with its first samples.
type DatasetView struct {
	Name    string              `json:"name"`
	Rev     string              `json:"rev"`
	Table   ID                  `json:"table"`
	Rows    int64               `json:"rows"`
	Columns []ColumnView        `json:"columns"`
	Samples [][]json.RawMessage `json:"samples"` // values in order of Columns
	Text    [][]string          `json:"-"`       // the same for people
}

// ColumnView is one column of a dataset.
type ColumnView struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Key  bool   `json:"key"`
}

// SampleView is one sample.
type SampleView struct {
	Dataset string     `json:"dataset"`
	Key     string     `json:"key"`
	Rev     string     `json:"rev"`
	Cells   []CellView `json:"cells"`
}

// CellView is one cell of a sample.
type CellView struct {
	Column string          `json:"column"`
	Type   string          `json:"type"`
	Value  json.RawMessage `json:"value"`
	Text   string          `json:"-"`
}

// FileView is a plain file, or a file that a dataset was read from. ReadFile
// gives its bytes.
type FileView struct {
	Path    string     `json:"path"`
	Size    int64      `json:"size"`
	Content ID         `json:"content"`           // of a plain file its blob, else BLAKE3-256 of the bytes
	Dataset string     `json:"dataset,omitempty"` // that was read from it
	Cells   []CellView `json:"cells"`             // of a plain file's row

	table  *table.Table // with source, where it is written from rows
	source *source.Source
}

// Show returns what a name stands for. A name that is both a revision and a
// dataset is the revision; HEAD:NAME is the dataset.
func (r *Repo) Show(ctx context.Context, o ShowOptions) (*ShowResult, error) {
	if o.Name == "" {
		o.Name = "HEAD"
	}
	a, err := repo.ParseAddress(o.Name, nil)
	if err == nil && a.HasRev {
		return r.showAddress(ctx, a, o)
	}
	id, err := r.r.ResolveObject(ctx, o.Name)
	if err == nil {
		return r.showObject(ctx, id)
	}
	unknown, syntax := (*repo.UnknownRevisionError)(nil), (*repo.RevisionSyntaxError)(nil)
	if !errors.As(err, &unknown) && !errors.As(err, &syntax) || o.Name == "HEAD" {
		return nil, err
	}
	a = repo.Address{Rev: "HEAD", HasRev: true, Path: o.Name}
	res, aerr := r.showAddress(ctx, a, o)
	missing := (*NotFoundError)(nil)
	if errors.As(aerr, &missing) && missing.Kind != "sample" {
		return nil, err // it is no dataset either, so it was meant as a revision
	}
	return res, aerr
}

func (r *Repo) showObject(ctx context.Context, id ID) (*ShowResult, error) {
	res := &ShowResult{Schema: "strata.show/1", Kind: "commit"}
	kind, err := r.r.Kind(ctx, id)
	if err != nil {
		return nil, err
	}
	switch kind {
	case object.KindTag:
		if res.Tag, err = r.tagInfo(ctx, id); err != nil {
			return nil, err
		}
		res.Kind = "tag"
	case object.KindTable:
		res.Kind = "dataset"
		res.Dataset, err = r.viewTable(ctx, id, 10)
		return res, err
	}
	if id, err = r.r.PeelToCommit(ctx, id); err != nil {
		return nil, err
	}
	c, err := r.r.Commit(ctx, id)
	if err != nil {
		return nil, err
	}
	info := &repo.CommitInfo{ID: id, Commit: c}
	marks, err := r.refsByCommit(ctx)
	if err != nil {
		return nil, err
	}
	res.Commit = &LogEntry{CommitInfo: commitInfo(info)}
	if marks[id] != nil {
		res.Commit.Refs = marks[id]
	}
	changes, err := r.changesOf(ctx, info)
	if err != nil {
		return nil, err
	}
	res.Commit.Datasets, err = r.countChanges(ctx, changes)
	return res, err
}

func (r *Repo) showAddress(ctx context.Context, a repo.Address, o ShowOptions) (*ShowResult, error) {
	tree, err := r.treeOf(ctx, a.Rev)
	if err != nil {
		return nil, err
	}
	names := tree.Names()
	found := a.Match(names)
	if len(found) == 0 && a.Path != "" {
		if v, err := r.sourceAt(ctx, tree, a.Path); v != nil || err != nil {
			return &ShowResult{Schema: "strata.show/1", Kind: "file", File: v}, err
		}
	}
	file := false
	if len(found) == 0 {
		if _, file = tree.Table(filesTable); file {
			found = []repo.Match{{Dataset: filesTable, Key: a.Path}}
		}
	}
	if len(found) == 0 || a.Path == "" {
		return nil, notFound("dataset", a.Path, whereText(a.Rev), names)
	}
	m := found[0]
	id, _ := tree.Table(m.Dataset)
	res := &ShowResult{Schema: "strata.show/1"}
	if m.Key == "" {
		rows := o.Rows
		if rows == 0 {
			rows = 10
		}
		res.Kind = "dataset"
		if res.Dataset, err = r.viewTable(ctx, id, rows); err == nil {
			res.Dataset.Name, res.Dataset.Rev = m.Dataset, a.Rev
		}
		return res, err
	}
	t, err := r.loadTable(ctx, id)
	if err != nil {
		return nil, err
	}
	row, err := lookUp(ctx, t, m.Key)
	switch {
	case err != nil:
		return nil, err
	case row == nil && file:
		return nil, notFound("dataset", a.Path, whereText(a.Rev), names)
	case row == nil:
		// A shard lies where a sample might: shards/s-0.csv of the dataset shards.
		if v, err := r.sourceAt(ctx, tree, a.Path); v != nil || err != nil {
			return &ShowResult{Schema: "strata.show/1", Kind: "file", File: v}, err
		}
		return nil, &NotFoundError{Kind: "sample", Name: m.Key, Where: m.Dataset}
	case m.Dataset == filesTable:
		res.Kind = "file"
		res.File, err = viewFile(row, m.Key)
		return res, err
	}
	res.Kind, res.Sample = "sample", &SampleView{Dataset: m.Dataset, Key: m.Key, Rev: a.Rev, Cells: viewCells(row)}
	return res, nil
}

// viewTable returns a dataset with its first rows samples.
func (r *Repo) viewTable(ctx context.Context, id ID, rows int) (*DatasetView, error) {
	t, err := table.Load(ctx, r.r.Objects(), id)
	if err != nil {
		return nil, err
	}
	v := &DatasetView{Table: id, Rows: t.Rows(), Columns: []ColumnView{}, Samples: [][]json.RawMessage{}}
	var cols []string
	for _, f := range t.Schema.Fields {
		if column.Hidden(f.ID) {
			continue
		}
		cols = append(cols, f.ID)
		v.Columns = append(v.Columns, ColumnView{f.Name, f.Type.String(), t.Schema.IsKey(f.ID)})
	}
	for b, err := range t.ScanRange(ctx, 0, min(int64(rows), t.Rows()), cols) {
		if err != nil {
			return nil, err
		}
		for i := range b.Len {
			var values []json.RawMessage
			var text []string
			for _, c := range b.Cols {
				values, text = append(values, jsonOf(c, i)), append(text, textOf(c, i))
			}
			v.Samples, v.Text = append(v.Samples, values), append(v.Text, text)
		}
	}
	return v, nil
}

func viewCells(row *column.Batch) []CellView {
	cells := []CellView{}
	for i, f := range row.Schema.Fields {
		if !column.Hidden(f.ID) {
			cells = append(cells, CellView{f.Name, f.Type.String(), jsonOf(row.Cols[i], 0), textOf(row.Cols[i], 0)})
		}
	}
	return cells
}

// viewFile reads a row of @files.
func viewFile(row *column.Batch, path string) (*FileView, error) {
	content, size := row.Schema.Index("content"), row.Schema.Index("size")
	if content < 0 || size < 0 || len(row.Cols[content].At(0)) != object.Size {
		return nil, &object.CorruptError{Detail: "@files: the row of " + path + " names no content"}
	}
	return &FileView{Path: path, Size: row.Cols[size].Ints[0], Content: ID(row.Cols[content].At(0)), Cells: viewCells(row)}, nil
}

// sourceAt returns the file at path that a dataset of the tree was read from,
// nil if there is none.
func (r *Repo) sourceAt(ctx context.Context, tree *repo.Tree, path string) (*FileView, error) {
	for _, e := range tree.Entries {
		t, err := table.Load(ctx, r.r.Objects(), e.Table)
		if err != nil {
			return nil, err
		}
		for _, id := range t.Sources {
			s, err := source.Load(ctx, r.r.Objects(), id)
			if err != nil {
				return nil, err
			}
			if s.Path == path {
				return &FileView{Path: path, Size: s.Size, Content: s.HashID(), Dataset: e.Name, Cells: []CellView{}, table: t, source: s}, nil
			}
		}
	}
	return nil, nil
}

// ReadFile writes the bytes of a file that Show returned to w. They have been
// checked against their hash when it returns without error.
func (r *Repo) ReadFile(ctx context.Context, f *FileView, w io.Writer) error {
	if f.source == nil {
		rd := blob.Read(ctx, r.r.Objects(), blob.Ref{ID: f.Content, Size: f.Size})
		defer rd.Close()
		if _, err := rd.WriteTo(w); err != nil {
			return fmt.Errorf("read %s: %w", f.Path, err)
		}
		return nil
	}
	fm, ok := formats.ByName(f.source.Format)
	if !ok {
		return fmt.Errorf("%w: format %s of %s", object.ErrUnsupported, f.source.Format, f.Path)
	}
	err := source.Restore(ctx, r.r.Objects(), f.table, f.source, w, source.RestoreOptions{Format: fm, Mem: r.r.Mem(), Temp: worktree.Temp(r.r)})
	if err != nil {
		return fmt.Errorf("write %s: %w", f.Path, err)
	}
	return nil
}
