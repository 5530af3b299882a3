package source

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/table"
)

// dedup builds the table of rows that come in key order with equal keys side
// by side. Where the key is the content, equal rows are numbered in order of
// arrival; else the user's choice of the first or the last row is kept, and
// without a choice the duplicates are an error.
type dedup struct {
	g       *ingester
	keyCols []int
	content bool
	rows    *table.Builder
	odds    []*oddMatcher // where the key is the content

	held    *column.Batch // with DuplicateLast: a row that a later batch may replace
	prev    []byte        // key of the row before
	seen    bool
	equal   uint32   // earlier rows with its key
	inFile  []uint32 // for each input: those of them that it has
	ordinal int64    // of the row before

	count      int64 // duplicates
	first, old int64 // ordinals of the first of them by arrival and of its elder
	firstKey   []byte
}

func newDedup(ctx context.Context, g *ingester) (*dedup, error) {
	d := &dedup{g: g, inFile: make([]uint32, len(g.inputs)), keyCols: g.schema.KeyColumns(), content: g.byContent(), first: -1,
		rows: table.NewBuilder(ctx, g.w, g.schema, g.q.Workers), held: column.NewBatch(g.schema, 1)}
	if d.content {
		for _, o := range g.odds {
			m, err := newOddMatcher(ctx, g, o)
			d.odds = append(d.odds, m)
			if err != nil {
				d.abort()
				return nil, err
			}
		}
	}
	return d, nil
}

// build reads all rows of s and returns the root of the table.
func (d *dedup) build(ctx context.Context, s *table.Sorter) (merkle.Root, error) {
	for rows, err := range s.Rows(ctx) {
		if err == nil {
			err = d.add(rows)
		}
		if err != nil {
			d.abort()
			return merkle.Root{}, err
		}
	}
	if err := d.rows.Append(d.held); err != nil {
		d.abort()
		return merkle.Root{}, err
	}
	if d.count > 0 && d.g.q.Duplicates == DuplicateError {
		d.abort()
		return merkle.Root{}, d.report(ctx)
	}
	for _, m := range d.odds {
		root, err := m.finish()
		if err != nil {
			d.abort()
			return merkle.Root{}, err
		}
		d.g.oddRoots = append(d.g.oddRoots, root)
	}
	return d.rows.Finish()
}

func (d *dedup) abort() {
	d.rows.Abort()
	for _, m := range d.odds {
		m.rows.Abort()
		m.stop()
	}
}

// add passes on the rows of a batch, in runs between duplicates.
func (d *dedup) add(in table.Sorted) error {
	out := column.NewBatch(in.Batch.Schema, in.Batch.Len)
	from := 0
	var key []byte
	for i := range in.Batch.Len {
		key = column.RowKey(key[:0], in.Batch, d.keyCols, i)
		same := d.seen && bytes.Equal(key, d.prev)
		switch {
		case !same:
			d.equal = 0
			clear(d.inFile)
			d.release(out)
		case d.content:
			d.equal++
			out.AppendFrom(in.Batch, from, i+1)
			v := out.Cols[d.keyCols[0]]
			binary.BigEndian.PutUint32(v.Bytes[len(v.Bytes)-4:], d.equal)
			from = i + 1
		default:
			d.note(in.Ordinal[i])
			if d.g.q.Duplicates == DuplicateLast {
				d.held.Reset()
				out.AppendFrom(in.Batch, from, max(from, i-1))
				from = i
			} else {
				out.AppendFrom(in.Batch, from, i)
				from = i + 1
			}
		}
		if d.content {
			if err := d.matchOdd(key, in.Ordinal[i]); err != nil {
				return err
			}
		}
		d.prev, key = key, d.prev
		d.seen, d.ordinal = true, in.Ordinal[i]
	}
	last := in.Batch.Len
	if d.g.q.Duplicates == DuplicateLast && from < last {
		out.AppendFrom(in.Batch, from, last-1)
		d.held.AppendFrom(in.Batch, last-1, last)
	} else {
		out.AppendFrom(in.Batch, from, last)
	}
	return d.rows.Append(out)
}

// matchOdd takes over the odd record of row ordinal, if it has one. Its key is
// numbered among the equal rows of its own file, which is all that the file's
// source object knows of.
func (d *dedup) matchOdd(key []byte, ordinal int64) error {
	file := d.g.inputOf(ordinal)
	err := d.odds[file].match(key, ordinal, d.inFile[file])
	d.inFile[file]++
	return err
}

// release passes on the held row, which no later one replaces.
func (d *dedup) release(out *column.Batch) {
	if d.held.Len > 0 {
		out.AppendFrom(d.held, 0, 1)
		d.held.Reset()
	}
}

func (d *dedup) note(ordinal int64) {
	d.count++
	if d.first < 0 || ordinal < d.first {
		d.first, d.old, d.firstKey = ordinal, d.ordinal, bytes.Clone(d.prev)
	}
}

// report describes the duplicates with the place of the first.
func (d *dedup) report(ctx context.Context) error {
	e := &DuplicatesError{Rows: d.count, Columns: d.g.schema.Names()}
	var names []string
	var types []*column.Type
	for _, k := range d.keyCols {
		names = append(names, d.g.schema.Fields[k].Name)
		types = append(types, d.g.schema.Fields[k].Type)
	}
	text, err := column.KeyText(types, d.firstKey)
	if err != nil {
		return fmt.Errorf("duplicate key: %w", err)
	}
	e.Key = strings.Join(names, ",") + "=" + text
	e.Path, e.Line, e.IsLine = d.g.place(ctx, d.first)
	if e.PrevPath, e.Prev, _ = d.g.place(ctx, d.old); e.PrevPath == e.Path {
		e.PrevPath = ""
	}
	return e
}

// inputOf returns the number of the input that row ordinal came from.
func (g *ingester) inputOf(ordinal int64) int {
	for i, s := range g.sources {
		if ordinal < s.Rows {
			return i
		}
		ordinal -= s.Rows
	}
	return len(g.sources) - 1
}

// place returns the file of row ordinal and its line there, or its number.
func (g *ingester) place(ctx context.Context, ordinal int64) (path string, at int64, isLine bool) {
	for i, s := range g.sources {
		if ordinal < s.Rows {
			if line, ok := g.inputs[i].lineOf(ctx, ordinal); ok {
				return s.Path, line, true
			}
			return s.Path, ordinal + 1, false
		}
		ordinal -= s.Rows
	}
	return "", ordinal + 1, false
}

// oddMatcher finds the odd records of one input among all rows in key order
// and gives them the rows' numbered keys.
type oddMatcher struct {
	rows *table.Builder
	pull func() (table.Sorted, error, bool)
	stop func()
	cur  table.Sorted
	at   int
	done bool
}

func newOddMatcher(ctx context.Context, g *ingester, s *table.Sorter) (*oddMatcher, error) {
	m := &oddMatcher{rows: table.NewBuilder(ctx, g.w, oddSchema(), 1)}
	m.pull, m.stop = iter.Pull2(s.Rows(ctx))
	return m, m.more()
}

// more loads the next odd records.
func (m *oddMatcher) more() error {
	next, err, ok := m.pull()
	m.cur, m.at, m.done = next, 0, !ok
	return err
}

// match takes over the record of row ordinal, if it is the next odd one.
func (m *oddMatcher) match(key []byte, ordinal int64, equal uint32) error {
	if m.done || m.cur.Ordinal[m.at] != ordinal || !bytes.Equal(m.cur.Batch.Cols[0].At(m.at), key) {
		return nil
	}
	own, err := numbered(key, equal)
	if err != nil {
		return err
	}
	out := column.NewBatch(oddSchema(), 1)
	out.Cols[0].AppendBytes(own)
	out.Cols[1].AppendOne(m.cur.Batch.Cols[1], m.at)
	out.Len = 1
	if err := m.rows.Append(out); err != nil {
		return err
	}
	if m.at++; m.at == m.cur.Batch.Len {
		return m.more()
	}
	return nil
}

func (m *oddMatcher) finish() (merkle.Root, error) {
	m.stop()
	return m.rows.Finish()
}
