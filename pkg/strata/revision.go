package strata

import (
	"context"
	"fmt"
	"strings"

	"github.com/strata-data/strata/internal/repo"
)

// NotFoundError is returned for a dataset, column, sample or file that was named
// and is not there.
type NotFoundError struct {
	Kind    string // dataset, column, sample, file
	Name    string
	Where   string // in what it was looked for: "HEAD~1", "train", ""
	Nearest string // a name that may have been meant, or ""
	Known   []string
}

func (e *NotFoundError) Error() string {
	s := fmt.Sprintf("no %s called %q", e.Kind, e.Name)
	if e.Where != "" {
		s += " in " + e.Where
	}
	return s
}

// Position says where HEAD is.
type Position struct {
	Branch string `json:"branch"` // short name; "" when detached
	Commit ID     `json:"commit"` // zero before the branch's first commit
}

// Position returns where HEAD is.
func (r *Repo) Position(ctx context.Context) (Position, error) {
	h, err := r.r.Head(ctx)
	return Position{Branch: repo.ShortRef(h.Branch), Commit: h.ID}, err
}

// Ref is a branch, tag or remote branch.
type Ref struct {
	Name   string `json:"name"`   // full, such as refs/heads/main
	Short  string `json:"short"`  // main
	Target ID     `json:"target"` // a commit, or a tag object
}

// Refs returns all refs in order of their full names.
func (r *Repo) Refs(ctx context.Context) ([]Ref, error) {
	found, err := r.r.Refs(ctx, "refs/")
	var refs []Ref
	for _, f := range found {
		refs = append(refs, Ref{Name: f.Name, Short: repo.ShortRef(f.Name), Target: f.Target})
	}
	return refs, err
}

// DatasetNames returns the names of the datasets in a commit, in order; rev ""
// means the index. System tables, whose names begin with @, are left out.
func (r *Repo) DatasetNames(ctx context.Context, rev string) ([]string, error) {
	tree, err := r.treeOf(ctx, rev)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, n := range tree.Names() {
		if !strings.HasPrefix(n, "@") {
			names = append(names, n)
		}
	}
	return names, nil
}

// Resolve returns the commit that a revision names, following tags.
func (r *Repo) Resolve(ctx context.Context, rev string) (ID, error) { return r.r.Resolve(ctx, rev) }

// treeOf returns the tree of a revision, or with "" the index's. HEAD before the
// first commit is an empty tree.
func (r *Repo) treeOf(ctx context.Context, rev string) (*repo.Tree, error) {
	if rev == "" {
		ix, err := r.r.Index(ctx)
		if err != nil {
			return nil, err
		}
		return ix.Tree()
	}
	if rev == "HEAD" || rev == "@" {
		h, err := r.r.Head(ctx)
		if err != nil {
			return nil, err
		}
		return r.r.CommitTree(ctx, h.ID)
	}
	id, err := r.r.Resolve(ctx, rev)
	if err != nil {
		return nil, err
	}
	return r.r.CommitTree(ctx, id)
}

// RevParseOptions of Repo.RevParse.
type RevParseOptions struct {
	Revisions []string
	Short     int  // digits to cut ids to; 0 means all
	AbbrevRef bool // names of refs instead of ids
}

// RevParseResult is strata.rev-parse/1.
type RevParseResult struct {
	Schema string           `json:"schema"`
	Names  []ResolvedObject `json:"objects"`
}

// ResolvedObject is what one name stands for.
type ResolvedObject struct {
	Text    string `json:"text"`          // as it was given
	ID      ID     `json:"id"`            //
	Exclude bool   `json:"exclude"`       // the left side of a range
	Ref     string `json:"ref,omitempty"` // the short name of the ref, with AbbrevRef
	Output  string `json:"output"`        // what rev-parse prints
}

// RevParse returns the objects that names stand for: revisions, REV:DATASET (its
// table), ^REV, and ranges, which stand for several.
func (r *Repo) RevParse(ctx context.Context, o RevParseOptions) (*RevParseResult, error) {
	res := &RevParseResult{Schema: "strata.rev-parse/1", Names: []ResolvedObject{}}
	for _, text := range o.Revisions {
		found, err := r.parseOne(ctx, text)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if o.AbbrevRef {
				if f.Ref, err = r.abbreviated(ctx, text); err != nil {
					return nil, err
				}
			}
			f.Output = f.ID.String()
			if o.Short > 0 {
				f.Output = f.Output[:min(max(o.Short, repo.MinPrefix), len(f.Output))]
			}
			if f.Ref != "" {
				f.Output = f.Ref
			}
			if f.Exclude {
				f.Output = "^" + f.Output
			}
			res.Names = append(res.Names, f)
		}
	}
	return res, nil
}

func (r *Repo) abbreviated(ctx context.Context, text string) (string, error) {
	name, err := r.r.RefOf(ctx, text)
	if name == "" && (text == "HEAD" || text == "@") {
		name = "HEAD"
	}
	return repo.ShortRef(name), err
}

func (r *Repo) parseOne(ctx context.Context, text string) ([]ResolvedObject, error) {
	if rest, ok := strings.CutPrefix(text, "^"); ok {
		id, err := r.r.ResolveObject(ctx, rest)
		return []ResolvedObject{{Text: text, ID: id, Exclude: true}}, err
	}
	if strings.Contains(text, ":") {
		id, err := r.tableAt(ctx, text)
		return []ResolvedObject{{Text: text, ID: id}}, err
	}
	if !strings.Contains(text, "..") {
		id, err := r.r.ResolveObject(ctx, text)
		return []ResolvedObject{{Text: text, ID: id}}, err
	}
	rg, err := repo.ParseRange(text)
	if err != nil {
		return nil, err
	}
	tips, exclude, err := r.r.RangeEnds(ctx, rg)
	var found []ResolvedObject
	for i := len(tips) - 1; i >= 0; i-- {
		found = append(found, ResolvedObject{Text: text, ID: tips[i]})
	}
	for _, id := range exclude {
		found = append(found, ResolvedObject{Text: text, ID: id, Exclude: true})
	}
	return found, err
}

// tableAt returns the table that REV:DATASET names.
func (r *Repo) tableAt(ctx context.Context, text string) (ID, error) {
	a, err := repo.ParseAddress(text, nil)
	if err != nil {
		return ID{}, err
	}
	tree, err := r.treeOf(ctx, a.Rev)
	if err != nil {
		return ID{}, err
	}
	if id, ok := tree.Table(a.Path); ok {
		return id, nil
	}
	return ID{}, notFound("dataset", a.Path, whereText(a.Rev), tree.Names())
}

func whereText(rev string) string {
	if rev == "" {
		return "the index"
	}
	return rev
}

func notFound(kind, name, where string, known []string) *NotFoundError {
	return &NotFoundError{Kind: kind, Name: name, Where: where, Nearest: repo.Nearest(name, known), Known: known}
}

// MergeBaseOptions of Repo.MergeBase.
type MergeBaseOptions struct {
	A, B string
	All  bool // all of the best common ancestors, not just the youngest
}

// MergeBase returns the best common ancestors of two revisions, youngest first;
// none is an empty result.
func (r *Repo) MergeBase(ctx context.Context, o MergeBaseOptions) ([]ID, error) {
	a, err := r.r.Resolve(ctx, o.A)
	if err != nil {
		return nil, err
	}
	b, err := r.r.Resolve(ctx, o.B)
	if err != nil {
		return nil, err
	}
	ids, err := r.r.MergeBases(ctx, a, b)
	if !o.All && len(ids) > 1 {
		ids = ids[:1]
	}
	return ids, err
}

// IsAncestor reports whether the commit that old names is new or reachable from it.
func (r *Repo) IsAncestor(ctx context.Context, old, new string) (bool, error) {
	a, err := r.r.Resolve(ctx, old)
	if err != nil {
		return false, err
	}
	b, err := r.r.Resolve(ctx, new)
	if err != nil {
		return false, err
	}
	return r.r.IsAncestor(ctx, a, b)
}

// Dir returns the repository's own directory.
func (r *Repo) Dir() string { return r.r.Layout().Dir }
