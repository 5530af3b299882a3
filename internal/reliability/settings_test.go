package reliability

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// setting is a way to run commands that must not change what they lead to.
type setting struct {
	name  string
	flags []string // before every command
	env   []string
	after func(m *machine, n int) // after command n
}

func housekeeping(args ...string) func(*machine, int) {
	return func(m *machine, n int) {
		if n%4 == 3 {
			if code, out := m.inProcess(args); code != 0 {
				m.fail("%s: exit code %d\n%s", quote(args), code, out)
			}
		}
	}
}

// repeat does the deeds of another machine under a setting.
func (m *machine) repeat(of *machine, how setting) {
	n := 0
	for _, d := range of.deeds[1:] { // init is done
		switch {
		case d.args != nil:
			m.clock = m.clock.Add(time.Second)
			args := append(append([]string(nil), how.flags...), d.args...)
			m.script = append(m.script, quote(args))
			cmd := command(m.dir, m.clock, args...)
			cmd.Env = append(cmd.Env, how.env...)
			_, _ = cmd.CombinedOutput() // some commands are meant to fail
			if how.after != nil {
				how.after(m, n)
			}
			n++
		case d.gone:
			m.remove(d.path)
		default:
			m.write(d.path, d.text)
		}
	}
}

// TestSameCommitsWhateverTheSettings repeats random commands under other
// budgets of memory, processors, with a cache that is lost, and with packs that
// are made anew in between: every commit has the same id.
func TestSameCommitsWhateverTheSettings(t *testing.T) {
	seed := seeds(t, 300, 1)[0]
	m := newMachine(t, seed)
	s := m.look()
	var steps []verb
	for _, v := range verbs() {
		if v.name != "reflog expire" && v.name != "look" && v.name != "fsck" {
			steps = append(steps, v)
		}
	}
	for range 50 {
		s = m.step(s, steps)
	}
	for _, how := range []setting{
		{name: "processes of their own"},
		{name: "little memory", flags: []string{"--mem", "16MiB"}},
		{name: "one processor", env: []string{"GOMAXPROCS=1"}},
		{name: "many processors", env: []string{"GOMAXPROCS=7"}},
		{name: "no cache", after: func(m *machine, _ int) { _ = os.Remove(filepath.Join(m.dir, ".strata", "cache.db")) }},
		{name: "packed anew", after: housekeeping("gc", "--prune=never", "--aggressive")},
		{name: "read all the time", after: housekeeping("fsck", "--deep")},
	} {
		t.Run(how.name, func(t *testing.T) {
			t.Parallel()
			o := newMachine(t, seed)
			o.repeat(m, how)
			got := o.look()
			switch {
			case got.head != s.head || got.branch != s.branch:
				o.fail("HEAD is %s at %s, want %s at %s", got.branch, got.head.Short(), s.branch, s.head.Short())
			case !maps.Equal(got.refs, s.refs):
				o.fail("refs are %v, want %v", got.refs, s.refs)
			case !maps.Equal(got.index, s.index) || !maps.Equal(got.work, s.work):
				o.fail("index or files: %s", fmt.Sprint(sameTree(got.index, s.index), sameTree(got.work, s.work)))
			}
		})
	}
}
