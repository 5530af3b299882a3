package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newHelpCmd(env *Env, groups []group) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND | TOPIC | ERROR]",
		Short: "Explain a command, a topic or an error",
		Example: "  strata help diff\n" +
			"  strata help revisions\n" +
			"  strata help duplicate-key",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return helpNames(cmd.Root()), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return env.runHelp(cmd.Root(), args) },
	}
}

func (e *Env) runHelp(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return root.Help()
	}
	if cmd, rest, err := root.Find(args); err == nil && cmd != root && len(rest) == 0 {
		return cmd.Help()
	}
	name := strings.Join(args, " ")
	if t, ok := lookUpTopic(name); ok {
		e.Printf("%s", t.text())
		return nil
	}
	if s, ok := lookUpSlug(name); ok {
		e.Printf("%s", s.page())
		return nil
	}
	f := &Failure{Slug: "unknown-command", Message: fmt.Sprintf("no command, topic or error is called %q", name), Hints: []string{"strata help"}}
	if near := nearest(name, helpNames(root)); near != "" {
		f.Hints = []string{"did you mean strata help " + near + "?"}
	}
	return f
}

// helpNames lists everything that strata help explains.
func helpNames(root *cobra.Command) []string {
	var names []string
	for _, cmd := range allCommands(root)[1:] {
		if !cmd.Hidden {
			names = append(names, verbOf(cmd))
		}
	}
	for _, t := range topics() {
		names = append(names, t.name)
	}
	for _, s := range slugs() {
		names = append(names, s.name)
	}
	return names
}

// printHelp writes the page of cmd to standard output.
func (e *Env) printHelp(cmd *cobra.Command, groups []group) {
	if !cmd.HasParent() {
		e.Printf("%s", rootPage(cmd, groups, e.Style()))
		return
	}
	e.Printf("%s", verbPage(cmd, e.Style()))
}

// rootPage is the text of strata help: verbs by group, then where to read on.
func rootPage(root *cobra.Command, groups []group, st style) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n  strata COMMAND [ARGUMENTS] [FLAGS]\n", root.Long, st.Header("Usage"))
	width := 0
	for _, g := range groups {
		for _, verb := range g.verbs {
			width = max(width, len(verb.Name()))
		}
	}
	for _, g := range groups {
		if len(g.verbs) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s\n", st.Header(g.title))
		for _, verb := range g.verbs {
			if !verb.Hidden {
				fmt.Fprintf(&b, "  %-*s  %s\n", width, verb.Name(), verb.Short)
			}
		}
	}
	fmt.Fprintf(&b, "\n%s\n%s", st.Header("Flags of every command"), flagTable(root.PersistentFlags()))
	fmt.Fprintf(&b, "\n%s\n", st.Header("Read on"))
	fmt.Fprintf(&b, "  %-16s  %s\n", "help COMMAND", "one command, with examples")
	for _, t := range topics() {
		fmt.Fprintf(&b, "  %-16s  %s\n", "help "+t.name, t.short)
	}
	fmt.Fprintf(&b, "  %-16s  %s\n", "help ERROR", "the word in error[...], such as duplicate-key")
	return b.String()
}

// verbPage is the text of strata help VERB: one screen, examples first.
func verbPage(cmd *cobra.Command, st style) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n  %s\n", cmd.Short, st.Header("Usage"), strings.TrimSuffix(cmd.UseLine(), " [flags]"))
	if cmd.Example != "" {
		fmt.Fprintf(&b, "\n%s\n%s\n", st.Header("Examples"), strings.TrimRight(cmd.Example, "\n"))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n%s\n", st.Header("Commands"))
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				fmt.Fprintf(&b, "  %-*s  %s\n", cmd.NamePadding(), sub.Name(), sub.Short)
			}
		}
	}
	if own := flagTable(cmd.LocalNonPersistentFlags()); own != "" {
		fmt.Fprintf(&b, "\n%s\n%s", st.Header("Flags"), own)
	}
	if cmd.Long != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimRight(cmd.Long, "\n"))
	}
	b.WriteString("\nFlags of every command (--json, -C DIR, ...): strata help\n")
	return b.String()
}

// flagTable is one line for each visible flag: names, value, meaning, default.
func flagTable(flags *pflag.FlagSet) string {
	var names, texts []string
	width := 0
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "    --" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", --" + f.Name
		}
		if f.NoOptDefVal == "" && value != "" {
			name += " " + value
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0" {
			usage += " (default " + f.DefValue + ")"
		}
		width = max(width, len(name))
		names, texts = append(names, name), append(texts, usage)
	})
	var b strings.Builder
	for i, name := range names {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, name, texts[i])
	}
	return b.String()
}
