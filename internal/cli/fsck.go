package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

type fsckOptions struct {
	strata.FsckOptions
}

func newFsckCmd(env *Env) *cobra.Command {
	o := &fsckOptions{}
	cmd := &cobra.Command{
		Use:   "fsck [REV...]",
		Short: "Check every byte and every rule of the repository",
		Long: "Reads every object, compares it with its id, and walks from all that is named (refs,\n" +
			"reflogs, index, unfinished work) down to the pages of the samples: is everything\n" +
			"there, in order, and in the one form that the format allows? With revisions only they\n" +
			"and what they reach. A finding says which dataset, column, keys and commits it hurts;\n" +
			"strata help fsck-findings lists the kinds. With errors the exit code is 7.",
		Example:           "  strata fsck\n  strata fsck --deep main\n  strata fsck --json",
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, a := range args {
				o.Revisions = append(o.Revisions, previous(a))
			}
			return runFsck(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&o.Deep, "deep", false, "decode every page too, compute its statistics anew, and restore every file")
	return cmd
}

func runFsck(ctx context.Context, env *Env, o *fsckOptions) error {
	r, err := env.openDamaged()
	if err != nil {
		return err
	}
	o.Progress = env.Progress().Func()
	began := env.now()
	report, err := r.Fsck(ctx, o.FsckOptions)
	if err != nil {
		return err
	}
	env.stopProgress()
	if env.Flags.JSON {
		if err := env.PrintJSON(report); err != nil {
			return err
		}
	} else {
		env.printFsck(report, env.now().Sub(began))
	}
	return fsckFailure(report)
}

// fsckFailure is nil where nothing is wrong.
func fsckFailure(report *strata.FsckReport) error {
	if report.OK {
		return nil
	}
	hint := "strata fsck --repair"
	for _, f := range report.Findings {
		if f.Severity == "error" && f.Hint != "" && !strings.HasPrefix(f.Hint, hint) {
			hint = f.Hint
			break
		}
		if strings.HasPrefix(f.Hint, hint) && len(f.Hint) > len(hint) {
			hint = f.Hint
		}
	}
	return &Failure{Slug: "damaged-repository", Message: "the check found " + plural(report.Errors(), "error"), Hints: []string{hint}}
}

// openDamaged opens the repository without looking inside.
func (e *Env) openDamaged() (*strata.Repo, error) {
	layout, err := e.findRepo()
	if err != nil {
		return nil, err
	}
	e.settings() // a damaged file of settings is no reason not to look
	r, err := strata.OpenDamaged(layout.Dir, strata.Options{
		Mem: e.Flags.Mem, Log: e.Log, Now: e.now, Getenv: e.Getenv,
		Command: strings.TrimSpace("strata " + e.verb), Progress: e.countBytes(), LockWait: lockWait,
	})
	if err != nil {
		return nil, err
	}
	e.repo.opened = r
	return r, nil
}
