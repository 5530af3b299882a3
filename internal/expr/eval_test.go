package expr

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/column"
)

// rowsOf returns the rows of b that src picks.
func rowsOf(t *testing.T, src string, b *column.Batch) []int {
	t.Helper()
	e, err := Parse(src)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	p, err := e.Bind(b.Schema)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return rowList(p.Eval(b, nil))
}

func rowList(b column.Bitmap) []int {
	rows := []int{}
	eachRow(b, func(i int) { rows = append(rows, i) })
	return rows
}

// textBatch makes a batch of columns of values written as text; "null" is null.
func textBatch(t *testing.T, types, names []string, rows ...[]string) *column.Batch {
	t.Helper()
	s := &column.Schema{}
	for i, n := range names {
		typ, err := column.ParseType(types[i])
		if err != nil {
			t.Fatal(err)
		}
		s.Fields = append(s.Fields, column.NewField(n, typ))
	}
	b := column.NewBatch(s, len(rows))
	for _, r := range rows {
		for i, v := range b.Cols {
			if r[i] == "null" {
				v.AppendNull()
			} else if err := column.ParseText(v.Type, r[i], v); err != nil {
				t.Fatal(err)
			}
		}
		b.Len++
	}
	return b
}

// one column named x
func columnOf(t *testing.T, typ string, values ...string) *column.Batch {
	t.Helper()
	var rows [][]string
	for _, v := range values {
		rows = append(rows, []string{v})
	}
	return textBatch(t, []string{typ}, []string{"x"}, rows...)
}

func TestEval(t *testing.T) {
	ints := columnOf(t, "int64", "1", "2", "null", "-9223372036854775808", "9223372036854775807")
	small := columnOf(t, "int8", "-128", "0", "127")
	big := columnOf(t, "uint64", "0", "9223372036854775808", "18446744073709551615", "null")
	floats := columnOf(t, "float64", "0.1", "-0.0", "nan", "inf", "null", "1")
	singles := columnOf(t, "float32", "0.1", "16777216", "nan")
	text := columnOf(t, "string", "dog", "", "Dog", "null", "dögs", "a%b")
	bools := columnOf(t, "bool", "true", "false", "null")
	money := columnOf(t, "decimal(10, 2)", "1.50", "-1.50", "0.00", "null")
	long := columnOf(t, "decimal(38, 2)", "1.50", "-1.50", "123456789012345678901234567890.12", "null")
	days := columnOf(t, "date", "2024-02-29", "1969-12-31", "null")
	times := columnOf(t, "timestamp[ms, UTC]", "2024-01-01T00:00:00.500Z", "1969-12-31T23:59:59.999Z", "null")
	local := columnOf(t, "timestamp[s]", "2024-01-01T00:00:00")
	cases := []struct {
		batch *column.Batch
		src   string
		want  []int
	}{
		{ints, "x = 1", []int{0}},
		{ints, "x != 1", []int{1, 3, 4}},
		{ints, "1 < x", []int{1, 4}},
		{ints, "x <= 1.5", []int{0, 3}},
		{ints, "x < 1.5", []int{0, 3}},
		{ints, "x < 2", []int{0, 3}},
		{ints, "x > 1.5", []int{1, 4}},
		{ints, "x >= -1.5", []int{0, 1, 4}},
		{ints, "x = 1.5", []int{}},
		{ints, "x != 1.5", []int{0, 1, 3, 4}},
		{ints, "not x = 1.5", []int{0, 1, 3, 4}},
		{ints, "x < 1e300", []int{0, 1, 3, 4}},
		{ints, "x = 9223372036854775807", []int{4}},
		{ints, "x < 9223372036854775807", []int{0, 1, 3}},
		{ints, "x < 9223372036854775808", []int{0, 1, 3, 4}},
		{ints, "x <= -9223372036854775808", []int{3}},
		{ints, "x < -9223372036854775808.5", []int{}},
		{ints, "x in (1, 2.0, 2.5, 3)", []int{0, 1}},
		{ints, "x not in (1, 2)", []int{3, 4}},
		{ints, "x in (1, null)", []int{0}},
		{ints, "x not in (1, null)", []int{}},
		{ints, "x between 1 and 2", []int{0, 1}},
		{ints, "x between 2 and 1", []int{}},
		{ints, "x not between 1 and 1", []int{1, 3, 4}},
		{ints, "x is null", []int{2}},
		{ints, "x is not null", []int{0, 1, 3, 4}},
		{ints, "x = null", []int{}},
		{ints, "not x = null", []int{}},
		{ints, "x = null or x = 1", []int{0}},
		{ints, "x = x", []int{0, 1, 3, 4}},
		{ints, "true", []int{0, 1, 2, 3, 4}},
		{ints, "null or false", []int{}},
		{ints, "2 > 1 and 'a' < 'b' and true != false", []int{0, 1, 2, 3, 4}},
		{small, "x > 1000", []int{}},
		{small, "x < 1000", []int{0, 1, 2}},
		{small, "x >= -128", []int{0, 1, 2}},
		{big, "x > 9223372036854775807", []int{1, 2}},
		{big, "x >= 18446744073709551615", []int{2}},
		{big, "x < -1", []int{}},
		{big, "x > -0.5", []int{0, 1, 2}},
		{big, "x = 9223372036854775808", []int{1}},
		{floats, "x = 0.1", []int{0}},
		{floats, "x = 0", []int{1}},
		{floats, "x < 0.5", []int{0, 1}},
		{floats, "x > 0.5", []int{3, 5}},
		{floats, "not x > 0.5", []int{0, 1, 2}}, // NaN is not above
		{floats, "x != 1", []int{0, 1, 2, 3}},
		{floats, "x = x", []int{0, 1, 3, 5}},
		{floats, "x in (0, 1)", []int{1, 5}},
		{floats, "x not in (0, 1)", []int{0, 2, 3}},
		{singles, "x = 0.1", []int{0}},
		{singles, "x in (0.1)", []int{0}},
		{singles, "x = 16777217", []int{1}}, // the float32 next to it
		{text, "x = 'dog'", []int{0}},
		{text, "x > 'dog'", []int{4}},
		{text, "x < 'a'", []int{1, 2}},
		{text, "x = ''", []int{1}},
		{text, "x != 'dog'", []int{1, 2, 4, 5}},
		{text, "x in ('dog', 'Dog')", []int{0, 2}},
		{text, "x like 'd%'", []int{0, 4}},
		{text, "x like 'd_g%'", []int{0, 4}},
		{text, "x like 'd_gs'", []int{4}},
		{text, "x like '%'", []int{0, 1, 2, 4, 5}},
		{text, "x like ''", []int{1}},
		{text, "x not like '%g%'", []int{1, 5}},
		{text, "x like 'a!%%' escape '!'", []int{5}},
		{text, "x like '___'", []int{0, 2, 5}},
		{bools, "x", []int{0}},
		{bools, "not x", []int{1}},
		{bools, "x = false", []int{1}},
		{bools, "x != true", []int{1}},
		{bools, "x < true", []int{1}},
		{money, "x = 1.5", []int{0}},
		{money, "x > 1.499", []int{0}},
		{money, "x = 1.499", []int{}},
		{money, "x <= -1.5", []int{1}},
		{money, "x < 1e20", []int{0, 1, 2}},
		{long, "x = 123456789012345678901234567890.12", []int{2}},
		{long, "x < 0", []int{1}},
		{long, "x in (1.5, -1.5, 7.005)", []int{0, 1}},
		{long, "x < 1e60", []int{0, 1, 2}},
		{days, "x >= '2024-02-29'", []int{0}},
		{days, "x between '1969-01-01' and '1970-01-01'", []int{1}},
		{days, "'2000-01-01' > x", []int{1}},
		{times, "x > '2024-01-01'", []int{0}},
		{times, "x = '2024-01-01 00:00:00.5'", []int{0}},
		{times, "x = '2024-01-01T01:00:00.5+01:00'", []int{0}},
		{times, "x >= '2024-01-01T00:00:00.5004Z'", []int{}},
		{times, "x > '1969-12-31T23:59:59.9985Z'", []int{0, 1}},
		{local, "x < '2024-01-01 00:00:00.1'", []int{0}},
	}
	for _, c := range cases {
		t.Run(c.src+" of "+c.batch.Schema.Fields[0].Type.String(), func(t *testing.T) {
			if d := cmp.Diff(c.want, rowsOf(t, c.src, c.batch)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestTruthTables has all nine cases of and and or, and the three of not.
func TestTruthTables(t *testing.T) {
	v := []string{"true", "false", "null"}
	var rows [][]string
	for _, x := range v {
		for _, y := range v {
			rows = append(rows, []string{x, y})
		}
	}
	b := textBatch(t, []string{"bool", "bool"}, []string{"x", "y"}, rows...)
	// Rows: tt tf tn ft ff fn nt nf nn.
	cases := []struct {
		src  string
		want []int
	}{
		{"x and y", []int{0}},
		{"not (x and y)", []int{1, 3, 4, 5, 7}},
		{"x or y", []int{0, 1, 2, 3, 6}},
		{"not (x or y)", []int{4}},
		{"not x", []int{3, 4, 5}},
		{"x and not y", []int{1}},
		{"not not x", []int{0, 1, 2}},
		{"x = y", []int{0, 4}},
		{"not x = y", []int{1, 3}},
		{"x and y or not x and not y", []int{0, 4}},
		{"(x or null) and y", []int{0}},
		{"x and null", []int{}},
		{"not (x and null)", []int{3, 4, 5}},
		{"x or null", []int{0, 1, 2}},
	}
	for _, c := range cases {
		if d := cmp.Diff(c.want, rowsOf(t, c.src, b)); d != "" {
			t.Errorf("%s: %s", c.src, d)
		}
	}
}

func TestStructs(t *testing.T) {
	inner := column.StructOf(column.NewField("w", column.Of(column.Int32)))
	s := &column.Schema{Fields: []column.Field{column.NewField("box", column.StructOf(
		column.NewField("x", column.Of(column.Float64)), column.NewField("size", inner)))}}
	b := column.NewBatch(s, 4)
	box := b.Cols[0]
	for i := range 4 { // {0, {10}}, {1, null}, null, {null, {null}}
		switch i {
		case 2:
			box.AppendNull()
			continue
		case 3:
			box.Kids[0].AppendNull()
		default:
			box.Kids[0].AppendF64(float64(i))
		}
		switch i {
		case 0:
			box.Kids[1].Kids[0].AppendInt(10)
			box.Kids[1].EndStruct()
		case 1:
			box.Kids[1].AppendNull()
		case 3:
			box.Kids[1].Kids[0].AppendNull()
			box.Kids[1].EndStruct()
		}
		box.EndStruct()
	}
	b.Len = 4
	for src, want := range map[string][]int{
		"box.x >= 0": {0, 1}, "box is null": {2}, "box.size is null": {1, 2}, "box.size.w is null": {1, 2, 3},
		"box.size.w = 10": {0}, "not box.size.w = 10": {}, "box.x is not null": {0, 1},
	} {
		if d := cmp.Diff(want, rowsOf(t, src, b)); d != "" {
			t.Errorf("%s: %s", src, d)
		}
	}
}

func TestCompareColumns(t *testing.T) {
	b := textBatch(t, []string{"int64", "float64", "uint64", "string", "string", "timestamp[s]", "timestamp[ms]"},
		[]string{"i", "f", "u", "s", "z", "t", "m"},
		[]string{"1", "1.5", "1", "a", "b", "2024-01-01", "2024-01-01T00:00:00.001"},
		[]string{"0", "-0.0", "18446744073709551615", "b", "b", "2024-01-01", "2024-01-01"},
		[]string{"9007199254740993", "9007199254740992", "9007199254740993", "c", "b", "null", "2024-01-01"},
		[]string{"-1", "nan", "0", "null", "null", "2025-01-01", "2024-01-01"})
	for src, want := range map[string][]int{
		"i < f": {0}, "i = f": {1}, "i > f": {2}, "i != f": {0, 2, 3}, "not i = f": {0, 2, 3},
		"i = u": {0, 2}, "i < u": {1, 3}, "s < z": {0}, "s >= z": {1, 2}, "t < m": {0}, "t = m": {1}, "t != m": {0, 3},
		"f = f": {0, 1, 2}, "f != f": {3},
	} {
		if d := cmp.Diff(want, rowsOf(t, src, b)); d != "" {
			t.Errorf("%s: %s", src, d)
		}
	}
}

// TestSelection checks that sel narrows the result and that bits behind the
// last row stay clear for every length around a word.
func TestSelection(t *testing.T) {
	for _, n := range []int{0, 1, 63, 64, 65, 127, 128, 130} {
		s := &column.Schema{Fields: []column.Field{column.NewField("x", column.Of(column.Int64))}}
		b := column.NewBatch(s, n)
		for i := range n {
			b.Cols[0].AppendInt(int64(i % 5))
		}
		b.Len = n
		for _, src := range []string{"x >= 0", "not x < 0", "x != 9", "x is not null", "true", "not false", "x in (0,1,2,3,4)", "x < 2 or x >= 2"} {
			e, err := Parse(src)
			if err != nil {
				t.Fatal(err)
			}
			p, err := e.Bind(s)
			if err != nil {
				t.Fatal(err)
			}
			if got := rowList(p.Eval(b, nil)); len(got) != n || n > 0 && got[n-1] != n-1 {
				t.Errorf("%s of %d rows picks %v", src, n, got)
			}
			sel := column.NewBitmap(n)
			if n > 0 {
				sel.Set(n - 1)
				if got := rowList(p.Eval(b, sel)); len(got) != 1 || got[0] != n-1 {
					t.Errorf("%s of the last of %d rows picks %v", src, n, got)
				}
			}
		}
	}
}

func TestPrune(t *testing.T) {
	ints := columnOf(t, "int64", "10", "20", "null")
	same := columnOf(t, "int64", "7", "7")
	nulls := columnOf(t, "int64", "null", "null")
	nan := columnOf(t, "float64", "1", "nan")
	text := columnOf(t, "string", "banana", "cherry and some more text")
	bools := columnOf(t, "bool", "true", "true")
	cases := []struct {
		batch *column.Batch
		src   string
		want  bool
	}{
		{ints, "x = 15", false}, {ints, "x = 9", true}, {ints, "x = 21", true}, {ints, "x = 10.5", true},
		{ints, "x < 10", true}, {ints, "x <= 10", false}, {ints, "x < 10.5", false}, {ints, "x > 20", true}, {ints, "x >= 20", false},
		{ints, "x > 19.5", false}, {ints, "x > 20.5", true}, {ints, "x != 10", false}, {ints, "not x <= 20", true},
		{ints, "not x > 5", true}, {ints, "x in (1, 2, 30)", true}, {ints, "x in (1, 12)", false}, {ints, "x not in (1)", false},
		{ints, "x is null", false}, {ints, "x between 1 and 9", true}, {ints, "x between 1 and 10", false},
		{ints, "x = 1 or x = 30", true}, {ints, "x = 15 and x = 30", true}, {ints, "x = 1 or x = 15", false},
		{ints, "x = null", true}, {ints, "false", true}, {ints, "true", false}, {ints, "x > 1e30", true},
		{ints, "x not between 1 and 30", true}, {ints, "x = x", false},
		{same, "x != 7", true}, {same, "not x = 7", true}, {same, "x is null", true}, {same, "x is not null", false},
		{same, "x not in (7)", false}, // in is not that clever
		{nulls, "x = 1", true}, {nulls, "x != 1", true}, {nulls, "not x = 1", true}, {nulls, "x is not null", true}, {nulls, "x is null", false},
		{nulls, "x in (1)", true}, {nulls, "x = x", true}, {nulls, "x < 1.5", true}, {nulls, "x = 1.5", true},
		{nan, "x > 5", false}, {nan, "not x <= 5", false}, {nan, "x < 0", true}, {nan, "x != 1", false},
		{text, "x = 'apple'", true}, {text, "x = 'banana'", false}, {text, "x > 'cherry and some more'", false}, {text, "x > 'd'", true},
		{text, "x like 'apple%'", true}, {text, "x like 'b%'", false}, {text, "x like 'ch_rr%'", false}, {text, "x like 'd%'", true},
		{text, "x like '%d'", false}, {text, "not x like 'd%'", false}, {text, "x like 'cherry and some more text is here%'", false},
		{bools, "not x", true}, {bools, "x", false},
	}
	for _, c := range cases {
		e, err := Parse(c.src)
		if err != nil {
			t.Fatal(err)
		}
		p, err := e.Bind(c.batch.Schema)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Prune(boundsOf(c.batch)); got != c.want {
			t.Errorf("%s of %v is skipped: %v, want %v", c.src, c.batch.Schema.Fields[0].Type, got, c.want)
		}
		if rows := rowList(p.Eval(c.batch, nil)); c.want && len(rows) > 0 {
			t.Errorf("%s is skipped and picks %v", c.src, rows)
		}
		if p.Prune(func(string) ([]byte, []byte, int, int, bool) { return nil, nil, 0, 0, false }) && !c.want {
			t.Errorf("%s is skipped without knowing anything", c.src)
		}
	}
}

// boundsOf returns the zone maps of a batch as a leaf.
func boundsOf(b *column.Batch) func(string) ([]byte, []byte, int, int, bool) {
	return func(id string) ([]byte, []byte, int, int, bool) {
		v := b.Cols[b.Schema.Index(id)]
		lo, hi, nulls := column.Bounds(v, 0, v.Len)
		return lo, hi, nulls, v.Len, true
	}
}

func TestPattern(t *testing.T) {
	cases := []struct {
		pattern, text string
		want          bool
	}{
		{"a%b%c", "aXbXc", true}, {"a%b%c", "acb", false}, {"%ab", "aab", true}, {"%ab", "abab", true}, {"%ab_", "ababx", true},
		{"%a_c%", "abacc", true}, {"%a_c", "axcabc", true}, {"a%", "", false}, {"%%", "", true}, {"_%", "", false}, {"_%", "é", true},
		{"%_", "é", true}, {"%_%_%", "é", false}, {"%_%_%", "éé", true}, {"_é_", "aéb", true}, {"%aab%", "aaab", true},
		{"%a%_b", "aab", true}, {"%a%_b", "ab", false}, {"x_%y", "xy", false}, {"x_%y", "xzy", true}, {"%a_a_b", "aaaaxb", true},
	}
	for _, c := range cases {
		p, err := compilePattern(c.pattern, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := p.match([]byte(c.text)); got != c.want {
			t.Errorf("%q like %q is %v", c.text, c.pattern, got)
		}
	}
}

func benchBatch(n int) *column.Batch {
	s := &column.Schema{Fields: []column.Field{column.NewField("i", column.Of(column.Int64)), column.NewField("f", column.Of(column.Float64)),
		column.NewField("s", column.Of(column.String)), column.NewField("g", column.Of(column.Float32))}}
	b := column.NewBatch(s, n)
	words := []string{"cat", "dog", "bird", "a longer label than most"}
	x := uint64(1)
	for range n {
		x = x*6364136223846793005 + 1442695040888963407
		b.Cols[0].AppendInt(int64(x >> 54))
		b.Cols[1].AppendF64(float64(x>>11) / (1 << 53))
		b.Cols[2].AppendString(words[x>>62])
		b.Cols[3].AppendF32(float32(x>>40) / (1 << 24))
	}
	b.Len = n
	return b
}

func BenchmarkEval(b *testing.B) {
	batch := benchBatch(2048)
	for _, src := range []string{"i < 500", "f > 0.5", "g > 0.5", "i = 7", "s = 'dog'", "s > 'c'", "s like '%ger%'", "i in (1,2,3)",
		"s = 'dog' and (f > 0.5 or i in (1, 2, 3))", "f > 0.2 and f < 0.4 and i != 3"} {
		e, err := Parse(src)
		if err != nil {
			b.Fatal(err)
		}
		p, err := e.Bind(batch.Schema)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(src, func(b *testing.B) {
			for b.Loop() {
				p.Eval(batch, nil)
			}
			b.ReportMetric(float64(b.N)*2048/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}
