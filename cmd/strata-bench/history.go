package main

import (
	"context"
	"flag"
	"os"

	"github.com/strata-data/strata/cmd/strata-bench/contest"
)

func history(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("history", flag.ContinueOnError)
	dir := flags.String("repo", ".", "repository")
	commits := flags.Int("commits", 10_000, "commits to add")
	edits := flags.Int("edits", 0, "rows of the dataset data that each of them changes; 0: nothing, and two branches")
	git := flags.Bool("fast-import", false, "write the history for git fast-import to standard output instead")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *git {
		return contest.FastImport(os.Stdout, *commits)
	}
	return contest.Grow(ctx, *dir, *commits, *edits)
}
