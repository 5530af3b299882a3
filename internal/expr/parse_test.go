package expr

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/column"
)

func TestCanonicalText(t *testing.T) {
	cases := []struct{ src, want string }{
		{"label='dog'", "label = 'dog'"},
		{"label == 'dog'", "label = 'dog'"},
		{"a<>1", "a != 1"},
		{"a<1 AND b>=2.5 Or not c", "a < 1 and b >= 2.5 or not c"},
		{"a<1 && b>2 || !c", "a < 1 and b > 2 or not c"},
		{"!(a = 1)", "not a = 1"},
		{"not (a = 1 or b = 2)", "not (a = 1 or b = 2)"},
		{"(a = 1 or b = 2) and c = 3", "(a = 1 or b = 2) and c = 3"},
		{"(a = 1 and b = 2) or c = 3", "a = 1 and b = 2 or c = 3"},
		{"a = 1 and (b = 2 and c = 3)", "a = 1 and (b = 2 and c = 3)"},
		{"((a)) = ((1))", "a = 1"},
		{"a in(1,2 , 3)", "a in (1, 2, 3)"},
		{"a not in ('x''y')", "a not in ('x''y')"},
		{"a is null or b IS NOT NULL", "a is null or b is not null"},
		{"a like 'x%' and b not like '_' escape '!'", "a like 'x%' and b not like '_' escape '!'"},
		{"a between 1 and 2 and b", "a between 1 and 2 and b"},
		{"a not between - 1 and +2", "a not between -1 and 2"},
		{`"odd name" = 1`, `"odd name" = 1`},
		{`"plain" = 1`, `plain = 1`},
		{`"and" = 1`, `"and" = 1`},
		{`"a""b" = 1`, `"a""b" = 1`},
		{"box.x > 1E-3", "box.x > 1e-3"},
		{`box."x y" > .5`, `box."x y" > .5`},
		{"größe = 1", "größe = 1"},
		{"5 < a", "5 < a"},
		{"a = true and b = FALSE", "a = true and b = false"},
		{"not not a", "not not a"},
		{"(not a) = true", "(not a) = true"},
		{"not a = true", "not a = true"},
	}
	for _, c := range cases {
		e, err := Parse(c.src)
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
			continue
		}
		if got := e.String(); got != c.want {
			t.Errorf("%s is %s, want %s", c.src, got, c.want)
		}
		if again, err := Parse(e.String()); err != nil || again.String() != e.String() {
			t.Errorf("%s reads back as %v, %v", e, again, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	cases := []struct{ src, at, msg, hint string }{ // at: the words under the carets
		{"", "", "empty", "for example"},
		{"  ", "", "empty", ""},
		{"a =", "", "want a column or value, have the end", ""},
		{"a = = 1", "=", "want a column or value", ""},
		{"a 1", "1", "want a comparison", ""},
		{"a = 1 b = 2", "b", "want and, or, or the end", ""},
		{"(a = 1", "", "want ) to close", ""},
		{"a = 1)", ")", "want and, or, or the end, have )", ""},
		{"a = 'x", "'x", "closing quote", ""},
		{`"a = 1`, `"a = 1`, "closing quote", ""},
		{`"" = 1`, `""`, "empty", ""},
		{"a = 1x", "1x", "neither a number nor a name", "double quotes"},
		{"a = 1e", "1e", "exponent", ""},
		{"a = 1e999", "1e999", "out of range", ""},
		{"1 < a < 3", "<", "do not chain", "and"},
		{"a = b = c", "=", "do not chain", ""},
		{"a in 1", "1", "want ( after in", ""},
		{"a in ()", ")", "want a column or value", ""},
		{"a in (1", "", "want ) or ,", ""},
		{"a in (b)", "b", "values only", "single quotes"},
		{"a is 1", "1", "want null after is", ""},
		{"a not = 1", "=", "want in, like or between", ""},
		{"a like 1", "1", "want a pattern", ""},
		{"a like 'x' escape 'yy'", "'yy'", "want one character", ""},
		{"a like 'x!' escape '!'", "'x!'", "ends in its escape", ""},
		{"a between 1 or 2", "or", "want and between", ""},
		{"a = -b", "b", "want a number after -", ""},
		{"a.", "", "want the name of a member", ""},
		{"len(a) > 1", "len", "no function len", ""},
		{"a = `b`", "`", "no meaning", "double quotes"},
		{"a = 1; b", ";", "no meaning", ""},
		{"case = 1", "case", "word of the language", `"case"`},
		{"a = é €", "€", "no meaning", ""},
		{strings.Repeat("(", 300) + "a", "(", "nested deeper", ""},
		{"a = \xff", "\xff", "no meaning", ""},
	}
	for _, c := range cases {
		_, err := Parse(c.src)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q gives %v", c.src, err)
			continue
		}
		if at := e.Src[e.Pos : e.Pos+e.Len]; at != c.at || !strings.Contains(e.Msg, c.msg) || !strings.Contains(e.Hint, c.hint) {
			t.Errorf("%q: %q at %q, hint %q, want …%s… at %q, hint …%s…", c.src, e.Msg, at, e.Hint, c.msg, c.at, c.hint)
		}
	}
}

// testSchema has a column of every kind.
func testSchema() *column.Schema {
	f := column.NewField
	return &column.Schema{Key: []string{column.ContentKey}, Fields: []column.Field{
		f(column.ContentKey, column.Of(column.Binary)),
		f("id", column.Of(column.Int64)), f("label", column.Of(column.String)), f("score", column.Of(column.Float64)),
		{ID: "old_hour", Name: "hour", Type: column.Of(column.Int8)}, f("ok", column.Of(column.Bool)),
		f("weight", column.Of(column.Float32)), f("hash", column.Of(column.Uint64)), f("price", column.DecimalOf(10, 2)),
		f("total", column.DecimalOf(30, 3)), f("day", column.Of(column.Date)), f("taken", column.TimestampOf(column.Milli, "UTC")),
		f("raw", column.Of(column.Binary)), f("tags", column.ListOf(column.Of(column.String))),
		f("box", column.StructOf(f("x", column.Of(column.Float64)), f("size", column.StructOf(f("w", column.Of(column.Int32)))))),
		f("any", column.Of(column.JSON)), f("path", column.Of(column.File)), f("a.b", column.Of(column.Int64)),
	}}
}

func TestBindErrors(t *testing.T) {
	cases := []struct{ src, at, msg, hint string }{
		{"lable = 'dog'", "lable", `unknown column "lable"`, "did you mean label? columns: id, label"},
		{"LABEL = 'dog'", "LABEL", "unknown column", "did you mean label?"},
		{"zzzzzz = 'dog'", "zzzzzz", "unknown column", "columns: id, label"},
		{"ido = 1", "ido", "unknown column", "did you mean id?"},
		{"old_hour = 1", "old_hour", "unknown column", ""},
		{`label = "dog"`, `"dog"`, "unknown column", "single quotes: 'dog'"},
		{`"@key" is null`, `"@key"`, "unknown column", ""},
		{"label = 5", "5", "column label is string and cannot be compared with 5", "'5'"},
		{"label", "label", "not a condition", "label = ..."},
		{"score > '0.5'", "'0.5'", "cannot be compared", "number: 0.5"},
		{"score > 'x'", "'x'", "cannot be compared", ""},
		{"score > 1e399", "1e399", "beyond the range of float64", ""},
		{"id = true", "true", "cannot be compared", ""},
		{"ok = 1", "1", "cannot be compared", "true or false"},
		{"day > '2024-13-01'", "'2024-13-01'", "not a date", ""},
		{"day > 20240101", "20240101", "cannot be compared", "'2006-01-02'"},
		{"taken > 'now'", "'now'", "not a timestamp", ""},
		{"raw = 'x'", "raw", "only is null", ""},
		{"tags = 'x'", "tags", "only is null", ""},
		{"any = 1", "any", "only is null", ""},
		{"any = null", "any", "only is null", ""},
		{"box = 1", "1", "cannot be compared", "box.x"},
		{"box.sise = 1", "box.sise", `box has no member "sise"`, "did you mean size? members: x, size"},
		{"label.x = 1", "label.x", "label is string and has no members", ""},
		{"box.size.w.q = 1", "box.size.w.q", "box.size.w is int32 and has no members", ""},
		{"id like '1%'", "id", "like is for strings", ""},
		{"id = label", "id = label", "cannot be compared", ""},
		{"day = taken", "day = taken", "cannot be compared", ""},
		{"price = score", "price = score", "cannot be compared", ""},
		{"id in (1, 'x')", "'x'", "cannot be compared", ""},
		{"id between 1 and 'x'", "'x'", "cannot be compared", ""},
		{"(id = 1) = true", "id = 1", "have a condition", ""},
		{"1 in (1)", "1", "in is for columns", ""},
		{"'a' like 'a'", "'a'", "like is for columns", ""},
		{"(id = 1) is null", "id = 1", "is null is for columns", ""},
		{"1", "1", "not a condition", ""},
		{"1 = 'x'", "1 = 'x'", "cannot be compared", ""},
	}
	for _, c := range cases {
		e, err := Parse(c.src)
		if err == nil {
			_, err = e.Bind(testSchema())
		}
		var x *Error
		if !errors.As(err, &x) {
			t.Errorf("%q gives %v", c.src, err)
			continue
		}
		if at := x.Src[x.Pos : x.Pos+x.Len]; at != c.at || !strings.Contains(x.Msg, c.msg) || !strings.Contains(x.Hint, c.hint) {
			t.Errorf("%q: %q at %q, hint %q, want …%s… at %q, hint …%s…", c.src, x.Msg, at, x.Hint, c.msg, c.at, c.hint)
		}
	}
}

func TestRender(t *testing.T) {
	e, err := Parse("größe = 1 and lable = 'dog'")
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Bind(&column.Schema{Fields: []column.Field{column.NewField("größe", column.Of(column.Int64))}})
	var x *Error
	if !errors.As(err, &x) {
		t.Fatal(err)
	}
	want := "error: unknown column \"lable\" in  größe = 1 and lable = 'dog'\n" +
		strings.Repeat(" ", 48) + "^^^^^"
	if d := cmp.Diff(want, x.Render("error: ")); d != "" {
		t.Error(d)
	}
	_, err = Parse("a =\n")
	if !errors.As(err, &x) {
		t.Fatal(err)
	}
	want = "want a column or value, have the end in  a = \n" + strings.Repeat(" ", 45) + "^"
	if d := cmp.Diff(want, x.Render("")); d != "" {
		t.Error(d)
	}
}

func TestColumns(t *testing.T) {
	e, err := Parse("hour > 1 and (box.x < 2 or hour = 3) and a.b = 1 and box.size.w is null")
	if err != nil {
		t.Fatal(err)
	}
	p, err := e.Bind(testSchema())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"old_hour", "box", "a.b"}, p.Columns()); d != "" {
		t.Error(d)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"label = 'dog' and (score > 0.5 or hour in (22, 23)) and caption is not null", `"a""b" = .5e-3`, "not not !a",
		"a not between -1 and +2", "a like 'x!%' escape '!'", "((((", "1 < 2", "5 != hour", "label < 'x' or 1 = 2 || null"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		e, err := Parse(src)
		if err == nil {
			again, err := Parse(e.String())
			if err != nil || again.String() != e.String() {
				t.Fatalf("%q is %q, which is %v, %v", src, e, again, err)
			}
			_, err = e.Bind(testSchema())
			checkError(t, src, err)
			return
		}
		checkError(t, src, err)
	})
}

func checkError(t *testing.T, src string, err error) {
	if err == nil {
		return
	}
	var x *Error
	if !errors.As(err, &x) || x.Src != src || x.Pos < 0 || x.Len < 0 || x.Pos+x.Len > len(src) || strings.Count(x.Render("error: "), "\n") != 1 {
		t.Fatalf("%q: bad error %#v", src, err)
	}
}
