package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/strata-data/strata/internal/diff"
	"github.com/strata-data/strata/pkg/strata"
)

// shownTransitions are the label transitions on one line of a summary.
const shownTransitions = 3

// DiffSummary writes what differs: a line for each dataset, and below it one
// for each change of the schema and each column with changed cells.
func DiffSummary(w io.Writer, d *strata.DiffResult, o Options) {
	t := Table{Gap: 1}
	for i := range d.Datasets {
		diffDataset(&t, &d.Datasets[i], o)
	}
	if len(d.Datasets) > 0 && len(d.Unchanged) <= 5 {
		for _, name := range d.Unchanged {
			if !strings.HasPrefix(name, "@") {
				t.Row(o.paint().Faint, name+"  ", "unchanged")
			}
		}
	}
	t.Write(w)
	DiffFiles(w, d.Files, o)
}

func diffDataset(t *Table, d *strata.DatasetDiff, o Options) {
	rows := Plural(d.Rows.To, "sample")
	switch {
	case d.Change == "A":
		rows += ", new dataset"
	case d.Change == "D":
		rows = Plural(d.Rows.From, "sample") + ", dataset removed"
	case d.Rows.From != d.Rows.To:
		rows = Count(d.Rows.From) + " " + o.arrow() + " " + rows
	}
	t.Row(o.paint().Header, d.Name+"  ", rows+"    "+Signs(d.Added, d.Removed, d.Modified))
	for _, c := range d.SchemaChanges {
		t.Row(nil, "  "+schemaColumn(c.Column, c.Op), " "+schemaText(c, o))
	}
	for _, c := range d.Columns {
		t.Row(nil, "  "+oneLine(c.Name), fmt.Sprintf("%9s changed   %s", Count(c.Changed), columnText(c, o)))
	}
}

// Signs returns the three counts as +400  -90  ~1,212; one that is 0 is left
// out unless all are.
func Signs(added, removed, modified int64) string {
	var parts []string
	for _, p := range []struct {
		sign string
		n    int64
	}{{"+", added}, {"-", removed}, {"~", modified}} {
		if p.n > 0 {
			parts = append(parts, p.sign+Count(p.n))
		}
	}
	if parts == nil {
		return "no sample changed"
	}
	return strings.Join(parts, "  ")
}

func schemaColumn(name, op string) string {
	if name == "" {
		return "(" + op + ")"
	}
	return oneLine(name)
}

func schemaText(c strata.SchemaChange, o Options) string {
	switch c.Op {
	case "add":
		return "column added, " + c.New
	case "drop":
		return "column dropped, was " + c.Old
	case "rename":
		return "column renamed, was " + oneLine(c.Old)
	case "type":
		return "type changed, " + c.Old + " " + o.arrow() + " " + c.New
	case "merge":
		return "merge policy changed, " + c.Old + " " + o.arrow() + " " + c.New
	case "reorder":
		return "columns reordered"
	case "key":
		return "key changed, " + c.Old + " " + o.arrow() + " " + c.New
	}
	return c.Op
}

// columnText says how the cells of a column changed.
func columnText(c diff.Column, o Options) string {
	if c.MeanOfChanged != nil {
		a, b := twoNumbers(c.MeanOfChanged.From, c.MeanOfChanged.To)
		return "mean of changed " + a + " " + o.arrow() + " " + b
	}
	var parts []string
	for i, t := range c.Transitions {
		if i == shownTransitions && len(c.Transitions)+int(c.OtherTransitions) > shownTransitions+1 {
			break
		}
		parts = append(parts, o.Cell(jsonText(t.Old), 24)+o.arrow()+o.Cell(jsonText(t.New), 24)+" "+Count(t.N))
	}
	if more := int64(len(c.Transitions)-len(parts)) + c.OtherTransitions; more > 0 {
		parts = append(parts, Count(more)+" more pairs")
	}
	if parts == nil && c.Nulls.From+c.Nulls.To > 0 {
		return fmt.Sprintf("%s were null, %s are now", Count(c.Nulls.From), Count(c.Nulls.To))
	}
	return strings.Join(parts, o.point())
}

// DiffFiles writes a line for each plain file that differs, as A, M or D; many
// of one directory are one line.
func DiffFiles(w io.Writer, files []strata.FileDiff, o Options) {
	for _, f := range FoldFiles(files) {
		paint := o.paint().Modified
		switch f.Change {
		case "A":
			paint = o.paint().Added
		case "D":
			paint = o.paint().Removed
		}
		fmt.Fprintln(w, paint(f.Change+"  "+f.Text()))
	}
}

// DiffStat writes a line for each dataset with its counts as a bar, as git does
// for files, and then the shortstat.
func DiffStat(w io.Writer, d *strata.DiffResult, o Options) {
	t := Table{Right: []bool{false, false, true}, Gap: 1}
	most := int64(1)
	for i := range d.Datasets {
		most = max(most, d.Datasets[i].Total())
	}
	for i := range d.Datasets {
		s := &d.Datasets[i]
		note := ""
		if n := len(s.SchemaChanges); n > 0 {
			note = Plural(int64(n), "schema change")
		}
		t.Row(nil, " "+s.Name, "|", Count(s.Total()), strings.TrimSpace(statBar(s, most, o)+" "+note))
	}
	for _, f := range FoldFiles(d.Files) {
		n := ""
		if f.N > 1 {
			n = Count(f.N)
		}
		t.Row(nil, " "+oneLine(f.Path), "|", n, f.Change)
	}
	t.Write(w)
	if !d.Empty() {
		fmt.Fprintln(w, ShortStat(d))
	}
}

// statBar draws a dataset's counts in up to 40 signs or so, at least one for
// each count that is not 0.
func statBar(s *strata.DatasetDiff, most int64, o Options) string {
	signs := func(sign string, n int64) string {
		if most > 40 && n > 0 {
			n = max(1, n*40/most)
		}
		return strings.Repeat(sign, int(n))
	}
	p := o.paint()
	return p.Added(signs("+", s.Added)) + p.Removed(signs("-", s.Removed)) + p.Modified(signs("~", s.Modified))
}

// ShortStat returns the counts of all datasets and plain files on one line,
// which begins with a blank as git's does.
func ShortStat(d *strata.DiffResult) string {
	var datasets, slices, added, removed, modified int64
	for i := range d.Datasets {
		if d.Datasets[i].Name == "@slices" {
			slices += d.Datasets[i].Total()
			continue
		}
		datasets++
		added += d.Datasets[i].Added
		removed += d.Datasets[i].Removed
		modified += d.Datasets[i].Modified
	}
	var parts []string
	if n := datasets; n > 0 {
		parts = append(parts, Plural(n, "dataset")+" changed")
	}
	for _, p := range []struct {
		n    int64
		text string
	}{{added, "added(+)"}, {removed, "removed(-)"}, {modified, "modified(~)"}} {
		if p.n > 0 {
			parts = append(parts, Plural(p.n, "sample")+" "+p.text)
		}
	}
	if n := int64(len(d.Files)); n > 0 {
		parts = append(parts, Plural(n, "file")+" changed")
	}
	if slices > 0 {
		parts = append(parts, Plural(slices, "slice")+" changed")
	}
	if parts == nil {
		return ""
	}
	return " " + strings.Join(parts, ", ")
}
