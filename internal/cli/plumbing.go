package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

// This file holds verbs for scripts that name commits: rev-parse, merge-base.

type revParseOptions struct {
	short                    int
	verify, abbrev, toplevel bool
	strataDir, bare          bool
}

func newRevParseCmd(env *Env) *cobra.Command {
	o := &revParseOptions{}
	cmd := &cobra.Command{
		Use:   "rev-parse REV|REV:DATASET|A..B...",
		Short: "Print the ids that revisions stand for",
		Long: "A range stands for its ends, the left one with ^ in front; REV:DATASET for the\n" +
			"dataset's table.",
		Example: "  strata rev-parse HEAD~1\n  strata rev-parse --abbrev-ref HEAD\n  strata rev-parse --short v1 main\n  strata rev-parse --show-toplevel",
		RunE: func(cmd *cobra.Command, args []string) error {
			return runRevParse(cmd.Context(), env, o, args)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVar(&o.short, "short", 0, "cut ids to `N` digits (8)")
	f.Lookup("short").NoOptDefVal = "8"
	f.BoolVar(&o.verify, "verify", false, "exactly one revision is given, and it exists")
	f.BoolVar(&o.abbrev, "abbrev-ref", false, "names of branches and tags where there are some")
	f.BoolVar(&o.toplevel, "show-toplevel", false, "print the working directory's root")
	f.BoolVar(&o.strataDir, "strata-dir", false, "print the repository's own directory")
	f.BoolVar(&o.bare, "is-bare-repository", false, "print whether there are no working files")
	return cmd
}

func runRevParse(ctx context.Context, env *Env, o *revParseOptions, args []string) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	if o.verify && len(args) != 1 {
		return usagef("strata rev-parse --verify REV", "--verify wants one revision")
	}
	if o.toplevel && r.Root() == "" {
		return &Failure{Slug: "bare-repository", Message: "a bare repository has no working directory"}
	}
	res, err := r.RevParse(ctx, strata.RevParseOptions{Revisions: args, Short: o.short, AbbrevRef: o.abbrev})
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	if o.toplevel {
		env.Printf("%s\n", r.Root())
	}
	if o.strataDir {
		env.Printf("%s\n", r.Dir())
	}
	if o.bare {
		env.Printf("%t\n", r.Root() == "")
	}
	if o.verify && len(res.Names) != 1 {
		return &Failure{Slug: "bad-revision", Message: args[0] + " is a range, --verify wants one revision"}
	}
	for _, n := range res.Names {
		env.Printf("%s\n", n.Output)
	}
	return nil
}

// mergeBaseDocument is strata.merge-base/1.
type mergeBaseDocument struct {
	Schema   string      `json:"schema"`
	Bases    []strata.ID `json:"bases"`
	Ancestor *bool       `json:"is_ancestor,omitempty"`
}

func newMergeBaseCmd(env *Env) *cobra.Command {
	var all, ancestor bool
	cmd := &cobra.Command{
		Use:               "merge-base A B",
		Short:             "Print the commit that two come from",
		Long:              "The exit code is 1 where there is none, or with --is-ancestor if A is not one of B.",
		Example:           "  strata merge-base main topic\n  strata merge-base --is-ancestor v1 main",
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			if ancestor {
				return runIsAncestor(cmd.Context(), env, args)
			}
			return runMergeBase(cmd.Context(), env, strata.MergeBaseOptions{A: args[0], B: args[1], All: all})
		},
	}
	cmd.Flags().BoolVarP(&all, "all", "a", false, "all of the best ones")
	cmd.Flags().BoolVar(&ancestor, "is-ancestor", false, "answer whether A is B or comes before it")
	return cmd
}

func runMergeBase(ctx context.Context, env *Env, o strata.MergeBaseOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	bases, err := r.MergeBase(ctx, o)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		if err := env.PrintJSON(mergeBaseDocument{Schema: "strata.merge-base/1", Bases: append([]strata.ID{}, bases...)}); err != nil {
			return err
		}
	} else {
		for _, id := range bases {
			env.Printf("%s\n", id)
		}
	}
	if len(bases) == 0 {
		return errNo
	}
	return nil
}

func runIsAncestor(ctx context.Context, env *Env, args []string) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	yes, err := r.IsAncestor(ctx, args[0], args[1])
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		if err := env.PrintJSON(mergeBaseDocument{Schema: "strata.merge-base/1", Bases: []strata.ID{}, Ancestor: &yes}); err != nil {
			return err
		}
	}
	if !yes {
		return errNo
	}
	return nil
}
