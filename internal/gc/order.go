package gc

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/reach"
	"github.com/strata-data/strata/internal/repo"
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
	off    uint32 // of a page: rows of the leaf before it; of a run of lines: its number
	seq    uint32 // of being found
}

// nearRows is how far the beginnings of two versions of a page may be apart, when
// samples before it were added or removed.
const nearRows = 8

// version reports whether o is probably a version of s.
func (s *spot) version(o *spot) bool {
	return s.class == o.class && s.column == o.column && s.run == o.run && o.off-s.off <= nearRows && s.class != classCommit && s.class != classChunk
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
	o := &orderer{r: r, columns: map[string]uint32{}, runs: map[runKey]uint32{}}
	var tips []object.ID
	head, err := r.Head(ctx)
	if err != nil {
		return nil, err
	}
	roots := append([]repo.Root{{ID: head.ID}}, m.roots...)
	for i, root := range roots {
		if root.ID.IsZero() {
			continue
		}
		commit, err := o.root(ctx, root.ID, i == 0)
		if err != nil {
			return nil, err
		}
		if !commit.IsZero() {
			tips = append(tips, commit)
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

// root notes a root that is no commit with all that it reaches. Of a commit, and
// of a tag of one, it returns the commit; its tree comes at once if it is the
// head.
func (o *orderer) root(ctx context.Context, id object.ID, head bool) (object.ID, error) {
	b, err := o.r.Objects().Get(ctx, id)
	if err != nil {
		return object.ID{}, fmt.Errorf("read %s: %w", id, err)
	}
	switch object.Kind(b[0]) {
	case object.KindCommit:
		if !head {
			return id, nil
		}
		c, err := repo.DecodeCommit(b)
		if err != nil {
			return id, merkle.Refused(id, err)
		}
		return id, o.commit(ctx, id, c.Tree)
	case object.KindTag:
		t, err := repo.DecodeTag(b)
		if err != nil {
			return id, merkle.Refused(id, err)
		}
		if !o.note(id, spot{class: classCommit, run: o.run("", 0, nil)}) {
			return object.ID{}, nil
		}
		return o.root(ctx, t.Target, false)
	case object.KindTable:
		return object.ID{}, o.table(ctx, id, "")
	}
	return object.ID{}, o.other(ctx, reach.To(id), "", 0)
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

// table notes a table of a dataset.
func (o *orderer) table(ctx context.Context, id object.ID, dataset string) error {
	if !o.note(id, spot{class: classTable, run: o.run(dataset, 0, nil)}) {
		return nil
	}
	links, err := o.links(ctx, reach.To(id))
	if err != nil {
		return err
	}
	for i, l := range links {
		switch l.Kind {
		case object.KindNode, object.KindLeaf:
			err = o.tree(ctx, l, dataset, nil)
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

// tree notes a node or leaf of a dataset whose samples lie behind the key before.
func (o *orderer) tree(ctx context.Context, l reach.Link, dataset string, before []byte) error {
	b, err := o.r.Objects().Get(ctx, l.ID)
	if err != nil {
		return fmt.Errorf("read %s %s: %w", l.Kind, l.ID, err)
	}
	if l.Kind == object.KindLeaf {
		return o.leaf(ctx, l, b, dataset, before)
	}
	n, err := merkle.DecodeNode(b)
	if err != nil {
		return merkle.Refused(l.ID, err)
	}
	if !o.note(l.ID, spot{class: classNode, run: o.run(dataset, n.Level, before)}) {
		return nil
	}
	for _, c := range n.Children {
		link := reach.Link{Link: object.Link{ID: c.ID, Kind: table.RootKind(n.Level - 1)}, Role: l.Role}
		if err := o.tree(ctx, link, dataset, before); err != nil {
			return err
		}
		before = c.Last
	}
	return nil
}

func (o *orderer) leaf(ctx context.Context, l reach.Link, b []byte, dataset string, before []byte) error {
	run := o.run(dataset, 0, before)
	if !o.note(l.ID, spot{class: classLeaf, run: run}) {
		return nil
	}
	info, err := table.InspectLeaf(b)
	if err != nil {
		return merkle.Refused(l.ID, err)
	}
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
		off := 0
		for _, p := range pages {
			o.note(p.ID, spot{class: classPage, column: col, run: run, off: uint32(off)})
			off += p.Rows
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
		if err := o.other(ctx, f, dataset, 0); err != nil {
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
	s := spot{class: classOf(l.Kind), run: o.run(dataset, int(l.Kind), nil), off: uint32(off) * (nearRows + 1)}
	switch l.Kind {
	case object.KindChunk, object.KindChunks:
		s.off = 0 // the order of the files
	case object.KindPage:
		s.off = uint32(len(o.spots)) // the order of a shuffled file
	}
	if l.Kind == object.KindNode || l.Kind == object.KindLeaf {
		return o.tree(ctx, l, dataset+"\x00odd", nil)
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
