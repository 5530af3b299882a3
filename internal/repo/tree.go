package repo

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/strata-data/strata/internal/object"
)

// Tree maps dataset names to tables (docs/format/tree.md).
type Tree struct {
	Entries []Entry `cbor:"1,keyasint,omitempty"` // sorted by name, names distinct
}

// Entry is one dataset of a tree.
type Entry struct {
	_     struct{} `cbor:",toarray"`
	Name  string
	Table object.ID // a table object
}

// maxDatasetName bounds the length of a dataset name, in bytes.
const maxDatasetName = 1024

// NewTree returns the tree with these entries, which it sorts. Bad and
// repeated names and zero ids are errors.
func NewTree(entries []Entry) (*Tree, error) {
	t := &Tree{Entries: slices.Clone(entries)}
	sort.Slice(t.Entries, func(i, j int) bool { return t.Entries[i].Name < t.Entries[j].Name })
	if err := t.check(); err != nil {
		return nil, err
	}
	return t, nil
}

// Table returns the table of the dataset name, and whether there is one.
func (t *Tree) Table(name string) (object.ID, bool) {
	i, ok := slices.BinarySearchFunc(t.Entries, name, func(e Entry, s string) int { return strings.Compare(e.Name, s) })
	if !ok {
		return object.ID{}, false
	}
	return t.Entries[i].Table, true
}

// Names returns the dataset names in order.
func (t *Tree) Names() []string {
	names := make([]string, len(t.Entries))
	for i, e := range t.Entries {
		names[i] = e.Name
	}
	return names
}

// Encode returns the bytes of t as an object. A tree that breaks a rule of its
// format is an error.
func (t *Tree) Encode() ([]byte, error) {
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("encode tree: %w", err)
	}
	return object.Marshal(object.KindTree, t), nil
}

// DecodeTree returns the tree whose object has the bytes b. Anything that
// Encode would not have written is object.ErrCorrupt.
func DecodeTree(b []byte) (*Tree, error) {
	t := new(Tree)
	if err := object.Unmarshal(b, object.KindTree, t); err != nil {
		return nil, err
	}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("%w: tree: %v", object.ErrCorrupt, err)
	}
	return t, nil
}

func (t *Tree) check() error {
	for i, e := range t.Entries {
		if err := CheckDatasetName(e.Name); err != nil {
			return err
		}
		if e.Table.IsZero() {
			return fmt.Errorf("dataset %q has no table", e.Name)
		}
		if i > 0 && t.Entries[i-1].Name >= e.Name {
			return fmt.Errorf("dataset %q is out of order or repeated", e.Name)
		}
	}
	return nil
}

// CheckDatasetName returns an error that says why name cannot name a dataset,
// or nil. The rules are in docs/format/tree.md.
func CheckDatasetName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("dataset name is empty")
	case len(name) > maxDatasetName:
		return fmt.Errorf("dataset name %.40q... has %d bytes, at most %d are allowed", name, len(name), maxDatasetName)
	case !utf8.ValidString(name):
		return fmt.Errorf("dataset name %q is not UTF-8", name)
	case strings.ContainsFunc(name, isControl):
		return fmt.Errorf("dataset name %q has a control character", name)
	}
	for part := range strings.SplitSeq(name, "/") {
		switch strings.ToLower(part) {
		case "", ".", "..", ".strata", ".git":
			return fmt.Errorf("dataset name %q has the component %q", name, part)
		}
	}
	return nil
}

// Tree returns the tree id. An object of another kind is object.ErrCorrupt, a
// missing one object.ErrNotFound.
func (r *Repo) Tree(ctx context.Context, id object.ID) (*Tree, error) {
	b, err := r.objects.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read tree %s: %w", id, err)
	}
	t, err := DecodeTree(b)
	if err != nil {
		return nil, fmt.Errorf("read tree %s: %w", id, err)
	}
	return t, nil
}

// CommitTree returns the tree of the commit id; the empty tree for the zero id.
func (r *Repo) CommitTree(ctx context.Context, id object.ID) (*Tree, error) {
	if id.IsZero() {
		return new(Tree), nil
	}
	c, err := r.Commit(ctx, id)
	if err != nil {
		return nil, err
	}
	return r.Tree(ctx, c.Tree)
}
