package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

type showOptions struct {
	rows        int
	stat, patch bool // of a commit: its counts, or its samples
	signatures  bool // check that of a commit or tag
}

func newShowCmd(env *Env) *cobra.Command {
	o := &showOptions{}
	cmd := &cobra.Command{
		Use:   "show [REV | [REV:]DATASET[/KEY] | REV:PATH]...",
		Short: "Show a commit, a tag, a dataset or a sample",
		Long: "A commit with what it changes, a tag with what it tags, the first samples of a\n" +
			"dataset, the cells of a sample, or the bytes of a file as it was: REV:PATH.",
		Example:           "  strata show\n  strata show v1\n  strata show HEAD~1:train\n  strata show train/000017\n  strata show HEAD~1:train.csv > old.csv",
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"HEAD"}
			}
			return runShow(cmd.Context(), env, o, args)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVarP(&o.rows, "rows", "n", 10, "show `N` samples of a dataset")
	f.BoolVar(&o.stat, "stat", false, "of a commit: the counts of each dataset, with a bar")
	f.BoolVar(&o.signatures, "show-signature", false, "of a commit or tag: check its signature")
	f.BoolVarP(&o.patch, "patch", "p", false, "of a commit: every sample that it changes, with whole values")
	return cmd
}

// showDocument is what several names are with --json.
type showDocument struct {
	Schema  string               `json:"schema"`
	Objects []*strata.ShowResult `json:"objects"`
}

func runShow(ctx context.Context, env *Env, o *showOptions, names []string) error {
	if o.rows < 1 {
		return &Failure{Slug: "bad-value", Message: "--rows has to be at least 1"}
	}
	if o.patch && env.Flags.JSON {
		return usagef("strata diff --json REV REV", "--patch and --json are two forms of output")
	}
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	var all []*strata.ShowResult
	for _, name := range names {
		res, err := r.Show(ctx, strata.ShowOptions{Name: name, Rows: o.rows})
		if err == nil && o.signatures {
			err = checkShown(ctx, r, res)
		}
		if err != nil {
			return err
		}
		all = append(all, res)
	}
	if env.Flags.JSON {
		if len(all) == 1 {
			return env.PrintJSON(all[0])
		}
		return env.PrintJSON(showDocument{"strata.show/1", all})
	}
	if err := env.Page(ctx); err != nil {
		return err
	}
	for i, res := range all {
		if i > 0 {
			env.Printf("\n")
		}
		if err := printShown(ctx, env, r, o, res); err != nil {
			return err
		}
	}
	return nil
}

// checkShown checks the signatures of what is shown.
func checkShown(ctx context.Context, r *strata.Repo, res *strata.ShowResult) (err error) {
	if res.Tag != nil {
		res.Tag.Signature, err = r.SignatureOf(ctx, res.Tag.ID)
	}
	if res.Commit != nil && err == nil {
		res.Commit.Signature, err = r.SignatureOf(ctx, res.Commit.ID)
	}
	return err
}

func printShown(ctx context.Context, env *Env, r *strata.Repo, o *showOptions, res *strata.ShowResult) error {
	st := env.Style()
	if t := res.Tag; t != nil {
		env.Printf("%s\n", st.ID("tag "+t.Name))
		if t.Tagger != nil {
			env.Printf("Tagger: %s\nDate:   %s\n", personText(*t.Tagger), t.Tagger.Time.Format(dateLayout))
		}
		if t.Signature != nil {
			env.Printf("Signature: %s\n", signatureText(st, t.Signature))
		}
		env.Printf("\n%s\n", t.Message)
	}
	switch {
	case res.File != nil:
		return r.ReadFile(ctx, res.File, env.Out)
	case res.Commit != nil && (o.stat || o.patch):
		return printCommitDiff(ctx, env, r, o, res.Commit)
	case res.Commit != nil:
		printCommit(env, res.Commit)
	case res.Dataset != nil:
		printDataset(env, res.Dataset)
	case res.Sample != nil:
		var rows [][]string
		for _, c := range res.Sample.Cells {
			rows = append(rows, []string{st.Header(c.Column), c.Text})
		}
		env.printTable(rows, "ll")
	}
	return nil
}

// printCommitDiff is a commit with the diff against its first parent, as strata
// diff prints it.
func printCommitDiff(ctx context.Context, env *Env, r *strata.Repo, o *showOptions, e *strata.LogEntry) error {
	env.Printf("%s\n\n", strings.Join(commitLines(env.Style(), e, env.Terminal.Out), "\n"))
	revisions := []string{e.ID.String()}
	if len(e.Parents) > 0 {
		revisions = []string{e.Parents[0].String(), e.ID.String()}
	}
	render := func(as *diffOptions) error {
		as.Revisions, as.Root = revisions, len(revisions) == 1
		d, err := r.Diff(ctx, as.DiffOptions)
		if err != nil {
			return err
		}
		_, err = renderDiff(ctx, env, d, as)
		return errors.Join(err, d.Close())
	}
	if o.stat {
		if err := render(&diffOptions{stat: true}); err != nil || !o.patch {
			return err
		}
		env.Printf("\n")
	}
	return render(&diffOptions{patch: true})
}

// printCommit is the long form of a commit with what it changes, columns too.
func printCommit(env *Env, e *strata.LogEntry) {
	st := env.Style()
	env.Printf("%s\n", strings.Join(commitLines(st, e, env.Terminal.Out), "\n"))
	if len(e.Datasets) == 0 {
		return
	}
	env.Printf("\n")
	for _, d := range e.Datasets {
		noun := "sample"
		switch d.Name {
		case "@files":
			noun = "file"
		case "@slices":
			noun = "slice"
		}
		rows := plural(d.Rows.To, noun)
		if d.Rows.From != d.Rows.To && d.Change == "M" {
			rows = count(d.Rows.From) + " → " + rows
		}
		switch d.Change {
		case "A":
			rows += "   new"
		case "D":
			rows = "deleted"
		}
		env.Printf("%s   %s   %s\n", st.Header(d.Name), rows, changeText(st, d.Added, d.Removed, d.Modified, false))
		for _, c := range d.SchemaChanges {
			env.Printf("  %s\n", schemaChangeText(c))
		}
		var lines [][]string
		for _, c := range d.Columns {
			lines = append(lines, []string{"  " + c.Name, count(c.Changed) + " changed"})
		}
		env.printTable(lines, "lr")
	}
	env.Printf(" %s\n", shortStat(e.Datasets))
	if len(e.Parents) > 0 {
		env.Notef("cells: strata diff %s..%s", e.Parents[0].Short(), e.ID.Short())
	}
}

// printDataset is the first samples of a dataset under the names of its columns.
func printDataset(env *Env, d *strata.DatasetView) {
	st := env.Style()
	var head []string
	align := ""
	for _, c := range d.Columns {
		head = append(head, st.Header(c.Name))
		if strings.HasPrefix(c.Type, "int") || strings.HasPrefix(c.Type, "uint") || strings.HasPrefix(c.Type, "float") || strings.HasPrefix(c.Type, "decimal") {
			align += "r"
		} else {
			align += "l"
		}
	}
	rows := [][]string{head}
	for _, s := range d.Text {
		row := make([]string, len(s))
		for i, v := range s {
			row[i] = cellText(v)
		}
		rows = append(rows, row)
	}
	env.printTable(rows, align)
	if left := d.Rows - int64(len(d.Text)); left > 0 {
		env.Printf("… %s more of %s\n", count(left), plural(d.Rows, "sample"))
	}
}
