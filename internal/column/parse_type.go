package column

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseType reads a type as Type.String writes it. Word forms of pandas and
// SQL that mean the same are taken too: int, float, double, text, bytes,
// datetime, embedding[N] (fixed_list<float32, N>).
func ParseType(s string) (*Type, error) {
	p := typeParser{s: s}
	t, err := p.parse(0)
	if err == nil {
		p.space()
		if p.i < len(s) {
			err = fmt.Errorf("unexpected %q", s[p.i:])
		}
	}
	if err == nil {
		err = checkType(t, 0, 1)
	}
	if err != nil {
		return nil, fmt.Errorf("type %q: %w", s, err)
	}
	return t, nil
}

const maxTypeDepth = 32

type typeParser struct {
	s string
	i int
}

func (p *typeParser) space() {
	for p.i < len(p.s) && p.s[p.i] == ' ' {
		p.i++
	}
}

func (p *typeParser) word() string {
	p.space()
	j := p.i
	for j < len(p.s) && !strings.ContainsRune("<>[](),: ", rune(p.s[j])) {
		j++
	}
	w := p.s[p.i:j]
	p.i = j
	return w
}

func (p *typeParser) take(c byte) bool {
	p.space()
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *typeParser) expect(c byte) error {
	if !p.take(c) {
		return fmt.Errorf("want %q at position %d", string(c), p.i+1)
	}
	return nil
}

func (p *typeParser) number(lo, hi int) (int, error) {
	w := p.word()
	n, err := strconv.Atoi(w)
	if err != nil || n < lo || n > hi {
		return 0, fmt.Errorf("want a number from %d to %d, have %q", lo, hi, w)
	}
	return n, nil
}

var plainTypes = map[string]Kind{"bool": Bool, "boolean": Bool, "int8": Int8, "int16": Int16, "int32": Int32,
	"int64": Int64, "int": Int64, "uint8": Uint8, "uint16": Uint16, "uint32": Uint32, "uint64": Uint64,
	"float32": Float32, "float64": Float64, "float": Float64, "double": Float64, "string": String, "text": String,
	"str": String, "binary": Binary, "bytes": Binary, "date": Date, "file": File, "json": JSON}

func (p *typeParser) parse(depth int) (*Type, error) {
	if depth > maxTypeDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxTypeDepth)
	}
	w := p.word()
	if k, ok := plainTypes[w]; ok {
		return Of(k), nil
	}
	switch w {
	case "decimal":
		return p.decimal()
	case "timestamp", "datetime":
		return p.timestamp()
	case "embedding":
		if err := p.expect('['); err != nil {
			return nil, err
		}
		n, err := p.number(1, 1<<24)
		if err != nil {
			return nil, err
		}
		return FixedListOf(Of(Float32), n), p.expect(']')
	case "list", "fixed_list":
		return p.list(w == "fixed_list", depth)
	case "struct":
		return p.record(depth)
	}
	return nil, fmt.Errorf("unknown type %q", w)
}

func (p *typeParser) decimal() (*Type, error) {
	if err := p.expect('('); err != nil {
		return nil, err
	}
	prec, err := p.number(1, 38)
	if err != nil {
		return nil, err
	}
	scale := 0
	if p.take(',') {
		if scale, err = p.number(0, prec); err != nil {
			return nil, err
		}
	}
	return DecimalOf(prec, scale), p.expect(')')
}

func (p *typeParser) timestamp() (*Type, error) {
	if !p.take('[') {
		return TimestampOf(Micro, ""), nil
	}
	w, zone := p.word(), ""
	for u, name := range unitNames {
		if w != name {
			continue
		}
		if p.take(',') {
			p.space()
			j := strings.IndexByte(p.s[p.i:], ']')
			if j < 0 {
				return nil, fmt.Errorf("want %q", "]")
			}
			zone = p.s[p.i : p.i+j]
			p.i += j
		}
		return TimestampOf(Unit(u), zone), p.expect(']')
	}
	return nil, fmt.Errorf("unknown unit %q, want s, ms, us or ns", w)
}

func (p *typeParser) list(fixed bool, depth int) (*Type, error) {
	if err := p.expect('<'); err != nil {
		return nil, err
	}
	elem, err := p.parse(depth + 1)
	if err != nil {
		return nil, err
	}
	if !fixed {
		return ListOf(elem), p.expect('>')
	}
	if err := p.expect(','); err != nil {
		return nil, err
	}
	n, err := p.number(0, 1<<24)
	if err != nil {
		return nil, err
	}
	return FixedListOf(elem, n), p.expect('>')
}

func (p *typeParser) record(depth int) (*Type, error) {
	if err := p.expect('<'); err != nil {
		return nil, err
	}
	t := &Type{Kind: Struct}
	for !p.take('>') {
		if len(t.Fields) > 0 {
			if err := p.expect(','); err != nil {
				return nil, err
			}
		}
		name := p.word()
		if name == "" {
			return nil, fmt.Errorf("want a field name at position %d", p.i+1)
		}
		if err := p.expect(':'); err != nil {
			return nil, err
		}
		ft, err := p.parse(depth + 1)
		if err != nil {
			return nil, err
		}
		t.Fields = append(t.Fields, NewField(name, ft))
	}
	return t, nil
}
