package expr

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/column"
)

// The naive evaluator walks the tree for each row with exact numbers. unknown
// is what SQL says of null.
type verdict int

const (
	isFalse verdict = iota
	unknown
	isTrue
)

func verdictOf(b bool) verdict {
	if b {
		return isTrue
	}
	return isFalse
}

// scalar is a value of a row: nil, bool, *big.Rat, float64 (NaN and
// infinities only) or string.
type scalar any

func naive(n node, row func(name string) scalar) verdict {
	switch n := n.(type) {
	case *logicNode:
		x, y := naive(n.x, row), naive(n.y, row)
		if n.or {
			return max(x, y)
		}
		return min(x, y)
	case *notNode:
		return isTrue - naive(n.x, row)
	case *compareNode:
		return naiveCompare(n.op, naiveValue(n.x, row), naiveValue(n.y, row))
	case *betweenNode:
		x := naiveValue(n.x, row)
		v := min(naiveCompare(opGe, x, naiveValue(n.lo, row)), naiveCompare(opLe, x, naiveValue(n.hi, row)))
		return negated(v, n.not)
	case *inNode:
		v := isFalse
		for _, e := range n.list {
			v = max(v, naiveCompare(opEq, naiveValue(n.x, row), naiveValue(e, row)))
		}
		return negated(v, n.not)
	case *likeNode:
		s, ok := naiveValue(n.x, row).(string)
		if !ok {
			return unknown
		}
		return negated(verdictOf(naiveLike([]rune(n.pattern.text), []rune(s))), n.not)
	case *isNullNode:
		return negated(verdictOf(naiveValue(n.x, row) == nil), n.not)
	}
	switch b := naiveValue(n, row).(type) {
	case bool:
		return verdictOf(b)
	default:
		return unknown
	}
}

func negated(v verdict, not bool) verdict {
	if not {
		return isTrue - v
	}
	return v
}

func naiveValue(n node, row func(string) scalar) scalar {
	switch n := n.(type) {
	case *columnNode:
		return row(n.path[0])
	case *literalNode:
		switch n.kind {
		case litTrue:
			return true
		case litFalse:
			return false
		case litNumber:
			return n.rational()
		case litString:
			return n.text
		}
	}
	return nil
}

func naiveCompare(o op, x, y scalar) verdict {
	if x == nil || y == nil {
		return unknown
	}
	switch x := x.(type) {
	case bool:
		return verdictOf(holds(o, int(one(x))-int(one(y.(bool)))))
	case string:
		return verdictOf(holds(o, strings.Compare(x, y.(string))))
	}
	if f, ok := x.(float64); ok {
		return naiveFloat(o, f, y)
	}
	if g, ok := y.(float64); ok {
		return naiveFloat(o.flip(), g, x)
	}
	return verdictOf(holds(o, x.(*big.Rat).Cmp(y.(*big.Rat))))
}

// naiveFloat compares f, which is not finite, with y.
func naiveFloat(o op, f float64, y scalar) verdict {
	g, ok := y.(float64)
	if !ok {
		g = 0
	}
	switch o {
	case opEq:
		return verdictOf(f == g)
	case opNe:
		return verdictOf(f != g)
	case opLt:
		return verdictOf(f < g)
	case opLe:
		return verdictOf(f <= g)
	case opGt:
		return verdictOf(f > g)
	}
	return verdictOf(f >= g)
}

func naiveLike(p, s []rune) bool {
	switch {
	case len(p) == 0:
		return len(s) == 0
	case p[0] == '%':
		return naiveLike(p[1:], s) || len(s) > 0 && naiveLike(p, s[1:])
	case len(s) == 0:
		return false
	}
	return (p[0] == '_' || p[0] == s[0]) && naiveLike(p[1:], s[1:])
}

func floatScalar(f float64) scalar {
	if r := new(big.Rat).SetFloat64(f); r != nil {
		return r
	}
	return f
}

// scalarAt returns value i of v for the naive evaluator.
func scalarAt(v *column.Vector, i int) scalar {
	if v.IsNull(i) {
		return nil
	}
	switch k := v.Type.Kind; {
	case k == column.Bool:
		return v.Ints[i] == 1
	case k == column.Uint64:
		return new(big.Rat).SetInt(new(big.Int).SetUint64(uint64(v.Ints[i])))
	case k.IsInt():
		return new(big.Rat).SetInt64(v.Ints[i])
	case k == column.Float32:
		return floatScalar(float64(v.F32[i]))
	case k == column.Float64:
		return floatScalar(v.F64[i])
	case k == column.Decimal:
		r, _ := new(big.Rat).SetString(column.Text(v, i))
		return r
	}
	return column.Text(v, i) // dates sort as their text does
}

var randomTypes = []string{"bool", "int8", "int64", "uint64", "float32", "float64", "decimal(5, 2)", "decimal(25, 3)", "string", "date"}

// drawLiteral draws a constant that can be compared with type t, of values
// that are likely to occur in it.
func drawLiteral(t *rapid.T, typ *column.Type) string {
	if rapid.IntRange(0, 12).Draw(t, "null") == 0 {
		return "null"
	}
	switch k := typ.Kind; {
	case k == column.Bool:
		return rapid.SampledFrom([]string{"true", "false"}).Draw(t, "bool")
	case k == column.String:
		return quoteString(drawText(t))
	case k == column.Date:
		return "'" + drawDate(t) + "'"
	case k == column.Float32: // what is exact in a float32 compares alike in both evaluators
		return strconv.FormatFloat(float64(rapid.SampledFrom([]float32{0, 0.5, -1, 2, 1048576, 1e-40}).Draw(t, "float")), 'g', -1, 64)
	case k == column.Float64:
		return rapid.SampledFrom([]string{"0", "0.5", "-1", "2", "1048576e3", "9007199254740992", "5e-324"}).Draw(t, "float")
	}
	return rapid.SampledFrom([]string{"0", "1", "-1", "2.5", "-0.001", "127", "-128", "1000", "9223372036854775807", "9223372036854775808",
		"-9223372036854775808.5", "18446744073709551615", "1e30", "-1e30", "1.25", "-1.250", "999.99"}).Draw(t, "number")
}

func drawText(t *rapid.T) string {
	return rapid.StringOfN(rapid.RuneFrom([]rune("abé'%")), 0, 4, -1).Draw(t, "text") +
		rapid.SampledFrom([]string{"", "", "", " and more than sixteen bytes"}).Draw(t, "tail")
}

func drawDate(t *rapid.T) string {
	return rapid.SampledFrom([]string{"1969-12-31", "1970-01-01", "2024-02-29", "0001-01-01", "9999-12-31"}).Draw(t, "date")
}

func drawValue(t *rapid.T, v *column.Vector) {
	if rapid.IntRange(0, 6).Draw(t, "null") == 0 {
		v.AppendNull()
		return
	}
	switch k := v.Type.Kind; k {
	case column.Bool:
		v.AppendBool(rapid.Bool().Draw(t, "bool"))
	case column.Int8:
		v.AppendInt(int64(rapid.SampledFrom([]int8{0, 1, -1, 2, 3, 127, -128}).Draw(t, "int8")))
	case column.Int64, column.Uint64:
		x := rapid.SampledFrom([]int64{0, 1, 2, 3, 127, 1000, math.MaxInt64, math.MinInt64, -1, 1<<53 + 1}).Draw(t, "int")
		v.AppendInt(x)
	case column.Float32:
		v.AppendF32(rapid.SampledFrom([]float32{0, float32(math.Copysign(0, -1)), 0.5, -1, 2, 2.25, float32(math.NaN()), float32(math.Inf(1)), 1048576}).Draw(t, "f32"))
	case column.Float64:
		v.AppendF64(rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 0.5, -1, 2, 2.25, math.NaN(), math.Inf(-1), 1048576e3, 1 << 53}).Draw(t, "f64"))
	case column.String:
		v.AppendString(drawText(t))
	default:
		s := drawDate
		if k == column.Decimal {
			s = func(t *rapid.T) string {
				return rapid.SampledFrom([]string{"0", "1.25", "-1.25", "999.99", "1", "2.5", "-1"}).Draw(t, "decimal")
			}
		}
		if err := column.ParseText(v.Type, s(t), v); err != nil {
			t.Fatal(err)
		}
	}
}

// drawExpr draws the text of an expression over s.
func drawExpr(t *rapid.T, s *column.Schema, depth int) string {
	kind := rapid.IntRange(0, 9).Draw(t, "kind")
	if depth > 3 && kind < 3 {
		kind = 5
	}
	f := rapid.SampledFrom(s.Fields).Draw(t, "column")
	not := rapid.SampledFrom([]string{"", "not "}).Draw(t, "not")
	lit := func() string { return drawLiteral(t, f.Type) }
	switch kind {
	case 0:
		return "(" + drawExpr(t, s, depth+1) + ") and (" + drawExpr(t, s, depth+1) + ")"
	case 1:
		return "(" + drawExpr(t, s, depth+1) + ") or (" + drawExpr(t, s, depth+1) + ")"
	case 2:
		return "not (" + drawExpr(t, s, depth+1) + ")"
	case 3:
		return f.Name + " is " + not + "null"
	case 4:
		list := []string{lit()}
		for range rapid.IntRange(0, 3).Draw(t, "more") {
			list = append(list, lit())
		}
		return f.Name + " " + not + "in (" + strings.Join(list, ", ") + ")"
	case 5:
		return f.Name + " " + not + "between " + lit() + " and " + lit()
	case 6:
		if f.Type.Kind == column.String {
			p := rapid.StringOfN(rapid.RuneFrom([]rune("abé%_%_")), 0, 5, -1).Draw(t, "pattern")
			return f.Name + " " + not + "like " + quoteString(p)
		}
	case 7:
		g := rapid.SampledFrom(s.Fields).Draw(t, "other")
		if kindFamily(f.Type) == kindFamily(g.Type) && f.Type.Kind != column.Decimal {
			return f.Name + rapid.SampledFrom(opTexts[:]).Draw(t, "op") + g.Name
		}
	case 8:
		return lit() + rapid.SampledFrom(opTexts[:]).Draw(t, "op") + f.Name
	}
	return f.Name + rapid.SampledFrom(opTexts[:]).Draw(t, "op") + lit()
}

// TestAnyExpression holds Eval against the naive evaluator, Prune against
// Eval, and the canonical text against the expression.
func TestAnyExpression(t *testing.T) {
	s := &column.Schema{}
	for i, name := range randomTypes {
		typ, err := column.ParseType(name)
		if err != nil {
			t.Fatal(err)
		}
		s.Fields = append(s.Fields, column.NewField("c"+strconv.Itoa(i), typ))
	}
	rapid.Check(t, func(t *rapid.T) {
		b := column.NewBatch(s, 0)
		b.Len = rapid.IntRange(0, 3).Draw(t, "rows")
		if rapid.IntRange(0, 9).Draw(t, "long") == 0 {
			b.Len = 70
		}
		for _, v := range b.Cols {
			for range b.Len {
				drawValue(t, v)
			}
		}
		src := drawExpr(t, s, 0)
		e, err := Parse(src)
		if err != nil {
			t.Fatal(err)
		}
		p, err := e.Bind(s)
		if err != nil {
			t.Fatal(err)
		}
		var want []int
		for i := range b.Len {
			if naive(e.root, func(name string) scalar { return scalarAt(b.Cols[s.Index(name)], i) }) == isTrue {
				want = append(want, i)
			}
		}
		got := rowList(p.Eval(b, nil))
		if len(got)+len(want) > 0 && !cmp.Equal(got, want) {
			t.Fatalf("%s picks %v, want %v", src, got, want)
		}
		if len(got) > 0 && p.Prune(boundsOf(b)) {
			t.Fatalf("%s is skipped and picks %v", src, got)
		}
		again, err := Parse(e.String())
		if err != nil || again.String() != e.String() {
			t.Fatalf("%s is %s, which is %v, %v", src, e, again, err)
		}
		q, err := again.Bind(s)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(got, rowList(q.Eval(b, nil))); d != "" {
			t.Fatalf("%s and %s differ: %s", src, e, d)
		}
	})
}
