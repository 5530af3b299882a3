package contest

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// contestant is one tool's way through a step.
type contestant struct {
	tool string
	runs int // 0 = the contest's number
	// prepare makes dir, which is fresh, ready; it is not timed. nil = nothing.
	prepare func(dir string) error
	dir     string // of an earlier step, used as it is; "" = a fresh one
	// commands are timed, together. Empty: the tool cannot do this.
	commands [][]string
	cannot   string // why not
	// inner: the last command prints its own seconds, which count instead.
	inner bool
	// store is what to weigh afterwards, below dir; "" = nothing.
	store string
	keep  bool // keep the output of the last command
	ok1   bool // exit code 1 is an answer

}

// Timing is what came out for one contestant.
type Timing struct {
	Tool    string    `json:"tool"`
	Seconds []float64 `json:"seconds,omitempty"`
	CPU     float64   `json:"cpu_seconds,omitempty"` // of the last run
	RSS     int64     `json:"peak_rss,omitempty"`    // largest of all runs
	Store   int64     `json:"store_bytes,omitempty"` // after the last run
	Cannot  string    `json:"cannot,omitempty"`
	Failed  string    `json:"failed,omitempty"`
	out     []byte
}

func (t *Timing) ok() bool { return t != nil && t.Failed == "" && len(t.Seconds) > 0 }

// median of the seconds, NaN without runs.
func (t *Timing) median() float64 {
	if !t.ok() {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(t.Seconds))
	if len(s)%2 == 1 {
		return s[len(s)/2]
	}
	return (s[len(s)/2-1] + s[len(s)/2]) / 2
}

// race lets the contestants take turns and returns their timings by tool. Those
// that are not installed are left out.
func (l *Lab) race(step string, contestants ...contestant) map[string]*Timing {
	fmt.Fprintf(l.Log, "%s\n", step)
	results := map[string]*Timing{}
	var order []*Timing
	var field []contestant
	for _, c := range contestants {
		if _, installed := l.tools[c.tool]; !installed || l.Alone && c.tool != "strata" && c.tool != "cp" && c.tool != "hash" {
			continue
		}
		if c.runs == 0 {
			c.runs = l.Runs
		}
		t := &Timing{Tool: c.tool, Cannot: c.cannot}
		results[c.tool] = t
		order = append(order, t)
		field = append(field, c)
	}
	for run := range slices.MaxFunc(append(field, contestant{}), func(a, b contestant) int { return a.runs - b.runs }).runs {
		for i, c := range field {
			if run >= c.runs || len(c.commands) == 0 || order[i].Failed != "" || l.ctx.Err() != nil {
				continue
			}
			if err := l.once(step, c, order[i]); err != nil {
				order[i].Failed = err.Error()
				fmt.Fprintf(l.Log, "  %-10s %v\n", c.tool, err)
				continue
			}
			fmt.Fprintf(l.Log, "  %-10s %8.3f s  %7.1f MiB\n", c.tool, order[i].Seconds[run], float64(order[i].RSS)/(1<<20))
		}
	}
	l.report.Steps = append(l.report.Steps, Step{step, order})
	return results
}

// place is the directory of a tool in a step.
func (l *Lab) place(step, tool string) string { return filepath.Join(l.Work, step, tool) }

func (l *Lab) once(step string, c contestant, t *Timing) error {
	dir := c.dir
	if dir == "" {
		dir = l.place(step, c.tool)
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
	}
	if c.prepare != nil {
		if err := c.prepare(dir); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
	}
	syscall.Sync()
	var s sample
	for i, args := range c.commands {
		if err := l.measure(dir, args, c.inner || c.keep && i == len(c.commands)-1, &s); err != nil && !(c.ok1 && exitCode(err) == 1) {
			return err
		}
	}
	if c.inner {
		seconds, err := number(s.out)
		if err != nil {
			return err
		}
		s.seconds = seconds
	}
	t.Seconds = append(t.Seconds, s.seconds)
	t.CPU, t.RSS, t.out = s.cpu, max(t.RSS, s.rss), s.out
	if c.store != "" {
		t.Store = diskBytes(filepath.Join(dir, c.store))
	}
	return nil
}
