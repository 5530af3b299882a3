package parquet

import (
	"context"
	"io"
	"iter"
	"runtime"
	"slices"

	pq "github.com/parquet-go/parquet-go"
	pf "github.com/parquet-go/parquet-go/format"

	"github.com/strata-data/strata/internal/column"
)

// reader is an open Parquet file.
type reader struct {
	r      io.ReaderAt
	size   int64
	meta   *pf.FileMetaData
	schema *column.Schema
	nodes  []*node
	groups []pq.RowGroup
	rows   int64
	batch  int     // rows of a batch
	weight []int64 // compressed bytes of each column
}

func newReader(f *pq.File, src io.ReaderAt, size int64) (*reader, error) {
	meta := f.Metadata()
	nodes, names, err := parseSchema(meta.Schema)
	if err != nil {
		return nil, err
	}
	if len(nodes) == 0 {
		return nil, malformed("parquet: the file has no columns")
	}
	hint(nodes, names, f)
	r := &reader{r: src, size: size, meta: meta, schema: &column.Schema{}, nodes: nodes, groups: f.RowGroups(), weight: make([]int64, len(nodes))}
	for i, n := range nodes {
		r.schema.Fields = append(r.schema.Fields, column.NewField(names[i], n.typ))
	}
	var raw int64
	for gi := range meta.RowGroups {
		g := &meta.RowGroups[gi]
		if g.NumRows < 0 || len(g.Columns) != r.leaves() {
			return nil, malformed("parquet: row group %d has %d rows and %d of %d columns", gi, g.NumRows, len(g.Columns), r.leaves())
		}
		r.rows += g.NumRows
		for i, n := range nodes {
			n.walk(func(k *node) {
				if k.leaf >= 0 {
					r.weight[i] += g.Columns[k.leaf].MetaData.TotalCompressedSize
					raw += max(0, g.Columns[k.leaf].MetaData.TotalUncompressedSize)
				}
			})
		}
	}
	r.batch = batchRows(r.rows, raw)
	return r, nil
}

// batchRows returns how many rows make about 8 MiB, between 64 and 16384.
func batchRows(rows, raw int64) int {
	if rows == 0 || raw == 0 {
		return 1 << 14
	}
	return int(min(max((8<<20)/(raw/rows+1), 64), 1<<14))
}

func (r *reader) leaves() int {
	n := 0
	for _, k := range r.nodes {
		k.walk(func(m *node) {
			if m.leaf >= 0 {
				n++
			}
		})
	}
	return n
}

// Schema implements format.RowReader.
func (r *reader) Schema() *column.Schema { return r.schema }

// Rows returns the sum over the row groups; the number in the footer is wrong
// in some files.
func (r *reader) Rows() int64 { return r.rows }

// Close implements format.RowReader. The file belongs to the caller.
func (r *reader) Close() error { return nil }

// ahead is how many batches are in memory: the one that the caller has, and
// those that are being read.
const ahead = 3

// Batches implements format.RowReader. Columns are read by a few goroutines,
// which have ended when the loop over the batches ends.
func (r *reader) Batches(ctx context.Context) iter.Seq2[*column.Batch, error] {
	return func(yield func(*column.Batch, error) bool) {
		if r.rows == 0 {
			return
		}
		s := newScan(r)
		defer s.stop()
		for range min(runtime.GOMAXPROCS(0), len(r.nodes), 8) {
			s.wg.Go(s.work)
		}
		for i := range s.batches {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			b, err := s.take(i)
			if !yield(b, err) || err != nil {
				return
			}
			s.release()
		}
	}
}

// assemblers returns a new reading of each column.
func (r *reader) assemblers() []*assembler {
	all := make([]*assembler, len(r.nodes))
	for i, n := range r.nodes {
		a := &assembler{root: n, weight: r.weight[i]}
		n.walk(func(k *node) {
			if k.leaf >= 0 {
				a.leaves = append(a.leaves, &leaf{node: k, file: r})
			}
		})
		all[i] = a
	}
	return all
}

// bySize returns the positions of the columns from most to fewest bytes.
func (r *reader) bySize() []int {
	order := make([]int, len(r.nodes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case r.weight[a] > r.weight[b]:
			return -1
		case r.weight[a] < r.weight[b]:
			return 1
		}
		return 0
	})
	return order
}
