package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

type exportOptions struct {
	strata.ExportOptions
	output string
}

func newExportCmd(env *Env) *cobra.Command {
	o := &exportOptions{}
	cmd := &cobra.Command{
		Use:   "export [REV:]DATASET[/KEY] | [REV:]PATH",
		Short: "Write samples to a file or to standard output",
		Long: "The format goes by --format, else by the extension of the file; without one it is\n" +
			"CSV. On standard output arrow is the IPC stream format, in files the file format.\n" +
			"Samples come in the order of their keys; to get a file back with the same bytes use\n" +
			"strata restore. A file is replaced when the new one is complete. The path of a plain\n" +
			"file exports its bytes.",
		Example: "  strata export train -o train.parquet\n" +
			"  strata export v1:train --columns id,label --where \"score > 0.9\" > sure.csv\n" +
			"  strata export train --format arrow -o - | python3 -c 'import pyarrow.ipc, sys; print(pyarrow.ipc.open_stream(sys.stdin.buffer).read_all())'\n" +
			"  strata export HEAD~1:images/0001.png -o old.png",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeDatasets(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Address = args[0]
			return runExport(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.output, "output", "o", "-", "write to `FILE`, - for standard output")
	f.StringVar(&o.Format, "format", "", "`FORMAT` is csv, tsv, jsonl, parquet or arrow")
	scanFlags(f, &o.ScanOptions)
	completeScanFlags(env, cmd)
	return cmd
}

func runExport(ctx context.Context, env *Env, o *exportOptions) error {
	if env.Flags.JSON && o.output == "-" {
		return usagef("add -o FILE", "with --json the samples need a file")
	}
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	if err := env.datasetAddress(ctx, r, &o.Address); err != nil {
		return err
	}
	if o.output == "-" {
		if env.Terminal.Out && isBinary(o.Format) {
			return usagef("add -o FILE", "%s is not for terminals", o.Format)
		}
		o.Stream = true
		_, err := r.Export(ctx, env.Out, o.ExportOptions)
		return err
	}
	res, err := r.ExportFile(ctx, env.Path(o.output), o.ExportOptions)
	if err != nil {
		return err
	}
	res.Path = o.output
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	what := plural(res.Rows, "sample") + " of " + res.Dataset
	if res.Format == "" {
		what = o.Address
	}
	env.Notef("%s to %s, %s", what, o.output, bytesText(res.Bytes))
	return nil
}

// isBinary reports whether files of the format are no text.
func isBinary(format string) bool { return format == "parquet" || format == "arrow" }
