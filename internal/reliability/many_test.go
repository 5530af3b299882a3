package reliability

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/strata-data/strata/internal/object"
)

// crowd is several workers that use one repository at once.
type crowd struct {
	m     *machine
	aside string // a directory for files that are being written
	mu    sync.Mutex
	// commits are the ids that commands have reported.
	commits []object.ID
	codes   map[string]int // verb and exit code -> how often
}

// TestManyProcesses lets eight workers run random commands, each in a process
// of its own and some of them killed, in one repository. No command meets
// damage, every commit that was reported is there afterwards, and a check finds
// nothing.
func TestManyProcesses(t *testing.T) {
	const workers = 8
	long := 10 * time.Second
	if nightly() {
		long = time.Minute
	}
	m := newMachine(t, 1)
	m.begin()
	c := &crowd{m: m, aside: t.TempDir(), codes: map[string]int{}}
	end := time.Now().Add(long)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(7, uint64(w)))
			for n := 0; time.Now().Before(end) && !t.Failed(); n++ {
				c.one(rng, w, n)
			}
		})
	}
	all.Wait()
	t.Log(c.codes)
	m.fsck(true)
	r := m.open()
	defer r.Close()
	for _, id := range c.commits {
		if err := m.learn(context.Background(), r, id); err != nil {
			t.Errorf("commit %s was reported and is lost: %v", id, err)
		}
	}
	if len(c.commits) < 10 {
		t.Errorf("only %d commits came about", len(c.commits))
	}
}

// one runs one random command of worker w.
func (c *crowd) one(rng *rand.Rand, w, n int) {
	t := c.m.TB
	own := fmt.Sprintf("w%d", w)
	switch rng.IntN(3) {
	case 0:
		c.put(own+".txt", fmt.Sprintln(n))
	case 1:
		var b strings.Builder
		b.WriteString("id,v\n")
		for i := range 20 {
			fmt.Fprintf(&b, "%d,%d\n", i, rng.IntN(1000))
		}
		c.put(own+".csv", b.String())
	}
	verbs := [][]string{
		{"add", own + ".csv", "--key", "id"}, {"add", own + ".txt"}, {"add", "-A", "--key", "id"}, {"commit", "-am", "by " + own, "--json"}, {"commit", "-m", "by " + own, "--json"},
		{"commit", "--allow-empty", "-m", "by " + own, "--json"}, {"commit", "--amend", "-m", "again by " + own, "--json"},
		{"branch", fmt.Sprintf("%s-%d", own, n)}, {"branch", "-D", fmt.Sprintf("%s-%d", own, n-3)}, {"tag", fmt.Sprintf("%s-%d", own, n)},
		{"switch", "-c", fmt.Sprintf("s%s-%d", own, n)}, {"switch", "main"}, {"switch", "-f", "main"}, {"merge", "-X", "ours", "main"},
		{"merge", "--abort"}, {"cherry-pick", "-X", "theirs", "main"}, {"revert", "-X", "ours", "HEAD"}, {"reset", "--hard", "main"}, {"reset", "HEAD~1"},
		{"restore", "."}, {"rm", "--cached", own + ".txt"}, {"undo"}, {"redo"}, {"status"}, {"log", "--stat"}, {"diff"}, {"ls-tree", "HEAD"}, {"fsck"}, {"gc", "--prune=now"},
		{"gc", "--prune=now", "--aggressive"}, {"doctor"}, {"reflog"},
	}
	args := verbs[rng.IntN(len(verbs))]
	cmd := command(c.m.dir, c.m.clock.Add(time.Duration(n)*time.Second), args...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return
	}
	if rng.IntN(20) == 0 {
		k := time.AfterFunc(time.Duration(rng.IntN(60))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		defer k.Stop()
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return
	}
	c.note(args, cmd.ProcessState.ExitCode(), out.Bytes(), errOut.String())
}

// put replaces a working file by a rename, so that nobody reads half of it.
func (c *crowd) put(name, text string) {
	tmp := filepath.Join(c.aside, name)
	if err := errors.Join(os.WriteFile(tmp, []byte(text), 0o666), os.Rename(tmp, filepath.Join(c.m.dir, name))); err != nil {
		c.m.Error(err)
	}
}

// note takes down what a command said.
func (c *crowd) note(args []string, code int, out []byte, errOut string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.codes[fmt.Sprintf("%s %d", args[0], code)]++
	if code == 6 && strings.Contains(errOut, "error[locked]") && !strings.Contains(errOut, "locked by process ") {
		c.m.Errorf("%s: who holds the lock?\n%s", quote(args), errOut)
	}
	// 1 is no, 3 not found, 6 somebody else was first, 8 would lose work.
	if !slices.Contains([]int{0, 1, 2, 3, 6, 8}, code) || args[0] == "fsck" && code != 0 {
		c.m.Errorf("%s: exit code %d\n%s", quote(args), code, errOut)
	}
	if code != 0 || !slices.Contains(args, "--json") {
		return
	}
	var doc struct{ Commit struct{ ID string } }
	if err := json.Unmarshal(out, &doc); err != nil {
		c.m.Errorf("%s: %v\n%s", quote(args), err, out)
		return
	}
	id, err := object.Parse(doc.Commit.ID)
	if err != nil {
		c.m.Errorf("%s: %v\n%s", quote(args), err, out)
		return
	}
	c.commits = append(c.commits, id)
}
