package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// runIn runs one command line as a person at a terminal would.
func runIn(t *testing.T, dir, editor string, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	vars := map[string]string{"STRATA_AUTHOR_NAME": "Ana Ito", "STRATA_AUTHOR_EMAIL": "ana@example.com", "STRATA_EDITOR": editor, "TERM": "dumb"}
	env := &Env{In: strings.NewReader(""), Out: &o, Err: &e, Terminal: Terminal{In: true, Err: true}, Dir: dir,
		Getenv: getenv(vars), Environ: os.Environ(), Now: func() time.Time { return time.Unix(1767323045, 0).UTC() }}
	code = Run(env, args)
	return code, o.String(), e.String()
}

func TestCommitInAnEditor(t *testing.T) {
	dir := t.TempDir()
	must := func(editor string, args ...string) string {
		t.Helper()
		code, out, errOut := runIn(t, dir, editor, args...)
		if code != 0 {
			t.Fatalf("strata %v: exit code %d, %s", args, code, errOut)
		}
		return out
	}
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o777); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("train.csv", "id,label\n1,dog\n")
	must("", "init")
	must("", "add", "train.csv", "--key", "id")

	// Comments are left out; what is staged was shown in them.
	seen := filepath.Join(dir, "seen.txt")
	write("edit.sh", "cp \"$1\" '"+seen+"'; printf 'First\\n\\n# not this\\nBody\\n' > \"$1\"\n")
	editor := "sh '" + filepath.Join(dir, "edit.sh") + "'"
	if out := must(editor, "commit"); !strings.Contains(out, "] First\n") {
		t.Errorf("output %q", out)
	}
	b, err := os.ReadFile(seen)
	if err != nil || !strings.Contains(string(b), "# On branch main\n") || !strings.Contains(string(b), "#   new:  train   +1\n") {
		t.Errorf("the editor was shown %q, %v", b, err)
	}
	if out := must("", "log", "--format=%B"); out != "First\n\nBody\n" {
		t.Errorf("message %q", out)
	}

	// --amend shows the old message.
	if must(editor, "commit", "--amend", "--allow-empty"); !strings.HasPrefix(readText(t, seen), "First\n\nBody\n\n#") {
		t.Errorf("the editor was shown %q", readText(t, seen))
	}

	for _, tc := range []struct {
		name, script string
		args         []string
		code         int
		slug         string
	}{
		{"left empty", ": > \"$1\"\n", []string{"commit", "--allow-empty"}, 2, "empty-message"},
		{"only comments", "printf '# a\\n' > \"$1\"\n", []string{"commit", "--allow-empty"}, 2, "empty-message"},
		{"amend left empty", ": > \"$1\"\n", []string{"commit", "--amend"}, 2, "empty-message"},
		{"editor fails", "exit 3\n", []string{"commit", "--allow-empty"}, 2, "needs-input"},
		{"nothing to commit is said before", "touch '" + filepath.Join(dir, "opened") + "'\n", []string{"commit"}, 1, "nothing-to-commit"},
		{"no questions", "exit 0\n", []string{"commit", "--allow-empty", "--no-input"}, 2, "needs-input"},
		{"tag left empty", ": > \"$1\"\n", []string{"tag", "-a", "v1"}, 2, "empty-message"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			write("edit.sh", tc.script)
			code, _, errOut := runIn(t, dir, editor, tc.args...)
			if code != tc.code || !strings.HasPrefix(errOut, "error["+tc.slug+"]") {
				t.Errorf("exit code %d, standard error %q", code, errOut)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "opened")); err == nil {
		t.Error("the editor was opened though there is nothing to commit")
	}
	write("edit.sh", "echo Words > \"$1\"\n")
	must(editor, "tag", "-a", "v1")
	if out := must("", "tag", "-v"); !strings.HasSuffix(out, "Words\n") {
		t.Errorf("tags %q", out)
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
