package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/worktree"
	"github.com/strata-data/strata/pkg/strata"
)

type switchOptions struct {
	strata.SwitchOptions
	create, forceCreate, orphan string
}

func newSwitchCmd(env *Env) *cobra.Command {
	o := &switchOptions{}
	cmd := &cobra.Command{
		Use:   "switch [BRANCH]",
		Short: "Switch to another branch",
		Long: "Index and working files become those of the branch. Changes that are not committed\n" +
			"and would be lost stop it, unless --force is given.",
		Example:           "  strata switch topic\n  strata switch -c night-fix\n  strata switch --detach v1\n  strata switch -",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.complete(args); err != nil {
				return err
			}
			return runSwitch(cmd.Context(), env, o.SwitchOptions)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.create, "create", "c", "", "make the branch `NAME` first, at the revision given or HEAD")
	f.StringVarP(&o.forceCreate, "force-create", "C", "", "the same, moving `NAME` if it exists")
	f.StringArrayVar(&env.Flags.Directory, "directory", nil, "") // leaves -C to --force-create; see leadingDirectory
	_ = f.MarkHidden("directory")
	f.BoolVarP(&o.Detach, "detach", "d", false, "go to a commit without a branch")
	f.StringVar(&o.orphan, "orphan", "", "begin the branch `NAME` without history")
	f.BoolVarP(&o.Force, "force", "f", false, "throw changes away that are not committed")
	f.BoolVar(&o.Force, "discard-changes", false, "the same as --force")
	_ = f.MarkHidden("discard-changes")
	cmd.MarkFlagsMutuallyExclusive("create", "force-create", "orphan", "detach")
	return cmd
}

// complete turns the flags and the argument into options.
func (o *switchOptions) complete(args []string) error {
	arg := ""
	if len(args) == 1 {
		arg = args[0]
	}
	switch {
	case o.create != "":
		o.Target, o.Create, o.Start = o.create, true, arg
	case o.forceCreate != "":
		o.Target, o.ForceNew, o.Start = o.forceCreate, true, arg
	case o.orphan != "":
		if arg != "" {
			return usagef("strata help switch", "--orphan takes no revision")
		}
		o.Target, o.Orphan = o.orphan, true
	case arg == "" && o.Detach:
		o.Target = "HEAD"
	case arg == "":
		return usagef("strata switch BRANCH, or strata switch -c NEW", "no branch was named")
	default:
		o.Target = previous(arg)
	}
	o.Start = previous(o.Start)
	return nil
}

// previous writes git's - for the branch before as @{-1}.
func previous(rev string) string {
	if rev == "-" {
		return "@{-1}"
	}
	return rev
}

func runSwitch(ctx context.Context, env *Env, o strata.SwitchOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	env.Progress().Phase("writing", 0)
	env.OnInterrupt("files that were written are whole; strata status shows where it stopped")
	res, err := r.Switch(ctx, o)
	if err != nil {
		return refusedTo("switching to "+o.Target, err, "strata commit, or strata stash, or add --force to discard them")
	}
	env.stopProgress()
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	switch {
	case res.Created:
		env.Notef("Switched to a new branch '%s'", res.Branch)
	case res.Branch == "":
		env.Notef("HEAD is now at %s", res.Head.Short())
	case res.From == res.Branch:
		env.Notef("Already on '%s'", res.Branch)
	default:
		env.Notef("Switched to branch '%s'", res.Branch)
	}
	if res.Files+res.Deleted > 0 {
		env.Notef("%s", restoredText(res.Files, res.Deleted))
	}
	switch {
	case res.From == res.Branch && !o.ForceNew || res.Head.IsZero():
	case res.Created || o.ForceNew || res.From == "HEAD":
		env.howBack()
	default:
		env.howBack("strata switch -")
	}
	return nil
}

func newCheckoutCmd(env *Env) *cobra.Command {
	o := &strata.SwitchOptions{Guess: true}
	var create, forceCreate string
	cmd := &cobra.Command{
		Use:   "checkout [REV] [-- DATASET|PATH...]",
		Short: "Switch branches, or restore files from a revision",
		Long: "Without addresses like switch, but any revision will do: a commit that is no branch\n" +
			"detaches HEAD. With addresses their files and index entries are taken from REV, or\n" +
			"without REV the files from the index.",
		Example:           "  strata checkout v1\n  strata checkout -b topic\n  strata checkout HEAD~1 -- train\n  strata checkout -- train.csv",
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			revs, addresses, err := env.revsAndPaths(cmd, args)
			if err != nil {
				return err
			}
			if create != "" || forceCreate != "" {
				c := &switchOptions{SwitchOptions: *o, create: create, forceCreate: forceCreate}
				if len(addresses) > 0 || len(revs) > 1 {
					return usagef("strata help checkout", "a new branch takes one revision and no addresses")
				}
				if err := c.complete(revs); err != nil {
					return err
				}
				return runSwitch(cmd.Context(), env, c.SwitchOptions)
			}
			return runCheckout(cmd.Context(), env, *o, revs, addresses)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&create, "branch", "b", "", "make the branch `NAME` first")
	f.StringVarP(&forceCreate, "force-branch", "B", "", "the same, moving `NAME` if it exists")
	f.BoolVar(&o.Detach, "detach", false, "go to the commit, not the branch")
	f.BoolVarP(&o.Force, "force", "f", false, "throw changes away that are not committed")
	cmd.MarkFlagsMutuallyExclusive("branch", "force-branch", "detach")
	return cmd
}

// runCheckout switches, or restores where addresses follow the revision.
func runCheckout(ctx context.Context, env *Env, o strata.SwitchOptions, revs, addresses []string) error {
	if len(addresses) > 0 {
		ro := &strata.RestoreOptions{Addresses: addresses, Worktree: true, Checkout: true}
		if len(revs) == 1 {
			ro.Source, ro.Staged = previous(revs[0]), true
		}
		return runRestore(ctx, env, ro)
	}
	if len(revs) == 0 {
		if !o.Detach {
			return usagef("strata checkout REV, or strata checkout -- PATH", "nothing was named to check out")
		}
		revs = []string{"HEAD"}
	}
	o.Target = previous(revs[0])
	return runSwitch(ctx, env, o)
}

// revsAndPaths tells the one revision that may come first from addresses. Where
// no -- separates them, a first argument that is no revision is an address if a
// dataset or a file has its name.
func (e *Env) revsAndPaths(cmd *cobra.Command, args []string) (revs, paths []string, err error) {
	revs, paths = splitDash(cmd, args)
	if cmd.ArgsLenAtDash() >= 0 {
		if len(revs) > 1 {
			return nil, nil, usagef("strata help "+verbOf(cmd), "one revision at most goes before --, not %s", strings.Join(revs, " "))
		}
		return revs, paths, nil
	}
	if len(revs) == 0 {
		return nil, nil, nil
	}
	r, err := e.OpenRepo(cmd.Context())
	if err != nil {
		return nil, nil, err
	}
	if _, err := r.Resolve(cmd.Context(), previous(revs[0])); err != nil {
		if e.isAddress(cmd.Context(), r, revs[0]) {
			return nil, revs, nil
		}
	}
	return revs[:1], revs[1:], nil
}

// splitDash splits arguments at --: what is before, and what is behind.
func splitDash(cmd *cobra.Command, args []string) (before, behind []string) {
	if n := cmd.ArgsLenAtDash(); n >= 0 {
		return args[:n], args[n:]
	}
	return args, nil
}

// refusedTo says what a verb that refuses to lose work was about to do, and how
// to go on.
func refusedTo(doing string, err error, hints ...string) error {
	e, ok := find[*worktree.OverwriteError](err)
	if !ok {
		return err
	}
	return &Failure{Slug: "would-overwrite", Message: doing + " " + e.Error(), Hints: hints, Err: err}
}
