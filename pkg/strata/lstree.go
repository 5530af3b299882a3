package strata

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/table"
)

// LsTreeOptions of Repo.LsTree.
type LsTreeOptions struct {
	Revision  string   // "" is HEAD; ":" is the index
	Addresses []string // only these datasets; names or glob patterns
	All       bool     // system tables too
}

// LsTreeResult is strata.ls-tree/1.
type LsTreeResult struct {
	Schema   string      `json:"schema"`
	Rev      string      `json:"rev"`
	Datasets []TreeEntry `json:"datasets"` // by name
}

// TreeEntry is one dataset of a commit.
type TreeEntry struct {
	Name string `json:"name"`
	// Root is the id over the samples alone: equal samples have an equal root,
	// whatever files they came from. It is empty for no samples.
	Root    ID           `json:"root"`
	Table   ID           `json:"table"` // samples, schema and sources
	Rows    int64        `json:"rows"`
	Bytes   int64        `json:"bytes"` // of values
	Columns []ColumnView `json:"columns"`
	Sources []SourceFile `json:"sources"`
}

// SourceFile is a file that a dataset was read from.
type SourceFile struct {
	Path       string `json:"path"`
	Format     string `json:"format"`
	Size       int64  `json:"size"`
	Rows       int64  `json:"rows"`
	Hash       string `json:"hash"` // BLAKE3-256 of the file
	Exact      bool   `json:"exact"`
	Executable bool   `json:"executable,omitempty"`
}

// LsTree returns the datasets of a commit.
func (r *Repo) LsTree(ctx context.Context, o LsTreeOptions) (*LsTreeResult, error) {
	rev := o.Revision
	switch rev {
	case "":
		rev = "HEAD"
		if _, err := r.r.Resolve(ctx, rev); err != nil {
			return nil, err
		}
	case ":":
		rev = ""
	}
	tree, err := r.treeOf(ctx, rev)
	if err != nil {
		return nil, err
	}
	names := tree.Names()
	if len(o.Addresses) > 0 {
		if names, err = named(names, o.Addresses, whereText(rev)); err != nil {
			return nil, err
		}
	}
	res := &LsTreeResult{Schema: "strata.ls-tree/1", Rev: rev, Datasets: []TreeEntry{}}
	for _, n := range names {
		if strings.HasPrefix(n, "@") && !o.All && len(o.Addresses) == 0 {
			continue
		}
		id, _ := tree.Table(n)
		e, err := r.treeEntry(ctx, n, id)
		if err != nil {
			return nil, err
		}
		res.Datasets = append(res.Datasets, *e)
	}
	return res, nil
}

// named returns those of names that addresses mean, in order.
func named(names, addresses []string, where string) ([]string, error) {
	var chosen []string
	for _, text := range addresses {
		a, err := repo.ParseAddress(text, names)
		if err != nil {
			return nil, err
		}
		found := a.Match(names)
		if len(found) == 0 {
			return nil, notFound("dataset", text, where, names)
		}
		for _, m := range found {
			chosen = append(chosen, m.Dataset)
		}
	}
	slices.Sort(chosen)
	return slices.Compact(chosen), nil
}

func (r *Repo) treeEntry(ctx context.Context, name string, id ID) (*TreeEntry, error) {
	t, err := table.Load(ctx, r.r.Objects(), id)
	if err != nil {
		return nil, err
	}
	v, err := r.viewTable(ctx, id, 0)
	if err != nil {
		return nil, err
	}
	e := &TreeEntry{Name: name, Root: t.Root.ID, Table: id, Rows: t.Rows(), Bytes: t.Root.Bytes, Columns: v.Columns, Sources: []SourceFile{}}
	for _, sid := range t.Sources {
		s, err := source.Load(ctx, r.r.Objects(), sid)
		if err != nil {
			return nil, err
		}
		e.Sources = append(e.Sources, SourceFile{Path: s.Path, Format: s.Format, Size: s.Size, Rows: s.Rows,
			Hash: hex.EncodeToString(s.Hash), Exact: !s.ValuesOnly, Executable: s.Executable})
	}
	return e, nil
}
