package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"

	"github.com/strata-data/strata/cmd/strata-bench/contest"
)

func run(ctx context.Context, args []string) error {
	var o contest.Options
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.Int64Var(&o.Rows, "rows", 1_000_000, "rows of the table")
	flags.Int64Var(&o.Big, "big", -1, "rows of the big table; 0 leaves it out, -1 is five times --rows")
	flags.Int64Var(&o.Files, "files", -1, "number of small files; 0 leaves them out, -1 is a fifth of --rows")
	flags.IntVar(&o.Runs, "runs", 3, "runs of each step; the median is shown")
	flags.StringVar(&o.Only, "only", "", "run only the workloads whose name matches this regular expression")
	flags.StringVar(&o.Strata, "strata", "bin/strata", "the program that is measured")
	flags.StringVar(&o.Peers, "peers", ".bench/peers", "where scripts/peers.sh put the peers")
	flags.StringVar(&o.Work, "work", ".bench/work", "scratch directory; emptied")
	flags.BoolVar(&o.Keep, "keep", false, "leave the scratch directory as it is at the end")
	flags.BoolVar(&o.Alone, "alone", false, "leave the peers out")
	jsonFile := flags.String("json", "", "write all measurements to this file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.Big < 0 {
		o.Big = 5 * o.Rows
	}
	if o.Files < 0 {
		o.Files = o.Rows / 5
	}
	for _, p := range []*string{&o.Strata, &o.Peers, &o.Work} {
		abs, err := filepath.Abs(*p)
		if err != nil {
			return err
		}
		*p = abs
	}
	var err error
	if o.Self, err = os.Executable(); err != nil {
		return err
	}
	o.Path = os.Getenv("PATH")
	o.Log = os.Stderr
	report, err := contest.Run(ctx, o)
	if err != nil {
		return err
	}
	if *jsonFile != "" {
		f, err := os.Create(*jsonFile)
		if err != nil {
			return err
		}
		if err := errors.Join(report.WriteJSON(f), f.Close()); err != nil {
			return err
		}
	}
	return report.WriteMarkdown(os.Stdout)
}

func scan(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("scan", flag.ContinueOnError)
	dir := flags.String("repo", ".", "repository")
	dataset := flags.String("dataset", "data", "dataset")
	columns := flags.String("columns", "", "names of columns, with commas between")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return contest.Scan(ctx, os.Stdout, *dir, *dataset, strings.Split(*columns, ","))
}
