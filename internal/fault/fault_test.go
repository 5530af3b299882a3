package fault_test

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/strata-data/strata/internal/fault"
)

// TestMain also is the process that TestKill runs.
func TestMain(m *testing.M) {
	if spec := os.Getenv(fault.EnvironmentVariable); spec != "" {
		if fault.Arm(spec) == nil {
			fault.Hit(fault.MetaAfterCommit)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestHit(t *testing.T) {
	t.Cleanup(func() { fault.Arm("") })
	if err := fault.Arm("meta/before-commit=error:2,segment/after-sync=enospc"); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{false, true, false} {
		err := fault.Hit(fault.MetaBeforeCommit)
		if errors.Is(err, fault.ErrInjected) != want {
			t.Errorf("hit %d: %v", i+1, err)
		}
	}
	if err := fault.Hit(fault.SegmentAfterSync); !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, fault.ErrInjected) {
		t.Errorf("enospc: %v", err)
	}
	if err := fault.Hit(fault.CommitBeforeRef); err != nil {
		t.Errorf("a point that is not armed: %v", err)
	}
	if err := fault.Arm(""); err != nil {
		t.Fatal(err)
	}
	if err := fault.Hit(fault.SegmentAfterSync); err != nil {
		t.Errorf("after disarming: %v", err)
	}
}

func TestEveryPoint(t *testing.T) {
	t.Cleanup(func() { fault.Arm("") })
	seen := map[string]bool{}
	for _, p := range fault.Points() {
		if seen[p] {
			t.Errorf("%s is listed twice", p)
		}
		seen[p] = true
		if err := fault.Arm(p + "=error"); err != nil {
			t.Error(err)
		}
		if err := fault.Hit(p); !errors.Is(err, fault.ErrInjected) {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func TestArmRefuses(t *testing.T) {
	for _, spec := range []string{"x", "x=error", "meta/before-commit", "meta/before-commit=", "meta/before-commit=boom",
		"meta/before-commit=error:0", "meta/before-commit=error:x", "meta/before-commit=error,"} {
		if err := fault.Arm(spec); err == nil {
			t.Errorf("%q was accepted", spec)
		}
		if err := fault.Hit(fault.MetaBeforeCommit); err != nil {
			t.Errorf("%q armed something", spec)
		}
	}
}

func TestKill(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for action, signaled := range map[string]bool{"kill": true, "error": false} {
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), fault.EnvironmentVariable+"="+fault.MetaAfterCommit+"="+action)
		err := cmd.Run()
		exit, ok := errors.AsType[*exec.ExitError](err)
		if killed := ok && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL; killed != signaled {
			t.Errorf("%s: %v", action, err)
		}
	}
}

func BenchmarkHitNotArmed(b *testing.B) {
	for b.Loop() {
		fault.Hit(fault.MetaBeforeCommit)
	}
}
