package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

func newBisectCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bisect",
		Short: "Find the commit that broke something",
		Long: "Tell it a commit that is bad and one that was good; it goes to the commit in the\n" +
			"middle, you (or a command: strata bisect run) say which it is, and so on, until the\n" +
			"first bad one is left. strata bisect reset ends it. Of -- train only commits that\n" +
			"change train are tested.",
		Example: "  strata bisect start HEAD v1 -- train\n  strata bisect good\n  strata bisect run python check.py\n" +
			"  strata bisect reset",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return runBisectWord(cmd, env, args)
		},
	}
	cmd.AddCommand(newBisectStartCmd(env))
	for _, word := range []struct{ name, short string }{
		{"good", "Say that a commit does not have the change"},
		{"bad", "Say that a commit has the change"},
		{"old", "Say that a commit does not have the change, which is no fault"},
		{"new", "Say that a commit has the change, which is no fault"},
		{"skip", "Say that commits cannot be tested"},
	} {
		cmd.AddCommand(newBisectMarkCmd(env, word.name, word.short))
	}
	cmd.AddCommand(newBisectRunCmd(env), newBisectNextCmd(env), newBisectViewCmd(env), newBisectLogCmd(env), newBisectReplayCmd(env),
		newBisectTermsCmd(env), newBisectResetCmd(env))
	return cmd
}

// runBisectWord takes the words that --term-old and --term-new have set.
func runBisectWord(cmd *cobra.Command, env *Env, args []string) error {
	ctx := cmd.Context()
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	terms, err := r.BisectTerms(ctx)
	if errors.Is(err, strata.ErrNoBisect) || err == nil && args[0] != terms.Old && args[0] != terms.New {
		return unknownSubverb(cmd, args)
	}
	if err != nil {
		return err
	}
	return bisected(env, func() (*strata.BisectResult, error) { return r.BisectMark(ctx, args[0], args[1:]) })
}

// bisected runs a step of a bisection and says what came of it.
func bisected(env *Env, step func() (*strata.BisectResult, error)) error {
	env.Progress().Phase("writing", 0)
	env.OnInterrupt("the bisection goes on with: strata bisect next")
	res, err := step()
	env.stopProgress()
	if err != nil {
		return refusedTo("bisecting", err, "strata commit, or strata stash")
	}
	return printBisect(env, res)
}

func newBisectStartCmd(env *Env) *cobra.Command {
	o := &strata.BisectStartOptions{}
	var good, bad string
	cmd := &cobra.Command{
		Use:               "start [BAD [GOOD...]] [-- DATASET|PATH...]",
		Short:             "Begin a search",
		Example:           "  strata bisect start\n  strata bisect start HEAD v1\n  strata bisect start --term-old=fast --term-new=slow -- train",
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			if good != "" && o.Old != "" || bad != "" && o.New != "" {
				return usagef("strata help bisect start", "--term-good is --term-old, and --term-bad is --term-new: give one of each")
			}
			o.Old, o.New = o.Old+good, o.New+bad
			revs, addresses := splitDash(cmd, args)
			if len(revs) > 0 {
				o.Bad, o.Good = previous(revs[0]), revs[1:]
			}
			o.Addresses, o.Dir = addresses, env.workDir()
			r, err := env.OpenRepo(cmd.Context())
			if err != nil {
				return err
			}
			return bisected(env, func() (*strata.BisectResult, error) { return r.BisectStart(cmd.Context(), *o) })
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.Old, "term-old", "", "say `WORD` for good")
	f.StringVar(&o.New, "term-new", "", "say `WORD` for bad")
	f.StringVar(&good, "term-good", "", "the same as --term-old")
	f.StringVar(&bad, "term-bad", "", "the same as --term-new")
	f.BoolVar(&o.FirstParent, "first-parent", false, "follow only the first parent of merges")
	f.BoolVar(&o.NoCheckout, "no-checkout", false, "leave HEAD and files; BISECT_HEAD names the commit to test")
	return cmd
}

func newBisectMarkCmd(env *Env, word, short string) *cobra.Command {
	use := word + " [REV]"
	if word == "good" || word == "old" {
		use = word + " [REV...]"
	} else if word == "skip" {
		use = word + " [REV|A..B...]"
	}
	return &cobra.Command{
		Use: use, Short: short,
		Long:              "Without a revision the commit that is checked out to be tested is meant.",
		Example:           "  strata bisect " + word + "\n  strata bisect " + word + " HEAD~3",
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := env.OpenRepo(cmd.Context())
			if err != nil {
				return err
			}
			return bisected(env, func() (*strata.BisectResult, error) { return r.BisectMark(cmd.Context(), word, args) })
		},
	}
}

func newBisectNextCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use: "next", Short: "Go to the commit to test again", Args: cobra.NoArgs, Example: "  strata bisect next",
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := env.OpenRepo(cmd.Context())
			if err != nil {
				return err
			}
			return bisected(env, func() (*strata.BisectResult, error) { return r.BisectNext(cmd.Context()) })
		},
	}
}

func newBisectViewCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use: "view", Aliases: []string{"visualize"}, Short: "List the commits that are left", Args: cobra.NoArgs, Example: "  strata bisect view",
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := env.OpenRepo(cmd.Context())
			if err != nil {
				return err
			}
			doc, err := r.BisectView(cmd.Context())
			if err != nil {
				return err
			}
			if env.Flags.JSON {
				return env.PrintJSON(doc)
			}
			if err := env.Page(cmd.Context()); err != nil {
				return err
			}
			st := env.Style()
			for _, c := range doc.Commits {
				env.Printf("%s %s%s\n", st.ID(c.ID.Short()), refText(st, c.Refs), c.Subject)
			}
			return nil
		},
	}
}

func newBisectLogCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use: "log", Short: "Print what was done, for strata bisect replay", Args: cobra.NoArgs, Example: "  strata bisect log > search.txt",
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := env.OpenRepo(cmd.Context())
			if err != nil {
				return err
			}
			text, err := r.BisectLog(cmd.Context())
			if err != nil {
				return err
			}
			if env.Flags.JSON {
				return env.PrintJSON(bisectLogDocument{"strata.bisect-log/1", strings.Split(strings.TrimSuffix(text, "\n"), "\n")})
			}
			env.Printf("%s", text)
			return nil
		},
	}
}

// bisectLogDocument is strata.bisect-log/1.
type bisectLogDocument struct {
	Schema string   `json:"schema"`
	Lines  []string `json:"lines"`
}

func newBisectReplayCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use: "replay FILE", Short: "Do again what a log says", Args: cobra.ExactArgs(1), Example: "  strata bisect replay search.txt",
		Long: "Edit the output of strata bisect log to take a wrong mark back, then replay it. - is\nstandard input.",
		RunE: func(cmd *cobra.Command, args []string) error {
			var text []byte
			var err error
			if args[0] == "-" {
				text, err = io.ReadAll(env.In)
			} else {
				text, err = os.ReadFile(env.Path(args[0]))
			}
			if err != nil {
				return err
			}
			r, err := env.OpenRepo(cmd.Context())
			if err != nil {
				return err
			}
			return bisected(env, func() (*strata.BisectResult, error) { return r.BisectReplay(cmd.Context(), string(text)) })
		},
	}
}

func newBisectTermsCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use: "terms", Short: "Print the words for good and bad", Args: cobra.NoArgs, Example: "  strata bisect terms",
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := env.OpenRepo(cmd.Context())
			if err != nil {
				return err
			}
			terms, err := r.BisectTerms(cmd.Context())
			if err != nil {
				return err
			}
			if env.Flags.JSON {
				return env.PrintJSON(terms)
			}
			env.Printf("%s for commits without the change\n%s for commits with it\n", terms.Old, terms.New)
			return nil
		},
	}
}

func newBisectResetCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use: "reset [REV]", Short: "End the search and go back to where it began", Args: cobra.MaximumNArgs(1),
		Example:           "  strata bisect reset\n  strata bisect reset HEAD",
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			rev := ""
			if len(args) == 1 {
				rev = args[0]
			}
			return runBisectReset(cmd.Context(), env, rev)
		},
	}
}

func runBisectReset(ctx context.Context, env *Env, rev string) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	env.Progress().Phase("writing", 0)
	res, err := r.BisectReset(ctx, rev)
	if errors.Is(err, strata.ErrNoBisect) {
		if env.Flags.JSON {
			return err
		}
		env.Notef("no bisection is going on")
		return nil
	}
	if err != nil {
		return refusedTo("going back", err, "strata commit, or strata stash")
	}
	env.stopProgress()
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	if res.Branch == "" {
		env.Notef("HEAD is now at %s", res.Head.Short())
	} else {
		env.Notef("Switched to branch '%s'", res.Branch)
	}
	return nil
}

// printBisect says where a bisection is.
func printBisect(env *Env, res *strata.BisectResult) error {
	failure := bisectFailure(res)
	if env.Flags.JSON {
		if err := env.PrintJSON(res); err != nil {
			return err
		}
		return failure
	}
	for _, id := range res.Warnings {
		env.Warnf("skipped-base", "the merge base %s was skipped, so the first %s commit may be older", id.Short(), res.New)
	}
	switch res.Status {
	case "waiting":
		env.Notef("status: %s", bisectWaits(res))
	case "testing":
		if res.MergeBase {
			env.Notef("Bisecting: a merge base must be tested")
		} else {
			env.Notef("Bisecting: %s left to test after this (roughly %s)", plural(res.Left, "revision"), plural(res.Steps, "step"))
		}
		env.Notef("[%s] %s", res.Next.ID, res.Next.Subject)
	case "found":
		st := env.Style()
		env.Printf("%s is the first %s commit\n", res.First.ID, res.New)
		lines := append(commitLines(st, res.First, true), "")
		for _, line := range append(lines, statLines(st, res.First.Datasets)...) {
			env.Printf("%s\n", line)
		}
		env.Next("strata bisect reset")
	}
	return failure
}

func bisectWaits(res *strata.BisectResult) string {
	switch {
	case res.Bad.IsZero() && len(res.Good) == 0:
		return "waiting for both " + res.Old + " and " + res.New + " commits"
	case res.Bad.IsZero():
		return fmt.Sprintf("waiting for %s commit, %s known", res.New, plural(len(res.Good), res.Old+" commit"))
	}
	return "waiting for " + res.Old + " commit(s), " + res.New + " commit known"
}

// bisectFailure is the error of a search that cannot go on.
func bisectFailure(res *strata.BisectResult) error {
	if res.Status != "skipped" {
		return nil
	}
	var ids []string
	for _, id := range res.Candidates {
		ids = append(ids, id.String())
	}
	slices.Sort(ids)
	return &Failure{Slug: "cannot-bisect", Message: "only skipped commits are left; the first " + res.New + " commit is one of " + strings.Join(ids, " "),
		Hints: []string{"strata bisect log > FILE, take the skips out that you can test after all, strata bisect replay FILE"}}
}
