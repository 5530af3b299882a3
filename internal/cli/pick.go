package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/pkg/strata"
)

// This file holds the two verbs that make the changes of single commits again:
// cherry-pick as they are, revert the other way round.

type pickOptions struct {
	strata.PickOptions
	kind                    string
	abort, goOn, skip, quit bool
	noEdit                  bool
}

func newCherryPickCmd(env *Env) *cobra.Command {
	o := &pickOptions{kind: repo.StateCherryPick}
	cmd := newPickCmd(env, o)
	cmd.Use = "cherry-pick REV|A..B..."
	cmd.Short = "Make the changes of single commits again here"
	cmd.Long = "New commits with the author, date and message of the old ones. As in git -n is\n" +
		"--no-commit here, and the dry run is --dry-run. Conflicts stop it as they stop a\n" +
		"merge; commits that were made before stay."
	cmd.Example = "  strata cherry-pick 3f2a91c\n  strata cherry-pick -x night-fix~3..night-fix\n  strata cherry-pick --continue"
	cmd.Flags().BoolVarP(&o.RecordOrigin, "record-origin", "x", false, "say in the message which commit it comes from")
	return cmd
}

func newRevertCmd(env *Env) *cobra.Command {
	o := &pickOptions{kind: repo.StateRevert}
	cmd := newPickCmd(env, o)
	cmd.Use = "revert REV|A..B..."
	cmd.Short = "Take the changes of single commits back by new ones"
	cmd.Long = "What later commits changed stays, cell by cell. A range is taken back from its end.\n" +
		"As in git -n is --no-commit here, and the dry run is --dry-run. Conflicts stop it\n" +
		"as they stop a merge."
	cmd.Example = "  strata revert HEAD\n  strata revert -m 1 3f2a91c\n  strata revert HEAD~3..HEAD\n  strata revert --abort"
	return cmd
}

// newPickCmd has the flags that both verbs share.
func newPickCmd(env *Env, o *pickOptions) *cobra.Command {
	cmd := &cobra.Command{
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Revisions = args
			if cmd.Flags().Changed("mainline") && o.Mainline < 1 {
				return &Failure{Slug: "bad-value", Message: "parents are counted from 1"}
			}
			return runPick(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVarP(&o.NoCommit, "no-commit", "n", false, "change index and working files only")
	f.IntVarP(&o.Mainline, "mainline", "m", 0, "of a merge: take the changes against parent `N`, from 1")
	f.StringVarP(&o.Favor, "strategy-option", "X", "", "settle every conflict to `SIDE`: ours, theirs, or union of lists")
	f.BoolVar(&o.noEdit, "no-edit", false, "take the message as it is made (default)")
	f.BoolVar(&o.AllowEmpty, "allow-empty", false, "make a commit even of what changes nothing here")
	signFlags(cmd, &o.SignOptions)
	f.BoolVar(&o.DryRun, "dry-run", false, "only say what would happen, conflicts and all")
	f.BoolVar(&o.goOn, "continue", false, "go on once the conflicts are settled")
	f.BoolVar(&o.skip, "skip", false, "leave the commit out that it stopped at, and go on")
	f.BoolVar(&o.abort, "abort", false, "take everything back")
	f.BoolVar(&o.quit, "quit", false, "forget what is left to do; leave index and files as they are")
	cmd.MarkFlagsMutuallyExclusive("continue", "skip", "abort", "quit")
	return cmd
}

func runPick(ctx context.Context, env *Env, o *pickOptions) error {
	ending := o.goOn || o.skip || o.abort || o.quit
	switch {
	case ending && len(o.Revisions) > 0:
		return usagef("strata help "+o.kind, "--continue, --skip, --abort and --quit take no revision")
	case !ending && len(o.Revisions) == 0:
		return usagef("strata "+o.kind+" REV", "no commit was named")
	}
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	if o.abort || o.quit {
		return runAbort(ctx, env, r, o.kind, o.quit, o.DryRun)
	}
	env.Progress().Phase("merging", 0)
	env.OnInterrupt("strata status shows where it stopped")
	res, err := o.run(ctx, r)
	env.stopProgress()
	if res != nil && env.Flags.JSON && (err == nil || as[*strata.ConflictError](err) || as[*strata.EmptyPickError](err)) {
		if perr := env.PrintJSON(res); perr != nil {
			return perr
		}
	}
	if res != nil && !env.Flags.JSON && !env.Flags.Quiet {
		printPicked(env, o, res)
	}
	return o.failure(err)
}

func (o *pickOptions) run(ctx context.Context, r *strata.Repo) (*strata.PickResult, error) {
	switch {
	case o.goOn:
		return r.PickContinue(ctx, o.kind, strata.CommitOptions{AllowEmpty: o.AllowEmpty, SignOptions: o.SignOptions})
	case o.skip:
		return r.PickSkip(ctx, o.kind)
	case o.kind == repo.StateRevert:
		return r.Revert(ctx, o.PickOptions)
	}
	return r.CherryPick(ctx, o.PickOptions)
}

// failure says how to go on.
func (o *pickOptions) failure(err error) error {
	if e, ok := find[*strata.EmptyPickError](err); ok {
		f := &Failure{Slug: "nothing-to-commit", Message: e.Error(), Err: err,
			Hints: []string{"strata " + o.kind + " --skip   to leave it out, or strata " + o.kind + " --continue --allow-empty"}}
		if o.DryRun {
			f.Hints = []string{"add --allow-empty for a commit that changes nothing"}
		}
		return f
	}
	if e, ok := find[*strata.MainlineError](err); ok && e.Mainline == 0 {
		return &Failure{Slug: "bad-value", Message: e.Error(), Err: err, Hints: []string{"strata " + o.kind + " -m 1 " + e.Commit.Short()}}
	}
	if err == nil {
		return nil
	}
	if o.goOn {
		return leftFailure(err)
	}
	return mergeFailure(o.kind, err, o.DryRun)
}

func printPicked(env *Env, o *pickOptions, res *strata.PickResult) {
	for _, p := range res.Commits {
		printCommitted(env, &strata.CommitResult{DryRun: res.DryRun, Branch: res.Branch, Root: len(p.Commit.Parents) == 0,
			Commit: p.Commit, Datasets: p.Changes})
	}
	printSettled(env, res.Datasets)
	switch {
	case res.DryRun && res.Outcome != "stopped":
		env.Notef("nothing was changed (dry run)")
	case res.Outcome == "staged":
		env.Next(`strata commit -m "message"`)
	case res.Outcome == "done" && len(res.Commits) > 0:
		env.howBack()
	}
}
