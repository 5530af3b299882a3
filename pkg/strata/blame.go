package strata

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/diff"
	"github.com/strata-data/strata/internal/history"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/table"
)

// BlameOptions of Repo.Blame.
type BlameOptions struct {
	Address     string   // [REV:]DATASET/KEY, where KEY may be a pattern, or a plain file
	Revision    string   // "" is HEAD, or the address's own
	Dir         string   // where relative paths of files begin; "" is the root
	Columns     []string // display names; none is all
	FirstParent bool     // what a merge brought in is the merge's
}

// MaxBlamed bounds the samples that one Blame of a pattern follows.
const MaxBlamed = history.MaxSamples

// BlameResult is strata.blame/1.
type BlameResult struct {
	Schema  string         `json:"schema"`
	Rev     string         `json:"rev"`
	Commit  ID             `json:"commit"`
	Dataset string         `json:"dataset"`
	Samples []SampleBlame  `json:"samples"`
	More    bool           `json:"more"` // the pattern fits more than MaxBlamed samples
	Commits []BlamedCommit `json:"commits"`
}

// SampleBlame is who set the cells of one sample.
type SampleBlame struct {
	Key   string      `json:"key"`
	Cells []CellBlame `json:"cells"` // in the order of the columns
}

// CellBlame is the commit that set a cell's value last.
type CellBlame struct {
	Column string          `json:"column"`
	Value  json.RawMessage `json:"value"`
	Text   string          `json:"-"`
	Commit ID              `json:"commit"`
	Author Person          `json:"author"` // of the commit
}

// BlamedCommit is a commit that cells lead to, the youngest first.
type BlamedCommit struct {
	ID        ID     `json:"id"`
	Author    Person `json:"author"`
	Committer Person `json:"committer"`
	Subject   string `json:"subject"`
}

// Blame says for each cell of a sample which commit set its value last. Merges
// are followed to the parent that has the value, columns by their id, datasets
// through renames. A sample that is not there is a *NotFoundError.
func (r *Repo) Blame(ctx context.Context, o BlameOptions) (*BlameResult, error) {
	at, err := r.blameTarget(ctx, o)
	if err != nil {
		return nil, err
	}
	res := &BlameResult{Schema: "strata.blame/1", Rev: at.rev, Commit: at.node.ID, Dataset: at.Dataset, Samples: []SampleBlame{}, Commits: []BlamedCommit{}}
	ho := history.BlameOptions{FirstParent: o.FirstParent}
	if ho.Columns, err = columnIDs(at.table.Schema, at.Dataset, o.Columns); err != nil {
		return nil, err
	}
	keys := []string{at.Key}
	if strings.ContainsAny(at.Key, "*?[") {
		if keys, res.More, err = at.keys(ctx); err != nil {
			return nil, err
		}
	}
	h := history.New(r.r)
	defer h.Close()
	commits := map[ID]*repo.CommitInfo{}
	for _, key := range keys {
		cells, err := h.Blame(ctx, at.node, at.Dataset, key, ho)
		if err != nil {
			return nil, err
		}
		if cells == nil {
			continue
		}
		s := SampleBlame{Key: key}
		for _, c := range cells {
			by, err := r.blamed(ctx, commits, c.Commit)
			if err != nil {
				return nil, err
			}
			s.Cells = append(s.Cells, CellBlame{Column: c.Column.Name, Value: jsonOf(c.Value, 0), Text: textOf(c.Value, 0), Commit: c.Commit, Author: person(by.Author)})
		}
		res.Samples = append(res.Samples, s)
	}
	if len(res.Samples) == 0 {
		return nil, at.missing(o)
	}
	res.Commits = youngestFirst(commits)
	return res, nil
}

// blamed reads a commit once.
func (r *Repo) blamed(ctx context.Context, known map[ID]*repo.CommitInfo, id ID) (*repo.CommitInfo, error) {
	if c := known[id]; c != nil {
		return c, nil
	}
	c, err := r.r.Commit(ctx, id)
	if err != nil {
		return nil, err
	}
	known[id] = &repo.CommitInfo{ID: id, Commit: c}
	return known[id], nil
}

func youngestFirst(commits map[ID]*repo.CommitInfo) []BlamedCommit {
	var list []*repo.CommitInfo
	for _, c := range commits {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *repo.CommitInfo) int {
		if a.Generation != b.Generation {
			return int(b.Generation) - int(a.Generation)
		}
		return strings.Compare(a.ID.String(), b.ID.String())
	})
	var out []BlamedCommit
	for _, c := range list {
		out = append(out, BlamedCommit{ID: c.ID, Author: person(c.Author), Committer: person(c.Committer), Subject: c.Subject()})
	}
	return out
}

// blameTarget is what a Blame is about.
type blameTarget struct {
	repo.Match
	rev   string
	node  *repo.Node
	table *table.Table
}

func (r *Repo) blameTarget(ctx context.Context, o BlameOptions) (*blameTarget, error) {
	names, err := r.namesNow(ctx)
	if err != nil {
		return nil, err
	}
	a, err := repo.ParseAddress(o.Address, names)
	if err != nil {
		return nil, err
	}
	at := &blameTarget{rev: o.Revision}
	switch {
	case a.HasRev && o.Revision != "":
		return nil, &OptionError{Option: "address", Value: o.Address, Reason: "names a revision, and " + o.Revision + " is another"}
	case a.HasRev && a.Rev == "":
		return nil, &OptionError{Option: "address", Value: o.Address, Reason: "is about the index, which no commit has made"}
	case a.HasRev:
		at.rev = a.Rev
	case at.rev == "":
		at.rev = "HEAD"
	}
	id, err := r.r.Resolve(ctx, at.rev)
	if err != nil {
		return nil, err
	}
	if at.node, err = r.r.Node(ctx, id); err != nil {
		return nil, err
	}
	tree, err := r.r.Tree(ctx, at.node.Tree)
	if err != nil {
		return nil, err
	}
	return at, r.findBlamed(ctx, at, a.Path, tree, o)
}

// findBlamed finds the dataset and the key.
func (r *Repo) findBlamed(ctx context.Context, at *blameTarget, path string, tree *repo.Tree, o BlameOptions) error {
	found := repo.Address{Path: path}.Match(tree.Names())
	if _, files := tree.Table(filesTable); len(found) == 0 && files && path != "" {
		found = []repo.Match{{Dataset: filesTable, Key: r.fromRoot(o.Dir, path)}}
	}
	switch {
	case len(found) == 0 || path == "":
		return notFound("dataset", path, at.rev, tree.Names())
	case len(found) > 1:
		return &OptionError{Option: "address", Value: o.Address, Reason: "fits several datasets; blame is of one"}
	case found[0].Key == "":
		return &OptionError{Option: "address", Value: o.Address, Reason: "is a dataset; blame is of a sample, DATASET/KEY, or of some, DATASET/PATTERN"}
	}
	at.Match = found[0]
	id, _ := tree.Table(at.Dataset)
	var err error
	at.table, err = r.loadTable(ctx, id)
	return err
}

// missing is the error where no sample was found.
func (at *blameTarget) missing(o BlameOptions) error {
	if at.Dataset == filesTable {
		return &NotFoundError{Kind: "dataset", Name: o.Address, Where: at.rev}
	}
	return &NotFoundError{Kind: "sample", Name: at.Key, Where: at.Dataset}
}

// keys returns the first keys that fit the pattern, and whether there are more.
func (at *blameTarget) keys(ctx context.Context) (keys []string, more bool, err error) {
	s := at.table.Schema
	var key []byte
	for b, err := range at.table.Scan(ctx, table.ScanOptions{Columns: s.Key}) {
		if err != nil {
			return nil, false, err
		}
		pos := b.Schema.KeyColumns()
		for i := range b.Len {
			key = column.RowKey(key[:0], b, pos, i)
			text, err := diff.KeyText(s, key)
			if err != nil {
				return nil, false, err
			}
			if text != at.Key && !history.Fits(at.Match, text) {
				continue
			}
			if len(keys) == MaxBlamed {
				return keys, true, nil
			}
			keys = append(keys, text)
		}
	}
	return keys, false, nil
}

// columnIDs returns the ids of the columns with these names, nil for none.
func columnIDs(s *column.Schema, dataset string, names []string) ([]string, error) {
	var ids []string
	for _, name := range names {
		i := s.ByName(name)
		if i < 0 {
			return nil, notFound("column", name, dataset, s.Names())
		}
		ids = append(ids, s.Fields[i].ID)
	}
	return ids, nil
}
