package fsck

import (
	"fmt"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/reach"
	"github.com/strata-data/strata/internal/table"
)

// tableState is a table object that was reached.
type tableState struct {
	schema  *column.Schema // nil where it cannot be read
	root    merkle.Root
	sources []object.ID
	below   []place
}

// walkTable checks the table id and all that it reaches, once.
func (c *checker) walkTable(id object.ID) *tableState {
	if t, ok := c.tables[id]; ok {
		return t
	}
	t := &tableState{}
	c.tables[id] = t
	c.checkTable(id, t)
	return t
}

func (t *tableState) add(p *problem) { t.below = append(t.below, place{p: p}) }

func (c *checker) checkTable(id object.ID, t *tableState) {
	st := c.status(id)
	switch {
	case st.flags&whole == 0:
		t.add(c.missing("objectMissing", id, "a table"))
		return
	case st.kind != object.KindTable:
		t.add(c.problem("objectWrongKind", id, "a "+st.kind.String()+" where a table should be"))
		return
	}
	b, ok := c.load(id)
	if !ok {
		return
	}
	c.o.Progress(phaseTables, 0, 1, 0)
	schema, err := t.decode(b)
	if err != nil {
		t.add(c.undecodable(id, object.KindTable, err))
		return
	}
	t.schema = c.readSchema(schema, t)
	files := t.schema != nil && reach.FileTree(t.schema)
	if !t.root.ID.IsZero() {
		c.walkRows(id, t, files)
	}
	for _, s := range t.sources {
		t.below = joinPlaces(t.below, c.walkSource(s, t))
	}
	if c.o.Deep && len(t.below) == 0 {
		c.restoreSources(id, t)
	}
}

// decode reads a table object.
func (t *tableState) decode(b []byte) (schema object.ID, err error) {
	info, err := table.InspectTable(b)
	if err != nil {
		return schema, err
	}
	if schema, err = object.Parse(info.Schema); err != nil {
		return schema, fmt.Errorf("%w: id of the schema: %v", object.ErrCorrupt, err)
	}
	t.root, err = info.MerkleRoot()
	if err != nil {
		return schema, err
	}
	for _, s := range info.Sources {
		id, err := object.Parse(s)
		if err != nil {
			return schema, fmt.Errorf("%w: id of a source: %v", object.ErrCorrupt, err)
		}
		t.sources = append(t.sources, id)
	}
	return schema, nil
}

// readSchema returns the schema id, nil with a problem where it cannot.
func (c *checker) readSchema(id object.ID, t *tableState) *column.Schema {
	st := c.status(id)
	if st.flags&whole == 0 {
		t.add(c.missing("objectMissing", id, "the schema of a table"))
		return nil
	}
	b, ok := c.load(id)
	if !ok {
		return nil
	}
	s, err := column.DecodeSchema(b)
	if err != nil {
		if st.kind != object.KindSchema {
			t.add(c.problem("objectWrongKind", id, "a "+st.kind.String()+" where a schema should be"))
			return nil
		}
		t.add(c.undecodable(id, object.KindSchema, err))
		return nil
	}
	return s
}

// walkRows checks the samples of a table.
func (c *checker) walkRows(id object.ID, t *tableState, files bool) {
	if c.o.Deep && t.schema != nil {
		c.verifyLeaves(t)
	}
	sub := c.walkTree(t.root.Entry, t.root.Level, files)
	t.below = joinPlaces(t.below, sub.below)
	if !sub.ok {
		if sub.level != unknownLevel && sub.level != t.root.Level {
			t.add(c.problem("treeWrongLevel", id, fmt.Sprintf("its root is of level %d, the table says %d", sub.level, t.root.Level)))
		}
		return
	}
	if err := sub.fits(t.root.Entry); err != nil {
		t.add(c.problem("chunkStatsWrong", id, "the table against its root: "+err.Error()))
	}
	if sub.level > 0 && sub.children == 1 {
		t.add(c.problem("treeNotCanonical", t.root.ID, "the root has a single child"))
	}
	if t.schema == nil {
		return
	}
	for _, col := range sub.columns {
		if t.schema.Index(col) < 0 {
			t.below = append(t.below, place{p: c.problem("schemaMismatch", id, fmt.Sprintf("leaves have the column %q, the schema has not", col)), column: col})
		}
	}
	for _, col := range t.schema.Key {
		if len(sub.columns) == 0 {
			break // nothing below could be read
		}
		if _, ok := slices.BinarySearch(sub.columns, col); !ok {
			t.below = append(t.below, place{p: c.problem("schemaMismatch", id, fmt.Sprintf("the leaves have no key column %q", col)), column: col})
		}
	}
}
