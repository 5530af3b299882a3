package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/fault"
	"github.com/strata-data/strata/internal/repo"
)

// crashCase is one command that is stopped at every failpoint that it meets.
type crashCase struct {
	name    string
	prepare func(dir string) // changes to the working files before it
	args    []string
	again   bool // the command may be repeated after it went through
}

func crashCases() []crashCase {
	edit := func(dir string) {
		replaceIn(filepath.Join(dir, "train.csv"), "000017,", "000017,x")
		replaceIn(filepath.Join(dir, "notes.txt"), "one", "three")
	}
	stage := func(dir string) {
		edit(dir)
		strataIn(dir, "", "add", "-A")
	}
	waste := func(dir string) {
		edit(dir)
		strataIn(dir, "", "commit", "-am", "wasted")
		strataIn(dir, "", "reset", "--hard", "HEAD~1")
		strataIn(dir, "", "reset") // so that ORIG_HEAD does not keep it
		strataIn(dir, "", "reflog", "expire", "--expire=now", "--all")
	}
	return []crashCase{
		{"add", edit, []string{"add", "-A"}, true},
		{"add of a new dataset", nil, []string{"add", "new.jsonl", "--key", "id", "--force"}, true},
		{"commit", stage, []string{"commit", "-m", "three"}, false},
		{"commit -a", edit, []string{"commit", "-am", "three"}, false},
		{"amend", stage, []string{"commit", "--amend", "-m", "other"}, true},
		{"switch", nil, []string{"switch", "topic"}, true},
		{"switch to a new branch", nil, []string{"switch", "-c", "fresh", "HEAD~1"}, false},
		{"restore", edit, []string{"restore", "."}, true},
		{"restore from a commit", nil, []string{"restore", "--source", "HEAD~1", "--staged", "--worktree", "."}, true},
		{"unstage", stage, []string{"restore", "--staged", "."}, true},
		{"rm", nil, []string{"rm", "train", "notes.txt"}, false},
		{"mv", nil, []string{"mv", "train", "moved"}, false},
		{"tag", nil, []string{"tag", "-a", "v9", "-m", "nine"}, false},
		{"branch", nil, []string{"branch", "fresh"}, false},
		{"reset --hard", stage, []string{"reset", "--hard", "HEAD~1"}, false},
		{"gc", waste, []string{"gc", "--prune=now"}, true},
		{"gc --aggressive", waste, []string{"gc", "--aggressive", "--prune=now"}, true},
	}
}

func replaceIn(path, old, new string) {
	b, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, bytes.Replace(b, []byte(old), []byte(new), 1), 0o666)
	}
	if err != nil {
		panic(err)
	}
}

// strataIn runs the program in a process of its own; point arms a failpoint.
func strataIn(dir, point string, args ...string) (string, error) {
	cmd := exec.Command("strata", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "STRATA_AUTHOR_NAME=Ana Ito", "STRATA_AUTHOR_EMAIL=ana@example.com",
		"STRATA_TEST_NOW=2026-01-02T03:04:05Z", "GORACE=atexit_sleep_ms=0", fault.EnvironmentVariable+"="+point)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// state is all of a repository that a command may change.
type state struct {
	Head, Branch string
	Refs         map[string]string
	Index        map[string]string
	Work         map[string]string
}

// TestCrashes stops commands at every failpoint: killed, by an error, by a full
// disk. What is left is the old state or the new one, every version is there
// with the same bytes, and repeating the command gives what an undisturbed run
// gives.
func TestCrashes(t *testing.T) {
	base := t.TempDir()
	versions := makeCrashRepo(t, base)
	var met sync.Map // points at which a command stopped
	t.Cleanup(func() {
		for _, point := range fault.Points() {
			if _, ok := met.Load(point); !ok && !testing.Short() && !t.Failed() {
				t.Errorf("no command meets %s", point)
			}
		}
	})
	for _, c := range crashCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			start := copyOf(t, base)
			if c.prepare != nil {
				c.prepare(start)
			}
			old := stateOf(t, start)
			calm := copyOf(t, start)
			if out, err := strataIn(calm, "", c.args...); err != nil {
				t.Fatalf("undisturbed: %v\n%s", err, out)
			}
			new := stateOf(t, calm)
			for i, point := range fault.Points() {
				for k, action := range []string{"kill", "error", "enospc"} {
					if testing.Short() && (i+k)%3 != 0 {
						continue
					}
					for n := 1; n <= 6; n++ {
						spec := fmt.Sprintf("%s=%s:%d", point, action, n)
						dir := copyOf(t, start)
						hit := crashOnce(t, dir, spec, c, old, new, versions, n == 1)
						os.RemoveAll(dir)
						if hit {
							met.Store(point, true)
						}
						if !hit || t.Failed() {
							break
						}
					}
				}
			}
		})
	}
}

// crashOnce runs a command that stops at spec and looks at what is left. It
// returns whether the command got there.
func crashOnce(t *testing.T, dir, spec string, c crashCase, old, new state, versions map[string]map[string]string, whole bool) bool {
	t.Helper()
	out, err := strataIn(dir, spec, c.args...)
	if err == nil {
		if diff := cmp.Diff(new, stateOf(t, dir)); diff != "" {
			t.Errorf("%s: not met, but the result differs (-calm +this):\n%s", spec, diff)
		}
		return false
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if killed := exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL; strings.Contains(spec, "=kill") && !killed {
		t.Errorf("%s: %v\n%s", spec, err, out)
	}
	if strings.Contains(spec, "=enospc") && (exit.ExitCode() != exitSystem || !strings.Contains(out, "error[disk-full]")) {
		t.Errorf("%s: exit code %d\n%s", spec, exit.ExitCode(), out)
	}
	got := stateOf(t, dir)
	eachOldOrNew(t, spec, got, old, new)
	for _, verb := range [][]string{{"status"}, {"log"}, {"doctor"}} {
		if code, _, errOut := inProcess(dir, verb...); code != 0 {
			t.Errorf("%s: then strata %s: exit code %d\n%s", spec, verb[0], code, errOut)
		}
	}
	if whole {
		restoresAll(t, dir, spec, versions)
	}
	done := got.Head == new.Head && cmp.Equal(got.Refs, new.Refs) && cmp.Equal(got.Index, new.Index) && cmp.Equal(got.Work, new.Work)
	if done && !c.again {
		return true
	}
	if code, _, errOut := inProcess(dir, c.args...); code != 0 {
		t.Errorf("%s: the same command again: exit code %d\n%s", spec, code, errOut)
		return true
	}
	if diff := cmp.Diff(new, stateOf(t, dir)); diff != "" {
		t.Errorf("%s: the same command again (-calm +this):\n%s", spec, diff)
	}
	if left := leftOver(t, dir); len(left) > 0 {
		t.Errorf("%s: left behind after the next write: %q", spec, left)
	}
	return true
}

// eachOldOrNew checks that every ref, index entry and working file is as before
// the command or as after it.
func eachOldOrNew(t *testing.T, spec string, got, old, new state) {
	t.Helper()
	if got.Head != old.Head && got.Head != new.Head {
		t.Errorf("%s: HEAD is %s, was %s, would be %s", spec, got.Head, old.Head, new.Head)
	}
	if got.Branch != old.Branch && got.Branch != new.Branch {
		t.Errorf("%s: on %s, was %s, would be %s", spec, got.Branch, old.Branch, new.Branch)
	}
	for what, maps3 := range map[string][3]map[string]string{
		"ref": {got.Refs, old.Refs, new.Refs}, "index entry": {got.Index, old.Index, new.Index}, "file": {got.Work, old.Work, new.Work},
	} {
		names := map[string]bool{}
		for _, m := range maps3 {
			for n := range m {
				names[n] = true
			}
		}
		for n := range names {
			if g := maps3[0][n]; g != maps3[1][n] && g != maps3[2][n] {
				t.Errorf("%s: %s %s is neither old nor new: %.80q", spec, what, n, g)
			}
		}
	}
	// The index changes as a whole.
	if !cmp.Equal(got.Index, old.Index) && !cmp.Equal(got.Index, new.Index) {
		t.Errorf("%s: the index is a mixture", spec)
	}
}

// restoresAll checks that every committed version comes back byte for byte.
func restoresAll(t *testing.T, dir, spec string, versions map[string]map[string]string) {
	t.Helper()
	dir = copyOf(t, dir)
	defer os.RemoveAll(dir)
	for rev, want := range versions {
		if code, _, errOut := inProcess(dir, "checkout", "-f", "--detach", rev); code != 0 {
			t.Errorf("%s: then checkout %s: exit code %d\n%s", spec, rev, code, errOut)
			continue
		}
		got := workOf(t, dir)
		for p, text := range want {
			if got[p] != text {
				t.Errorf("%s: %s of %s came back with other bytes", spec, p, rev)
			}
		}
	}
}

// leftOver lists temporary files.
func leftOver(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && (strings.Contains(e.Name(), "tmp") || strings.HasPrefix(e.Name(), ".strata-")) {
			out = append(out, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// makeCrashRepo makes a repository with two commits, a branch and a tag, and
// returns the working files of each.
func makeCrashRepo(t *testing.T, dir string) map[string]map[string]string {
	t.Helper()
	run := func(args ...string) {
		t.Helper()
		if out, err := strataIn(dir, "", args...); err != nil {
			t.Fatalf("strata %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	csv := func(seed uint64) string {
		var b strings.Builder
		b.WriteString("id,label,score\n")
		for i := range 300 {
			r := rowOf(seed, i)
			fmt.Fprintf(&b, "%06d,%s,%.2f\n", i, r.label, r.score)
		}
		return b.String()
	}
	versions := map[string]map[string]string{}
	run("init", "-q")
	write("train.csv", csv(1))
	write("notes.txt", "one\n")
	write("img/a.bin", strings.Repeat("\x00\x01", 500))
	write(".strataignore", "new.jsonl\n")
	run("add", "train.csv", "notes.txt", "img", ".strataignore", "--key", "id")
	run("commit", "-qm", "one")
	run("tag", "v1")
	versions["v1"] = workOf(t, dir)
	run("switch", "-qc", "topic")
	write("train.csv", csv(2))
	write("img/b.bin", "topic")
	run("add", "-A")
	run("commit", "-qm", "topic")
	versions["topic"] = workOf(t, dir)
	run("switch", "-q", "main")
	write("train.csv", strings.Replace(csv(1), "000003", "900003", 1))
	write("notes.txt", "one\ntwo\n")
	run("add", "-A")
	run("commit", "-qm", "two")
	versions["main~0"] = workOf(t, dir)
	write("new.jsonl", "{\"id\":1,\"a\":[1,2]}\n{\"id\":2,\"a\":[]}\n")
	for rev := range versions {
		delete(versions[rev], "new.jsonl")
	}
	// main moves in some cases, so the commit is named by its id.
	id, err := strataIn(dir, "", "rev-parse", "main")
	if err != nil {
		t.Fatal(err)
	}
	versions[strings.TrimSpace(id)] = versions["main~0"]
	delete(versions, "main~0")
	return versions
}

func copyOf(t *testing.T, from string) string {
	t.Helper()
	to, err := os.MkdirTemp(t.TempDir(), "c")
	if err == nil {
		err = os.CopyFS(to, os.DirFS(from))
	}
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// workOf reads the working files.
func workOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && e.Name() == ".strata":
			return fs.SkipDir
		case e.IsDir() || strings.HasPrefix(e.Name(), ".strata-"):
			return nil
		}
		b, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		out[rel] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// stateOf reads what is in a repository without the program.
func stateOf(t *testing.T, dir string) state {
	t.Helper()
	ctx := context.Background()
	r, err := repo.Open(ctx, dir, repo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	head, err := r.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ix, err := r.Index(ctx)
	if err != nil {
		t.Fatal(err)
	}
	refs, err := r.Refs(ctx, "refs/")
	if err != nil {
		t.Fatal(err)
	}
	s := state{Head: head.ID.String(), Branch: head.Branch, Refs: map[string]string{}, Index: map[string]string{}, Work: workOf(t, dir)}
	for _, ref := range refs {
		s.Refs[ref.Name] = ref.Target.String()
	}
	for name, id := range ix.Datasets {
		s.Index[name] = id.String()
	}
	return s
}
