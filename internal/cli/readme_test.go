package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadme runs the commands of README.md's console blocks in order, in one
// directory, and compares what they print with what stands below them;
// STRATA_UPDATE=1 writes it anew.
func TestReadme(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no shell here")
	}
	path := filepath.Join(moduleRoot(t), "README.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sh := newTourShell(t)
	got := rewriteConsole(t, string(page), sh.run)
	if sh.commands < 10 {
		t.Errorf("README.md has %d commands; is the tour there?", sh.commands)
	}
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(page), got); diff != "" {
		t.Errorf("README.md is not what the program does; STRATA_UPDATE=1 go test ./internal/cli -run TestReadme (-README +program):\n%s", diff)
	}
}

// rewriteConsole returns page with the output of every command in its console
// blocks replaced by what run returns. A command is a line that begins with
// "$ " and those that follow with "> ".
func rewriteConsole(t *testing.T, page string, run func(command string) string) string {
	t.Helper()
	var b strings.Builder
	inside := false
	lines := strings.SplitAfter(page, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console\n"
			b.WriteString(line)
		case !inside:
			b.WriteString(line)
		case strings.HasPrefix(line, "$ "):
			command := strings.TrimPrefix(line, "$ ")
			b.WriteString(line)
			for i+1 < len(lines) && strings.HasPrefix(lines[i+1], "> ") {
				i++
				command += strings.TrimPrefix(lines[i], "> ")
				b.WriteString(lines[i])
			}
			b.WriteString(run(strings.TrimSpace(command)))
		}
	}
	return b.String()
}

// tourShell runs one command after the other as a shell would that is kept
// open, as Ana Ito on a fixed day.
type tourShell struct {
	t              *testing.T
	home, dir, pwd string
	env            []string
	commands       int
}

func newTourShell(t *testing.T) *tourShell {
	home, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	state := t.TempDir()
	return &tourShell{t: t, home: home, dir: home, pwd: filepath.Join(state, "pwd"), env: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TZ=UTC", "LC_ALL=C", "TMPDIR=" + state,
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + filepath.Join(state, "gitconfig"), "XDG_CONFIG_HOME=" + state,
		"STRATA_AUTHOR_NAME=Ana Ito", "STRATA_AUTHOR_EMAIL=ana@example.com", "GORACE=atexit_sleep_ms=0",
	}}
}

// run returns what a command prints on both streams. The home directory is
// shown as /home/ana.
func (s *tourShell) run(command string) string {
	s.t.Helper()
	s.commands++
	cmd := exec.Command("sh", "-c", command+"\ncode=$?; pwd > "+shellWord(s.pwd)+"; exit $code")
	cmd.Dir = s.dir
	cmd.Env = append(s.env[:len(s.env):len(s.env)], fmt.Sprintf("STRATA_TEST_NOW=2026-03-02T09:%02d:00Z", s.commands))
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState.ExitCode() != 1 { // 1: the answer is no, as of a merge with conflicts
		s.t.Errorf("$ %s\n%s%v", command, out, err)
	}
	pwd, err := os.ReadFile(s.pwd)
	if err != nil {
		s.t.Fatal(err)
	}
	s.dir = strings.TrimSpace(string(pwd))
	return strings.ReplaceAll(string(out), s.home, "/home/ana")
}

func TestRewriteConsole(t *testing.T) {
	page := "a\n```console\n$ one \\\n>   two\nold\n$ three\n```\n$ four\n```sh\n$ five\n```\n"
	var ran []string
	got := rewriteConsole(t, page, func(c string) string { ran = append(ran, c); return "new\n" })
	want := "a\n```console\n$ one \\\n>   two\nnew\n$ three\nnew\n```\n$ four\n```sh\n$ five\n```\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"one \\\n  two", "three"}, ran); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

// TestLinks checks that what README.md and the pages below docs link to inside
// the repository is there.
func TestLinks(t *testing.T) {
	root := moduleRoot(t)
	pages := []string{filepath.Join(root, "README.md")}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, _ os.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range links(string(text)) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), filepath.FromSlash(link))); err != nil {
				t.Errorf("%s links to %s: %v", page, link, err)
			}
		}
	}
}

// links returns the targets of a page's links that are paths.
func links(page string) []string {
	var found []string
	for _, part := range strings.Split(page, "](")[1:] {
		target, _, closed := strings.Cut(part, ")")
		target, _, _ = strings.Cut(target, "#")
		if closed && target != "" && !strings.Contains(target, ":") && !strings.ContainsAny(target, " \n") {
			found = append(found, target)
		}
	}
	return found
}

func TestLinksSee(t *testing.T) {
	got := links("[a](b.md) [c](https://d) [e](#f) [g](h/i.md#j) x](y z) [k](l")
	if diff := cmp.Diff([]string{"b.md", "h/i.md"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
