package fsck

import (
	"errors"
	"io"
	"os"

	"github.com/strata-data/strata/internal/blob"
	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/formats"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/reach"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// salvage makes a table of what is whole of another.
type salvage struct {
	x      *repairer
	w      store.Writer
	branch string
	name   string // of the dataset
	schema *column.Schema
	sorter *table.Sorter
	rows   int64
	seen   map[object.ID]bool // leaves, so that one that is named twice counts once
}

func (x *repairer) temp() (*os.File, error) {
	return os.CreateTemp(x.r.Layout().Dir, repo.TempPrefix+"fsck-*")
}

// table makes the table that is left of the dataset name, whose table is id. like
// are tables of the same dataset in older commits that are whole. The zero id
// says that nothing is left.
func (x *repairer) table(w store.Writer, branch, name string, id object.ID, like []*tableState) (object.ID, error) {
	t := x.c.tables[id]
	s := &salvage{x: x, w: w, branch: branch, name: name, seen: map[object.ID]bool{}}
	if t == nil || !s.chooseSchema(t, like) {
		x.lose(Lost{What: "dataset", Branch: branch, Dataset: name, Object: id, Detail: "nothing says which columns it has"})
		return object.ID{}, nil
	}
	s.sorter = table.NewSorter(s.schema, x.r.Mem()/4, x.temp)
	defer s.sorter.Close()
	if !t.root.ID.IsZero() {
		if err := s.walk(t.root.Entry, nil, 16); err != nil {
			return object.ID{}, err
		}
	}
	root, err := s.build()
	if err != nil {
		return object.ID{}, err
	}
	made, err := s.withSources(table.New(w, s.schema, root), t, id, like)
	if err != nil {
		return object.ID{}, err
	}
	return made.Save(x.ctx, w)
}

// chooseSchema takes the table's own schema if it covers the columns of its
// leaves, else one of like that does.
func (s *salvage) chooseSchema(t *tableState, like []*tableState) bool {
	var columns []string
	for _, files := range []bool{false, true} {
		if sub := s.x.c.trees[treeKey{t.root.ID, files}]; sub != nil {
			columns = sub.columns
		}
	}
	covers := func(schema *column.Schema) bool {
		for _, col := range columns {
			if schema.Index(col) < 0 {
				return false
			}
		}
		return true
	}
	for _, c := range append([]*tableState{t}, like...) {
		if c.schema != nil && covers(c.schema) {
			s.schema = c.schema
			return true
		}
	}
	if s.schema = t.schema; s.schema == nil {
		return false
	}
	for _, col := range columns {
		if s.schema.Index(col) < 0 {
			s.lose(Lost{What: "cells", Column: col, Samples: t.root.Rows, Detail: "no schema says what type the column has"})
		}
	}
	return true
}

func (s *salvage) lose(l Lost) {
	l.Branch, l.Dataset = s.branch, s.name
	s.x.lose(l)
}

// loseRange notes that all samples behind before up to last are gone.
func (s *salvage) loseRange(e merkle.Entry, before []byte, detail string) {
	s.lose(Lost{What: "samples", Samples: e.Rows, Object: e.ID, Detail: detail,
		Keys: &Keys{After: keyText(s.schema, before), Last: keyText(s.schema, e.Last)}})
}

// walk takes the samples below e. Levels are not relied on; depth bounds it.
func (s *salvage) walk(e merkle.Entry, before []byte, depth int) error {
	m, _ := s.x.c.objects.get(e.ID)
	if m.flags&whole == 0 || depth == 0 || m.kind != object.KindNode && m.kind != object.KindLeaf {
		s.loseRange(e, before, s.x.c.missingWord(e.ID))
		return nil
	}
	b, err := s.x.c.store.Get(s.x.ctx, e.ID)
	if err != nil {
		return err
	}
	if m.kind == object.KindLeaf {
		return s.leaf(e, b, before)
	}
	children := looseChildren(b)
	if len(children) == 0 {
		s.loseRange(e, before, "the node cannot be read")
	}
	for _, c := range children {
		if err := s.walk(c, before, depth-1); err != nil {
			return err
		}
		before = c.Last
	}
	return nil
}

// looseChildren returns the children of a node as far as they can be read,
// whatever their order.
func looseChildren(b []byte) []merkle.Entry {
	if n, err := merkle.DecodeNode(b); err == nil {
		return n.Children
	}
	p, err := object.Payload(b, object.KindNode)
	if err != nil {
		return nil
	}
	d := merkle.Decoder{B: p}
	d.Uvarint(1 << 8) // level
	count := d.Uvarint(merkle.MaxChildren)
	var out []merkle.Entry
	var last []byte
	for range count {
		shared := int(d.Uvarint(uint64(len(last))))
		suffix := d.Bytes()
		if d.Err != nil {
			break
		}
		e := merkle.Entry{Last: append(append([]byte{}, last[:shared]...), suffix...), ID: d.ID()}
		e.Rows, e.Bytes = int64(d.Uvarint(1<<62)), int64(d.Uvarint(1<<62))
		if d.Err != nil {
			break
		}
		out = append(out, e)
		last = e.Last
	}
	return out
}

// leaf takes the samples of a leaf.
func (s *salvage) leaf(e merkle.Entry, b, before []byte) error {
	if s.seen[e.ID] {
		return nil
	}
	s.seen[e.ID] = true
	rows, losses, err := table.SalvageLeaf(s.x.ctx, s.x.c.store, b, s.schema)
	if s.x.ctx.Err() != nil {
		return s.x.ctx.Err()
	}
	if err != nil {
		s.loseRange(e, before, detailOf(err))
		return nil
	}
	for _, l := range losses {
		lost := Lost{What: "samples", Samples: l.Rows, Object: e.ID, Keys: &Keys{First: keyText(s.schema, l.First), Last: keyText(s.schema, l.Last)}}
		if l.Column != "" {
			lost.What, lost.Column = "cells", s.schema.Fields[s.schema.Index(l.Column)].Name
		}
		s.lose(lost)
	}
	if reach.FileTree(s.schema) {
		rows = s.wholeFiles(rows)
	}
	if rows.Len == 0 {
		return nil
	}
	at := s.rows
	s.rows += int64(rows.Len)
	return s.sorter.Add(rows, at)
}

// wholeFiles returns the rows of a table of files whose contents are whole.
func (s *salvage) wholeFiles(rows *column.Batch) *column.Batch {
	kept := column.NewBatch(s.schema, rows.Len)
	path, content, size := rows.Cols[s.schema.Index("path")], rows.Cols[s.schema.Index("content")], rows.Cols[s.schema.Index("size")]
	for i := range rows.Len {
		detail := "its content cannot be read"
		if !content.IsNull(i) && !size.IsNull(i) && len(content.At(i)) == object.Size {
			found := s.x.c.walkBlob(blob.Ref{ID: object.ID(content.At(i)), Size: size.Ints[i]})
			if len(found) == 0 {
				kept.AppendFrom(rows, i, i+1)
				continue
			}
			detail = found[0].Detail
		}
		s.lose(Lost{What: "file", File: string(path.At(i)), Samples: 1, Detail: detail})
	}
	return kept
}

// build makes the tree of the samples, in order; of several with one key the
// first counts.
func (s *salvage) build() (root merkle.Root, err error) {
	b := table.NewBuilder(s.x.ctx, s.w, s.schema, s.x.o.Workers)
	keyCols := s.schema.KeyColumns()
	var last []byte
	for run, err := range s.sorter.Rows(s.x.ctx) {
		if err != nil {
			b.Abort()
			return root, err
		}
		for i := range run.Batch.Len {
			key := column.RowKey(nil, run.Batch, keyCols, i)
			if last != nil && string(key) == string(last) {
				s.lose(Lost{What: "samples", Samples: 1, Keys: &Keys{First: keyText(s.schema, key), Last: keyText(s.schema, key)}, Detail: "another sample has the same key"})
				continue
			}
			last = key
			one := column.NewBatch(s.schema, 1)
			one.AppendFrom(run.Batch, i, i+1)
			if err := b.Append(one); err != nil {
				b.Abort()
				return root, err
			}
		}
	}
	return b.Finish()
}

// withSources gives the table the files of the old one, or of one of like, as far
// as they can be written back.
func (s *salvage) withSources(made *table.Table, t *tableState, id object.ID, like []*tableState) (*table.Table, error) {
	if len(t.sources) == 0 && len(like) == 0 || reach.FileTree(s.schema) {
		return made, nil
	}
	var templates []*table.Table
	if old, err := table.Load(s.x.ctx, s.x.c.store, id); err == nil && s.sourcesWhole(t) && old.Schema.Equal(s.schema) {
		templates = append(templates, old)
	}
	for _, l := range like {
		if s.sourcesWhole(l) && l.schema != nil && len(l.sources) > 0 {
			old := table.New(s.x.c.store, l.schema, l.root)
			old.Sources = l.sources
			templates = append(templates, old)
		}
	}
	for _, old := range templates {
		next, err := source.Rewrite(s.x.ctx, s.w, made, []*table.Table{old}, source.RewriteOptions{Formats: formats.ByName, Mem: s.x.r.Mem(), Temp: s.x.temp})
		if err == nil {
			err = s.restores(next)
		}
		if err == nil {
			return next, nil
		}
		if s.x.ctx.Err() != nil {
			return nil, s.x.ctx.Err()
		}
	}
	s.lose(Lost{What: "file", Detail: "its file cannot be written back; strata export writes the samples"})
	return made, nil
}

// sourcesWhole reports whether a check found nothing about the sources of t.
func (s *salvage) sourcesWhole(t *tableState) bool {
	for _, id := range t.sources {
		src := s.x.c.sources[id]
		if src == nil || src.Source == nil || len(src.below) > 0 {
			return false
		}
		for _, name := range []string{"sourceBroken", "schemaMismatch"} {
			if s.x.c.known[problemKey{id: name, object: id}] != nil {
				return false
			}
		}
	}
	return len(t.sources) > 0
}

// restores writes every file of a table to nowhere.
func (s *salvage) restores(t *table.Table) error {
	for _, id := range t.Sources {
		src, err := source.Load(s.x.ctx, s.w, id)
		if err != nil {
			return err
		}
		var f format.Format
		var ok bool
		if f, ok = formats.ByName(src.Format); !ok {
			return errors.New("unknown format " + src.Format)
		}
		err = source.Restore(s.x.ctx, s.w, t, src, io.Discard, source.RestoreOptions{Format: f, Mem: s.x.r.Mem(), Temp: s.x.temp})
		if err != nil {
			return err
		}
	}
	return nil
}
