package repo

import (
	"context"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// TagRefInfo is one tag as a list shows it.
type TagRefInfo struct {
	Name   string    // short
	Target object.ID // what the ref names: a commit, or a tag object
	Tag    *Tag      // the tag object; nil for a lightweight tag
}

// TagOptions say what CreateTag makes.
type TagOptions struct {
	Name     string    // short
	Target   object.ID // what it tags
	Annotate bool      // make a tag object with Message and By
	Message  string
	Force    bool // move the tag if it exists
	By       Signature
	Sign     Signer // of the tag object; nil leaves it unsigned
}

// Tags returns all tags in order of name.
func (r *Repo) Tags(ctx context.Context) ([]TagRefInfo, error) {
	refs, err := r.Refs(ctx, tagPrefix)
	if err != nil {
		return nil, err
	}
	out := make([]TagRefInfo, 0, len(refs))
	for _, ref := range refs {
		one := TagRefInfo{Name: ShortRef(ref.Name), Target: ref.Target}
		k, err := r.Kind(ctx, ref.Target)
		if err == nil && k == object.KindTag {
			one.Tag, err = r.Tag(ctx, ref.Target)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// CreateTag makes a tag and returns what its ref names: the target, or the new
// tag object. One that exists is a *RefExistsError, or is moved with Force. With
// Annotate the caller holds the lock, as an object is made.
func (r *Repo) CreateTag(ctx context.Context, o TagOptions) (object.ID, error) {
	if err := CheckTagName(o.Name); err != nil {
		return object.ID{}, err
	}
	name := tagPrefix + o.Name
	var old object.ID
	err := r.View(ctx, func(t *Tx) (err error) { old, _, err = t.Ref(name); return err })
	if err != nil {
		return object.ID{}, err
	}
	if !old.IsZero() && !o.Force {
		return object.ID{}, &RefExistsError{Name: name}
	}
	id := o.Target
	if o.Annotate {
		tag := &Tag{Target: o.Target, Name: o.Name, Tagger: o.By, Message: o.Message}
		if err := tag.sign(ctx, o.Sign); err != nil {
			return object.ID{}, err
		}
		if id, err = r.writeTag(ctx, tag); err != nil {
			return object.ID{}, err
		}
	}
	return id, r.UpdateRefs(ctx, RefChange{Name: name, Old: &old, New: id, By: o.By, Log: "tag: " + o.Name})
}

func (r *Repo) writeTag(ctx context.Context, t *Tag) (object.ID, error) {
	if _, err := r.Kind(ctx, t.Target); err != nil {
		return object.ID{}, err
	}
	b, err := t.Encode()
	if err != nil {
		return object.ID{}, err
	}
	w, err := r.objects.NewWriter(ctx)
	if err != nil {
		return object.ID{}, err
	}
	defer w.Discard()
	id, err := w.Put(ctx, b, store.Hint{Stream: "tag"})
	if err != nil {
		return object.ID{}, err
	}
	_, err = w.Publish(ctx)
	return id, err
}

// DeleteTag removes the tag with the short name given and returns what it
// named.
func (r *Repo) DeleteTag(ctx context.Context, short string, by Signature) (id object.ID, err error) {
	name := tagPrefix + short
	err = r.Update(ctx, func(t *Tx) error {
		var ok bool
		if id, ok, err = t.Ref(name); err != nil {
			return err
		}
		if !ok {
			return &RefAbsentError{Name: name}
		}
		return t.SetRef(RefChange{Name: name, Old: &id, By: by, Log: "tag: deleted"})
	})
	return id, err
}
