// Package drift compares two sides of a dataset column by column: have the values moved, by how much, and are there enough rows to
// tell?
//
// Its one invariant: a verdict is about the size of an effect, never about a p-value alone. A column is drifted when the lower
// bound of its effect is above the tolerance, same when the upper bound is below it, and "cannot tell" in between; so one
// default holds for 100 rows and for 10 million. Every number comes with the rows, bins, floor, tolerance and interval that it
// was computed from.
//
// Both sides are read as streams in bounded memory. Numeric columns are cut at the deciles of the reference (exact up to
// Options.ExactRows rows, by a KLL sketch beyond) and the counts in those bins are always exact; categorical columns keep the most
// frequent categories and pool the rest. The report depends on the rows and their order only, never on threads or map order, and
// holds no NaN or infinity: what could not be computed is null with a reason.
//
// Start reading at Compare, then at numeric.go and categorical.go. The statistics themselves are in internal/stat. The package
// does no I/O of its own.
package drift

import (
	"context"
	"fmt"
	"iter"

	"github.com/strata-data/strata/internal/column"
)

// Side is one half of a comparison: the reference or the current rows.
type Side struct {
	Name   string // as the user wrote it
	Schema *column.Schema
	Rows   int64 // number of rows that Scan yields

	// Scan yields the columns with the given ids, as batches whose Cols are in the order of ids, in the same order of rows each
	// time. It is called several times, with different columns. Batches are not changed and not kept.
	Scan func(ctx context.Context, ids []string) iter.Seq2[*column.Batch, error]
}

// Compare reports how each column that both sides have has moved from ref to cur. Columns are matched by id and, failing that,
// by name. Key columns and hidden ones are not compared unless Options.Columns names them. It fails only when a scan fails,
// Options are out of range or name an unknown column; a column that cannot be compared is part of the report.
func Compare(ctx context.Context, ref, cur Side, o Options) (*Report, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	pairs, onlyRef, onlyCur, err := match(ref.Schema, cur.Schema, o.Columns)
	if err != nil {
		return nil, err
	}
	rep := newReport(ref, cur, o)
	rep.OnlyReference, rep.OnlyCurrent = onlyRef, onlyCur
	var work []*pair
	for _, p := range pairs {
		switch {
		case p.reason != "":
		case ref.Rows == 0 && cur.Rows == 0:
			p.reason = "both sides are empty"
		case ref.Rows == 0:
			p.reason = "reference is empty"
		case cur.Rows == 0:
			p.reason = "current is empty"
		default:
			work = append(work, p)
		}
	}
	for len(work) > 0 {
		group := take(work, ref.Rows, cur.Rows, o)
		work = work[len(group):]
		if err := compareGroup(ctx, ref, cur, group, o); err != nil {
			return nil, err
		}
	}
	rep.finish(pairs, o)
	return rep, nil
}

// compareGroup fills in the results of a few columns. It reads each side once, and once more where a sketch was needed to choose
// bins or categories.
func compareGroup(ctx context.Context, ref, cur Side, group []*pair, o Options) error {
	for _, p := range group {
		p.first(ref.Rows, o)
	}
	if err := read(ctx, ref, group, refID, (*pair).readRef, o); err != nil {
		return err
	}
	for _, p := range group {
		p.second(cur.Rows, o)
	}
	if err := read(ctx, cur, group, curID, (*pair).readCur, o); err != nil {
		return err
	}
	var again []*pair
	for _, p := range group {
		if p.third(o) {
			again = append(again, p)
		}
	}
	if len(again) > 0 {
		if err := read(ctx, ref, again, refID, (*pair).readRefAgain, o); err != nil {
			return err
		}
		var both []*pair
		for _, p := range again {
			if p.rereadCur() {
				both = append(both, p)
			}
		}
		if len(both) > 0 {
			if err := read(ctx, cur, both, curID, (*pair).readCurAgain, o); err != nil {
				return err
			}
		}
	}
	for _, p := range group {
		p.compute(o)
	}
	return nil
}

// take returns the first columns that fit into the memory budget together, at least one.
func take(work []*pair, n, m int64, o Options) []*pair {
	left := o.Memory
	for i, p := range work {
		left -= p.memory(n, m, o)
		if left < 0 && i > 0 {
			return work[:i]
		}
	}
	return work
}

func refID(p *pair) string { return p.ref.ID }
func curID(p *pair) string { return p.cur.ID }

// read scans the columns of a group on one side and hands each batch to each column. Columns work beside each other; each sees
// its batches in order, so results do not depend on the number of threads.
func read(ctx context.Context, s Side, group []*pair, id func(*pair) string, visit func(*pair, *column.Vector), o Options) error {
	ids := make([]string, len(group))
	for i, p := range group {
		ids[i] = id(p)
	}
	var rows int64
	for b, err := range s.Scan(ctx, ids) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("scan %s: %w", s.Name, err)
		}
		if len(b.Cols) != len(group) {
			return fmt.Errorf("scan %s: %d columns in a batch, %d wanted", s.Name, len(b.Cols), len(group))
		}
		rows += int64(b.Len)
		each(len(group), o.Workers, func(i int) { visit(group[i], b.Cols[i]) })
	}
	if rows != s.Rows {
		return fmt.Errorf("scan %s: %d rows, %d expected", s.Name, rows, s.Rows)
	}
	return nil
}
