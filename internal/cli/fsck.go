package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

type fsckOptions struct {
	strata.RepairOptions
	repair bool
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
			"strata help fsck-findings lists the kinds. With errors the exit code is 7.\n\n" +
			"--repair takes objects back from copies (--from, segments that were not published,\n" +
			"working files that did not change), keeps damaged segments in .strata/lost+found, moves refs that lead\n" +
			"nowhere to the newest whole commit of their log, and puts what is whole of a damaged\n" +
			"branch on repaired/BRANCH; the branch itself stays. What was lost is written to a\n" +
			"file, a JSON object a line; damage that stays is known from then on, and no error.",
		Example: "  strata fsck\n  strata fsck --deep main\n  strata fsck --json\n" +
			"  strata fsck --repair -n\n  strata fsck --repair --from /mnt/backup/data",
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case o.repair && len(args) > 0:
				return usagef("strata fsck --repair", "--repair repairs everything and takes no revisions")
			case !o.repair && (len(o.From) > 0 || o.Lost != "" || o.DryRun):
				return usagef("strata fsck --repair", "--from, --lost and --dry-run say how to repair: they need --repair")
			}
			for _, a := range args {
				o.Revisions = append(o.Revisions, previous(a))
			}
			return runFsck(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&o.Deep, "deep", false, "decode every page too, compute its statistics anew, and restore every file")
	f.BoolVar(&o.repair, "repair", false, "put right what can be put right, and check again")
	f.StringArrayVar(&o.From, "from", nil, "take what is damaged here from the copy at `DIR`: a repository, or its objects; repeatable")
	f.StringVar(&o.Lost, "lost", "", "append what was lost to `FILE` (default .strata/fsck-lost-DATE.jsonl)")
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "with --repair: only say what would be done")
	return cmd
}

func runFsck(ctx context.Context, env *Env, o *fsckOptions) error {
	r, err := env.openDamaged()
	if err != nil {
		return err
	}
	o.Progress = env.Progress().Func()
	began := env.now()
	var report *strata.FsckReport
	if o.repair {
		report, err = env.repair(ctx, r, o)
	} else {
		report, err = r.Fsck(ctx, o.FsckOptions)
	}
	if err != nil {
		return err
	}
	env.stopProgress()
	if env.Flags.JSON {
		if err := env.PrintJSON(report); err != nil {
			return err
		}
	} else {
		if o.repair {
			env.printRepair(ctx, r, report, o.DryRun)
		}
		env.printFsck(report, env.now().Sub(began))
	}
	return fsckFailure(report)
}

// repair repairs with paths as the user meant them.
func (e *Env) repair(ctx context.Context, r *strata.Repo, o *fsckOptions) (*strata.FsckReport, error) {
	for i := range o.From {
		o.From[i] = e.Path(o.From[i])
	}
	if o.Lost != "" {
		o.Lost = e.Path(o.Lost)
	}
	e.OnInterrupt("what was repaired so far is whole; strata fsck --repair goes on")
	return r.FsckRepair(ctx, o.RepairOptions)
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
