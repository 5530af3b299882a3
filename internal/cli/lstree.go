package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

func newLsTreeCmd(env *Env) *cobra.Command {
	o := &strata.LsTreeOptions{}
	cmd := &cobra.Command{
		Use:   "ls-tree [REV [DATASET...]]",
		Short: "List the datasets of a commit with their ids",
		Long: "The root is the id over the samples alone: equal samples have equal roots, whatever\n" +
			"files they came from. The table holds samples, columns and sources. With : for REV\n" +
			"the index is listed.",
		Example:           "  strata ls-tree\n  strata ls-tree v1 train --json\n  strata ls-tree :",
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			revs, behind := splitDash(cmd, args)
			if len(revs) > 0 {
				o.Revision, o.Addresses = previous(revs[0]), revs[1:]
			}
			o.Addresses = append(o.Addresses, behind...)
			return runLsTree(cmd.Context(), env, o)
		},
	}
	cmd.Flags().BoolVarP(&o.All, "all", "a", false, "system tables too, whose names begin with @")
	return cmd
}

func runLsTree(ctx context.Context, env *Env, o *strata.LsTreeOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	res, err := r.LsTree(ctx, *o)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	quote, st := env.pathQuoter(), env.Style()
	var rows [][]string
	for _, d := range res.Datasets {
		var paths []string
		for _, s := range d.Sources {
			paths = append(paths, quote(s.Path))
		}
		rows = append(rows, []string{quote(d.Name), st.ID(d.Table.Short()), plural(d.Rows, "sample"), plural(len(d.Columns), "column"), someOf(paths, 3)})
	}
	env.printTable(rows, "llrrl")
	return nil
}
