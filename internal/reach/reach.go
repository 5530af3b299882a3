// Package reach knows which objects an object names, and walks everything that
// is reachable from some of them: for gc, which keeps just that, for du, which
// counts it, and for fsck, which checks it.
//
// The one invariant: whatever a reader of the repository could ask for, starting
// at the links given, Walker visits. Each package that defines an object says what
// it names (table.Links, source.Links, blob.Children, ...); this one only
// dispatches, and follows the ids that are no links but values: a table of files
// (docs/format/files.md) names file contents in a column. Pages and chunks name
// nothing, so they are visited without being read.
//
// Start reading at Links, then Walker.
package reach

import (
	"context"
	"fmt"

	"github.com/strata-data/strata/internal/blob"
	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// Role says in which light an object is to be read, where its bytes alone do
// not say what they name.
type Role uint8

// The roles.
const (
	Plain    Role = iota
	Files         // a node or leaf of a table of files, whose cells name contents
	Shuffled      // a line run of a shuffled source, which names pages of keys
)

// Link is the mention of an object: which, of what kind (0: not known), and how
// to read it.
type Link struct {
	object.Link
	Role Role
}

// To returns the plain link to an object of any kind.
func To(id object.ID) Link { return Link{Link: object.Link{ID: id}} }

// Links returns what the object with the complete bytes b names. From r it reads
// the schema of a table, and the pages of a leaf of files that hold ids; nothing
// else, and what the links lead to may be absent. Bytes that no writer made are
// object.ErrCorrupt.
func Links(ctx context.Context, r store.Reader, b []byte, role Role) ([]Link, error) {
	if len(b) < object.HeaderSize {
		return nil, fmt.Errorf("%w: %d bytes are too few for an object", object.ErrCorrupt, len(b))
	}
	switch kind := object.Kind(b[0]); kind {
	case object.KindPage, object.KindSchema, object.KindChunk:
		_, err := object.Payload(b, kind)
		return nil, err
	case object.KindCommit:
		return ofCommit(b)
	case object.KindTag:
		t, err := repo.DecodeTag(b)
		if err != nil {
			return nil, err
		}
		return []Link{To(t.Target)}, nil
	case object.KindTree:
		return ofTree(b)
	case object.KindTable:
		return ofTable(ctx, r, b)
	case object.KindNode:
		return ofNode(b, role)
	case object.KindLeaf:
		return ofLeaf(ctx, r, b, role)
	case object.KindPageList:
		links, err := table.Links(b)
		return plain(links), err
	case object.KindSource:
		return ofSource(b)
	case object.KindLines:
		links, err := source.LineLinks(b, role == Shuffled)
		return plain(links), err
	case object.KindChunks:
		return ofChunks(b)
	}
	return nil, fmt.Errorf("%w: kind 0x%02x", object.ErrUnsupported, b[0])
}

// ReadsNothing reports whether objects of kind k name nothing, so that they need
// not be read to know what they name.
func ReadsNothing(k object.Kind) bool {
	return k == object.KindPage || k == object.KindSchema || k == object.KindChunk
}

func plain(links []object.Link) []Link {
	out := make([]Link, len(links))
	for i := range links {
		out[i].Link = links[i]
	}
	return out
}

func ofCommit(b []byte) ([]Link, error) {
	c, err := repo.DecodeCommit(b)
	if err != nil {
		return nil, err
	}
	links := []Link{{Link: object.Link{ID: c.Tree, Kind: object.KindTree}}}
	for _, p := range c.Parents {
		links = append(links, Link{Link: object.Link{ID: p, Kind: object.KindCommit}})
	}
	return links, nil
}

func ofTree(b []byte) ([]Link, error) {
	t, err := repo.DecodeTree(b)
	if err != nil {
		return nil, err
	}
	links := make([]Link, len(t.Entries))
	for i, e := range t.Entries {
		links[i].Link = object.Link{ID: e.Table, Kind: object.KindTable}
	}
	return links, nil
}

// ofTable returns the links of a table. The root of a table of files is to be
// read as such.
func ofTable(ctx context.Context, r store.Reader, b []byte) ([]Link, error) {
	raw, err := table.Links(b)
	if err != nil {
		return nil, err
	}
	links := plain(raw)
	id := links[0].ID
	sb, err := r.Get(ctx, id)
	if err != nil {
		return links, fmt.Errorf("read schema %s: %w", id, err)
	}
	s, err := column.DecodeSchema(sb)
	if err != nil {
		return links, merkle.Refused(id, err)
	}
	for i := range links {
		if k := links[i].Kind; FileTree(s) && (k == object.KindNode || k == object.KindLeaf) {
			links[i].Role = Files
		}
	}
	return links, nil
}

// The columns of a table of files that name contents.
const (
	columnContent = "content"
	columnSize    = "size"
)

// FileTree reports whether a table with schema s is a table of files, whose
// cells name objects: keyed by path, with content, size and mode. This goes by the
// schema and not by the dataset's name, so that it holds for tables that no tree
// names.
func FileTree(s *column.Schema) bool {
	if len(s.Key) != 1 || s.Key[0] != "path" {
		return false
	}
	want := map[string]column.Kind{"path": column.String, columnContent: column.Binary, columnSize: column.Int64, "mode": column.String}
	for id, kind := range want {
		if i := s.Index(id); i < 0 || s.Fields[i].Type.Kind != kind {
			return false
		}
	}
	return true
}

func ofNode(b []byte, role Role) ([]Link, error) {
	n, err := merkle.DecodeNode(b)
	if err != nil {
		return nil, err
	}
	links := make([]Link, len(n.Children))
	for i, c := range n.Children {
		links[i] = Link{object.Link{ID: c.ID, Kind: table.RootKind(n.Level - 1)}, role}
	}
	return links, nil
}

func ofLeaf(ctx context.Context, r store.Reader, b []byte, role Role) ([]Link, error) {
	raw, err := table.Links(b)
	if err != nil || role != Files {
		return plain(raw), err
	}
	links := plain(raw)
	s := &column.Schema{Fields: []column.Field{
		column.NewField(columnContent, column.Of(column.Binary)), column.NewField(columnSize, column.Of(column.Int64))}}
	rows, err := table.LeafValues(ctx, r, b, s)
	if err != nil {
		return links, err
	}
	content, size := rows.Cols[0], rows.Cols[1]
	for i := range rows.Len {
		if content.IsNull(i) || len(content.At(i)) != object.Size {
			continue // no file of ours
		}
		link := Link{Link: object.Link{ID: object.ID(content.At(i))}}
		if !size.IsNull(i) {
			link.Kind = blob.KindOf(size.Ints[i])
		}
		links = append(links, link)
	}
	return links, nil
}

func ofSource(b []byte) ([]Link, error) {
	raw, shuffled, err := source.Links(b)
	if err != nil {
		return nil, err
	}
	links := plain(raw)
	for i := range links {
		if shuffled && links[i].Kind == object.KindLines {
			links[i].Role = Shuffled
		}
	}
	return links, nil
}

func ofChunks(b []byte) ([]Link, error) {
	entries, level, err := blob.Children(b)
	if err != nil {
		return nil, err
	}
	kind := object.KindChunk
	if level > 0 {
		kind = object.KindChunks
	}
	links := make([]Link, len(entries))
	for i, e := range entries {
		links[i].Link = object.Link{ID: e.ID, Kind: kind}
	}
	return links, nil
}
