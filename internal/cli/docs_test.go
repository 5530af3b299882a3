package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/pkg/strata"
)

// TestDocs keeps docs/cli and docs/errors.md equal to what the program says of
// itself; make docs writes them anew.
func TestDocs(t *testing.T) {
	docs := filepath.Join(moduleRoot(t), "docs")
	want := generateDocs()
	if *update {
		if err := os.RemoveAll(filepath.Join(docs, "cli")); err != nil {
			t.Fatal(err)
		}
		for name, text := range want {
			path := filepath.Join(docs, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(docs, name))
		if err != nil {
			t.Errorf("%v; run make docs", err)
			continue
		}
		if diff := cmp.Diff(text, string(got)); diff != "" {
			t.Errorf("docs/%s is not what the program says; run make docs (-want +got):\n%s", name, diff)
		}
	}
	pages, err := filepath.Glob(filepath.Join(docs, "cli", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if _, ok := want["cli/"+filepath.Base(page)]; !ok {
			t.Errorf("docs/cli/%s is about no command; run make docs", filepath.Base(page))
		}
	}
}

// generateDocs returns the pages by their path below docs.
func generateDocs() map[string]string {
	env := &Env{Out: new(bytes.Buffer), Err: new(bytes.Buffer)}
	env.begin(nil, func(error) {})
	root := newRoot(env)
	pages := map[string]string{"errors.md": errorsPage()}
	var index strings.Builder
	index.WriteString("# Commands\n\nWritten by `make docs` from the program's own help.\n\n")
	for _, cmd := range allCommands(root) {
		if cmd.Hidden {
			continue
		}
		name := strings.ReplaceAll(strings.TrimSpace("strata "+verbOf(cmd)), " ", "-")
		text := verbPage(cmd, style{})
		if cmd == root {
			text = rootPage(root, verbGroups(env), style{})
		}
		pages["cli/"+name+".md"] = fmt.Sprintf("# %s\n\n```text\n%s```\n", strings.TrimSpace("strata "+verbOf(cmd)), text)
		fmt.Fprintf(&index, "- [%s](%s.md): %s\n", strings.TrimSpace("strata "+verbOf(cmd)), name, cmd.Short)
	}
	for _, topic := range topics() {
		pages["cli/"+topic.name+".md"] = fmt.Sprintf("# %s\n\n```text\n%s```\n", topic.name, topic.text())
		fmt.Fprintf(&index, "- [%s](%s.md): %s\n", topic.name, topic.name, topic.short)
	}
	pages["cli/README.md"] = index.String()
	return pages
}

func errorsPage() string {
	var b strings.Builder
	b.WriteString(`# Errors and exit codes

Written by ` + "`make docs`" + ` from the program's own tables (internal/cli/exit.go, slugs.go).

A command that fails prints, on standard error,

` + "```text" + `
error[slug]: what happened, with the value
cause: why, where that is not obvious
hint: the command to type
` + "```" + `

and with ` + "`--json`" + ` as the last line a ` + "`strata.error/1`" + ` document with the fields schema, slug, exit, message, cause, hint and
try (the commands of the hints). ` + "`strata help SLUG`" + ` prints what the table below says.

## Exit codes

Codes may be added; treat an unknown one as a failure. Code 9 stands beside the codes of the design for what
is neither the user's mistake nor strata's: without it a full disk would have to be called a bug.

| code | meaning |
|---|---|
`)
	for _, c := range exitCodes() {
		fmt.Fprintf(&b, "| %d | %s |\n", c.code, c.meaning)
	}
	b.WriteString("\n## Slugs\n\n| slug | code | meaning | hint |\n|---|---|---|---|\n")
	for _, s := range slugs() {
		hint := s.hint
		if hint != "" {
			hint = "`" + hint + "`"
		}
		fmt.Fprintf(&b, "| %s | %d | %s | %s |\n", s.name, s.exit, s.text, hint)
	}
	b.WriteString("\n## Findings of strata fsck\n\nThe ids are stable. One finding may be less severe than its kind usually is.\n\n| id | severity | meaning |\n|---|---|---|\n")
	for _, k := range strata.FsckKinds() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", k.ID, k.Severity, k.Text)
	}
	b.WriteString("\nWarnings have the same form, `warning[slug]: ...`, and never change the exit code.\n")
	return b.String()
}
