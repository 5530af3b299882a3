package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/report"
	"github.com/strata-data/strata/pkg/strata"
)

func newSliceCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "slice",
		Short: "Name sets of samples by a predicate",
		Long: "A slice is a name for a predicate over a dataset. Slices are staged in the index\n" +
			"and committed with it, so branches, diffs and restores carry them. --slice NAME\n" +
			"narrows head, export, describe, sample and diff. See docs/expressions.md for the\n" +
			"language.",
		Example: "  strata slice create night \"hour >= 20 or hour < 6\" -m \"lamps on\"\n  strata slice list --counts\n  strata head train --slice night",
	}
	cmd.AddCommand(newSliceCreateCmd(env), newSliceListCmd(env), newSliceShowCmd(env), newSliceRmCmd(env))
	return cmd
}

func newSliceCreateCmd(env *Env) *cobra.Command {
	o := &strata.SliceOptions{}
	cmd := &cobra.Command{
		Use:     "create NAME EXPR",
		Short:   "Save a predicate and count what it picks",
		Example: "  strata slice create night \"hour >= 20 or hour < 6\" -d train -m \"lamps on\"",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Name, o.Where = args[0], args[1]
			return runSliceCreate(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.Dataset, "dataset", "d", "", "the `DATASET`; needed where there are several")
	f.StringVarP(&o.Why, "message", "m", "", "`WHY` the slice matters")
	f.BoolVarP(&o.Force, "force", "f", false, "replace a slice of this name")
	return cmd
}

func runSliceCreate(ctx context.Context, env *Env, o *strata.SliceOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	s, err := r.CreateSlice(ctx, *o)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		return env.PrintJSON(strata.SliceResult{Schema: "strata.slice/1", Rev: "index", Slices: []strata.SliceInfo{*s}})
	}
	env.Printf("slice %s: %s\n", s.Name, report.SliceCount(s))
	return nil
}

func newSliceListCmd(env *Env) *cobra.Command {
	o := &strata.ListSlicesOptions{}
	cmd := &cobra.Command{
		Use:               "list [REV]",
		Short:             "List slices of the index or a revision",
		Example:           "  strata slice list --counts\n  strata slice list v1 --json",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.Rev = args[0]
			}
			return runSliceList(cmd.Context(), env, o)
		},
	}
	cmd.Flags().BoolVar(&o.Counts, "counts", false, "count the samples of each")
	return cmd
}

func runSliceList(ctx context.Context, env *Env, o *strata.ListSlicesOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	res, err := r.ListSlices(ctx, *o)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	report.Slices(env.Out, res, o.Counts, env.reportOptions())
	return nil
}

func newSliceShowCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME [REV]",
		Short:   "Show one slice and how much it picks",
		Example: "  strata slice show night\n  strata slice show night HEAD~3",
		Args:    cobra.RangeArgs(1, 2),

		ValidArgsFunction: completeSlices(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			rev := ""
			if len(args) == 2 {
				rev = args[1]
			}
			return runSliceShow(cmd.Context(), env, args[0], rev)
		},
	}
}

func runSliceShow(ctx context.Context, env *Env, name, rev string) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	s, err := r.Slice(ctx, name, rev)
	if err != nil {
		return err
	}
	if rev == "" {
		rev = "index"
	}
	if env.Flags.JSON {
		return env.PrintJSON(strata.SliceResult{Schema: "strata.slice/1", Rev: rev, Slices: []strata.SliceInfo{*s}})
	}
	report.Slice(env.Out, s, env.reportOptions())
	return nil
}

func newSliceRmCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:     "rm NAME",
		Short:   "Remove a slice from the index",
		Example: "  strata slice rm night",
		Args:    cobra.ExactArgs(1),

		ValidArgsFunction: completeSlices(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := env.OpenRepo(cmd.Context())
			if err != nil {
				return err
			}
			if err := r.RemoveSlice(cmd.Context(), args[0]); err != nil {
				return err
			}
			if env.Flags.JSON {
				return env.PrintJSON(strata.SliceResult{Schema: "strata.slice/1", Rev: "index", Slices: []strata.SliceInfo{}})
			}
			env.Notef("slice %s is no longer in the index", args[0])
			return nil
		},
	}
}
