package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/pkg/strata"
)

type commitOptions struct {
	strata.CommitOptions
	messages []string
	file     string
	noEdit   bool
	edit     bool
}

func newCommitCmd(env *Env) *cobra.Command {
	o := &commitOptions{}
	cmd := &cobra.Command{
		Use:   "commit",
		Short: "Record what is staged as a new version",
		Long: "Without -m or -F the message is written in an editor: STRATA_EDITOR, core.editor,\n" +
			"VISUAL or EDITOR.",
		Example: "  strata commit -m \"Relabel wolves after audit\"\n" +
			"  strata commit -a -m \"New captures\" --trailer batch=b12\n" +
			"  strata commit --amend --no-edit",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runCommit(cmd.Context(), env, o) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringArrayVarP(&o.messages, "message", "m", nil, "the message is `TEXT`; several are its paragraphs")
	f.StringVarP(&o.file, "file", "F", "", "take the message from `FILE`; - is standard input")
	f.BoolVarP(&o.All, "all", "a", false, "first add every tracked file that changed")
	f.BoolVar(&o.Amend, "amend", false, "replace the last commit")
	f.BoolVar(&o.noEdit, "no-edit", false, "with --amend: keep its message")
	f.BoolVarP(&o.edit, "edit", "e", false, "open the editor even with -m or -F")
	f.BoolVar(&o.AllowEmpty, "allow-empty", false, "even if nothing changed")
	f.BoolVar(&o.AllowEmptyMessage, "allow-empty-message", false, "even without a message")
	f.StringVar(&o.Author, "author", "", "the author is `NAME <EMAIL>`, not you")
	f.StringVar(&o.Date, "date", "", "the author's date: `WHEN` is ISO 8601, @SECONDS or such as \"2 days ago\"")
	f.StringArrayVar(&o.Trailers, "trailer", nil, "put `KEY=VALUE` at the end of the message; repeatable")
	f.BoolVar(&o.NoVerify, "no-verify", false, "leave out the hooks that may stop it")
	signFlags(cmd, &o.SignOptions)
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "do all but write")
	cmd.MarkFlagsMutuallyExclusive("message", "file")
	cmd.MarkFlagsMutuallyExclusive("edit", "no-edit")
	return cmd
}

func runCommit(ctx context.Context, env *Env, o *commitOptions) error {
	given, err := o.readMessage(env)
	if err != nil {
		return err
	}
	if given && o.Message == "" {
		o.Message = "\n" // an empty message is not the old one
	}
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	if !given && !o.Amend {
		u, err := r.Unfinished(ctx)
		if err != nil {
			return err
		}
		if u != nil && u.Message != "" {
			o.Message, given = u.Message, true
		}
	}
	ask := o.edit || !given && !(o.Amend && o.noEdit) && !o.AllowEmptyMessage && !o.DryRun
	if ask {
		if err := o.editMessage(ctx, env, r); err != nil {
			return err
		}
	}
	if o.DryRun && !given {
		o.AllowEmptyMessage = true
	}
	env.Progress().Phase("reading", 0)
	res, err := r.Commit(ctx, o.CommitOptions)
	if o.Amend && errors.Is(err, repo.ErrNothingToCommit) {
		return &Failure{Slug: "nothing-to-commit", Message: "amended like this the last commit would change nothing", Err: err,
			Hints: []string{"strata commit --amend --allow-empty, or strata reset HEAD~1 to take it back"}}
	}
	if err != nil {
		return leftFailure(err)
	}
	env.stopProgress()
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

// readMessage takes the message from the flags, if they give one.
func (o *commitOptions) readMessage(env *Env) (given bool, err error) {
	switch {
	case len(o.messages) > 0:
		o.Message = strings.Join(o.messages, "\n\n")
		return true, nil
	case o.file == "-":
		b, err := io.ReadAll(env.In)
		o.Message = string(b)
		return true, err
	case o.file != "":
		b, err := os.ReadFile(env.Path(o.file))
		o.Message = string(b)
		return true, err
	}
	return false, nil
}

// editMessage lets the user write the message. What would make the commit fail
// is found before the editor opens.
func (o *commitOptions) editMessage(ctx context.Context, env *Env, r *strata.Repo) error {
	if env.editor() == "" || !env.MayAsk() {
		return &Failure{Slug: "needs-input", Message: "a commit needs a message and there is nobody to write it", Hints: []string{`strata commit -m "MESSAGE"`}}
	}
	if o.All {
		if _, err := r.Add(ctx, strata.AddOptions{Dir: r.Root(), Update: true}); err != nil {
			return err
		}
		o.All = false
	}
	if err := r.PreCommit(ctx, &o.CommitOptions); err != nil {
		return err
	}
	plan := o.CommitOptions
	plan.DryRun, plan.AllowEmptyMessage = true, true
	res, err := r.Commit(ctx, plan)
	if err != nil {
		return err
	}
	text := o.Message
	if o.Amend && text == "" {
		text = res.Commit.Message
	}
	var b strings.Builder
	b.WriteString(strings.TrimRight(text, "\n") + "\n\n# Write the message of this commit. Lines that begin with # are left out, and\n# without a message nothing is committed.\n#\n")
	if res.Branch != "" {
		b.WriteString("# On branch " + res.Branch + "\n")
	}
	b.WriteString("# Changes to be committed:\n")
	for _, d := range res.Datasets {
		b.WriteString("#   " + changeWord(d.Change) + ":  " + d.Name + "   " + changeText(style{}, d.Added, d.Removed, d.Modified, len(d.SchemaChanges) > 0) + "\n")
	}
	if o.Message, err = env.Edit(ctx, "COMMIT_EDITMSG", b.String()); err != nil {
		return err
	}
	o.Edited = true
	if o.Amend && strings.TrimSpace(withoutComments(o.Message)) == "" {
		o.Message = "\n" // an emptied message is not the old one
	}
	return nil
}

// withoutComments leaves out lines that begin with #.
func withoutComments(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if !strings.HasPrefix(line, "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func printCommitted(env *Env, res *strata.CommitResult) {
	st := env.Style()
	where := res.Branch
	if where == "" {
		where = "detached HEAD"
	}
	if res.Root {
		where += " (root)"
	}
	word := ""
	if res.DryRun {
		word = "would commit "
	}
	env.Printf("%s[%s %s] %s\n", word, st.Ref(where), st.ID(res.Commit.ID.Short()), res.Commit.Subject)
	if text := shortStat(res.Datasets); text != "" {
		env.Printf(" %s\n", text)
	}
}

// shortStat counts what changes do in one line: 2 datasets changed, 400 samples
// added(+), 90 removed(-), 1,212 modified(~).
func shortStat(changes []strata.DatasetChange) string {
	var datasets, all, schema int
	var samples, files, slices strata.DatasetChange
	for _, d := range changes {
		sum := &samples
		switch {
		case d.Name == "@files":
			sum = &files
		case d.Name == "@slices":
			sum = &slices
		default:
			datasets++
			if d.Change == "A" {
				all++
			}
			if len(d.SchemaChanges) > 0 {
				schema++
			}
		}
		sum.Added += d.Added
		sum.Removed += d.Removed
		sum.Modified += d.Modified
	}
	var parts []string
	if datasets > 0 {
		head := plural(datasets, "dataset")
		if all < datasets {
			head += " changed"
		}
		parts = append([]string{head}, countsInWords(samples, "sample")...)
		if schema > 0 {
			parts = append(parts, "schema changed")
		}
	}
	parts = append(parts, countsInWords(files, "file")...)
	return strings.Join(append(parts, countsInWords(slices, "slice")...), ", ")
}

// countsInWords names the noun once: 400 samples added(+), 90 removed(-).
func countsInWords(d strata.DatasetChange, noun string) []string {
	var parts []string
	for _, c := range []struct {
		n    int64
		word string
	}{{d.Added, " added(+)"}, {d.Removed, " removed(-)"}, {d.Modified, " modified(~)"}} {
		switch {
		case c.n == 0:
		case len(parts) == 0:
			parts = append(parts, plural(c.n, noun)+c.word)
		default:
			parts = append(parts, count(c.n)+c.word)
		}
	}
	return parts
}
