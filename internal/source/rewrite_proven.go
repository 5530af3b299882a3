package source

import (
	"bytes"
	"context"
	"slices"
	"sort"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/table"
)

// maxDoubts is the number of odd records of all sides up to which their samples
// are remembered, some megabytes; with more of them everything is read back.
const maxDoubts = 1 << 16

// prove finds out whether records need not be read back, as each of their
// values is one that some side's file had, in a record that was compared with
// what the same dialect writes when it was added. That was not so for odd
// records, whose samples stay in doubt.
func (rd *recordWriter) prove(ctx context.Context, rw *rewriter, f *rewritten, layout format.Layout) error {
	if !rw.o.Chosen || !layout.Same || len(rw.files) > 1 {
		return nil
	}
	odd := int64(0)
	for _, s := range rw.sides {
		if len(s.sources) != 1 || !s.sources[0].IsText() || s.sources[0].Format != f.template().Format {
			return nil
		}
		if l := s.sources[0]; l.Odd != nil {
			odd += l.Odd.Rows
		}
	}
	if odd > 0 && rw.content || odd > maxDoubts {
		return nil
	}
	for _, s := range rw.sides {
		o := table.ScanOptions{Columns: oddSchema().Key, Workers: 1}
		for b, err := range s.sources[0].oddTable(rw.w).Scan(ctx, o) {
			if err != nil {
				return err
			}
			for i := range b.Len {
				rd.doubts = append(rd.doubts, bytes.Clone(b.Cols[0].At(i)))
			}
		}
	}
	slices.SortFunc(rd.doubts, bytes.Compare)
	rd.proven = true
	return nil
}

// verifyDoubts reads back the records of p, those of the rows of b, whose
// samples are in doubt. Rows are in key order.
func (rd *recordWriter) verifyDoubts(p *piece, b *column.Batch) error {
	if len(rd.doubts) == 0 || b.Len == 0 {
		return nil
	}
	at, _ := slices.BinarySearchFunc(rd.doubts, p.keys(0), bytes.Compare)
	for _, doubt := range rd.doubts[at:] {
		i := sort.Search(b.Len, func(i int) bool { return bytes.Compare(p.keys(i), doubt) >= 0 })
		if i == b.Len {
			return nil
		}
		if !bytes.Equal(p.keys(i), doubt) {
			continue
		}
		from := uint32(0)
		if i > 0 {
			from = p.ends[i-1]
		}
		if !rd.holds(p.data[from:p.ends[i]], b, i) {
			return &UnwritableError{Detail: "its record is read back as something else"}
		}
	}
	return nil
}
