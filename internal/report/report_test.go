package report

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/diff"
	"github.com/strata-data/strata/internal/drift"
	"github.com/strata-data/strata/internal/profile"
	"github.com/strata-data/strata/pkg/strata"
)

func TestTable(t *testing.T) {
	tab := Table{Right: []bool{false, true}}
	tab.Row(func(s string) string { return "<" + s + ">" }, "name", "n", "text")
	tab.Row(nil, "é", "1,000", "")
	tab.Row(nil, "日本", "7", "x")
	var b strings.Builder
	tab.Write(&b)
	tab.Row(nil, "z", "1")
	tab.Write(&b)
	want := "<name      n  text>\né     1,000\n日本      7  x\nz         1\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestTableFits(t *testing.T) {
	tab := Table{Fit: Options{Width: 10}}
	tab.Row(func(s string) string { return "<" + s + ">" }, "name", "values")
	tab.Row(nil, "label", "dog")
	var b strings.Builder
	tab.Write(&b)
	if want := "<name   va…>\nlabel  dog\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

func TestTableDropsEmpty(t *testing.T) {
	for _, tc := range []struct{ name, cell, want string }{
		{"empty", "", "a  c\n1  3\n"},
		{"not empty", "2", "a  b  c\n1  2  3\n"},
	} {
		tab := Table{Right: []bool{true, true, true}}
		tab.Row(nil, "a", "b", "c")
		tab.Row(nil, "1", tc.cell, "3")
		tab.dropEmpty(1)
		var b strings.Builder
		tab.Write(&b)
		if b.String() != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, b.String(), tc.want)
		}
	}
}

// A terminal of 80 columns still shows how values are distributed.
func TestDescribeNarrow(t *testing.T) {
	d := &strata.DescribeResult{Dataset: "train", Rows: 4, Total: 4, Key: []string{"id"}, Rev: "HEAD"}
	c := strata.ColumnSummary{Name: "weather_of_the_day", Type: "string", Rows: 4, Min: []byte(`"a rather long text"`), Max: []byte(`"z rather long text"`)}
	c.Distinct.N, c.Distinct.Exact = 4, true
	c.Length = &profile.Length{Min: 18, Max: 18, Mean: 18}
	d.Columns = append(d.Columns, c)
	for _, tc := range []struct {
		width int
		has   string
	}{{0, "a rather long t…"}, {200, "a rather long t…"}, {80, "length 18"}} {
		var b strings.Builder
		Describe(&b, d, Options{Width: tc.width})
		for line := range strings.Lines(b.String()) {
			if n := width(strings.TrimSpace(line)); tc.width > 0 && n > tc.width {
				t.Errorf("width %d: a line of %d: %q", tc.width, n, line)
			}
		}
		if !strings.Contains(b.String(), tc.has) {
			t.Errorf("width %d: no %q in\n%s", tc.width, tc.has, b.String())
		}
	}
}

func TestCell(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		limit      int
		ascii      bool
		want       string
	}{
		{"fits", "abc", 3, false, "abc"},
		{"cut", "abcd", 3, false, "ab…"},
		{"ascii", "abcdefg", 6, true, "abc..."},
		{"wide", "日本語", 5, false, "日本…"},
		{"no limit", strings.Repeat("x", 100), 0, false, strings.Repeat("x", 100)},
		{"lines", "a\nb\tc\x1b[31m", 0, false, `a\nb\tc\x1b[31m`},
		{"bad utf-8", "a\xffb", 0, false, "a\ufffdb"},
	} {
		if got := (Options{ASCII: tc.ascii}).Cell(tc.text, tc.limit); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{Count(0), "0"}, {Count(999), "999"}, {Count(1000), "1,000"}, {Count(-1234567), "-1,234,567"},
		{Plural(1, "sample"), "1 sample"}, {Plural(1200, "sample"), "1,200 samples"}, {Plural(0, "file"), "0 files"},
		{Percent(31204, 120310), "25.9%"}, {Percent(1, 0), "-"},
		{Number(5), "5"}, {Number(0.5), "0.5"}, {Number(1.0 / 3), "0.3333"}, {Number(1234567.25), "1,234,567"}, {Number(1e-9), "1e-09"}, {Number(-2.5), "-2.5"},
	} {
		if tc.got != tc.want {
			t.Errorf("have %q, want %q", tc.got, tc.want)
		}
	}
	for _, tc := range []struct {
		a, b float64
		want string
	}{{0.71, 0.69, "0.71 0.69"}, {0.7101, 0.7102, "0.7101 0.7102"}, {3, 4, "3 4"}, {3, 4.5, "3.00 4.50"}, {1e-9, 2e-9, "1e-09 2e-09"}, {1.005, 1.005, "1.00 1.00"}} {
		if a, b := twoNumbers(tc.a, tc.b); a+" "+b != tc.want {
			t.Errorf("twoNumbers(%v, %v) = %s %s, want %s", tc.a, tc.b, a, b, tc.want)
		}
	}
}

func TestBars(t *testing.T) {
	if got := (Options{}).Bars([]uint64{0, 1, 50, 100}); got != " ▁▅█" {
		t.Errorf("have %q", got)
	}
	if got := (Options{ASCII: true}).Bars([]uint64{0, 1, 100}); got != " .@" {
		t.Errorf("have %q", got)
	}
	if got := (Options{}).Bars([]uint64{0, 0}); got != "  " {
		t.Errorf("have %q", got)
	}
}

func transition(old, new string, n int64) diff.Transition {
	return diff.Transition{Old: json.RawMessage(old), New: json.RawMessage(new), N: n}
}

func TestDiffSummary(t *testing.T) {
	d := &strata.DiffResult{Unchanged: []string{"val"}, Datasets: []strata.DatasetDiff{{
		Name: "train", Change: "M", Rows: diff.Pair[int64]{From: 120000, To: 120310}, Added: 400, Removed: 90, Modified: 1212,
		SchemaChanges: []diff.SchemaChange{{Op: "type", Column: "cam", Old: "int32", New: "int64"}},
		Columns: []diff.Column{
			{Name: "label", Changed: 1212, OtherTransitions: 10, Transitions: []diff.Transition{
				transition(`"dog"`, `"wolf"`, 803), transition(`"cat"`, `"lynx"`, 309), transition(`"fox"`, `"dog"`, 51), transition(`""`, "null", 4)}},
			{Name: "score", Changed: 377, MeanOfChanged: &diff.Pair[float64]{From: 0.71, To: 0.69}},
			{Name: "note", Changed: 2, Nulls: diff.Pair[int64]{From: 2}},
		},
	}}}
	want := `train   120,000 → 120,310 samples    +400  -90  ~1,212
  cam    type changed, int32 → int64
  label     1,212 changed   dog→wolf 803 · cat→lynx 309 · fox→dog 51 · 11 more pairs
  score       377 changed   mean of changed 0.71 → 0.69
  note          2 changed   2 were null, 0 are now
val     unchanged
`
	var b strings.Builder
	DiffSummary(&b, d, Options{})
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	b.Reset()
	DiffSummary(&b, d, Options{ASCII: true})
	for _, r := range b.String() {
		if r > 0x7e {
			t.Errorf("%q is not ASCII", r)
		}
	}
}

func TestWhereTheyDiffer(t *testing.T) {
	long := strings.Repeat("lorem ", 10)
	for _, tc := range []struct{ name, a, b, wantA, wantB string }{
		{"short", "dog", "wolf", "dog", "wolf"},
		{"at the end", long + "dog", long + "wolf", "…rem dog", "…rem wolf"},
		{"at the beginning", "a" + long, "b" + long, "a" + long, "b" + long},
		{"one is the beginning of the other", long, long + "x", "…rem ", "…rem x"},
	} {
		if a, b := (Options{}).whereTheyDiffer(tc.a, tc.b, 20); a != tc.wantA || b != tc.wantB {
			t.Errorf("%s: %q %q, want %q %q", tc.name, a, b, tc.wantA, tc.wantB)
		}
	}
}

func TestDrift(t *testing.T) {
	r := &strata.DriftResult{Datasets: []strata.DatasetDrift{{Name: "train", DriftReport: &drift.Report{
		Reference: drift.SideInfo{Name: "v1", Rows: 1000}, Current: drift.SideInfo{Name: "HEAD", Rows: 1200}, Verdict: drift.Drifted,
		Counts: drift.Counts{Drifted: 1, CannotTell: 1},
		Columns: []drift.Column{
			{Name: "score", Verdict: drift.Drifted, PSI: &drift.PSI{Value: 0.31, Floor: 0.0165}, KS: &drift.KS{D: 0.2, P: 1e-30},
				Missing: &drift.Missing{Reference: 0, Current: 0.125}, Top: []drift.Bin{{Label: "[0.9, 1]", Reference: 100, Current: 300}}, Reference: &drift.Summary{}},
			{Name: "label", Verdict: drift.CannotTell, PSI: &drift.PSI{Value: 0.02, Floor: 0.01}, ChiSquare: &drift.ChiSquare{P: 0.25}, Reason: "the effect is at the tolerance"},
		},
		OnlyCurrent: []drift.ColumnName{{Name: "lens"}},
	}}}}
	want := `train   v1 (1,000 samples) → HEAD (1,200 samples)   drifted: 1 drifted, 1 cannot tell

column  verdict         PSI   floor    KS D    KS p  chi2 p       nulls  moved most
score   drifted      0.3100  0.0165  0.2000  <1e-15          0.0%→12.5%  [0.9, 1]: 100 → 300
label   cannot tell  0.0200  0.0100                   0.250              the effect is at the tolerance
only in HEAD: lens
`
	var b strings.Builder
	Drift(&b, r, Options{})
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}
