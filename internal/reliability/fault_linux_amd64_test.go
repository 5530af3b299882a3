package reliability

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/strata-data/strata/internal/object"
)

// faultCase is a command under faults, in the state that prepare makes.
type faultCase struct {
	name    string
	prepare func(m *machine) *plan
}

// faultCases are the commands whose every file operation fails.
func faultCases() []faultCase {
	edit := func(m *machine, path, old, new string) {
		s := m.look()
		m.write(path, strings.Replace(s.work[path], old, new, 1))
	}
	branches := func(m *machine, old, new string) *state {
		m.must("switch", "-q", "-c", "topic")
		edit(m, "a.csv", old, new)
		m.write("theirs.txt", "theirs\n")
		m.must("add", "-A")
		m.must("commit", "-qm", "topic")
		m.must("switch", "-q", "main")
		edit(m, "a.csv", "5,cat", "5,fox")
		m.must("commit", "-qam", "main")
		return m.look()
	}
	return []faultCase{
		{"add", func(m *machine) *plan {
			edit(m, "a.csv", "3,cat", "3,wolf")
			m.write("new.txt", "new\n")
			m.remove("x.txt")
			return addAll(m, m.look())
		}},
		{"commit", func(m *machine) *plan {
			edit(m, "a.csv", "3,cat", "3,wolf")
			m.must("add", "-A")
			return commitIndex(m, m.look())
		}},
		{"commit -a", func(m *machine) *plan {
			edit(m, "a.csv", "3,cat", "3,wolf")
			return commitAll(m, m.look())
		}},
		{"merge", func(m *machine) *plan {
			return m.mergeOf(branches(m, "9,cat", "9,wolf"), "topic", false, "")
		}},
		{"merge with conflicts", func(m *machine) *plan { return m.mergeOf(branches(m, "5,cat", "5,wolf"), "topic", false, "") }},
		{"merge --abort", func(m *machine) *plan {
			m.follow(m.look(), m.mergeOf(branches(m, "5,cat", "5,wolf"), "topic", false, ""))
			return abort(m, m.look())
		}},
		{"resolve", func(m *machine) *plan {
			m.follow(m.look(), m.mergeOf(branches(m, "5,cat", "5,wolf"), "topic", false, ""))
			return resolve(m, m.look())
		}},
		{"switch", func(m *machine) *plan {
			s := branches(m, "5,cat", "5,wolf")
			return m.goes(s, []string{"switch", "topic"}, "refs/heads/topic", s.refs["refs/heads/topic"])
		}},
		{"gc", func(m *machine) *plan {
			edit(m, "a.csv", "3,cat", "3,wolf")
			m.must("add", "-A")
			m.must("reset", "-q", "--hard")
			m.must("reflog", "expire", "--expire=now", "--all")
			return collect(m, m.look())
		}},
		{"undo", func(m *machine) *plan {
			s := m.look()
			m.must("switch", "-q", "-c", "topic", "HEAD~1")
			m.undo = s
			return undoLast(m, m.look())
		}},
		{"stash", func(m *machine) *plan {
			edit(m, "a.csv", "3,cat", "3,wolf")
			m.write("x.txt", "other\n")
			return stashPush(m, m.look())
		}},
		{"stash pop", func(m *machine) *plan {
			edit(m, "a.csv", "3,cat", "3,wolf")
			m.write("x.txt", "other\n")
			m.follow(m.look(), stashPush(m, m.look()))
			return stashPop(m, m.look())
		}},
		{"fsck", func(m *machine) *plan { return &plan{args: []string{"fsck", "--deep"}} }},
	}
}

// begin makes a repository of two commits.
func (m *machine) begin() {
	sh := sheet{columns: []string{"id", "label", "score", "note"}, rows: map[int][]string{}}
	for i := range 40 {
		sh.rows[i] = []string{"cat", fmt.Sprint(i), "x"}
	}
	m.write("a.csv", sh.text())
	m.write("x.txt", "one\n")
	m.must("add", "-A", "--key", "id")
	m.must("commit", "-qm", "one")
	m.write("a.csv", strings.Replace(sh.text(), "7,cat", "7,dog", 1))
	m.write("d/y.bin", strings.Repeat("\x00\x01", 300))
	m.must("add", "-A")
	m.must("commit", "-qm", "two")
}

// copy returns the machine on a copy of its repository.
func (m *machine) copy(t testing.TB) *machine {
	c := *m
	c.TB, c.dir = t, t.TempDir()
	c.trees, c.commits = maps.Clone(m.trees), maps.Clone(m.commits)
	c.script = append([]string(nil), m.script...)
	if err := os.CopyFS(c.dir, os.DirFS(m.dir)); err != nil {
		t.Fatal(err)
	}
	return &c
}

// TestEveryFileOperationFails makes the n-th system call on a file fail, for
// every n: once, from then on, after half of the bytes, with a full disk and with
// an input/output error. The command may fail then; what is left is the old
// state or the new one, a check finds nothing, and nothing that was reported is
// lost.
func TestEveryFileOperationFails(t *testing.T) {
	canTrace(t)
	for _, c := range faultCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, 1)
			m.begin()
			p := c.prepare(m)
			s := m.look()
			stride := 7 // a part of them in the usual run
			if nightly() {
				stride = 1
			}
			trials, hits := 0, 0
			for k, mode := range []injection{
				{calls: callsWrite, errno: syscall.ENOSPC}, {calls: callsWrite, errno: syscall.EIO, sticky: true},
				{calls: callsWrite, errno: syscall.ENOSPC, half: true}, {calls: callsRead, errno: syscall.EIO}, {calls: callsRead, errno: syscall.EIO, sticky: true},
			} {
				count := m.copy(t)
				_, _, tr := count.traced(injection{calls: mode.calls}, p.args)
				for mode.n = 1 + k%stride; mode.n <= tr.count; mode.n += stride {
					trials++
					if m.copy(t).faulty(s, p, mode) {
						hits++
					}
				}
			}
			t.Logf("%d of %d faults were met", hits, trials)
		})
	}
}

// faulty runs a plan under an injection and reports whether it was met.
func (m *machine) faulty(s *state, p *plan, inj injection) bool {
	m.Helper()
	m.clock = m.clock.Add(1e9)
	code, out, tr := m.traced(inj, p.args)
	m.script = append(m.script, quote(p.args)+"   # "+inj.String()+", "+tr.onCall)
	if code == 70 || code > 128 || strings.Contains(out, "panic") {
		m.fail("exit code %d\n%s", code, out)
	}
	if !tr.hit {
		return false
	}
	if code != 0 && !strings.Contains(out, "error[") {
		m.fail("exit code %d without a word\n%s", code, out)
	}
	m.trees = map[object.ID]tree{} // what is there now is read from it
	after := m.look()
	if d := m.between(p, s, after); d != "" {
		m.fail("exit code %d: %s\n%s", code, d, out)
	}
	if code == 0 && !p.mustFail { // it was reported as done
		want := p.new
		if want == nil {
			want = s
		}
		if d := m.compare(p, want, after, p.made); d != "" {
			m.fail("reported as done: %s\n%s", d, out)
		}
	}
	m.fsck(false)
	m.recheck()
	if code != 0 && !p.mustFail && after.head == s.head && after.branch == s.branch && after.doing == s.doing && maps.Equal(after.refs, s.refs) {
		again := *p // nothing is in the way of doing it again
		again.mayFail = false
		m.follow(s, &again)
	}
	return true
}
