package source

import (
	"bytes"
	"context"
	"fmt"
	"iter"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// positionSchema pairs keys with places in a file.
func positionSchema() *column.Schema {
	return &column.Schema{Key: []string{"key", "at"}, Fields: []column.Field{
		column.NewField("key", column.Of(column.Binary)), column.NewField("at", column.Of(column.Int64))}}
}

// recordSchema pairs places in a file with records.
func recordSchema() *column.Schema {
	return &column.Schema{Key: []string{"at"}, Fields: []column.Field{
		column.NewField("at", column.Of(column.Int64)), column.NewField("record", column.Of(column.Binary))}}
}

// restoreShuffled writes records in the order of the file. The keys of the
// file are sorted beside their places, joined with the samples in key order,
// and the records sorted by place: two sorts instead of a seek for each row.
func restoreShuffled(ctx context.Context, r store.Reader, t *table.Table, chunks []chunk, rd *renderer, cw *cutWriter, o RestoreOptions) error {
	places := table.NewSorter(positionSchema(), o.Mem/12, o.Temp)
	defer places.Close()
	at := int64(0)
	for i := range chunks {
		if chunks[i].Rows == 0 {
			continue
		}
		keys, err := readKeys(ctx, r, &chunks[i])
		if err != nil {
			return err
		}
		b := column.NewBatch(positionSchema(), keys.Len)
		b.Cols[0], b.Len = keys, keys.Len
		for range keys.Len {
			b.Cols[1].AppendInt(at)
			at++
		}
		if err := places.Add(b, 0); err != nil {
			return err
		}
	}
	records := table.NewSorter(recordSchema(), o.Mem/6, o.Temp)
	defer records.Close()
	if err := joinPlaces(ctx, t, places, rd, records); err != nil {
		return err
	}
	for rows, err := range records.Rows(ctx) {
		if err != nil {
			return err
		}
		if err := cw.write(rows.Batch.Cols[1].Bytes); err != nil {
			return err
		}
		at -= int64(rows.Batch.Len)
	}
	if at != 0 {
		return fmt.Errorf("%w: %d records of the file have no sample", object.ErrCorrupt, at)
	}
	return nil
}

// readKeys returns the keys of a chunk's records in file order.
func readKeys(ctx context.Context, r store.Reader, c *chunk) (*column.Vector, error) {
	b, err := r.Get(ctx, c.Keys)
	if err != nil {
		return nil, fmt.Errorf("read order of rows %s: %w", c.Keys, err)
	}
	v := column.NewVector(column.Of(column.Binary), int(min(c.Rows, 1<<20)))
	if err := column.DecodePage(b, v); err != nil {
		return nil, merkle.Refused(c.Keys, err)
	}
	if int64(v.Len) != c.Rows || v.Nulls > 0 {
		return nil, &object.CorruptError{ID: c.Keys, Detail: fmt.Sprintf("%d keys, want %d", v.Len, c.Rows)}
	}
	return v, nil
}

// joinPlaces renders each sample that has a place and adds it to records.
func joinPlaces(ctx context.Context, t *table.Table, places *table.Sorter, rd *renderer, records *table.Sorter) error {
	p := &placeReader{content: t.Schema.Key[0] == column.ContentKey}
	var stop func()
	p.pull, stop = iter.Pull2(places.Rows(ctx))
	defer stop()
	if err := p.next(); err != nil {
		return err
	}
	var rec []byte
	var key []byte
	for b, err := range t.Scan(ctx, table.ScanOptions{Columns: rd.columns}) {
		if err != nil {
			return err
		}
		out := column.NewBatch(recordSchema(), b.Len)
		for i := range b.Len {
			key = column.RowKey(key[:0], b, rd.keyCols, i)
			if p.done || !bytes.Equal(p.key, key) {
				continue
			}
			if rec, err = rd.record(rec[:0], b, i); err != nil {
				return err
			}
			out.Cols[0].AppendInt(p.at)
			out.Cols[1].AppendBytes(rec)
			out.Len++
			if err := p.next(); err != nil {
				return err
			}
		}
		if err := records.Add(out, 0); err != nil {
			return err
		}
	}
	return nil
}

// placeReader walks keys and places in key order. Content keys are numbered as
// they were when the file was read.
type placeReader struct {
	pull    func() (table.Sorted, error, bool)
	content bool
	cur     table.Sorted
	row     int
	base    []byte // the key as the file has it
	equal   uint32
	key     []byte
	at      int64
	done    bool
}

func (p *placeReader) next() error {
	if p.cur.Batch == nil || p.row >= p.cur.Batch.Len {
		next, err, more := p.pull()
		if err != nil {
			return err
		}
		if p.cur, p.row, p.done = next, 0, !more; p.done {
			return nil
		}
	}
	base := p.cur.Batch.Cols[0].At(p.row)
	p.at = p.cur.Batch.Cols[1].Ints[p.row]
	p.row++
	if !p.content {
		p.key = append(p.key[:0], base...)
		return nil
	}
	if bytes.Equal(base, p.base) {
		p.equal++
	} else {
		p.base, p.equal = append(p.base[:0], base...), 0
	}
	var err error
	p.key, err = numbered(p.base, p.equal)
	return err
}
