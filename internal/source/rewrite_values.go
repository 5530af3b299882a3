package source

import (
	"bytes"
	"context"
	"iter"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/table"
)

// values writes a file that is not text from its samples, in order of key. It
// reports whether there is such a file.
func (rw *rewriter) values(ctx context.Context, f *rewritten, s *Source) (bool, error) {
	s.ValuesOnly = true
	if len(rw.files) > 1 {
		n, err := rw.listValues(ctx, f, s)
		if err != nil || n == 0 && !f.must {
			return false, err
		}
		if i, err := rw.unchangedOn(ctx, f, s); i >= 0 || err != nil {
			if err == nil {
				*s = *f.like[i]
				s.Path, s.Executable = f.path, f.executable
				err = rw.restoreAs(ctx, f, i)
			}
			return true, err
		}
	}
	if err := rw.coverValues(ctx, f); err != nil {
		return false, err
	}
	s.Columns, s.Rows = f.columns, rw.t.Rows()
	if s.Lines != nil {
		s.Rows = 0
		chunks, err := s.chunks(ctx, rw.w)
		if err != nil {
			return false, err
		}
		for i := range chunks {
			s.Rows += chunks[i].Rows
		}
	}
	out, err := rw.output(f)
	if err != nil {
		return false, err
	}
	o := RestoreOptions{Format: f.format, Mem: rw.o.Mem, Temp: rw.o.Temp}
	if err := out.close(writeValues(ctx, rw.w, rw.t, s, out, o)); err != nil {
		return false, err
	}
	hash := out.hash.Sum()
	s.Hash, s.Size = hash[:], out.size
	return true, nil
}

// listValues writes the list of the samples of one of several files, in order
// of key, and returns their number.
func (rw *rewriter) listValues(ctx context.Context, f *rewritten, s *Source) (int64, error) {
	places := table.NewSorter(positionSchema(), rw.o.Mem/12, rw.o.Temp)
	defer places.Close()
	total, err := rw.sortPlaces(ctx, f, places)
	if err != nil {
		return 0, err
	}
	return total, s.saveList(ctx, rw.w, places)
}

// unchangedOn returns the side on which a file has these very samples, -1 if
// none. The keys of the file are those that s lists.
func (rw *rewriter) unchangedOn(ctx context.Context, f *rewritten, s *Source) (int, error) {
	for _, i := range rw.sidesOf(f) {
		same, err := rw.isUnchangedOn(ctx, f, s, i)
		if err != nil {
			return -1, err
		}
		if same {
			return i, nil
		}
	}
	return -1, nil
}

func (rw *rewriter) isUnchangedOn(ctx context.Context, f *rewritten, s *Source, i int) (bool, error) {
	if l := f.like[i]; l.IsText() || l.Path != f.path || !rw.sides[i].t.Schema.Equal(rw.t.Schema) {
		return false, nil
	}
	old := table.NewSorter(positionSchema(), rw.o.Mem/12, rw.o.Temp)
	defer old.Close()
	b := column.NewBatch(positionSchema(), 1)
	for key, err := range rw.sideKeys(ctx, f, i) {
		if err == nil && rw.content {
			key, err = numbered(key, 0)
		}
		if err != nil {
			return false, err
		}
		b.Cols[0].AppendBytes(key)
		b.Cols[1].AppendInt(0)
		if b.Len++; b.Len == keysInChunk {
			if err := old.Add(b, 0); err != nil {
				return false, err
			}
			b.Reset()
		}
	}
	if err := old.Add(b, 0); err != nil {
		return false, err
	}
	next, stop := iter.Pull2(listedKeys(ctx, rw.w, s, rw.t))
	defer stop()
	changes := newChangedKeys(ctx, rw.sides[i].t, rw.t)
	defer changes.stop()
	for rows, err := range old.Rows(ctx) {
		if err != nil {
			return false, err
		}
		for k := range rows.Batch.Len {
			key, err, ok := next()
			if err != nil || !ok || !bytes.Equal(key, rows.Batch.Cols[0].At(k)) {
				return false, err
			}
			if rw.content {
				continue
			}
			if differs, err := changes.has(key); err != nil || differs {
				return false, err
			}
		}
	}
	_, err, more := next()
	return !more && err == nil, err
}
