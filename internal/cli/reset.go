package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

func newResetCmd(env *Env) *cobra.Command {
	var soft, mixed, hard bool
	cmd := &cobra.Command{
		Use:   "reset [REV] [-- DATASET|PATH...]",
		Short: "Move the branch to another commit",
		Long: "--soft moves the branch only, --mixed (the default) also makes the index that\n" +
			"commit's, --hard the working files too, and what was not committed is lost. With\n" +
			"addresses only their index entries are brought back. Where the branch was is\n" +
			"ORIG_HEAD and in strata reflog.",
		Example:           "  strata reset\n  strata reset --soft HEAD~1\n  strata reset --hard ORIG_HEAD\n  strata reset -- train",
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := strata.ResetOptions{Mode: "mixed"}
			switch {
			case soft:
				o.Mode = "soft"
			case hard:
				o.Mode = "hard"
			}
			revs, paths, err := env.revsAndPaths(cmd, args)
			if err != nil {
				return err
			}
			if len(paths) > 0 && (soft || hard) {
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
	cmd.MarkFlagsMutuallyExclusive("soft", "mixed", "hard")
	return cmd
}

func runReset(ctx context.Context, env *Env, o strata.ResetOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	o.Dir = env.workDir()
	res, err := r.Reset(ctx, o)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	switch {
	case len(o.Paths) > 0:
		env.Notef("unstaged %s", someOf(o.Paths, 5))
	case res.Head.IsZero(): // no commits yet
	case o.Mode == "hard" || res.Old != res.Head:
		env.Notef("HEAD is now at %s", res.Head.Short())
		if res.Old != res.Head && !res.Old.IsZero() {
			env.Notef("it was at %s; to go back: strata reset --%s ORIG_HEAD", res.Old.Short(), o.Mode)
		}
	}
	return nil
}
