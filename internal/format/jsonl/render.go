package jsonl

import (
	"encoding/base64"
	"strconv"

	"github.com/strata-data/strata/internal/column"
)

// Render implements format.Codec.
func (c *codec) Render(dst []byte, b *column.Batch, i int) []byte {
	dst = c.object(dst, c.top, b.Cols, i)
	return append(dst, c.dialect.Line...)
}

// object appends row i of the vectors of the members of p.
func (c *codec) object(dst []byte, p *plan, vs []*column.Vector, i int) []byte {
	some := false
	for k, m := range p.members {
		v := vs[p.pos[k]]
		if m.absent && v.IsNull(i) {
			continue
		}
		if some {
			dst = append(dst, m.next...)
		} else {
			dst = append(dst, m.first...)
		}
		some = true
		dst = c.value(dst, m, v, i)
	}
	if !some {
		return append(dst, '{', '}')
	}
	return append(dst, c.dialect.Object[3]...)
}

// value appends value i of v.
func (c *codec) value(dst []byte, p *plan, v *column.Vector, i int) []byte {
	if v.IsNull(i) {
		return append(dst, "null"...)
	}
	switch p.kind {
	case column.Bool:
		return strconv.AppendBool(dst, v.Ints[i] != 0)
	case column.Uint64:
		return strconv.AppendUint(dst, uint64(v.Ints[i]), 10)
	case column.Float32:
		return appendFloat(dst, float64(v.F32[i]), 32, p.float)
	case column.Float64:
		return appendFloat(dst, v.F64[i], 64, p.float)
	case column.Decimal:
		if v.Type.Layout() == column.LayoutInt {
			n := v.Ints[i]
			return appendDecimal(dst, wideDecimal{lo: uint64(max(n, -n))}, n < 0, p.typ.Scale)
		}
		w, neg := wideFrom(v.At(i))
		return appendDecimal(dst, w, neg, p.typ.Scale)
	case column.String, column.File:
		return c.dialect.Escape.quote(dst, v.At(i))
	case column.Binary:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, v.At(i))
		return append(dst, '"')
	case column.Date:
		return append(appendDate(append(dst, '"'), v.Ints[i]), '"')
	case column.Timestamp:
		return append(appendTime(append(dst, '"'), v.Ints[i], p.typ.Unit, p.time), '"')
	case column.List, column.FixedList:
		return c.list(dst, p, v, i)
	case column.Struct:
		return c.object(dst, p, v.Kids, i)
	case column.JSON:
		return c.renderJSON(dst, v.At(i))
	}
	return strconv.AppendInt(dst, v.Ints[i], 10)
}

func (c *codec) list(dst []byte, p *plan, v *column.Vector, i int) []byte {
	from, to := v.Span(i)
	if from == to {
		return append(dst, '[', ']')
	}
	dst = append(dst, c.dialect.Array[0]...)
	for k := from; k < to; k++ {
		if k > from {
			dst = append(dst, c.dialect.Array[1]...)
		}
		dst = c.value(dst, p.elem, v.Kids[0], k)
	}
	return append(dst, c.dialect.Array[2]...)
}
