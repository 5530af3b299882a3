package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/strata-data/strata/internal/drift"
	"github.com/strata-data/strata/pkg/strata"
)

// Drift writes a table for each dataset, columns by severity, and below it what
// the worst of them moved by. Datasets that are the same on both sides are one
// line.
func Drift(w io.Writer, r *strata.DriftResult, o Options) {
	tables := 0
	var unchanged []string
	for i := range r.Datasets {
		d := &r.Datasets[i]
		if d.Unchanged && d.Counts.Drifted == 0 {
			unchanged = append(unchanged, oneLine(d.Name)+" ("+Plural(d.Reference.Rows, "sample")+")")
			continue
		}
		if tables > 0 {
			fmt.Fprintln(w)
		}
		tables++
		driftDataset(w, d, o)
	}
	if len(unchanged) > 0 {
		if tables > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "unchanged: %s\n", strings.Join(unchanged, ", "))
	}
}

func driftDataset(w io.Writer, d *strata.DatasetDrift, o Options) {
	p := o.paint()
	fmt.Fprintf(w, "%s   %s %s %s %s   %s: %s\n\n", p.Header(d.Name), d.Reference.Name+" ("+Plural(d.Reference.Rows, "sample")+")", o.arrow(),
		d.Current.Name, "("+Plural(d.Current.Rows, "sample")+")", d.Verdict, countsText(d.Counts))
	t := Table{Right: []bool{false, false, true, true, true, true, true, true}, Fit: o}
	t.Row(p.Header, "column", "verdict", "PSI", "floor", "KS D", "KS p", "chi2 p", "nulls", "moved most")
	for i := range d.Columns {
		c := &d.Columns[i]
		var paint func(string) string
		switch c.Verdict {
		case drift.Drifted:
			paint = p.Warning
		case drift.NotComparable:
			paint = p.Faint
		}
		t.Row(paint, driftCells(c, o)...)
	}
	if o.Width > 0 {
		t.dropEmpty(7) // nulls
	}
	t.Write(w)
	for _, only := range []struct {
		columns []drift.ColumnName
		side    string
	}{{d.OnlyReference, d.Reference.Name}, {d.OnlyCurrent, d.Current.Name}} {
		if len(only.columns) > 0 {
			var names []string
			for _, c := range only.columns {
				names = append(names, c.Name)
			}
			fmt.Fprintf(w, "only in %s: %s\n", only.side, strings.Join(names, ", "))
		}
	}
}

func countsText(c drift.Counts) string {
	var parts []string
	for _, x := range []struct {
		n    int
		text string
	}{{c.Drifted, "drifted"}, {c.CannotTell, "cannot tell"}, {c.Same, "same"}, {c.NotComparable, "not comparable"}} {
		if x.n > 0 {
			parts = append(parts, strconv.Itoa(x.n)+" "+x.text)
		}
	}
	if parts == nil {
		return "no column to compare"
	}
	return strings.Join(parts, ", ")
}

func driftCells(c *drift.Column, o Options) []string {
	name := c.Name
	if c.NameCurrent != "" {
		name += o.arrow() + c.NameCurrent
	}
	cells := []string{o.Cell(name, 32), string(c.Verdict), "", "", "", "", "", "", ""}
	if c.PSI != nil {
		cells[2], cells[3] = fixed(c.PSI.Value, 4), fixed(c.PSI.Floor, 4)
	}
	if c.KS != nil {
		cells[4], cells[5] = fixed(c.KS.D, 4), probability(c.KS.P)
	}
	if c.ChiSquare != nil {
		cells[6] = probability(c.ChiSquare.P)
	}
	if m := c.Missing; m != nil && (m.Reference > 0 || m.Current > 0) {
		cells[7] = share(m.Reference) + o.arrow() + share(m.Current)
	}
	switch {
	case c.Reason != "":
		cells[8] = o.Cell(c.Reason, 60)
	case len(c.Top) > 0 && c.Verdict == drift.Drifted && c.Reference != nil:
		cells[8] = movedMost(c, o)
	case len(c.Top) > 0 && c.Verdict == drift.Drifted:
		cells[8] = o.Cell(c.Top[0].Label, 40)
	}
	return cells
}

// movedMost names the bin with the largest part in PSI and its share of the rows
// of both sides.
func movedMost(c *drift.Column, o Options) string {
	b := c.Top[0]
	if p := c.PSI; p != nil && p.N > 0 && p.M > 0 {
		return fmt.Sprintf("%s: %s %s %s", o.Cell(b.Label, 32), share(b.Reference/p.N), o.arrow(), share(b.Current/p.M))
	}
	return fmt.Sprintf("%s: %s %s %s", o.Cell(b.Label, 32), Count(int64(b.Reference)), o.arrow(), Count(int64(b.Current)))
}

func fixed(x float64, digits int) string { return strconv.FormatFloat(x, 'f', digits, 64) }

func share(x float64) string { return strconv.FormatFloat(100*x, 'f', 1, 64) + "%" }

// probability returns p with two digits, very small ones as a bound.
func probability(p float64) string {
	switch {
	case p < 1e-15:
		return "<1e-15"
	case p < 0.001:
		return strconv.FormatFloat(p, 'e', 1, 64)
	}
	return strconv.FormatFloat(p, 'f', 3, 64)
}
