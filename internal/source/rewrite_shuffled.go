package source

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/table"
)

// inFileOrder renders the samples of a file and puts the records into the order
// of the file, by two sorts as in restoreShuffled. places are the total keys of
// the file with their places.
func (rw *rewriter) inFileOrder(ctx context.Context, rd *recordWriter, places *table.Sorter, total int64) iter.Seq2[*piece, error] {
	return func(yield func(*piece, error) bool) {
		records := table.NewSorter(placedSchema(), rw.o.Mem/6, rw.o.Temp)
		defer records.Close()
		last, err := rw.sortRecords(ctx, rd, places, total, records)
		if err != nil {
			yield(nil, err)
			return
		}
		n := int64(0)
		for rows, err := range records.Rows(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			b := rows.Batch
			keys := column.NewVector(column.Of(column.Binary), b.Len)
			keys.AppendFrom(b.Cols[2], 0, b.Len)
			p := &piece{data: bytes.Clone(b.Cols[1].Bytes), ends: slices.Clone(b.Cols[1].Offs[1:]), keys: keys.At, kept: true}
			if n += int64(b.Len); n == total && last.key != nil {
				last.row = b.Len - 1
				p.odds = []oddRecord{last}
			}
			if !yield(p, nil) {
				return
			}
		}
	}
}

// sortRecords renders the samples that have a place and adds them to records.
// It returns the last of the file if that is odd.
func (rw *rewriter) sortRecords(ctx context.Context, rd *recordWriter, places *table.Sorter, total int64, records *table.Sorter) (last oddRecord, err error) {
	n := int64(0)
	for p, err := range inOrder(ctx, rw.placed(ctx, rd, places), rw.o.Workers, rd.render) {
		if err != nil {
			return last, err
		}
		for k := range p.odds {
			if p.at[p.odds[k].row] == total-1 {
				last = p.odds[k]
				p.odds[k].close()
			}
		}
		if err := rd.keep(p.odds); err != nil {
			return last, err
		}
		n += int64(len(p.ends))
		b, err := p.placed(rw.content)
		p.release()
		if err == nil {
			err = records.Add(b, 0)
		}
		if err != nil {
			return last, err
		}
	}
	if n != total {
		return last, fmt.Errorf("%w: %d records of the file have no sample", object.ErrCorrupt, total-n)
	}
	return last, nil
}

// placedSchema pairs places in a file with records and their keys.
func placedSchema() *column.Schema {
	s := recordSchema()
	s.Fields = append(s.Fields, column.NewField("key", column.Of(column.Binary)))
	return s
}

// placed returns the records of p for sorting by place. Content keys lose their
// numbers.
func (p *piece) placed(content bool) (*column.Batch, error) {
	b := column.NewBatch(placedSchema(), len(p.ends))
	b.Len = len(p.ends)
	from := uint32(0)
	for i, end := range p.ends {
		b.Cols[0].AppendInt(p.at[i])
		b.Cols[1].AppendBytes(p.data[from:end])
		key := p.keys(i)
		if content {
			var err error
			if key, err = numbered(key, 0); err != nil {
				return nil, err
			}
		}
		b.Cols[2].AppendBytes(key)
		from = end
	}
	return b, nil
}

// sortPlaces adds the keys of a file and their places to places and returns
// their number.
func (rw *rewriter) sortPlaces(ctx context.Context, f *rewritten, places *table.Sorter) (int64, error) {
	b := column.NewBatch(positionSchema(), 1024)
	at := int64(0)
	for key, err := range rw.order.file(ctx, f, rw.counted) {
		if err != nil {
			return 0, err
		}
		b.Cols[0].AppendBytes(key)
		b.Cols[1].AppendInt(at)
		b.Len++
		at++
		if b.Len == 1024 {
			if err := places.Add(b, 0); err != nil {
				return 0, err
			}
			b.Reset()
		}
	}
	return at, places.Add(b, 0)
}

// placed yields the samples that have a place, in key order, ready to render.
func (rw *rewriter) placed(ctx context.Context, rd *recordWriter, places *table.Sorter) iter.Seq2[renderJob, error] {
	return func(yield func(renderJob, error) bool) {
		p := &placeReader{content: rw.content}
		var stop func()
		p.pull, stop = iter.Pull2(places.Rows(ctx))
		defer stop()
		err := p.next()
		if err != nil {
			yield(renderJob{}, err)
			return
		}
		var key []byte
		for b, err := range rw.t.Scan(ctx, table.ScanOptions{Columns: rd.columns, Workers: rw.o.Workers}) {
			j := renderJob{batch: b}
			var rows []int
			for i := 0; err == nil && i < b.Len && !p.done; i++ {
				key = column.RowKey(key[:0], b, rd.keyCols, i)
				if !bytes.Equal(p.key, key) {
					continue
				}
				if j.odds, err = rd.findOdd(j.odds, key, len(rows)); err != nil {
					break
				}
				rows, j.at = append(rows, i), append(j.at, p.at)
				err = p.next()
			}
			if err == nil && len(rows) < b.Len {
				j.batch = column.NewBatch(b.Schema, len(rows))
				for c, v := range j.batch.Cols {
					v.Take(b.Cols[c], rows)
				}
				j.batch.Len = len(rows)
			}
			if !yield(j, err) || err != nil {
				return
			}
		}
	}
}
