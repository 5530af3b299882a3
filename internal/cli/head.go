package cli

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/strata-data/strata/internal/report"
	"github.com/strata-data/strata/pkg/strata"
)

type headOptions struct {
	strata.HeadOptions
	jsonl, full bool
}

// scanFlags declares the flags of verbs that read the samples of one dataset.
func scanFlags(f *pflag.FlagSet, o *strata.ScanOptions) {
	f.StringSliceVar(&o.Columns, "columns", nil, "only these `COLUMNS`, in this order")
	f.StringVar(&o.Where, "where", "", "only samples for which `EXPR` is true")
	f.StringVar(&o.Slice, "slice", "", "only samples of the slice `NAME`")
}

func newHeadCmd(env *Env) *cobra.Command {
	o := &headOptions{}
	cmd := &cobra.Command{
		Use:   "head [REV:]DATASET[/KEY]",
		Short: "Show the first samples of a dataset",
		Long: "Samples come in the order of their keys. Without REV it is HEAD, or the index for\n" +
			"a dataset that HEAD does not have; :train is the one in the index. A KEY may have *\n" +
			"and ?. -n counts samples; there is no dry run.",
		Example:           "  strata head train\n  strata head v1:train -n 3 --columns label,score\n  strata head train/000017 --json\n  strata head train --where \"score < 0.1\" --jsonl -n 0",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeDatasets(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.Address = args[0]
			}
			return runHead(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVarP(&o.N, "number", "n", 10, "show `N` samples; 0 for all")
	scanFlags(f, &o.ScanOptions)
	f.BoolVar(&o.jsonl, "jsonl", false, "one JSON object a sample")
	f.BoolVar(&o.full, "full", false, "whole values, however wide")
	completeScanFlags(env, cmd)
	return cmd
}

func runHead(ctx context.Context, env *Env, o *headOptions) error {
	if o.N < 0 {
		return &Failure{Slug: "bad-value", Message: "-n cannot be negative"}
	}
	if o.N == 0 {
		o.N = -1
	}
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	if o.Address == "" {
		if o.Address, err = onlyDataset(ctx, r, "head"); err != nil {
			return err
		}
	}
	if err := env.datasetAddress(ctx, r, &o.Address); err != nil {
		return err
	}
	if o.jsonl {
		return headLines(ctx, env, r, o)
	}
	res, err := r.Head(ctx, o.HeadOptions)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		return env.PrintJSON(report.HeadDocument(res))
	}
	if o.N < 0 || o.full {
		if err := env.Page(ctx); err != nil {
			return err
		}
	}
	report.Head(env.Out, res, o.full, env.reportOptions())
	return nil
}

// headLines streams samples as JSON lines, without holding them.
func headLines(ctx context.Context, env *Env, r *strata.Repo, o *headOptions) error {
	rows, err := r.Scan(ctx, o.ScanOptions)
	if err != nil {
		return err
	}
	lines := report.NewLines(env.Out, rows.Columns())
	n := 0
	for s, err := range rows.All(ctx) {
		if err == nil {
			err = lines.Write(s.Value)
		}
		if n++; err != nil || n == o.N {
			return err
		}
	}
	return nil
}

// onlyDataset returns the repository's dataset if it has just one, for verbs
// that were given none.
func onlyDataset(ctx context.Context, r *strata.Repo, verb string) (string, error) {
	for _, rev := range []string{"HEAD", ""} {
		names, err := r.DatasetNames(ctx, rev)
		if err != nil {
			return "", err
		}
		switch len(names) {
		case 0:
		case 1:
			return names[0], nil
		default:
			return "", usagef("strata "+verb+" "+names[0], "name a dataset; there are %s", plural(len(names), "dataset"))
		}
	}
	return "", &Failure{Slug: "unknown-dataset", Message: "there is no dataset yet", Hints: []string{"strata add PATH --key COLUMN"}}
}
