package cli

import (
	"bytes"
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/vfs"
	"github.com/strata-data/strata/pkg/strata"
)

type proveOptions struct {
	strata.ProveOptions
	output string
}

func newProveCmd(env *Env) *cobra.Command {
	o := &proveOptions{}
	cmd := &cobra.Command{
		Use:   "prove [REV:]DATASET/KEY [REV]",
		Short: "Write a proof that a sample is, or is not, in a commit",
		Long: "The file shows it to someone who has the commit's id and nothing else: see strata\n" +
			"verify-proof. It gives away the keys of about 2,048 neighbours, and the neighbours' values\n" +
			"on the same pages of the columns shown: name with --columns only those that matter.",
		Example: "  strata prove train/000017 -o 17.proof\n" +
			"  strata prove train/000017 v1 --columns id -o 17.proof\n" +
			"  strata verify-proof 17.proof --commit $(strata rev-parse v1)",
		Args:              cobra.RangeArgs(1, 2),
		ValidArgsFunction: completeDatasets(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Address = args[0]
			if len(args) == 2 {
				o.Revision = previous(args[1])
			}
			return runProve(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringSliceVar(&o.Columns, "columns", nil, "show only these `COLUMNS`")
	f.StringVarP(&o.output, "output", "o", "-", "write to `FILE`, - for standard output")
	return cmd
}

func runProve(ctx context.Context, env *Env, o *proveOptions) error {
	switch {
	case o.output == "-" && env.Flags.JSON:
		return usagef("add -o FILE", "with --json the proof needs a file")
	case o.output == "-" && env.Terminal.Out:
		return usagef("add -o FILE", "a proof is not for terminals")
	}
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	res, err := r.Prove(ctx, o.ProveOptions)
	if err != nil {
		return err
	}
	if o.output == "-" {
		_, err := env.Out.Write(res.Proof)
		return err
	}
	err = vfs.WriteAtomic(vfs.OS{}, env.Path(o.output), 0o644, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(res.Proof))
		return err
	})
	if err != nil {
		return err
	}
	if res.Path = o.output; env.Flags.JSON {
		return env.PrintJSON(res)
	}
	env.Notef("%s", provenText(&res.Proven))
	env.Notef("%s to %s, %s", plural(res.Objects, "object"), o.output, bytesText(int64(res.Bytes)))
	env.Next("strata verify-proof " + shellWord(o.output) + " --commit " + res.Commit.ID.String())
	return nil
}

// provenText says in a line what a proof shows.
func provenText(p *strata.Proven) string {
	address := safeText(p.Dataset + "/" + p.Key)
	switch {
	case p.Present:
		return address + " is in commit " + p.Commit.ID.Short()
	case p.Reason == "no dataset":
		return address + " is not in commit " + p.Commit.ID.Short() + ", which has no dataset " + safeText(p.Dataset)
	}
	return address + " is not in commit " + p.Commit.ID.Short()
}
