package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

type blameOptions struct {
	strata.BlameOptions
	full bool
}

func newBlameCmd(env *Env) *cobra.Command {
	o := &blameOptions{}
	cmd := &cobra.Command{
		Use:   "blame [REV:]DATASET/KEY [REV]",
		Short: "Show which commit set each cell of a sample last",
		Long: "A cell is followed to the commit whose parents have another value, or do not have\n" +
			"the sample or the column; through merges to the parent that has the value, through\n" +
			"renames of columns and datasets. KEY may be a pattern of * ? [ ], for up to 100\n" +
			"samples.",
		Example: "  strata blame train/000017\n" +
			"  strata blame train/000017 v1 --columns label,score\n" +
			"  strata blame 'train/00001?' --json",
		Args:              cobra.RangeArgs(1, 2),
		ValidArgsFunction: completeDatasets(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Address = args[0]
			if len(args) > 1 {
				o.Revision = previous(args[1])
			}
			return runBlame(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringSliceVar(&o.Columns, "columns", nil, "only these `COLUMNS`")
	f.BoolVar(&o.FirstParent, "first-parent", false, "what a merge brought in is the merge's")
	f.BoolVar(&o.full, "full", false, "whole values")
	return cmd
}

func runBlame(ctx context.Context, env *Env, o *blameOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	o.Dir = env.workDir()
	res, err := r.Blame(ctx, o.BlameOptions)
	if missing := (*strata.NotFoundError)(nil); errors.As(err, &missing) && missing.Kind == "sample" {
		err = &Failure{Err: err, Slug: "unknown-sample", Message: err.Error(),
			Hints: []string{"strata log -- " + shellWord(missing.Where+"/"+missing.Name) + "   to see whether it was removed"}}
	}
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	if err := env.Page(ctx); err != nil {
		return err
	}
	st := env.Style()
	for i, s := range res.Samples {
		if len(res.Samples) > 1 {
			if i > 0 {
				env.Printf("\n")
			}
			env.Printf("%s\n", st.Header(res.Dataset+"/"+s.Key))
		}
		var rows [][]string
		for _, c := range s.Cells {
			text := cellText(c.Text)
			if o.full {
				text = c.Text
			}
			rows = append(rows, []string{st.ID(c.Commit.Short()), c.Author.Name, c.Author.Time.Format(blameDate), st.Header(c.Column), text})
		}
		env.printTable(rows, "lllll")
	}
	if res.More {
		env.Notef("these are the first %d samples that fit", strata.MaxBlamed)
	}
	return nil
}

// blameDate is how blame writes times, as git blame does.
const blameDate = "2006-01-02 15:04:05 -0700"
