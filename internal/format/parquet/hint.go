package parquet

import (
	"encoding/base64"

	pq "github.com/parquet-go/parquet-go"

	"github.com/strata-data/strata/internal/column"
)

// arrowKey names the metadata in which Arrow libraries keep the Arrow schema
// of the columns, as a base64 IPC message.
const arrowKey = "ARROW:schema"

// hint takes from the Arrow schema of f, if it has one, what Parquet's own
// types cannot say: fixed-size lists, time zones, timestamps in seconds. A
// schema that is damaged or of another file is ignored.
func hint(nodes []*node, names []string, f *pq.File) {
	text, ok := f.Lookup(arrowKey)
	if !ok {
		return
	}
	msg, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return
	}
	fields, ok := arrowFields(msg)
	if !ok || len(fields) != len(nodes) {
		return
	}
	for i, af := range fields {
		if af.name == names[i] {
			nodes[i].apply(af)
		}
	}
}

// apply refines the type of n by the Arrow field f.
func (n *node) apply(f arrowField) {
	switch n.typ.Kind {
	case column.Timestamp:
		n.applyTimestamp(f)
	case column.List:
		if len(f.kids) != 1 {
			return
		}
		n.kids[0].apply(f.kids[0])
		n.typ = column.ListOf(n.kids[0].typ)
		if f.kind == arrowFixedSizeList && f.size >= 0 && f.size <= 1<<24 {
			n.typ = column.FixedListOf(n.kids[0].typ, int(f.size))
		}
	case column.Struct:
		t := &column.Type{Kind: column.Struct}
		for i, k := range n.kids {
			name := n.typ.Fields[i].Name
			if len(f.kids) == len(n.kids) && f.kids[i].name == name {
				k.apply(f.kids[i])
			}
			t.Fields = append(t.Fields, column.NewField(name, k.typ))
		}
		n.typ = t
	}
}

func (n *node) applyTimestamp(f arrowField) {
	if f.kind != arrowTimestamp {
		return
	}
	t := *n.typ
	if f.zone != "" && (t.Zone == "UTC" || n.conv == convInt96) {
		t.Zone = f.zone
	}
	if f.unit == int16(column.Second) && t.Unit == column.Milli && n.conv == convInt {
		t.Unit, n.scale = column.Second, 1000
	}
	n.typ = &t
}
