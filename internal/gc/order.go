package gc

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/reach"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/store/segment"
	"github.com/strata-data/strata/internal/table"
)

// class is the first part of the order of objects: like beside like, and what is
// read together near each other.
type class uint8

const (
	classCommit class = iota // and tags
	classTree
	classTable // and schemas
	classSource
	classLines
	classNode
	classLeaf
	classPageList
	classPage
	classChunk // and lists of them
)

// spot is where an object belongs. Versions of one thing have the same class,
// column and run; the newest has the smallest seq.
type spot struct {
	id     object.ID
	class  class
	column uint32 // of pages and their lists
	run    uint32 // which range of keys, or which file; see orderer.runs
	off    uint32 // of several in one run, such as the runs of lines of a file
	seq    uint32 // of being found
}

// version reports whether o is probably a version of s.
func (s *spot) version(o *spot) bool {
	return s.class == o.class && s.column == o.column && s.run == o.run && o.off == s.off && s.class != classCommit && s.class != classChunk
}

func compareSpots(a, b spot) int {
	return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.column, b.column), cmp.Compare(a.run, b.run),
		cmp.Compare(a.off, b.off), cmp.Compare(a.seq, b.seq))
}

// orderer walks the history from its newest commits on, one object after the
// other, so that what it finds depends on nothing else.
type orderer struct {
	r       *repo.Repo
	seen    reach.Set
	spots   []spot
	names   map[object.ID]string // of datasets, by their schemas
	columns map[string]uint32
	runs    map[runKey]uint32
}

// runKey names a run of samples by what lies before it, which stays the same when
// the run itself is edited or grows at its end: the last key before it.
type runKey struct {
	dataset string
	level   int
	before  string
}

// order returns the objects that are needed in the order in which to pack them.
// Memory: about 100 bytes for each, until it was read.
func (m *Marked) order(ctx context.Context, r *repo.Repo) (iter.Seq[segment.Ordered], error) {
	o := &orderer{r: r, names: map[object.ID]string{}, columns: map[string]uint32{}, runs: map[runKey]uint32{}}
	var tips, others []object.ID
	for _, root := range m.roots {
		commit, err := o.commitOf(ctx, root.ID)
		if err != nil {
			return nil, err
		}
		if commit.IsZero() {
			others = append(others, root.ID)
		} else {
			tips = append(tips, commit)
		}
	}
	head, err := r.Head(ctx)
	if err != nil {
		return nil, err
	}
	if !head.ID.IsZero() {
		c, err := r.Commit(ctx, head.ID)
		if err != nil {
			return nil, err
		}
		if err := o.commit(ctx, head.ID, c.Tree); err != nil {
			return nil, err
		}
	}
	for c, err := range r.Walk(ctx, tips, nil, repo.WalkOptions{Order: repo.OrderDateTopo}) {
		if err != nil {
			return nil, err
		}
		if err := o.commit(ctx, c.ID, c.Tree); err != nil {
			return nil, err
		}
	}
	for _, id := range others { // tables of the index, now and earlier, are mostly those of commits
		if err := o.other(ctx, reach.To(id), "", 0); err != nil {
			return nil, err
		}
	}
	o.rank()
	slices.SortFunc(o.spots, compareSpots)
	return o.ordered, nil
}

func (o *orderer) ordered(yield func(segment.Ordered) bool) {
	for i := range o.spots {
		s := &o.spots[i]
		like := i > 0 && o.spots[i-1].version(s)
		if !yield(segment.Ordered{ID: s.id, Like: like}) {
			return
		}
	}
}

// rank renumbers the runs by their datasets and keys.
func (o *orderer) rank() {
	keys := make([]runKey, 0, len(o.runs))
	for k := range o.runs {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b runKey) int {
		return cmp.Or(cmp.Compare(a.dataset, b.dataset), cmp.Compare(a.level, b.level), cmp.Compare(a.before, b.before))
	})
	to := make([]uint32, len(keys))
	for i, k := range keys {
		to[o.runs[k]] = uint32(i)
	}
	for i := range o.spots {
		o.spots[i].run = to[o.spots[i].run]
	}
	o.runs = nil
}

func (o *orderer) run(dataset string, level int, before []byte) uint32 {
	k := runKey{dataset, level, string(before)}
	n, ok := o.runs[k]
	if !ok {
		n = uint32(len(o.runs))
		o.runs[k] = n
	}
	return n
}

func (o *orderer) column(id string) uint32 {
	n, ok := o.columns[id]
	if !ok {
		n = uint32(len(o.columns)) + 1
		o.columns[id] = n
	}
	return n
}

// note adds an object. It reports whether that was new.
func (o *orderer) note(id object.ID, s spot) bool {
	if _, fresh := o.seen.Add(id, 0); !fresh {
		return false
	}
	s.id, s.seq = id, uint32(len(o.spots))
	o.spots = append(o.spots, s)
	return true
}

// commitOf returns the commit that a root is, or that the tag leads to which it
// is; tags are noted. Of another object it is zero.
func (o *orderer) commitOf(ctx context.Context, id object.ID) (object.ID, error) {
	for {
		b, err := o.r.Objects().Get(ctx, id)
		if err != nil {
			return object.ID{}, fmt.Errorf("read %s: %w", id, err)
		}
		switch object.Kind(b[0]) {
		case object.KindCommit:
			return id, nil
		case object.KindTag:
			t, err := repo.DecodeTag(b)
			if err != nil {
				return id, merkle.Refused(id, err)
			}
			o.note(id, spot{class: classCommit, run: o.run("", 0, nil)})
			id = t.Target
		default:
			return object.ID{}, nil
		}
	}
}

func (o *orderer) commit(ctx context.Context, id, tree object.ID) error {
	o.note(id, spot{class: classCommit, run: o.run("", 0, nil)})
	if !o.note(tree, spot{class: classTree, run: o.run("", 1, nil)}) {
		return nil
	}
	t, err := o.r.Tree(ctx, tree)
	if err != nil {
		return err
	}
	for _, e := range t.Entries {
		if err := o.table(ctx, e.Table, e.Name); err != nil {
			return err
		}
	}
	return nil
}

// table notes a table of a dataset, which is "" where it is not known; then it is
// taken for the one that had this schema last.
func (o *orderer) table(ctx context.Context, id object.ID, dataset string) error {
	if !o.note(id, spot{class: classTable, run: o.run(dataset, 0, nil)}) {
		return nil
	}
	links, err := o.links(ctx, reach.To(id))
	if err != nil {
		return err
	}
	sb, err := o.r.Objects().Get(ctx, links[0].ID)
	if err != nil {
		return fmt.Errorf("read schema %s: %w", links[0].ID, err)
	}
	schema, err := column.DecodeSchema(sb)
	if err != nil {
		return merkle.Refused(links[0].ID, err)
	}
	if dataset == "" {
		dataset = o.names[links[0].ID]
	}
	o.names[links[0].ID] = dataset
	for i, l := range links {
		switch l.Kind {
		case object.KindNode, object.KindLeaf:
			err = o.tree(ctx, l, family{dataset, schema}, nil)
		default:
			err = o.other(ctx, l, dataset, i)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (o *orderer) links(ctx context.Context, l reach.Link) ([]reach.Link, error) {
	b, err := o.r.Objects().Get(ctx, l.ID)
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", l.Kind, l.ID, err)
	}
	return reach.Links(ctx, o.r.Objects(), b, l.Role)
}

// family is the versions of one dataset. The schema is that of the table at hand;
// without one, pages of wide columns are told apart less well.
type family struct {
	dataset string
	schema  *column.Schema
}

// tree notes a node or leaf of a dataset whose samples lie behind the key before.
func (o *orderer) tree(ctx context.Context, l reach.Link, of family, before []byte) error {
	b, err := o.r.Objects().Get(ctx, l.ID)
	if err != nil {
		return fmt.Errorf("read %s %s: %w", l.Kind, l.ID, err)
	}
	if l.Kind == object.KindLeaf {
		return o.leaf(ctx, l, b, of, before)
	}
	n, err := merkle.DecodeNode(b)
	if err != nil {
		return merkle.Refused(l.ID, err)
	}
	if !o.note(l.ID, spot{class: classNode, run: o.run(of.dataset, n.Level, before)}) {
		return nil
	}
	for _, c := range n.Children {
		link := reach.Link{Link: object.Link{ID: c.ID, Kind: table.RootKind(n.Level - 1)}, Role: l.Role}
		if err := o.tree(ctx, link, of, before); err != nil {
			return err
		}
		before = c.Last
	}
	return nil
}

func (o *orderer) leaf(ctx context.Context, l reach.Link, b []byte, of family, before []byte) error {
	run := o.run(of.dataset, 0, before)
	if !o.note(l.ID, spot{class: classLeaf, run: run}) {
		return nil
	}
	info, err := table.InspectLeaf(b)
	if err != nil {
		return merkle.Refused(l.ID, err)
	}
	var keys *column.Batch // read when a list is new
	for _, c := range info.Columns {
		col := o.column(c.Column)
		if !c.List {
			o.note(c.ID, spot{class: classPage, column: col, run: run})
			continue
		}
		if !o.note(c.ID, spot{class: classPageList, column: col, run: run}) {
			continue
		}
		lb, err := o.r.Objects().Get(ctx, c.ID)
		if err != nil {
			return fmt.Errorf("read page list %s: %w", c.ID, err)
		}
		pages, err := table.InspectPageList(lb)
		if err != nil {
			return merkle.Refused(c.ID, err)
		}
		if keys == nil && of.schema != nil {
			if keys, err = table.LeafValues(ctx, o.r.Objects(), b, table.Project(of.schema, of.schema.Key)); err != nil {
				return err
			}
		}
		at, page := 0, run
		for i, p := range pages {
			o.note(p.ID, spot{class: classPage, column: col, run: page})
			if at += p.Rows; keys != nil && i < len(pages)-1 {
				page = o.run(of.dataset, 0, column.RowKey(nil, keys, keys.Schema.KeyColumns(), at-1))
			}
		}
	}
	if l.Role != reach.Files {
		return nil
	}
	links, err := reach.Links(ctx, o.r.Objects(), b, l.Role)
	if err != nil {
		return err
	}
	for _, f := range links {
		if err := o.other(ctx, f, of.dataset, 0); err != nil {
			return err
		}
	}
	return nil
}

// other notes what is no part of a tree of samples: schemas, sources with their
// lines and odd records, files. off is its number among its like.
func (o *orderer) other(ctx context.Context, l reach.Link, dataset string, off int) error {
	if l.Kind == 0 {
		b, err := o.r.Objects().Get(ctx, l.ID)
		if err != nil {
			return fmt.Errorf("read %s: %w", l.ID, err)
		}
		l.Kind = object.Kind(b[0])
	}
	s := spot{class: classOf(l.Kind), run: o.run(dataset, int(l.Kind), nil), off: uint32(off)}
	switch l.Kind {
	case object.KindChunk, object.KindChunks:
		s.off = 0 // the order of the files
	case object.KindPage:
		s.off = uint32(len(o.spots)) // the order of a shuffled file
	case object.KindLines:
		if o.seen.Has(l.ID) {
			return nil
		}
		b, err := o.r.Objects().Get(ctx, l.ID)
		if err != nil {
			return fmt.Errorf("read lines %s: %w", l.ID, err)
		}
		start, err := source.LineStart(b, l.Role == reach.Shuffled)
		if err != nil {
			return merkle.Refused(l.ID, err)
		}
		s.run, s.off = o.run(dataset, -1, start), 0
	}
	switch l.Kind {
	case object.KindNode, object.KindLeaf:
		return o.tree(ctx, l, family{dataset: dataset + "\x00odd"}, nil)
	case object.KindTable:
		return o.table(ctx, l.ID, dataset)
	}
	if !o.note(l.ID, s) || reach.ReadsNothing(l.Kind) {
		return nil
	}
	links, err := o.links(ctx, l)
	if err != nil {
		return err
	}
	for i, next := range links {
		if err := o.other(ctx, next, dataset, i); err != nil {
			return err
		}
	}
	return nil
}

func classOf(k object.Kind) class {
	switch k {
	case object.KindCommit, object.KindTag:
		return classCommit
	case object.KindTree:
		return classTree
	case object.KindSource:
		return classSource
	case object.KindLines:
		return classLines
	case object.KindPage:
		return classPage
	case object.KindChunk, object.KindChunks:
		return classChunk
	}
	return classTable
}
