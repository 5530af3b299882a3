package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

func newResetCmd(env *Env) *cobra.Command {
	var soft, mixed, hard, keep bool
	cmd := &cobra.Command{
		Use:   "reset [REV] [-- DATASET|PATH...]",
		Short: "Move the branch to another commit",
		Long: "--soft moves the branch only, --mixed (the default) also makes the index that\n" +
			"commit's, --hard the working files too, and what was not committed is lost. --keep\n" +
			"is --hard that loses nothing: it stops where changes are in the way. With addresses\n" +
			"only their index entries are brought back. Where the branch was is ORIG_HEAD.",
		Example:           "  strata reset\n  strata reset --soft HEAD~1\n  strata reset --hard ORIG_HEAD\n  strata reset -- train",
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := strata.ResetOptions{Mode: "mixed"}
			switch {
			case soft:
				o.Mode = "soft"
			case hard:
				o.Mode = "hard"
			case keep:
				o.Mode = "keep"
			}
			revs, paths, err := env.revsAndPaths(cmd, args)
			if err != nil {
				return err
			}
			if len(paths) > 0 && (soft || hard || keep) {
				return usagef("strata restore --staged DATASET, or strata restore DATASET", "--%s moves the branch and cannot be limited to addresses", o.Mode)
			}
			if len(revs) == 1 {
				o.Revision = previous(revs[0])
			}
			o.Paths = paths
			return runReset(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&soft, "soft", false, "move the branch; leave index and working files")
	f.BoolVar(&mixed, "mixed", false, "move the branch and the index (default)")
	f.BoolVar(&hard, "hard", false, "move branch, index and working files; changes are lost")
	f.BoolVar(&keep, "keep", false, "move all three, but stop rather than lose changes")
	cmd.MarkFlagsMutuallyExclusive("soft", "mixed", "hard", "keep")
	return cmd
}

func runReset(ctx context.Context, env *Env, o strata.ResetOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	o.Dir = env.workDir()
	env.Progress().Phase("writing", 0)
	env.OnInterrupt("files that were written are whole; strata status shows where it stopped")
	res, err := r.Reset(ctx, o)
	if err != nil {
		return refusedTo("reset --keep", err, "strata commit, or strata stash")
	}
	env.stopProgress()
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	switch {
	case len(o.Paths) > 0:
		env.Notef("unstaged %s", someOf(o.Paths, 5))
	case res.Head.IsZero(): // no commits yet
	case res.Old != res.Head && !res.Old.IsZero():
		env.Notef("HEAD is now at %s (was %s)", res.Head.Short(), res.Old.Short())
		env.howBack()
	case o.Mode == "hard":
		env.Notef("HEAD is now at %s", res.Head.Short())
	}
	return nil
}
