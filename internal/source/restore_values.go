package source

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/lines"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// writeValues writes the rows of t that are in the file s anew, in order of
// key: the file's own bytes were given up.
func writeValues(ctx context.Context, r store.Reader, t *table.Table, s *Source, w io.Writer, o RestoreOptions) (err error) {
	out, err := lines.Create(s.Path, w)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := out.Close(); err == nil {
			err = cerr
		}
	}()
	ids := s.Columns
	if ids == nil {
		ids = visible(t.Schema)
	}
	sub := table.Project(t.Schema, ids)
	if len(sub.Fields) != len(ids) {
		return fmt.Errorf("%w: source names columns that the table does not have", object.ErrCorrupt)
	}
	rw, err := o.Format.Write(out, sub, format.WriteOptions{})
	if err != nil {
		return err
	}
	rows := t.Scan(ctx, table.ScanOptions{Columns: ids})
	if s.Lines != nil {
		rows = valueRows(ctx, r, t, s, ids)
	}
	for b, err := range rows {
		if err == nil {
			err = rw.Write(b)
		}
		if err != nil {
			return err
		}
	}
	return rw.Close()
}

// valueRows yields the given columns of the rows of one of several files, whose
// keys s lists in ascending order.
func valueRows(ctx context.Context, r store.Reader, t *table.Table, s *Source, ids []string) iter.Seq2[*column.Batch, error] {
	read := append([]string(nil), ids...)
	var pos []int // of the key in what is read
	for _, k := range t.Schema.Key {
		pos = append(pos, len(read))
		read = append(read, k)
	}
	return func(yield func(*column.Batch, error) bool) {
		l := &listReader{content: t.Schema.Key[0] == column.ContentKey}
		var stop func()
		l.pull, stop = iter.Pull2(listedKeys(ctx, r, s, t))
		defer stop()
		err := l.next()
		if err != nil {
			yield(nil, err)
			return
		}
		var key []byte
		for b, err := range t.Scan(ctx, table.ScanOptions{Columns: read}) {
			var rows []int
			for i := 0; err == nil && i < b.Len && !l.done; i++ {
				if key = column.RowKey(key[:0], b, pos, i); bytes.Equal(key, l.key) {
					rows = append(rows, i)
					err = l.next()
				}
			}
			if err != nil {
				yield(nil, err)
				return
			}
			out := column.NewBatch(table.Project(t.Schema, ids), len(rows))
			for c, v := range out.Cols {
				v.Take(b.Cols[c], rows)
			}
			if out.Len = len(rows); out.Len > 0 && !yield(out, nil) {
				return
			}
		}
		if !l.done {
			yield(nil, fmt.Errorf("%w: the table lacks samples of the file", object.ErrCorrupt))
		}
	}
}

// listReader walks listed keys. Content keys are numbered among those of the
// file.
type listReader struct {
	pull    func() ([]byte, error, bool)
	content bool
	base    []byte
	equal   uint32
	key     []byte
	done    bool
}

func (l *listReader) next() error {
	key, err, more := l.pull()
	if l.done = !more; l.done || err != nil {
		return err
	}
	if !l.content {
		l.key = append(l.key[:0], key...)
		return nil
	}
	if bytes.Equal(key, l.base) {
		l.equal++
	} else {
		l.base, l.equal = append(l.base[:0], key...), 0
	}
	l.key, err = numbered(l.base, l.equal)
	return err
}

// listedKeys yields the keys that the chunks of s name, in their order; content
// keys come without numbers.
func listedKeys(ctx context.Context, r store.Reader, s *Source, t *table.Table) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		chunks, err := s.chunks(ctx, r)
		if err != nil {
			yield(nil, err)
			return
		}
		if !s.Shuffled {
			if from, to := keyRange(chunks); from != nil {
				tableKeys(ctx, t, from, to)(yield)
			}
			return
		}
		for i := range chunks {
			if chunks[i].Rows == 0 {
				continue
			}
			keys, err := readKeys(ctx, r, &chunks[i])
			if err != nil {
				yield(nil, err)
				return
			}
			for k := range keys.Len {
				if !yield(keys.At(k), nil) {
					return
				}
			}
		}
	}
}

// keysInChunk is how many keys of a file of several are in one chunk.
const keysInChunk = 1 << 14

// saveList writes the keys of the samples of s, one of several files of which
// only the values are known, in order of key.
func (s *Source) saveList(ctx context.Context, w store.Writer, places *table.Sorter) error {
	s.Shuffled = true
	var chunks []chunk
	keys := column.NewVector(column.Of(column.Binary), 0)
	flush := func() error {
		if keys.Len == 0 {
			return nil
		}
		c := chunk{Rows: int64(keys.Len), First: bytes.Clone(keys.At(0)), Last: bytes.Clone(keys.At(keys.Len - 1))}
		var err error
		c.Keys, err = putKeys(ctx, w, keys)
		c.Hash = hashOf(c.Keys)
		chunks = append(chunks, c)
		keys.Reset()
		return err
	}
	for rows, err := range places.Rows(ctx) {
		if err != nil {
			return err
		}
		for i := range rows.Batch.Len {
			keys.AppendBytes(rows.Batch.Cols[0].At(i))
			if keys.Len == keysInChunk {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	return s.saveChunks(ctx, w, chunks, nil)
}
