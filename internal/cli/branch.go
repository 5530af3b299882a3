package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

type branchOptions struct {
	delete, forceDelete bool
	move, forceMove     bool
	force, list         bool
	showCurrent         bool
}

func newBranchCmd(env *Env) *cobra.Command {
	o := &branchOptions{}
	cmd := &cobra.Command{
		Use:   "branch [NAME [REV]]",
		Short: "List, make, rename or delete branches",
		Long:  "Without arguments the branches, with -v their last commits too.",
		Example: "  strata branch -v\n  strata branch topic HEAD~2\n  strata branch -m old new\n" +
			"  strata branch -d topic",
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runBranch(cmd.Context(), env, o, args)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVarP(&o.list, "list", "l", false, "list branches (default without arguments)")
	f.BoolVarP(&o.delete, "delete", "d", false, "delete branches whose commits HEAD has")
	f.BoolVarP(&o.forceDelete, "force-delete", "D", false, "delete branches in any case")
	f.BoolVarP(&o.move, "move", "m", false, "rename a branch: [OLD] NEW")
	f.BoolVarP(&o.forceMove, "force-move", "M", false, "the same, replacing NEW if it exists")
	f.BoolVarP(&o.force, "force", "f", false, "move a branch that exists")
	f.BoolVar(&o.showCurrent, "show-current", false, "print the name of the current branch")
	cmd.MarkFlagsMutuallyExclusive("list", "delete", "force-delete", "move", "force-move", "show-current")
	return cmd
}

func runBranch(ctx context.Context, env *Env, o *branchOptions, args []string) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	switch {
	case o.showCurrent:
		at, err := r.Position(ctx)
		if err != nil {
			return err
		}
		if env.Flags.JSON {
			return env.PrintJSON(at)
		}
		if at.Branch != "" {
			env.Printf("%s\n", at.Branch)
		}
		return nil
	case o.delete || o.forceDelete:
		return deleteBranches(ctx, env, r, args, o.forceDelete || o.force)
	case o.move || o.forceMove:
		return renameBranch(ctx, env, r, args, o.forceMove || o.force)
	case len(args) == 0 || o.list:
		if len(args) > 0 {
			return usagef("strata help branch", "--list takes no arguments")
		}
		return listBranches(ctx, env, r)
	case len(args) > 2:
		return usagef("strata help branch", "a name and at most one revision are wanted")
	}
	start := ""
	if len(args) == 2 {
		start = args[1]
	}
	if err := r.CreateBranch(ctx, args[0], previous(start), o.force); err != nil {
		return err
	}
	if o.force {
		env.howBack()
	}
	return branchDone(ctx, env, r)
}

// branchDone prints the list as it is now with --json.
func branchDone(ctx context.Context, env *Env, r *strata.Repo) error {
	if !env.Flags.JSON {
		return nil
	}
	return listBranches(ctx, env, r)
}

func deleteBranches(ctx context.Context, env *Env, r *strata.Repo, names []string, force bool) error {
	if len(names) == 0 {
		return usagef("strata branch", "no branch was named")
	}
	for _, name := range names {
		id, err := r.DeleteBranch(ctx, name, force)
		if err != nil {
			return err
		}
		env.Notef("Deleted branch %s (was %s)", name, id.Short())
	}
	env.howBack()
	return branchDone(ctx, env, r)
}

func renameBranch(ctx context.Context, env *Env, r *strata.Repo, args []string, force bool) error {
	if len(args) < 1 || len(args) > 2 {
		return usagef("strata branch -m [OLD] NEW", "a new name is wanted, or an old and a new one")
	}
	old, name := "", args[0]
	if len(args) == 2 {
		old, name = args[0], args[1]
	}
	if _, err := r.RenameBranch(ctx, old, name, force); err != nil {
		return err
	}
	if force {
		env.howBack()
	}
	return branchDone(ctx, env, r)
}

func listBranches(ctx context.Context, env *Env, r *strata.Repo) error {
	list, err := r.Branches(ctx)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		return env.PrintJSON(list)
	}
	st := env.Style()
	var rows [][]string
	if list.Head.Branch == "" {
		rows = append(rows, branchRow(env, "* "+st.Ref("(HEAD detached at "+list.Head.Commit.Short()+")"), list.Head.Commit, ""))
	}
	for _, b := range list.Branches {
		name := "  " + b.Name
		if b.Current {
			name = "* " + st.Ref(b.Name)
		}
		rows = append(rows, branchRow(env, name, b.Commit, b.Subject))
	}
	env.printTable(rows, "lll")
	return nil
}

func branchRow(env *Env, name string, id strata.ID, subject string) []string {
	if env.Flags.Verbose == 0 {
		return []string{name}
	}
	return []string{name, env.Style().ID(id.Short()), subject}
}
