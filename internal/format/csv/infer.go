package csv

import (
	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/lines"
)

// layout is what Sniff found: all that the inferrers of a file share.
type layout struct {
	delim   byte
	space   bool
	crlf    bool // the head's lines end in CR LF
	class   *classes
	columns []target
}

// target is one column of the file.
type target struct {
	field column.Field // Type is nil where it is to be found
	// For a type that is known already: what stats look for, and the reader
	// that says which values fit.
	can   reading
	check columnCodec
}

func newTarget(f column.Field, class *classes) target {
	t := target{field: f, can: asAny}
	if f.Type == nil {
		return t
	}
	t.check = newColumnCodec(f, spelling{form: formOf(f.Type)}, class)
	switch t.check.as {
	case ofText, ofRest:
		t.can = 0
	case ofBool:
		t.can = asBool
	case ofInt:
		t.can = asInt
	case ofUint64:
		t.can = asUint
	case ofFloat:
		t.can = asFloat
	case ofDate:
		t.can = asDate
	case ofTime:
		if t.can = asLocal; f.Type.Zone != "" {
			t.can = asZoned
		}
	}
	return t
}

// inferrer is format.Inferrer.
type inferrer struct {
	*layout
	stats   []stats
	records int64
	crlfs   int64 // records that end in CR LF
	lfs     int64 // and in LF
	probes  []*column.Vector
}

func newInferrer(l *layout) *inferrer {
	inf := &inferrer{layout: l, stats: make([]stats, len(l.columns)), probes: make([]*column.Vector, len(l.columns))}
	for i, c := range l.columns {
		inf.stats[i].can = c.can
		if c.field.Type != nil {
			inf.probes[i] = column.NewVector(c.field.Type, 1)
		}
	}
	return inf
}

// Clone implements format.Inferrer.
func (inf *inferrer) Clone() format.Inferrer { return newInferrer(inf.layout) }

// RecordEnd implements format.Ender.
func (inf *inferrer) RecordEnd(buf []byte, from int) int {
	return recordEnd(buf, from, inf.delim, inf.space)
}

// Chunk implements format.Inferrer.
func (inf *inferrer) Chunk(data []byte, line int64) error {
	if err := lines.CheckUTF8(data, line); err != nil {
		return err
	}
	s := scanner{data: data, class: inf.class, delim: inf.delim, space: inf.space}
	last := len(inf.stats) - 1
	for s.pos = skipBlank(data, 0); s.pos < len(data); s.pos = skipBlank(data, s.pos) {
		begin := s.pos
		var f flags
		for k := range inf.stats {
			f = s.next(k == 0)
			if f&fLast != 0 != (k == last) {
				return s.ragged(begin, len(inf.stats), line)
			}
			b := data[s.lo:s.hi]
			if inf.probes[k] != nil {
				if err := inf.known(k, b, f, line, s.lo, data); err != nil {
					return err
				}
				continue
			}
			st := &inf.stats[k]
			if st.can != 0 && f&fEscaped != 0 {
				// A value that holds a quote has no type.
				st.can = 0
			}
			st.add(b, f)
		}
		if s.err != nil || last < 0 {
			return s.ragged(begin, len(inf.stats), line)
		}
		inf.records++
		if f&fCRLF != 0 {
			inf.crlfs++
		} else if f&fEOF == 0 {
			inf.lfs++
		}
	}
	return nil
}

// known checks and counts a value of a column whose type is known.
func (inf *inferrer) known(k int, b []byte, f flags, line int64, at int, data []byte) error {
	t, v, st := &inf.columns[k], inf.probes[k], &inf.stats[k]
	if t.check.as != ofText {
		if v.Len == 1024 {
			v.Reset()
		}
		if t.check.parse(v, b, f) == isBad {
			return t.check.mismatch(b, f, line+lines.CountLines(data[:at]))
		}
	}
	st.add(b, f)
	st.can = t.can
	return nil
}

// Merge implements format.Inferrer.
func (inf *inferrer) Merge(other format.Inferrer) {
	o := other.(*inferrer)
	for i := range inf.stats {
		inf.stats[i].merge(&o.stats[i])
	}
	inf.records += o.records
	inf.crlfs += o.crlfs
	inf.lfs += o.lfs
}

// Codec implements format.Inferrer.
func (inf *inferrer) Codec() (format.Codec, error) {
	d := &dialect{delim: inf.delim, space: inf.space, crlf: inf.crlfs > inf.lfs || inf.crlfs == inf.lfs && inf.crlf}
	fields := make([]column.Field, len(inf.columns))
	for i, t := range inf.columns {
		fields[i] = t.field
		var sp spelling
		if t.field.Type == nil {
			fields[i].Type, sp = inf.stats[i].choose(inf.records)
		} else {
			sp, _, _ = inf.stats[i].spell(t.field.Type)
		}
		d.cols = append(d.cols, sp)
	}
	return newCodec(d, fields), nil
}
