package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Globals are the flags that every verb understands.
type Globals struct {
	Directory []string // -C, in order
	Repo      string
	Quiet     bool
	Verbose   int
	JSON      bool
	Color     string // auto, always, never
	NoPager   bool
	Progress  string // auto, always, never, json
	NoInput   bool
	Mem       int64 // bytes
}

const (
	autoValue   = "auto"
	alwaysValue = "always"
	neverValue  = "never"
	jsonValue   = "json"

	defaultMem = 1 << 30
	minMem     = 16 << 20
)

// addGlobals declares the global flags on root.
func addGlobals(root *cobra.Command, g *Globals) {
	f := root.PersistentFlags()
	f.SortFlags = false
	f.StringArrayVarP(&g.Directory, "directory", "C", nil, "work as if started in `DIR`; several add up")
	f.StringVar(&g.Repo, "repo", "", "use the repository at `DIR` instead of looking for one upwards")
	f.BoolVarP(&g.Quiet, "quiet", "q", false, "say nothing but errors and what was asked for")
	f.CountVarP(&g.Verbose, "verbose", "v", "say more; twice for everything")
	f.BoolVar(&g.JSON, "json", g.JSON, "write one JSON document, whose schema is stable, to standard output")
	f.Var(newChoice(&g.Color, autoValue, alwaysValue, neverValue), "color", "use colour: `WHEN` is auto, always or never")
	f.BoolVar(&g.NoPager, "no-pager", false, "never send output through a pager")
	f.Var(newChoice(&g.Progress, autoValue, alwaysValue, neverValue, jsonValue), "progress", "report progress: `WHEN` is auto, always, never or json")
	f.BoolVar(&g.NoInput, "no-input", false, "never ask a question; fail where one would be needed")
	f.Var(&sizeValue{&g.Mem}, "mem", "stay below about `SIZE` of memory, such as 512MiB")
}

// applyEnv sets every flag of cmd that was not given on the command line from
// its variable: STRATA_<FLAG> for global flags, STRATA_<VERB>_<FLAG> for a verb's
// own, upper case with dashes as underscores. Empty variables do not count.
func applyEnv(cmd *cobra.Command, getenv func(string) string) error {
	var failed error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || f.Name == "version" || failed != nil {
			return
		}
		name := envName(cmd, f)
		value := getenv(name)
		if value == "" {
			return
		}
		if err := cmd.Flags().Set(f.Name, value); err != nil {
			failed = &Failure{Slug: "bad-value", Message: fmt.Sprintf("%s=%q is not a value of --%s", name, value, f.Name),
				Cause: causeOfFlag(err), Hints: []string{"strata help environment"}, Err: err}
		}
	})
	return failed
}

// envName returns the variable that stands for flag f of cmd.
func envName(cmd *cobra.Command, f *pflag.Flag) string {
	name := f.Name
	if cmd.Root().PersistentFlags().Lookup(f.Name) != f {
		name = strings.ReplaceAll(verbOf(cmd), " ", "_") + "_" + name
	}
	return "STRATA_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// choice is a flag value out of a fixed set.
type choice struct {
	value   *string
	allowed []string
}

func newChoice(value *string, allowed ...string) *choice {
	if *value == "" {
		*value = allowed[0]
	}
	return &choice{value, allowed}
}

func (c *choice) String() string { return *c.value }
func (c *choice) Type() string   { return "string" }
func (c *choice) Set(s string) error {
	for _, a := range c.allowed {
		if s == a {
			*c.value = s
			return nil
		}
	}
	return fmt.Errorf("must be one of %s", strings.Join(c.allowed, ", "))
}

// sizeValue is a flag value in bytes, written as people write sizes.
type sizeValue struct{ bytes *int64 }

func (v *sizeValue) String() string { return exactSize(*v.bytes) }
func (v *sizeValue) Type() string   { return "size" }
func (v *sizeValue) Set(s string) error {
	n, err := parseSize(s)
	if err != nil {
		return err
	}
	if n < minMem {
		return fmt.Errorf("must be at least %s", exactSize(minMem))
	}
	*v.bytes = n
	return nil
}
