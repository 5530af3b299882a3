package parquet

import (
	"fmt"
	"reflect"

	pq "github.com/parquet-go/parquet-go"

	"github.com/strata-data/strata/internal/column"
)

// group is a group of the schema whose fields keep their order; the library's
// own groups are maps and sort them.
type group struct {
	pq.Node // says what kind of group it is
	fields  []pq.Field
}

func (g *group) Fields() []pq.Field   { return g.fields }
func (g *group) Leaf() bool           { return false }
func (g *group) String() string       { return "group" }
func (g *group) GoType() reflect.Type { return reflect.TypeFor[struct{}]() }

// named is a field of a group.
type named struct {
	pq.Node
	name string
}

func (n *named) Name() string { return n.name }

// Value is needed to write Go structs only, which never happens here.
func (n *named) Value(reflect.Value) reflect.Value { return reflect.Value{} }

// schemaOf returns the schema of a file with the given columns. Every column
// and field is optional, since it is not known before the last batch whether
// it has nulls.
func schemaOf(fields []column.Field) (*pq.Schema, error) {
	g, err := groupOf(pq.Group{}, fields)
	if err != nil {
		return nil, err
	}
	return pq.NewSchema("schema", g), nil
}

func groupOf(base pq.Node, fields []column.Field) (*group, error) {
	if len(fields) == 0 {
		return nil, fmt.Errorf("parquet has no records without fields")
	}
	g := &group{Node: base}
	for _, f := range fields {
		n, err := nodeOf(f.Type)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", f.Name, err)
		}
		g.fields = append(g.fields, &named{pq.Optional(n), f.Name})
	}
	return g, nil
}

// nodeOf returns the Parquet form of t.
func nodeOf(t *column.Type) (pq.Node, error) {
	switch t.Kind {
	case column.Struct:
		return groupOf(pq.Group{}, t.Fields)
	case column.List, column.FixedList:
		elem, err := nodeOf(t.Elem)
		if err != nil {
			return nil, err
		}
		inner := &group{Node: pq.Group{}, fields: []pq.Field{&named{pq.Optional(elem), "element"}}}
		return &group{Node: pq.List(pq.Leaf(pq.BooleanType)), fields: []pq.Field{&named{pq.Repeated(inner), "list"}}}, nil
	}
	return leafOf(t)
}

func leafOf(t *column.Type) (pq.Node, error) {
	switch k := t.Kind; k {
	case column.Bool:
		return pq.Leaf(pq.BooleanType), nil
	case column.Int8, column.Int16, column.Int32, column.Int64:
		return pq.Int(8 << (k - column.Int8)), nil
	case column.Uint8, column.Uint16, column.Uint32, column.Uint64:
		return pq.Uint(8 << (k - column.Uint8)), nil
	case column.Float32:
		return pq.Leaf(pq.FloatType), nil
	case column.Float64:
		return pq.Leaf(pq.DoubleType), nil
	case column.String, column.File:
		return pq.Encoded(pq.String(), &pq.RLEDictionary), nil
	case column.JSON:
		return pq.JSON(), nil
	case column.Binary:
		return pq.Leaf(pq.ByteArrayType), nil
	case column.Date:
		return pq.Date(), nil
	case column.Timestamp:
		unit := [...]pq.TimeUnit{pq.Millisecond, pq.Millisecond, pq.Microsecond, pq.Nanosecond}[t.Unit]
		return pq.TimestampAdjusted(unit, t.Zone != ""), nil
	case column.Decimal:
		switch {
		case t.Precision <= 9:
			return pq.Decimal(t.Scale, t.Precision, pq.Int32Type), nil
		case t.Precision <= 18:
			return pq.Decimal(t.Scale, t.Precision, pq.Int64Type), nil
		}
		return pq.Decimal(t.Scale, t.Precision, pq.FixedLenByteArrayType(16)), nil
	}
	return nil, fmt.Errorf("parquet cannot hold values of type %s", t)
}
