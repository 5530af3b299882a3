package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

type sampleOptions struct {
	strata.SampleOptions
	format, output string
	nul, exitCode  bool
}

func newSampleCmd(env *Env) *cobra.Command {
	o := &sampleOptions{}
	cmd := &cobra.Command{
		Use:   "sample [REV:]DATASET -n N",
		Short: "Choose samples, at random or by class",
		Long: "Whether a sample is chosen depends on its key and the seed alone, so the same\n" +
			"commit and seed choose the same samples on any machine, and those for -n 100 begin\n" +
			"those for -n 200. Commit and seed are printed on standard error. Where nothing is\n" +
			"left to choose from the output is empty and the exit code 0. -n counts samples;\n" +
			"there is no dry run.",
		Example: "  strata sample train -n 500 --seed 7 --format jsonl -o batch.jsonl\n" +
			"  strata sample train -n 500 --by stratified:label --min 20\n" +
			"  strata sample train -n 100 --where \"weather = 'rain'\" -z | xargs -0 -n1 echo",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeDatasets(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Address = args[0]
			if !cmd.Flags().Changed("number") {
				return usagef("strata sample "+args[0]+" -n 100", "say how many samples")
			}
			return runSample(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVarP(&o.N, "number", "n", 0, "choose `N` samples")
	f.StringVar(&o.By, "by", "random", "`HOW` is random or stratified:COLUMN, each value its share")
	f.Uint64Var(&o.Seed, "seed", 1, "another `SEED` chooses other samples")
	f.IntVar(&o.Minimum, "min", 0, "with stratified: at least `M` of each value, as far as there are")
	scanFlags(f, &o.ScanOptions)
	f.Var(newChoice(&o.format, strata.SampleFormats()...), "format", "`FORMAT` is keys, csv or jsonl")
	f.StringVarP(&o.output, "output", "o", "-", "write to `FILE`, - for standard output")
	f.BoolVarP(&o.nul, "null", "z", false, "end keys with NUL")
	f.BoolVar(&o.exitCode, "exit-code", false, "exit with 1 if nothing was chosen")
	completeScanFlags(env, cmd)
	return cmd
}

func runSample(ctx context.Context, env *Env, o *sampleOptions) error {
	switch {
	case o.N < 1:
		return &Failure{Slug: "bad-value", Message: "-n must be at least 1"}
	case o.Minimum < 0:
		return &Failure{Slug: "bad-value", Message: "--min cannot be negative"}
	case o.nul && o.format != "keys":
		return usagef("strata help sample", "-z is for keys")
	case o.Minimum > 0 && o.By == "random":
		return usagef("add --by stratified:COLUMN", "--min is for stratified samples")
	}
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	if err := env.datasetAddress(ctx, r, &o.Address); err != nil {
		return err
	}
	res, err := r.Sample(ctx, o.SampleOptions)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		err = env.PrintJSON(res)
	} else {
		err = writePicks(ctx, env, r, o, res)
	}
	if err == nil {
		noteSample(env, o, res)
		if o.exitCode && len(res.Picks) == 0 {
			return errNo
		}
	}
	return err
}

// writePicks writes the chosen samples in the format that was asked for.
func writePicks(ctx context.Context, env *Env, r *strata.Repo, o *sampleOptions, res *strata.SampleResult) error {
	end := "\n"
	if o.nul {
		end = "\x00"
	}
	if o.output == "-" {
		return r.WriteSample(ctx, env.Out, o.format, end, o.SampleOptions, res)
	}
	return r.WriteSampleFile(ctx, env.Path(o.output), o.format, end, o.SampleOptions, res)
}

// noteSample says what the choice can be repeated by.
func noteSample(env *Env, o *sampleOptions, res *strata.SampleResult) {
	from := res.Rev
	if !res.Commit.IsZero() {
		from = res.Commit.Short()
	}
	of := int64(res.Total)
	if of == 0 {
		of = res.Rows // of no candidates the dataset tells more
	}
	text := fmt.Sprintf("%s of %s %s samples from %s (%s, seed %d)", count(len(res.Picks)), count(of), res.Dataset, from, res.By, res.Seed)
	if res.Where != "" {
		text = fmt.Sprintf("%s of %s %s samples where %s from %s (%s, seed %d)", count(len(res.Picks)), count(of), res.Dataset, res.Where, from, res.By, res.Seed)
	}
	if o.output != "-" {
		text += " to " + o.output
	}
	env.Notef("%s", text)
	switch {
	case res.Total == 0 && res.Rows > 0:
		env.Notef("nothing to sample: no sample fits")
	case res.Total == 0:
		env.Notef("nothing to sample")
	}
	short := 0
	for _, s := range res.Strata {
		if s.Missing > 0 {
			short++
		}
	}
	if short > 0 {
		env.Warnf("small-stratum", "%s of %s %s fewer than %d samples to choose", count(short), plural(len(res.Strata), "value"), has(short), o.Minimum)
	}
}

func has(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}
