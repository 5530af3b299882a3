package cli

import (
	"context"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/object"
)

// finding is one line of the diagnosis.
type finding struct {
	Name   string `json:"name"`
	Status string `json:"status"` // ok, info, warning, error
	Value  string `json:"value"`
	Hint   string `json:"hint,omitempty"`
}

const (
	findingOK      = "ok"
	findingInfo    = "info"
	findingWarning = "warning"
	findingError   = "error"
)

// doctorDocument is strata.doctor/1.
type doctorDocument struct {
	Schema   string    `json:"schema"`
	Healthy  bool      `json:"healthy"`
	Findings []finding `json:"findings"`
}

func newDoctorCmd(env *Env) *cobra.Command {
	full := false
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Diagnose the installation and the repository",
		Long: "Prints what a report of a problem should contain: versions, terminal, variables\n" +
			"(values of secrets are not shown), the repository and what it stores. Every object\n" +
			"is read and compared with its id; stores above 1 GiB only with --full. The exit\n" +
			"code is 1 when something is wrong.",
		Example: "  strata doctor\n  strata doctor --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDoctor(cmd.Context(), env, full) },
	}
	cmd.Flags().BoolVar(&full, "full", false, "read all objects, however many there are")
	return cmd
}

func runDoctor(ctx context.Context, env *Env, full bool) error {
	var all []finding
	examineRepo := func(ctx context.Context) []finding { return env.examineRepo(ctx, full) }
	for _, examine := range []func(context.Context) []finding{env.examineProgram, env.examineTerminal, env.examineTools, examineRepo} {
		all = append(all, examine(ctx)...)
	}
	healthy := !slices.ContainsFunc(all, func(f finding) bool { return f.Status == findingError })
	if env.Flags.JSON {
		if err := env.PrintJSON(doctorDocument{"strata.doctor/1", healthy, all}); err != nil {
			return err
		}
	} else {
		env.printFindings(all)
	}
	if !healthy {
		return errNo
	}
	return nil
}

func (e *Env) printFindings(all []finding) {
	width := 0
	for _, f := range all {
		width = max(width, len(f.Name))
	}
	st := e.Style()
	for _, f := range all {
		mark := "  "
		switch f.Status {
		case findingWarning:
			mark = st.Warning("? ")
		case findingError:
			mark = st.Error("! ")
		}
		e.Printf("%s%-*s  %s\n", mark, width, f.Name, f.Value)
		if f.Hint != "" {
			e.Printf("  %-*s  %s %s\n", width, "", st.Hint("hint:"), f.Hint)
		}
	}
}

func (e *Env) examineProgram(context.Context) []finding {
	b := e.Build.withDefaults()
	version := b.Version
	if b.Commit != "" {
		version += " (" + b.Commit + ")"
	}
	return []finding{
		{Name: "strata", Status: findingOK, Value: version},
		{Name: "object format", Status: findingOK, Value: count(object.Version)},
		{Name: "built with", Status: findingOK, Value: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH},
		{Name: "processors", Status: findingOK, Value: count(runtime.GOMAXPROCS(0))},
		{Name: "memory budget", Status: findingOK, Value: exactSize(e.Flags.Mem)},
	}
}

func (e *Env) examineTerminal(context.Context) []finding {
	kinds := []string{}
	for _, s := range []struct {
		name string
		is   bool
	}{{"input", e.Terminal.In}, {"output", e.Terminal.Out}, {"errors", e.Terminal.Err}} {
		if s.is {
			kinds = append(kinds, s.name)
		}
	}
	value := "none"
	if len(kinds) > 0 {
		value = strings.Join(kinds, ", ") + ", " + plural(e.Columns(), "column")
	}
	found := []finding{{Name: "terminal", Status: findingInfo, Value: value}}
	for _, v := range e.Environ {
		name, value, _ := strings.Cut(v, "=")
		if !strings.HasPrefix(name, "STRATA_") {
			continue
		}
		if strings.Contains(name, "TOKEN") || strings.Contains(name, "SECRET") || strings.Contains(name, "PASSWORD") {
			value = "(set)"
		}
		found = append(found, finding{Name: name, Status: findingInfo, Value: value})
	}
	slices.SortFunc(found[1:], func(a, b finding) int { return strings.Compare(a.Name, b.Name) })
	return found
}

func (e *Env) examineTools(context.Context) []finding {
	f := finding{Name: "pager", Status: findingInfo, Value: e.pagerProgram()}
	switch words := strings.Fields(f.Value); {
	case len(words) == 0:
		f.Value = "none"
	default:
		if _, err := exec.LookPath(words[0]); err != nil {
			f.Value += " (not found)"
		}
	}
	return []finding{f}
}

func (e *Env) examineRepo(ctx context.Context, full bool) []finding {
	layout, err := e.findRepo()
	if err != nil {
		return []finding{{Name: "repository", Status: findingInfo, Value: err.Error()}}
	}
	found := []finding{{Name: "repository", Status: findingOK, Value: layout.Dir}}
	if e.settings(); e.repo.err != nil {
		return append(found, finding{Name: "settings", Status: findingError, Value: e.repo.err.Error(), Hint: "correct the line in an editor"})
	}
	for _, s := range e.settings().Refused() {
		found = append(found, finding{Name: "setting " + s.Key, Status: findingWarning, Value: "ignored in " + s.Path + ", as it names a program",
			Hint: "strata config set --user " + s.Key + " VALUE"})
	}
	r, err := e.OpenRepo(ctx)
	if err != nil {
		return append(found, finding{Name: "opens", Status: findingError, Value: err.Error()})
	}
	head, err := r.Position(ctx)
	name := head.Branch
	if name == "" {
		name = "HEAD"
	}
	switch {
	case err != nil:
		found = append(found, finding{Name: "HEAD", Status: findingError, Value: err.Error()})
	case head.Commit.IsZero():
		found = append(found, finding{Name: "HEAD", Status: findingOK, Value: name + ", no commit yet"})
	default:
		found = append(found, finding{Name: "HEAD", Status: findingOK, Value: name + " at " + head.Commit.Short()})
	}
	return append(found, examineStore(ctx, r, full)...)
}
