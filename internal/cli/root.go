package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// group is one block of the help page.
type group struct {
	id, title string
	verbs     []*cobra.Command
}

// verbGroups is the list of all verbs, in the order in which help shows them.
// A new verb is one line here and one file.
func verbGroups(env *Env) []group {
	return []group{
		{"start", "Start", []*cobra.Command{
			newInitCmd(env),
			newAddCmd(env),
			newRmCmd(env),
			newMvCmd(env),
			newDemoCmd(env),
		}},
		{"look", "Look", []*cobra.Command{
			newStatusCmd(env),
			newDiffCmd(env),
			newLogCmd(env),
			newShowCmd(env),
			newBlameCmd(env),
			newHeadCmd(env),
			newDescribeCmd(env),
			newSchemaCmd(env),
			newProveCmd(env),
			newVerifyProofCmd(env),
			newVerifyCommitCmd(env),
			newVerifyTagCmd(env),
		}},
		{"history", "Change history", []*cobra.Command{
			newCommitCmd(env),
			newBranchCmd(env),
			newSwitchCmd(env),
			newCheckoutCmd(env),
			newMergeCmd(env),
			newCherryPickCmd(env),
			newRevertCmd(env),
			newConflictsCmd(env),
			newResolveCmd(env),
			newRestoreCmd(env),
			newResetCmd(env),
			newTagCmd(env),
			newReflogCmd(env),
			newStashCmd(env),
			newBisectCmd(env),
			newUndoCmd(env),
			newRedoCmd(env),
		}},
		{"data", "Work with the data", []*cobra.Command{
			newExportCmd(env),
			newSliceCmd(env),
			newSampleCmd(env),
			newDriftCmd(env),
		}},
		{"house", "House-keeping", []*cobra.Command{
			newConfigCmd(env),
			newGCCmd(env),
			newDuCmd(env),
			newFsckCmd(env),
			newDoctorCmd(env),
			newCompletionCmd(env),
			newVersionCmd(env),
		}},
		{"plumbing", "For scripts", []*cobra.Command{
			newRevParseCmd(env),
			newMergeBaseCmd(env),
			newLsTreeCmd(env),
			newCatObjectCmd(env),
		}},
		{"extra", "Extra", env.extra},
	}
}

// newRoot builds the whole command tree for one command line.
func newRoot(env *Env) *cobra.Command {
	root := &cobra.Command{
		Use:           "strata",
		Short:         "git for the samples that models learn from",
		Long:          "Strata versions datasets as git versions code: rows are samples, changes are\ncells, and every file comes back with the same bytes.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          func(_ *cobra.Command, args []string) error { return unknownVerb(env, args) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			if show, _ := cmd.Flags().GetBool("version"); show {
				return runVersion(env)
			}
			return cmd.Help()
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return env.prepare(cmd) },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	addGlobals(root, &env.Flags)
	root.Flags().Bool("version", false, "print the version and leave")
	groups := verbGroups(env)
	for _, g := range groups {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, verb := range g.verbs {
			verb.GroupID = g.id
			root.AddCommand(verb)
		}
	}
	root.SetHelpCommand(newHelpCmd(env, groups))
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { env.printHelp(cmd, groups) })
	root.SetUsageFunc(func(cmd *cobra.Command) error { env.printHelp(cmd, groups); return nil })
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return flagError(verbOf(cmd), cmd.Flags(), err)
	})
	for _, cmd := range allCommands(root) {
		guardUsage(env, cmd)
	}
	return root
}

// prepare runs after the flags were parsed and before the verb: variables and
// configuration fill in what the command line leaves open.
func (e *Env) prepare(cmd *cobra.Command) error {
	e.verb = verbOf(cmd)
	if err := applyEnv(cmd, e.Getenv); err != nil {
		return err
	}
	for _, s := range []struct{ flag, key string }{{"color", "ui.color"}, {"progress", "ui.progress"}, {"mem", "core.mem"}} {
		f := cmd.Flags().Lookup(s.flag)
		value, ok := "", false
		if f != nil && !f.Changed {
			value, ok = e.Config(s.key)
		}
		if !ok {
			continue
		}
		if err := f.Value.Set(value); err != nil {
			return &Failure{Slug: "bad-config", Message: s.key + " = " + value + " is not a value of --" + s.flag, Cause: err.Error(), Err: err}
		}
	}
	if e.LimitMemory != nil {
		e.LimitMemory(e.Flags.Mem)
	}
	return nil
}

// guardUsage notes when cmd's own code begins, since every error before that is
// one of usage: wrong numbers of arguments, missing or contradicting flags. A
// command that only has subcommands gets the answer to a wrong one.
func guardUsage(env *Env, cmd *cobra.Command) {
	if cmd.HasSubCommands() && cmd.HasParent() && cmd.RunE == nil {
		cmd.Args = func(c *cobra.Command, args []string) error { return unknownSubverb(c, args) }
		cmd.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	}
	run := cmd.RunE
	if run == nil {
		return
	}
	cmd.RunE = func(c *cobra.Command, args []string) error {
		env.started = true
		return run(c, args)
	}
}

// asUsage marks err, which arose before the code of cmd, as wrong use.
func asUsage(cmd *cobra.Command, err error) error {
	if errors.As(err, new(*Failure)) {
		return err
	}
	verb := strings.TrimSpace("strata " + verbOf(cmd))
	text, ok := wrongNumber(verb, err.Error())
	if !ok {
		text = verb + ": " + exclusive(err.Error())
	}
	return &Failure{Slug: "usage", Message: text, Hints: []string{strings.TrimSpace("strata help " + verbOf(cmd))}, Err: err}
}

// wrongNumber says in words what cobra says of a wrong number of arguments.
func wrongNumber(verb, text string) (string, bool) {
	var least, most, got int
	var what string
	if n, _ := fmt.Sscanf(text, "requires at least %d arg(s), only received %d", &least, &got); n == 2 {
		return verb + " needs at least " + plural(least, "argument") + ", not " + count(got), true
	}
	if n, _ := fmt.Sscanf(text, "accepts between %d and %d arg(s), received %d", &least, &most, &got); n == 3 {
		return verb + " takes " + count(least) + " to " + plural(most, "argument") + ", not " + count(got), true
	}
	if n, _ := fmt.Sscanf(text, "accepts at most %d arg(s), received %d", &most, &got); n == 2 {
		return verb + " takes at most " + plural(most, "argument") + ", not " + count(got), true
	}
	if n, _ := fmt.Sscanf(text, "accepts %d arg(s), received %d", &most, &got); n == 2 {
		return verb + " needs " + plural(most, "argument") + ", not " + count(got), true
	}
	if n, _ := fmt.Sscanf(text, "unknown command %q", &what); n == 1 {
		return verb + " takes no arguments, so not " + what, true
	}
	return "", false
}

// exclusive says in words what the flag parser says of flags that exclude each
// other: "if any flags in the group [...] are set none of the others can be; [a b]
// were all set". Other text stays.
func exclusive(text string) string {
	_, rest, ok := strings.Cut(text, "none of the others can be; [")
	names, _, closed := strings.Cut(rest, "]")
	if !ok || !closed {
		return text
	}
	return "--" + strings.Join(strings.Fields(names), " and --") + " exclude each other"
}

// unknownVerb is the error of a first argument that is no verb.
func unknownVerb(env *Env, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, g := range verbGroups(env) {
		for _, verb := range g.verbs {
			names = append(names, verb.Name())
		}
	}
	return unknownName("strata", args[0], append(names, "help"))
}

func unknownSubverb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range cmd.Commands() {
		names = append(names, sub.Name())
	}
	return unknownName("strata "+verbOf(cmd), args[0], names)
}

func unknownName(parent, typed string, names []string) error {
	f := &Failure{Slug: "unknown-command", Message: parent + ` has no command "` + typed + `"`}
	if near := nearest(typed, names); near != "" {
		f.Hints = []string{"did you mean " + parent + " " + near + "?"}
	} else if parent != "strata" {
		f.Hints = []string{"strata help " + strings.TrimPrefix(parent, "strata ")}
	}
	return f
}

// allCommands returns root and everything below it, parents first.
func allCommands(root *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{root}
	for _, c := range slices.Clone(root.Commands()) {
		all = append(all, allCommands(c)...)
	}
	return all
}
