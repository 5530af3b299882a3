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
)

// Segments are sorted into tiers by size, each eightfold the one before; four
// in a tier are merged, with all smaller ones. So there are at most three in
// each of four or five tiers, and an object is copied about once per tier.
const (
	tierFactor = 8
	tierWidth  = 4
	tierBase   = 64 << 10  // the greatest size in the lowest tier
	mergeLimit = 256 << 20 // longer segments are left alone
)

func tierOf(size int64) int {
	t := 0
	for limit := int64(tierBase); size > limit; limit *= tierFactor {
		t++
	}
	return t
}

// planMerge returns the segments to merge, oldest first, or nil.
func planMerge(infos []Info) []Info {
	var count [64]int
	for _, i := range infos {
		if i.Size <= mergeLimit {
			count[tierOf(i.Size)]++
		}
	}
	for t := len(count) - 1; t >= 0; t-- {
		if count[t] < tierWidth {
			continue
		}
		return slices.DeleteFunc(slices.Clone(infos), func(i Info) bool {
			return i.Size > mergeLimit || tierOf(i.Size) > t
		})
	}
	return nil
}

// MergeSmall merges small segments until there are few of them. The caller
// holds the repository's lock. An error leaves everything as it was before the
// merge that failed.
func (s *Store) MergeSmall(ctx context.Context) error {
	for {
		infos, err := s.Segments(ctx)
		if err != nil {
			return err
		}
		plan := planMerge(infos)
		if plan == nil {
			return nil
		}
		if err := s.replace(ctx, plan); err != nil {
			return err
		}
	}
}

// replace puts one segment in the place of those in plan.
func (s *Store) replace(ctx context.Context, plan []Info) error {
	v, err := s.refresh(ctx, nil)
	if err != nil {
		return err
	}
	defer s.release(v)
	m := merger{s: s, v: v, b: newBuilder(s, levelFast)}
	defer m.b.pipe.discard()
	var info Info
	written := s.youngest(plan)
	for _, old := range plan {
		f := v.find(old)
		if f == nil {
			return fmt.Errorf("merge segments: segment %s is gone", old.Name)
		}
		m.raw += old.RawBytes
		if err := m.take(ctx, f); err != nil {
			return fmt.Errorf("merge segment %s: %w", old.Name, err)
		}
	}
	if len(m.b.refs) > 0 {
		if info, err = m.b.finish(nil); err != nil {
			return fmt.Errorf("write segment: %w", err)
		}
		info.RawBytes = m.raw // deltas were copied unseen
		info.Written = written
		// A segment that has all the objects of the others stays as it is.
		if same := slices.IndexFunc(plan, func(i Info) bool { return i.Name == info.Name }); same >= 0 {
			plan, info = slices.Delete(slices.Clone(plan), same, same+1), Info{}
		} else if err := m.b.install(info.Name); err != nil {
			return fmt.Errorf("write segment: %w", err)
		}
	}
	if err := s.publish(ctx, plan, []Info{info}, nil); err != nil {
		return fmt.Errorf("publish merged segment: %w", err)
	}
	s.removeFiles(plan)
	return nil
}

// youngest returns the time of the youngest objects of infos: that of now where
// one of them is not known, so that nothing counts as older than it is.
func (s *Store) youngest(infos []Info) int64 {
	var written int64
	for _, i := range infos {
		if i.Written == 0 {
			return s.now()
		}
		written = max(written, i.Written)
	}
	return written
}

// removeFiles removes the files of segments that the catalogue names no more. One
// that cannot be removed now is removed by CleanTemp.
func (s *Store) removeFiles(old []Info) {
	for _, i := range old {
		if err := s.fs.Remove(filepath.Join(s.dir, i.Name+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.opt.Log.Warn("remove segment", "err", err)
		}
	}
}

func (v *view) find(info Info) *file {
	for _, f := range v.files {
		if f.info == info {
			return f
		}
	}
	return nil
}

// merger copies objects of old segments into a new one.
type merger struct {
	s    *Store
	v    *view
	b    *builder
	keep func(object.ID) bool
	skip func(object.ID) bool // of what is wanted, what lies elsewhere; may be nil
	raw  int64                // RawBytes of the old segments
	// deeper is set where bases may have got deeper by one.
	deeper bool
}

// take copies the objects of f that are kept and not there yet.
func (m *merger) take(ctx context.Context, f *file) (err error) {
	defer guard(&err)()
	var all []indexed
	for x, err := range f.ids() {
		if err != nil {
			return err
		}
		all = append(all, x)
	}
	slices.SortFunc(all, func(a, b indexed) int {
		return cmp.Or(cmp.Compare(a.pack, b.pack), cmp.Compare(a.place.off, b.place.off), cmp.Compare(a.off, b.off))
	})
	for len(all) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := 1
		for n < len(all) && all[n].place == all[0].place {
			n++
		}
		if err := m.block(f, all[:n]); err != nil {
			return err
		}
		if err := m.b.pipe.err(); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// block copies the objects of one block: as it is if it is long and all of it
// is wanted, else one by one into the blocks of their streams.
func (m *merger) block(f *file, objects []indexed) error {
	p := objects[0].place
	whole := int(p.raw) >= objects[0].stream.target()/2
	deltas := false
	for _, x := range objects {
		whole = whole && !m.have(x.id) && x.stream == objects[0].stream && m.wanted(x.id)
		deltas = deltas || x.depth > 0
	}
	if whole && deltas && m.deeper {
		whole = false
	}
	if whole && deltas && m.keep != nil {
		var err error
		if whole, err = m.basesWanted(f, objects); err != nil {
			return err
		}
	}
	if whole {
		stored, err := f.stored(p, 0, p.stored)
		if err != nil {
			return err
		}
		for _, x := range objects {
			if x.depth == 0 {
				m.b.raw += int64(x.size) // of whole objects, or replace corrects it
			}
		}
		k := openKey{stream: objects[0].stream, delta: objects[0].depth > 0}
		m.b.addStored(stored, p, k, objects)
		return nil
	}
	for _, x := range objects {
		if m.have(x.id) || !m.wanted(x.id) {
			continue
		}
		if err := m.object(f, x); err != nil {
			return err
		}
	}
	return nil
}

// have reports whether id needs no copying.
func (m *merger) have(id object.ID) bool {
	_, ok := m.b.refs[id]
	return ok || m.skip != nil && m.skip(id)
}

func (m *merger) wanted(id object.ID) bool { return m.keep == nil || m.keep(id) }

// basesWanted reports whether the bases of all deltas of a block are wanted, so
// that none has to be made whole; then it counts the bytes of their objects.
func (m *merger) basesWanted(f *file, objects []indexed) (bool, error) {
	raw := int64(0)
	for _, x := range objects {
		if x.depth == 0 {
			continue
		}
		payload, err := m.s.payload(f, x.entry)
		if err != nil {
			return false, f.corrupt(x.id, err, x.place)
		}
		if len(payload) < object.Size || !m.wanted(object.ID(payload[:object.Size])) {
			return false, nil
		}
		raw += int64(targetSize(payload[object.Size:]))
	}
	m.b.raw += raw
	return true, nil
}

// object copies one object. Whole ones are checked on the way.
func (m *merger) object(f *file, x indexed) error {
	payload, err := m.s.payload(f, x.entry)
	if err != nil {
		return err
	}
	size := len(payload)
	switch {
	case x.depth == 0 && object.Sum(payload) != x.id:
		return f.corrupt(x.id, fmt.Errorf("%w: its bytes have another hash", object.ErrCorrupt), x.place)
	case x.depth > 0 && len(payload) < object.Size:
		return f.corrupt(x.id, fmt.Errorf("%w: its delta has no base", object.ErrCorrupt), x.place)
	case x.depth > 0 && (!m.wanted(object.ID(payload[:object.Size])) || m.deeper && x.depth == maxDepth):
		if payload, err = m.s.read(m.v, x.id); err != nil {
			return err
		}
		x.depth, size = 0, len(payload)
	case x.depth > 0:
		size = targetSize(payload[object.Size:])
		if m.deeper {
			x.depth++
		}
	}
	m.b.add(x.id, openKey{stream: x.stream, delta: x.depth > 0}, payload, x.depth, size)
	return nil
}
