package table

import (
	"bytes"
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
)

// maxUnitSteps bounds what a unit that is compared ahead may hold in memory.
const maxUnitSteps = 8

// pipeline compares leaves of two tables ahead of whoever reads the deltas. The
// steps of a tree diff are cut into units where the leaves of both sides end at
// the same key, so that no row waits for the next unit: units are compared beside
// each other and handed out in order. Where no such key comes soon, as between
// tables with other keys, the reader's goroutine joins step by step.
type pipeline struct {
	a, b    *Table
	base    *comparer // columns only
	workers int
}

func newPipeline(a, b *Table, base *comparer) *pipeline {
	return &pipeline{a: a, b: b, base: base, workers: runtime.GOMAXPROCS(0)}
}

// unit is some steps. Its deltas come out of done, or, where done is nil, are
// left to the reader.
type unit struct {
	steps []merkle.Step
	ends  bool // no row is left over
	done  chan []*Delta
}

// comparer returns a new comparer of the columns.
func (p *pipeline) comparer(ctx context.Context) *comparer {
	c := *p.base
	c.ctx, c.dec = ctx, column.PageDecoder{}
	return &c
}

func (p *pipeline) run(parent context.Context, yield func(*Delta, error) bool) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	order := make(chan *unit, 2*p.workers)
	g.Go(func() error {
		defer close(order)
		return p.schedule(ctx, order)
	})
	stopped := false
	var chain *comparer // of units that are left to the reader
	for u := range order {
		if stopped || ctx.Err() != nil {
			continue // let the others end
		}
		if u.done != nil {
			select {
			case deltas := <-u.done:
				stopped = !yieldAll(deltas, yield)
			case <-ctx.Done():
			}
		} else {
			if chain == nil {
				chain = p.comparer(parent)
			}
			var err error
			if stopped, err = joinHere(chain, u.steps, yield); err != nil {
				cancel()
				_ = g.Wait()
				yield(nil, err)
				return
			}
			if u.ends {
				chain = nil
			}
		}
		if stopped {
			cancel()
		}
	}
	err := g.Wait()
	if stopped {
		return
	}
	if perr := context.Cause(parent); perr != nil {
		err = perr
	}
	if err != nil {
		yield(nil, err)
	}
}

// joinHere compares steps in the reader's goroutine and reports whether the
// reader has seen enough.
func joinHere(c *comparer, steps []merkle.Step, yield func(*Delta, error) bool) (stopped bool, err error) {
	for _, s := range steps {
		d, err := c.step(s)
		if err != nil {
			return false, err
		}
		if len(d.Changes) > 0 && !yield(d, nil) {
			return true, nil
		}
	}
	return false, nil
}

func yieldAll(deltas []*Delta, yield func(*Delta, error) bool) bool {
	for _, d := range deltas {
		if !yield(d, nil) {
			return false
		}
	}
	return true
}

// schedule walks the trees, cuts the steps into units and starts comparing
// those that are whole.
func (p *pipeline) schedule(ctx context.Context, order chan<- *unit) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(p.workers)
	send := func(u *unit, whole bool) bool {
		if whole {
			u.done = make(chan []*Delta, 1)
		}
		select {
		case order <- u:
		case <-ctx.Done():
			return false
		}
		if whole {
			g.Go(func() error { return p.compare(ctx, u) })
		}
		return true
	}
	d := merkle.NewDiff(p.a.r, p.a.Root, p.b.r, p.b.Root)
	u, whole := &unit{}, true
	for {
		step, more, err := d.Next(ctx)
		if err != nil {
			if failed := g.Wait(); failed != nil {
				return failed // it cancelled what Next was reading
			}
			return err
		}
		if !more {
			break
		}
		u.steps = append(u.steps, step)
		u.ends = step.Old != nil && step.New != nil && bytes.Equal(step.Old.Last, step.New.Last)
		if !u.ends && len(u.steps) < maxUnitSteps {
			continue
		}
		whole = whole && u.ends
		if !send(u, whole) {
			break
		}
		whole = u.ends
		u = &unit{}
	}
	if len(u.steps) > 0 {
		send(u, false)
	}
	return g.Wait()
}

// compare finds the deltas of a whole unit.
func (p *pipeline) compare(ctx context.Context, u *unit) error {
	c := p.comparer(ctx)
	var deltas []*Delta
	for _, s := range u.steps {
		d, err := c.step(s)
		if err != nil {
			return err
		}
		if len(d.Changes) > 0 {
			deltas = append(deltas, d)
		}
	}
	u.done <- deltas
	return nil
}
