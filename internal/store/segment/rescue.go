package segment

import (
	"cmp"
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
	v, err := s.readable(ctx)
	if err != nil {
		return 0, err
	}
	defer s.release(v)
	b := newBuilder(s, levelFast)
	defer func() { err = errors.Join(err, b.pipe.discard()) }()
	for _, x := range s.rescuePlan(v, o.IDs) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if _, done := b.refs[x.id]; done {
			continue
		}
		raw, err := o.Get(ctx, x.id)
		if errors.Is(err, object.ErrNotFound) || errors.Is(err, object.ErrCorrupt) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("rescue object %s: %w", x.id, err)
		}
		if object.Sum(raw) != x.id {
			continue
		}
		k := openKey{stream: x.stream}
		if x.file == nil {
			k.name = rescueStream(raw)
			k.stream = streamOf(k.name)
		}
		payload, depth := raw, uint8(0)
		if d := s.keptDelta(ctx, v, b, x, &o); d != nil {
			payload, depth, k.delta = d, x.depth, true
		}
		b.add(x.id, k, payload, depth, len(raw))
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

// readable returns a view of its own of the segments whose entries in the
// catalogue can be read.
func (s *Store) readable(ctx context.Context) (*view, error) {
	if s.db == nil {
		return nil, errNoCatalogue
	}
	var infos []Info
	err := s.db.View(ctx, func(tx meta.Tx) error {
		infos, _ = Catalogue(tx)
		return nil
	})
	if err != nil {
		return nil, err
	}
	v := &view{refs: 1}
	for _, info := range slices.Backward(infos) {
		f, _ := openFile(s.fs, s.dir, info)
		f.refs = 1
		v.files = append(v.files, f)
	}
	return v, nil
}

// rescued is an object to be stored anew, and where a copy lies, if the store
// has one.
type rescued struct {
	indexed
	file *file
}

// rescuePlan looks the objects up. Those that are kept as differences come
// behind their bases; else the order stays.
func (s *Store) rescuePlan(v *view, ids []object.ID) []rescued {
	plan := make([]rescued, len(ids))
	for i, id := range ids {
		plan[i].id = id
		for _, f := range v.files {
			if e, ok := f.found(id); ok {
				plan[i].entry, plan[i].file = e, f
				break
			}
		}
	}
	slices.SortStableFunc(plan, func(a, b rescued) int { return cmp.Compare(a.depth, b.depth) })
	return plan
}

// found is lookup where damage counts as absence.
func (f *file) found(id object.ID) (e entry, ok bool) {
	var fault error
	func() {
		defer guard(&fault)()
		e, ok, _ = f.lookup(id)
	}()
	return e, ok && fault == nil
}

// keptDelta returns the difference as which x is kept, if it makes x of a base
// that is in the new segment or in one that stays.
func (s *Store) keptDelta(ctx context.Context, v *view, b *builder, x rescued, o *Rescue) (d []byte) {
	var fault error
	defer func() {
		if fault != nil {
			d = nil
		}
	}()
	defer guard(&fault)()
	if x.file == nil || x.depth == 0 {
		return nil
	}
	d, err := s.payload(x.file, x.entry)
	if err != nil || len(d) < object.Size {
		return nil
	}
	base := object.ID(d[:object.Size])
	_, stays := b.refs[base]
	for _, f := range v.files {
		if stays || slices.Contains(o.Bad, f.info.Name) {
			continue
		}
		_, stays = f.found(base)
	}
	if !stays {
		return nil
	}
	from, err := o.Get(ctx, base)
	if err != nil {
		return nil
	}
	if made, err := apply(from, d[object.Size:], maxObject); err != nil || object.Sum(made) != x.id {
		return nil
	}
	return d
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
		tx = tx.Loose()
		damaged := damagedEntries(tx)
		var gone [][]byte
		for k, v := range tx.Range(meta.BucketSegments, nil) {
			if old, err := decodeInfo(k, v); err != nil || damaged[string(k)] || slices.Contains(o.Bad, old.Name) {
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
