package csv

import (
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/lines"
)

// kindsOfText draws values of one column.
func kindsOfText(t *rapid.T) *rapid.Generator[string] {
	gens := map[string]*rapid.Generator[string]{
		"int":   rapid.Map(rapid.Int64(), func(v int64) string { return strconv.FormatInt(v, 10) }),
		"small": rapid.Map(rapid.IntRange(-9, 99), strconv.Itoa),
		"uint":  rapid.Map(rapid.Uint64(), func(v uint64) string { return strconv.FormatUint(v, 10) }),
		"repr":  rapid.Map(rapid.Float64(), func(v float64) string { return string(appendRepr(nil, v, 64)) }),
		"short": rapid.Map(rapid.Float64(), func(v float64) string { return string(appendShort(nil, v, 64)) }),
		"fixed": rapid.Map(rapid.Float64Range(-1e9, 1e9), func(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) }),
		"bool":  rapid.SampledFrom([]string{"True", "False"}),
		"date":  rapid.Map(rapid.Int64Range(-700000, 2000000), func(d int64) string { return string(appendDate(nil, d)) }),
		"stamp": rapid.Map(rapid.Int64Range(-6e16, 2e17), func(v int64) string {
			return string(timeForm{sep: 'T', frac: fracShortest, zone: zoneZ}.append(nil, v, column.Micro))
		}),
		"text":  rapid.StringOf(rapid.RuneFrom([]rune("ab,;\t|\"\n\r :-0.é"))),
		"null":  rapid.SampledFrom([]string{"", "NA", "1", "2"}),
		"mixed": rapid.SampledFrom([]string{"", "NA", "nan", "null", "1", "1.0", "01", "-0", "1e5", "inf", "Inf", "true", "TRUE", "2020-01-01", "2020-01-01T00:00:00Z", "x", "\"", " y"}),
	}
	return gens[rapid.SampledFrom([]string{"int", "small", "uint", "repr", "short", "fixed", "bool", "date", "stamp", "text", "null", "mixed"}).Draw(t, "kind")]
}

// drawFile draws a table and writes it in a random dialect, now and then with
// a record that is written differently. It returns the fields too.
func drawFile(t *rapid.T) (file []byte, fields [][]string, o format.TextOptions) {
	cols := rapid.IntRange(1, 5).Draw(t, "cols")
	rows := rapid.IntRange(0, 30).Draw(t, "rows")
	delim := rapid.SampledFrom([]byte(",;\t|: ")).Draw(t, "delim")
	ending := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "ending")
	space := delim != ' ' && rapid.Bool().Draw(t, "space")
	always := make([]bool, cols)
	gens := make([]*rapid.Generator[string], cols)
	var b bytes.Buffer
	for k := range cols {
		always[k] = rapid.Bool().Draw(t, "always")
		gens[k] = kindsOfText(t)
		if k > 0 {
			b.WriteByte(delim)
		}
		fmt.Fprintf(&b, "name%d", k)
	}
	b.WriteString(ending)
	for i := range rows {
		var rec []string
		noise := rapid.IntRange(0, 20).Draw(t, "noise")
		if noise == 1 && i%8 != 7 {
			noise = 0 // a missing space stays rare, or there is no saying what is meant
		}
		for k := range cols {
			v := gens[k].Draw(t, "v")
			rec = append(rec, v)
			if k > 0 {
				b.WriteByte(delim)
				if space && noise != 1 {
					b.WriteByte(' ')
				}
			}
			q := always[k] || strings.ContainsAny(v, "\"\r\n"+string(rune(delim))) || space && strings.HasPrefix(v, " ")
			if noise == 2 || cols == 1 && v == "" {
				q = true
			}
			if q {
				b.WriteString(`"` + strings.ReplaceAll(v, `"`, `""`) + `"`)
			} else {
				b.WriteString(v)
			}
		}
		fields = append(fields, rec)
		switch noise {
		case 3:
			b.WriteString("\r\n")
		case 4:
			b.WriteString("\n\n\r\n")
		default:
			b.WriteString(ending)
		}
	}
	yes := true
	return b.Bytes(), fields, format.TextOptions{Delimiter: delim, Header: &yes}
}

func TestAnyTableComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		file, fields, o := drawFile(t)
		tab, err := read(text{}, file, o)
		if err != nil {
			t.Fatalf("%v\n%q", err, file)
		}
		if tab.batch.Len != len(fields) {
			t.Fatalf("%d rows, want %d\n%q", tab.batch.Len, len(fields), file)
		}
		// Columns of text hold the very fields.
		for k, f := range tab.codec.Columns() {
			for i, rec := range fields {
				v := tab.batch.Cols[k]
				if f.Type.Kind != column.String || v.IsNull(i) {
					continue
				}
				want := rec[k]
				if tab.codec.(*codec).d.space && k > 0 {
					want = strings.TrimPrefix(want, " ")
				}
				if got := string(v.At(i)); got != want && got != " "+want { // the space may have been taken for text
					t.Fatalf("column %d, row %d: %q, want %q\n%q", k, i, got, want, file)
				}
			}
		}
	})
}

// TestInferenceIsIndependentOfChunks splits the records anywhere, shows the
// parts in any order to any number of inferrers, and merges them in any order.
func TestInferenceIsIndependentOfChunks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		file, _, o := drawFile(t)
		inf, head, err := text{}.Sniff(file, true, o)
		if err != nil {
			t.Fatal(err)
		}
		whole := inf.Clone()
		body := file[head:]
		if err := whole.Chunk(body, 2); err != nil {
			t.Fatal(err)
		}
		want, err := whole.Codec()
		if err != nil {
			t.Fatal(err)
		}
		var parts [][]byte
		end := lines.RecordEnd(text{}, inf)
		for len(body) > 0 {
			n := end(body, rapid.IntRange(0, len(body)-1).Draw(t, "from"))
			if n < 0 {
				n = len(body)
			}
			parts = append(parts, body[:n])
			body = body[n:]
		}
		infs := []format.Inferrer{inf.Clone(), inf.Clone(), inf.Clone()}
		for _, p := range rapid.Permutation(parts).Draw(t, "parts") {
			if err := infs[rapid.IntRange(0, 2).Draw(t, "to")].Chunk(p, 1); err != nil {
				t.Fatalf("%v\n%q", err, p)
			}
		}
		infs = rapid.Permutation(infs).Draw(t, "infs")
		infs[1].Merge(infs[2])
		infs[0].Merge(infs[1])
		got, err := infs[0].Codec()
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want.Dialect()), string(got.Dialect())); d != "" {
			t.Fatalf("%s\n%q", d, file)
		}
		if d := cmp.Diff(want.Columns(), got.Columns()); d != "" {
			t.Fatalf("%s\n%q", d, file)
		}
	})
}

// TestRecordEndIsWhereParseEnds compares the two for every offset.
func TestRecordEndIsWhereParseEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		file, _, o := drawFile(t)
		tab, err := read(text{}, file, o)
		if err != nil {
			t.Fatal(err)
		}
		body := file[len(tab.head):]
		at := 0
		ends := []int{}
		for _, r := range tab.raw {
			at += len(r)
			ends = append(ends, at)
		}
		for range min(len(body), 20) {
			from := rapid.IntRange(0, len(body)-1).Draw(t, "from")
			i, _ := slices.BinarySearch(ends, from+1)
			want := ends[i]
			if want == len(body) {
				want = -1 // blank lines might follow
			}
			if got := tab.codec.(format.Ender).RecordEnd(body, from); got != want {
				t.Fatalf("record end behind %d is %d, want %d\n%q", from, got, want, body)
			}
		}
	})
}

// TestFieldsAreThoseOfEncodingCSV has the standard library as the oracle; the
// differences are that it drops CR before LF inside quotes, blank lines behind
// a record are not odd to it, and that it wants no quotes inside bare fields
// unless LazyQuotes is set, which in turn is laxer than we are.
func TestFieldsAreThoseOfEncodingCSV(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		file := rapid.SliceOfN(rapid.SampledFrom([]byte("ab1,,\"\"\n\n\r ")), 0, 40).Draw(t, "file")
		compareWithStd(t, file)
	})
}

type fataler interface {
	Fatalf(format string, args ...any)
}

func compareWithStd(t fataler, file []byte) {
	r := stdcsv.NewReader(bytes.NewReader(file))
	r.FieldsPerRecord = -1
	var want [][]string
	for {
		rec, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return // stray quotes are refused there
		}
		want = append(want, rec)
	}
	var got [][]string
	s := scanner{data: file, class: classesOf(','), delim: ','}
	for s.pos = skipBlank(file, 0); s.pos < len(file); s.pos = skipBlank(file, s.pos) {
		var rec []string
		for first := true; ; first = false {
			f := s.next(first)
			if s.err != nil {
				t.Fatalf("%v, but encoding/csv reads %q\n%q", s.err, want, file)
			}
			v := file[s.lo:s.hi]
			if f&fEscaped != 0 {
				v = unescape(nil, v)
			}
			rec = append(rec, strings.ReplaceAll(string(v), "\r\n", "\n"))
			if f&fLast != 0 {
				break
			}
		}
		got = append(got, rec)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("%s\n%q", d, file)
	}
}

// TestNumberStyles has rendering as the oracle for what parseFloat says of a
// text without rendering.
func TestNumberStyles(t *testing.T) {
	check := func(t fataler, s string) {
		for _, bits := range []int{64, 32} {
			n, ok := parseFloat([]byte(s), bits)
			v, err := strconv.ParseFloat(s, bits)
			if !ok {
				continue
			}
			if err != nil || math.Float64bits(v) != math.Float64bits(n.v) {
				t.Fatalf("%q is %v, want %v (%v)", s, n.v, v, err)
			}
			if got := string(appendRepr(nil, v, bits)) == s; got != n.repr {
				t.Fatalf("%q: repr %t, rendered %s, bits %d", s, n.repr, appendRepr(nil, v, bits), bits)
			}
			if got := string(appendShort(nil, v, bits)) == s; got != n.short {
				t.Fatalf("%q: short %t, rendered %s, bits %d", s, n.short, appendShort(nil, v, bits), bits)
			}
			if n.fixed >= 0 && string(appendFixed(nil, v, int(n.fixed), bits)) != s {
				t.Fatalf("%q: fixed %d, rendered %s", s, n.fixed, appendFixed(nil, v, int(n.fixed), bits))
			}
			if i := strings.IndexByte(s, '.'); n.fixed < 0 && i >= 0 && !strings.ContainsAny(s, "eE") && len(s)-i-1 <= maxFixed &&
				strconv.FormatFloat(v, 'f', len(s)-i-1, bits) == s {
				t.Fatalf("%q is fixed, bits %d", s, bits)
			}
		}
	}
	for _, s := range []string{"0", "-0", "0.0", "0.00", "-0.0", "0e5", "1", "1.0", "1.50", "0.1", "1e5", "1e+16", "1e+15", "1e-05", "1e-5",
		"0.0001", "0.00001", "0.000001", "0.0000001", "1e-7", "1e-07", "1e21", "1e+21", "1e+020", "123456789012345678", "9007199254740993",
		"9007199254740993.0", "0.1234567890123456789", "0.10000000000000000555", "5e-324", "4.9e-324", "1.7976931348623157e+308",
		"100000000000000000000", "1000000000000000000000", "1.5e3", "1E5", "10e5", "0.5e-9", "1e+100", "1e-100", "2.50e-10", "16777217.0",
		"0.00024414063", "1125899906842624.2", "1125899906842624.8", "1125899906842624.3"} {
		check(t, s)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,22})?(e[+-]?[0-9]{1,3})?`).Draw(t, "s")
		check(t, s)
		v := rapid.Float64().Draw(t, "v")
		check(t, string(appendRepr(nil, v, 64)))
		check(t, string(appendShort(nil, v, 64)))
		w := rapid.Float32().Draw(t, "w")
		check(t, string(appendRepr(nil, float64(w), 32)))
		check(t, string(appendShort(nil, float64(w), 32)))
		check(t, strconv.FormatFloat(v, 'f', rapid.IntRange(0, 20).Draw(t, "n"), 64))
	})
}

func TestOddLinesUnderOnePercentKeepTheType(t *testing.T) {
	for _, tc := range []struct {
		name, usual, other, want string
		others                   int
	}{
		{"style", "1.5", "1e5", "float64", 1},
		{"too many", "1.5", "1e5", "string", 10},
		{"zip code is never a number", "94110", "01234", "string", 1},
		{"plus", "5", "+5", "string", 1},
		{"digits that a float cannot hold", "1.5", "0.12345678901234567891", "string", 1},
		{"bool", "true", "TRUE", "bool", 1},
		{"null", "1", "\"\"", "int64", 1},
		{"nan", "1.5", "NaN", "float64", 1},
		{"zone", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00+02:00", "timestamp[us, UTC]", 1},
		{"space", "2020-01-01T00:00:00Z", "2020-01-01 00:00:00Z", "timestamp[us, UTC]", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := []byte("a,b\n")
			for i := range 500 {
				v := tc.usual
				if i%50 == 7 && i/50 < tc.others {
					v = tc.other
				}
				b = fmt.Appendf(b, "%d,%s\n", i, v)
			}
			tab, err := read(text{}, b, format.TextOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got := tab.codec.Columns()[1].Type.String(); got != tc.want {
				t.Errorf("type %s, want %s", got, tc.want)
			}
			if n := tab.oddCount(); n > tc.others {
				t.Errorf("%d odd records", n)
			}
		})
	}
}

func TestKnownColumns(t *testing.T) {
	known := func(types ...string) (fields []column.Field) {
		for i, s := range types {
			typ, err := column.ParseType(s)
			if err != nil {
				t.Fatal(err)
			}
			fields = append(fields, column.NewField(string(rune('a'+i)), typ))
		}
		return fields
	}
	for _, tc := range []struct {
		name, types, file string
		line              int64
		value, needed     string
	}{
		{"all fit", "int8 uint16 float32 date string", "a,b,c,d,e\n-128,65535,0.1,2020-01-01,x\n,NA,nan,,\n", 0, "", ""},
		{"int8", "int8", "a\n1\n128\n", 3, "128", "int64"},
		{"int as float", "int64", "a\n1\n1.5\n", 3, "1.5", "float64"},
		{"int as word", "int64", "a\n1\n2\n\n\nx\n", 6, "x", "string"},
		{"zip", "int64", "a\n01\n", 2, "01", "string"},
		{"uint", "uint8", "a\n-1\n", 2, "-1", "int64"},
		{"finer time", "timestamp[s]", "a\n2020-01-01 00:00:00.5\n", 2, "2020-01-01 00:00:00.5", "timestamp[us]"},
		{"zone", "timestamp[us]", "a\n2020-01-01 00:00:00Z\n", 2, "2020-01-01 00:00:00Z", "string"},
		{"quoted", "int64 string", "a,b\n1,\"x\ny\"\n\"t\"\"u\",z\n", 4, `t"u`, "string"},
		{"many decimals fit a float", "float64", "a\n0.1234567890123456789\n1\n+\n", 4, "+", "string"},
		{"decimal", "decimal(5, 2) decimal(30, 3)", "a,b\n1.50,2.125\n-999.99,123456789012345678901.000\n", 0, "", ""},
		{"json and lists", "json list<int64>", "a,b\n\"{\"\"x\"\":1}\",\"[1,2]\"\n[],[]\n", 0, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			yes := true
			// Types hold commas and spaces; split at spaces outside brackets.
			var names []string
			depth := 0
			cur := ""
			for _, r := range tc.types + " " {
				switch {
				case strings.ContainsRune("([<", r):
					depth++
				case strings.ContainsRune(")]>", r):
					depth--
				}
				if r == ' ' && depth == 0 {
					names = append(names, cur)
					cur = ""
					continue
				}
				cur += string(r)
			}
			o := format.TextOptions{Columns: known(names...), Header: &yes, Delimiter: ','}
			tab, err := read(text{}, []byte(tc.file), o)
			if tc.line == 0 {
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(o.Columns, tab.codec.Columns()); d != "" {
					t.Fatal(d)
				}
				return
			}
			var ve *format.ValueError
			if !errors.As(err, &ve) || !errors.Is(err, format.ErrFormat) {
				t.Fatalf("got %v, want a *format.ValueError", err)
			}
			if ve.Line != tc.line || ve.Value != tc.value || ve.Needed.String() != tc.needed || ve.Column != "a" {
				t.Errorf("line %d value %q column %s needs %s; want line %d %q %s", ve.Line, ve.Value, ve.Column, ve.Needed, tc.line, tc.value, tc.needed)
			}
		})
	}
}

func TestColumnsOfTheDatasetKeepTheirIDs(t *testing.T) {
	o := format.TextOptions{
		Columns: []column.Field{{ID: "label", Name: "klass", Type: column.Of(column.String)}, {ID: "id", Name: "id", Type: column.Of(column.Int64)}},
		Rename:  map[string]string{"klass": "cls"},
	}
	tab, err := read(text{}, []byte("id,cls,label\n1,7,x\n"), o)
	if err != nil {
		t.Fatal(err)
	}
	want := []column.Field{o.Columns[1], o.Columns[0], {ID: "label~2", Name: "label", Type: column.Of(column.String)}}
	if d := cmp.Diff(want, tab.codec.Columns()); d != "" {
		t.Fatal(d)
	}
	o.Rename = map[string]string{"id": "cls"}
	if _, err := read(text{}, []byte("id,cls\n1,7\n"), o); !errors.Is(err, format.ErrFormat) {
		t.Errorf("two columns for one: %v", err)
	}
	tab, err = read(text{}, []byte("\n"), o)
	if err != nil || tab.batch.Len != 0 || len(tab.codec.Columns()) != 2 {
		t.Fatalf("an empty file for known columns: %v, %v", tab, err)
	}
}

func TestSniffOptions(t *testing.T) {
	yes, no := true, false
	for _, tc := range []struct {
		name, file string
		o          format.TextOptions
		types      string
		rows       int
	}{
		{"header forced", "1990,1991\n5,6\n", format.TextOptions{Header: &yes}, "1990 int64, 1991 int64", 1},
		{"no header", "a,b\nc,d\n", format.TextOptions{Header: &no}, "c1 string, c2 string", 2},
		{"delimiter", "a:b\n1:2\n", format.TextOptions{Delimiter: ':'}, "a int64, b int64", 1},
		{"skip", "x\r\ny,\"\na,b\n1,2\n", format.TextOptions{Skip: 2}, "a int64, b int64", 1},
		{"semicolon with decimal commas", "a;b\n1,5;2\n2,5;3\n", format.TextOptions{}, "a string, b int64", 2},
		{"tabs with commas in text", "id\ttext\n1\ta, b\n2\tc, d, e\n3\tf\n", format.TextOptions{}, "id int64, text string", 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tab, err := read(text{}, []byte(tc.file), tc.o)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tc.types, strings.Join(tab.types(), ", ")); d != "" || tab.batch.Len != tc.rows {
				t.Errorf("%d rows: %s", tab.batch.Len, d)
			}
		})
	}
	for name, o := range map[string]format.TextOptions{"quote as delimiter": {Delimiter: '"'}, "skip all": {Skip: 9}} {
		if _, _, err := (text{}).Sniff([]byte("a,b\n1,2\n"), true, o); !errors.Is(err, format.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSniffSeesOnlyThePrefix(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	b := []byte("id,x,note\n")
	for i := range 40000 {
		v := strconv.Itoa(rng.IntN(100))
		if i == 39990 {
			v = "n/k" // a word in the last rows makes a string column
		}
		b = fmt.Appendf(b, "%d,%s,\"a, %d\nb\"\n", i, v, i)
	}
	inf, head, err := text{}.Sniff(b[:2000], false, format.TextOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := inf.Chunk(b[head:], 2); err != nil {
		t.Fatal(err)
	}
	c, err := inf.Codec()
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Columns()[1].Type.String(); got != "string" {
		t.Errorf("x is %s, want string", got)
	}
	if _, _, err := (text{}).Sniff([]byte("aaaa,bbb"), false, format.TextOptions{}); !errors.Is(err, format.ErrFormat) {
		t.Errorf("a record longer than the prefix: %v", err)
	}
}

func TestRenderLosesNothing(t *testing.T) {
	// A value that the column's spelling cannot hold is written so that it can
	// be read again.
	tab, err := read(text{}, []byte("p,t,m,s\n1.50,2020-01-01 00:00:00.5,2020-01-01T00:00,x\n2.00,2020-01-01 00:00:01.5,2020-01-01T00:01,y\n"), format.TextOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b := column.NewBatch(tab.batch.Schema, 1)
	b.Cols[0].AppendF64(0.123)
	b.Cols[1].AppendInt(1577836800_123456)
	b.Cols[2].AppendInt(1577836801_000001)
	b.Cols[3].AppendString("NA")
	b.Len = 1
	got := string(tab.codec.Render(nil, b, 0))
	if want := "0.123,2020-01-01 00:00:00.123456,2020-01-01T00:00:01.000001,NA\n"; got != want {
		t.Errorf("rendered %q, want %q", got, want)
	}
	back := column.NewBatch(tab.batch.Schema, 1)
	if _, _, err := tab.codec.Parse([]byte(got), 1, back); err != nil {
		t.Fatal(err)
	}
	for k := range b.Cols {
		if !column.Equal(b.Cols[k], 0, back.Cols[k], 0) {
			t.Errorf("column %d was read back as another value", k)
		}
	}
}

func TestDialectIsStrict(t *testing.T) {
	good := (&dialect{delim: ',', cols: []spelling{{}, {quote: quoteAlways, null: "NA", form: form{kind: formFloat, style: 3}},
		{form: form{kind: formTime, time: timeForm{sep: 'T', frac: fracPython, zone: zoneOffset, off: -90}}}}}).encode()
	if _, err := decodeDialect(good); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "strata csv 2\n", string(good[:len(good)-1]), string(good) + "\n", string(good) + "column minimal bare: plane\n",
		strings.Replace(string(good), "0x2c", "0x22", 1), strings.Replace(string(good), "0x2c", "44", 1),
		strings.Replace(string(good), "space false", "space no", 1), strings.Replace(string(good), "NA", "n.a.", 1),
		strings.Replace(string(good), "-01:30", "-00:00", 1)} {
		if _, err := decodeDialect([]byte(bad)); err == nil {
			t.Errorf("accepted %q", bad)
		}
	}
	if _, err := (text{}).Load(good, nil); err == nil {
		t.Error("accepted a dialect for another number of columns")
	}
}

func TestBeginReadsAsMuchAsItNeeds(t *testing.T) {
	long := strings.Repeat("x", 3<<20)
	file := "1,\"" + long + "\"\n2,y\n"
	inf, head, body, err := lines.Begin(text{}, strings.NewReader(file), format.TextOptions{})
	if err != nil || len(head) != 0 {
		t.Fatal(len(head), err)
	}
	all, err := io.ReadAll(body)
	if err != nil || string(all) != file {
		t.Fatalf("%d of %d bytes, %v", len(all), len(file), err)
	}
	if err := inf.Chunk(all, 1); err != nil {
		t.Fatal(err)
	}
}
