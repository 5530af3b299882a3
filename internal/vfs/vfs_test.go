package vfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/vfs"
)

const childVariable = "STRATA_VFS_TEST_CHILD"

// TestMain also is the process that TestLockOfDeadHolder kills.
func TestMain(m *testing.M) {
	if path := os.Getenv(childVariable); path != "" {
		if _, err := vfs.Lock(path, holder()); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("locked")
		io.Copy(io.Discard, os.Stdin) // until killed
	}
	os.Exit(m.Run())
}

func holder() vfs.Holder {
	return vfs.Holder{PID: os.Getpid(), Host: "host", Command: "strata add", Since: time.Unix(1e9, 0).UTC()}
}

// each runs f on both implementations; dir exists and is empty.
func each(t *testing.T, f func(t *testing.T, fsys vfs.FS, dir string)) {
	t.Run("OS", func(t *testing.T) { f(t, vfs.OS{}, t.TempDir()) })
	t.Run("Mem", func(t *testing.T) {
		m := vfs.NewMem()
		if err := m.MkdirAll("/a/b"); err != nil {
			t.Fatal(err)
		}
		f(t, m, "/a/b")
	})
}

func names(t *testing.T, fsys vfs.FS, dir string) []string {
	t.Helper()
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestFS(t *testing.T) {
	each(t, func(t *testing.T, fsys vfs.FS, dir string) {
		f, err := fsys.CreateTemp(dir, "tmp-", 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(f.Name(), filepath.Join(dir, "tmp-")) {
			t.Errorf("temporary name %s", f.Name())
		}
		g, err := fsys.CreateTemp(dir, "tmp-", 0o600)
		if err != nil || g.Name() == f.Name() {
			t.Fatalf("second temporary file %v: %v", g, err)
		}
		g.Close()
		if _, err := f.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte("J"), 0); err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte("!"), 7); err != nil {
			t.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
		if fi, err := f.Stat(); err != nil || fi.Size() != 8 {
			t.Errorf("stat: %v", err)
		}
		to := filepath.Join(dir, "x")
		if err := fsys.Rename(f.Name(), to); err != nil {
			t.Fatal(err)
		}
		if err := fsys.Remove(g.Name()); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 3)
		if _, err := f.ReadAt(b, 1); err != nil || string(b) != "ell" {
			t.Errorf("read of a renamed file: %q, %v", b, err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := f.ReadAt(b, 1); err == nil {
			t.Error("read of a closed file succeeded")
		}
		got, err := fsys.ReadFile(to)
		if err != nil || string(got) != "Jello\x00\x00!" {
			t.Errorf("read %q, %v", got, err)
		}
		if diff := cmp.Diff([]string{"x"}, names(t, fsys, dir)); diff != "" {
			t.Error(diff)
		}
		if fi, err := fsys.Stat(to); err != nil || fi.Size() != 8 || fi.Name() != "x" || fi.Mode().Perm() != 0o600 {
			t.Errorf("stat: %v, %v", fi, err)
		}
		if fi, err := fsys.Stat(dir); err != nil || !fi.IsDir() {
			t.Errorf("stat of a directory: %v, %v", fi, err)
		}
		if err := fsys.SyncDir(dir); err != nil {
			t.Error(err)
		}
	})
}

func TestFSErrors(t *testing.T) {
	each(t, func(t *testing.T, fsys vfs.FS, dir string) {
		none := filepath.Join(dir, "none")
		for name, err := range map[string]error{
			"open":     second(fsys.Open(none)),
			"read":     second(fsys.ReadFile(none)),
			"readdir":  second(fsys.ReadDir(none)),
			"stat":     second(fsys.Stat(none)),
			"rename":   fsys.Rename(none, filepath.Join(dir, "y")),
			"remove":   fsys.Remove(none),
			"sync":     fsys.SyncDir(none),
			"create":   second(fsys.CreateTemp(none, "tmp-", 0o600)),
			"temp dir": vfs.WriteFileAtomic(fsys, filepath.Join(none, "y"), nil, 0o600),
		} {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s of nothing: %v", name, err)
			}
		}
		if err := fsys.MkdirAll(filepath.Join(dir, "d/e/f")); err != nil {
			t.Fatal(err)
		}
		if err := fsys.Remove(filepath.Join(dir, "d")); err == nil {
			t.Error("a directory with entries was removed")
		}
		if err := vfs.WriteFileAtomic(fsys, filepath.Join(dir, "g"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := fsys.MkdirAll(filepath.Join(dir, "g/h")); err == nil {
			t.Error("a directory was made below a file")
		}
		f, err := fsys.Open(filepath.Join(dir, "g"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.Write([]byte("y")); err == nil {
			t.Error("a file that is open for reading was written")
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestMap(t *testing.T) {
	each(t, func(t *testing.T, fsys vfs.FS, dir string) {
		name := filepath.Join(dir, "m")
		want := bytes.Repeat([]byte("0123456789"), 1000)
		if err := vfs.WriteFileAtomic(fsys, name, want, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := fsys.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		b, unmap, err := vfs.Map(f)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		if err := fsys.Remove(name); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, want) {
			t.Error("the mapping has other bytes")
		}
		if err := unmap(); err != nil {
			t.Error(err)
		}
	})
}

// TestAtomic fails every operation of a replacement in turn: the file has its
// old bytes or its new ones, an error means old unless only the last sync was
// missing, and no temporary file is left unless it could not be removed.
func TestAtomic(t *testing.T) {
	for _, from := range []bool{false, true} {
		for n := 1; ; n++ {
			mem := vfs.NewMem()
			if err := vfs.WriteFileAtomic(mem, "f", []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			faulty := vfs.NewFaulty(mem, vfs.Rule{Ops: vfs.OpAll, N: n, From: from, Err: syscall.ENOSPC, Short: true})
			err := vfs.WriteFileAtomic(faulty, "f", []byte("new bytes"), 0o600)
			got, rerr := mem.ReadFile("f")
			if rerr != nil {
				t.Fatal(rerr)
			}
			if faulty.Count() < n {
				if err != nil || string(got) != "new bytes" || n < 5 {
					t.Errorf("without a fault (n = %d): %q, %v", n, got, err)
				}
				break
			}
			if !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("fault %d: %v", n, err)
			}
			if s := string(got); s != "old" && s != "new bytes" {
				t.Errorf("fault %d: %q", n, s)
			}
			if left := names(t, mem, "."); !from && len(left) != 1 {
				t.Errorf("fault %d: left %v", n, left)
			}
		}
	}
}

func TestFaultyRead(t *testing.T) {
	mem := vfs.NewMem()
	if err := vfs.WriteFileAtomic(mem, "f", []byte("bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	faulty := vfs.NewFaulty(mem, vfs.Rule{Ops: vfs.OpRead, N: 2, Err: syscall.EIO})
	for i, want := range []error{nil, syscall.EIO, nil} {
		if _, err := faulty.ReadFile("f"); !errors.Is(err, want) {
			t.Errorf("read %d: %v, want %v", i+1, err, want)
		}
	}
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := vfs.Lock(path, holder())
	if err != nil {
		t.Fatal(err)
	}
	_, err = vfs.Lock(path, vfs.Holder{PID: 1})
	locked, ok := errors.AsType[*vfs.LockedError](err)
	if !ok {
		t.Fatalf("second lock: %v", err)
	}
	if diff := cmp.Diff(holder(), locked.Holder); diff != "" {
		t.Error(diff)
	}
	want := fmt.Sprintf("%s is locked by process %d on host (strata add) since 2001-09-09T01:46:40Z", path, os.Getpid())
	if err.Error() != want {
		t.Errorf("message %q, want %q", err, want)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if unlock, err = vfs.Lock(path, holder()); err != nil {
		t.Fatalf("lock after unlock: %v", err)
	}
	unlock()
	if b, _ := os.ReadFile(path); len(b) != 0 {
		t.Errorf("a free lock names %q", b)
	}
}

// TestLockOfDeadHolder kills a process that holds the lock and takes it over.
func TestLockOfDeadHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childVariable+"="+path)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 7)
	if _, err := io.ReadFull(out, line); err != nil || string(line) != "locked\n" {
		t.Fatalf("child said %q, %v", line, err)
	}
	_, err = vfs.Lock(path, holder())
	locked, ok := errors.AsType[*vfs.LockedError](err)
	if !ok || locked.Holder.PID != cmd.Process.Pid {
		t.Errorf("while the holder lives: %v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	unlock, err := vfs.Lock(path, holder())
	if err != nil {
		t.Fatalf("after the holder died: %v", err)
	}
	unlock()
}
