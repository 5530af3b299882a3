package repo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/strata-data/strata/internal/object"
)

// Commit is one version of all datasets (docs/format/commit.md).
type Commit struct {
	Tree       object.ID   `cbor:"1,keyasint"`
	Parents    []object.ID `cbor:"2,keyasint,omitempty"`
	Author     Signature   `cbor:"3,keyasint"`
	Committer  Signature   `cbor:"4,keyasint"`
	Message    string      `cbor:"5,keyasint"`
	Generation uint32      `cbor:"6,keyasint"` // 1 + the greatest of the parents'
	Extra      []Field     `cbor:"7,keyasint,omitempty"`
}

// Field is a further field of a commit. Fields are sorted by name and a name
// occurs once.
type Field struct {
	_     struct{} `cbor:",toarray"`
	Name  string
	Value string
}

// CommitInfo is a commit with its id.
type CommitInfo struct {
	ID object.ID
	*Commit
	// Edges is set by Walk: the parents that the walk goes on to, which are all
	// but the excluded, and at most the first with FirstParent. log --graph
	// draws lines to them.
	Edges []object.ID
}

// Subject returns the first paragraph of the message on one line, as `log
// --oneline` prints it.
func (c *Commit) Subject() string {
	paragraph, _, _ := strings.Cut(strings.TrimLeft(c.Message, "\n"), "\n\n")
	return strings.Join(strings.FieldsFunc(paragraph, func(r rune) bool { return r == '\n' }), " ")
}

// Encode returns the bytes of c as an object. A commit that breaks a rule of
// its format is an error.
func (c *Commit) Encode() ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("encode commit: %w", err)
	}
	return object.Marshal(object.KindCommit, c), nil
}

// DecodeCommit returns the commit whose object has the bytes b. Anything that
// Encode would not have written is object.ErrCorrupt.
func DecodeCommit(b []byte) (*Commit, error) {
	c := new(Commit)
	if err := object.Unmarshal(b, object.KindCommit, c); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("%w: commit: %v", object.ErrCorrupt, err)
	}
	return c, nil
}

func (c *Commit) check() error {
	if c.Tree.IsZero() {
		return fmt.Errorf("no tree")
	}
	if (c.Generation == 1) != (len(c.Parents) == 0) || c.Generation == 0 {
		return fmt.Errorf("generation %d with %d parents", c.Generation, len(c.Parents))
	}
	seen := make(map[object.ID]bool, len(c.Parents))
	for _, p := range c.Parents {
		if p.IsZero() || seen[p] {
			return fmt.Errorf("parent %s is zero or named twice", p)
		}
		seen[p] = true
	}
	if err := c.Author.check(); err != nil {
		return err
	}
	if err := c.Committer.check(); err != nil {
		return err
	}
	if err := checkMessage(c.Message); err != nil {
		return err
	}
	return checkFields(c.Extra)
}

func checkMessage(s string) error {
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return fmt.Errorf("message is not UTF-8 or has a NUL")
	}
	return nil
}

func checkFields(fields []Field) error {
	for i, f := range fields {
		if f.Name == "" || !utf8.ValidString(f.Name) || strings.ContainsFunc(f.Name, isControl) || !utf8.ValidString(f.Value) {
			return fmt.Errorf("bad name or value of the field %q", f.Name)
		}
		if i > 0 && fields[i-1].Name >= f.Name {
			return fmt.Errorf("field %q is out of order or repeated", f.Name)
		}
	}
	return nil
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

// Commit returns the commit id. An object of another kind is object.ErrCorrupt,
// a missing one object.ErrNotFound.
func (r *Repo) Commit(ctx context.Context, id object.ID) (*Commit, error) {
	b, err := r.objects.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read commit %s: %w", id, err)
	}
	c, err := DecodeCommit(b)
	if err != nil {
		return nil, fmt.Errorf("read commit %s: %w", id, err)
	}
	return c, nil
}

// generationOver returns the generation of a commit with these parents.
func (r *Repo) generationOver(ctx context.Context, parents []object.ID) (uint32, error) {
	most := uint32(0)
	for _, p := range parents {
		c, err := r.Commit(ctx, p)
		if err != nil {
			return 0, err
		}
		most = max(most, c.Generation)
	}
	return most + 1, nil
}

// sortFields sorts fields into the order of the format; the last of several
// with one name wins.
func sortFields(fields []Field) []Field {
	out := slices.Clone(fields)
	slices.Reverse(out)
	slices.SortStableFunc(out, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(out, func(a, b Field) bool { return a.Name == b.Name })
}
