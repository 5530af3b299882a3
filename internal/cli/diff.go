package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/report"
	"github.com/strata-data/strata/pkg/strata"
)

type diffOptions struct {
	strata.DiffOptions
	patch, stat, numstat, shortstat bool
	nameStatus, nameOnly            bool
	exitCode, nul, jsonl, full      bool
	limit                           int
	format, output                  string
	args, addresses                 []string
}

func newDiffCmd(env *Env) *cobra.Command {
	o := &diffOptions{limit: 20}
	cmd := &cobra.Command{
		Use:   "diff [REV [REV] | A..B | A...B] [-- DATASET[/KEY]|PATH...]",
		Short: "Show which samples and cells changed",
		Long: "Without revisions the working files are compared with the index, with --staged the\n" +
			"index with HEAD, with one revision the working files with it. A..B compares the two,\n" +
			"A...B what B has done since both parted. The summary counts samples and, for each\n" +
			"column, which values became which; the first samples follow. Every figure is over\n" +
			"the cells that changed. In --where, old.NAME and new.NAME are the values on either\n" +
			"side; a plain NAME holds if it does so on one of them.",
		Example: "  strata diff\n" +
			"  strata diff --staged -p --limit 0\n" +
			"  strata diff v1 v2 --columns label --where \"old.label = 'dog'\" -- train\n" +
			"  strata diff main...fix --stat --exit-code\n" +
			"  strata diff HEAD~1 HEAD --format parquet -o changes.parquet -- train",
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.args, o.addresses = splitDash(cmd, args)
			return runDiff(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&o.Staged, "staged", false, "compare the index with HEAD or a revision")
	f.BoolVar(&o.Staged, "cached", false, "the same as --staged")
	f.BoolVarP(&o.patch, "patch", "p", false, "only the samples, with whole values")
	f.IntVar(&o.limit, "limit", o.limit, "show at most `N` samples of each dataset; 0 for all")
	f.StringSliceVar(&o.Columns, "columns", nil, "only these `COLUMNS`")
	f.StringVar(&o.Where, "where", "", "only samples for which `EXPR` is true")
	f.StringVar(&o.Slice, "slice", "", "only samples of the slice `NAME`")
	f.StringVar(&o.Filter, "filter", "", "only samples that were `KIND`: added, removed or modified")
	f.BoolVar(&o.stat, "stat", false, "only the counts of each dataset, with a bar")
	f.BoolVar(&o.numstat, "numstat", false, "counts for scripts: added, removed, modified, dataset")
	f.BoolVar(&o.shortstat, "shortstat", false, "only the counts of everything")
	f.BoolVar(&o.nameStatus, "name-status", false, "only A, M or D and the name of each sample")
	f.BoolVar(&o.nameOnly, "name-only", false, "only the name of each sample")
	f.BoolVar(&o.exitCode, "exit-code", false, "exit with 1 if there are differences; --quiet does so too")
	f.BoolVar(&o.jsonl, "jsonl", false, "one JSON object a sample, between a header and a footer")
	f.BoolVar(&o.full, "full", false, "with --jsonl: all columns, not just those that changed")
	f.StringVar(&o.format, "format", "", "write the samples as a table: `FORMAT` is csv, arrow or parquet")
	f.StringVarP(&o.output, "output", "o", "-", "with --format: write to `FILE`, - for standard output")
	f.BoolVarP(&o.nul, "null", "z", false, "end records with NUL and quote nothing")
	completeScanFlags(env, cmd)
	return cmd
}

// check refuses flags that contradict each other.
func (o *diffOptions) check(env *Env) error {
	var asked []string
	for _, f := range []struct {
		on   bool
		name string
	}{{o.stat, "--stat"}, {o.numstat, "--numstat"}, {o.shortstat, "--shortstat"}, {o.nameStatus, "--name-status"}, {o.nameOnly, "--name-only"},
		{o.patch, "--patch"}, {o.jsonl, "--jsonl"}, {o.format != "", "--format"}, {env.Flags.JSON, "--json"}} {
		if f.on {
			asked = append(asked, f.name)
		}
	}
	switch {
	case len(asked) > 1:
		return usagef("strata help diff", "%s and %s are two forms of output", asked[0], asked[1])
	case o.output != "-" && o.format == "":
		return usagef("add --format csv, arrow or parquet", "--output needs --format")
	case o.output == "-" && env.Terminal.Out && isBinary(o.format):
		return usagef("add -o FILE", "%s is not for terminals", o.format)
	case o.full && !o.jsonl:
		return usagef("add --jsonl", "--full needs --jsonl")
	case o.limit < 0:
		return &Failure{Slug: "bad-value", Message: "--limit cannot be negative"}
	}
	return nil
}

func runDiff(ctx context.Context, env *Env, o *diffOptions) (err error) {
	if err := o.check(env); err != nil {
		return err
	}
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	o.Dir = env.workDir()
	if err := o.sortArgs(ctx, env, r); err != nil {
		return err
	}
	d, err := r.Diff(ctx, o.DiffOptions)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := d.Close(); err == nil {
			err = cerr
		}
	}()
	differs, err := renderDiff(ctx, env, d, o)
	if err == nil && differs && (o.exitCode || env.Flags.Quiet) {
		return errNo
	}
	return err
}

// sortArgs tells revisions from addresses where no -- separates them, as log
// does.
func (o *diffOptions) sortArgs(ctx context.Context, env *Env, r *strata.Repo) error {
	for i, arg := range o.args {
		_, err := r.RevParse(ctx, strata.RevParseOptions{Revisions: []string{arg}})
		if err == nil && !strings.Contains(arg, ":") {
			o.Revisions = append(o.Revisions, arg)
			continue
		}
		if !env.isAddress(ctx, r, arg) {
			if err == nil {
				err = usagef("strata diff REV REV -- DATASET", "%s is no commit", arg)
			}
			return err
		}
		o.Addresses = append(o.Addresses, o.args[i:]...)
		break
	}
	o.Addresses = append(o.Addresses, o.addresses...)
	return nil
}

// renderDiff prints a diff in the form that was asked for and reports whether
// there are differences, as far as that is needed.
func renderDiff(ctx context.Context, env *Env, d *strata.Diff, o *diffOptions) (bool, error) {
	switch {
	case env.Flags.Quiet:
		return d.Differs(ctx)
	case o.jsonl:
		if err := report.DiffLines(ctx, env.Out, d, o.full); err != nil {
			return false, err
		}
		return o.differs(ctx, d)
	case o.format != "":
		if err := exportDiff(ctx, env, d, o); err != nil {
			return false, err
		}
		return o.differs(ctx, d)
	case o.nameStatus, o.nameOnly:
		return printDiffNames(ctx, env, d, o)
	}
	sum, err := d.Summary(ctx, o.stat || o.numstat || o.shortstat)
	if err != nil {
		return false, err
	}
	switch {
	case env.Flags.JSON:
		err = env.PrintJSON(sum)
	case o.stat:
		report.DiffStat(env.Out, sum, env.reportOptions())
	case o.numstat:
		printNumstat(env, sum, o.nul)
	case o.shortstat:
		if text := report.ShortStat(sum); text != "" {
			env.Printf("%s%s", text, o.end())
		}
	default:
		err = printDiff(ctx, env, d, sum, o)
	}
	return !sum.Empty(), err
}

// differs asks for the exit code only, where the output has not told.
func (o *diffOptions) differs(ctx context.Context, d *strata.Diff) (bool, error) {
	if !o.exitCode {
		return false, nil
	}
	return d.Differs(ctx)
}

// end is what ends a record.
func (o *diffOptions) end() string {
	if o.nul {
		return "\x00"
	}
	return "\n"
}

func exportDiff(ctx context.Context, env *Env, d *strata.Diff, o *diffOptions) error {
	name, err := d.OnlyDataset(ctx)
	if err != nil {
		return err
	}
	if name == "" {
		env.Notef("nothing differs, so nothing was written")
		return nil
	}
	var n int64
	if o.output == "-" {
		n, err = d.Export(ctx, env.Out, name, o.format, true)
	} else {
		n, err = d.ExportFile(ctx, env.Path(o.output), name, o.format)
	}
	if err == nil && o.output != "-" {
		env.Notef("%s of %s to %s", plural(n, "changed sample"), name, o.output)
	}
	return err
}
