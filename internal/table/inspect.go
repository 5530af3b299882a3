package table

import (
	"encoding/hex"
	"fmt"

	"github.com/strata-data/strata/internal/object"
)

// LeafInfo is a leaf or table object made readable, for cat-object.
type LeafInfo struct {
	Rows    int        `json:"rows"`
	First   string     `json:"first_key"` // hex
	Last    string     `json:"last_key"`
	Columns []PageInfo `json:"columns"`
}

// PageInfo is a page as a leaf or a page list refers to it.
type PageInfo struct {
	Column string    `json:"column,omitempty"`
	ID     object.ID `json:"id"`
	List   bool      `json:"list,omitempty"` // ID names a page list
	Rows   int       `json:"rows"`
	Nulls  int       `json:"nulls"`
	Bytes  int64     `json:"bytes"`
	Min    string    `json:"min,omitempty"` // hex
	Max    string    `json:"max,omitempty"`
}

// TableInfo is a table object made readable.
type TableInfo struct {
	Schema  string   `json:"table_schema"` // ids in hex
	Root    string   `json:"root"`
	Level   int      `json:"level"`
	Rows    int64    `json:"rows"`
	Bytes   int64    `json:"bytes"`
	Last    string   `json:"last_key"`
	Sources []string `json:"sources"`
}

// InspectLeaf decodes a leaf object.
func InspectLeaf(b []byte) (*LeafInfo, error) {
	l, err := decodeLeaf(b)
	if err != nil {
		return nil, err
	}
	info := &LeafInfo{Rows: l.Rows, First: hex.EncodeToString(l.First), Last: hex.EncodeToString(l.Last), Columns: []PageInfo{}}
	for _, c := range l.Columns {
		p := pageInfo(c.pageRef)
		p.Column = c.Column
		info.Columns = append(info.Columns, p)
	}
	return info, nil
}

// InspectPageList decodes a page list object.
func InspectPageList(b []byte) ([]PageInfo, error) {
	pages, err := decodePageList(b)
	if err != nil {
		return nil, err
	}
	infos := []PageInfo{}
	for _, p := range pages {
		infos = append(infos, pageInfo(p))
	}
	return infos, nil
}

func pageInfo(p pageRef) PageInfo {
	return PageInfo{ID: p.ID, List: p.List, Rows: p.Rows, Nulls: p.Nulls, Bytes: p.Bytes,
		Min: hex.EncodeToString(p.Min), Max: hex.EncodeToString(p.Max)}
}

// InspectTable decodes a table object alone, without its schema.
func InspectTable(b []byte) (*TableInfo, error) {
	var rec record
	if err := object.Unmarshal(b, object.KindTable, &rec); err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	info := &TableInfo{Schema: hex.EncodeToString(rec.Schema), Root: hex.EncodeToString(rec.Root), Level: rec.Level, Rows: rec.Rows,
		Bytes: rec.Bytes, Last: hex.EncodeToString(rec.Last), Sources: []string{}}
	for _, s := range rec.Sources {
		info.Sources = append(info.Sources, hex.EncodeToString(s))
	}
	return info, nil
}
