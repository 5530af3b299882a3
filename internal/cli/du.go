package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

func newDuCmd(env *Env) *cobra.Command {
	o := &strata.UsageOptions{}
	cmd := &cobra.Command{
		Use:   "du [REV|A..B]",
		Short: "Say where the bytes of the repository are",
		Long: "Sizes are those on the disk, compressed, and of the objects before compression. What\n" +
			"several versions share counts once: for the oldest commit that has it, or the first\n" +
			"dataset. So the lines add up. Without a revision it is the whole repository, with\n" +
			"what only logs keep and with what strata gc would remove.",
		Example:           "  strata du\n  strata du --by-commit main\n  strata du --by-dataset v1..v2",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.Revision = previous(args[0])
			}
			return runDu(cmd.Context(), env, *o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&o.ByCommit, "by-commit", false, "what each commit added, newest first")
	f.BoolVar(&o.ByDataset, "by-dataset", false, "what the versions of each dataset take")
	cmd.MarkFlagsMutuallyExclusive("by-commit", "by-dataset")
	return cmd
}

func runDu(ctx context.Context, env *Env, o strata.UsageOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	env.Progress().Phase("counting", 0)
	res, err := r.Usage(ctx, o)
	if err != nil {
		return err
	}
	env.stopProgress()
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	env.printTable(duRows(res), "rrrl")
	return nil
}

// duRows returns the lines of du: size on the disk, raw size, objects, of what.
func duRows(res *strata.UsageResult) [][]string {
	rows := [][]string{{"stored", "raw", "objects", ""}}
	add := func(a strata.UsageAmount, what string) {
		raw := bytesText(a.Raw)
		if a.Raw == 0 && a.Objects > 0 {
			raw = "-"
		}
		rows = append(rows, []string{bytesText(a.Bytes), raw, count(a.Objects), what})
	}
	for _, c := range res.Commits {
		add(c.UsageAmount, c.Commit.Short()+" "+c.Subject)
	}
	for _, d := range res.Datasets {
		add(d.UsageAmount, d.Dataset)
	}
	if res.History != nil {
		add(*res.History, "commits, trees and tags")
	}
	if res.Revision != "" {
		add(res.Counted, "total of "+res.Revision)
		return rows
	}
	for _, k := range res.KeptFor {
		if k.Objects > 0 {
			add(k.UsageAmount, "kept for "+whyText(k.Why))
		}
	}
	if res.Garbage != nil && res.Garbage.Objects > 0 {
		add(*res.Garbage, "garbage")
	}
	add(res.Stored, "total, in "+plural(res.Segments, "segment"))
	return rows
}
