package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

func newMvCmd(env *Env) *cobra.Command {
	o := &strata.MoveOptions{}
	cmd := &cobra.Command{
		Use:   "mv OLD NEW",
		Short: "Rename a dataset or a file",
		Long: "A dataset gets a new name and its files move with it; a path moves one file.\n" +
			"Samples stay the same samples.",
		Example:           "  strata mv train training\n  strata mv images/a.png images/b.png",
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: completeDatasets(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.From, o.To = args[0], args[1]
			return runMv(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.Force, "force", "f", false, "even if NEW exists")
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "say what would be renamed")
	return cmd
}

func runMv(ctx context.Context, env *Env, o *strata.MoveOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	o.Dir = env.workDir()
	res, err := r.Move(ctx, *o)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	if env.Flags.Verbose == 0 && !o.DryRun {
		return nil
	}
	quote := env.pathQuoter()
	env.Printf("renaming %s to %s\n", quote(res.Name), quote(res.To))
	var olds []string
	for old := range res.Paths {
		olds = append(olds, old)
	}
	slices.Sort(olds)
	for _, old := range olds {
		if old != res.Name || res.Paths[old] != res.To {
			env.Printf("  %s to %s\n", quote(old), quote(res.Paths[old]))
		}
	}
	return nil
}
