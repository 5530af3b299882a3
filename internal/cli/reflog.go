package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

type reflogOptions struct {
	strata.ReflogOptions
	date string
	ops  bool
}

func newReflogCmd(env *Env) *cobra.Command {
	cmd := newReflogShowCmd(env)
	cmd.Use = "reflog [BRANCH]"
	cmd.Long = "Nothing that is listed is lost: strata reset --hard 'HEAD@{1}' goes back one step,\n" +
		"and strata branch NAME 'NAME@{1}' brings a deleted branch back, whose log stays.\n" +
		"Entries never go by themselves, only by strata reflog expire."
	cmd.Example = "  strata reflog\n  strata reflog -n 5 main\n  strata reflog list\n  strata reflog expire --expire=90d --all"
	cmd.AddCommand(newReflogShowCmd(env), newReflogListCmd(env), newReflogExpireCmd(env), newReflogDeleteCmd(env))
	return cmd
}

func newReflogShowCmd(env *Env) *cobra.Command {
	o := &reflogOptions{}
	cmd := &cobra.Command{
		Use:               "show [BRANCH]",
		Short:             "Show where HEAD or a branch has been",
		Example:           "  strata reflog show expire\n  strata reflog show --date=iso main",
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("strata help reflog", "one branch at most, not %s", strings.Join(args, " "))
			}
			if o.ops {
				if len(args) > 0 {
					return usagef("strata reflog --ops", "the operation log is of no single branch")
				}
				return runOperations(cmd.Context(), env, o.Max)
			}
			if len(args) == 1 {
				o.Ref = args[0]
			}
			return runReflog(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVarP(&o.Max, "max-count", "n", 0, "at most `N` entries")
	f.StringVar(&o.date, "date", "", "show when in the place of numbers: `FORMAT` is iso, short, unix or relative")
	f.BoolVar(&o.ops, "ops", false, "show what undo would take back instead: strata undo --list")
	return cmd
}

func runReflog(ctx context.Context, env *Env, o *reflogOptions) error {
	if o.date != "" && dateText(o.date, time.Time{}, time.Time{}) == "" {
		return &Failure{Slug: "bad-value", Message: fmt.Sprintf("%q is not a value of --date, which is one of iso, short, unix, relative", o.date)}
	}
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	res, err := r.Reflog(ctx, o.ReflogOptions)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	if err := env.Page(ctx); err != nil {
		return err
	}
	for _, e := range res.Entries {
		at := e.Selector
		if o.date != "" {
			at = res.Ref + "@{" + dateText(o.date, e.By.Time, env.now()) + "}"
		}
		env.Printf("%s %s: %s\n", env.Style().ID(e.New.Short()), at, e.Message)
	}
	return nil
}

// dateText writes a time in one of git's formats; "" is one that is not known.
func dateText(format string, t, now time.Time) string {
	switch format {
	case "iso", "iso8601":
		return t.Format("2006-01-02 15:04:05 -0700")
	case "short":
		return t.Format("2006-01-02")
	case "unix":
		return fmt.Sprint(t.Unix())
	case "relative":
		return agoText(now.Sub(t))
	}
	return ""
}

// agoText is how long ago something was, in the greatest unit of which there are
// at least two.
func agoText(d time.Duration) string {
	seconds := int64(d / time.Second)
	if seconds < 0 {
		return "in the future"
	}
	for _, u := range []struct {
		noun string
		size int64
	}{{"year", 365 * 24 * 3600}, {"month", 30 * 24 * 3600}, {"week", 7 * 24 * 3600}, {"day", 24 * 3600}, {"hour", 3600}, {"minute", 60}} {
		if n := seconds / u.size; n >= 2 {
			return plural(n, u.noun) + " ago"
		}
	}
	return plural(seconds, "second") + " ago"
}

func newReflogListCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the refs that have a log, deleted ones too",
		Example: "  strata reflog list",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runReflogList(cmd.Context(), env) },
	}
}

func runReflogList(ctx context.Context, env *Env) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	list, err := r.Reflogs(ctx)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		return env.PrintJSON(list)
	}
	var rows [][]string
	for _, l := range list.Refs {
		gone := ""
		if !l.Exists {
			gone = "deleted, was " + env.Style().ID(l.Last.Short())
		}
		rows = append(rows, []string{l.Name, plural(l.Entries, "entry", "entries"), gone})
	}
	env.printTable(rows, "lrl")
	return nil
}

func newReflogExpireCmd(env *Env) *cobra.Command {
	o := &strata.ExpireOptions{}
	cmd := &cobra.Command{
		Use:   "expire (--all | BRANCH...)",
		Short: "Drop old entries of logs",
		Long: "What only a log names is kept by gc for as long as the entry is there. --all takes\n" +
			"every log, deleted branches too, and the log that undo works by; stashes stay. Refs\n" +
			"stay what they are. This cannot be undone. Without --expire the setting\n" +
			"gc.reflog-expire counts, and without that nothing expires.",
		Example: "  strata reflog expire --expire=90d --all\n  strata reflog expire --expire=now topic\n" +
			"  strata config set gc.reflog-expire 1y",
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.All == (len(args) > 0) {
				return usagef("strata reflog expire --expire=90d --all", "either --all or branches are wanted")
			}
			o.Refs = args
			return runReflogExpire(cmd.Context(), env, *o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.Before, "expire", "", "drop what is older than `TIME`: 90d, 2026-01-31, now, never")
	f.BoolVar(&o.All, "all", false, "all logs")
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "only say what would go")
	return cmd
}

func runReflogExpire(ctx context.Context, env *Env, o strata.ExpireOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	res, err := r.ExpireReflog(ctx, o)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	word := "expired"
	if o.DryRun {
		word = "would expire"
	}
	if res.Expired+res.Operations == 0 {
		if res.Before == "never" && o.Before == "" {
			env.Notef("nothing expires: gc.reflog-expire is not set; give --expire=90d")
			return nil
		}
		env.Notef("nothing to expire")
		return nil
	}
	env.Notef("%s %s of %s", word, plural(res.Expired, "entry", "entries"), plural(len(res.Refs), "log"))
	if res.Operations > 0 {
		env.Notef("%s %s, which undo can no longer take back", word, plural(res.Operations, "operation"))
	}
	if !o.DryRun {
		env.Next("strata gc")
	}
	return nil
}

func newReflogDeleteCmd(env *Env) *cobra.Command {
	o := &strata.DeleteReflogOptions{}
	cmd := &cobra.Command{
		Use:     "delete BRANCH@{N}...",
		Short:   "Drop single entries of logs",
		Long:    "This cannot be undone.",
		Example: "  strata reflog delete 'main@{2}'",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Entries = args
			return runReflogDelete(cmd.Context(), env, *o)
		},
	}
	cmd.Flags().BoolVarP(&o.DryRun, "dry-run", "n", false, "only say what would go")
	return cmd
}

func runReflogDelete(ctx context.Context, env *Env, o strata.DeleteReflogOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	res, err := r.DeleteReflog(ctx, o)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	word := "Deleted"
	if o.DryRun {
		word = "Would delete"
	}
	for _, e := range res.Entries {
		env.Notef("%s %s (%s %s)", word, e.Selector, e.New.Short(), e.Message)
	}
	return nil
}
