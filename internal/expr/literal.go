package expr

import (
	"math"
	"math/big"
	"strconv"

	"github.com/strata-data/strata/internal/column"
)

// compareLiteral binds a comparison of a column with a constant. The constant
// becomes a value of the column's type; where it has none between two values
// (hour < 2.5) or beyond all (hour < 1000 for int8), the comparison is
// replaced by one that says the same.
func (b *binder) compareLiteral(o op, x *columnNode, c *literalNode) (pred, error) {
	r, err := b.column(x)
	if err != nil {
		return nil, err
	}
	if c.kind == litNull {
		if kindFamily(r.typ) == famNone {
			return nil, b.cannotCompare(x, &r, c)
		}
		return &constant{}, nil
	}
	switch k := kindFamily(r.typ); {
	case k == famBool && c.isBool():
		return b.value(r, o, int64(one(c.kind == litTrue)))
	case k == famText && c.kind == litString:
		return b.text16(r, o, []byte(c.text))
	case r.typ.Kind.IsFloat() && c.kind == litNumber:
		return b.float(r, o, c)
	case (k == famNumber || k == famDecimal) && c.kind == litNumber:
		exact := c.rational()
		exact.Mul(exact, new(big.Rat).SetInt(pow10(r.typ.Scale)))
		return b.whole(r, o, exact)
	case (k == famDate || k == famTime) && c.kind == litString:
		ticks, err := instant(r.typ, c.text)
		if err != nil {
			return nil, b.fail(c, "", "%s: column %s is %s", err, x.name(), r.typ)
		}
		return b.whole(r, o, ticks)
	}
	return nil, b.cannotCompare(x, &r, c)
}

func (b *binder) cannotCompare(x *columnNode, r *ref, c *literalNode) error {
	hint := ""
	switch k := kindFamily(r.typ); {
	case k == famText && c.kind == litNumber:
		hint = "write it as a string: '" + c.text + "'"
	case k == famNumber && c.kind == litString:
		if _, err := strconv.ParseFloat(c.text, 64); err == nil {
			hint = "write it as a number: " + c.text
		}
	case k == famDate:
		hint = "write it as a string: '2006-01-02'"
	case k == famTime:
		hint = "write it as a string: '2006-01-02T15:04:05'"
	case k == famBool:
		hint = "write true or false"
	case r.typ.Kind == column.Struct && len(r.typ.Fields) > 0:
		hint = "name a member: " + x.name() + "." + quoteName(r.typ.Fields[0].Name)
	case k == famNone:
		return b.fail(x, "", "column %s is %s, of which only is null can be asked", x.name(), r.typ)
	}
	return b.fail(c, hint, "column %s is %s and cannot be compared with %s", x.name(), r.typ, b.text(c))
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// instant returns the ticks of a date or timestamp of type t that s writes,
// exactly: they may lie between two ticks.
func instant(t *column.Type, s string) (*big.Rat, error) {
	v := column.NewVector(t, 1)
	err := column.ParseText(t, s, v)
	if err == nil {
		return new(big.Rat).SetInt64(v.Ints[0]), nil
	}
	if t.Kind != column.Timestamp || t.Unit == column.Nano {
		return nil, err
	}
	fine := column.TimestampOf(column.Nano, t.Zone)
	w := column.NewVector(fine, 1)
	if column.ParseText(fine, s, w) != nil {
		return nil, err
	}
	return big.NewRat(w.Ints[0], 1e9/t.Unit.PerSecond()), nil
}

// value compares with n, a value of a type with LayoutInt.
func (b *binder) value(r ref, o op, n int64) (pred, error) {
	v := column.NewVector(r.typ, 1)
	v.AppendInt(n)
	return &compareValue{ref: r, op: o, ints: n, zone: valueOf(v)}, nil
}

// text16 compares with text, or with the sixteen bytes of a long decimal.
func (b *binder) text16(r ref, o op, c []byte) (pred, error) {
	v := column.NewVector(r.typ, 1)
	v.AppendBytes(c)
	return &compareValue{ref: r, op: o, bytes: c, zone: valueOf(v)}, nil
}

// float compares with the float of the column's width that is next to c, so
// that 0.1 finds what was written as 0.1 in a float32 column too.
func (b *binder) float(r ref, o op, c *literalNode) (pred, error) {
	v := column.NewVector(r.typ, 1)
	width := 64
	if r.typ.Kind == column.Float32 {
		width = 32
	}
	f, err := strconv.ParseFloat(c.text, width)
	if err != nil {
		return nil, b.fail(c, "", "%s is beyond the range of %s", c.text, r.typ)
	}
	if width == 32 {
		v.AppendF32(float32(f))
	} else {
		v.AppendF64(f)
	}
	return &compareValue{ref: r, op: o, float: f, zone: valueOf(v)}, nil
}

// whole compares a column of whole numbers (integers, dates, ticks, digits of
// decimals) with c, which need not be one of them.
func (b *binder) whole(r ref, o op, c *big.Rat) (pred, error) {
	floor := new(big.Int).Div(c.Num(), c.Denom()) // Euclidean, so rounded down
	if !c.IsInt() {
		switch o {
		case opEq, opNe:
			return &whole{r, o == opNe}, nil
		case opLt: // x < 2.5 is x <= 2
			o = opLe
		case opGe: // x >= 2.5 is x > 2
			o = opGt
		}
	}
	lo, hi := intRange(r.typ)
	switch {
	case floor.Cmp(lo) < 0:
		return &whole{r, o == opNe || o == opGt || o == opGe}, nil
	case floor.Cmp(hi) > 0:
		return &whole{r, o == opNe || o == opLt || o == opLe}, nil
	case r.typ.Layout() == column.LayoutBytes:
		return b.text16(r, o, sortable(floor))
	case floor.IsInt64():
		return b.value(r, o, floor.Int64())
	}
	return b.value(r, o, int64(floor.Uint64()))
}

// intRange returns the range of the whole numbers that a vector of type t can
// hold.
func intRange(t *column.Type) (lo, hi *big.Int) {
	switch {
	case t.Kind == column.Uint64:
		return new(big.Int), new(big.Int).SetUint64(math.MaxUint64)
	case t.Layout() == column.LayoutBytes:
		hi = new(big.Int).Lsh(big.NewInt(1), 127)
		return new(big.Int).Neg(hi), hi.Sub(hi, big.NewInt(1))
	}
	return big.NewInt(math.MinInt64), big.NewInt(math.MaxInt64)
}

// sortable returns the 16 bytes in which vectors hold a long decimal.
func sortable(n *big.Int) []byte {
	shifted := new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), 127))
	return shifted.FillBytes(make([]byte, 16))
}

// in binds a list of values.
func (b *binder) in(n *inNode) (pred, error) {
	x, ok := n.x.(*columnNode)
	if !ok {
		return nil, b.fail(n.x, "", "in is for columns")
	}
	r, err := b.column(x)
	if err != nil {
		return nil, err
	}
	set := &oneOf{ref: r, ints: map[int64]struct{}{}, floats: map[float64]struct{}{}, texts: map[string]struct{}{}}
	unknown := false
	for _, e := range n.list {
		c := e.(*literalNode)
		p, err := b.compareLiteral(opEq, x, c)
		if err != nil {
			return nil, err
		}
		if c.kind == litNull {
			unknown = true
			continue
		}
		if eq, ok := p.(*compareValue); ok {
			set.add(eq)
		}
	}
	var p pred = set
	if unknown { // what is not in the list may be the null in it
		p = &logic{true, set, &constant{}}
	}
	if n.not {
		p = &not{p}
	}
	return p, nil
}

func (s *oneOf) add(eq *compareValue) {
	switch s.typ.Layout() {
	case column.LayoutInt:
		s.ints[eq.ints] = struct{}{}
	case column.LayoutBytes:
		s.texts[string(eq.bytes)] = struct{}{}
	default:
		s.floats[eq.float] = struct{}{}
	}
	s.zones = append(s.zones, eq.zone)
}
