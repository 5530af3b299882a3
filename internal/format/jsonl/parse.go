package jsonl

import (
	"bytes"
	"errors"
	"math"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
)

// parser reads the records of one piece of text.
type parser struct {
	c       *codec
	d       []byte
	i       int
	odd     bool // the record so far is not what Render writes
	scratch []byte
}

// errMismatch is returned inside the parser for a value that its type does not
// hold; the column that it is in makes a *format.ValueError of it.
var errMismatch = errors.New("value of another type")

// Parse implements format.Codec.
func (c *codec) Parse(d []byte, line int64, dst *column.Batch) (ends, odd []uint32, err error) {
	p := &parser{c: c, d: d, scratch: make([]byte, 0, 256)}
	n := bytes.Count(d, []byte{'\n'}) + 1
	ends = make([]uint32, 0, n)
	for first := true; ; first = false {
		var blank bool
		if first {
			p.i, line = nextRecord(d, 0, line)
			blank = p.i > 0
		}
		if p.i == len(d) {
			return ends, odd, nil
		}
		start := p.i
		p.odd = blank
		if err := p.record(dst, line); err != nil {
			return ends, odd, recordError(d, start, line, err)
		}
		end := p.i
		nl, err := lineEnd(d, end)
		if err != nil {
			return ends, odd, recordError(d, start, line, err)
		}
		p.i, line = nextRecord(d, nl, line)
		if p.i < len(d) {
			p.i = bytes.LastIndexByte(d[:p.i], '\n') + 1 // leading spaces are the next record's
		}
		if p.odd || string(d[end:p.i]) != c.dialect.Line {
			odd = append(odd, uint32(len(ends)))
		}
		ends = append(ends, uint32(p.i))
	}
}

// record reads the object at p.i into the next row of b.
func (p *parser) record(b *column.Batch, line int64) error {
	if p.d[p.i] != '{' {
		p.odd = true
		for isSpace(p.d[p.i]) {
			p.i++
		}
		if p.d[p.i] != '{' {
			return notObject(p.d, p.i)
		}
	}
	err := p.members(p.c.top, b.Cols, b.Len, line)
	b.Len++
	return err
}

// members reads the object at p.i into row of the vectors of the members of
// pl. The text before each value is guessed whole, which is right for all
// records that are not odd. line is that of the record for columns, else 0.
func (p *parser) members(pl *plan, vs []*column.Vector, row int, line int64) error {
	o := &p.c.dialect.Object
	found, at := 0, 0 // members read; next one in order
	for {
		k, err := p.nextMember(pl, at, found == 0)
		if err != nil {
			return err
		}
		if k == endOfObject {
			break
		}
		if k == unknownMember {
			return p.unknown(line)
		}
		if k < at || pl.nulls[k] != pl.nulls[at] {
			p.odd = true
		}
		v := vs[pl.pos[k]]
		if v.Len != row {
			return &scanError{at: p.i, msg: "the name " + string(pl.members[k].name) + " comes twice in an object"}
		}
		value := p.i
		if err := p.value(pl.members[k], v); err != nil {
			if line > 0 && errors.Is(err, errMismatch) {
				return p.mismatch(k, value, line)
			}
			return err
		}
		at = k + 1
		if found++; found == len(pl.members) && p.prefix(o[3]) {
			p.i += len(o[3])
			return nil
		}
	}
	if found == len(pl.members) {
		return nil
	}
	if pl.nulls[len(pl.members)] != pl.nulls[at] {
		p.odd = true
	}
	for _, at := range pl.pos {
		if vs[at].Len == row {
			vs[at].AppendNull()
		}
	}
	return nil
}

func (p *parser) prefix(s string) bool {
	return len(p.d)-p.i >= len(s) && string(p.d[p.i:p.i+len(s)]) == s
}

// What nextMember finds instead of a member.
const (
	endOfObject   = -1
	unknownMember = -2
)

// nextMember goes to the value of the next member and returns its position in
// pl, or behind the object. at is the position that would follow in order;
// first says that nothing was read, p.i being at the brace.
func (p *parser) nextMember(pl *plan, at int, first bool) (int, error) {
	for k := at; k < len(pl.members) && k < at+2; k++ {
		m := pl.members[k]
		text := m.next
		if first {
			text = m.first
		}
		if sameName(p.d, p.i, text) && p.i+len(text) < len(p.d) && p.d[p.i+len(text)] > ' ' {
			p.i += len(text)
			return k, nil
		}
		if !m.absent {
			break
		}
	}
	if !first && p.prefix(p.c.dialect.Object[3]) {
		p.i += len(p.c.dialect.Object[3])
		return endOfObject, nil
	}
	return p.anyMember(pl, first)
}

// anyMember is nextMember without a guess.
func (p *parser) anyMember(pl *plan, first bool) (int, error) {
	d, start := p.d, p.i
	i := skipSpace(d, start)
	switch {
	case first:
		i = skipSpace(d, i+1)
		if i < len(d) && d[i] == '}' {
			p.odd = p.odd || i != start+1
			p.i = i + 1
			return endOfObject, nil
		}
	case i < len(d) && d[i] == '}':
		p.odd = true
		p.i = i + 1
		return endOfObject, nil
	case i >= len(d) || d[i] != ',':
		return 0, &scanError{at: i, msg: "want ',' or '}', have " + glimpse(d, i)}
	default:
		i = skipSpace(d, i+1)
	}
	v, err := skipName(d, i)
	if err != nil {
		return 0, err
	}
	s, err := scanString(d, i)
	if err != nil {
		return 0, err
	}
	name := d[i+1 : s.end-1]
	if s.escapes {
		p.scratch = unquote(p.scratch[:0], name)
		name = p.scratch
	}
	p.i = v
	k, ok := pl.byName[string(name)]
	if !ok {
		p.i = i
		return unknownMember, nil
	}
	text := pl.members[k].next
	if first {
		text = pl.members[k].first
	}
	p.odd = p.odd || !bytes.Equal(d[start:v], text)
	return k, nil
}

// unknown returns the error for the member at p.i, which the type lacks. In
// the record itself that is a column that the file had not before.
func (p *parser) unknown(line int64) error {
	if line == 0 {
		return errMismatch
	}
	s, err := scanString(p.d, p.i)
	if err != nil {
		return err
	}
	v, err := skipColon(p.d, s.end)
	if err != nil {
		return err
	}
	end, err := skipValue(p.d, v, 1, nil)
	if err != nil {
		return err
	}
	return &format.ValueError{Line: line, Column: string(unquote(nil, p.d[p.i+1:s.end-1])), Type: column.Of(column.Invalid),
		Value: excerpt(p.d[v:end]), Needed: typeOfValue(p.d[v:end])}
}

// mismatch returns the error for the value of column k at position at.
func (p *parser) mismatch(k, at int, line int64) error {
	end, err := skipValue(p.d, at, 1, nil)
	if err != nil {
		return err
	}
	f := p.c.fields[k]
	e := &format.ValueError{Line: line, Column: f.Name, Type: f.Type, Value: excerpt(p.d[at:end])}
	if k < len(p.c.needed) {
		e.Needed = p.c.needed[k]
	}
	if e.Needed == nil || e.Needed.Equal(f.Type) {
		e.Needed = join(f.Type, typeOfValue(p.d[at:end]))
	}
	if e.Needed.Equal(f.Type) {
		e.Needed = column.Of(column.JSON)
	}
	return e
}

// excerpt returns the value b for a message, a string without its quotes.
func excerpt(b []byte) string {
	if b[0] == '"' {
		b = unquote(nil, b[1:len(b)-1])
	}
	if len(b) > 80 {
		return string(bytes.ToValidUTF8(b[:77], nil)) + "..."
	}
	return string(b)
}

// value reads the value at p.i into v.
func (p *parser) value(pl *plan, v *column.Vector) error {
	d, i := p.d, p.i
	if i >= len(d) {
		return &scanError{at: i, msg: "want a value, have the end of the line"}
	}
	if d[i] == 'n' {
		if end := wordAt(d, i, "null"); end > 0 {
			p.i = end
			p.odd = p.odd || pl.absent
			v.AppendNull()
			return nil
		}
	}
	switch pl.kind {
	case column.Int64:
		return p.integer(v, math.MinInt64, math.MaxInt64)
	case column.Float64, column.Float32:
		return p.number(pl, v)
	case column.String, column.File:
		return p.text(v)
	case column.Bool:
		return p.boolean(v)
	case column.Date, column.Timestamp:
		return p.instant(pl, v)
	case column.List, column.FixedList:
		return p.list(pl, v)
	case column.Struct:
		if d[i] != '{' {
			return p.other()
		}
		if err := p.members(pl, v.Kids, v.Len, 0); err != nil {
			return err
		}
		v.EndStruct()
		return nil
	case column.JSON:
		return p.json(v)
	case column.Decimal:
		return p.decimal(pl, v)
	case column.Binary:
		return p.binary(v)
	case column.Uint64:
		return p.unsigned(v)
	}
	lo, hi := intLimits(pl.kind)
	return p.integer(v, lo, hi)
}

// other returns errMismatch if the value at p.i is one at all.
func (p *parser) other() error {
	if _, err := skipValue(p.d, p.i, 1, nil); err != nil {
		return err
	}
	return errMismatch
}

func (p *parser) boolean(v *column.Vector) error {
	for _, w := range [...]string{"true", "false"} {
		if end := wordAt(p.d, p.i, w); end > 0 {
			p.i = end
			v.AppendBool(w == "true")
			return nil
		}
	}
	return p.other()
}

func (p *parser) list(pl *plan, v *column.Vector) error {
	d := p.d
	if d[p.i] != '[' {
		return p.other()
	}
	l := &p.c.dialect.Array
	n := 0
	if i := skipSpace(d, p.i+1); i < len(d) && d[i] == ']' {
		p.odd = p.odd || i != p.i+1
		p.i = i + 1
	} else {
		p.gap(l[0], i)
		for {
			if err := p.value(pl.elem, v.Kids[0]); err != nil {
				return err
			}
			n++
			i := skipSpace(d, p.i)
			if i < len(d) && d[i] == ',' {
				p.gap(l[1], skipSpace(d, i+1))
				continue
			}
			if i < len(d) && d[i] == ']' {
				p.gap(l[2], i+1)
				break
			}
			return &scanError{at: i, msg: "want ',' or ']', have " + glimpse(d, i)}
		}
	}
	if pl.kind == column.FixedList && n != pl.typ.Size {
		return errMismatch
	}
	v.EndList()
	return nil
}

// gap goes to end, the text up to which should be want.
func (p *parser) gap(want string, end int) {
	if string(p.d[p.i:end]) != want {
		p.odd = true
	}
	p.i = end
}
