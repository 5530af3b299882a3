package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

func newStashCmd(env *Env) *cobra.Command {
	o := &strata.StashOptions{}
	cmd := &cobra.Command{
		Use:   "stash",
		Short: "Put changes aside, and bring them back",
		Long: "Without a subcommand like strata stash push: what is staged and what the working\n" +
			"files have is put aside, and both are as in HEAD. strata stash pop brings it back,\n" +
			"merged cell by cell with what has changed meanwhile.",
		Example: "  strata stash\n  strata stash push -m \"half of the wolves\" -- train\n  strata stash list\n  strata stash pop",
		Args:    func(cmd *cobra.Command, args []string) error { return unknownSubverb(cmd, args) },
		RunE:    func(cmd *cobra.Command, _ []string) error { return runStash(cmd.Context(), env, *o) },
	}
	addStashFlags(cmd, o)
	cmd.AddCommand(newStashPushCmd(env), newStashListCmd(env), newStashShowCmd(env), newStashApplyCmd(env, true), newStashApplyCmd(env, false),
		newStashDropCmd(env), newStashClearCmd(env), newStashBranchCmd(env))
	return cmd
}

func addStashFlags(cmd *cobra.Command, o *strata.StashOptions) {
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.Message, "message", "m", "", "call it `TEXT`")
	f.BoolVarP(&o.KeepIndex, "keep-index", "k", false, "leave what is staged where it is")
	f.BoolVarP(&o.Untracked, "include-untracked", "u", false, "files that are not tracked too")
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "only say what would be put aside")
}

func newStashPushCmd(env *Env) *cobra.Command {
	o := &strata.StashOptions{}
	cmd := &cobra.Command{
		Use:     "push [-- DATASET|PATH...]",
		Short:   "Put changes aside",
		Long:    "With addresses only the changes of these datasets and files.",
		Example: "  strata stash push -u\n  strata stash push -k\n  strata stash push -m \"night images\" train",
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.Addresses = args; o.Untracked && len(args) > 0 {
				return usagef("strata stash push -u", "--include-untracked takes no addresses")
			}
			return runStash(cmd.Context(), env, *o)
		},
	}
	addStashFlags(cmd, o)
	return cmd
}

func runStash(ctx context.Context, env *Env, o strata.StashOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	o.Dir = env.workDir()
	env.Progress().Phase("reading", 0)
	env.OnInterrupt("strata status shows where it stopped; what was put aside is in strata stash list")
	res, err := r.Stash(ctx, o)
	env.stopProgress()
	if err != nil {
		return refusedTo("this stash", err, "strata stash -u, which puts untracked files aside too")
	}
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	switch {
	case res.Stash == nil:
		env.Notef("No local changes to save")
		return nil
	case o.DryRun:
		env.Notef("Would save %s", strings.TrimSpace(res.Stash.Message))
	default:
		env.Notef("Saved working directory and index state %s", strings.TrimSpace(res.Stash.Message))
	}
	printStashed(env, res.Changes, res.Untracked)
	if !o.DryRun {
		env.howBack("strata stash pop")
	}
	return nil
}

// printStashed counts what went into a stash or came out of it.
func printStashed(env *Env, changes []strata.DatasetChange, untracked []string) {
	if text := shortStat(changes); text != "" {
		env.Notef(" %s", text)
	}
	if len(untracked) > 0 {
		env.Notef(" %s", plural(len(untracked), "untracked file"))
	}
}

func newStashListCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List what was put aside", Args: cobra.NoArgs, Example: "  strata stash list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := env.OpenRepo(cmd.Context())
			if err != nil {
				return err
			}
			list, err := r.Stashes(cmd.Context())
			if err != nil {
				return err
			}
			if env.Flags.JSON {
				return env.PrintJSON(list)
			}
			for _, s := range list.Stashes {
				env.Printf("%s: %s\n", s.Name, s.Message)
			}
			return nil
		},
	}
}

func newStashShowCmd(env *Env) *cobra.Command {
	o := &diffOptions{limit: 20, output: "-"}
	cmd := &cobra.Command{
		Use: "show [STASH]", Short: "Show the changes of a stash", Args: cobra.MaximumNArgs(1),
		Example: "  strata stash show\n  strata stash show -p 'stash@{1}'",
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := env.OpenRepo(cmd.Context())
			if err != nil {
				return err
			}
			name := ""
			if len(args) == 1 {
				name = args[0]
			}
			s, err := r.StashNamed(cmd.Context(), name)
			if err != nil {
				return err
			}
			o.args = []string{s.Base.String(), s.Commit.String()}
			return runDiff(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVarP(&o.patch, "patch", "p", false, "only the samples, with whole values")
	f.BoolVar(&o.stat, "stat", false, "only the counts of each dataset, with a bar")
	f.IntVar(&o.limit, "limit", o.limit, "show at most `N` samples of each dataset; 0 for all")
	return cmd
}

func newStashApplyCmd(env *Env, pop bool) *cobra.Command {
	o := &strata.StashApplyOptions{Pop: pop}
	use, short, long := "apply [STASH]", "Bring changes back, and keep them aside too",
		"STASH is stash@{N}, N, or a commit that was a stash. Without it the newest is meant."
	if pop {
		use, short, long = "pop [STASH]", "Bring changes back, and drop them from the list",
			"STASH is stash@{N} or N. Without it the newest is meant. Where cells were changed\non both sides the stash stays: strata conflicts lists them, strata resolve settles them."
	}
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Args: cobra.MaximumNArgs(1),
		Example: "  strata stash " + use[:len(use)-len(" [STASH]")] + " --index\n  strata stash " + use[:len(use)-len(" [STASH]")] + " 1",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.Name = args[0]
			}
			return runStashApply(cmd.Context(), env, *o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&o.Index, "index", false, "stage what was staged")
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "only say what would come back, and what is in conflict")
	return cmd
}

func runStashApply(ctx context.Context, env *Env, o strata.StashApplyOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	env.Progress().Phase("writing", 0)
	env.OnInterrupt("the stash is still there; strata status shows what is written")
	res, err := r.ApplyStash(ctx, o)
	env.stopProgress()
	return stashApplied(env, res, o.DryRun, err)
}

// stashApplied says what came out of a stash.
func stashApplied(env *Env, res *strata.StashApplyResult, dryRun bool, err error) error {
	if errors.Is(err, strata.ErrStashIndex) {
		return &Failure{Slug: "conflict", Message: err.Error(), Err: err, Hints: []string{"strata stash pop without --index"}}
	}
	var conflict *strata.ConflictError
	if err != nil && !errors.As(err, &conflict) {
		return refusedTo("this stash", err, "strata commit, or strata stash")
	}
	failure := err
	if err != nil {
		failure = mergeFailure("popping", err, dryRun)
		if f, ok := find[*Failure](failure); ok && !dryRun {
			f.Hints = append(f.Hints, "strata stash drop "+shellWord(res.Stash.Name)+"   when they are settled, or strata undo to take it back")
		}
	}
	if env.Flags.JSON {
		if err := env.PrintJSON(res); err != nil {
			return err
		}
		return failure
	}
	if dryRun {
		env.Notef("Would bring back %s", res.Stash.Name)
	}
	printStashed(env, res.Changes, res.Untracked)
	if res.Dropped {
		env.Notef("Dropped %s (%s)", res.Stash.Name, res.Stash.Commit.Short())
	}
	if failure == nil && !dryRun {
		env.howBack()
	}
	return failure
}

func newStashDropCmd(env *Env) *cobra.Command {
	o := &strata.StashDropOptions{}
	cmd := &cobra.Command{
		Use: "drop [STASH]", Short: "Throw a stash away", Args: cobra.MaximumNArgs(1), Example: "  strata stash drop\n  strata stash drop 'stash@{1}'",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.Name = args[0]
			}
			return runStashDrop(cmd.Context(), env, *o)
		},
	}
	cmd.Flags().BoolVarP(&o.DryRun, "dry-run", "n", false, "only say what would go")
	return cmd
}

func newStashClearCmd(env *Env) *cobra.Command {
	o := &strata.StashDropOptions{All: true}
	cmd := &cobra.Command{
		Use: "clear", Short: "Throw all stashes away", Args: cobra.NoArgs, Example: "  strata stash clear",
		RunE: func(cmd *cobra.Command, _ []string) error { return runStashDrop(cmd.Context(), env, *o) },
	}
	cmd.Flags().BoolVarP(&o.DryRun, "dry-run", "n", false, "only say what would go")
	return cmd
}

func runStashDrop(ctx context.Context, env *Env, o strata.StashDropOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	res, err := r.DropStash(ctx, o)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	word := "Dropped"
	if o.DryRun {
		word = "Would drop"
	}
	for _, s := range res.Stashes {
		env.Notef("%s %s (%s)", word, s.Name, s.Commit.Short())
	}
	if !o.DryRun && len(res.Stashes) > 0 {
		env.howBack()
	}
	return nil
}

func newStashBranchCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use: "branch NAME [STASH]", Short: "Bring changes back on a branch of their own", Args: cobra.RangeArgs(1, 2),
		Long:    "The branch begins where HEAD was when the changes were put aside, so that nothing\ncan be in conflict.",
		Example: "  strata stash branch wolves",
		RunE: func(cmd *cobra.Command, args []string) error {
			name := ""
			if len(args) == 2 {
				name = args[1]
			}
			return runStashBranch(cmd.Context(), env, args[0], name)
		},
	}
}

func runStashBranch(ctx context.Context, env *Env, branch, name string) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	env.Progress().Phase("writing", 0)
	res, err := r.BranchStash(ctx, branch, name)
	env.stopProgress()
	if err == nil && !env.Flags.JSON {
		env.Notef("Switched to a new branch '%s'", branch)
	}
	if res == nil && err != nil {
		return refusedTo("this stash", err, "strata commit, or strata stash")
	}
	return stashApplied(env, res, false, err)
}
