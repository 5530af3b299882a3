package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/strata-data/strata/internal/repo"
)

// While one process writes, another one is told who it is; readers go on.
func TestLockedByAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	makeCrashRepo(t, dir)
	ctx := context.Background()
	r, err := repo.Open(ctx, dir, repo.Options{Command: "strata add -A", Now: func() time.Time { return time.Unix(1767323045, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	unlock, err := r.Lock(ctx)
	if err != nil {
		t.Fatal(err)
	}
	before := stateOf(t, dir)
	holder := fmt.Sprintf("locked by process %d ", os.Getpid())
	for _, args := range [][]string{
		{"add", "-A"}, {"commit", "--allow-empty", "-m", "x"}, {"switch", "topic"}, {"restore", "."}, {"reset", "--hard", "HEAD~1"},
		{"rm", "train"}, {"mv", "train", "moved"}, {"tag", "-a", "v9", "-m", "x"},
	} {
		out, err := strataIn(dir, "", args...)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitLost || !strings.Contains(out, "error[locked]: ") ||
			!strings.Contains(out, holder) || !strings.Contains(out, "(strata add -A)") {
			t.Errorf("strata %s: %v; want exit code %d and the holder\n%s", strings.Join(args, " "), err, exitLost, out)
		}
	}
	for _, args := range [][]string{{"status"}, {"log"}, {"diff", "v1", "HEAD"}, {"show"}, {"ls-tree"}, {"describe", "train"}} {
		if out, err := strataIn(dir, "", args...); err != nil {
			t.Errorf("strata %s beside a writer: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	if after := stateOf(t, dir); after.Head != before.Head || len(after.Refs) != len(before.Refs) {
		t.Errorf("something changed: %+v", after)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if out, err := strataIn(dir, "", "commit", "--allow-empty", "-m", "x"); err != nil {
		t.Errorf("after the lock was given back: %v\n%s", err, out)
	}
}
