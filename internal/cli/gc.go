package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

func newGCCmd(env *Env) *cobra.Command {
	o := &strata.GCOptions{}
	cmd := &cobra.Command{
		Use:   "gc",
		Short: "Remove what nothing needs and give its room back",
		Long: "Kept for ever is what refs, the index, unfinished work (merge, stash pop, bisect),\n" +
			"reflogs and the operation log reach. The rest goes once it was written before the\n" +
			"time of --prune. Nothing else runs gc: it is up to you, or to cron. Readers may go\n" +
			"on meanwhile, and it may be interrupted anywhere. It cannot be undone.\n\n" +
			"Deleted branches stay in the reflogs, for strata undo: strata reflog expire lets\n" +
			"them go. --aggressive packs everything anew, which takes longer and saves most.",
		Example: "  strata gc\n  strata gc -n\n  strata gc --prune=now --aggressive",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("prune") && o.Prune == "" {
				return usagef("strata gc --prune=now", "--prune needs now, never, an age such as 2w, or a date")
			}
			return runGC(cmd.Context(), env, *o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.Prune, "prune", "", "let garbage go that was written before `WHEN`: now, never, 2w, a date (default gc.prune, else 2w)")
	f.BoolVar(&o.Aggressive, "aggressive", false, "pack everything anew, as small as possible")
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "only say what would go")
	return cmd
}

func runGC(ctx context.Context, env *Env, o strata.GCOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	o.Phase = func(name string) { env.Progress().Phase(name, 0) }
	env.OnInterrupt("nothing is lost; strata gc begins again")
	res, err := r.GC(ctx, o)
	if broken := (*strata.BrokenError)(nil); errors.As(err, &broken) {
		return &Failure{Slug: slugOf(err), Message: "nothing was removed, as something cannot be read that is kept for " + whyText(string(broken.Why)),
			Cause: broken.Err.Error(), Hints: []string{"strata fsck"}, Err: err}
	}
	if err != nil {
		return err
	}
	env.stopProgress()
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	env.sayGC(res)
	return nil
}

// sayGC says what gc did, or would do.
func (e *Env) sayGC(res *strata.GCResult) {
	removed, size := "removed ", ": "+bytesText(res.Before)+" → "+bytesText(res.After)
	if res.DryRun {
		removed, size = "would remove ", ": "+bytesText(res.Before)+" → about "+bytesText(res.After)
	}
	if res.Before == res.After {
		size = "; " + bytesText(res.After) + " stay"
	}
	e.Notef("%s%s%s", removed, plural(res.Removed.Objects, "object"), size)
	var why []string
	for _, k := range res.KeptFor {
		if k.Objects > 0 {
			why = append(why, count(k.Objects)+" for "+whyText(k.Why))
		}
	}
	if why != nil {
		e.Notef("kept %s: %s", plural(res.Kept.Objects, "object"), strings.Join(why, ", "))
	}
	if n := res.Young; n.Objects > 0 && res.Prune == "never" {
		e.Notef("%s of garbage (%s) stay; let them go with: strata gc --prune=now", bytesText(n.Bytes), plural(n.Objects, "object"))
	} else if n.Objects > 0 {
		e.Notef("%s of garbage (%s) were written since %s; let them go with: strata gc --prune=now", bytesText(n.Bytes), plural(n.Objects, "object"), res.Prune)
	}
	if n := res.Left; n.Objects > 0 {
		e.Notef("%s of garbage (%s) are not worth rewriting a segment for; strata gc --aggressive does it", bytesText(n.Bytes), plural(n.Objects, "object"))
	}
	if n := res.ReflogOnly; n.Objects > 0 {
		e.Notef("only logs hold %s; let them go with: strata reflog expire --expire=now --all && strata gc --prune=now", bytesText(n.Bytes))
	}
}

// whyText says what keeps objects.
func whyText(why string) string {
	switch why {
	case "state":
		return "unfinished work"
	case "reflog":
		return "reflogs"
	case "operations":
		return "undo"
	case "index":
		return "the index"
	}
	return why
}
