package csv

import (
	"bytes"
	"math"
	"strconv"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
)

// outcome says how a value was written.
type outcome uint8

const (
	isCanonical outcome = iota // as render writes it
	isOther                    // otherwise
	isBad                      // it is no value of the column
)

func canonicalIf(yes bool) outcome {
	if yes {
		return isCanonical
	}
	return isOther
}

// family is how the values of a column are handled.
type family uint8

const (
	ofText family = iota
	ofBool
	ofInt
	ofUint64
	ofFloat
	ofDate
	ofTime
	ofRest // decimals, binary, json and nested values, by way of their text
)

// columnCodec reads and writes the values of one column.
type columnCodec struct {
	field  column.Field
	sp     spelling
	class  *classes
	as     family
	lo, hi int64 // ofInt: the range
	bits   int   // ofFloat
}

func newColumnCodec(f column.Field, sp spelling, class *classes) columnCodec {
	c := columnCodec{field: f, sp: sp, class: class, as: ofRest}
	switch k := f.Type.Kind; k {
	case column.String, column.File:
		c.as = ofText
	case column.Bool:
		c.as = ofBool
	case column.Int8, column.Int16, column.Int32, column.Int64:
		shift := 63 - (8<<(k-column.Int8) - 1)
		c.as, c.lo, c.hi = ofInt, math.MinInt64>>shift, math.MaxInt64>>shift
	case column.Uint8, column.Uint16, column.Uint32:
		c.as, c.hi = ofInt, 1<<(8<<(k-column.Uint8))-1
	case column.Uint64:
		c.as = ofUint64
	case column.Float32:
		c.as, c.bits = ofFloat, 32
	case column.Float64:
		c.as, c.bits = ofFloat, 64
	case column.Date:
		c.as = ofDate
	case column.Timestamp:
		c.as = ofTime
	}
	return c
}

// parse appends the value of a field with flags f whose raw text (quotes still
// doubled) is b. Nothing is appended where it is bad.
func (c *columnCodec) parse(v *column.Vector, b []byte, f flags) outcome {
	quoted := f&fQuoted != 0
	if len(b) == 0 {
		if quoted && (c.as == ofText || c.field.Type.Kind == column.Binary) {
			v.AppendBytes(nil)
			return isCanonical
		}
		v.AppendNull()
		return canonicalIf(c.sp.null == "" && c.sp.nullQuoted == quoted)
	}
	if c.as == ofText {
		if !quoted && c.sp.null != "" && string(b) == c.sp.null {
			v.AppendNull()
			return isCanonical
		}
		if f&fEscaped != 0 {
			v.Bytes = unescape(v.Bytes, b)
			v.AppendBytes(nil)
		} else {
			v.AppendBytes(b)
		}
		return canonicalIf(c.wantsQuotes(b, f) == quoted)
	}
	if c.isNull(b) {
		v.AppendNull()
		return canonicalIf(string(b) == c.sp.null && quoted == c.sp.nullQuoted)
	}
	want := c.wantsQuotes(b, f)
	if f&fEscaped != 0 {
		b = unescape(nil, b)
	}
	out := c.value(v, b)
	if out == isCanonical && want != quoted {
		return isOther
	}
	return out
}

// isNull reports whether b stands for a null in a column that is not text.
func (c *columnCodec) isNull(b []byte) bool {
	if len(b) > 4 {
		return false
	}
	if c.as == ofRest {
		return string(b) == c.sp.null
	}
	w := nullWord(b)
	return w >= len(nanWords) || w >= 0 && c.as != ofFloat
}

// wantsQuotes reports whether render puts a value in quotes that has flags f
// and whose raw text is b, not empty.
func (c *columnCodec) wantsQuotes(b []byte, f flags) bool {
	switch c.sp.quote {
	case quoteAlways:
		return true
	case quoteBare:
		return f&(fDelim|fLF|fCR) != 0 || b[0] == '"'
	}
	return f&fSpecial != 0
}

// value appends the value whose text is b.
func (c *columnCodec) value(v *column.Vector, b []byte) outcome {
	switch c.as {
	case ofInt:
		x, big, ok := parseInt(b)
		if !ok || big || x < c.lo || x > c.hi {
			return isBad
		}
		v.AppendInt(x)
		return isCanonical
	case ofUint64:
		x, _, ok := parseInt(b)
		if !ok || b[0] == '-' {
			return isBad
		}
		v.AppendInt(x)
		return isCanonical
	case ofFloat:
		return c.float(v, b)
	case ofBool:
		for i, w := range boolWords {
			if is := string(b) == w[1]; is || string(b) == w[0] {
				v.AppendBool(is)
				return canonicalIf(i == int(c.sp.form.word))
			}
		}
		return isBad
	case ofDate:
		days, ok := parseDate(b)
		if !ok {
			return isBad
		}
		v.AppendInt(days)
		return isCanonical
	case ofTime:
		s, ok := parseStamp(b)
		if !ok || (s.zone == zoneNone) != (c.field.Type.Zone == "") {
			return isBad
		}
		ticks, ok := s.in(c.field.Type.Unit)
		if !ok {
			return isBad
		}
		v.AppendInt(ticks)
		return canonicalIf(c.sp.form.time.writes(&s))
	}
	return c.rest(v, b)
}

func (c *columnCodec) float(v *column.Vector, b []byte) outcome {
	form := &c.sp.form
	if b[0] == '-' && len(b) > 1 && b[1]-'0' > 9 || b[0]-'0' > 9 && b[0] != '-' {
		x, ok := infinite(b)
		if w := find(nanWords[:], string(b)); w >= 0 {
			c.appendFloat(v, math.NaN())
			return canonicalIf(w == int(form.nan))
		}
		if !ok {
			return isBad
		}
		c.appendFloat(v, x)
		neg := 1
		if x < 0 {
			neg = 0
		}
		return canonicalIf(infWords[form.inf][neg] == string(b))
	}
	n, ok := parseFloat(b, c.bits)
	if !ok {
		return isBad
	}
	c.appendFloat(v, n.v)
	switch form.style {
	case styleRepr:
		return canonicalIf(n.repr)
	case styleShort:
		return canonicalIf(n.short)
	}
	return canonicalIf(n.fixed == form.style)
}

func (c *columnCodec) appendFloat(v *column.Vector, x float64) {
	if c.bits == 32 {
		v.AppendF32(float32(x))
	} else {
		v.AppendF64(x)
	}
}

func infinite(b []byte) (float64, bool) {
	for _, w := range infWords {
		switch string(b) {
		case w[0]:
			return math.Inf(-1), true
		case w[1]:
			return math.Inf(1), true
		}
	}
	return 0, false
}

// rest reads the types that are rare in text files by way of their text.
func (c *columnCodec) rest(v *column.Vector, b []byte) outcome {
	if column.ParseText(v.Type, string(b), v) != nil {
		return isBad
	}
	return canonicalIf(bytes.Equal(column.AppendText(nil, v, v.Len-1), b))
}

// render appends value i.
func (c *columnCodec) render(dst []byte, v *column.Vector, i int) []byte {
	if v.IsNull(i) {
		if c.sp.nullQuoted {
			dst = append(dst, '"')
			dst = append(dst, c.sp.null...)
			return append(dst, '"')
		}
		return append(dst, c.sp.null...)
	}
	from := len(dst)
	dst = c.appendValue(dst, v, i)
	b := dst[from:]
	if len(b) == 0 {
		return append(dst, `""`...)
	}
	var f flags
	for _, x := range b {
		f |= c.class[x]
	}
	if c.wantsQuotes(b, f) || c.as == ofText && c.sp.null != "" && string(b) == c.sp.null {
		return quote(dst, from)
	}
	return dst
}

func (c *columnCodec) appendValue(dst []byte, v *column.Vector, i int) []byte {
	switch c.as {
	case ofText:
		return append(dst, v.At(i)...)
	case ofInt:
		return strconv.AppendInt(dst, v.Ints[i], 10)
	case ofUint64:
		return strconv.AppendUint(dst, uint64(v.Ints[i]), 10)
	case ofFloat:
		x := 0.0
		if c.bits == 32 {
			x = float64(v.F32[i])
		} else {
			x = v.F64[i]
		}
		return c.renderFloat(dst, x)
	case ofBool:
		return append(dst, boolWords[c.sp.form.word][v.Ints[i]&1]...)
	case ofDate:
		return appendDate(dst, v.Ints[i])
	case ofTime:
		return c.sp.form.time.append(dst, v.Ints[i], c.field.Type.Unit)
	}
	return column.AppendText(dst, v, i)
}

func (c *columnCodec) renderFloat(dst []byte, x float64) []byte {
	form := &c.sp.form
	switch {
	case math.IsNaN(x):
		return append(dst, nanWords[form.nan]...)
	case math.IsInf(x, 1):
		return append(dst, infWords[form.inf][1]...)
	case math.IsInf(x, -1):
		return append(dst, infWords[form.inf][0]...)
	case form.style == styleRepr:
		return appendRepr(dst, x, c.bits)
	case form.style == styleShort:
		return appendShort(dst, x, c.bits)
	}
	return appendFixed(dst, x, int(form.style), c.bits)
}

// quote puts dst[from:] in quotes.
func quote(dst []byte, from int) []byte {
	n := bytes.Count(dst[from:], []byte{'"'}) + 2
	end := len(dst)
	for range n {
		dst = append(dst, '"')
	}
	// Move from the back, doubling quotes.
	j := len(dst) - 2
	for i := end - 1; i >= from; i-- {
		dst[j] = dst[i]
		j--
		if dst[i] == '"' {
			dst[j] = '"'
			j--
		}
	}
	dst[from] = '"'
	return dst
}

// mismatch is the error of a value that parse called bad.
func (c *columnCodec) mismatch(b []byte, f flags, line int64) error {
	if f&fEscaped != 0 {
		b = unescape(nil, b)
	}
	return &format.ValueError{Line: line, Column: c.field.Name, Type: c.field.Type, Value: string(b), Needed: needed(c.field.Type, b)}
}

// needed returns the narrowest type that holds the values of t and b too.
func needed(t *column.Type, b []byte) *column.Type {
	s := newStats()
	s.add(b, 0)
	one, _ := s.choose(1)
	switch {
	case t.Kind.IsInt() && one.Kind == column.Int64 && t.Kind != column.Uint64,
		t.Kind.IsInt() && one.Kind.IsFloat(),
		t.Kind == column.Float32 && one.Kind.IsFloat():
		return one
	case t.Kind.IsInt() && one.Kind == column.Uint64 && t.Kind >= column.Uint8:
		return one
	case t.Kind == column.Timestamp && one.Kind == column.Timestamp && (t.Zone == "") == (one.Zone == ""):
		return column.TimestampOf(max(t.Unit, one.Unit), t.Zone)
	}
	return column.Of(column.String)
}
