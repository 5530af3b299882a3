package report

import (
	"fmt"
	"io"

	"github.com/strata-data/strata/pkg/strata"
)

// SliceCount says how much a slice picks: 31,204 of 120,310 train samples
// (25.9%); or why that cannot be said.
func SliceCount(s *strata.SliceInfo) string {
	switch {
	case s.Broken != "":
		return "does not fit " + s.Dataset + ": " + s.Broken
	case s.Samples == nil || s.Total == nil:
		return s.Dataset
	}
	return fmt.Sprintf("%s of %s %s samples (%s)", Count(*s.Samples), Count(*s.Total), s.Dataset, Percent(*s.Samples, *s.Total))
}

// Slices writes a line for each slice.
func Slices(w io.Writer, r *strata.SliceResult, counts bool, o Options) {
	t := Table{}
	head := []string{"slice", "dataset", "where", "why"}
	if counts {
		t.Right = []bool{false, false, true, true}
		head = []string{"slice", "dataset", "samples", "share", "where", "why"}
	}
	if len(r.Slices) == 0 {
		return
	}
	t.Row(o.paint().Header, head...)
	for i := range r.Slices {
		s := &r.Slices[i]
		cells := []string{s.Name, s.Dataset}
		switch {
		case counts && s.Samples != nil:
			cells = append(cells, Count(*s.Samples), Percent(*s.Samples, *s.Total))
		case counts:
			cells = append(cells, "-", "broken")
		}
		t.Row(nil, append(cells, oneLine(s.Where), oneLine(s.Why))...)
	}
	t.Write(w)
}

// Slice writes all that is known about one slice.
func Slice(w io.Writer, s *strata.SliceInfo, o Options) {
	t := Table{}
	t.Row(nil, "slice", o.paint().Header(s.Name))
	t.Row(nil, "dataset", s.Dataset)
	t.Row(nil, "where", oneLine(s.Where))
	if s.Why != "" {
		t.Row(nil, "why", oneLine(s.Why))
	}
	t.Row(nil, "samples", SliceCount(s))
	t.Write(w)
}
