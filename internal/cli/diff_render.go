package cli

import (
	"context"
	"strings"

	"github.com/strata-data/strata/internal/report"
	"github.com/strata-data/strata/internal/table"
	"github.com/strata-data/strata/pkg/strata"
)

// reportOptions says how internal/report lays out text for standard output.
// Signs outside of ASCII are kept out of terminals that cannot show them; pipes
// and files are UTF-8.
func (e *Env) reportOptions() report.Options {
	o := report.Options{Paint: e.Style()}
	if e.Terminal.Out {
		o.Width = e.Columns()
		o.ASCII = !e.utf8()
	}
	return o
}

// utf8 reports whether the locale is one of UTF-8, as POSIX finds it: the first
// of LC_ALL, LC_CTYPE and LANG that is set. None at all is taken for UTF-8.
func (e *Env) utf8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(e.Getenv(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return true
}

// printDiff prints the summary (unless -p leaves it out) and the first samples.
func printDiff(ctx context.Context, env *Env, d *strata.Diff, sum *strata.DiffResult, o *diffOptions) error {
	if sum.Empty() {
		return nil
	}
	if err := env.Page(ctx); err != nil {
		return err
	}
	ro := env.reportOptions()
	if !o.patch {
		report.DiffSummary(env.Out, sum, ro)
	} else {
		report.DiffFiles(env.Out, sum.Files, ro)
	}
	several := 0
	for i := range sum.Datasets {
		if sum.Datasets[i].Total() > 0 {
			several++
		}
	}
	for i := range sum.Datasets {
		s := &sum.Datasets[i]
		if s.Total() == 0 {
			continue
		}
		if !o.patch || i > 0 {
			env.Printf("\n")
		}
		if several > 1 {
			env.Printf("%s\n", ro.Paint.Header(s.Name))
		}
		if err := printDiffSamples(ctx, env, d, s, o, ro); err != nil {
			return err
		}
	}
	return nil
}

func printDiffSamples(ctx context.Context, env *Env, d *strata.Diff, s *strata.DatasetDiff, o *diffOptions, ro report.Options) error {
	fields, err := d.Fields(ctx, s.Name)
	if err != nil {
		return err
	}
	shown, err := report.DiffSamples(env.Out, s, fields, d.Samples(ctx, s.Name), report.SampleOptions{Options: ro, Limit: o.limit, Full: o.patch})
	if err != nil {
		return err
	}
	report.More(env.Out, s.Total()-shown, env.again("-p", "--limit", "0"), ro)
	return nil
}

// again returns the command line that is running with flags put in front of
// its --, quoted for a shell; -p and --limit are left out, as they are what
// changes.
func (e *Env) again(flags ...string) string {
	words := []string{"strata"}
	for i, a := range e.args {
		if a == "-p" || a == "--patch" || a == "--limit" || strings.HasPrefix(a, "--limit=") || i > 0 && e.args[i-1] == "--limit" {
			continue
		}
		if a == "--" {
			words = append(words, flags...)
			flags = nil
		}
		words = append(words, shellWord(a))
	}
	return strings.Join(append(words, flags...), " ")
}

// shellWord quotes s for a POSIX shell where that is needed.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@%+=:,./~^-_", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	if strings.Contains(s, "'") && !strings.ContainsAny(s, "\"$`\\!") {
		return `"` + s + `"`
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// printNumstat prints counts for scripts; the first two columns are git's.
// Plain files count as samples of themselves, as -, -, -.
func printNumstat(env *Env, sum *strata.DiffResult, nul bool) {
	quote, end := env.pathQuoter(), "\n"
	if nul {
		quote, end = func(s string) string { return s }, "\x00"
	}
	for i := range sum.Datasets {
		s := &sum.Datasets[i]
		env.Printf("%d\t%d\t%d\t%s%s", s.Added, s.Removed, s.Modified, quote(s.Name), end)
	}
	for _, f := range sum.Files {
		env.Printf("-\t-\t-\t%s%s", quote(f.Path), end)
	}
}

// printDiffNames prints the name of every sample and file that differs.
func printDiffNames(ctx context.Context, env *Env, d *strata.Diff, o *diffOptions) (bool, error) {
	quote := env.pathQuoter()
	if o.nul {
		quote = func(s string) string { return s }
	}
	any := false
	print := func(letter, name string) {
		any = true
		if o.nameOnly {
			env.Printf("%s%s", quote(name), o.end())
			return
		}
		gap := "\t"
		if o.nul {
			gap = "\x00"
		}
		env.Printf("%s%s%s%s", letter, gap, quote(name), o.end())
	}
	for _, name := range d.Datasets() {
		sum, err := d.Each(ctx, name, func(s *strata.DiffSample) error {
			key, err := s.Key()
			print(letterOf(s.Op), name+"/"+key)
			return err
		})
		if err != nil {
			return any, err
		}
		any = any || sum != nil
	}
	files, err := d.Files(ctx)
	for _, f := range files {
		print(f.Change, f.Path)
	}
	return any, err
}

// letterOf returns git's letter for what happened to a sample.
func letterOf(op table.Op) string {
	switch op {
	case table.Added:
		return "A"
	case table.Removed:
		return "D"
	}
	return "M"
}
