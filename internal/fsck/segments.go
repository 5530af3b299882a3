package fsck

import (
	"fmt"
	"sync"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store/segment"
)

// phases, as progress names them.
const (
	phaseObjects = "checking objects"
	phaseTables  = "checking tables"
	phasePages   = "checking pages"
	phaseFiles   = "restoring files"
)

// readSegments reads every copy of every object and notes what is there.
func (c *checker) readSegments() error {
	total := int64(0)
	for _, i := range c.infos {
		total += max(i.RawBytes, 0)
	}
	c.o.Progress(phaseObjects, 0, 0, total)
	var mu sync.Mutex
	var faults []segment.Stored
	err := c.store.Verify(c.ctx, func(s segment.Stored) error {
		if s.Fault != segment.FaultNone {
			mu.Lock()
			defer mu.Unlock()
			faults = append(faults, s)
			if !s.ID.IsZero() {
				c.objects.add(s.ID, 0, damaged)
			}
			return nil
		}
		c.noteObject(s.ID, s.Bytes)
		c.o.Progress(phaseObjects, int64(len(s.Bytes)), 1, total)
		return nil
	})
	if err != nil {
		return err
	}
	for _, s := range faults {
		c.noteFault(s)
	}
	c.noteHeaders()
	names, err := c.unpublished()
	for _, name := range names {
		p := c.problem("segmentUnpublished", object.Sum([]byte(name)), "the catalogue does not name it")
		p.Object, p.Segment = object.ID{}, name
	}
	return err
}

// noteObject notes a whole object with the bytes b.
func (c *checker) noteObject(id object.ID, b []byte) {
	kind := object.Kind(0)
	if len(b) > 0 {
		kind = object.Kind(b[0])
	}
	flags := uint8(whole)
	if len(b) < object.HeaderSize || !kind.Known() || b[1] != object.Version {
		flags |= strange
	}
	c.objects.read.Add(1)
	c.objects.bytes.Add(int64(len(b)))
	c.objects.add(id, kind, flags)
}

// strange marks a whole object whose header this program does not know.
const strange = 8

// noteHeaders reports objects of unknown kinds and versions.
func (c *checker) noteHeaders() {
	for i := range c.objects.shards {
		for id, m := range c.objects.shards[i].m {
			if m.flags&strange != 0 {
				c.noteStrange(id)
			}
		}
	}
}

// noteStrange says what is unknown about the object id.
func (c *checker) noteStrange(id object.ID) *problem {
	b, err := c.store.Get(c.ctx, id)
	switch {
	case err != nil:
		return c.problem("objectHashMismatch", id, detailOf(err))
	case len(b) < object.HeaderSize:
		return c.problem("objectTruncated", id, fmt.Sprintf("%d bytes are too few for an object", len(b)))
	case !object.Kind(b[0]).Known():
		return c.problem("objectUnknownKind", id, object.Kind(b[0]).String())
	}
	return c.problem("formatUnknown", id, fmt.Sprintf("%s version %d, this program reads version %d", object.Kind(b[0]), b[1], object.Version))
}

// noteFault makes a problem of what Verify reported.
func (c *checker) noteFault(s segment.Stored) {
	ids := map[segment.Fault]string{
		segment.FaultMissing: "segmentMissing", segment.FaultSize: "segmentSizeWrong", segment.FaultIndex: "segmentIndexWrong",
		segment.FaultVersion: "formatUnknown", segment.FaultTruncated: "objectTruncated", segment.FaultHash: "objectHashMismatch",
		segment.FaultBase: "objectHashMismatch", segment.FaultRead: "segmentUnreadable",
	}
	key := s.ID
	if key.IsZero() {
		key = object.Sum([]byte(s.Segment + s.Detail)) // one problem for each fault of a file
	}
	p := c.problem(ids[s.Fault], key, s.Detail)
	p.Object, p.Segment = s.ID, s.Segment
	p.Hint = repairHint + " --from COPY"
	if !s.Actual.IsZero() {
		c.strays[s.Actual] = s
	}
	if !s.ID.IsZero() {
		if was, ok := c.spoiled[s.ID]; !ok || s.Segment < was.Segment {
			c.spoiled[s.ID] = s
		}
	}
}

// judgeDamage says of each damaged copy whether it matters: not if another copy
// is whole, nor if nothing names the object.
func (c *checker) judgeDamage() {
	for id, s := range c.spoiled {
		m, _ := c.objects.get(id)
		for _, name := range []string{"objectHashMismatch", "objectTruncated", "segmentUnreadable"} {
			p := c.known[problemKey{id: name, object: id}]
			if p == nil {
				continue
			}
			p.Segment = s.Segment
			switch {
			case m.flags&whole != 0:
				p.Severity, p.Hint = Warning, repairHint
				p.Detail += "; another copy is whole"
			case m.flags&reached == 0 && !c.partial:
				p.Severity, p.Hint = Warning, repairHint
				p.Detail += "; nothing names it"
			}
		}
	}
}

// countUnreferenced reports objects that nothing reaches, as one finding.
func (c *checker) countUnreferenced() {
	if c.partial || c.err != nil {
		return // they may belong to what could not be walked
	}
	if n := c.objects.count(whole, reached); n > 0 {
		p := c.problem("objectUnreferenced", object.ID{}, fmt.Sprintf("%d objects", n))
		p.Hint = "strata gc"
	}
}
