package fsck

import (
	"fmt"
	"io"
	"os"

	"github.com/strata-data/strata/internal/blob"
	"github.com/strata-data/strata/internal/format/formats"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/table"
)

// sourceState is a source object that was reached.
type sourceState struct {
	*source.Source // nil where it cannot be read
	below          []place
}

// walkSource checks the source object id of the table t.
func (c *checker) walkSource(id object.ID, t *tableState) []place {
	s, ok := c.sources[id]
	if !ok {
		s = &sourceState{}
		c.sources[id] = s
		c.checkSource(id, s)
	}
	if s.Source == nil || t.schema == nil {
		return s.below
	}
	below := s.below
	for _, col := range s.Columns {
		if t.schema.Index(col) < 0 {
			below = joinPlaces(below, []place{{p: c.problem("schemaMismatch", id, fmt.Sprintf("the file has the column %q, the schema has not", col)), column: col, file: s.Path}})
		}
	}
	return below
}

func (c *checker) checkSource(id object.ID, s *sourceState) {
	here := func(p *problem) { s.below = append(s.below, place{p: p}) }
	st := c.status(id)
	switch {
	case st.flags&whole == 0:
		here(c.missing("objectMissing", id, "how a file is written back"))
		return
	case st.kind != object.KindSource:
		here(c.problem("objectWrongKind", id, "a "+st.kind.String()+" where a source should be"))
		return
	}
	src, err := source.Load(c.ctx, c.store, id)
	if err != nil {
		if !c.stop() {
			here(c.undecodable(id, object.KindSource, err))
		}
		return
	}
	s.Source = src
	here = func(p *problem) { s.below = append(s.below, place{p: p, file: src.Path}) }
	if src.Blob != nil {
		for _, p := range c.walkBlob(blob.Ref{ID: object.ID(src.Blob), Size: src.Size}) {
			here(p)
		}
	}
	for _, raw := range src.Lines {
		for _, p := range c.checkLines(object.ID(raw), src.Shuffled) {
			here(p)
		}
	}
	if src.Odd != nil {
		root := merkle.Root{Level: src.Odd.Level, Entry: merkle.Entry{ID: object.ID(src.Odd.Root), Last: src.Odd.Last, Rows: src.Odd.Rows, Bytes: src.Odd.Bytes}}
		sub := c.walkTree(root.Entry, root.Level, false)
		for _, at := range sub.below {
			here(at.p)
		}
		switch {
		case !sub.ok && sub.level != unknownLevel:
			here(c.problem("treeWrongLevel", id, fmt.Sprintf("the root of its odd records is of level %d, should be %d", sub.level, root.Level)))
		case !sub.ok:
		case sub.fits(root.Entry) != nil:
			here(c.problem("chunkStatsWrong", id, "the table of odd records against its root: "+sub.fits(root.Entry).Error()))
		}
	}
}

// checkLines checks a line run and the pages of keys that it names.
func (c *checker) checkLines(id object.ID, shuffled bool) (found []*problem) {
	st := c.status(id)
	switch {
	case st.flags&whole == 0:
		return append(found, c.missing("objectMissing", id, "a run of lines of a file"))
	case st.kind != object.KindLines:
		return append(found, c.problem("objectWrongKind", id, "a "+st.kind.String()+" where a run of lines should be"))
	}
	b, ok := c.load(id)
	if !ok {
		return nil
	}
	links, err := source.LineLinks(b, shuffled)
	if err != nil {
		found = append(found, c.undecodable(id, object.KindLines, err))
	}
	for _, l := range links {
		switch st := c.status(l.ID); {
		case st.flags&whole == 0:
			found = append(found, c.missing("objectMissing", l.ID, "keys in the order of a file"))
		case st.kind != l.Kind:
			found = append(found, c.problem("objectWrongKind", l.ID, "a "+st.kind.String()+" where a page of keys should be"))
		}
	}
	return found
}

// restoreSources writes every file of a table to nowhere, which checks it
// against its hash.
func (c *checker) restoreSources(id object.ID, t *tableState) {
	for _, sid := range t.sources {
		s := c.sources[sid]
		if s == nil || s.Source == nil || s.ValuesOnly || c.stop() {
			continue
		}
		err := c.restore(id, s.Source)
		if c.stop() {
			return
		}
		if c.restored++; err != nil {
			p := c.problem("sourceBroken", sid, detailOf(err))
			p.Hint = repairHint
			t.below = append(t.below, place{p: p, file: s.Path})
		}
		c.o.Progress(phaseFiles, s.Size, 1, 0)
	}
}

func (c *checker) restore(id object.ID, s *source.Source) error {
	t, err := table.Load(c.ctx, c.store, id)
	if err != nil {
		return err
	}
	f, ok := formats.ByName(s.Format)
	if !ok {
		return fmt.Errorf("%w: format %q", object.ErrUnsupported, s.Format)
	}
	temp := func() (*os.File, error) { return os.CreateTemp(c.r.Layout().Dir, repo.TempPrefix+"fsck-*") }
	return source.Restore(c.ctx, c.store, t, s, io.Discard, source.RestoreOptions{Format: f, Mem: c.r.Mem(), Temp: temp})
}
