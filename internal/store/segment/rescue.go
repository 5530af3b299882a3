package segment

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store/meta"
)

// List returns the ids of the objects that the index of a segment names, in the
// order of the disk, passing over what of it cannot be read.
func (s *Store) List(ctx context.Context, name string) ([]object.ID, error) {
	v, err := s.refresh(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer s.release(v)
	for _, f := range v.files {
		if f.info.Name != name || f.broken != nil {
			continue
		}
		all, _ := f.intact()
		sortByPlace(all)
		ids := make([]object.ID, len(all))
		for i := range all {
			ids[i] = all[i].id
		}
		return ids, nil
	}
	return nil, nil
}

// Rescue says what Store.Rescue does.
type Rescue struct {
	// IDs are the objects to store anew, in this order; Get returns their bytes.
	// Those for which it returns object.ErrNotFound or object.ErrCorrupt are left out.
	IDs []object.ID
	Get func(ctx context.Context, id object.ID) ([]byte, error)
	// Bad are the names of the segments that leave the catalogue.
	Bad []string
	// Away is called for each file of Bad before anything is published; it keeps
	// the bytes elsewhere.
	Away func(path string) error
	Hook func(meta.Tx) error // more writes in the transaction that publishes
}

// Rescue writes objects into a new segment and publishes it in the place of
// damaged ones, whose files are removed after Away has kept them. Malformed
// entries of the catalogue go. It returns how many objects were written. The
// caller holds the repository's lock.
func (s *Store) Rescue(ctx context.Context, o Rescue) (n int, err error) {
	b := newBuilder(s, levelFast)
	defer func() { err = errors.Join(err, b.pipe.discard()) }()
	for _, id := range o.IDs {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if _, done := b.refs[id]; done {
			continue
		}
		raw, err := o.Get(ctx, id)
		if errors.Is(err, object.ErrNotFound) || errors.Is(err, object.ErrCorrupt) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("rescue object %s: %w", id, err)
		}
		if object.Sum(raw) != id {
			continue
		}
		name := rescueStream(raw)
		b.add(id, openKey{name: name, stream: streamOf(name)}, raw, 0, len(raw))
		if err := b.pipe.err(); err != nil {
			return 0, err
		}
	}
	for _, name := range o.Bad {
		if err := o.Away(filepath.Join(s.dir, name+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, fmt.Errorf("keep segment %s: %w", name, err)
		}
	}
	var info Info
	if n = len(b.refs); n > 0 {
		if info, err = b.seal(); err != nil {
			return 0, err
		}
	}
	if err := s.publishRescue(ctx, info, o); err != nil {
		return 0, fmt.Errorf("publish rescued objects: %w", err)
	}
	for _, name := range o.Bad {
		if name == info.Name {
			continue
		}
		if err := s.fs.Remove(filepath.Join(s.dir, name+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.opt.Log.Warn("remove damaged segment", "err", err)
		}
	}
	return n, nil
}

// rescueStream keeps what is read at random apart from values.
func rescueStream(b []byte) string {
	if len(b) > 0 {
		switch object.Kind(b[0]) {
		case object.KindPage, object.KindChunk:
			return "rescued"
		}
	}
	return "meta/rescued"
}

// publishRescue is publish for a catalogue that may be damaged.
func (s *Store) publishRescue(ctx context.Context, info Info, o Rescue) error {
	err := s.db.Update(ctx, func(tx meta.Tx) error {
		var gone [][]byte
		for k, v := range tx.Range(meta.BucketSegments, nil) {
			if old, err := decodeInfo(k, v); err != nil || slices.Contains(o.Bad, old.Name) {
				gone = append(gone, k)
			}
		}
		for _, k := range gone {
			if err := tx.Delete(meta.BucketSegments, k); err != nil {
				return err
			}
		}
		if info.Objects > 0 {
			if err := addInfo(tx, info); err != nil {
				return err
			}
		}
		if o.Hook != nil {
			return o.Hook(tx)
		}
		return nil
	})
	if err != nil {
		return err
	}
	v, err := s.refresh(ctx, nil)
	if err != nil {
		return err
	}
	s.release(v)
	return nil
}

// PutCatalogue enters segments that are whole, for a meta.db that is made anew.
func PutCatalogue(tx meta.Tx, infos []Info) error {
	for _, info := range infos {
		if err := addInfo(tx, info); err != nil {
			return err
		}
	}
	return nil
}

// Raw returns what lies where the index of a segment says that the object id is,
// whatever its hash: where an index is damaged it may be another object.
func (s *Store) Raw(ctx context.Context, name string, id object.ID) (b []byte, err error) {
	v, err := s.refresh(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer s.release(v)
	defer guard(&err)()
	for _, f := range v.files {
		if f.info.Name != name {
			continue
		}
		e, ok, err := f.lookup(id)
		if err != nil {
			return nil, err
		}
		if ok {
			return s.extract(v, f, e, 0)
		}
	}
	return nil, notFound(id)
}
