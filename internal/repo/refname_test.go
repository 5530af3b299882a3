package repo_test

import (
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/repo"
)

func TestCheckRefName(t *testing.T) {
	for name, good := range map[string]bool{
		"refs/heads/main": true, "refs/heads/a/b": true, "refs/heads/é": true, "refs/heads/@": true, "a/b": true,
		"": false, "main": false, "/a": false, "a/": false, "a//b": false, "a/.b": false, "a/b.lock": false, "a.lock/b": false,
		"a/b..c": false, "a/b c": false, "a/b~": false, "a/b^": false, "a/b:": false, "a/b?": false, "a/b*": false, "a/b[": false,
		"a/b\\": false, "a/b@{c": false, "a/b.": false, "a/\x7f": false, "a/\t": false, "a/\xff": false,
		"a/" + strings.Repeat("b", 1023): false,
	} {
		if err := repo.CheckRefName(name); (err == nil) != good {
			t.Errorf("CheckRefName(%.30q) = %v, want good = %v", name, err, good)
		}
	}
	for name, good := range map[string]bool{"main": true, "a/b": true, "-a": false, "HEAD": false, "": false, "@": true, "a b": false} {
		if err := repo.CheckBranchName(name); (err == nil) != good {
			t.Errorf("CheckBranchName(%q) = %v, want good = %v", name, err, good)
		}
	}
}

func TestRefNamesAgainstGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringOfN(rapid.SampledFrom([]rune("ab/.@{}lock~^: ?*[\\-é\x7f")), 1, 10, -1).Draw(t, "name")
		if strings.HasPrefix(name, "-") {
			name = "a" + name // git would take it for a flag
		}
		want := exec.Command("git", "check-ref-format", name).Run() == nil
		if err := repo.CheckRefName(name); (err == nil) != want {
			t.Fatalf("CheckRefName(%q) = %v, git says good = %v", name, err, want)
		}
	})
}

func FuzzRefName(f *testing.F) {
	f.Add("refs/heads/main")
	f.Add("a/b.lock")
	f.Fuzz(func(t *testing.T, name string) {
		if repo.CheckRefName("refs/heads/"+name) != nil {
			return
		}
		// A good branch name is a revision of that name and nothing else.
		if repo.CheckBranchName(name) == nil && name != "@" {
			rev, err := repo.ParseRevision(name)
			if err != nil || rev.Base != name || len(rev.Steps) != 0 || rev.Select != repo.SelectNone {
				t.Errorf("branch %q parses as %+v, %v", name, rev, err)
			}
		}
	})
}
