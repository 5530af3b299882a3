package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

func newRmCmd(env *Env) *cobra.Command {
	o := &strata.RemoveOptions{}
	cmd := &cobra.Command{
		Use:   "rm DATASET|PATH...",
		Short: "Remove datasets and files, here and from the next commit",
		Long: "Files that differ from what is committed are kept unless --force is given. Earlier\n" +
			"commits keep what is removed here.",
		Example:           "  strata rm val\n  strata rm --cached train.csv\n  strata rm -r images",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeDatasets(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Addresses = args
			return runRm(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.Cached, "cached", false, "only from the next commit; keep the working files")
	f.BoolVarP(&o.Force, "force", "f", false, "even files with changes that are not committed")
	f.BoolVarP(&o.Recursive, "recursive", "r", false, "what is below directories")
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "say what would be removed")
	return cmd
}

func runRm(ctx context.Context, env *Env, o *strata.RemoveOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	o.Dir = env.workDir()
	res, err := r.Remove(ctx, *o)
	if err != nil {
		return refusedTo("removing", err, "strata rm --cached   to keep the files, or --force to lose the changes")
	}
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	if env.Flags.Quiet {
		return nil
	}
	quote := env.pathQuoter()
	for _, name := range res.Datasets {
		env.Printf("rm dataset %s\n", quote(name))
	}
	for _, path := range res.Files {
		env.Printf("rm %s\n", quote(path))
	}
	return nil
}
