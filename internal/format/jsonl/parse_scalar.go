package jsonl

import (
	"bytes"
	"encoding/base64"
	"math"

	"github.com/strata-data/strata/internal/column"
)

// intLimits returns the range of an integer kind of at most 63 bits.
func intLimits(k column.Kind) (lo, hi int64) {
	switch k {
	case column.Int8:
		return math.MinInt8, math.MaxInt8
	case column.Int16:
		return math.MinInt16, math.MaxInt16
	case column.Int32:
		return math.MinInt32, math.MaxInt32
	case column.Uint8:
		return 0, math.MaxUint8
	case column.Uint16:
		return 0, math.MaxUint16
	case column.Uint32:
		return 0, math.MaxUint32
	}
	return math.MinInt64, math.MaxInt64
}

// integer reads a number from lo to hi. Only the canonical spelling is an
// integer: 1.0, 1e3 and -0 are values of another type.
func (p *parser) integer(v *column.Vector, lo, hi int64) error {
	d, i := p.d, p.i
	neg := i < len(d) && d[i] == '-'
	if neg {
		i++
	}
	start := i
	var x uint64
	for i < len(d) && isDigit(d[i]) {
		x = x*10 + uint64(d[i]-'0')
		i++
	}
	if n := i - start; n == 0 || n > 18 || n > 1 && d[start] == '0' || neg && x == 0 || i < len(d) && d[i] > '9' && d[i] != '}' && d[i] != ']' || i < len(d) && d[i] == '.' {
		return p.longInteger(v, lo, hi)
	}
	y := int64(x)
	if neg {
		y = -y
	}
	if y < lo || y > hi {
		return errMismatch
	}
	p.i = i
	v.AppendInt(y)
	return nil
}

// longInteger is integer for what is rare: 19 digits, and errors.
func (p *parser) longInteger(v *column.Vector, lo, hi int64) error {
	if c := p.d[p.i]; c != '-' && !isDigit(c) {
		return p.other()
	}
	end, integer, err := scanNumber(p.d, p.i)
	if err != nil {
		return err
	}
	t := p.d[p.i:end]
	if !integer || string(t) == "-0" {
		return errMismatch
	}
	x, neg, ok := parseInteger(t)
	y := int64(x)
	if neg {
		y = -y
	}
	if !ok || !neg && x > math.MaxInt64 || y < lo || y > hi {
		return errMismatch
	}
	p.i = end
	v.AppendInt(y)
	return nil
}

func (p *parser) unsigned(v *column.Vector) error {
	if c := p.d[p.i]; c != '-' && !isDigit(c) {
		return p.other()
	}
	end, integer, err := scanNumber(p.d, p.i)
	if err != nil {
		return err
	}
	x, neg, ok := uint64(0), true, false
	if integer {
		x, neg, ok = parseInteger(p.d[p.i:end])
	}
	if neg || !ok {
		return errMismatch
	}
	p.i = end
	v.AppendInt(int64(x))
	return nil
}

func (p *parser) number(pl *plan, v *column.Vector) error {
	switch c := p.d[p.i]; {
	case c == '"' || c == '{' || c == '[' || c == 't' || c == 'f':
		return p.other()
	}
	end, _, err := scanNumber(p.d, p.i)
	if err != nil {
		return err
	}
	t := p.d[p.i:end]
	bits := 64
	if pl.kind == column.Float32 {
		bits = 32
	}
	d := takeApart(t)
	f, ok := d.value(t, bits)
	if !ok {
		return errMismatch
	}
	if bits == 32 || !d.sure(pl.float) {
		p.scratch = appendFloat(p.scratch[:0], f, bits, pl.float)
		p.odd = p.odd || !bytes.Equal(p.scratch, t)
	}
	p.i = end
	if bits == 32 {
		v.AppendF32(float32(f))
	} else {
		v.AppendF64(f)
	}
	return nil
}

// text reads a string. It goes straight into the vector.
func (p *parser) text(v *column.Vector) error {
	d, i := p.d, p.i
	if d[i] != '"' {
		return p.other()
	}
	j := plainEnd(d, i+1)
	if j < len(d) && d[j] == '"' {
		v.AppendBytes(d[i+1 : j])
		p.i = j + 1
		if !p.c.plainText {
			p.literal(stringSpan{end: p.i}, i, nil)
		}
		return nil
	}
	s, err := scanString(d, i)
	if err != nil {
		return err
	}
	lit := d[i+1 : s.end-1]
	if !s.escapes {
		v.AppendBytes(lit)
		p.literal(s, i, nil)
	} else {
		at := len(v.Bytes)
		v.Bytes = unquote(v.Bytes, lit)
		p.literal(s, i, v.Bytes[at:])
		v.AppendBytes(nil)
	}
	p.i = s.end
	return nil
}

// literal checks that the literal s at i, whose text is what unless there
// are no escapes, is as the dialect writes it.
func (p *parser) literal(s stringSpan, i int, what []byte) {
	e := &p.c.dialect.Escape
	if p.odd {
		return
	}
	if !s.escapes {
		what = p.d[i+1 : s.end-1]
		if e.plain(s, what) {
			return
		}
	}
	p.scratch = e.quote(p.scratch[:0], what)
	p.odd = !bytes.Equal(p.scratch, p.d[i:s.end])
}

// span scans the string at p.i and returns its text, valid until the next.
func (p *parser) span() ([]byte, stringSpan, error) {
	if p.d[p.i] != '"' {
		return nil, stringSpan{}, p.other()
	}
	s, err := scanString(p.d, p.i)
	if err != nil {
		return nil, s, err
	}
	b := p.d[p.i+1 : s.end-1]
	if s.escapes {
		b = unquote(nil, b)
	}
	return b, s, nil
}

func (p *parser) instant(pl *plan, v *column.Vector) error {
	b, s, err := p.span()
	if err != nil {
		return err
	}
	t, ok := parseInstant(b)
	if !ok {
		return errMismatch
	}
	if pl.kind == column.Date {
		if t.sep != 0 {
			return errMismatch
		}
		v.AppendInt(t.days)
		p.odd = p.odd || s.escapes
		p.i = s.end
		return nil
	}
	n, ok := t.ticks(pl.typ.Unit)
	if !ok || t.sep == 0 || (t.zone == "") != (pl.typ.Zone == "") {
		return errMismatch
	}
	v.AppendInt(n)
	if !p.odd {
		p.scratch = appendTime(p.scratch[:0], n, pl.typ.Unit, pl.time)
		p.odd = s.escapes || !bytes.Equal(p.scratch, b)
	}
	p.i = s.end
	return nil
}

func (p *parser) binary(v *column.Vector) error {
	b, s, err := p.span()
	if err != nil {
		return err
	}
	raw, err := base64.StdEncoding.AppendDecode(nil, b)
	if err != nil {
		return errMismatch
	}
	v.AppendBytes(raw)
	p.scratch = append(base64.StdEncoding.AppendEncode(append(p.scratch[:0], '"'), raw), '"')
	p.odd = p.odd || !bytes.Equal(p.scratch, p.d[p.i:s.end])
	p.i = s.end
	return nil
}

// decimal reads a number, or a string that holds one, as databases write them.
func (p *parser) decimal(pl *plan, v *column.Vector) error {
	var t []byte
	end := 0
	if p.d[p.i] == '"' {
		b, s, err := p.span()
		if err != nil {
			return err
		}
		if n, _, err := scanNumber(b, 0); err != nil || n != len(b) {
			return errMismatch
		}
		t, end = b, s.end
	} else {
		if c := p.d[p.i]; c != '-' && !isDigit(c) {
			return p.other()
		}
		var err error
		if end, _, err = scanNumber(p.d, p.i); err != nil {
			return err
		}
		t = p.d[p.i:end]
	}
	w, neg, ok := parseDecimal(t, pl.typ.Precision, pl.typ.Scale)
	if !ok {
		return errMismatch
	}
	neg = neg && w != (wideDecimal{})
	if pl.typ.Layout() == column.LayoutInt {
		n := int64(w.lo)
		if neg {
			n = -n
		}
		v.AppendInt(n)
	} else {
		b := w.bytes(neg)
		v.AppendBytes(b[:])
	}
	p.scratch = appendDecimal(p.scratch[:0], w, neg, pl.typ.Scale)
	p.odd = p.odd || !bytes.Equal(p.scratch, p.d[p.i:end])
	p.i = end
	return nil
}

// json keeps the value as canonical text.
func (p *parser) json(v *column.Vector) error {
	at := len(v.Bytes)
	var end int
	var err error
	if v.Bytes, end, err = appendCanonical(v.Bytes, p.d, p.i, 1); err != nil {
		return err
	}
	if !p.odd {
		p.scratch = p.c.renderJSON(p.scratch[:0], v.Bytes[at:])
		p.odd = !bytes.Equal(p.scratch, p.d[p.i:end])
	}
	v.AppendBytes(nil)
	p.i = end
	return nil
}
