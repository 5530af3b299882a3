package vfs_test

import (
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/strata-data/strata/internal/vfs"
)

// A lock that was given back is free at once, also where other goroutines
// start programs, which for a moment hold every descriptor of this process.
func TestLockIsFreeBesideForks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	done := make(chan struct{})
	var forks sync.WaitGroup
	for range 4 {
		forks.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					_ = exec.Command("true").Run()
				}
			}
		})
	}
	defer forks.Wait()
	defer close(done)
	for i := range 500 {
		unlock, err := vfs.Lock(path, vfs.Holder{PID: 1})
		if err != nil {
			t.Fatalf("lock %d: %v", i, err)
		}
		if err := unlock(); err != nil {
			t.Fatal(err)
		}
	}
}
