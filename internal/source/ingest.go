package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/strata-data/strata/internal/blob"
	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// Ingest reads the files of a request and writes the table that they make to
// w, which the caller publishes. It writes nothing anywhere else, so a failure
// leaves no trace once w is discarded.
func Ingest(ctx context.Context, w store.Writer, q *Request) (*Result, error) {
	if q.Old != nil {
		res, ok, err := update(ctx, w, q)
		if ok || err != nil {
			return res, err
		}
	}
	whole := false
	for {
		res, err := ingestAll(ctx, w, q, whole)
		if errors.Is(err, errGuess) && !whole {
			whole = true
			continue
		}
		return res, err
	}
}

// ingestAll reads every file whole.
func ingestAll(ctx context.Context, w store.Writer, q *Request, whole bool) (*Result, error) {
	in, err := openInputs(ctx, q, whole)
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, i := range in {
			_ = i.close()
		}
	}()
	g := &ingester{q: q, w: w, inputs: in}
	if err := g.unify(); err != nil {
		return nil, err
	}
	if g.byContent() {
		return g.run(ctx, true)
	}
	res, err := g.run(ctx, false)
	if errors.Is(err, table.ErrUnsorted) || errors.Is(err, table.ErrDuplicateKey) {
		return g.run(ctx, true)
	}
	return res, err
}

// ingester carries one reading of all files.
type ingester struct {
	q       *Request
	w       store.Writer
	inputs  []input
	schema  *column.Schema
	maps    [][]int // for each input: schema column -> file column, -1 = none
	sources []*Source
	chunks  [][]chunk
	odds    []*table.Sorter
	lists   []*table.Sorter // keys of each of several files of which only the values are kept
	rows    int64
	// oddRoots are set where the odd records had to be numbered with the rows.
	oddRoots []merkle.Root
}

func (g *ingester) byContent() bool {
	return len(g.schema.Key) == 1 && g.schema.Key[0] == column.ContentKey
}

// begin makes empty source records.
func (g *ingester) begin(shuffled bool) {
	g.sources, g.chunks, g.odds, g.lists, g.rows, g.oddRoots = nil, make([][]chunk, len(g.inputs)), nil, nil, 0, nil
	for i := range g.inputs {
		f := &g.q.Files[i]
		g.sources = append(g.sources, &Source{Path: f.Path, Format: g.q.Format.Name, Size: f.Size,
			Executable: f.Executable, ValuesOnly: g.q.ValuesOnly, Shuffled: shuffled})
		g.odds = append(g.odds, table.NewSorter(oddSchema(), g.q.mem()/32, g.q.Temp))
		if g.q.ValuesOnly && len(g.inputs) > 1 {
			g.lists = append(g.lists, table.NewSorter(positionSchema(), g.q.mem()/32, g.q.Temp))
		}
	}
}

// run reads all files and builds the table: straight through where the rows
// are in key order, by sorting them otherwise.
func (g *ingester) run(ctx context.Context, shuffled bool) (*Result, error) {
	g.begin(shuffled)
	defer func() {
		for _, o := range slices.Concat(g.odds, g.lists) {
			_ = o.Close()
		}
	}()
	var root merkle.Root
	var dropped int64
	var err error
	if shuffled {
		root, dropped, err = g.sorted(ctx)
	} else {
		root, err = g.straight(ctx)
	}
	if err != nil {
		return nil, err
	}
	t := table.New(g.w, g.schema, root)
	res := &Result{Table: t, Dropped: dropped, ByKey: !g.byContent()}
	for i := range g.inputs {
		if err := g.finish(ctx, i, dropped > 0); err != nil {
			return nil, err
		}
		res.Bytes += g.q.Files[i].Size
		id, err := g.sources[i].save(ctx, g.w, object.ID{})
		if err != nil {
			return nil, err
		}
		t.Sources = append(t.Sources, id)
	}
	res.Parsed = res.Bytes
	return res, nil
}

// straight streams rows that are in key order into the builder.
func (g *ingester) straight(ctx context.Context) (merkle.Root, error) {
	b := table.NewBuilder(ctx, g.w, g.schema, g.q.Workers)
	for i := range g.inputs {
		for p, err := range g.parts(ctx, i) {
			if err == nil {
				err = b.Append(p.batch)
			}
			if err == nil {
				err = g.note(ctx, i, p, false)
			}
			if err != nil {
				b.Abort()
				return merkle.Root{}, err
			}
			if p.release != nil {
				p.release()
			}
		}
	}
	return b.Finish()
}

// sorted puts all rows into key order first.
func (g *ingester) sorted(ctx context.Context) (merkle.Root, int64, error) {
	s := table.NewSorter(g.schema, g.q.mem()/6, g.q.Temp)
	defer s.Close()
	for i := range g.inputs {
		for p, err := range g.parts(ctx, i) {
			if err == nil {
				ordinal := g.rows
				if err = g.note(ctx, i, p, true); err == nil {
					err = s.Add(p.batch, ordinal)
				}
			}
			if err != nil {
				return merkle.Root{}, 0, err
			}
			if p.release != nil {
				p.release()
			}
		}
	}
	d, err := newDedup(ctx, g)
	if err != nil {
		return merkle.Root{}, 0, err
	}
	root, err := d.build(ctx, s)
	return root, d.count, err
}

// parts yields the rows of input i under the table's schema, with the content
// key where there is no other.
func (g *ingester) parts(ctx context.Context, i int) iter.Seq2[part, error] {
	return func(yield func(part, error) bool) {
		for p, err := range g.inputs[i].parts(ctx) {
			if err == nil {
				p.batch, err = shape(p.batch, g.schema, g.maps[i])
			}
			if err == nil && g.byContent() {
				addContentKey(p.batch)
			}
			if err == nil {
				err = g.checkKeys(ctx, i, p.batch)
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// shape arranges the columns of a file as the schema has them.
func shape(b *column.Batch, s *column.Schema, from []int) (*column.Batch, error) {
	out := &column.Batch{Schema: s, Len: b.Len, Cols: make([]*column.Vector, len(s.Fields))}
	for c, f := range s.Fields {
		if from[c] < 0 {
			v := column.NewVector(f.Type, b.Len)
			if f.ID != column.ContentKey {
				v.AppendNulls(b.Len)
			}
			out.Cols[c] = v
			continue
		}
		v := b.Cols[from[c]]
		if !v.Type.Equal(f.Type) {
			var err error
			if v, err = column.Convert(v, f.Type); err != nil {
				return nil, fmt.Errorf("column %s: %w", f.Name, err)
			}
		}
		out.Cols[c] = v
	}
	return out, nil
}

// checkKeys refuses null keys, with their line.
func (g *ingester) checkKeys(ctx context.Context, i int, b *column.Batch) error {
	for _, k := range g.schema.KeyColumns() {
		v := b.Cols[k]
		for row := 0; v.Nulls > 0 && row < v.Len; row++ {
			if v.IsNull(row) {
				at := g.sources[i].Rows + int64(row)
				where := fmt.Sprintf("row %d", at+1)
				if line, ok := g.inputs[i].lineOf(ctx, at); ok {
					where = fmt.Sprintf("line %d", line)
				}
				return inFile(g.q.Files[i].Path, fmt.Errorf("%w: column %s is empty in %s", ErrNullKey, g.schema.Fields[k].Name, where))
			}
		}
	}
	return nil
}

// note remembers of a part what writing the file back needs.
func (g *ingester) note(ctx context.Context, i int, p part, shuffled bool) error {
	b := p.batch
	first := g.rows
	g.rows += int64(b.Len)
	g.sources[i].Rows += int64(b.Len)
	pos := g.schema.KeyColumns()
	if g.lists != nil {
		if err := g.lists[i].Add(keyPlaces(b, pos), 0); err != nil {
			return err
		}
	}
	if p.chunk == nil {
		return nil
	}
	c := *p.chunk
	if b.Len > 0 {
		c.First = column.RowKey(nil, b, pos, 0)
		c.Last = column.RowKey(nil, b, pos, b.Len-1)
	}
	if shuffled {
		id, err := saveKeys(ctx, g.w, b, pos)
		if err != nil {
			return err
		}
		c.Keys = id
	}
	g.chunks[i] = append(g.chunks[i], c)
	if len(p.odd) == 0 {
		return nil
	}
	for _, row := range p.odd {
		if err := g.odds[i].Add(oddRow(b, pos, int(row), p.record(int(row))), first+int64(row)); err != nil {
			return err
		}
	}
	return nil
}

// keyPlaces returns the keys of all rows of b, all at place 0.
func keyPlaces(b *column.Batch, keyCols []int) *column.Batch {
	out := column.NewBatch(positionSchema(), b.Len)
	var key []byte
	for i := range b.Len {
		key = column.RowKey(key[:0], b, keyCols, i)
		out.Cols[0].AppendBytes(key)
		out.Cols[1].AppendInt(0)
	}
	out.Len = b.Len
	return out
}

// oddRow returns the key and bytes of one odd record.
func oddRow(b *column.Batch, keyCols []int, row int, record []byte) *column.Batch {
	out := column.NewBatch(oddSchema(), 1)
	out.Cols[0].AppendBytes(column.RowKey(nil, b, keyCols, row))
	out.Cols[1].AppendBytes(record)
	out.Len = 1
	return out
}

// saveKeys writes the keys of all rows of b as a page.
func saveKeys(ctx context.Context, w store.Writer, b *column.Batch, keyCols []int) (object.ID, error) {
	v := column.NewVector(column.Of(column.Binary), b.Len)
	var key []byte
	for i := range b.Len {
		key = column.RowKey(key[:0], b, keyCols, i)
		v.AppendBytes(key)
	}
	return putKeys(ctx, w, v)
}

// putKeys writes keys as a page.
func putKeys(ctx context.Context, w store.Writer, v *column.Vector) (object.ID, error) {
	if err := column.PageFits(v, 0, v.Len); err != nil {
		return object.ID{}, fmt.Errorf("order of rows: %w", err)
	}
	id, err := w.Put(ctx, column.EncodePage(nil, v, 0, v.Len), store.Hint{Stream: streamKeys})
	if err != nil {
		return id, fmt.Errorf("write order of rows: %w", err)
	}
	return id, nil
}

// finish completes the source record of input i. Bytes that the rows cannot
// give back are kept as a blob, unless the user gave them up.
func (g *ingester) finish(ctx context.Context, i int, dropped bool) error {
	s := g.sources[i]
	g.inputs[i].describe(s)
	lossless := g.q.Format.Text != nil && g.q.Compressed == "" && !dropped
	if g.q.Format.Text != nil {
		o := g.q.textOf(&g.q.Files[i])
		s.setLayout(o.Skip, o.Header)
	}
	if lossless {
		s.ValuesOnly = false
		for _, f := range g.inputs[i].columns() {
			s.Columns = append(s.Columns, g.schema.Fields[g.schema.ByName(f.Name)].ID)
		}
		if err := s.saveChunks(ctx, g.w, g.chunks[i], nil); err != nil {
			return err
		}
		root, err := g.buildOdd(ctx, i)
		s.setOdd(root)
		return err
	}
	s.Columns, s.Dialect, s.Head, s.Shuffled, s.Cut = nil, nil, nil, false, 0
	if g.lists != nil {
		if err := s.saveList(ctx, g.w, g.lists[i]); err != nil {
			return err
		}
	}
	var file io.Reader
	if b, ok := g.inputs[i].(*binaryInput); ok {
		file = b.again()
	} else {
		h, err := g.q.Files[i].Open()
		if err != nil {
			return err
		}
		defer h.Close()
		file = h
	}
	hash := object.NewHasher()
	r := &counted{Reader: file, ctx: ctx, hash: &hash}
	var ref blob.Ref
	var err error
	if s.ValuesOnly {
		ref, err = blob.Sum(ctx, r)
	} else {
		ref, err = blob.Write(ctx, g.w, r, "blob/"+g.q.Format.Name)
		s.Blob = ref.ID[:]
	}
	if err != nil {
		return inFile(s.Path, err)
	}
	sum := hash.Sum()
	if ref.Size != s.Size || (s.Hash != nil && sum != s.HashID()) {
		return inFile(s.Path, ErrChanged) // the rows are not of these bytes
	}
	s.Hash = sum[:]
	return nil
}

// buildOdd makes the table of odd records of input i. Where the key is the
// content, sorting the rows has done it already.
func (g *ingester) buildOdd(ctx context.Context, i int) (merkle.Root, error) {
	if g.oddRoots != nil {
		return g.oddRoots[i], nil
	}
	b := table.NewBuilder(ctx, g.w, oddSchema(), 1)
	for rows, err := range g.odds[i].Rows(ctx) {
		if err == nil {
			err = b.Append(rows.Batch)
		}
		if err != nil {
			b.Abort()
			return merkle.Root{}, fmt.Errorf("odd records: %w", err)
		}
	}
	return b.Finish()
}
