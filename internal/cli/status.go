package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/report"
	"github.com/strata-data/strata/pkg/strata"
)

type statusOptions struct {
	short, branch, porcelain, nul bool
	untracked                     string
}

func newStatusCmd(env *Env) *cobra.Command {
	o := &statusOptions{}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what is staged, changed and untracked",
		Long: "Counts of samples compare the index with the last commit. What changed in the\n" +
			"working files is found without reading files that look the same as when they were\n" +
			"added; strata diff shows what changed in them. Many plain files of one directory are\n" +
			"one line, with -v a line each.",
		Example: "  strata status\n  strata status -s\n  strata status --porcelain -z",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runStatus(cmd.Context(), env, o) },
	}
	f := cmd.Flags()
	f.BoolVarP(&o.short, "short", "s", false, "one line for each change")
	f.BoolVarP(&o.branch, "branch", "b", false, "with --short: name the branch first")
	f.BoolVar(&o.porcelain, "porcelain", false, "lines for scripts, which never change")
	f.BoolVarP(&o.nul, "null", "z", false, "end lines with NUL and quote nothing; implies --porcelain")
	f.VarP(newChoice(&o.untracked, "normal", "no"), "untracked-files", "u", "show untracked files: `WHICH` is normal or no")
	return cmd
}

func runStatus(ctx context.Context, env *Env, o *statusOptions) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	res, err := r.Status(ctx, strata.StatusOptions{NoUntracked: o.untracked == "no"})
	if err != nil {
		return err
	}
	switch {
	case env.Flags.JSON:
		return env.PrintJSON(res)
	case o.porcelain || o.nul:
		printPorcelain(env, res, o.nul)
		return nil
	case o.short:
		printShortStatus(env, res, o.branch)
		return nil
	}
	if env.Flags.Verbose > 0 {
		if err := env.Page(ctx); err != nil {
			return err
		}
	}
	printStatus(env, res)
	return nil
}

// printStatus is the long form.
func printStatus(env *Env, res *strata.StatusResult) {
	st := env.Style()
	switch {
	case res.Branch != "":
		env.Printf("On branch %s\n", res.Branch)
	default:
		env.Printf("%s at %s\n", st.Removed("HEAD detached"), res.Head.Short())
	}
	if res.Head.IsZero() {
		env.Printf("No commits yet\n")
	}
	printUnfinished(env, res.Unfinished)
	if res.Bisecting != "" {
		env.Printf("You are bisecting, started from %s  (strata bisect reset to end it)\n", res.Bisecting)
	}
	if len(res.Staged) > 0 {
		env.Printf("Changes to be committed:  (strata restore --staged <dataset> to unstage)\n")
		printEntries(env, res.Staged, st.Added)
	}
	if len(res.Unstaged) > 0 {
		env.Printf("Changes not staged:  (strata add <file> to stage, strata restore <file> to discard)\n")
		printEntries(env, res.Unstaged, st.Removed)
	}
	if len(res.Untracked) > 0 {
		env.Printf("Untracked files:  (strata add <file> to include)\n")
		for _, line := range untrackedLines(env, res.Untracked) {
			env.Printf("  %s\n", line)
		}
	}
	switch {
	case len(res.Staged) > 0:
	case len(res.Unstaged) > 0:
		env.Printf("no changes added to commit\n")
	case len(res.Untracked) > 0:
		env.Printf("nothing added to commit but untracked files present\n")
	case res.Bare:
		env.Printf("nothing staged; this repository has no working files\n")
	case res.Head.IsZero():
		env.Printf("nothing to commit  (strata add <file> to begin)\n")
	default:
		env.Printf("nothing to commit, working files clean\n")
	}
}

// printEntries is one block of the long form.
func printEntries(env *Env, entries []strata.StatusEntry, paint func(string) string) {
	quote, near := env.pathQuoter(), env.nearPath()
	var rows [][]string
	if env.Flags.Verbose == 0 {
		entries = foldEntries(entries)
	}
	for _, e := range entries {
		name := quote(e.Name)
		if e.Kind == "file" {
			name = near(e.Name)
		}
		rows = append(rows, []string{"  " + paint(changeWord(e.Change)+":"), paint(name), entryText(env.Style(), e, near)})
	}
	for _, line := range tableLines(rows, "lll") {
		env.Printf("%s\n", strings.Replace(line, ":   ", ":  ", 1))
	}
}

// foldEntries makes one entry of many plain files of one directory that changed
// in the same way; Added is then their number.
func foldEntries(entries []strata.StatusEntry) []strata.StatusEntry {
	var folded []strata.StatusEntry
	var files []strata.FileDiff
	for _, e := range entries {
		if e.Kind == "file" {
			files = append(files, strata.FileDiff{Change: e.Change, Path: e.Name})
			continue
		}
		folded = append(folded, e)
	}
	for _, g := range report.FoldFiles(files) {
		e := strata.StatusEntry{Name: g.Path, Kind: "file", Change: g.Change}
		if g.N > 1 {
			e.Added = g.N
		}
		folded = append(folded, e)
	}
	return folded
}

// untrackedLines are the paths as they are printed, folded unless --verbose.
func untrackedLines(env *Env, paths []string) []string {
	st, near := env.Style(), env.nearPath()
	files := make([]strata.FileDiff, len(paths))
	for i, p := range paths {
		files[i].Path = p
	}
	groups := report.FoldFiles(files)
	if env.Flags.Verbose > 0 {
		groups = groups[:0]
		for _, p := range paths {
			groups = append(groups, report.FileGroup{Path: p, N: 1})
		}
	}
	var lines []string
	for _, g := range groups {
		line := st.Removed(near(g.Path))
		if g.N > 1 {
			line += "  " + plural(g.N, "file")
		}
		lines = append(lines, line)
	}
	return lines
}

// entryText says how much of an entry changed, or in which files.
func entryText(st style, e strata.StatusEntry, quote func(string) string) string {
	switch {
	case e.Kind == "file" && e.Added > 0:
		return plural(e.Added, "file")
	case e.Kind == "file":
		return ""
	}
	if e.Added+e.Removed+e.Modified > 0 || e.SchemaChanged {
		return changeText(st, e.Added, e.Removed, e.Modified, e.SchemaChanged)
	}
	var paths []string
	for _, p := range e.Paths {
		paths = append(paths, quote(p))
	}
	if len(paths) == 0 {
		return ""
	}
	return "(" + someOf(paths, 3) + ")"
}

func changeWord(letter string) string {
	switch letter {
	case "A":
		return "new"
	case "D":
		return "deleted"
	}
	return "modified"
}

// statusLine is a dataset or file with both of its letters.
type statusLine struct {
	name   string
	x, y   byte // staged, working; '.' for none
	staged *strata.StatusEntry
	file   bool // a plain file, so that name is its path
	id     strata.ID
}

// joinStatus puts what is staged and what is not side by side, by name.
func joinStatus(res *strata.StatusResult) []statusLine {
	at := map[string]int{}
	var lines []statusLine
	line := func(e *strata.StatusEntry) *statusLine {
		id := e.Kind + " " + e.Name
		i, ok := at[id]
		if !ok {
			i = len(lines)
			at[id] = i
			lines = append(lines, statusLine{name: e.Name, x: '.', y: '.', file: e.Kind == "file"})
		}
		return &lines[i]
	}
	for i := range res.Staged {
		e := &res.Staged[i]
		l := line(e)
		l.x, l.staged = e.Change[0], e
	}
	for i := range res.Unstaged {
		e := &res.Unstaged[i]
		l := line(e)
		l.y = e.Change[0]
		if l.staged == nil {
			l.id = e.Old
		}
	}
	slices.SortStableFunc(lines, func(a, b statusLine) int { return strings.Compare(a.name, b.name) })
	return lines
}

// printPorcelain is the form for scripts: git's headers, then a line for each
// dataset or file, as strata help formats promises.
func printPorcelain(env *Env, res *strata.StatusResult, nul bool) {
	end, quote := "\n", env.pathQuoter()
	if nul {
		end, quote = "\x00", func(s string) string { return s }
	}
	oid, head := "(initial)", res.Branch
	if !res.Head.IsZero() {
		oid = res.Head.String()
	}
	if head == "" {
		head = "(detached)"
	}
	env.Printf("# branch.oid %s%s# branch.head %s%s", oid, end, head, end)
	if u := res.Unfinished; u != nil {
		env.Printf("# unfinished %s %d%s", u.Kind, u.Left(), end)
	}
	for _, l := range joinStatus(res) {
		e, schema := strata.StatusEntry{Old: l.id, New: l.id}, "."
		if l.staged != nil {
			e = *l.staged
		}
		if e.SchemaChanged {
			schema = "s"
		}
		env.Printf("1 %c%c %s +%d -%d ~%d %s %s %s%s", l.x, l.y, quote(l.name), e.Added, e.Removed, e.Modified, schema, fullID(e.Old), fullID(e.New), end)
	}
	for _, p := range res.Untracked {
		env.Printf("? %s%s", quote(p), end)
	}
}

// fullID returns an id in hex, zeros for none, as git prints it.
func fullID(id strata.ID) string {
	if id.IsZero() {
		return strings.Repeat("0", 2*object.Size)
	}
	return id.String()
}

// printShortStatus is git's short form: XY NAME.
func printShortStatus(env *Env, res *strata.StatusResult, branch bool) {
	st, quote, near := env.Style(), env.pathQuoter(), env.nearPath()
	if branch {
		name := res.Branch
		switch {
		case name == "":
			name = "HEAD (no branch)"
		case res.Head.IsZero():
			name = "No commits yet on " + name
		}
		env.Printf("## %s\n", name)
	}
	var rows [][]string
	for _, l := range joinStatus(res) {
		text, name := "", quote(l.name)
		if l.file {
			name = near(l.name)
		}
		if l.staged != nil {
			text = entryText(st, strata.StatusEntry{Kind: l.staged.Kind, Added: l.staged.Added, Removed: l.staged.Removed,
				Modified: l.staged.Modified, SchemaChanged: l.staged.SchemaChanged}, near)
		}
		rows = append(rows, []string{st.Added(letter(l.x)) + st.Removed(letter(l.y)) + " " + name, text})
	}
	for _, line := range tableLines(rows, "ll") {
		env.Printf("%s\n", line)
	}
	for _, p := range res.Untracked {
		env.Printf("%s %s\n", st.Removed("??"), near(p))
	}
}

func letter(c byte) string {
	if c == '.' {
		return " "
	}
	return fmt.Sprintf("%c", c)
}
