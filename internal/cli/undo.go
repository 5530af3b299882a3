package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

type undoOptions struct {
	strata.UndoOptions
	list  bool
	limit int
}

func newUndoCmd(env *Env) *cobra.Command {
	o := &undoOptions{}
	cmd := &cobra.Command{
		Use:   "undo",
		Short: "Take back the last command",
		Long: "Branches, tags, HEAD, the index and a merge in progress become what they were\n" +
			"before the last command that changed one of them; undo again goes further back,\n" +
			"and strata redo forward. Working files follow where the command wrote them, as\n" +
			"switch and reset --hard do; where they have changes of their own since, nothing is\n" +
			"done. After commit or add the files stay as they are.\n\n" +
			"What was in no commit and never added is not in the repository and does not come\n" +
			"back. gc, reflog expire and config cannot be undone.",
		Example: "  strata undo\n  strata undo -n\n  strata undo --list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.list {
				return runOperations(cmd.Context(), env, o.limit)
			}
			return runUndo(cmd.Context(), env, o.UndoOptions)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVarP(&o.list, "list", "l", false, "show what was done, last first")
	f.IntVar(&o.limit, "limit", 20, "with --list: at most `N` of them; 0 is all")
	addStepFlags(cmd, &o.UndoOptions)
	cmd.MarkFlagsMutuallyExclusive("list", "keep-files")
	cmd.MarkFlagsMutuallyExclusive("list", "dry-run")
	return cmd
}

func newRedoCmd(env *Env) *cobra.Command {
	o := &strata.UndoOptions{Redo: true}
	cmd := &cobra.Command{
		Use:     "redo",
		Short:   "Do again what undo took back",
		Long:    "As often as undo was called, until something else is done.",
		Example: "  strata redo",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runUndo(cmd.Context(), env, *o) },
	}
	addStepFlags(cmd, o)
	return cmd
}

func addStepFlags(cmd *cobra.Command, o *strata.UndoOptions) {
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&o.KeepFiles, "keep-files", false, "leave the working files as they are")
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "only say what would be taken back")
}

func runUndo(ctx context.Context, env *Env, o strata.UndoOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	verb, done := "undo", "undid"
	if o.Redo {
		verb, done = "redo", "redid"
	}
	env.Progress().Phase("writing", 0)
	env.OnInterrupt("files that were written are whole; strata status shows where it stopped")
	res, err := r.Undo(ctx, o)
	if err != nil {
		return refusedTo("this "+verb, err, "strata stash, or strata "+verb+" --keep-files to leave the files as they are")
	}
	env.stopProgress()
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	if o.DryRun {
		done = "would " + verb
	}
	env.Notef("%s: %s", done, res.Operation.Summary)
	if res.Files+res.Deleted > 0 {
		env.Notef("%s", restoredText(res.Files, res.Deleted))
	}
	switch {
	case o.DryRun:
	case o.Redo:
		env.howBack()
	default:
		env.Notef("redo with: strata redo")
	}
	return nil
}

func runOperations(ctx context.Context, env *Env, limit int) error {
	if limit < 0 {
		return usagef("strata help undo", "--limit cannot be %d", limit)
	}
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	log, err := r.Operations(ctx, limit)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		return env.PrintJSON(log)
	}
	if err := env.Page(ctx); err != nil {
		return err
	}
	var rows [][]string
	for _, o := range log.Operations {
		text := o.Summary
		switch {
		case o.Kind != "operation":
			text = fmt.Sprintf("%s of %d", o.Kind, o.Target)
		case o.Undone:
			text += "  (undone)"
		}
		rows = append(rows, []string{fmt.Sprint(o.Sequence), o.By.Time.Format("2006-01-02 15:04"), text})
	}
	env.printTable(rows, "rll")
	return nil
}
