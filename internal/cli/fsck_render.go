package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/strata-data/strata/pkg/strata"
)

// shownFindings is how many findings of one kind are printed.
const shownFindings = 20

// printFsck prints what a check found, for people.
func (e *Env) printFsck(report *strata.FsckReport, took time.Duration) {
	shown := map[string]int{}
	for i := range report.Findings {
		f := &report.Findings[i]
		if f.Severity == "info" && e.Flags.Verbose == 0 {
			continue
		}
		if shown[f.ID]++; shown[f.ID] <= shownFindings {
			e.printFinding(f)
		}
	}
	for _, c := range report.Counts {
		if n := c.Count - shownFindings; shown[c.ID] > shownFindings && n > 0 {
			e.Printf("%s: %s more; --json has them\n", c.ID, count(n))
		}
	}
	what := fmt.Sprintf("%s, %s, %s", plural(report.Objects, "object"), plural(report.Commits, "commit"), bytesText(report.Bytes))
	if took >= time.Second {
		what += fmt.Sprintf(" in %.1f s", took.Seconds())
	}
	switch {
	case report.Errors() > 0:
		e.Printf("%s, %s: %s\n", plural(report.Errors(), "error"), plural(report.Warnings(), "warning"), what)
	case report.Warnings() > 0:
		e.Printf("ok, with %s: %s\n", plural(report.Warnings(), "warning"), what)
	default:
		e.Printf("ok: %s\n", what)
	}
}

// printRepair prints what a repair did, or would do. The branch that is checked
// out gets what is whole by reset, which leaves the working files, as they may be
// the only copy; no other verb can begin where the index is damaged.
func (e *Env) printRepair(ctx context.Context, r *strata.Repo, report *strata.FsckReport, dryRun bool) {
	if dryRun {
		e.Notef("nothing was changed (dry run): this is what a repair would say")
	}
	for _, a := range report.Repair.Actions {
		e.Printf("%s\n", a)
	}
	if len(report.Repair.Actions) == 0 {
		e.Printf("nothing to repair\n")
	}
	if f := report.Repair.LostFile; f != "" {
		e.Printf("%s written to %s\n", plural(report.Repair.Losses, "loss is", "losses are"), e.pathQuoter()(near(e.workDir(), f)))
	}
	if dryRun {
		return
	}
	current := ""
	if list, err := r.Branches(ctx); err == nil {
		current = list.Head.Branch
	}
	for _, b := range report.Repair.Branches {
		then := "strata branch -f " + b.Branch + " " + b.Name
		if b.Branch == current {
			then = "strata reset " + b.Name
		}
		e.Next("strata diff " + b.Branch + " " + b.Name + ", then " + then)
	}
}

func (e *Env) printFinding(f *strata.FsckFinding) {
	st := e.Style()
	word := string(f.Severity)
	switch f.Severity {
	case "error":
		word = st.Error(word)
	case "warning":
		word = st.Warning(word)
	}
	e.Printf("%s %s: %s%s\n", word, f.ID, whereOf(f), f.Detail)
	var facts []string
	if !f.Object.IsZero() {
		kind := "object"
		if f.Kind != "" {
			kind = f.Kind
		}
		facts = append(facts, kind+" "+st.ID(f.Object.String()))
	}
	if f.Segment != "" {
		facts = append(facts, "objects/"+f.Segment+".seg")
	}
	if f.CommitCount > 0 {
		var ids []string
		for _, id := range f.Commits[:min(3, len(f.Commits))] {
			ids = append(ids, st.ID(id.Short()))
		}
		if f.CommitCount > len(ids) {
			ids = append(ids, "...")
		}
		facts = append(facts, plural(f.CommitCount, "commit")+": "+strings.Join(ids, " "))
	}
	if len(f.Refs) > 0 {
		facts = append(facts, "on "+someOf(f.Refs, 5))
	}
	if len(facts) > 0 {
		e.Printf("  %s\n", strings.Join(facts, "; "))
	}
	if f.Hint != "" {
		e.Printf("  %s %s\n", st.Hint("hint:"), f.Hint)
	}
}

// whereOf says where in the data a finding is.
func whereOf(f *strata.FsckFinding) string {
	var parts []string
	if f.Name != "" {
		parts = append(parts, f.Name)
	}
	if f.Dataset != "" {
		parts = append(parts, f.Dataset)
	}
	if f.File != "" {
		parts = append(parts, "file "+f.File)
	}
	if f.Column != "" {
		parts = append(parts, "column "+f.Column)
	}
	switch k := f.Keys; {
	case k == nil:
	case k.First == k.Last:
		parts = append(parts, "key "+k.Last)
	case k.First != "":
		parts = append(parts, "keys "+k.First+" to "+k.Last)
	case k.After != "":
		parts = append(parts, "keys after "+k.After+" to "+k.Last)
	default:
		parts = append(parts, "keys up to "+k.Last)
	}
	if f.Places > 1 {
		parts = append(parts, plural(f.Places, "place"))
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, ", ") + ": "
}

// near returns the path relative to dir where it is below it.
func near(dir, path string) string {
	if rel, err := filepath.Rel(dir, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}
