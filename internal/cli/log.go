package cli

import (
	"context"
	"errors"
	"iter"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

type logOptions struct {
	strata.LogOptions
	oneline, graph, jsonl, decorate bool
	patch                           bool // the diff of each commit
	none                            bool // -n 0
	signatures                      bool // check them
	format                          string
	args                            []string // revisions or addresses; the first tells
	addresses                       []string // behind --
}

func newLogCmd(env *Env) *cobra.Command {
	o := &logOptions{}
	cmd := &cobra.Command{
		Use:   "log [REV|A..B|A...B]... [-- DATASET[/KEY]|PATH...]",
		Short: "Show commits, of everything, a dataset or one sample",
		Long: "With addresses only commits that change them: a dataset's log is its versions, a\n" +
			"sample's its life, cell by cell. As in git, a merge that took them from one parent\n" +
			"is left out and its other parents are not looked at, but for --full-history.\n" +
			"-n counts commits; there is no dry run.",
		Example: "  strata log --oneline --graph\n" +
			"  strata log --stat -n 3 -- train\n" +
			"  strata log --oneline -- train/000017\n" +
			"  strata log --since '2 weeks ago' --author ana v1..",
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.args, o.addresses = splitDash(cmd, args)
			o.none = o.Max == 0 && cmd.Flags().Changed("max-count")
			return runLog(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&o.oneline, "oneline", false, "one line for each commit")
	f.BoolVar(&o.graph, "graph", false, "draw the lines of history")
	f.BoolVar(&o.Stat, "stat", false, "count what each commit changes")
	f.BoolVarP(&o.patch, "patch", "p", false, "every sample that a commit changes, with whole values")
	f.IntVarP(&o.Max, "max-count", "n", 0, "at most `N` commits")
	f.IntVar(&o.Skip, "skip", 0, "leave out the first `N`")
	f.StringVar(&o.Since, "since", "", "committed at or after `WHEN`")
	f.StringVar(&o.Until, "until", "", "committed at or before `WHEN`")
	f.StringVar(&o.Author, "author", "", "whose author matches `REGEXP`")
	f.StringVar(&o.Grep, "grep", "", "whose message matches `REGEXP`")
	f.BoolVarP(&o.IgnoreCase, "regexp-ignore-case", "i", false, "capitals do not count in --author and --grep")
	f.BoolVar(&o.Merges, "merges", false, "only merges")
	f.BoolVar(&o.NoMerges, "no-merges", false, "all but merges")
	f.BoolVar(&o.FirstParent, "first-parent", false, "follow only the first parent of merges")
	f.BoolVar(&o.Follow, "follow", false, "go on beyond the commit that renamed a dataset")
	f.BoolVar(&o.FullHistory, "full-history", false, "with addresses: all parents of merges")
	f.BoolVar(&o.All, "all", false, "begin at all branches and tags")
	f.BoolVar(&o.decorate, "decorate", false, "name branches and tags, as on a terminal")
	f.BoolVar(&o.signatures, "show-signature", false, "check the signature of each commit")
	f.StringVar(&o.format, "format", "", "print each commit as `TEXT`, with git's %H %h %an %ae %ad %aI %cd %cI %s %b %B %P %p %T %D %d %G? %GS %GK %n %%")
	f.BoolVar(&o.jsonl, "jsonl", false, "one JSON object a line, between a header and a footer")
	cmd.MarkFlagsMutuallyExclusive("merges", "no-merges")
	return cmd
}

func runLog(ctx context.Context, env *Env, o *logOptions) error {
	if o.Max < 0 || o.Skip < 0 {
		return &Failure{Slug: "bad-value", Message: "-n and --skip cannot be negative"}
	}
	if o.patch && (o.graph || o.jsonl || env.Flags.JSON) {
		return usagef("strata log -p", "--patch goes with neither --graph nor --json")
	}
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	if err := o.sortArgs(ctx, env, r); err != nil {
		return err
	}
	o.Topo, o.Dir = o.graph, env.workDir()
	if env.Flags.JSON {
		return jsonLog(ctx, env, r, o)
	}
	if o.jsonl {
		return jsonlLog(ctx, env, r, o)
	}
	o.decorate = o.decorate || env.Terminal.Out
	p := newLogPrinter(env, o)
	for e, err := range o.commits(ctx, r) {
		if err != nil {
			return err
		}
		if err := env.Page(ctx); err != nil {
			return err
		}
		p.print(e)
		if o.patch {
			if err := printPatch(ctx, env, r, o, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// printPatch prints the samples that a commit changes against its first parent,
// as strata diff -p does: those that the log is about.
func printPatch(ctx context.Context, env *Env, r *strata.Repo, o *logOptions, e *strata.LogEntry) error {
	as := &diffOptions{patch: true}
	as.Revisions, as.Root, as.Dir, as.Addresses = []string{e.ID.String()}, len(e.Parents) == 0, o.Dir, o.Addresses
	if !as.Root {
		as.Revisions = []string{e.Parents[0].String(), e.ID.String()}
	}
	for _, m := range e.Renamed {
		as.Addresses = []string{m.From, m.To}
	}
	d, err := r.Diff(ctx, as.DiffOptions)
	if err != nil {
		return err
	}
	env.Printf("\n")
	_, err = renderDiff(ctx, env, d, as)
	return errors.Join(err, d.Close())
}

// commits are those to show.
func (o *logOptions) commits(ctx context.Context, r *strata.Repo) iter.Seq2[*strata.LogEntry, error] {
	if o.none {
		return func(func(*strata.LogEntry, error) bool) {}
	}
	if o.signatures || strings.Contains(o.format, "%G") {
		return withSignatures(ctx, r, r.Log(ctx, o.LogOptions))
	}
	return r.Log(ctx, o.LogOptions)
}

// sortArgs tells revisions from addresses where no -- separates them: an
// argument that is no revision begins the addresses, if a dataset or a file has
// its name.
func (o *logOptions) sortArgs(ctx context.Context, env *Env, r *strata.Repo) error {
	for i, arg := range o.args {
		_, err := r.RevParse(ctx, strata.RevParseOptions{Revisions: []string{arg}})
		if err == nil && !strings.Contains(arg, ":") {
			o.Revisions = append(o.Revisions, arg)
			continue
		}
		if !env.isAddress(ctx, r, arg) {
			if err == nil {
				err = usagef("strata show "+arg, "%s is no commit", arg)
			}
			return err
		}
		o.Addresses = append(o.Addresses, o.args[i:]...)
		break
	}
	o.Addresses = append(o.Addresses, o.addresses...)
	return nil
}

// isAddress reports whether an argument without -- before it is an address: a
// dataset, one of its samples, or a file or directory that is there.
func (e *Env) isAddress(ctx context.Context, r *strata.Repo, arg string) bool {
	if _, err := os.Lstat(e.Path(arg)); err == nil {
		return true
	}
	return isDataset(ctx, r, arg)
}

// isDataset reports whether an address names a dataset of the last commit or
// the index, or one of its samples.
func isDataset(ctx context.Context, r *strata.Repo, address string) bool {
	for _, rev := range []string{"HEAD", ""} {
		names, err := r.DatasetNames(ctx, rev)
		if err != nil {
			continue
		}
		for _, n := range names {
			if address == n || strings.HasPrefix(address, n+"/") {
				return true
			}
		}
	}
	return false
}

func jsonLog(ctx context.Context, env *Env, r *strata.Repo, o *logOptions) error {
	doc := strata.LogDocument{Schema: "strata.log/1", Commits: []*strata.LogEntry{}}
	for e, err := range o.commits(ctx, r) {
		if err != nil {
			return err
		}
		doc.Commits = append(doc.Commits, e)
	}
	return env.PrintJSON(doc)
}

func jsonlLog(ctx context.Context, env *Env, r *strata.Repo, o *logOptions) error {
	if err := env.PrintJSONLine(map[string]string{"schema": "strata.log/1"}); err != nil {
		return err
	}
	n := 0
	for e, err := range o.commits(ctx, r) {
		if err == nil {
			err = env.PrintJSONLine(e)
		}
		if err != nil {
			return err
		}
		n++
	}
	return env.PrintJSONLine(map[string]int{"commits": n})
}
