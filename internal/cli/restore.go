package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

func newRestoreCmd(env *Env) *cobra.Command {
	o := &strata.RestoreOptions{}
	var worktree bool
	cmd := &cobra.Command{
		Use:   "restore DATASET|PATH...",
		Short: "Bring files or the index back to an earlier state",
		Long: "Writes working files as they are in the index, or in a revision with --source, byte\n" +
			"for byte. With --staged the index is brought back instead, from the last commit.\n" +
			"Changes that are overwritten are lost.",
		Example:           "  strata restore train\n  strata restore --staged train\n  strata restore --source HEAD~2 train.csv\n  strata restore .",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeDatasets(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Addresses = args
			o.Worktree = worktree || !o.Staged
			return runRestore(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.Source, "source", "s", "", "from the revision `REV`")
	f.BoolVarP(&o.Staged, "staged", "S", false, "the index")
	f.BoolVarP(&worktree, "worktree", "W", false, "the working files (default without --staged)")
	_ = cmd.RegisterFlagCompletionFunc("source", completeRevisions(env))
	return cmd
}

func runRestore(ctx context.Context, env *Env, o *strata.RestoreOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	o.Dir = env.workDir()
	env.Progress().Phase("writing", 0)
	env.OnInterrupt("files that were written are whole; run the same command again for the rest")
	res, err := r.Restore(ctx, *o)
	if err != nil {
		return err
	}
	env.stopProgress()
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	if o.Staged {
		for _, name := range res.Datasets {
			env.Notef("unstaged %s", env.pathQuoter()(name))
		}
	}
	if o.Worktree {
		env.Notef("%s", restoredText(res.Files, res.Deleted))
	}
	return nil
}

// restoredText says how many working files were written and removed.
func restoredText(files, deleted int64) string {
	switch {
	case files == 0 && deleted == 0:
		return "all files were as they should be"
	case deleted == 0:
		return "wrote " + plural(files, "file")
	case files == 0:
		return "removed " + plural(deleted, "file")
	}
	return "wrote " + plural(files, "file") + ", removed " + plural(deleted, "file")
}
