package parquet

import (
	"fmt"

	"github.com/parquet-go/parquet-go/deprecated"
	pf "github.com/parquet-go/parquet-go/format"

	"github.com/strata-data/strata/internal/column"
)

// maxDepth bounds how deep columns may nest.
const maxDepth = 30

// node is one value of the column tree with the levels that say when it is
// there. A slot of the node begins at every entry of its first leaf whose
// repetition level is at most rep and whose definition level is at least slot;
// the slot holds a value when the definition level is at least def.
type node struct {
	typ  *column.Type
	kids []*node // the element of a list, the fields of a struct
	leaf int     // position among the leaves of the file; -1 for groups
	conv conv    // leaves: how values are converted
	// arg is the width of fixed-length values, or for times the unit.
	arg   int
	scale int64 // timestamps: stored values are this many times the type's unit

	rep, slot, def int
	elem           int // lists: definition level from which an element exists
	first          int // the first leaf at or below the node
}

// parseSchema returns the top-level columns of a file and their names.
func parseSchema(elems []pf.SchemaElement) ([]*node, []string, error) {
	if len(elems) == 0 {
		return nil, nil, malformed("parquet: no schema")
	}
	p := &schemaParser{elems: elems, i: 1}
	var (
		nodes []*node
		names []string
		seen  = map[string]bool{}
	)
	for range elems[0].NumChildren.V {
		if p.i >= len(elems) {
			return nil, nil, malformed("parquet: the schema is cut short")
		}
		name := elems[p.i].Name
		if name == "" {
			return nil, nil, malformed("parquet: column %d has no name", len(nodes)+1)
		}
		if seen[name] {
			return nil, nil, malformed("parquet: column %q is there twice", name)
		}
		seen[name] = true
		n, err := p.field(0, 0, 0, 0)
		if err != nil {
			return nil, nil, fmt.Errorf("column %q: %w", name, err)
		}
		nodes, names = append(nodes, n), append(names, name)
	}
	return nodes, names, nil
}

type schemaParser struct {
	elems  []pf.SchemaElement
	i      int // next element
	leaves int
}

func (p *schemaParser) next() (*pf.SchemaElement, error) {
	if p.i >= len(p.elems) {
		return nil, malformed("parquet: the schema is cut short")
	}
	p.i++
	return &p.elems[p.i-1], nil
}

func repetition(e *pf.SchemaElement) pf.FieldRepetitionType {
	if e.RepetitionType.Valid {
		return e.RepetitionType.V
	}
	return pf.Required
}

func isGroup(e *pf.SchemaElement) bool { return e.NumChildren.Valid && e.NumChildren.V > 0 }

// field reads the next element, which is a field of a group. A repeated field
// outside of LIST and MAP is a list that is never null.
func (p *schemaParser) field(rep, slot, def, depth int) (*node, error) {
	e, err := p.next()
	if err != nil {
		return nil, err
	}
	switch repetition(e) {
	case pf.Optional:
		return p.content(e, rep, slot, def+1, depth)
	case pf.Repeated:
		n := &node{leaf: -1, rep: rep, slot: slot, def: def, elem: def + 1, first: p.leaves}
		kid, err := p.content(e, rep+1, def+1, def+1, depth+1)
		if err != nil {
			return nil, err
		}
		n.typ, n.kids = column.ListOf(kid.typ), []*node{kid}
		return n, nil
	}
	return p.content(e, rep, slot, def, depth)
}

// content reads what is below e, whose own repetition has been counted.
func (p *schemaParser) content(e *pf.SchemaElement, rep, slot, def, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, malformed("parquet: nested deeper than %d", maxDepth)
	}
	n := &node{leaf: -1, rep: rep, slot: slot, def: def, first: p.leaves}
	if !isGroup(e) {
		n.leaf = p.leaves
		p.leaves++
		return n, n.setLeaf(e)
	}
	if e.NumChildren.V == 1 && p.i < len(p.elems) && repetition(&p.elems[p.i]) == pf.Repeated {
		switch annotation(e) {
		case deprecated.List:
			return p.list(n, e, depth)
		case deprecated.Map, deprecated.MapKeyValue:
			return p.repeated(n, depth)
		}
	}
	return p.record(n, int(e.NumChildren.V), depth)
}

// annotation returns List or Map for a group that is one, and -1 otherwise.
func annotation(e *pf.SchemaElement) deprecated.ConvertedType {
	switch e.LogicalType.Value.(type) {
	case *pf.ListType:
		return deprecated.List
	case *pf.MapType:
		return deprecated.Map
	}
	if e.ConvertedType.Valid {
		return e.ConvertedType.V
	}
	return -1
}

func (p *schemaParser) record(n *node, fields, depth int) (*node, error) {
	n.typ = &column.Type{Kind: column.Struct}
	seen := map[string]bool{}
	for range fields {
		if p.i >= len(p.elems) {
			return nil, malformed("parquet: the schema is cut short")
		}
		name := p.elems[p.i].Name
		if seen[name] {
			return nil, malformed("parquet: field %q is there twice", name)
		}
		seen[name] = true
		kid, err := p.field(n.rep, n.slot, n.def, depth+1)
		if err != nil {
			return nil, err
		}
		n.typ.Fields = append(n.typ.Fields, column.NewField(name, kid.typ))
		n.kids = append(n.kids, kid)
	}
	return n, nil
}

// repeated reads the repeated child of n, whose contents are n's elements.
func (p *schemaParser) repeated(n *node, depth int) (*node, error) {
	c, err := p.next()
	if err != nil {
		return nil, err
	}
	n.elem = n.def + 1
	kid, err := p.content(c, n.rep+1, n.elem, n.elem, depth+1)
	if err != nil {
		return nil, err
	}
	n.typ, n.kids = column.ListOf(kid.typ), []*node{kid}
	return n, nil
}

// list reads a group annotated LIST. The rules for files from before the
// three-level form are those of parquet-format's LogicalTypes.md.
func (p *schemaParser) list(n *node, e *pf.SchemaElement, depth int) (*node, error) {
	c := &p.elems[p.i]
	one := isGroup(c) && c.NumChildren.V == 1 && p.i+1 < len(p.elems)
	twoLevel := !one || c.Name == "array" || c.Name == e.Name+"_tuple" ||
		repetition(&p.elems[p.i+1]) == pf.Repeated || annotation(c) == deprecated.List || annotation(c) == deprecated.Map
	if twoLevel {
		return p.repeated(n, depth)
	}
	p.i++
	n.elem = n.def + 1
	kid, err := p.field(n.rep+1, n.elem, n.elem, depth+1)
	if err != nil {
		return nil, err
	}
	n.typ, n.kids = column.ListOf(kid.typ), []*node{kid}
	return n, nil
}

// walk calls f for n and everything below it.
func (n *node) walk(f func(*node)) {
	f(n)
	for _, k := range n.kids {
		k.walk(f)
	}
}
