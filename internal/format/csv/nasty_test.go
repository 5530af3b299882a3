package csv

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/format"
)

func textFor(name string) text {
	if filepath.Ext(name) == ".tsv" {
		return text{delim: '\t'}
	}
	return text{}
}

// nasty says what each file in testdata/nasty is read as: names with types,
// and how many records are odd.
var nasty = map[string]struct {
	types string
	odd   int
	rows  string // where it matters: fields joined by |, records by /
}{
	"beyond_uint64.csv":           {"a string", 0, ""},
	"big_cell.csv":                {"id int64, blob string", 0, ""},
	"blank_lines.csv":             {"id int64, x string", 3, "1|a/2|b/3|c"},
	"blank_only_after_header.csv": {"id string, x string", 0, ""},
	"bom.csv":                     {"id int64, text string", 0, ""},
	"bom_quoted_header.csv":       {"id int64, text string", 0, "1|a"},
	"bool.csv":                    {"a bool, b bool, c bool, d string", 0, "true|true|true|t/false|false|~|f"},
	"bool_mixed.csv":              {"a string, b int64", 0, ""},
	"control.csv":                 {"a int64, b string", 1, ""},
	"crlf.csv":                    {"id int64, text string", 0, "1|a/2|b\r\nc"},
	"dates.csv":                   {"d date, bad string, short string", 0, ""},
	"embedded_newlines.csv":       {"id int64, text string", 0, ""},
	"empty_name.csv":              {"c1 int64, name string", 0, ""},
	"exponents.csv":               {"id int64, x string", 0, ""},
	"fixed_decimals.csv":          {"price float64, pct float64, i string", 0, ""},
	"float17.csv":                 {"x string", 0, ""},
	"float_styles.csv":            {"py float64, js float64, long string, exp string", 0, ""},
	"header_only.csv":             {"id string, text string", 0, ""},
	"header_only_no_newline.csv":  {"id string, text string", 0, ""},
	"headerless.csv":              {"c1 int64, c2 string, c3 float64", 0, ""},
	"headerless_space.csv":        {"c1 int64, c2 string, c3 int64", 1, "39|State-gov|77516/50|Self, emp|83311/38|Private|215646"},
	"int64_edges.csv":             {"a int64, b uint64, c string", 0, ""},
	"json_cells.csv":              {"id int64, j string", 0, ""},
	"leading_zero.csv":            {"zip string, n int64", 0, ""},
	"long_records.csv":            {"a int64, b string", 0, ""},
	"minus_zero.csv":              {"a float64, b float64, c int64", 0, ""},
	"mixed_line_ends.csv":         {"id int64, text string", 1, ""},
	"nan_inf.csv":                 {"id int64, x float64, y float64, z float64", 0, ""},
	"nan_only.csv":                {"id int64, x string", 0, ""},
	"no_final_newline.csv":        {"id int64, text string", 1, "1|a/2|b"},
	"no_final_newline_cr.csv":     {"id int64, text string", 1, "1|a/2|b"},
	"null_in_text.csv":            {"a string, b string", 0, "NA|/x|~/y|NA"},
	"nulls_dash.csv":              {"a int64, b string", 0, "~|x/2|-"},
	"nulls_one_word.csv":          {"a int64, b string, c string, d string, e string", 0, ""},
	"nulls_question.csv":          {"a int64, b string", 0, "~|x/2|?"},
	"nulls_two_words.csv":         {"a int64, b string", 0, ""},
	"one_column.csv":              {"name string", 1, "a/b/c"},
	"one_column_commas.csv":       {"text string", 0, ""},
	"one_column_empty.csv":        {"n int64", 0, "1/~/2"},
	"one_column_text_empty.csv":   {"s string", 0, "a//b"},
	"pipe.csv":                    {"id int64, x string", 0, ""},
	"plus_and_underscore.csv":     {"a string, b string", 0, ""},
	"quote_all.csv":               {"id int64, x float64, s string", 0, "1|1.5|a/2|~|b/3|2.5|"},
	"quote_nonnumeric.csv":        {"id int64, x float64, s string", 0, ""},
	"quoted_delimiter.csv":        {"a string, b string", 0, "1;2|x/3|y;z"},
	"quoted_empty_header.csv":     {"a string, b string", 0, "|/~|~"},
	"quotes.csv":                  {"id int64, text string", 0, "1|say \"hi\"/2|plain/3|\"all\"/4|\""},
	"r_na.csv":                    {"c1 int64, x int64, s string", 0, "1|~|a/2|3|~/3|4|b"},
	"semicolon.csv":               {"id int64, x string, t string", 0, ""},
	"shortest17.csv":              {"x float64, y float64", 0, ""},
	"space_then_quote.csv":        {"a int64, b string", 0, "1|x, y/2|z"},
	"stray_quotes.csv":            {"size string, note string", 0, ""},
	"tab.csv":                     {"id int64, x string", 0, ""},
	"tab.tsv":                     {"id int64, x string", 0, ""},
	"timestamps.csv": {"a timestamp[us], b timestamp[us, UTC], c timestamp[us], d timestamp[ns, UTC], " +
		"e timestamp[us, UTC], f timestamp[us, -03:30]", 0, ""},
	"timestamps_mixed_zone.csv": {"a string", 0, ""},
	"timestamps_nano_range.csv": {"a string", 0, ""},
	"timestamps_shortest.csv":   {"a timestamp[us], b timestamp[us], c timestamp[us]", 0, ""},
	"trailing_spaces.csv":       {"id int64, text string", 0, "1|a /2| b/3|  "},
	"overflow.csv":              {"x string", 0, ""},
	"unicode.csv":               {"id int64, 名前 string, emoji string", 0, ""},
	"years_header.csv":          {"c1 string, c2 int64, c3 int64", 0, ""},
}

func TestNastyFilesComeBack(t *testing.T) {
	files, err := filepath.Glob("testdata/nasty/*")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tab, err := read(textFor(name), b, format.TextOptions{})
			if err != nil {
				t.Fatal(err)
			}
			want, ok := nasty[name]
			if !ok {
				t.Fatalf("not in the table: %s, %d odd", strings.Join(tab.types(), ", "), tab.oddCount())
			}
			if d := cmp.Diff(want.types, strings.Join(tab.types(), ", ")); d != "" {
				t.Errorf("types: %s", d)
			}
			if n := tab.oddCount(); n != want.odd {
				t.Errorf("%d odd records, want %d\n%s", n, want.odd, tab.codec.Dialect())
			}
			if want.rows != "" {
				var rows []string
				for _, r := range tab.rows() {
					rows = append(rows, strings.Join(r, "|"))
				}
				if d := cmp.Diff(want.rows, strings.Join(rows, "/")); d != "" {
					t.Errorf("rows: %s", d)
				}
			}
		})
	}
	if len(files) != len(nasty) {
		t.Errorf("%d files, %d in the table", len(files), len(nasty))
	}
}

func TestRefusedFiles(t *testing.T) {
	for name, want := range map[string]struct {
		line int64
		msg  string
		hint string
	}{
		"empty.csv":                {1, "neither a header nor a record", ""},
		"bom_only.csv":             {1, "neither a header nor a record", ""},
		"blank.csv":                {4, "neither a header nor a record", ""},
		"duplicate_names.csv":      {1, `two columns are called "x"`, "rename"},
		"duplicate_text_names.csv": {1, `two columns are called "a"`, "--header no"},
		"ragged_short.csv":         {3, "2 fields, want 3", "cut short"},
		"ragged_long.csv":          {3, "3 fields, want 2", "double quotes"},
		"ragged_first.csv":         {1, "1 field, but the records behind it have 3", "--skip 1"},
		"unclosed_quote.csv":       {2, `quoted field "\"x" is never closed`, "single quote"},
		"text_behind_quote.csv":    {3, `text behind the closing quote`, "twice"},
		"utf16le.csv":              {1, "UTF-16", "iconv"},
		"latin1.csv":               {3, "byte 0xFC", "iconv"},
		"mac.csv":                  {1, "CR alone", "tr "},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join("testdata/refused", name))
			if err != nil {
				t.Fatal(err)
			}
			_, err = read(textFor(name), b, format.TextOptions{})
			var se *format.SyntaxError
			if !errors.As(err, &se) || !errors.Is(err, format.ErrFormat) {
				t.Fatalf("got %v, want a *format.SyntaxError", err)
			}
			if se.Line != want.line || !strings.Contains(se.Msg, want.msg) || !strings.Contains(se.Hint, want.hint) {
				t.Errorf("got %q, hint %q; want line %d, %q, %q", se, se.Hint, want.line, want.msg, want.hint)
			}
		})
	}
}
