package report

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/strata-data/strata/internal/diff"
	"github.com/strata-data/strata/internal/table"
	"github.com/strata-data/strata/pkg/strata"
)

// Bounds of what is shown of a sample.
const (
	cellWidth    = 40   // columns of a cell
	shownColumns = 12   // of a sample, where there is no terminal to fill
	shortHash    = 12   // of a key that is a hash
	flushRows    = 1000 // rows whose cells are aligned together
)

// SampleOptions of DiffSamples.
type SampleOptions struct {
	Options
	Limit int  // samples; 0 means all
	Full  bool // whole values and all columns with changes, however wide
}

// DiffSamples writes samples of one dataset that differ, one a line under the
// names of the columns shown: those with changed cells or, where samples only
// came and went, as many as fit. It returns how many it wrote.
func DiffSamples(w io.Writer, d *strata.DatasetDiff, fields []diff.Field, samples iter.Seq2[*strata.DiffSample, error], o SampleOptions) (shown int64, err error) {
	columns := sampleColumns(d, fields, o)
	var t Table
	head := []string{"@@", "key"}
	for _, i := range columns {
		head = append(head, o.Cell(fields[i].Name, o.cellLimit()))
	}
	if o.hidesColumns(d, fields, columns) {
		head = append(head, o.dots())
	}
	t.Row(o.paint().Header, head...)
	for s, err := range samples {
		if err != nil {
			t.Write(w)
			return shown, err
		}
		if err := diffSample(&t, s, columns, o); err != nil {
			return shown, err
		}
		if shown++; shown == int64(o.Limit) {
			break
		}
		if shown%flushRows == 0 {
			t.Write(w)
		}
	}
	if shown > 0 {
		t.Write(w)
	}
	return shown, nil
}

func (o SampleOptions) cellLimit() int {
	if o.Full {
		return 0
	}
	return cellWidth
}

// sampleColumns returns the positions in fields of the columns to show.
func sampleColumns(d *strata.DatasetDiff, fields []diff.Field, o SampleOptions) []int {
	var at []int
	for i, f := range fields {
		if slices.ContainsFunc(d.Columns, func(c diff.Column) bool { return c.Name == f.Name }) {
			at = append(at, i)
		}
	}
	if at == nil {
		for i, f := range fields {
			if !f.Key {
				at = append(at, i)
			}
		}
	}
	limit := shownColumns
	if o.Width > 0 {
		limit = max(1, (o.Width-16)/12)
	}
	if !o.Full && len(at) > limit {
		at = at[:limit]
	}
	return at
}

// hidesColumns reports whether columns with changes are not shown.
func (o SampleOptions) hidesColumns(d *strata.DatasetDiff, fields []diff.Field, shown []int) bool {
	if len(d.Columns) > 0 {
		return len(shown) < len(d.Columns)
	}
	n := 0
	for _, f := range fields {
		if !f.Key {
			n++
		}
	}
	return len(shown) < n
}

func diffSample(t *Table, s *strata.DiffSample, columns []int, o SampleOptions) error {
	key, err := s.Key()
	if err != nil {
		return err
	}
	if s.ByContent() && !o.Full && len(key) > shortHash {
		key = key[:shortHash]
	}
	cells := []string{string(s.Op), o.Cell(key, o.cellLimit())}
	for _, i := range columns {
		old, err := s.Old(i)
		if err != nil {
			return err
		}
		new, err := s.New(i)
		if err != nil {
			return err
		}
		text := ""
		switch {
		case s.Op == table.Modified && slices.Contains(s.Changed, i):
			a, b := ValueText(old), ValueText(new)
			if limit := o.cellLimit() / 2; limit > 0 {
				a, b = o.whereTheyDiffer(a, b, limit)
				a, b = o.Cell(a, limit), o.Cell(b, limit)
			}
			text = oneLine(a) + o.arrow() + oneLine(b)
		case s.Op == table.Removed || !new.Exists():
			text = o.Cell(ValueText(old), o.cellLimit())
		default:
			text = o.Cell(ValueText(new), o.cellLimit())
		}
		cells = append(cells, text)
	}
	paint := o.paint().Modified
	switch s.Op {
	case table.Added:
		paint = o.paint().Added
	case table.Removed:
		paint = o.paint().Removed
	}
	t.Row(paint, cells...)
	return nil
}

// before is how much of what two long texts share is shown in front of where
// they differ.
const before = 4

// whereTheyDiffer leaves out the beginning that two texts share, where one of
// them would not fit into limit columns and the difference might be cut off.
func (o Options) whereTheyDiffer(a, b string, limit int) (string, string) {
	if width(a) <= limit && width(b) <= limit {
		return a, b
	}
	var starts []int // of the characters shared
	for i, r := range a {
		other, n := utf8.DecodeRuneInString(b[min(i, len(b)):])
		if r != other || n == 0 || r == utf8.RuneError {
			break
		}
		starts = append(starts, i)
	}
	if len(starts) < limit/2 {
		return a, b
	}
	cut := starts[len(starts)-before]
	return o.dots() + a[cut:], o.dots() + b[cut:]
}

// ValueText returns a value for people: null, "" for empty text, nothing for a
// cell that does not exist.
func ValueText(v strata.Value) string {
	switch {
	case !v.Exists():
		return ""
	case v.IsNull():
		return "null"
	}
	if s := v.String(); s != "" {
		return s
	}
	return strconv.Quote("")
}

// More writes the line that says how many samples are not shown and how to see
// them; nothing when there are none.
func More(w io.Writer, more int64, command string, o Options) {
	if more > 0 {
		fmt.Fprintln(w, o.paint().Faint(fmt.Sprintf("%s %s more (%s)", o.dots(), Count(more), command)))
	}
}
