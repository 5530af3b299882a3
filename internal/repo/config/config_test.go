package config_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/repo/config"
)

// load returns the settings in files of the scopes given.
func load(t testing.TB, texts map[config.Scope]string) (*config.Config, error) {
	t.Helper()
	dir := t.TempDir()
	sources := []config.Source{{Scope: config.User, Path: filepath.Join(dir, "absent")}, {Scope: config.System}}
	for scope, text := range texts {
		p := filepath.Join(dir, scope.String())
		if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		sources = append(sources, config.Source{Scope: scope, Path: p})
	}
	return config.Load(sources)
}

func TestPrecedence(t *testing.T) {
	c, err := load(t, map[config.Scope]string{
		config.System:  "a.x = 1\na.y = 1\na.z = 1\na.w = 1",
		config.User:    "[a]\nx = 2\ny = 2\nz = 2",
		config.Project: "[a]\nx = 3\ny = 3",
		config.Local:   "[a]\nx = 4\n[a.'b.c']\nd = true",
	})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"a.x": "4", "a.y": "3", "a.z": "2", "a.w": "1", `a."b.c".d`: "true", "a.none": "def"} {
		if got := c.String(key, "def"); got != want {
			t.Errorf("%s = %s, want %s", key, got, want)
		}
	}
	if s, ok := c.Get("a.y"); !ok || s.Scope != config.Project || filepath.Base(s.Path) != "project" {
		t.Errorf("origin of a.y = %+v", s)
	}
	if got := c.Override("a.x", "9").String("a.x", ""); got != "9" || c.String("a.x", "") != "4" {
		t.Errorf("override gives %s", got)
	}
	var keys []string
	for _, s := range c.All() {
		keys = append(keys, s.Scope.String()+":"+s.Key)
	}
	want := "system:a.w system:a.x system:a.y system:a.z user:a.x user:a.y user:a.z project:a.x project:a.y local:a.\"b.c\".d local:a.x"
	if got := strings.Join(keys, " "); got != want {
		t.Errorf("All = %s, want %s", got, want)
	}
}

func TestTypes(t *testing.T) {
	c, err := load(t, map[config.Scope]string{config.Local: `
a.yes = "on"
a.no = false
a.n = 12
a.f = 1.0
a.s = "twelve"
a.l = ["x", 2]
a.t = 2026-01-02T03:04:05Z
[[check]]
rule = "x"
`})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"a.yes": "on", "a.no": "false", "a.n": "12", "a.f": "1.0", "a.l": "x,2", "a.t": "2026-01-02T03:04:05Z"} {
		if got := c.String(key, ""); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
	if b, err := c.Bool("a.yes", false); !b || err != nil {
		t.Errorf("a.yes = %v, %v", b, err)
	}
	if n, err := c.Int("a.n", 0); n != 12 || err != nil {
		t.Errorf("a.n = %v, %v", n, err)
	}
	if _, err := c.Int("a.s", 0); err == nil {
		t.Error("a text was taken for a number")
	}
	if _, err := c.Bool("a.s", false); err == nil {
		t.Error("a text was taken for true or false")
	}
	if n := len(c.All()); n != 7 {
		t.Errorf("%d settings, want 7: a list of tables is none", n)
	}
}

func TestSyntaxError(t *testing.T) {
	_, err := load(t, map[config.Scope]string{config.User: "a.b = 1\nx ="})
	se, ok := errors.AsType[*config.SyntaxError](err)
	if !ok || se.Line != 2 || filepath.Base(se.Path) != "user" {
		t.Errorf("err = %v", err)
	}
}

func TestTrackedFilesNameNoPrograms(t *testing.T) {
	for key, tc := range map[string]struct {
		value any
		names bool
	}{
		"core.pager":             {"less", true},
		"pager.log":              {"less", true},
		"core.editor":            {"vi", true},
		"core.hooksPath":         {"x", true},
		"core.hooks-path":        {"x", true},
		"credential.helper":      {"x", true},
		"remote.o.token-command": {"x", true},
		"diff.x.textconv":        {"x", true},
		"alias.co":               {"checkout", false},
		"alias.x":                {" !rm -rf", true},
		"Alias.x":                {"!rm", true},
		"user.name":              {"!x", false},
		"diff.limit":             {int64(3), false},
		"name":                   {"x", false},
		"bad key.x":              {"x", true},
	} {
		if got := config.NamesProgram(key, tc.value); got != tc.names {
			t.Errorf("NamesProgram(%s, %v) = %v", key, tc.value, got)
		}
		if err := config.CheckScope(config.Project, key, tc.value); (err != nil) != tc.names {
			t.Errorf("CheckScope(project, %s) = %v", key, err)
		}
	}
	if config.CheckScope(config.Local, "alias.x", "!rm") == nil || config.CheckScope(config.User, "alias.x", "!rm") != nil {
		t.Error("shell aliases are for the user's own files")
	}
	if config.CheckScope(config.Local, "core.pager", "less") != nil {
		t.Error("a repository's own file may name a pager")
	}
}

func TestKeys(t *testing.T) {
	for in, want := range map[string][]string{
		"user.name": {"user", "name"}, `branch."a.b".remote`: {"branch", "a.b", "remote"}, "branch.a/b.remote": {"branch", "a/b", "remote"},
		`a."\"\\"`: {"a", `"\`}, `a.""`: {"a", ""},
		"": nil, "user": nil, "a.": nil, ".a": nil, "a..b": nil, "a b.c": nil, `a."b`: nil, `a."b"c`: nil, `a."\n"`: nil, "a.b=c": nil, "a.\xff": nil,
	} {
		got, err := config.SplitKey(in)
		if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (want != nil) {
			t.Errorf("SplitKey(%q): %v %s", in, err, diff)
		}
		if err == nil && config.JoinKey(got) != in {
			t.Errorf("JoinKey(%q) = %q, want %q", got, config.JoinKey(got), in)
		}
	}
}

func TestParseValue(t *testing.T) {
	for in, want := range map[string]any{
		"true": true, "false": false, "True": "True", "12": int64(12), "-3": int64(-3), "007": "007", "+1": "+1", "1.5": 1.5, "1e3": "1e3",
		"1.50": "1.50", "nan": "nan", "inf": "inf", "": "", "main": "main", "99999999999999999999": "99999999999999999999",
	} {
		got := config.ParseValue(in)
		if got != want {
			t.Errorf("ParseValue(%q) = %#v, want %#v", in, got, want)
		}
		if config.Text(got) != in {
			t.Errorf("Text(ParseValue(%q)) = %q", in, config.Text(got))
		}
	}
}

func TestSet(t *testing.T) {
	for _, tc := range []struct {
		name, text, key string
		value           any
		want            string
	}{
		{"empty", "", "user.name", "Ana", "[user]\nname = \"Ana\"\n"},
		{"replace", "# me\n[user]\nname  =  'Bo'  # old\nemail = 'b@x'\n", "user.name", "Ana \"A\"", "# me\n[user]\nname  =  \"Ana \\\"A\\\"\"  # old\nemail = 'b@x'\n"},
		{"behind the last line", "[user]\nname = 'a'\n\n# next\n[core]\nx = 1\n", "user.email", "e", "[user]\nname = 'a'\nemail = \"e\"\n\n# next\n[core]\nx = 1\n"},
		{"empty table", "[user]\n[core]\n", "user.name", "a", "[user]\nname = \"a\"\n[core]\n"},
		{"no line end", "[user]\nname = 'a'", "user.email", true, "[user]\nname = 'a'\nemail = true\n"},
		{"new table", "[core]\nx = 1", "user.n", int64(2), "[core]\nx = 1\n\n[user]\nn = 2\n"},
		{"dotted", "alias.co = 'checkout'\n", "alias.st", "status", "alias.co = 'checkout'\nalias.st = \"status\"\n"},
		{"dotted replace", "alias.co = 'checkout'\n", "alias.co", "x", "alias.co = \"x\"\n"},
		{"dotted in a table", "[a]\nb.c = 1\n", "a.b.d", 2, "[a]\nb.c = 1\nb.d = 2\n"},
		{"quoted key", "[branch.\"a.b\"]\nremote = 'x'\n", `branch."a.b".remote`, "y", "[branch.\"a.b\"]\nremote = \"y\"\n"},
		{"quoted table", "", `branch.a/b.remote`, "y", "[branch.\"a/b\"]\nremote = \"y\"\n"},
		{"multi-line value", "[a]\nx = [\n 1, # one ]\n 2,\n]\ny = 1\n", "a.x", []string{"p"}, "[a]\nx = [\"p\"]\ny = 1\n"},
		{"multi-line text", "[a]\nx = '''\n[a]\ny = 5\n'''\ny = 1\n", "a.y", 2, "[a]\nx = '''\n[a]\ny = 5\n'''\ny = 2\n"},
		{"list of tables is left alone", "[[check]]\nid = 'x'\n", "check2.id", "y", "[[check]]\nid = 'x'\n\n[check2]\nid = \"y\"\n"},
		{"windows line ends", "[a]\r\nx = 1\r\n", "a.y", 2, "[a]\r\nx = 1\r\ny = 2\r\n"},
		{"float", "[a]\nx = 1", "a.x", 2.0, "[a]\nx = 2.0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := config.Set([]byte(tc.text), tc.key, tc.value)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
	for name, tc := range map[string][2]string{
		"inline table":   {"user = {name = 'a'}\n", "user.name"},
		"a table":        {"[a.b]\nc = 1\n", "a.b"},
		"below a value":  {"a = 1\n", "a.b"},
		"list of tables": {"[[check]]\nid = 'x'\n", "check.id"},
		"bad key":        {"", "user"},
		"bad text":       {"x =", "a.b"},
	} {
		if got, err := config.Set([]byte(tc[0]), tc[1], "v"); err == nil {
			t.Errorf("%s: Set gives %q", name, got)
		}
	}
}

func TestUnset(t *testing.T) {
	for _, tc := range []struct {
		text, key, want string
		there           bool
	}{
		{"[a]\nx = 1 # c\ny = 2\n", "a.x", "[a]\ny = 2\n", true},
		{"[a]\nx = [\n1]\n# c\ny = 2", "a.x", "[a]\n# c\ny = 2", true},
		{"[a]\nx = 1\n", "a.y", "[a]\nx = 1\n", false},
		{"a.x = 1\na.y = 2\n", "a.y", "a.x = 1\n", true},
		{"[a.b]\nx = 1\n", "a.b", "[a.b]\nx = 1\n", false},
	} {
		got, there, err := config.Unset([]byte(tc.text), tc.key)
		if err != nil || there != tc.there || string(got) != tc.want {
			t.Errorf("Unset(%q, %s) = %q, %v, %v", tc.text, tc.key, got, there, err)
		}
	}
	if _, _, err := config.Unset([]byte("a = {x = 1}"), "a.x"); err == nil {
		t.Error("Unset inside an inline table worked")
	}
}

// TestEditsAgainstMap makes random edits of one file and expects to read what
// was set last.
func TestEditsAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte("# head\n\n[user]   # who\nname = \"x\" # n\n\n[b.c]\n# inner\nd = [1,\n 2]\n\n[[check]]\nid = 1\n[check.sub]\nname = 2\n")
		model := map[string]string{}
		for range rapid.IntRange(1, 8).Draw(t, "edits") {
			key := rapid.SampledFrom([]string{"user.name", "user.email", "b.c.d", "b.c.e", "b.x", "n.m", `n."o.p".q`, "alias.co"}).Draw(t, "key")
			if rapid.Bool().Draw(t, "unset") {
				out, _, err := config.Unset(text, key)
				if err != nil {
					t.Fatalf("unset %s in %q: %v", key, text, err)
				}
				text, model[key] = out, ""
				continue
			}
			value := rapid.String().Draw(t, "value")
			out, err := config.Set(text, key, value)
			if err != nil {
				t.Fatalf("set %s in %q: %v", key, text, err)
			}
			text, model[key] = out, value
		}
		for _, kept := range []string{"# head\n", "   # who\n", "# inner\n", "[[check]]\nid = 1\n[check.sub]\nname = 2\n"} {
			if !strings.Contains(string(text), kept) {
				t.Fatalf("%q was lost: %q", kept, text)
			}
		}
		dir, err := os.MkdirTemp("", "config")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		p := filepath.Join(dir, "c.toml")
		if err := os.WriteFile(p, text, 0o666); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load([]config.Source{{Scope: config.User, Path: p}})
		if err != nil {
			t.Fatal(err)
		}
		for key, want := range model {
			if got := c.String(key, ""); got != want {
				t.Fatalf("%s = %q, want %q in %q", key, got, want, text)
			}
		}
	})
}

func FuzzSet(f *testing.F) {
	f.Add("[user]\nname = 'a' # c\n", "user.name", "b")
	f.Add("a.b = [1, # ]\n2]\n[[l]]\nx = \"\"\"y\n[z]\"\"\"\n", "a.c", "\n\"")
	f.Add("\"q.r\".s = { t = '}' }\r\n", `"q.r".u`, "")
	f.Fuzz(func(t *testing.T, text, key, value string) {
		out, err := config.Set([]byte(text), key, value)
		if err != nil {
			return
		}
		again, there, err := config.Unset(out, key)
		if err != nil || !there {
			t.Errorf("Set(%q, %q) = %q, which Unset refuses: %v, %v", text, key, out, there, err)
		}
		if _, there, err := config.Unset(again, key); there || err != nil {
			t.Errorf("%q is still there after Unset: %q, %v", key, again, err)
		}
	})
}

func TestGitUser(t *testing.T) {
	home := t.TempDir()
	write := func(name, text string) string {
		p := filepath.Join(home, name)
		if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return p
	}
	write("inc", "[user]\nemail = from@include\n")
	a := write("a", "[user]\nname = First\nemail = first@x\n")
	b := write("b", "[include]\n path = ~/inc\n[USER]\n\tNAME = \"Ana  #1\"  ; c\n")
	loop := write("loop", "[include]\npath = loop\n[user]\nname = L\n")
	for _, tc := range []struct {
		files       []string
		name, email string
	}{
		{nil, "", ""},
		{[]string{filepath.Join(home, "absent")}, "", ""},
		{[]string{a}, "First", "first@x"},
		{[]string{a, b}, "Ana  #1", "from@include"},
		{[]string{loop}, "L", ""},
	} {
		name, email := config.GitUser(home, tc.files...)
		if name != tc.name || email != tc.email {
			t.Errorf("GitUser(%v) = %q, %q", tc.files, name, email)
		}
	}
}

// TestGitUserAgainstGit compares with what git config prints.
func TestGitUserAgainstGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	for i, text := range []string{
		"[user]\nname = Ana Lee\n", "[user] name = same line\n", "[user]\nname = a\\\n  b\n", "[user]\nname = \"a;b\" c ; d\n", "[user]\nname = a\\tb\\\"\n",
		"[user \"x\"]\nname = no\n", "[user]\n; c\n# d\nname=x\n[core]\nname = no\n", "[user]\r\nname = crlf\r\n", "\xef\xbb\xbf[user]\nname = bom\n",
		"[user]\nname = trailing   \n", "[user]\nname =   \"  kept  \"  \n", "[a \"x]y\"]\nb = 1\n[user]\nname = after\n", "[user]\nname = one\nname = two\n", "[user]\nname = \"a\" \"b\"\n",
		"[User]\nNaMe = Case\n", "[user]\nname\n", "[user]\nname = a#b\n",
	} {
		p := filepath.Join(t.TempDir(), "c")
		if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("git", "config", "-f", p, "-z", "--get", "user.name").Output()
		want := strings.TrimSuffix(string(out), "\x00")
		if err != nil {
			want = ""
		}
		if got, _ := config.GitUser("", p); got != want {
			t.Errorf("case %d, %q: %q, git says %q", i, text, got, want)
		}
	}
}

func FuzzGitConfig(f *testing.F) {
	f.Add("[user]\nname = \"a\" ; b\n[a \"b]\"]\nc\n")
	f.Fuzz(func(t *testing.T, text string) {
		p := filepath.Join(t.TempDir(), "c")
		if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		config.GitUser("", p)
	})
}

func TestSize(t *testing.T) {
	for _, tc := range []struct {
		value string
		want  int64 // negative: refused
	}{
		{"0", 0}, {"123", 123}, {"'7B'", 7}, {"'2K'", 2048}, {"'512MiB'", 512 << 20}, {"'1 GiB'", 1 << 30}, {"'3MB'", 3_000_000},
		{"'1t'", 1 << 40}, {"-1", -1}, {"''", -1}, {"'MB'", -1}, {"'1X'", -1}, {"'1MX'", -1}, {"'9999999999G'", -1}, {"1.5", -1}, {"true", -1},
	} {
		path := filepath.Join(t.TempDir(), "c.toml")
		if err := os.WriteFile(path, []byte("core.cache-size = "+tc.value+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load([]config.Source{{Scope: config.Local, Path: path}})
		if err != nil {
			t.Fatal(err)
		}
		n, err := c.Size("core.cache-size", 42)
		if bad := (*config.ValueError)(nil); errors.As(err, &bad) != (tc.want < 0) || err == nil && n != tc.want {
			t.Errorf("%s: %d, %v", tc.value, n, err)
		}
	}
}
