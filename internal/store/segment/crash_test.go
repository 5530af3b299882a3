package segment_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/strata-data/strata/internal/fault"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/meta"
	"github.com/strata-data/strata/internal/store/segment"
	"github.com/strata-data/strata/internal/vfs"
)

// The test binary runs itself as another process when this is set; see child.
const childVariable = "STRATA_SEGMENT_TEST_CHILD"

func TestMain(m *testing.M) {
	if job := os.Getenv(childVariable); job != "" {
		if err := child(job); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child does the job "publish|DIR|FIRST|N": it arms the failpoints of the
// environment and publishes objects FIRST to FIRST+N-1, one publication each.
func child(job string) error {
	f := strings.Split(job, "|")
	if f[0] == "sweep" {
		if err := fault.Arm(os.Getenv(fault.EnvironmentVariable)); err != nil {
			return err
		}
		return sweepChild(f[1], f[2] == "true")
	}
	dir, first, n := f[1], 0, 0
	if _, err := fmt.Sscan(f[2], &first); err != nil {
		return err
	}
	if _, err := fmt.Sscan(f[3], &n); err != nil {
		return err
	}
	if err := fault.Arm(os.Getenv(fault.EnvironmentVariable)); err != nil {
		return err
	}
	s := open(dir, segment.Options{})
	defer s.Close()
	for i := first; i < first+n; i++ {
		if err := publishOne(s, i); err != nil {
			return err
		}
	}
	return nil
}

func numbered(i int) []byte { return fmt.Appendf(nil, "object number %d", i) }

// publishOne publishes object i and, in the same transaction, that it did.
func publishOne(s *segment.Store, i int) error {
	ctx := context()
	w, err := s.Begin(ctx)
	if err != nil {
		return err
	}
	defer w.Discard()
	if _, err := w.Put(ctx, numbered(i), store.Hint{}); err != nil {
		return err
	}
	_, err = w.PublishWith(ctx, func(tx meta.Tx) error {
		return tx.Put("test", fmt.Appendf(nil, "%06d", i), nil)
	})
	return err
}

// run starts another process with a job.
func run(t *testing.T, failpoint string, job ...any) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	fields := make([]string, len(job))
	for i, x := range job {
		fields[i] = fmt.Sprint(x)
	}
	cmd.Env = append(os.Environ(), childVariable+"="+strings.Join(fields, "|"), fault.EnvironmentVariable+"="+failpoint)
	cmd.Stderr = os.Stderr
	return cmd
}

// published returns which objects the hook says are there, after checking that
// exactly those can be read.
func published(t *testing.T, dir string, most int) (n int) {
	t.Helper()
	s := open(dir, segment.Options{})
	defer s.Close()
	said := map[string]bool{}
	err := meta.Open(filepath.Join(dir, "meta.db")).View(t.Context(), func(tx meta.Tx) error {
		for k := range tx.Range("test", nil) {
			said[string(k)] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range most {
		b, err := s.Get(t.Context(), object.Sum(numbered(i)))
		if said[fmt.Sprintf("%06d", i)] {
			n++
			if err != nil || !bytes.Equal(b, numbered(i)) {
				t.Fatalf("object %d is said to be there: %v", i, err)
			}
		} else if !errors.Is(err, object.ErrNotFound) {
			t.Fatalf("object %d is not said to be there: %v", i, err)
		}
	}
	for err := range s.Check(t.Context()) {
		t.Fatal(err)
	}
	return n
}

// TestKilled kills a process at every point of publishing and of merging. What
// is there afterwards is the old state or the new one, the next writer goes on,
// and CleanTemp leaves nothing behind.
func TestKilled(t *testing.T) {
	const before, during = 3, 3
	for _, point := range fault.Points() {
		if !strings.HasPrefix(point, "segment/") && !strings.HasPrefix(point, "meta/") {
			continue
		}
		for _, action := range []string{"kill", "error", "enospc"} {
			for hit := 1; hit <= 3; hit++ {
				name := fmt.Sprintf("%s=%s:%d", point, action, hit)
				t.Run(name, func(t *testing.T) { killed(t, name, action, before, during) })
			}
		}
	}
}

func killed(t *testing.T, failpoint, action string, before, during int) {
	dir := create(t)
	s := open(dir, segment.Options{})
	for i := range before {
		if err := publishOne(s, i); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	cmd := run(t, failpoint, "publish", dir, before, during)
	cmd.Stderr = nil
	err := cmd.Run()
	if action == "kill" {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("the process was not killed: %v", err)
		}
	}
	n := published(t, dir, before+during)
	if n < before {
		t.Fatalf("%d of %d old objects are there", n, before)
	}
	s = open(dir, segment.Options{})
	defer s.Close()
	if _, err := s.CleanTemp(t.Context()); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "objects"))
	if err != nil {
		t.Fatal(err)
	}
	infos, err := s.Segments(t.Context())
	if err != nil || len(entries) != len(infos) {
		t.Errorf("%d files for %d segments: %v", len(entries), len(infos), err)
	}
	for i := range 4 {
		if err := publishOne(s, before+during+i); err != nil {
			t.Fatal(err)
		}
	}
	if now := published(t, dir, before+during+4); now != n+4 {
		t.Errorf("%d objects are there, want %d", now, n+4)
	}
}

// TestTwoProcesses reads in this process while another one publishes and
// merges.
func TestTwoProcesses(t *testing.T) {
	const n = 40
	dir := create(t)
	s := open(dir, segment.Options{})
	defer s.Close()
	cmd := run(t, "", "publish", dir, 0, n)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for i := 0; i < n; {
		b, err := s.Get(t.Context(), object.Sum(numbered(i)))
		switch {
		case err == nil && bytes.Equal(b, numbered(i)):
			i++ // and once seen it stays
			for j := range i {
				if ok, err := s.Has(t.Context(), object.Sum(numbered(j))); err != nil || !ok {
					t.Fatalf("object %d after %d: %v %v", j, i, ok, err)
				}
			}
			continue
		case !errors.Is(err, object.ErrNotFound):
			t.Fatal(err)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			done <- nil
			if ok, _ := s.Has(t.Context(), object.Sum(numbered(i))); !ok {
				t.Fatalf("object %d is not there after its writer ended", i)
			}
		default:
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	infos, err := s.Segments(t.Context())
	if err != nil || len(infos) > 8 {
		t.Errorf("%d segments after %d publications: %v", len(infos), n, err)
	}
}

// TestEveryFault fails the n-th file operation, once and from then on, for
// every n, while segments are written and merged. The error is reported and
// what was published before stays.
func TestEveryFault(t *testing.T) {
	for _, from := range []bool{false, true} {
		for n := 1; ; n++ {
			dir := create(t)
			s := open(dir, segment.Options{})
			for i := range 3 {
				if err := publishOne(s, i); err != nil {
					t.Fatal(err)
				}
			}
			s.Close()
			faulty := vfs.NewFaulty(vfs.OS{}, vfs.Rule{Ops: vfs.OpAll, N: n, From: from, Err: syscall.ENOSPC, Short: true})
			s = open(dir, segment.Options{FS: faulty})
			err := publishOne(s, 3)
			s.Close()
			there := published(t, dir, 4)
			if there < 3 || (err == nil && there != 4) {
				t.Fatalf("fault %d: %d objects are there after %v", n, there, err)
			}
			if err != nil && !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("fault %d: %v", n, err)
			}
			if faulty.Count() < n {
				if n < 10 {
					t.Errorf("only %d operations", n)
				}
				break
			}
		}
	}
}
