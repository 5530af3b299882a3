package reliability

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/object"
)

// plan is a command and what it must lead to.
type plan struct {
	args []string // none: the plan has done its work already
	from *state   // where it begins, nil for the state that it was made for
	// new is the state after success; nil leaves everything as it was. Where
	// commits are made, their ids are not known before.
	new  *state
	made []commit
	// mayFail allows the command to refuse, and mustFail demands it; then the state is
	// failed, or as before.
	mayFail, mustFail bool
	failed            *state
	anyIndex          bool                                   // the model does not say what the index becomes
	anyDoing          string                                 // it may stop as unfinished work of this kind, with nothing else changed
	anyWork           bool                                   // nor the working files
	check             func(before, after *state) error       // after success
	then              func(m *machine, before, after *state) // after success and all checks
}

func (s *state) clone() *state {
	c := *s
	c.refs, c.index, c.work = maps.Clone(s.refs), s.index.clone(), s.work.clone()
	return &c
}

// moveHead makes head the commit that HEAD, and its branch, names.
func (s *state) moveHead(id object.ID) {
	if s.head = id; s.branch != "" {
		s.refs[s.branch] = id
	}
}

// land makes t the index and the working files, where these were the same;
// untracked files stay.
func (s *state) land(t tree) {
	for p := range s.index {
		if _, stays := t[p]; !stays {
			delete(s.work, p)
		}
	}
	maps.Copy(s.work, t)
	s.index = t.clone()
}

// compare says where the state differs from what p wants, "" where it does not.
func (m *machine) compare(p *plan, want, got *state, made []commit) string {
	want = want.clone()
	if len(made) > 0 {
		if d := m.madeIs(made, got.head); d != "" {
			return d
		}
		want.moveHead(got.head)
	}
	switch {
	case got.branch != want.branch:
		return fmt.Sprintf("on branch %q, want %q", got.branch, want.branch)
	case got.head != want.head:
		return fmt.Sprintf("HEAD is %s, want %s", got.head.Short(), want.head.Short())
	case !maps.Equal(got.refs, want.refs):
		return fmt.Sprintf("refs are %v, want %v", got.refs, want.refs)
	case got.doing != want.doing:
		return fmt.Sprintf("doing %q, want %q", got.doing, want.doing)
	}
	if !p.anyIndex {
		if d := sameTree(got.index, want.index); d != "" {
			return "in the index " + d
		}
	}
	if !p.anyWork {
		if d := sameTree(got.work, want.work); d != "" {
			return "in the working files " + d
		}
	}
	return ""
}

// madeIs says where the commit head, and those before it, differ from what was
// to be made.
func (m *machine) madeIs(made []commit, head object.ID) string {
	for i := len(made) - 1; i >= 0; i-- {
		c, ok := m.commits[head]
		if !ok {
			return fmt.Sprintf("commit %s is not known", head.Short())
		}
		if made[i].tree != nil {
			if d := sameTree(c.tree, made[i].tree); d != "" {
				return "in the commit " + d
			}
		}
		if i == 0 && !slices.Equal(c.parents, made[i].parents) {
			return fmt.Sprintf("the commit has parents %v, want %v", c.parents, made[i].parents)
		}
		if i > 0 {
			head = c.parents[0]
		}
	}
	return ""
}

// follow runs a plan from state s and returns the state that it led to.
func (m *machine) follow(s *state, p *plan) *state {
	m.Helper()
	if p.args == nil {
		return m.look()
	}
	if p.from != nil {
		s = p.from
	}
	code, out := m.run(p.args...)
	return m.judge(s, p, code, out)
}

// judge compares what a command led to with its plan.
func (m *machine) judge(s *state, p *plan, code int, out string) *state {
	m.Helper()
	after := m.look()
	if code != 0 {
		if !p.mayFail && !p.mustFail || code == 7 || code == 9 {
			m.fail("%s: exit code %d\n%s", quote(p.args), code, out)
		}
		want := p.failed
		if want == nil {
			want = s.clone()
			if p.anyDoing != "" && after.doing == p.anyDoing {
				want.doing = p.anyDoing
			}
			if d := m.compare(&plan{}, want, after, nil); d != "" {
				m.fail("%s failed with code %d and changed something: %s\n%s", quote(p.args), code, d, out)
			}
		} else if d := m.compare(p, want, after, nil); d != "" {
			m.fail("%s stopped with code %d, but %s\n%s", quote(p.args), code, d, out)
		}
		return after
	}
	if p.mustFail {
		m.fail("%s must refuse, and did not\n%s", quote(p.args), out)
	}
	want := p.new
	if want == nil {
		want = s
	}
	if d := m.compare(p, want, after, p.made); d != "" {
		m.fail("%s: %s\n%s", quote(p.args), d, out)
	}
	if p.check != nil {
		if err := p.check(s, after); err != nil {
			m.fail("%s: %v\n%s", quote(p.args), err, out)
		}
	}
	if p.then != nil {
		p.then(m, s, after)
	}
	return after
}

// recheck reads everything that must be there again from the repository.
func (m *machine) recheck() {
	m.Helper()
	m.trees = map[object.ID]tree{}
	r := m.open()
	defer r.Close()
	for _, id := range slices.SortedFunc(maps.Keys(m.commits), func(a, b object.ID) int { return slices.Compare(a[:], b[:]) }) {
		got, err := m.commitOf(context.Background(), r, id)
		if err != nil {
			m.fail("commit %s was reported and is lost: %v", id, err)
		}
		if want := m.commits[id]; !slices.Equal(got.parents, want.parents) || !maps.Equal(got.tree, want.tree) {
			m.fail("commit %s has other content than when it was made: %s", id, sameTree(got.tree, want.tree))
		}
	}
}

// fsck checks the repository.
func (m *machine) fsck(deep bool) {
	m.Helper()
	args := []string{"fsck"}
	if deep {
		args = append(args, "--deep")
	}
	if code, out := m.inProcess(args); code != 0 {
		m.fail("fsck: exit code %d\n%s", code, out)
	}
}

// named returns ways to name commits: branches, tags, and some ids.
func (m *machine) named(s *state) map[string]object.ID {
	out := map[string]object.ID{}
	for name, id := range s.refs {
		if n, ok := strings.CutPrefix(name, "refs/heads/"); ok {
			out[n] = id
		} else if n, ok := strings.CutPrefix(name, "refs/tags/"); ok {
			out[n] = id
		}
	}
	for id := range m.ancestors(s.head) {
		out[id.String()] = id
	}
	return out
}

// pick draws one key of a map.
func pick[K ~string, V any](m *machine, from map[K]V) (K, bool) {
	keys := slices.Sorted(maps.Keys(from))
	if len(keys) == 0 {
		return "", false
	}
	return keys[m.rng.IntN(len(keys))], true
}

func (m *machine) one(of ...string) string { return of[m.rng.IntN(len(of))] }
func (m *machine) chance(percent int) bool { return m.rng.IntN(100) < percent }
