package reliability

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/strata-data/strata/internal/fault"
	"github.com/strata-data/strata/internal/object"
)

// killer runs commands in processes of their own, which it kills.
type killer struct {
	m     *machine
	usual time.Duration // that an undisturbed command takes
	kills int
}

// run starts a command and kills it at a random time, or at a failpoint. killed
// is false if it had ended before.
func (k *killer) run(args []string) (code int, out string, killed bool) {
	m := k.m
	m.clock = m.clock.Add(time.Second)
	cmd := command(m.dir, m.clock, args...)
	how := "at a random time"
	var after time.Duration
	if m.chance(30) {
		points := fault.Points()
		spec := fmt.Sprintf("%s=kill:%d", points[m.rng.IntN(len(points))], 1+m.rng.IntN(4))
		cmd.Env = append(cmd.Env, fault.EnvironmentVariable+"="+spec)
		how = spec
	} else {
		after = time.Duration(m.rng.Int64N(int64(k.usual*3/2) + 1))
		how = fmt.Sprintf("killed after %s", after)
	}
	m.script = append(m.script, quote(args)+"   # "+how)
	var buf bytes.Buffer
	cmd.Stdout, cmd.Stderr = &buf, &buf
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		m.fail("%v", err)
	}
	if after > 0 {
		t := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		defer t.Stop()
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		k.kills++
		return 0, buf.String(), true
	}
	if took := time.Since(begin); took < time.Second {
		k.usual = (k.usual*7 + took) / 8
	}
	return cmd.ProcessState.ExitCode(), buf.String(), false
}

// between says what of a state is neither as before a plan nor as after it, ""
// if all is.
func (m *machine) between(p *plan, old, got *state) string {
	news := []*state{old}
	for _, s := range []*state{p.new, p.failed} {
		if s != nil {
			news = append(news, s)
		}
	}
	moved := got.head != old.head
	if moved && len(p.made) > 0 {
		if d := m.madeIs(p.made, got.head); d != "" {
			return d
		}
		with := p.new.clone()
		with.moveHead(got.head)
		news = append(news, with)
	}
	is := func(what string, same func(s *state) bool) string {
		for _, s := range news {
			if same(s) {
				return ""
			}
		}
		return what + " is neither as before nor as after"
	}
	problems := []string{
		is("the branch "+got.branch, func(s *state) bool { return s.branch == got.branch }),
		is("HEAD "+got.head.Short(), func(s *state) bool { return s.head == got.head }),
		is("unfinished work "+got.doing, func(s *state) bool { return s.doing == got.doing || p.anyDoing == got.doing }),
	}
	names := maps.Clone(got.refs)
	for _, s := range news {
		maps.Copy(names, s.refs)
	}
	for name := range names {
		problems = append(problems, is("ref "+name, func(s *state) bool { return s.refs[name] == got.refs[name] }))
	}
	if !p.anyIndex {
		problems = append(problems, is("the index", func(s *state) bool { return sameTree(got.index, s.index) == "" }))
	}
	if !p.anyWork {
		paths := got.work.clone()
		for _, s := range news {
			maps.Copy(paths, s.work)
		}
		for path := range paths {
			problems = append(problems, is("the file "+path, func(s *state) bool {
				have, is := got.work[path]
				want, should := s.work[path]
				return is == should && sameData(path, have, want)
			}))
		}
	}
	for _, d := range problems {
		if d != "" {
			return d
		}
	}
	return ""
}

// step follows a plan in a process that may be killed.
func (k *killer) step(s *state, p *plan) *state {
	m := k.m
	m.Helper()
	if p.args == nil {
		return m.look()
	}
	var killed bool
	m.do = func(m *machine, args []string) (code int, out string) {
		code, out, killed = k.run(args)
		return code, out
	}
	if p.from != nil {
		s = p.from
	}
	code, out := m.do(m, p.args)
	m.do = (*machine).inProcess
	if !killed {
		return m.judge(s, p, code, out)
	}
	after := m.look()
	m.undo, m.redo, m.stashes = nil, nil, nil
	if d := m.between(p, s, after); d != "" {
		m.fail("%s was killed: %s", quote(p.args), d)
	}
	if p.then != nil && p.new == nil { // what went away is not known
		m.forget(after)
	}
	m.fsck(false)
	if !p.mayFail && !p.mustFail && m.chance(50) && after.head == s.head && after.branch == s.branch && after.doing == s.doing && maps.Equal(after.refs, s.refs) && maps.Equal(after.index, s.index) {
		return m.follow(s, p) // nothing is in the way of doing it again
	}
	return after
}

// forget drops the commits that nothing names any more.
func (m *machine) forget(s *state) {
	keep := m.ancestors(s.head)
	for _, id := range s.refs {
		maps.Copy(keep, m.ancestors(id))
	}
	maps.DeleteFunc(m.commits, func(id object.ID, _ commit) bool { return !keep[id] })
}

// TestKills kills commands at random moments. What is left is the old state or
// the new one, a check finds nothing, and every commit that was reported is
// there.
func TestKills(t *testing.T) {
	for _, seed := range seeds(t, 1000, 10) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, seed)
			k := &killer{m: m, usual: 20 * time.Millisecond}
			s := m.look()
			for range 20 { // a history to begin with
				s = m.step(s, verbs())
			}
			steps := 0
			for ; k.kills < 52 && steps < 400; steps++ {
				name, p := m.draw(s, m.possible(s, verbs()))
				kills := k.kills
				after := k.step(s, p)
				if m.remember(name, p, s, after); k.kills > kills {
					m.undo, m.redo = nil, nil
				}
				s = after
				if steps%20 == 19 {
					m.recheck()
				}
			}
			m.recheck()
			m.fsck(true)
			t.Logf("%d kills in %d steps, a command takes %s", k.kills, steps, k.usual)
		})
	}
}
