package jsonl

import (
	"fmt"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
)

// codec implements format.Codec. It is never changed once made.
type codec struct {
	fields  []column.Field
	dialect dialect
	encoded []byte
	top     *plan          // of the whole record, as of a struct
	needed  []*column.Type // by column, what all values of the file need; nil if not known
	// plainText says that a literal of printable ASCII without escapes is
	// what this dialect writes.
	plainText bool
}

// plan is a shape and a type made ready for reading and writing.
type plan struct {
	kind    column.Kind
	typ     *column.Type
	absent  bool
	float   spelling
	time    timeStyle
	elem    *plan
	members []*plan
	pos     []int          // of each member in the vector's Kids
	byName  map[string]int // position among members
	// nulls[i] is how many of the members before i are written when null.
	nulls []int

	name  []byte // as a literal
	first []byte // all text before the value of a member that comes first
	next  []byte // and of one that does not
}

func newCodec(d dialect, fields []column.Field) (*codec, error) {
	if len(d.Columns) != len(fields) {
		return nil, fmt.Errorf("jsonl dialect of %d columns: %w: have %d", len(d.Columns), format.ErrFormat, len(fields))
	}
	c := &codec{fields: fields, dialect: d, encoded: d.encode()}
	c.plainText = !d.Escape.Slash && !d.Escape.HTML
	c.top = &plan{kind: column.Struct}
	for i := range fields {
		c.top.addMember(c, &d.Columns[i], fields[i].Type, i)
	}
	return c, nil
}

// plan makes s ready for values of type t, which may have been changed since
// s was found: what s does not say is as export does it.
func (c *codec) plan(s *shape, t *column.Type) *plan {
	p := &plan{kind: t.Kind, typ: t, float: s.Float}
	switch t.Kind {
	case column.Timestamp:
		p.time = styleFor(t)
		if s.Time != nil && (s.Time.Zone == "") == (t.Zone == "") {
			p.time = *s.Time
		}
	case column.List, column.FixedList:
		e := s.Elem
		if e == nil {
			d := shapeOf(nil, t.Elem)
			e = &d
		}
		p.elem = c.plan(e, t.Elem)
	case column.Struct:
		seen := map[string]bool{}
		for i := range s.Members {
			if k := memberIndex(t, s.Members[i].Name); k >= 0 {
				p.addMember(c, &s.Members[i], t.Fields[k].Type, k)
				seen[t.Fields[k].Name] = true
			}
		}
		for k, f := range t.Fields {
			if !seen[f.Name] {
				d := shapeOf(nil, f.Type)
				d.Name, d.Absent = f.Name, true
				p.addMember(c, &d, f.Type, k)
			}
		}
	}
	return p
}

func (p *plan) addMember(c *codec, s *shape, t *column.Type, pos int) {
	m := c.plan(s, t)
	m.absent = s.Absent
	m.name = c.dialect.Escape.quote(nil, []byte(s.Name))
	o := &c.dialect.Object
	m.first = []byte(o[0] + string(m.name) + o[2])
	m.next = []byte(o[1] + string(m.name) + o[2])
	if p.byName == nil {
		p.byName = map[string]int{}
		p.nulls = []int{0}
	}
	p.byName[s.Name] = len(p.members)
	n := p.nulls[len(p.members)]
	if !m.absent {
		n++
	}
	p.nulls = append(p.nulls, n)
	p.members = append(p.members, m)
	p.pos = append(p.pos, pos)
}

// Columns implements format.Codec.
func (c *codec) Columns() []column.Field { return c.fields }

// Dialect implements format.Codec.
func (c *codec) Dialect() []byte { return c.encoded }

// Load implements format.Text.
func (text) Load(encoded []byte, columns []column.Field) (format.Codec, error) {
	d, err := decodeDialect(encoded)
	if err != nil {
		return nil, err
	}
	return newCodec(*d, columns)
}

// Codec implements format.Inferrer.
func (w *inferrer) Codec() (format.Codec, error) {
	if w.tooMany {
		return nil, &format.SyntaxError{Line: 1, Msg: fmt.Sprintf("the records have more than %d names among them", maxColumns)}
	}
	escaped := w.escapes
	escaped.names(&w.root)
	d := dialect{Version: dialectVersion, layout: w.layout, Escape: escaped.style(), Columns: []shape{}}
	named := newNaming(w.options)
	var fields []column.Field
	var needed []*column.Type
	if w.root.object.count == 0 {
		for _, f := range w.options.Columns { // an emptied file keeps its columns
			if !column.Hidden(f.ID) {
				s := shapeOf(nil, f.Type)
				s.Name = named.inFile(f.Name)
				d.Columns = append(d.Columns, s)
				fields = append(fields, f)
			}
		}
	}
	for _, m := range w.root.object.ordered() {
		found := typeOf(&m.node, w.root.object.count)
		f, err := named.field(m, found)
		if err != nil {
			return nil, err
		}
		d.Columns = append(d.Columns, w.root.object.memberShape(m, f.Type))
		fields = append(fields, f)
		if m.node.kinds == 0 && !m.node.opaque {
			found = f.Type
		}
		needed = append(needed, join(f.Type, found))
	}
	c, err := newCodec(d, fields)
	if err != nil {
		return nil, err
	}
	c.needed = needed
	return c, nil
}

// naming finds the columns of the dataset for the names in a file.
type naming struct {
	options format.TextOptions
	dataset map[string]string // name in the file -> name in the dataset
	taken   map[string]int64  // name in the dataset -> line of the first use in the file
	ids     map[string]bool
}

func newNaming(o format.TextOptions) *naming {
	n := &naming{options: o, dataset: map[string]string{}, taken: map[string]int64{}, ids: map[string]bool{}}
	for to, from := range o.Rename {
		if was, ok := n.dataset[from]; !ok || to < was {
			n.dataset[from] = to
		}
	}
	for _, f := range o.Columns {
		n.ids[f.ID] = true
	}
	return n
}

func (n *naming) inFile(name string) string {
	if from, ok := n.options.Rename[name]; ok {
		return from
	}
	return name
}

// field returns the column that the member m of the records is.
func (n *naming) field(m *member, found *column.Type) (column.Field, error) {
	name := m.name
	if to, ok := n.dataset[name]; ok {
		name = to
	}
	switch line, twice := n.taken[name]; {
	case m.name == "":
		return column.Field{}, &format.SyntaxError{Line: m.first.line, Msg: "a member whose name is empty cannot be a column"}
	case column.Hidden(name):
		return column.Field{}, &format.SyntaxError{Line: m.first.line, Msg: fmt.Sprintf("the column name %q is reserved", name)}
	case twice:
		return column.Field{}, &format.SyntaxError{Line: max(line, m.first.line),
			Msg: fmt.Sprintf("two names in the file mean the column %q, one of them %q", name, m.name)}
	}
	n.taken[name] = m.first.line
	for _, f := range n.options.Columns {
		if f.Name == name {
			return f, nil
		}
	}
	id := name
	for k := 2; n.ids[id]; k++ {
		id = fmt.Sprintf("%s~%d", name, k)
	}
	n.ids[id] = true
	return column.Field{ID: id, Name: name, Type: found}, nil
}
