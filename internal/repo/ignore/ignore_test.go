package ignore_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/repo/ignore"
)

func TestPath(t *testing.T) {
	files := map[string]string{
		"":         "*.log\n!keep.log\n/build/\ndocs/*.txt\n**/cache\ndeep/**/end\n# a comment\n\\#hash\n\\!bang\ntrail\\ \nspace   \n[a-c]x\nonly/\n",
		"sub":      "!*.log\n/top\n",
		"build":    "!back\n",
		"only/sub": "!x\n",
	}
	load := func(dir string) []byte { return []byte(files[dir]) }
	root := ignore.Root(load(""))
	for _, tc := range []struct {
		path  string
		isDir bool
		want  bool
	}{
		{"a.log", false, true},
		{"keep.log", false, false},
		{"x/a.log", false, true},
		{"sub/a.log", false, false},
		{"sub/top", false, true},
		{"sub/x/top", false, false},
		{"build", true, true},
		{"build", false, false},
		{"build/back", false, true},
		{"x/build", true, false},
		{"docs/a.txt", false, true},
		{"docs/x/a.txt", false, false},
		{"cache", false, true},
		{"x/y/cache", true, true},
		{"deep/end", false, true},
		{"deep/a/b/end", false, true},
		{"deepend", false, false},
		{"#hash", false, true},
		{"!bang", false, true},
		{"trail ", false, true},
		{"space", false, true},
		{"bx", false, true},
		{"dx", false, false},
		{"only", false, false},
		{"only/sub/x", false, true},
		{".strata", true, true},
		{"x/.git/config", false, true},
		{"gitignore", false, false},
	} {
		t.Run(tc.path, func(t *testing.T) {
			if got := root.Path(tc.path, tc.isDir, load); got != tc.want {
				t.Errorf("Path(%q, dir %v) = %v, want %v", tc.path, tc.isDir, got, tc.want)
			}
		})
	}
}

func TestExtraCountsLess(t *testing.T) {
	root := ignore.Root([]byte("!a\n"), []byte("a\nb\n"))
	if root.Ignored("a", false) || !root.Ignored("b", false) {
		t.Error("the directory's own patterns must win over the extra ones")
	}
}

func TestAdversarialPatternIsQuick(t *testing.T) {
	root := ignore.Root([]byte(strings.Repeat("*a", 60) + "b*\n"))
	if root.Ignored(strings.Repeat("a", 4000), false) {
		t.Error("a name without b matched")
	}
}

// fixture is a tree of ignore files and the paths to ask about.
type fixture struct {
	files map[string]string // directory -> text
	paths []string
}

// TestAgainstGit asks git check-ignore (2.x) the same questions.
func TestAgainstGit(t *testing.T) {
	git := newGit(t)
	t.Run("fixed", func(t *testing.T) {
		fixed := []string{
			"a", "/a", "a/", "a/b", "/a/b/", "a/*", "a/**", "**/a", "a/**/b", "**", "*", "?", "a?", "[ab]", "[!a]", "[^a]", "[a-", "[]a]", "[]-a]",
			"[a-c-e]", "[[:alpha:]]", "[[:nope:]]", "[[:alpha]", "[[a]", "[\\]]", "[a\\-c]", "\\a", "a\\", "\\", "!", "/", "//", "a//", "//a", "a//b", "***", "a**", "**a", "a**/b",
			"a**b", "x/a**/b", "*/b", "*/*", "**/*/b", "a/***/b", "***/b", "a/**b", "[/]", "a[/]b", "a[^x]b", "a/[!x]/b", " a", "a ", "a\\ ", "a  \\ ", "!a\na", "a\n!a", "*\n!a/\n!b", "a/\n!a/b",
			"\xef\xbb\xbfa", "a\r", "#a", "\\#a", "\\!a", "a\\/b", "**\\/b", "a.*", "*.b", "*.[ab]", ".*", "[a-b-]", "[--a]", "[[:digit:]a-b]", "[b-a]", "[[:space:]]", "a*b*a", "**/", "*/", "**/**/a", "a/**/**/b",
		}
		paths := names(3)
		for _, text := range fixed {
			git.compare(t, fixture{files: map[string]string{"": text + "\n"}, paths: paths})
		}
	})
	t.Run("random", func(t *testing.T) {
		paths := names(3)
		rapid.Check(t, func(rt *rapid.T) {
			line := rapid.StringOfN(rapid.SampledFrom([]rune(`aab/**?[]!^-\ :#.`)), 1, 8, -1)
			file := rapid.Map(rapid.SliceOfN(line, 0, 4), func(l []string) string { return strings.Join(l, "\n") })
			f := fixture{files: map[string]string{}, paths: paths}
			for _, dir := range []string{"", "a", "a/b"} {
				if text := file.Draw(rt, "file in "+dir); text != "" {
					f.files[dir] = text
				}
			}
			git.compare(rt, f)
		})
	})
}

// names returns all paths of up to depth components from a small alphabet.
func names(depth int) []string {
	parts := []string{"a", "b", "ab", "a.b", "#a", "!a", "a ", " a", "-", "]", "aab"}
	var out []string
	level := []string{""}
	for range depth {
		var next []string
		for _, dir := range level {
			for _, p := range parts {
				next = append(next, strings.TrimPrefix(dir+"/"+p, "/"))
			}
		}
		out = append(out, next...)
		level = slices.DeleteFunc(slices.Clone(next), func(s string) bool { return len(s) > 7 || strings.ContainsAny(s, "#!]- ") })
	}
	return out
}

type git struct{ dir string }

func newGit(t *testing.T) git {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	g := git{t.TempDir()}
	cmd := exec.Command("git", "init", "-q")
	cmd.Dir = g.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("git init: %v: %s", err, out)
	}
	return g
}

type tester interface {
	Helper()
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

// compare asks git about every path both as a file and as a directory. git
// looks at the disk for the kind of the last component only when the path has
// no slash at its end, so nothing of it need exist.
func (g git) compare(t tester, f fixture) {
	t.Helper()
	for _, dir := range []string{"a/b", "a", ""} {
		name := filepath.Join(g.dir, dir, ".gitignore")
		text, ok := f.files[dir]
		os.Remove(name)
		if !ok {
			continue
		}
		os.MkdirAll(filepath.Dir(name), 0o777)
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatalf("%v", err)
		}
	}
	var in bytes.Buffer
	for _, p := range f.paths {
		// A directory is asked about through a file in it that nothing matches
		// but its directories.
		in.WriteString(p + "\x00")
	}
	cmd := exec.Command("git", "-c", "core.excludesFile=", "check-ignore", "--no-index", "--stdin", "-z", "-v", "-n")
	cmd.Dir, cmd.Stdin = g.dir, &in
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("git check-ignore: %v", err)
	}
	fields := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if len(fields) != 4*len(f.paths) {
		t.Fatalf("git answered %d fields for %d paths", len(fields), len(f.paths))
	}
	load := func(dir string) []byte { return []byte(f.files[dir]) }
	root := ignore.Root(load(""))
	for i, p := range f.paths {
		pattern := fields[4*i+2]
		want := pattern != "" && !strings.HasPrefix(pattern, "!")
		fi, err := os.Lstat(filepath.Join(g.dir, p))
		isDir := err == nil && fi.IsDir()
		if got := root.Path(p, isDir, load); got != want {
			t.Errorf("files %q: path %q (dir %v) ignored = %v, git says %v by %q", fmt.Sprint(f.files), p, isDir, got, want, pattern)
			return
		}
	}
}

func FuzzIgnore(f *testing.F) {
	f.Add("*.log\n!keep\n[a-z]/**/x\\", "a/b/x")
	f.Add("**/[[:alpha:]]*\n", "dir/é")
	f.Fuzz(func(t *testing.T, text, path string) {
		if len(text) > 1000 || len(path) > 1000 {
			return
		}
		root := ignore.Root([]byte(text))
		load := func(string) []byte { return nil }
		if root.Path(path, true, load) && !root.Path(path+"/below", false, load) {
			t.Errorf("patterns %q: %q is ignored and what is inside is not", text, path)
		}
	})
}

func BenchmarkIgnored(b *testing.B) {
	root := ignore.Root([]byte("*.tmp\n*.log\nbuild/\n/out\nnode_modules\ndata/**/raw_*.bin\n!keep.log\n"))
	dir := root.Child("data", nil).Child("images", nil)
	for b.Loop() {
		dir.Ignored("img_000123.png", false)
	}
}
