package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/pkg/strata"
)

type resolveOptions struct {
	strata.ResolveOptions
	ours, theirs, base bool
	set                []string
}

func newResolveCmd(env *Env) *cobra.Command {
	o := &resolveOptions{}
	cmd := &cobra.Command{
		Use:   "resolve DATASET[/KEY]...",
		Short: "Settle conflicts",
		Long: "Takes the value of a side, or one that is given, for every conflict that the\n" +
			"addresses name, in the index and in the working file. A FILE is a table in any\n" +
			"format: rows of the dataset with its key columns and the columns to settle, or what\n" +
			"strata conflicts --format wrote, with a further column resolved (the value) or take\n" +
			"(ours, theirs or base). A file of the dataset that was edited by hand is as good:\n" +
			"strata add settles what was changed in it. Plain files are named by their paths. Where\n" +
			"conflicts are left and none was settled the exit code is 1.",
		Example: "  strata resolve train --theirs\n  strata resolve 'train/0001*' --columns label --ours\n" +
			"  strata resolve train/000017 --set label=wolf\n  strata resolve train --from answers.csv",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeDatasets(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Addresses = args
			return runResolve(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&o.ours, "ours", false, "take the value of our side")
	f.BoolVar(&o.theirs, "theirs", false, "take the value of their side")
	f.BoolVar(&o.base, "base", false, "take the value that both sides came from")
	f.StringArrayVar(&o.set, "set", nil, "take the value given: `COL=VALUE`; repeatable")
	f.StringSliceVar(&o.Null, "set-null", nil, "leave the columns `COL,...` without a value")
	f.StringVar(&o.From, "from", "", "take the values of `FILE`")
	f.StringVar(&o.Type, "type", "", "the format of FILE; otherwise its extension says it")
	f.StringSliceVar(&o.Columns, "columns", nil, "settle only the columns `C,...`")
	f.StringSliceVar(&o.Columns, "column", nil, "")
	_ = f.MarkHidden("column")
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "only say what would be settled")
	cmd.MarkFlagsMutuallyExclusive("ours", "theirs", "base")
	return cmd
}

// complete reads what the flags say.
func (o *resolveOptions) complete() error {
	switch {
	case o.ours:
		o.Side = "ours"
	case o.theirs:
		o.Side = "theirs"
	case o.base:
		o.Side = "base"
	}
	if o.Side == "" && len(o.set)+len(o.Null) == 0 && o.From == "" {
		return usagef("strata resolve "+shellWord(o.Addresses[0])+" --theirs | --ours | --base | --set COL=VALUE | --from FILE", "how to settle it was not said")
	}
	o.Set = map[string]string{}
	for _, s := range o.set {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return &Failure{Slug: "bad-value", Message: `"` + s + `" is not a value of --set`, Cause: "it has to be COLUMN=VALUE"}
		}
		o.Set[name] = value
	}
	return nil
}

func runResolve(ctx context.Context, env *Env, o *resolveOptions) error {
	if err := o.complete(); err != nil {
		return err
	}
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	for i := range o.Addresses {
		if err := env.datasetAddress(ctx, r, &o.Addresses[i]); err != nil {
			return err
		}
	}
	o.Dir = env.workDir()
	env.Progress().Phase("resolving", 0)
	res, err := r.ResolveConflicts(ctx, o.ResolveOptions)
	env.stopProgress()
	if err != nil {
		return refusedTo("resolving "+strings.Join(o.Addresses, ", "), err, "strata add the file, or strata restore it")
	}
	if env.Flags.JSON {
		err = env.PrintJSON(res)
	} else {
		printResolved(env, o, res)
	}
	if err == nil && res.Settled == 0 && res.Left > 0 {
		return errNo
	}
	return err
}

func printResolved(env *Env, o *resolveOptions, res *strata.ResolveResult) {
	word := "settled"
	if res.DryRun {
		word = "would settle"
	}
	for _, d := range res.Datasets {
		parts := strings.Join(countParts(d.Columns), ", ")
		if d.Whole {
			parts = "the dataset itself"
		}
		env.Notef("%s: %s %s (%s)", d.Dataset, word, plural(d.Settled, "conflict"), parts)
	}
	if res.Unused > 0 {
		verb := "settle"
		if res.Unused == 1 {
			verb = "settles"
		}
		env.Warnf("unused-rows", "%s of %s %s nothing", plural(res.Unused, "row"), o.From, verb)
	}
	switch {
	case res.Settled == 0:
		env.Notef("nothing was settled; %s left", plural(res.Left, "conflict"))
	case res.Left > 0:
		env.Notef("%s left", plural(res.Left, "conflict"))
	case res.DryRun:
	case res.Kind == repo.StateStash:
		env.Notef("no conflict is left")
	default:
		env.Notef("no conflict is left")
		env.Next("strata " + res.Kind + " --continue")
	}
}
