package fsck

import (
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/table"
)

// verifyLeaves decodes all pages of the leaves of a table that were not
// verified before, beside each other.
func (c *checker) verifyLeaves(t *tableState) {
	type leaf struct {
		id     object.ID
		last   bool
		faults []table.LeafFault
	}
	var todo []*leaf
	c.newLeaves(t.root.ID, t.root.Level, true, func(id object.ID, last bool) {
		todo = append(todo, &leaf{id: id, last: last})
	})
	g, ctx := errgroup.WithContext(c.ctx)
	g.SetLimit(c.o.Workers)
	for _, l := range todo {
		g.Go(func() error {
			b, err := c.store.Get(ctx, l.id)
			if err != nil {
				return ctx.Err() // the walk reports it
			}
			l.faults = table.VerifyLeaf(ctx, c.store, b, t.schema, l.last)
			c.o.Progress(phasePages, 0, 1, 0)
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		c.stop()
		return
	}
	for _, l := range todo {
		c.deep[l.id] = l.faults
	}
}

// newLeaves calls visit for every leaf below the node id that was not verified.
func (c *checker) newLeaves(id object.ID, level int, last bool, visit func(object.ID, bool)) {
	if _, done := c.deep[id]; done || c.stop() {
		return
	}
	st := c.status(id)
	if st.flags&whole == 0 || st.kind != table.RootKind(level) {
		return
	}
	if level == 0 {
		c.deep[id] = nil
		visit(id, last)
		return
	}
	if c.deepNodes[id] {
		return
	}
	c.deepNodes[id] = true
	b, err := c.store.Get(c.ctx, id)
	if err != nil {
		return
	}
	n, err := merkle.DecodeNode(b)
	if err != nil || n.Level != level {
		return
	}
	for i, e := range n.Children {
		c.newLeaves(e.ID, level-1, last && i == len(n.Children)-1, visit)
	}
}

// leafProblem makes a problem of what VerifyLeaf found.
func (c *checker) leafProblem(f table.LeafFault) *problem {
	if errors.Is(f.Err, object.ErrNotFound) {
		return c.missing("objectMissing", f.Object, "a page")
	}
	for _, name := range []string{"objectHashMismatch", "objectTruncated", "segmentUnreadable"} {
		if p := c.known[problemKey{id: name, object: f.Object}]; p != nil {
			return p
		}
	}
	kind := object.KindPage
	if m, ok := c.objects.get(f.Object); ok {
		kind = m.kind
	}
	p := c.problem(malformed(kind, f.Err), f.Object, detailOf(f.Err))
	p.Hint = repairHint
	return p
}
