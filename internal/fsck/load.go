package fsck

import (
	"errors"

	"github.com/strata-data/strata/internal/object"
)

// stop reports whether the check is over, because of the context.
func (c *checker) stop() bool {
	if c.err == nil {
		c.err = c.ctx.Err()
	}
	return c.err != nil
}

// status returns what is known of the object id, which something names. Where
// not everything was read before, it reads the object.
func (c *checker) status(id object.ID) mark {
	m, ok := c.objects.get(id)
	if !ok && c.o.Tips != nil && !c.stop() {
		c.fetch(id)
		m, _ = c.objects.get(id)
	}
	if m.flags&reached == 0 {
		m = c.objects.add(id, 0, reached)
	}
	return m
}

// fetch reads one object and notes it.
func (c *checker) fetch(id object.ID) {
	b, err := c.store.Get(c.ctx, id)
	switch {
	case err == nil:
		c.noteObject(id, b)
		if m, _ := c.objects.get(id); m.flags&strange != 0 {
			c.noteStrange(id)
		}
		c.o.Progress(phaseTables, int64(len(b)), 1, 0)
	case c.stop() || errors.Is(err, object.ErrNotFound):
	default:
		c.objects.add(id, 0, damaged)
		c.problem("objectHashMismatch", id, detailOf(err)).Hint = repairHint + " --from COPY"
	}
}

// load returns the bytes of an object that status says is whole. Where they
// cannot be read any more, a problem says so.
func (c *checker) load(id object.ID) ([]byte, bool) {
	if c.stop() {
		return nil, false
	}
	b, err := c.store.Get(c.ctx, id)
	if err == nil {
		return b, true
	}
	if !c.stop() {
		c.partial = true
		c.problem("segmentUnreadable", id, detailOf(err))
	}
	return nil, false
}

// missing returns the problem of an object that is named and not whole: that of
// its damage, or else a new one of the kind given.
func (c *checker) missing(kind string, id object.ID, detail string) *problem {
	c.partial = true
	for _, name := range []string{"objectHashMismatch", "objectTruncated", "segmentUnreadable"} {
		if p := c.known[problemKey{id: name, object: id}]; p != nil {
			return p
		}
	}
	p := c.problem(kind, id, detail)
	p.Hint = repairHint + " --from COPY"
	return p
}

// undecodable returns the problem of a whole object that decoding refused.
func (c *checker) undecodable(id object.ID, kind object.Kind, err error) *problem {
	if errors.Is(err, object.ErrNotFound) {
		return c.missing("objectMissing", id, detailOf(err))
	}
	name := malformed(kind, err)
	if name != "chunkStatsWrong" && name != "treeNotCanonical" {
		c.partial = true
	}
	p := c.problem(name, id, detailOf(err))
	p.Hint = repairHint
	return p
}
