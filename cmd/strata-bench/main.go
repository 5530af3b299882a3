// Command strata-bench makes benchmark data from a seed and times Strata beside
// its peers on it: the tables of docs/benchmarks.md. Every step is a whole
// process, so that what is timed is what a user waits for.
//
//	strata-bench gen --shape w1 --rows 1000000 --seed 1 --out DIR
//	strata-bench run --rows 1000000 --runs 3
//
// Package gen makes the data; package contest runs the workloads. Start reading at
// contest.Run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/strata-data/strata/cmd/strata-bench/contest"
	"github.com/strata-data/strata/cmd/strata-bench/gen"
)

const usage = `Usage
  strata-bench gen --shape w1|w2|w3|w4|w5|w6 [--rows N] [--seed 1] [--format csv|jsonl|parquet] [--scattered] --out DIR
  strata-bench run [--rows N] [--files N] [--big N] [--runs 3] [--only PATTERN] [--json FILE] [--strata PATH] [--work DIR]
  strata-bench history --commits N [--edits N] [--repo DIR]
  strata-bench scan --dataset NAME --columns A,B [--repo DIR]
  strata-bench hash FILE`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := command(ctx, os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "strata-bench:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string) error {
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, usage)
		return flag.ErrHelp
	}
	switch args[0] {
	case "gen":
		return generate(ctx, args[1:])
	case "run":
		return run(ctx, args[1:])
	case "history":
		return history(ctx, args[1:])
	case "scan":
		return scan(ctx, args[1:])
	case "hash":
		if len(args) != 2 {
			return errors.New("hash needs one file")
		}
		return contest.Hash(os.Stdout, args[1])
	}
	fmt.Fprintln(os.Stderr, usage)
	return fmt.Errorf("no command is called %q", args[0])
}

func generate(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("gen", flag.ContinueOnError)
	shape := flags.String("shape", "w1", "workload: w1, w2, w3, w4, w5 (tables), w6 (files)")
	rows := flags.Int64("rows", 1_000_000, "rows of a table, or number of files")
	seed := flags.Uint64("seed", 1, "seed")
	out := flags.String("out", "", "directory to write to")
	format := flags.String("format", "csv", "csv, jsonl or parquet")
	scattered := flags.Bool("scattered", false, "keys in random order")
	only := flags.String("only", "", "write only the table of this name")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" || *rows < 0 {
		return errors.New("gen needs --out DIR and rows of at least 0")
	}
	if *shape == "w6" {
		size, err := gen.Files(*out, *seed, *rows)
		if err == nil {
			fmt.Printf("%s\t%d files\t%d bytes\n", *out, *rows, size)
		}
		return err
	}
	tables, err := gen.Shape(*shape, gen.Table{Seed: *seed, Rows: *rows, Scattered: *scattered})
	if err != nil {
		return err
	}
	for _, t := range tables {
		if *only != "" && *only != t.Name {
			continue
		}
		path, size, err := t.Table.WriteFile(ctx, *out, t.Name, *format)
		if err != nil {
			return err
		}
		fmt.Printf("%s\t%d bytes\n", path, size)
	}
	return nil
}
