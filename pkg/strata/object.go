package strata

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/strata-data/strata/internal/blob"
	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/table"
)

// Object is one object of the store.
type Object struct {
	ID    ID
	Kind  string
	Bytes []byte // all of them, as they are hashed; not to be changed
}

// Object returns the object that a name stands for: a full id, a revision, or
// REV:DATASET for its table.
func (r *Repo) Object(ctx context.Context, name string) (*Object, error) {
	found, err := r.parseOne(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(found) != 1 || found[0].Exclude {
		return nil, &repo.RevisionSyntaxError{Text: name, Reason: "it names no single object"}
	}
	b, err := r.r.Objects().Get(ctx, found[0].ID)
	if err != nil {
		return nil, err
	}
	o := &Object{ID: found[0].ID, Bytes: b}
	if len(b) > 0 {
		o.Kind = object.Kind(b[0]).String()
	}
	return o, nil
}

// ObjectDocument is strata.object/1: an object made readable.
type ObjectDocument struct {
	Schema string `json:"schema"`
	ID     ID     `json:"id"`
	Kind   string `json:"kind"`
	Size   int    `json:"size"`
	// Content depends on the kind; see docs/format for the fields.
	Content any `json:"content"`
}

// Explain decodes an object. The values of a page are decoded only where their
// type is given, as ParseType writes it, since a page does not know it.
func (o *Object) Explain(pageType string) (*ObjectDocument, error) {
	doc := &ObjectDocument{Schema: "strata.object/1", ID: o.ID, Kind: o.Kind, Size: len(o.Bytes)}
	var err error
	if doc.Content, err = explain(o.Bytes, pageType); err != nil {
		return nil, fmt.Errorf("object %s: %w", o.ID, err)
	}
	return doc, nil
}

func explain(b []byte, pageType string) (any, error) {
	if len(b) < object.HeaderSize {
		return nil, &object.CorruptError{Detail: "shorter than its header"}
	}
	switch kind := object.Kind(b[0]); kind {
	case object.KindCommit:
		return explainCommit(b)
	case object.KindTree:
		return explainTree(b)
	case object.KindTag:
		t, err := repo.DecodeTag(b)
		if err != nil {
			return nil, err
		}
		return struct {
			TagInfo
			Extra map[string]string `json:"extra"`
		}{annotated(object.Sum(b), t), extraOf(t.Extra)}, nil
	case object.KindTable:
		return table.InspectTable(b)
	case object.KindSchema:
		return explainSchema(b)
	case object.KindNode:
		return explainNode(b)
	case object.KindLeaf:
		return table.InspectLeaf(b)
	case object.KindPageList:
		return table.InspectPageList(b)
	case object.KindPage:
		return explainPage(b, pageType)
	case object.KindSource:
		return explainSource(b)
	case object.KindChunk:
		return map[string]any{"bytes": len(b) - object.HeaderSize}, nil
	case object.KindChunks:
		return explainChunks(b)
	case object.KindLines:
		p, err := object.Payload(b, kind)
		d := merkle.Decoder{B: p}
		return map[string]any{"chunks": d.Uvarint(1 << 32)}, err
	}
	return nil, fmt.Errorf("%w: kind %q", object.ErrUnsupported, b[0])
}

func explainCommit(b []byte) (any, error) {
	c, err := repo.DecodeCommit(b)
	if err != nil {
		return nil, err
	}
	info := commitInfo(&repo.CommitInfo{ID: object.Sum(b), Commit: c})
	return struct {
		CommitInfo
		Generation uint32            `json:"generation"`
		Extra      map[string]string `json:"extra"`
	}{info, c.Generation, extraOf(c.Extra)}, nil
}

// extraOf returns further fields by name.
func extraOf(fields []repo.Field) map[string]string {
	extra := map[string]string{}
	for _, f := range fields {
		extra[f.Name] = f.Value
	}
	return extra
}

// treeLine is a dataset of a tree object.
type treeLine struct {
	Name  string `json:"name"`
	Table ID     `json:"table"`
}

func explainTree(b []byte) (any, error) {
	t, err := repo.DecodeTree(b)
	if err != nil {
		return nil, err
	}
	lines := []treeLine{}
	for _, e := range t.Entries {
		lines = append(lines, treeLine{e.Name, e.Table})
	}
	return lines, nil
}

func explainSchema(b []byte) (any, error) {
	s, err := column.DecodeSchema(b)
	if err != nil {
		return nil, err
	}
	type field struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Type string `json:"type"`
	}
	doc := struct {
		Columns []field  `json:"columns"`
		Key     []string `json:"key"`
	}{[]field{}, append([]string{}, s.Key...)}
	for _, f := range s.Fields {
		doc.Columns = append(doc.Columns, field{f.ID, f.Name, f.Type.String()})
	}
	return doc, nil
}

func explainNode(b []byte) (any, error) {
	n, err := merkle.DecodeNode(b)
	if err != nil {
		return nil, err
	}
	type child struct {
		ID    ID     `json:"id"`
		Last  string `json:"last_key"`
		Rows  int64  `json:"rows"`
		Bytes int64  `json:"bytes"`
	}
	doc := struct {
		Level    int     `json:"level"`
		Children []child `json:"children"`
	}{n.Level, []child{}}
	for _, e := range n.Children {
		doc.Children = append(doc.Children, child{e.ID, hex.EncodeToString(e.Last), e.Rows, e.Bytes})
	}
	return doc, nil
}

func explainPage(b []byte, pageType string) (any, error) {
	rows, err := column.PageRows(b)
	if err != nil {
		return nil, err
	}
	doc := struct {
		Rows   int               `json:"rows"`
		Type   string            `json:"type,omitempty"`
		Values []json.RawMessage `json:"values,omitempty"`
	}{Rows: rows}
	if pageType == "" {
		return doc, nil
	}
	t, err := column.ParseType(pageType)
	if err != nil {
		return nil, &PageTypeError{pageType, err.Error()}
	}
	v := column.NewVector(t, rows)
	if err := column.DecodePage(b, v); err != nil {
		return nil, err
	}
	doc.Type, doc.Values = t.String(), []json.RawMessage{}
	for i := range v.Len {
		doc.Values = append(doc.Values, jsonOf(v, i))
	}
	return doc, nil
}

// PageTypeError is returned for text that is not a type of columns.
type PageTypeError struct {
	Text   string
	Reason string
}

func (e *PageTypeError) Error() string { return fmt.Sprintf("%q is not a type: %s", e.Text, e.Reason) }

func explainSource(b []byte) (any, error) {
	var s source.Source
	if err := object.Unmarshal(b, object.KindSource, &s); err != nil {
		return nil, err
	}
	doc := map[string]any{"path": s.Path, "format": s.Format, "size": s.Size, "hash": hex.EncodeToString(s.Hash), "rows": s.Rows,
		"executable": s.Executable, "columns": append([]string{}, s.Columns...), "shuffled": s.Shuffled, "values_only": s.ValuesOnly,
		"dialect": hex.EncodeToString(s.Dialect), "head": strings.ToValidUTF8(string(s.Head), "\uFFFD")}
	var lines []string
	for _, id := range s.Lines {
		lines = append(lines, hex.EncodeToString(id))
	}
	doc["lines"] = append([]string{}, lines...)
	if s.Blob != nil {
		doc["blob"] = hex.EncodeToString(s.Blob)
	}
	if s.Odd != nil {
		doc["odd"] = map[string]any{"root": hex.EncodeToString(s.Odd.Root), "rows": s.Odd.Rows}
	}
	return doc, nil
}

func explainChunks(b []byte) (any, error) {
	entries, level, err := blob.Children(b)
	if err != nil {
		return nil, err
	}
	type part struct {
		ID   ID    `json:"id"`
		Size int64 `json:"size"`
	}
	doc := struct {
		Level int    `json:"level"`
		Parts []part `json:"parts"`
	}{level, []part{}}
	for _, e := range entries {
		doc.Parts = append(doc.Parts, part{e.ID, e.Size})
	}
	return doc, nil
}
