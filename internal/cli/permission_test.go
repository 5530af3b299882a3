package cli

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// nobody is the user as whom the program runs where the tests run as root,
// whom permissions do not hold back.
const nobody = 65534

// asNobody returns a directory that belongs to nobody and what runs the program
// in it as nobody.
func asNobody(t *testing.T) (dir string, run func(args ...string) (code int, out string)) {
	t.Helper()
	dir = t.TempDir()
	bin := filepath.Join(t.TempDir(), "strata")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(exe)
	if err == nil {
		err = os.WriteFile(bin, b, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	credential := (*syscall.Credential)(nil)
	if os.Geteuid() == 0 {
		credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
			if err := os.Chmod(d, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { // so that it can be removed
		_ = filepath.WalkDir(dir, func(p string, e fs.DirEntry, _ error) error { return os.Chmod(p, 0o755) })
	})
	return dir, func(args ...string) (int, string) {
		t.Helper()
		cmd := exec.Command(bin, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "STRATA_AUTHOR_NAME=Ana Ito", "STRATA_AUTHOR_EMAIL=ana@example.com",
			"STRATA_TEST_NOW=2026-01-02T03:04:05Z", "GORACE=atexit_sleep_ms=0", "GOCOVERDIR="+dir)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Skipf("cannot run as another user: %v", err)
		}
		return cmd.ProcessState.ExitCode(), string(out)
	}
}

// own writes a file that belongs to nobody.
func own(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	err := os.WriteFile(path, []byte(text), 0o644)
	if err == nil && os.Geteuid() == 0 {
		err = os.Chown(path, nobody, nobody)
	}
	if err == nil {
		err = os.Chmod(path, mode)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestPermissions(t *testing.T) {
	dir, run := asNobody(t)
	must := func(args ...string) string {
		t.Helper()
		code, out := run(args...)
		if code != 0 {
			t.Fatalf("strata %s: exit code %d\n%s", strings.Join(args, " "), code, out)
		}
		return out
	}
	refused := func(name string, args ...string) {
		t.Helper()
		code, out := run(args...)
		if code != exitForbidden || !strings.Contains(out, "error[not-allowed]: ") || !strings.Contains(out, name) {
			t.Errorf("strata %s: exit code %d, want %d and a message that names %s\n%s", strings.Join(args, " "), code, exitForbidden, name, out)
		}
	}
	chmod := func(name string, mode fs.FileMode) {
		t.Helper()
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	must("init", "-q")
	own(t, filepath.Join(dir, "train.csv"), "id,v\n1,a\n", 0o644)
	must("add", "train.csv", "--key", "id")
	must("commit", "-qm", "one")
	own(t, filepath.Join(dir, "train.csv"), "id,v\n1,b\n", 0o644)
	must("commit", "-qam", "two")
	before := must("status", "--porcelain", "-u", "no")

	// Files and directories that cannot be read.
	own(t, filepath.Join(dir, "secret.csv"), "id,v\n1,a\n", 0o000)
	refused("secret.csv", "add", "secret.csv")
	if err := os.Mkdir(filepath.Join(dir, "dark"), 0o755); err != nil {
		t.Fatal(err)
	}
	own(t, filepath.Join(dir, "dark", "in.csv"), "id,v\n1,a\n", 0o644)
	if os.Geteuid() == 0 {
		if err := os.Chown(filepath.Join(dir, "dark"), nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	chmod("dark", 0o000)
	refused("dark", "add", "dark")
	refused("dark", "add", "train.csv", "dark/in.csv")
	refused("", "add", "-A")
	chmod("dark", 0o755)
	if err := errors.Join(os.Remove(filepath.Join(dir, "secret.csv")), os.RemoveAll(filepath.Join(dir, "dark"))); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, must("status", "--porcelain", "-u", "no")); diff != "" {
		t.Errorf("status (-before +after):\n%s", diff)
	}

	// A working directory in which nothing can be written.
	chmod(".", 0o555)
	refused("", "restore", "--source", "HEAD~1", "train.csv")
	refused("", "switch", "--detach", "HEAD~1")
	chmod(".", 0o755)
	if diff := cmp.Diff(before, must("status", "--porcelain", "-u", "no")); diff != "" {
		t.Errorf("status (-before +after):\n%s", diff)
	}

	// A repository in which nothing can be written: it can be read.
	each := func(mode func(e fs.DirEntry) fs.FileMode) {
		t.Helper()
		err := filepath.WalkDir(filepath.Join(dir, ".strata"), func(p string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Chmod(p, mode(e))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	each(func(e fs.DirEntry) fs.FileMode {
		if e.IsDir() {
			return 0o555
		}
		return 0o444
	})
	own(t, filepath.Join(dir, "train.csv"), "id,v\n1,c\n", 0o644)
	refused(".strata", "add", "train.csv")
	refused(".strata", "commit", "--allow-empty", "-m", "three")
	refused(".strata", "tag", "v1")
	refused(".strata", "restore", "train.csv")
	for verb, want := range map[string]string{"log": "two", "status": "train", "diff": "b→c", "ls-tree": "train", "show": "two", "describe train": "train", "doctor": ""} {
		if code, out := run(strings.Fields(verb)...); code != 0 || !strings.Contains(out, want) {
			t.Errorf("strata %s of a repository that is read-only: exit code %d, want %q in\n%s", verb, code, want, out)
		}
	}
	each(func(e fs.DirEntry) fs.FileMode {
		if e.IsDir() {
			return 0o755
		}
		return 0o644
	})
	must("add", "train.csv")
	must("commit", "-qm", "three")
}
