package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/report"
	"github.com/strata-data/strata/pkg/strata"
)

type driftOptions struct {
	strata.DriftOptions
	exitCode bool
}

func newDriftCmd(env *Env) *cobra.Command {
	o := &driftOptions{}
	cmd := &cobra.Command{
		Use:   "drift REFERENCE CURRENT [-- DATASET...]",
		Short: "Tell whether the values of columns have moved, and by how much",
		Long: "Each side is a revision, REV:DATASET, or a dataset of HEAD. A column is drifted when\n" +
			"the lower bound of its effect is above the tolerance, same when the upper bound is\n" +
			"below it, and cannot tell in between. PSI comes with its noise floor, what it is on\n" +
			"average without any drift. Key columns are compared only if --columns names them.\n" +
			"--fail-if is a condition over drifted, cannot_tell, same, not_comparable (numbers\n" +
			"of columns) and psi, ks, v, missing (largest effects); exit code 1 where it holds.",
		Example: "  strata drift v1 HEAD\n" +
			"  strata drift train val --columns label,score\n" +
			"  strata drift main HEAD --fail-if 'drifted > 0' -- train\n" +
			"  strata drift HEAD~5:train HEAD:train --json",
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			sides, names := splitDash(cmd, args)
			if len(sides) != 2 {
				return usagef("strata help drift", "drift compares two sides, not %d", len(sides))
			}
			o.Reference, o.Current, o.Datasets = sides[0], sides[1], names
			return runDrift(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringSliceVar(&o.Columns, "columns", nil, "only these `COLUMNS`")
	f.StringVar(&o.Where, "where", "", "only samples of either side for which `EXPR` is true")
	f.BoolVar(&o.exitCode, "exit-code", false, "exit with 1 if a column has drifted")
	f.StringVar(&o.FailIf, "fail-if", "", "exit with 1 if `CONDITION` holds, such as 'drifted > 0'")
	completeScanFlags(env, cmd)
	return cmd
}

func runDrift(ctx context.Context, env *Env, o *driftOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	for _, side := range []*string{&o.Reference, &o.Current} {
		_, err := r.RevParse(ctx, strata.RevParseOptions{Revisions: []string{*side}})
		if err == nil && !strings.Contains(*side, ":") {
			continue
		}
		if err := env.datasetAddress(ctx, r, side); err != nil {
			return err
		}
	}
	for i := range o.Datasets {
		if err := env.datasetAddress(ctx, r, &o.Datasets[i]); err != nil {
			return err
		}
	}
	res, err := r.Drift(ctx, o.DriftOptions)
	if err != nil {
		return err
	}
	switch {
	case env.Flags.JSON:
		err = env.PrintJSON(res)
	case !env.Flags.Quiet:
		report.Drift(env.Out, res, env.reportOptions())
	}
	if err != nil {
		return err
	}
	if res.Failed {
		env.Notef("failed: %s", o.FailIf)
	}
	if res.Failed || o.exitCode && res.Gate.Drifted > 0 {
		return errNo
	}
	return nil
}
