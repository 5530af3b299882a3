package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

type schemaOptions struct {
	strata.SchemaOptions
	set bool // --merge was given
}

func newSchemaCmd(env *Env) *cobra.Command {
	o := &schemaOptions{}
	cmd := &cobra.Command{
		Use:   "schema [REV:]DATASET [COLUMN]",
		Short: "Show the columns of a dataset, or how one merges",
		Long: "The columns as they are staged, or at REV: name, type, key, the name that a renamed one\n" +
			"was born with, and merge policy. --merge stages a policy, which settles cells that two\n" +
			"sides of a merge changed to different values; without one they are a conflict.\n\n" +
			"  max, min         the greater or the smaller value\n" +
			"  union            lists as sets: what either side has, without what either removed\n" +
			"  latest           the value of the later commit\n" +
			"  latest:COLUMN    the value of the side with the greater value in COLUMN\n" +
			"  vote             lists of {annotator, ...}: merged by annotator\n" +
			"  vote:COLUMN      the label that most of the merged votes of COLUMN are for\n" +
			"  none             a conflict\n\n" +
			"Samples and files stay as they are. The policy is kept when the file is added again.",
		Example:           "  strata schema train\n  strata schema train tags --merge union\n  strata schema train label --merge vote:votes\n  strata schema train label --merge none",
		Args:              cobra.RangeArgs(1, 2),
		ValidArgsFunction: completeDatasets(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Address, o.set = args[0], cmd.Flags().Changed("merge")
			if len(args) == 2 {
				o.Column = args[1]
			}
			return runSchema(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.Policy, "merge", "", "stage the merge `POLICY` of COLUMN; none takes it away")
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "only say what would be staged")
	return cmd
}

func runSchema(ctx context.Context, env *Env, o *schemaOptions) error {
	if o.set && o.Column == "" {
		return &Failure{Slug: "usage", Message: "--merge is the policy of a column, and none is named", Hints: []string{"strata schema " + o.Address + " COLUMN --merge " + o.Policy}}
	}
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	if err := env.datasetAddress(ctx, r, &o.Address); err != nil {
		return err
	}
	var res *strata.SchemaResult
	if o.set {
		res, err = r.SetMergePolicy(ctx, o.SchemaOptions)
	} else {
		res, err = r.DatasetSchema(ctx, o.SchemaOptions)
	}
	if err != nil {
		return err
	}
	if o.set {
		env.sayPolicy(res)
	}
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	if !o.set {
		env.printSchema(res)
	}
	return nil
}

// sayPolicy tells what was staged and how to go back.
func (e *Env) sayPolicy(res *strata.SchemaResult) {
	c := res.Columns[0]
	policy := c.Merge
	switch {
	case !res.Changed:
		e.Notef("%s.%s has the merge policy %s already", res.Dataset, c.Name, policy)
	case res.DryRun:
		e.Notef("Would stage the merge policy %s of %s.%s", policy, res.Dataset, c.Name)
	default:
		e.Notef("Staged the merge policy %s of %s.%s", policy, res.Dataset, c.Name)
		e.howBack("strata restore --staged " + shellWord(res.Dataset))
	}
}

func (e *Env) printSchema(res *strata.SchemaResult) {
	rows := [][]string{{"column", "type", "", "", ""}} // headers of what no column has stay away
	for _, c := range res.Columns {
		row := []string{c.Name, c.Type, "", "", ""}
		if c.Merge != "none" {
			row[4], rows[0][4] = c.Merge, "merge"
		}
		if c.Key {
			row[2], rows[0][2] = "key", "key"
		}
		if c.ID != c.Name {
			row[3], rows[0][3] = c.ID, "born as"
		}
		rows = append(rows, row)
	}
	e.printTable(rows, "lllll")
}
