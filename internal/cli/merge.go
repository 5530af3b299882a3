package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/pkg/strata"
)

type mergeOptions struct {
	strata.MergeOptions
	ffOnly, noFF, ff, noEdit  bool
	abort, goOn, quit, commit bool
	messages                  []string
	file                      string
}

func newMergeCmd(env *Env) *cobra.Command {
	o := &mergeOptions{}
	cmd := &cobra.Command{
		Use:   "merge REV...",
		Short: "Bring the changes of another branch in",
		Long: "A branch without commits of its own moves forward. Else both sides are merged, cell\n" +
			"by cell: what only one side changed is taken, what both changed alike is one change,\n" +
			"and a column's own policy (strata schema) settles what it can. What is left are\n" +
			"conflicts: strata conflicts lists them, strata resolve settles them, and --continue\n" +
			"makes the commit. Until then --abort takes everything back.",
		Example: "  strata merge night-fix\n  strata merge --no-ff -m \"Night fixes\" night-fix\n" +
			"  strata merge -X theirs night-fix\n  strata merge -n night-fix\n  strata merge --abort",
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Revisions = args
			return runMerge(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&o.ff, "ff", false, "move forward where that is possible (default)")
	f.BoolVar(&o.ffOnly, "ff-only", false, "move forward, or do nothing")
	f.BoolVar(&o.noFF, "no-ff", false, "make a merge commit even where moving forward is possible")
	f.BoolVar(&o.Squash, "squash", false, "bring the changes in without a commit or a second parent")
	f.BoolVar(&o.NoCommit, "no-commit", false, "stop before the commit")
	f.BoolVar(&o.commit, "commit", false, "make the commit (default)")
	f.StringVarP(&o.Favor, "strategy-option", "X", "", "settle every conflict to `SIDE`: ours, theirs, or union of lists")
	f.StringArrayVarP(&o.messages, "message", "m", nil, "the message is `TEXT`; several are its paragraphs")
	f.StringVarP(&o.file, "file", "F", "", "take the message from `FILE`; - is standard input")
	f.BoolVar(&o.noEdit, "no-edit", false, "take the message as it is made (default)")
	f.BoolVar(&o.AllowUnrelated, "allow-unrelated-histories", false, "even if no commit is common")
	f.BoolVar(&o.VerifySignatures, "verify-signatures", false, "only if the commits to bring in are signed well")
	f.BoolVar(&o.NoVerify, "no-verify", false, "leave out the hooks that may stop it")
	signFlags(cmd, &o.SignOptions)
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "only say what would happen, conflicts and all")
	f.BoolVar(&o.goOn, "continue", false, "make the commit of a merge whose conflicts are settled")
	f.BoolVar(&o.abort, "abort", false, "take a merge back that has stopped")
	f.BoolVar(&o.quit, "quit", false, "forget the merge; leave index and files as they are")
	cmd.MarkFlagsMutuallyExclusive("message", "file")
	cmd.MarkFlagsMutuallyExclusive("ff", "ff-only", "no-ff")
	cmd.MarkFlagsMutuallyExclusive("squash", "no-ff")
	cmd.MarkFlagsMutuallyExclusive("commit", "no-commit")
	cmd.MarkFlagsMutuallyExclusive("commit", "squash")
	cmd.MarkFlagsMutuallyExclusive("continue", "abort", "quit")
	return cmd
}

func runMerge(ctx context.Context, env *Env, o *mergeOptions) error {
	if o.goOn || o.abort || o.quit {
		if len(o.Revisions) > 0 {
			return usagef("strata help merge", "--continue, --abort and --quit take no revision")
		}
		return runMergeEnd(ctx, env, o)
	}
	if len(o.Revisions) == 0 {
		return usagef("strata merge BRANCH", "nothing was named to merge")
	}
	if err := o.complete(env); err != nil {
		return err
	}
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	env.Progress().Phase("merging", 0)
	env.OnInterrupt("nothing is merged, or all of it; strata status shows which")
	res, err := r.Merge(ctx, o.MergeOptions)
	env.stopProgress()
	if res != nil && env.Flags.JSON && (err == nil || as[*strata.ConflictError](err)) {
		if perr := env.PrintJSON(res); perr != nil {
			return perr
		}
	}
	if err != nil {
		return mergeFailure("merging "+strings.Join(o.Revisions, ", "), err, o.DryRun)
	}
	if !env.Flags.JSON && !env.Flags.Quiet {
		printMerge(env, o, res)
	}
	return nil
}

// complete reads the message and fills in what the configuration says.
func (o *mergeOptions) complete(env *Env) error {
	setting, _ := env.Config("merge.ff")
	switch {
	case o.ffOnly:
		o.FastForward = "only"
	case o.noFF:
		o.FastForward = "no"
	case o.ff:
	case setting == "only":
		o.FastForward = "only"
	case setting == "false":
		o.FastForward = "no"
	}
	m := commitOptions{messages: o.messages, file: o.file}
	if _, err := m.readMessage(env); err != nil {
		return err
	}
	o.Message = m.Message
	return nil
}

// mergeFailure says how to go on after a verb that merges has stopped.
func mergeFailure(doing string, err error, dryRun bool) error {
	if e, ok := find[*strata.ConflictError](err); ok {
		f := &Failure{Slug: "conflict", Message: e.Error(), Err: err}
		if dryRun {
			f.Message = strings.Replace(f.Message, " stopped: ", " would stop: ", 1)
			f.Hints = []string{"merge without -n, or with -X ours|theirs to settle them all"}
			return f
		}
		f.Hints = conflictHints(e)
		return f
	}
	return refusedTo(doing, err, "strata commit, or strata stash")
}

// conflictHints are the commands that settle conflicts.
func conflictHints(e *strata.ConflictError) []string {
	verb := e.Kind
	hints := []string{"strata conflicts   then strata resolve " + shellWord(e.Datasets[0].Dataset) + " --theirs | --ours | --from FILE"}
	if verb == repo.StateStash {
		return hints
	}
	return append(hints, "strata "+verb+" --continue   when they are settled, or strata "+verb+" --abort to take it back")
}

func printMerge(env *Env, o *mergeOptions, res *strata.MergeResult) {
	switch res.Outcome {
	case "up-to-date":
		env.Printf("Already up to date.\n")
		return
	case "fast-forward":
		env.Printf("Updating %s..%s\nFast-forward\n", orNone(res.Old), res.Head.Short())
	case "merged":
		env.Printf("Merge made by the 'three-way' strategy.\n")
	}
	if text := shortStat(res.Changes); text != "" {
		env.Printf(" %s\n", text)
	}
	printSettled(env, res.Datasets)
	if res.Outcome == "staged" {
		if o.Squash {
			env.Notef("Squash commit -- not updating HEAD")
		}
		env.Notef("Automatic merge went well; stopped before committing as requested")
		switch {
		case o.DryRun:
		case o.Squash:
			env.Next(`strata commit -m "message"`)
		default:
			env.Next(`strata commit`)
		}
		return
	}
	if o.DryRun {
		env.Notef("nothing was changed (dry run)")
		return
	}
	env.howBack()
}

// printSettled says what was decided without asking.
func printSettled(env *Env, datasets []strata.MergedDataset) {
	for _, d := range datasets {
		if len(d.Settled) > 0 {
			env.Printf(" %s: settled by policy or -X: %s\n", d.Name, strings.Join(countParts(d.Settled), ", "))
		}
	}
}

func orNone(id strata.ID) string {
	if id.IsZero() {
		return "nothing"
	}
	return id.Short()
}

// runMergeEnd concludes, takes back or forgets a merge that has stopped.
func runMergeEnd(ctx context.Context, env *Env, o *mergeOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	if !o.goOn {
		return runAbort(ctx, env, r, repo.StateMerge, o.quit, o.DryRun)
	}
	m := commitOptions{messages: o.messages, file: o.file}
	if _, err := m.readMessage(env); err != nil {
		return err
	}
	res, err := r.MergeContinue(ctx, strata.CommitOptions{Message: m.Message, DryRun: o.DryRun, NoVerify: o.NoVerify, SignOptions: o.SignOptions})
	if err != nil {
		return leftFailure(err)
	}
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	if !env.Flags.Quiet {
		printCommitted(env, res)
	}
	if !o.DryRun {
		env.howBack()
	}
	return nil
}

// leftFailure names the commands for conflicts that are left.
func leftFailure(err error) error {
	if e, ok := find[*strata.ConflictError](err); ok {
		return &Failure{Slug: "conflict", Message: e.Error(), Err: err, Hints: conflictHints(e)}
	}
	return err
}

// printUnfinished is the part of the status that says what has stopped, and what
// to type.
func printUnfinished(env *Env, u *strata.Unfinished) {
	if u == nil {
		return
	}
	what := strings.Join(u.Names, ", ")
	if what == "" && len(u.Theirs) > 0 {
		what = u.Theirs[0].Short()
	}
	var left []string
	for _, d := range u.Conflicts {
		if d.Left > 0 {
			left = append(left, plural(d.Left, "conflict")+" left in "+d.Dataset)
		}
	}
	text := map[string]string{repo.StateMerge: "merging", repo.StateCherryPick: "cherry-picking", repo.StateRevert: "reverting",
		repo.StateStash: "popping"}[u.Kind]
	text = "You are " + strings.TrimSpace(text+" "+what)
	if n := len(u.Todo); n > 0 {
		text += ", and " + plural(n, "commit") + " after it"
	}
	end := "strata " + u.Kind + " --abort to take it back)"
	switch {
	case len(left) > 0 && u.Kind == repo.StateStash:
		env.Printf("%s: %s\n  (strata conflicts to see them, strata resolve to settle them, strata undo to take it back)\n", text, strings.Join(left, ", "))
	case len(left) > 0:
		env.Printf("%s: %s\n  (strata conflicts to see them, strata resolve to settle them, %s\n", text, strings.Join(left, ", "), end)
	default:
		env.Printf("%s: nothing is in conflict\n  (strata %s --continue to go on, %s\n", text, u.Kind, end)
	}
}

// runAbort takes work back that has stopped, or forgets it.
func runAbort(ctx context.Context, env *Env, r *strata.Repo, kind string, quit, dryRun bool) error {
	var res *strata.AbortResult
	var err error
	if quit {
		res, err = r.Quit(ctx, kind)
	} else {
		env.Progress().Phase("writing", 0)
		res, err = r.Abort(ctx, dryRun, kind)
	}
	env.stopProgress()
	if errors.Is(err, strata.ErrNothingUnfinished) {
		return &Failure{Slug: "nothing-in-progress", Message: "no " + kind + " is in progress", Err: err}
	}
	if err != nil {
		return refusedTo("taking the "+kind+" back", err, "strata add FILE   so that strata undo can bring it back, or strata restore FILE")
	}
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	switch {
	case quit:
		env.Notef("forgot the %s; index and files stay as they are", kind)
	case dryRun:
		env.Notef("would take the %s back, to %s", kind, res.Head.Short())
	default:
		env.Notef("took the %s back; HEAD is at %s", kind, res.Head.Short())
		if res.Files+res.Deleted > 0 {
			env.Notef("%s", restoredText(res.Files, res.Deleted))
		}
		env.howBack()
	}
	return nil
}
