package segment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/object"
)

// Objects returns the ids of all published objects in ascending order, each
// once. An error ends it.
func (s *Store) Objects(ctx context.Context) iter.Seq2[object.ID, error] {
	return func(yield func(object.ID, error) bool) {
		v, err := s.refresh(ctx, nil)
		if err != nil {
			yield(object.ID{}, err)
			return
		}
		defer s.release(v)
		err = v.copies(ctx, func(id object.ID, _ []located) bool { return yield(id, nil) })
		if err != nil {
			yield(object.ID{}, err)
		}
	}
}

// guarded is ids with faults of the mapping as errors. What the caller does in
// its loop body is not guarded.
func (f *file) guarded() iter.Seq2[indexed, error] {
	return func(yield func(indexed, error) bool) {
		var err error
		func() {
			defer guard(&err)()
			f.ids()(yield)
		}()
		if err != nil {
			yield(indexed{}, f.corrupt(object.ID{}, err))
		}
	}
}

// Check reads every published object and compares it with its id, segment by
// segment in the order of the disk. It returns what is wrong, as
// *object.CorruptError where bytes are damaged; no error means that everything
// is readable. It reads everything once.
func (s *Store) Check(ctx context.Context) iter.Seq[error] {
	return func(yield func(error) bool) {
		v, err := s.refresh(ctx, nil)
		if err != nil {
			yield(err)
			return
		}
		defer s.release(v)
		for _, f := range v.files {
			if !s.checkFile(ctx, v, f, yield) {
				return
			}
		}
	}
}

// checkFile checks one segment and reports whether to go on.
func (s *Store) checkFile(ctx context.Context, v *view, f *file, yield func(error) bool) bool {
	if f.broken != nil {
		return yield(f.corrupt(object.ID{}, f.broken))
	}
	var all []indexed
	for x, err := range f.guarded() {
		if err != nil {
			return yield(err)
		}
		all = append(all, x)
	}
	if err := f.checkName(); err != nil && !yield(err) {
		return false
	}
	if n := int64(len(all)); n != f.info.Objects {
		err := fmt.Errorf("%w: it has %d objects, the catalogue says %d", object.ErrCorrupt, n, f.info.Objects)
		if !yield(f.corrupt(object.ID{}, err)) {
			return false
		}
	}
	slices.SortFunc(all, func(a, b indexed) int {
		return cmp.Or(cmp.Compare(a.pack, b.pack), cmp.Compare(a.place.off, b.place.off), cmp.Compare(a.off, b.off))
	})
	for _, x := range all {
		if err := ctx.Err(); err != nil {
			yield(err)
			return false
		}
		if err := s.checkObject(v, f, x); err != nil && !yield(err) {
			return false
		}
	}
	return true
}

// checkObject reads the copy of an object that is in f, whatever other
// segments have.
func (s *Store) checkObject(v *view, f *file, x indexed) (err error) {
	defer guard(&err)()
	b, err := s.extract(v, f, x.entry, 0)
	if err == nil && object.Sum(b) != x.id {
		err = fmt.Errorf("%w: its bytes have another hash", object.ErrCorrupt)
	}
	if err != nil {
		return f.corrupt(x.id, err, x.place)
	}
	return nil
}

// CleanTemp removes what dead writers left in the directory: temporary files,
// and segments that the catalogue does not name. It returns their names. The
// caller holds the repository's lock and has no Writer.
func (s *Store) CleanTemp(ctx context.Context) ([]string, error) {
	infos, err := s.Segments(ctx)
	if err != nil {
		return nil, err
	}
	named := map[string]bool{}
	for _, i := range infos {
		named[i.Name+suffix] = true
	}
	entries, err := s.fs.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	var removed []string
	for _, e := range entries {
		name := e.Name()
		orphan := strings.HasSuffix(name, suffix) && len(name) == nameSize+len(suffix) && !named[name]
		if !orphan && !strings.HasPrefix(name, tempPrefix) {
			continue
		}
		if err := s.fs.Remove(filepath.Join(s.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return removed, err
		}
		removed = append(removed, name)
	}
	return removed, nil
}
