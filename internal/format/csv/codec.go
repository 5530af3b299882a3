package csv

import (
	"fmt"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/lines"
)

// codec is format.Codec.
type codec struct {
	d      dialect
	class  *classes
	fields []column.Field
	cols   []columnCodec
}

// newCodec makes spellings that do not go with the type of their column (which
// may have been widened since) into ones that do.
func newCodec(d *dialect, fields []column.Field) *codec {
	c := &codec{d: *d, class: classesOf(d.delim), fields: fields, cols: make([]columnCodec, len(fields))}
	c.d.cols = append([]spelling{}, d.cols...)
	for i := range fields {
		sp := &c.d.cols[i]
		if natural := formOf(fields[i].Type); sp.form.kind != natural.kind {
			sp.form = natural
		}
		if isText(fields[i].Type) {
			if sp.quote != quoteAlways {
				sp.null = ""
			}
			sp.nullQuoted = false
		}
		if fields[i].Type.Kind.IsFloat() && find(nanWords[:], sp.null) >= 0 {
			sp.null = ""
		}
		if len(fields) == 1 && sp.null == "" {
			sp.nullQuoted = true // an empty line is no record
		}
		c.cols[i] = newColumnCodec(fields[i], *sp, c.class)
	}
	return c
}

// Columns implements format.Codec.
func (c *codec) Columns() []column.Field { return c.fields }

// Dialect implements format.Codec.
func (c *codec) Dialect() []byte { return c.d.encode() }

// RecordEnd implements format.Ender.
func (c *codec) RecordEnd(buf []byte, from int) int {
	return recordEnd(buf, from, c.d.delim, c.d.space)
}

// Parse implements format.Codec. After an error dst holds part of a record.
func (c *codec) Parse(data []byte, line int64, dst *column.Batch) (ends, odd []uint32, err error) {
	if err := lines.CheckUTF8(data, line); err != nil {
		return nil, nil, err
	}
	s := scanner{data: data, class: c.class, delim: c.d.delim, space: c.d.space}
	s.pos = skipBlank(data, 0)
	blanks := s.pos > 0
	var ending flags
	if c.d.crlf {
		ending = fCRLF
	}
	ends = make([]uint32, 0, lines.CountLines(data)+1)
	for s.pos < len(data) {
		begin := s.pos
		isOdd := blanks
		var f, all flags
		for k := range c.cols {
			f = s.next(k == 0)
			all |= f
			if f&fLast != 0 != (k == len(c.cols)-1) {
				return nil, nil, s.ragged(begin, len(c.cols), line)
			}
			col := &c.cols[k]
			switch col.parse(dst.Cols[k], data[s.lo:s.hi], f) {
			case isOther:
				isOdd = true
			case isBad:
				return nil, nil, col.mismatch(data[s.lo:s.hi], f, line+lines.CountLines(data[:s.lo]))
			}
		}
		if s.err != nil || len(c.cols) == 0 {
			return nil, nil, s.ragged(begin, len(c.cols), line)
		}
		dst.Len++
		end := skipBlank(data, s.pos)
		if isOdd || end != s.pos || all&fNoSpace != 0 || f&(fEOF|fCRLF) != ending {
			odd = append(odd, uint32(len(ends)))
		}
		s.pos, blanks = end, false
		ends = append(ends, uint32(end))
	}
	if blanks {
		return nil, nil, &format.SyntaxError{Line: line, Msg: fmt.Sprintf("%d blank lines and no record", lines.CountLines(data))}
	}
	return ends, odd, nil
}

// ragged returns the error of the record that begins at begin, or the
// scanner's.
func (s *scanner) ragged(begin, want int, line int64) error {
	if s.err == nil {
		s.pos = begin
		have := 1
		for s.next(have == 1)&fLast == 0 {
			have++
		}
		if s.err == nil {
			at := line + lines.CountLines(s.data[:begin])
			return &format.SyntaxError{Line: at, Msg: fmt.Sprintf("%s, want %d", counted(have), want), Hint: raggedHint(at, have, want, s.delim)}
		}
	}
	e := *s.err.(*format.SyntaxError)
	e.Line += line
	return &e
}

func counted(fields int) string {
	if fields == 1 {
		return "1 field"
	}
	return fmt.Sprintf("%d fields", fields)
}

func raggedHint(line int64, have, want int, delim byte) string {
	switch {
	case line == 1:
		return "if the line is not part of the table: --skip 1"
	case have > want:
		return fmt.Sprintf("a field that holds %q must stand in double quotes", string(rune(delim)))
	}
	return "the record is cut short, or a field before it lacks a quote"
}

// Render implements format.Codec.
func (c *codec) Render(dst []byte, b *column.Batch, i int) []byte {
	for k := range c.cols {
		if k > 0 {
			dst = append(dst, c.d.delim)
			if c.d.space {
				dst = append(dst, ' ')
			}
		}
		dst = c.cols[k].render(dst, b.Cols[k], i)
	}
	if c.d.crlf {
		dst = append(dst, '\r')
	}
	return append(dst, '\n')
}
