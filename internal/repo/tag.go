package repo

import (
	"context"
	"fmt"

	"github.com/strata-data/strata/internal/object"
)

// Tag is an annotated tag (docs/format/tag.md).
type Tag struct {
	Target  object.ID `cbor:"1,keyasint"`
	Name    string    `cbor:"2,keyasint"` // without refs/tags/
	Tagger  Signature `cbor:"3,keyasint"`
	Message string    `cbor:"4,keyasint"`
	Extra   []Field   `cbor:"5,keyasint,omitempty"`
}

// maxTagDepth bounds how many tags that name tags are followed.
const maxTagDepth = 32

// Encode returns the bytes of t as an object. A tag that breaks a rule of its
// format is an error.
func (t *Tag) Encode() ([]byte, error) {
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("encode tag: %w", err)
	}
	return object.Marshal(object.KindTag, t), nil
}

// DecodeTag returns the tag whose object has the bytes b. Anything that Encode
// would not have written is object.ErrCorrupt.
func DecodeTag(b []byte) (*Tag, error) {
	t := new(Tag)
	if err := object.Unmarshal(b, object.KindTag, t); err != nil {
		return nil, err
	}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("%w: tag: %v", object.ErrCorrupt, err)
	}
	return t, nil
}

func (t *Tag) check() error {
	if t.Target.IsZero() {
		return fmt.Errorf("no target")
	}
	if err := CheckRefName(tagPrefix + t.Name); err != nil {
		return err
	}
	if err := t.Tagger.check(); err != nil {
		return err
	}
	if err := checkMessage(t.Message); err != nil {
		return err
	}
	return checkFields(t.Extra)
}

// Tag returns the annotated tag id. An object of another kind is
// object.ErrCorrupt, a missing one object.ErrNotFound.
func (r *Repo) Tag(ctx context.Context, id object.ID) (*Tag, error) {
	b, err := r.objects.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read tag %s: %w", id, err)
	}
	t, err := DecodeTag(b)
	if err != nil {
		return nil, fmt.Errorf("read tag %s: %w", id, err)
	}
	return t, nil
}

// Kind returns the kind of the object id.
func (r *Repo) Kind(ctx context.Context, id object.ID) (object.Kind, error) {
	b, err := r.objects.Get(ctx, id)
	if err != nil {
		return 0, err
	}
	if len(b) < object.HeaderSize {
		return 0, fmt.Errorf("%w: object %s has %d bytes", object.ErrCorrupt, id, len(b))
	}
	return object.Kind(b[0]), nil
}

// peelTags follows tags from id until something else comes.
func (r *Repo) peelTags(ctx context.Context, id object.ID) (object.ID, object.Kind, error) {
	for range maxTagDepth {
		k, err := r.Kind(ctx, id)
		if err != nil || k != object.KindTag {
			return id, k, err
		}
		t, err := r.Tag(ctx, id)
		if err != nil {
			return id, k, err
		}
		id = t.Target
	}
	return id, 0, fmt.Errorf("%w: more than %d tags name each other", object.ErrCorrupt, maxTagDepth)
}

// PeelToCommit returns id if it is a commit, or the commit that the tag id
// leads to. Anything else is a *WrongKindError.
func (r *Repo) PeelToCommit(ctx context.Context, id object.ID) (object.ID, error) {
	to, k, err := r.peelTags(ctx, id)
	if err != nil {
		return object.ID{}, err
	}
	if k != object.KindCommit {
		return object.ID{}, &WrongKindError{ID: to, Have: k, Want: object.KindCommit}
	}
	return to, nil
}

// WrongKindError is returned when a name leads to an object of another kind
// than was asked for.
type WrongKindError struct {
	ID         object.ID
	Have, Want object.Kind
}

func (e *WrongKindError) Error() string {
	return fmt.Sprintf("object %s is a %s, want a %s", e.ID, e.Have, e.Want)
}
