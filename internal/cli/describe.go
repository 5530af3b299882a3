package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/report"
	"github.com/strata-data/strata/pkg/strata"
)

func newDescribeCmd(env *Env) *cobra.Command {
	o := &strata.DescribeOptions{}
	cmd := &cobra.Command{
		Use:   "describe [REV:]DATASET[/KEY]",
		Short: "Summarise the columns of a dataset",
		Long: "One pass over the samples in bounded memory: nulls, distinct values (exact up to\n" +
			"65,536, within 0.8 % beyond, marked ~), range, mean and standard deviation,\n" +
			"quantiles (exact for small datasets, else within 0.35 % of rank), a histogram and\n" +
			"the most frequent values.",
		Example:           "  strata describe train\n  strata describe v1:train --columns score,label\n  strata describe train --where \"weather = 'rain'\" --json",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeDatasets(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.Address = args[0]
			}
			return runDescribe(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	scanFlags(f, &o.ScanOptions)
	completeScanFlags(env, cmd)
	return cmd
}

func runDescribe(ctx context.Context, env *Env, o *strata.DescribeOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	if o.Address == "" {
		if o.Address, err = onlyDataset(ctx, r, "describe"); err != nil {
			return err
		}
	}
	if err := env.datasetAddress(ctx, r, &o.Address); err != nil {
		return err
	}
	res, err := r.Describe(ctx, *o)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	report.Describe(env.Out, res, env.reportOptions())
	return nil
}
