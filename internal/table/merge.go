package table

import (
	"context"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// Merging is what Merge works on.
type Merging struct {
	// Tables are the base and what became of it on two sides, at merkle.Base,
	// merkle.Ours and merkle.Theirs. All have the same key columns, with types
	// of the same key bytes.
	Tables [3]*Table
	// Schema is that of the result, with the same key.
	Schema *column.Schema
	// Rows makes a sample the smallest thing that changes: where both sides
	// changed one, no cells are mixed but a side is chosen for all of it.
	Rows bool
	// NewJudge makes the judge of a run of samples. It may be called from
	// several goroutines.
	NewJudge func() Judge
	// Done takes back each judge, in the order of the keys that it saw. It is
	// called from one goroutine.
	Done func(Judge) error
	// Workers join leaves beside each other; 0 means one for each processor.
	Workers int
}

// Case is a sample that a merge cannot settle by itself.
type Case struct {
	Key []byte // valid during the call
	// Side gives the cells of the sample on each side. One that does not have
	// the sample has no cells.
	Side [3]Cells
}

// Has reports whether the side has the sample.
func (c *Case) Has(side int) bool { return c.Side[side].leaf != nil }

// CellCase is a cell that both sides changed, or added, and not to one value.
type CellCase struct {
	*Case
	Column int // position in the schema of the result
	// Value gives the values on each side under the type of the result. One
	// that does not exist (a base without the sample or the column) has no vector.
	Value [3]column.Value
	// Unfit says of which side the value has no counterpart under that type;
	// its Value is null.
	Unfit [3]bool
}

// Judge settles what a merge cannot. It is used by one goroutine at a time, and
// sees samples in key order, but the cells of a run of samples column by column.
type Judge interface {
	// Cell returns the merged value of a cell, which is one of the three or a
	// new one under the type of the result.
	Cell(ctx context.Context, c *CellCase) (column.Value, error)
	// Sample reports whether a sample that one side removed and the other one
	// modified is kept.
	Sample(ctx context.Context, c *Case) (keep bool, err error)
	// Row returns the side that a sample is taken from which both sides changed
	// or added, where Merging.Rows is set.
	Row(ctx context.Context, c *Case) (side int, err error)
}

// Merge joins the changes that two sides made to a base and returns the root
// of the result, which is the one that a Builder would make of the merged
// rows. Subtrees and pages that differ on at most one side are taken over
// unread. The result does not depend on Workers.
func Merge(ctx context.Context, w store.Writer, m Merging) (merkle.Root, error) {
	if m.Workers <= 0 {
		m.Workers = runtime.GOMAXPROCS(0)
	}
	g := &merger{Merging: m, w: w, cols: mergeColumns(&m), nodes: merkle.NewBuilder(w)}
	return g.run(ctx)
}

// mergeColumn is a column of the result.
type mergeColumn struct {
	at   int // position in the schema
	f    *column.Field
	side [3]*column.Field // as each side has it, nil where it does not
	// plain says that pages of the side are pages under the type of the result.
	plain [3]bool
}

func mergeColumns(m *Merging) []mergeColumn {
	cols := make([]mergeColumn, len(m.Schema.Fields))
	for i := range m.Schema.Fields {
		c := &cols[i]
		c.at, c.f = i, &m.Schema.Fields[i]
		for s, t := range m.Tables {
			if k := t.Schema.Index(c.f.ID); k >= 0 {
				c.side[s] = &t.Schema.Fields[k]
				c.plain[s] = column.Widens(c.side[s].Type, c.f.Type)
			}
		}
	}
	return cols
}

// merger runs a merge: one goroutine walks the trees, some join the leaves of
// units that are whole, and one writes what they make, in key order.
type merger struct {
	Merging
	w     store.Writer
	cols  []mergeColumn
	nodes *merkle.Builder
	bufs  sync.Pool // *[]byte of leaves that are written
	idle  sync.Pool // *joiner
}

// mergeUnit is a subtree to take over, or the leaves of some steps. What they
// become comes out of done, or, where done is nil, is left to the writer.
type mergeUnit struct {
	take  *merkle.Root
	steps []merkle.MergeStep
	ends  bool
	done  chan []mergedLeaf
}

// mergedLeaf is a leaf of the result and the judge of its samples. Either may be nil.
type mergedLeaf struct {
	leaf  *newLeaf
	buf   []byte // holds the pages of leaf
	judge Judge
}

// takeable reports whether subtrees of a side may be taken over as they are,
// where the other one is as the base was: the result has all its columns, and
// it has all those that the result has from the base.
func (g *merger) takeable(side int) bool {
	s := g.Tables[side].Schema
	for i := range s.Fields {
		k := g.Schema.Index(s.Fields[i].ID)
		if k < 0 || !g.cols[k].plain[side] {
			return false
		}
	}
	for i := range g.cols {
		if c := &g.cols[i]; c.side[side] == nil && c.side[merkle.Base] != nil {
			return false
		}
	}
	return true
}

func (g *merger) run(parent context.Context) (merkle.Root, error) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	eg, ctx := errgroup.WithContext(ctx)
	order := make(chan *mergeUnit, 2*g.Workers)
	eg.Go(func() error {
		defer close(order)
		return g.schedule(ctx, order)
	})
	var root merkle.Root
	eg.Go(func() (err error) {
		root, err = g.write(ctx, order)
		return err
	})
	err := eg.Wait()
	if perr := context.Cause(parent); perr != nil {
		err = perr
	}
	return root, err
}

// schedule walks the trees and starts the joining of units that are whole.
func (g *merger) schedule(ctx context.Context, order chan<- *mergeUnit) error {
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(g.Workers)
	send := func(u *mergeUnit, whole bool) bool {
		if whole {
			u.done = make(chan []mergedLeaf, 1)
		}
		select {
		case order <- u:
		case <-ctx.Done():
			return false
		}
		if whole {
			eg.Go(func() error { return g.join(ctx, u) })
		}
		return true
	}
	var trees [3]merkle.Threeway
	for s, t := range g.Tables {
		trees[s] = merkle.Threeway{R: t.r, Root: t.Root, Whole: g.takeable(s)}
	}
	walk := merkle.NewMerge(trees)
	u, whole := &mergeUnit{}, true
	for {
		step, more, err := walk.Next(ctx)
		if err != nil {
			if failed := eg.Wait(); failed != nil {
				return failed // it cancelled what Next was reading
			}
			return err
		}
		if !more {
			break
		}
		if step.Take != nil {
			if !send(&mergeUnit{take: step.Take}, false) {
				break
			}
			continue
		}
		u.steps = append(u.steps, step)
		u.ends = step.Ends
		if !u.ends && len(u.steps) < maxUnitSteps {
			continue
		}
		whole = whole && u.ends
		if !send(u, whole) {
			break
		}
		whole = u.ends
		u = &mergeUnit{}
	}
	if len(u.steps) > 0 {
		send(u, false)
	}
	return eg.Wait()
}

// join makes the leaves of a whole unit.
func (g *merger) join(ctx context.Context, u *mergeUnit) error {
	j := g.joiner(ctx)
	var out []mergedLeaf
	j.emit = func(m mergedLeaf) error {
		out = append(out, m)
		return nil
	}
	if err := j.all(u); err != nil {
		return err
	}
	u.done <- out
	g.idle.Put(j)
	return nil
}

// write puts the leaves of the units in key order and builds the nodes above.
func (g *merger) write(ctx context.Context, order <-chan *mergeUnit) (merkle.Root, error) {
	var chain *joiner // of units that are left to this goroutine
	for u := range order {
		var err error
		switch {
		case u.take != nil && !g.nodes.Aligned(u.take.Level):
			err = &object.CorruptError{ID: u.take.ID, Detail: "the samples before it do not end where their nodes say"}
		case u.take != nil:
			err = g.nodes.Append(ctx, u.take.Level, u.take.Entry)
		case u.done != nil:
			select {
			case leaves := <-u.done:
				for i := range leaves {
					if err = g.put(ctx, leaves[i]); err != nil {
						break
					}
				}
			case <-ctx.Done():
				err = context.Cause(ctx)
			}
		default:
			if chain == nil {
				chain = g.joiner(ctx)
				chain.emit = func(m mergedLeaf) error { return g.put(ctx, m) }
			}
			err = chain.all(u)
			if u.ends {
				chain = nil
			}
		}
		if err != nil {
			return merkle.Root{}, err
		}
	}
	if err := ctx.Err(); err != nil {
		return merkle.Root{}, context.Cause(ctx)
	}
	return g.nodes.Finish(ctx)
}

func (g *merger) put(ctx context.Context, m mergedLeaf) error {
	if m.leaf != nil {
		e, err := m.leaf.write(ctx, g.w)
		if err != nil {
			return err
		}
		g.bufs.Put(&m.buf)
		if err := g.nodes.Append(ctx, 0, e); err != nil {
			return err
		}
	}
	if m.judge != nil {
		return g.Done(m.judge)
	}
	return nil
}
