package fsck

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/table"
)

// treeKey names a subtree and how it is read.
type treeKey struct {
	id    object.ID
	files bool // its cells name contents of files
}

// subtree is what is known of a node or leaf and all below it, in itself: what
// it should be at its place is for its parent to compare.
type subtree struct {
	ok          bool // it was decoded; else only below and level count
	level       int
	children    int
	rows, bytes int64
	first, last []byte
	closed      bool     // its last key, or its length, ends it
	columns     []string // ids of all columns in its leaves, sorted
	below       []place
}

const unknownLevel = -1

// fits compares a subtree with what its parent says of it.
func (s *subtree) fits(e merkle.Entry) error {
	switch {
	case s.rows != e.Rows:
		return fmt.Errorf("%d samples, should be %d", e.Rows, s.rows)
	case s.bytes != e.Bytes:
		return fmt.Errorf("%d value bytes, should be %d", e.Bytes, s.bytes)
	case !bytes.Equal(s.last, e.Last):
		return errors.New("another last key")
	}
	return nil
}

// walkTree checks the node (level above 0) or leaf that e names. Every object
// is read once, whoever names it. level bounds the depth.
func (c *checker) walkTree(e merkle.Entry, level int, files bool) *subtree {
	key := treeKey{e.ID, files}
	if s, ok := c.trees[key]; ok {
		return s
	}
	s := &subtree{level: unknownLevel}
	c.trees[key] = s
	if c.stop() {
		return s
	}
	st := c.status(e.ID)
	want := table.RootKind(level)
	switch {
	case st.flags&whole == 0:
		s.below = []place{{p: c.missing("treeChildMissing", e.ID, "a "+want.String()+" of "+samples(e.Rows)), last: e.Last, after: true}}
		return s
	case st.kind == object.KindLeaf && want != st.kind, st.kind == object.KindNode && want != st.kind:
		if b, ok := c.load(e.ID); ok {
			s.level = 0
			if n, err := merkle.DecodeNode(b); err == nil {
				s.level = n.Level
			}
		}
		delete(c.trees, key) // another parent may be right about it
		return s
	case st.kind != want:
		s.below = []place{{p: c.problem("objectWrongKind", e.ID, "a "+st.kind.String()+" where a "+want.String()+" should be"), last: e.Last, after: true}}
		return s
	}
	b, ok := c.load(e.ID)
	if !ok {
		return s
	}
	c.o.Progress(phaseTables, 0, 1, 0)
	if want == object.KindLeaf {
		c.checkLeaf(e, b, files, s)
		return s
	}
	n, err := merkle.DecodeNode(b)
	switch {
	case err != nil:
		s.below = []place{{p: c.undecodable(e.ID, want, err), last: e.Last, after: true}}
	case n.Level != level:
		s.level = n.Level
		delete(c.trees, key)
	default:
		c.checkNode(e.ID, n, files, s)
	}
	return s
}

func samples(n int64) string {
	if n == 1 {
		return "1 sample"
	}
	return fmt.Sprintf("%d samples", n)
}

// checkNode checks a decoded node and walks its children.
func (c *checker) checkNode(id object.ID, n *merkle.Node, files bool, s *subtree) {
	s.ok, s.level, s.children = true, n.Level, len(n.Children)
	s.rows, s.bytes = merkle.Sum(n.Children)
	s.last = n.Children[s.children-1].Last
	s.closed = merkle.Level(merkle.Zeros(s.last)) >= n.Level || s.children >= merkle.MaxChildren
	var before []byte
	for i, e := range n.Children {
		if c.stop() {
			return
		}
		lastChild := i == s.children-1
		sub := c.walkTree(e, n.Level-1, files)
		c.takePlaces(s, sub, before)
		switch {
		case sub.ok:
			c.compareChild(id, n, i, before, sub, s)
		case sub.level != unknownLevel:
			c.partial = true
			s.at(c.problem("treeWrongLevel", id, fmt.Sprintf("child %d is of level %d, should be %d", i, sub.level, n.Level-1)), before, e.Last)
		}
		if !lastChild && merkle.Level(merkle.Zeros(e.Last)) >= n.Level {
			s.at(c.problem("treeNotCanonical", id, fmt.Sprintf("the node goes on behind child %d, whose last key ends it", i)), before, e.Last)
		}
		before = e.Last
	}
}

// at notes a problem with the samples behind before up to last.
func (s *subtree) at(p *problem, before, last []byte) {
	s.below = append(s.below, place{p: p, first: before, last: last, after: true})
}

// takePlaces makes the problems below a child those of its parent.
func (c *checker) takePlaces(s, sub *subtree, before []byte) {
	from := len(s.below)
	s.below = joinPlaces(s.below, sub.below)
	for i := from; i < len(s.below); i++ {
		if p := &s.below[i]; p.after && p.first == nil {
			p.first = before
		}
	}
	for _, col := range sub.columns {
		if i, ok := slices.BinarySearch(s.columns, col); !ok {
			s.columns = slices.Insert(slices.Clone(s.columns), i, col)
		}
	}
}

// compareChild compares child i of the node id with what the node says of it.
func (c *checker) compareChild(id object.ID, n *merkle.Node, i int, before []byte, sub, s *subtree) {
	e := n.Children[i]
	if err := sub.fits(e); err != nil {
		s.at(c.problem("chunkStatsWrong", id, fmt.Sprintf("child %d: %v", i, err)), before, e.Last)
	}
	if i == 0 {
		s.first = sub.first
	} else if bytes.Compare(sub.first, before) <= 0 {
		s.at(c.problem("treeUnsorted", id, fmt.Sprintf("child %d begins before child %d ends", i, i-1)), before, e.Last)
	}
	if i < len(n.Children)-1 && !sub.closed {
		s.at(c.problem("treeNotCanonical", e.ID, "it ends where no key ends it"), before, e.Last)
	}
}

// checkLeaf checks a leaf object with the bytes b and that its pages are there.
func (c *checker) checkLeaf(e merkle.Entry, b []byte, files bool, s *subtree) {
	shape, err := table.ReadLeafShape(b)
	if shape == nil {
		s.below = []place{{p: c.undecodable(e.ID, object.KindLeaf, err), last: e.Last, after: true}}
		return
	}
	s.ok, s.level, s.rows, s.bytes, s.first, s.last = true, 0, int64(shape.Rows), shape.Bytes, shape.First, shape.Last
	s.closed = merkle.Zeros(shape.Last) >= merkle.LeafBits || shape.Rows >= merkle.MaxLeafRows
	here := func(p *problem, column string) {
		s.below = append(s.below, place{p: p, column: column, first: shape.First, last: shape.Last})
	}
	if err != nil {
		here(c.undecodable(e.ID, object.KindLeaf, err), "")
	}
	for i := range shape.Columns {
		col := &shape.Columns[i]
		s.columns = append(s.columns, col.Column)
		for _, p := range c.checkColumn(col) {
			here(p, col.Column)
		}
	}
	for _, f := range c.deep[e.ID] {
		if !errors.Is(f.Err, table.ErrColumn) { // walkRows compares columns, for each table
			here(c.leafProblem(f), f.Column)
		}
	}
	if files {
		s.below = joinPlaces(s.below, c.walkContents(b))
	}
}

// checkColumn checks that the pages of a column of a leaf are there.
func (c *checker) checkColumn(col *table.ColumnShape) (found []*problem) {
	pages := []object.ID{col.ID}
	if col.List {
		st := c.status(col.ID)
		switch {
		case st.flags&whole == 0:
			return append(found, c.missing("objectMissing", col.ID, "a list of pages"))
		case st.kind != object.KindPageList:
			return append(found, c.problem("objectWrongKind", col.ID, "a "+st.kind.String()+" where a page list should be"))
		}
		b, ok := c.load(col.ID)
		if !ok {
			return nil
		}
		ids, _, err := col.Pages(b)
		if pages = ids; err != nil {
			found = append(found, c.undecodable(col.ID, object.KindPageList, err))
		}
	}
	for _, id := range pages {
		switch st := c.status(id); {
		case st.flags&whole == 0:
			found = append(found, c.missing("objectMissing", id, "a page"))
		case st.kind != object.KindPage:
			found = append(found, c.problem("objectWrongKind", id, "a "+st.kind.String()+" where a page should be"))
		}
	}
	return found
}
