package jsonl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
)

// anyText draws strings in which all kinds of characters are likely.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringOfN(rapid.RuneFrom([]rune("ab/<>&\"\\ \n\t\b\f\x01\x7fé名\u2028😀")), 0, 12, -1),
		rapid.SampledFrom([]string{"", "01234", "1.50", "true", "null", "2024-01-02", "2024-01-02T03:04:05Z", "plain text that is longer than eight bytes"}),
	)
}

// style is how a random file is written.
type style struct {
	gaps  [gaps]string
	ascii bool
	upper bool
	slash bool
	line  string
}

func drawStyle(t *rapid.T) style {
	var s style
	space := rapid.SampledFrom([]string{"", "", " ", "  "})
	if rapid.Bool().Draw(t, "spaced") {
		for i := range s.gaps {
			s.gaps[i] = space.Draw(t, "gap")
		}
	}
	s.ascii = rapid.Bool().Draw(t, "ascii")
	s.upper = rapid.Bool().Draw(t, "upper")
	s.slash = rapid.Bool().Draw(t, "slash")
	s.line = rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "line")
	return s
}

func (s *style) quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\' || r == '/' && s.slash:
			b.WriteString("\\" + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r < ' ' || r > 0x7e && s.ascii:
			units := []rune{r}
			if r > 0xffff {
				units = []rune{0xd800 + (r-0x10000)>>10, 0xdc00 + (r-0x10000)&0x3ff}
			}
			for _, u := range units {
				h := fmt.Sprintf("%04x", u)
				if s.upper {
					h = strings.ToUpper(h)
				}
				b.WriteString(`\u` + h)
			}
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// pair is a member.
type pair struct {
	name  string
	value any
}

// literal is a number as spelled.
type literal string

func (s *style) write(v any) string {
	switch v := v.(type) {
	case []pair:
		var parts []string
		for _, p := range v {
			parts = append(parts, s.quote(p.name)+s.gaps[gapBeforeColon]+":"+s.gaps[gapAfterColon]+s.write(p.value))
		}
		return s.nest("{", "}", parts, s.gaps[:gapArray])
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, s.write(e))
		}
		return s.nest("[", "]", parts, s.gaps[gapArray:])
	case string:
		return s.quote(v)
	case nil:
		return "null"
	}
	return fmt.Sprint(v)
}

func (s *style) nest(open, end string, parts []string, gap []string) string {
	if len(parts) == 0 {
		return open + end
	}
	return open + gap[gapOpen] + strings.Join(parts, gap[gapBeforeComma]+","+gap[gapAfterComma]) + gap[gapClose] + end
}

// drawFloat draws a number literal in one of many spellings.
func drawFloat(t *rapid.T) any {
	f := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, 0.1, 1e21, 1e-7, 1e16, 123456.75, 1e-5})).Draw(t, "float")
	if math.IsInf(f, 0) || f != f {
		f = 0
	}
	switch rapid.IntRange(0, 4).Draw(t, "spelling") {
	case 0:
		return literal(strconv.FormatFloat(f, 'f', 2, 64))
	case 1:
		return literal(strconv.FormatFloat(f, 'e', -1, 64))
	case 2:
		b, _ := json.Marshal(f)
		return literal(b)
	}
	return literal(strconv.FormatFloat(f, 'f', -1, 64))
}

// drawKind draws a generator of values of one kind, or of any.
func drawKind(t *rapid.T, depth int) func() any {
	kind := rapid.IntRange(0, 9).Draw(t, "kind")
	if depth > 2 && kind > 6 {
		kind = 1
	}
	switch kind {
	case 0:
		return func() any { return rapid.Bool().Draw(t, "bool") }
	case 1:
		return func() any { return rapid.Int64().Draw(t, "int") }
	case 2:
		return func() any { return drawFloat(t) }
	case 3:
		return func() any { return rapid.Uint64().Draw(t, "uint") }
	case 4, 5:
		return func() any { return anyText().Draw(t, "text") }
	case 6:
		days := rapid.Int64Range(-10000, 10000)
		return func() any { return string(appendDate(nil, days.Draw(t, "days"))) }
	case 7:
		elem := drawKind(t, depth+1)
		return func() any {
			list := []any{}
			for range rapid.IntRange(0, 3).Draw(t, "length") {
				list = append(list, elem())
			}
			return list
		}
	case 8:
		return drawObject(t, depth+1)
	}
	return func() any { return drawKind(t, depth+1)() }
}

// drawObject draws a generator of objects with members of fixed kinds.
func drawObject(t *rapid.T, depth int) func() any {
	names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "id", "text", "é", "a/b", "long name"}), 0, 4, rapid.ID[string]).Draw(t, "names")
	kinds := make([]func() any, len(names))
	for i := range names {
		kinds[i] = drawKind(t, depth)
	}
	missing := rapid.IntRange(0, 2).Draw(t, "missing")
	return func() any {
		o := []pair{}
		for i, n := range names {
			switch rapid.IntRange(0, 9).Draw(t, "presence") {
			case 0:
				if missing == 0 {
					o = append(o, pair{n, nil})
				}
				continue
			case 1:
				if missing == 1 {
					continue
				}
			}
			o = append(o, pair{n, kinds[i]()})
		}
		if rapid.IntRange(0, 20).Draw(t, "turn") == 0 {
			slices.Reverse(o)
		}
		return o
	}
}

func drawFile(t *rapid.T) []byte {
	s := drawStyle(t)
	record := drawObject(t, 0)
	var b strings.Builder
	for range rapid.IntRange(0, 8).Draw(t, "rows") {
		style := s
		if rapid.IntRange(0, 9).Draw(t, "other style") == 0 {
			style = drawStyle(t)
		}
		b.WriteString(style.write(record()) + style.line)
		if rapid.IntRange(0, 15).Draw(t, "blank") == 0 {
			b.WriteString(" \n")
		}
	}
	file := b.String()
	if rapid.IntRange(0, 5).Draw(t, "cut") == 0 {
		file = strings.TrimRight(file, "\r\n")
	}
	return []byte(file)
}

// TestAnyFile is restore(add(f)) = f, with jsontext to say what f means.
func TestAnyFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		codec, tab := checkRoundTrip(t, drawFile(t), format.TextOptions{})
		checkMeaning(t, codec, tab)
	})
}

// TestOrderOfInference merges clones that saw the chunks in any order.
func TestOrderOfInference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		file := drawFile(t)
		want, head, err := infer(file, 1<<30, format.TextOptions{})
		if err != nil {
			t.Fatal(err)
		}
		base, _, err := text{}.Sniff(file, true, format.TextOptions{})
		if err != nil {
			t.Fatal(err)
		}
		type piece struct {
			data []byte
			line int64
		}
		var pieces []piece
		line := int64(1 + bytes.Count(file[:head], []byte{'\n'}))
		for _, c := range cut(file[head:], rapid.IntRange(0, 60).Draw(t, "step")) {
			pieces = append(pieces, piece{c, line})
			line += int64(bytes.Count(c, []byte{'\n'}))
		}
		clones := []format.Inferrer{base.Clone(), base.Clone(), base.Clone()}
		for _, p := range rapid.Permutation(pieces).Draw(t, "order") {
			if err := clones[rapid.IntRange(0, 2).Draw(t, "clone")].Chunk(p.data, p.line); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range rapid.Permutation(clones).Draw(t, "merge order") {
			base.Merge(c)
		}
		got, err := base.Codec()
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want.Columns(), got.Columns()); d != "" {
			t.Fatalf("columns of %s: %s", file, d)
		}
		if d := cmp.Diff(string(want.Dialect()), string(got.Dialect())); d != "" {
			t.Fatalf("dialect of %s: %s", file, d)
		}
	})
}

// TestFloatSpellings holds appendFloat against writers that define each style.
func TestFloatSpellings(t *testing.T) {
	cases := []struct { // repr: Python 3.11; js: Node 20; ryu: orjson 3.10
		f             float64
		repr, js, ryu string
	}{
		{0, "0.0", "0", "0.0"},
		{1, "1.0", "1", "1.0"},
		{0.1, "0.1", "0.1", "0.1"},
		{1e-4, "0.0001", "0.0001", "0.0001"},
		{1e-5, "1e-05", "0.00001", "0.00001"},
		{1e-6, "1e-06", "0.000001", "1e-6"},
		{1.5e-7, "1.5e-07", "1.5e-7", "1.5e-7"},
		{1e15, "1000000000000000.0", "1000000000000000", "1000000000000000.0"},
		{1e16, "1e+16", "10000000000000000", "1e16"},
		{1.25e20, "1.25e+20", "125000000000000000000", "1.25e20"},
		{1e21, "1e+21", "1e+21", "1e21"},
		{5e-324, "5e-324", "5e-324", "5e-324"},
		{1.7976931348623157e308, "1.7976931348623157e+308", "1.7976931348623157e+308", "1.7976931348623157e308"},
		{0.30000000000000004, "0.30000000000000004", "0.30000000000000004", "0.30000000000000004"},
	}
	for _, c := range cases {
		for s, want := range []string{c.repr, c.js, c.ryu} {
			if got := string(appendFloat(nil, c.f, 64, spelling(s))); got != want {
				t.Errorf("%v in %s is %s, want %s", c.f, spellingNames[s], got, want)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Draw(t, "f")
		if want, err := json.Marshal(f); err == nil {
			if got := appendFloat(nil, f, 64, spellJS); string(got) != string(want) {
				t.Fatalf("%v is %s, encoding/json writes %s", f, got, want)
			}
		}
	})
}

// TestNumberLiterals checks what is known of a literal without formatting it.
func TestNumberLiterals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lit := []byte(rapid.StringMatching(`-?(0|[1-9][0-9]{0,17})(\.0{0,6}[0-9]{1,17})?([eE][+-]?[0-9]{1,3})?`).Draw(t, "literal"))
		if end, _, err := scanNumber(lit, 0); err != nil || end != len(lit) {
			t.Fatalf("scan of %s: %d, %v", lit, end, err)
		}
		d := takeApart(lit)
		want, err := strconv.ParseFloat(string(lit), 64)
		got, ok := d.value(lit, 64)
		if ok != (err == nil) || ok && math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("%s is %v, %v, want %v, %v", lit, got, ok, want, err)
		}
		if !ok {
			return
		}
		for s := range spellings {
			if d.sure(s) && string(appendFloat(nil, want, 64, s)) != string(lit) {
				t.Fatalf("%s is sure to be spelled %d, which is %s", lit, s, appendFloat(nil, want, 64, s))
			}
		}
	})
}

// TestTimes checks that instants come back from every style that keeps them.
func TestTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.Int64Range(civilDays(1, 1, 1), civilDays(9999, 12, 31)).Draw(t, "days")
		if y, m, d := civil(days); civilDays(y, m, d) != days {
			t.Fatalf("day %d is %d-%d-%d", days, y, m, d)
		}
		style := timeStyle{Sep: 'T', Digits: rapid.SampledFrom([]int8{6, 9, digitsAuto, digitsTrim}).Draw(t, "digits"),
			Zone: rapid.SampledFrom([]string{"", "Z", "+05:30", "-08:00"}).Draw(t, "zone")}
		n := days*86400e6 + rapid.Int64Range(0, 86400e6-1).Draw(t, "micros")
		s := appendTime(nil, n, column.Micro, style)
		got, ok := parseInstant(s)
		if !ok {
			return // the offset went beyond year 1 or 9999
		}
		if back, ok := got.ticks(column.Micro); !ok || back != n {
			t.Fatalf("%d is %s is %d", n, s, back)
		}
		b, err := style.MarshalText()
		var again timeStyle
		if err != nil || again.UnmarshalText(b) != nil || again != style {
			t.Fatalf("style %v is %s is %v", style, b, again)
		}
	})
}

func TestWrite(t *testing.T) {
	schema := &column.Schema{Fields: []column.Field{
		column.NewField("i", column.Of(column.Int64)), column.NewField("f", column.Of(column.Float64)),
		column.NewField("s", column.Of(column.String)), column.NewField("d", column.DecimalOf(20, 2)),
		column.NewField("t", column.TimestampOf(column.Milli, "Europe/Paris")), column.NewField("b", column.Of(column.Binary)),
		column.NewField("l", column.FixedListOf(column.Of(column.Float32), 2)), column.NewField("j", column.Of(column.JSON)),
		column.NewField("o", column.StructOf(column.NewField("x", column.Of(column.Bool)))),
	}}
	b := column.NewBatch(schema, 2)
	b.Cols[0].AppendInt(9007199254740993)
	b.Cols[1].AppendF64(2)
	b.Cols[2].AppendString("é/<\n")
	w, neg, ok := parseDecimal([]byte("-12.5"), 20, 2)
	if !ok {
		t.Fatal("no decimal")
	}
	wide := w.bytes(neg)
	b.Cols[3].AppendBytes(wide[:])
	b.Cols[4].AppendInt(1500)
	b.Cols[5].AppendString("hi")
	b.Cols[6].Kids[0].AppendF32(0.1)
	b.Cols[6].Kids[0].AppendF32(3)
	b.Cols[6].EndList()
	b.Cols[7].AppendString(`{"k":[1.50]}`)
	b.Cols[8].Kids[0].AppendBool(true)
	b.Cols[8].EndStruct()
	for _, c := range b.Cols {
		c.AppendNull()
	}
	b.Len = 2
	var out bytes.Buffer
	rw, err := Formats()[0].Write(&out, schema, format.WriteOptions{})
	if err == nil {
		err = rw.Write(b)
	}
	if err == nil {
		err = rw.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	want := `{"i":9007199254740993,"f":2.0,"s":"é/<\n","d":-12.50,"t":"1970-01-01T00:00:01.500Z","b":"aGk=","l":[0.1,3.0],"j":{"k":[1.50]},"o":{"x":true}}
{"i":null,"f":null,"s":null,"d":null,"t":null,"b":null,"l":null,"j":null,"o":null}
`
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Error(d)
	}
	_, tab := checkRoundTrip(t, out.Bytes(), format.TextOptions{Columns: schema.Fields})
	if len(tab.odd) > 0 {
		t.Errorf("odd: %v", tab.odd)
	}
}
