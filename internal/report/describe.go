package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/strata-data/strata/pkg/strata"
)

// shownValues are the frequent values on one line.
const shownValues = 4

// Describe writes the summary of a dataset: a line about it and one for each
// column.
func Describe(w io.Writer, d *strata.DescribeResult, o Options) {
	what := Plural(d.Rows, "sample")
	if d.Rows != d.Total {
		what = Count(d.Rows) + " of " + Plural(d.Total, "sample") + " (" + Percent(d.Rows, d.Total) + ")"
	}
	key := "keyed by content"
	if len(d.Key) > 0 {
		key = "key " + strings.Join(d.Key, ", ")
	}
	at := d.Rev
	if !d.Commit.IsZero() && d.Rev != d.Commit.Short() {
		at += " " + d.Commit.Short()
	}
	fmt.Fprintf(w, "%s   %s   %s   %s   %s\n", o.paint().Header(d.Dataset), what, Plural(int64(len(d.Columns)), "column"), key, at)
	if d.Where != "" {
		fmt.Fprintf(w, "where %s\n", oneLine(d.Where))
	}
	fmt.Fprintln(w)
	t := describeTable(d, o, false)
	if o.Width > 0 && t.wide(o.Width) {
		t = describeTable(d, o, true)
	}
	t.Write(w)
}

// describeTable is a row for each column. A narrow one leaves out what says
// least: bounds of text and means.
func describeTable(d *strata.DescribeResult, o Options, narrow bool) *Table {
	t := &Table{Right: []bool{false, false, true, true, true, true, true, !narrow}, Fit: o}
	header := []string{"column", "type", "nulls", "distinct", "min", "median", "max", "mean", "values"}
	if narrow {
		header = slices.Delete(header, 7, 8)
	}
	t.Row(o.paint().Header, header...)
	for i := range d.Columns {
		c := &d.Columns[i]
		mean := ""
		if c.Mean != nil && !c.Key {
			if mean = Number(*c.Mean); c.Std != nil {
				mean += o.sign(" ± ", " +- ") + Number(*c.Std)
			}
		}
		nulls := "0"
		if c.Nulls > 0 {
			nulls = Percent(c.Nulls, c.Rows)
			if nulls == "0.0%" {
				nulls = Count(c.Nulls)
			}
		}
		cells := []string{o.Cell(c.Name, 24), o.Cell(c.Type, 24), nulls, distinctText(c), o.Cell(jsonNumber(c.Min), 16), medianText(c),
			o.Cell(jsonNumber(c.Max), 16), mean, o.valuesText(c, d.Rows)}
		if narrow {
			if c.Length != nil {
				cells[4], cells[6] = "", ""
			}
			cells = slices.Delete(cells, 7, 8)
		}
		t.Row(nil, cells...)
	}
	return t
}

func distinctText(c *strata.ColumnSummary) string {
	if c.Distinct.Exact {
		return Count(c.Distinct.N)
	}
	return "~" + Count(c.Distinct.N)
}

func medianText(c *strata.ColumnSummary) string {
	for _, q := range c.Quantiles {
		if q.Q == 0.5 {
			return jsonNumber(q.Value)
		}
	}
	return ""
}

// valuesText shows how the values of a column are distributed: the most frequent
// ones where they are few, else a histogram; of text that hardly repeats, and
// of lists, how long they are.
func (o Options) valuesText(c *strata.ColumnSummary, rows int64) string {
	few := c.Distinct.N > 0 && c.Distinct.N < c.Rows-c.Nulls && (c.Distinct.N <= 20 || c.Histogram == nil && 10*c.Distinct.N <= rows)
	switch {
	case len(c.Top) > 0 && few:
		var parts []string
		for i, t := range c.Top {
			if i == shownValues && c.Distinct.N > shownValues+1 {
				parts = append(parts, Count(c.Distinct.N-shownValues)+" more")
				break
			}
			parts = append(parts, o.Cell(jsonText(t.Value), 20)+" "+Percent(int64(t.N), c.Rows-c.Nulls))
		}
		return strings.Join(parts, o.point())
	case c.Histogram != nil && c.Distinct.N > 1:
		return o.Bars(c.Histogram.Counts)
	case c.Length != nil && c.Length.Min != c.Length.Max:
		return fmt.Sprintf("length %s to %s, mean %s", Count(c.Length.Min), Count(c.Length.Max), Number(c.Length.Mean))
	case c.Length != nil:
		return "length " + Count(c.Length.Min)
	}
	return ""
}
