package contest

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/strata-data/strata/cmd/strata-bench/gen"
)

// Report is everything that was measured.
type Report struct {
	Generator string   `json:"generator"`
	Rows      int64    `json:"rows"`
	Big       int64    `json:"big_rows"`
	Files     int64    `json:"files"`
	Runs      int      `json:"runs"`
	Machine   Machine  `json:"machine"`
	Tools     []Tool   `json:"tools"`
	Missing   []string `json:"missing"`
	Lines     []Line   `json:"lines"`
	Steps     []Step   `json:"steps"`
}

// Machine is where it was measured. DiskWrite is in MiB/s.
type Machine struct {
	OS, Arch, CPU, Memory, Kernel, FileSystem string
	CPUs                                      int
	DiskWrite                                 float64
	// LoadBefore and LoadAfter are the load averages of the last 1, 5 and 15
	// minutes; before, anything above 0 is somebody else's.
	LoadBefore, LoadAfter string
}

// Tool is a program and its version.
type Tool struct{ Name, Version string }

// Step is all timings of one race.
type Step struct {
	Name    string    `json:"name"`
	Timings []*Timing `json:"timings"`
}

// Line is one row of the table of targets.
type Line struct {
	Workload string `json:"workload"`
	Strata   string `json:"strata"`
	Target   string `json:"target"`
	Verdict  string `json:"verdict"` // reached, missed, unknown
	Peers    string `json:"peers"`
}

const (
	reached = "reached"
	missed  = "**missed**"
	unknown = "unknown"
)

// verdict compares two numbers; NaN is unknown.
func verdict(ok bool, numbers ...float64) string {
	switch {
	case slices.ContainsFunc(numbers, math.IsNaN):
		return unknown
	case ok:
		return reached
	}
	return missed
}

// both is reached only if all are.
func both(verdicts ...string) string {
	switch {
	case slices.Contains(verdicts, missed):
		return missed
	case slices.Contains(verdicts, unknown):
		return unknown
	}
	return reached
}

func (l *Lab) line(workload, target, strata, verdict, peers string) {
	l.report.Lines = append(l.report.Lines, Line{workload, strata, target, verdict, peers})
	fmt.Fprintf(l.Log, "= %s: %s (%s: %s)\n", workload, strata, target, verdict)
}

// WriteJSON writes r as one JSON document.
func (r *Report) WriteJSON(w io.Writer) error {
	r.Generator = gen.Version
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(r)
}

// WriteMarkdown writes the table of targets, then every timing.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	m := r.Machine
	fmt.Fprintf(&b, "%s rows, big table %s rows, %s files; %d runs, medians; data %s.\n", count(r.Rows), count(r.Big), count(r.Files), r.Runs, gen.Version)
	fmt.Fprintf(&b, "%s, %d processors, %s, %s %s on %s; one process writes and syncs %.0f MiB/s; load %s before, %s after.\n\n",
		m.CPU, m.CPUs, m.Memory, m.OS, m.Kernel, m.FileSystem, m.DiskWrite, m.LoadBefore, m.LoadAfter)
	b.WriteString("| workload | at least | Strata | | peers |\n|---|---|---|---|---|\n")
	for _, l := range r.Lines {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", l.Workload, l.Target, l.Strata, l.Verdict, l.Peers)
	}
	b.WriteString("\n| step | tool | median s | min - max | to Strata | CPU s | peak MiB | store MB |\n|---|---|---:|---:|---:|---:|---:|---:|\n")
	for _, s := range r.Steps {
		ours := math.NaN()
		for _, t := range s.Timings {
			if t.Tool == "strata" {
				ours = t.median()
			}
		}
		for _, t := range s.Timings {
			writeTiming(&b, s.Name, t, ours)
		}
	}
	b.WriteString("\nTools: ")
	for i, t := range r.Tools {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(t.Name + " (" + t.Version + ")")
	}
	b.WriteString(".\n")
	if len(r.Missing) > 0 {
		b.WriteString("Not installed: " + strings.Join(r.Missing, ", ") + ".\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeTiming(b *strings.Builder, step string, t *Timing, ours float64) {
	switch {
	case t.Cannot != "":
		fmt.Fprintf(b, "| %s | %s | cannot: %s | | | | | |\n", step, t.Tool, t.Cannot)
		return
	case !t.ok():
		fmt.Fprintf(b, "| %s | %s | failed: %s | | | | | |\n", step, t.Tool, strings.ReplaceAll(t.Failed, "|", "/"))
		return
	}
	ratio := "1"
	if t.Tool != "strata" {
		ratio = times(t.median() / ours)
	}
	store := ""
	if t.Store > 0 {
		store = fmt.Sprintf("%.1f", float64(t.Store)/1e6)
	}
	fmt.Fprintf(b, "| %s | %s | %s | %s - %s | %s | %s | %.0f | %s |\n", step, t.Tool, seconds(t.median()),
		seconds(slices.Min(t.Seconds)), seconds(slices.Max(t.Seconds)), ratio, seconds(t.CPU), float64(t.RSS)/(1<<20), store)
}

// seconds with three digits.
func seconds(s float64) string {
	switch {
	case math.IsNaN(s):
		return "?"
	case s >= 100:
		return fmt.Sprintf("%.0f", s)
	case s >= 10:
		return fmt.Sprintf("%.1f", s)
	case s >= 1:
		return fmt.Sprintf("%.2f", s)
	}
	return fmt.Sprintf("%.3f", s)
}

// times is a ratio for people.
func times(x float64) string {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return "?"
	case x >= 10:
		return fmt.Sprintf("%.0fx", x)
	case x >= 0.1:
		return fmt.Sprintf("%.2gx", x)
	}
	return fmt.Sprintf("%.3fx", x)
}

func percent(x float64) string {
	if math.IsNaN(x) {
		return "?"
	}
	return fmt.Sprintf("%.3g %%", 100*x)
}

func count(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// against names the peers with their medians and ratios to ours.
func against(all map[string]*Timing, tools ...string) string {
	if len(all) == 0 {
		return "" // it was not held
	}
	ours := all["strata"].median()
	var parts []string
	for _, tool := range tools {
		switch t := all[tool]; {
		case t == nil: // not installed, or not a contestant
		case t.Cannot != "":
			parts = append(parts, tool+": cannot")
		case !t.ok():
			parts = append(parts, tool+": failed")
		default:
			parts = append(parts, fmt.Sprintf("%s %s s (%s)", tool, seconds(t.median()), times(t.median()/ours)))
		}
	}
	return strings.Join(parts, ", ")
}

// median of a tool's timing, NaN where there is none.
func median(all map[string]*Timing, tool string) float64 { return all[tool].median() }
