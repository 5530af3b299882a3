package table

import (
	"context"
	"fmt"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// Links returns the objects that the table, leaf or page list object b names,
// in the order in which it does: of a table its schema, its root and its
// sources. It reads nothing else; bytes that are none of these, or damaged,
// are object.ErrCorrupt.
func Links(b []byte) ([]object.Link, error) {
	if len(b) > 0 {
		switch object.Kind(b[0]) {
		case object.KindTable:
			return tableLinks(b)
		case object.KindLeaf:
			return leafLinks(b)
		}
	}
	pages, err := decodePageList(b)
	if err != nil {
		return nil, err
	}
	links := make([]object.Link, len(pages))
	for i := range pages {
		links[i] = object.Link{ID: pages[i].ID, Kind: object.KindPage}
	}
	return links, nil
}

func tableLinks(b []byte) ([]object.Link, error) {
	rec, err := decodeRecord(b)
	if err != nil {
		return nil, err
	}
	links := []object.Link{{ID: object.ID(rec.Schema), Kind: object.KindSchema}}
	if rec.Root != nil {
		links = append(links, object.Link{ID: object.ID(rec.Root), Kind: RootKind(rec.Level)})
	}
	for _, s := range rec.Sources {
		links = append(links, object.Link{ID: object.ID(s), Kind: object.KindSource})
	}
	return links, nil
}

// RootKind returns the kind of the root of a tree of the given level.
func RootKind(level int) object.Kind {
	if level == 0 {
		return object.KindLeaf
	}
	return object.KindNode
}

func leafLinks(b []byte) ([]object.Link, error) {
	l, err := decodeLeaf(b)
	if err != nil {
		return nil, err
	}
	links := make([]object.Link, len(l.Columns))
	for i := range l.Columns {
		links[i] = object.Link{ID: l.Columns[i].ID, Kind: object.KindPage}
		if l.Columns[i].List {
			links[i].Kind = object.KindPageList
		}
	}
	return links, nil
}

// decodeRecord reads a table object and checks the lengths of its ids.
func decodeRecord(b []byte) (*record, error) {
	rec := new(record)
	if err := object.Unmarshal(b, object.KindTable, rec); err != nil {
		return nil, err
	}
	ids := append([][]byte{rec.Schema}, rec.Sources...)
	if rec.Root != nil {
		ids = append(ids, rec.Root)
	}
	for _, id := range ids {
		if len(id) != object.Size {
			return nil, fmt.Errorf("%w: an id in it has the wrong length", object.ErrCorrupt)
		}
	}
	return rec, nil
}

// LeafValues returns the columns of schema s of the samples of the leaf object
// b, in key order, reading the pages that it names. Columns that the leaf does
// not have are null.
func LeafValues(ctx context.Context, r store.Reader, b []byte, s *column.Schema) (*column.Batch, error) {
	id := object.Sum(b)
	l, err := decodeLeaf(b)
	if err != nil {
		return nil, merkle.Refused(id, err)
	}
	lr := &leafReader{leaf: l, r: r, id: id, dec: new(column.PageDecoder)}
	return lr.batch(ctx, s)
}
