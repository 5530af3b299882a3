package reliability

import (
	"fmt"
	"maps"
	"strings"

	"github.com/strata-data/strata/internal/object"
)

// Verbs that make commits and move refs.

func parentsOf(s *state) []object.ID {
	if s.head.IsZero() {
		return nil
	}
	return []object.ID{s.head}
}

func (m *machine) message() string { return fmt.Sprintf("Message %d", m.rng.IntN(1000)) }

func commitIndex(m *machine, s *state) *plan {
	p := &plan{args: []string{"commit", "-m", m.message()}, new: s, made: []commit{{parentsOf(s), s.index}}}
	p.mustFail = maps.Equal(s.index, m.headTree(s)) && !s.head.IsZero()
	p.mayFail = s.head.IsZero() && len(s.index) == 0
	return p
}

func commitEmpty(m *machine, s *state) *plan {
	return &plan{args: []string{"commit", "--allow-empty", "-m", m.message()}, new: s, made: []commit{{parentsOf(s), s.index}}}
}

func commitAll(m *machine, s *state) *plan {
	new := s.clone()
	for p := range s.index {
		if text, is := s.work[p]; is {
			new.index[p] = text
		} else {
			delete(new.index, p)
		}
	}
	p := &plan{args: []string{"commit", "-am", m.message()}, new: new, made: []commit{{parentsOf(s), new.index}}}
	p.mustFail = maps.Equal(new.index, m.headTree(s)) && !s.head.IsZero()
	p.mayFail = s.head.IsZero() && len(new.index) == 0
	if p.mustFail {
		p.failed, p.anyIndex = s, true // what was added stays so
	}
	return p
}

// editAndCommit changes datasets and commits them, so that branches differ.
func editAndCommit(m *machine, s *state) *plan {
	if len(s.index) == 0 || !m.clean(s) {
		return nil
	}
	changed := false
	for range 1 + m.rng.IntN(4) {
		changed = editDataset(m, s) != nil || changed
		s = m.look()
	}
	if !changed {
		return nil
	}
	p := commitAll(m, s)
	p.from = s
	return p
}

func amend(m *machine, s *state) *plan {
	if s.head.IsZero() {
		return nil
	}
	p := &plan{args: []string{"commit", "--amend", "-m", m.message()}, new: s, made: []commit{{m.commits[s.head].parents, s.index}}}
	was := tree{} // as in git, nothing may be left of it
	if len(p.made[0].parents) > 0 {
		was = m.commits[p.made[0].parents[0]].tree
	}
	p.mayFail = maps.Equal(s.index, was)
	return p
}

func branchNew(m *machine, s *state) *plan {
	rev, ok := pick(m, m.named(s))
	if !ok || len(s.refs) > 12 {
		return nil
	}
	name := fmt.Sprintf("b%d", m.rng.IntN(9))
	p := &plan{args: []string{"branch", name, rev}, new: s.clone()}
	_, p.mustFail = s.refs["refs/heads/"+name]
	p.new.refs["refs/heads/"+name] = m.named(s)[rev]
	return p
}

func branchDelete(m *machine, s *state) *plan {
	name, ok := pick(m, s.refs)
	short, isBranch := strings.CutPrefix(name, "refs/heads/")
	if !ok || !isBranch || name == s.branch {
		return nil
	}
	p := &plan{args: []string{"branch", "-D", short}, new: s.clone()}
	delete(p.new.refs, name)
	return p
}

func branchRename(m *machine, s *state) *plan {
	name, ok := pick(m, s.refs)
	short, isBranch := strings.CutPrefix(name, "refs/heads/")
	if !ok || !isBranch {
		return nil
	}
	to := fmt.Sprintf("b%d", m.rng.IntN(9))
	p := &plan{args: []string{"branch", "-m", short, to}, new: s.clone()}
	if to == short {
		return nil
	}
	_, p.mustFail = s.refs["refs/heads/"+to]
	delete(p.new.refs, name)
	p.new.refs["refs/heads/"+to] = s.refs[name]
	if s.branch == name {
		p.new.branch = "refs/heads/" + to
	}
	return p
}

func tagNew(m *machine, s *state) *plan {
	if s.head.IsZero() || len(s.refs) > 12 {
		return nil
	}
	name := fmt.Sprintf("t%d", m.rng.IntN(9))
	p := &plan{args: []string{"tag", name}, new: s.clone()}
	if m.chance(40) {
		p.args = []string{"tag", "-a", name, "-m", m.message()}
	}
	_, p.mustFail = s.refs["refs/tags/"+name]
	p.new.refs["refs/tags/"+name] = s.head
	return p
}

func tagDelete(m *machine, s *state) *plan {
	name, ok := pick(m, s.refs)
	short, isTag := strings.CutPrefix(name, "refs/tags/")
	if !ok || !isTag {
		return nil
	}
	p := &plan{args: []string{"tag", "-d", short}, new: s.clone()}
	delete(p.new.refs, name)
	return p
}

// goes is a switch to a commit: files that both commits have alike stay as they
// are, others become those of the commit, and it is refused where that would
// lose changes.
func (m *machine) goes(s *state, args []string, branch string, to object.ID) *plan {
	p := &plan{args: args, new: s.clone()}
	p.new.branch = branch
	if branch == "" {
		p.new.head = to
	} else {
		p.new.moveHead(to)
	}
	if m.clean(s) {
		p.new.land(m.commits[to].tree)
		return p
	}
	p.mayFail, p.anyIndex, p.anyWork = true, true, true
	p.check = func(before, after *state) error { return nothingLost(before, after, m.commits[to].tree) }
	return p
}

// nothingLost reports a change of a working file that went away: it was neither
// committed nor staged, and is not what the file has become.
func nothingLost(before, after *state, to tree) error {
	for p, text := range before.work {
		if before.index[p] != text && after.work[p] != text && to[p] != text {
			return fmt.Errorf("the change of %s is lost", p)
		}
	}
	return nil
}

func switchTo(m *machine, s *state) *plan {
	name, ok := pick(m, s.refs)
	short, isBranch := strings.CutPrefix(name, "refs/heads/")
	if !ok || !isBranch || s.head.IsZero() {
		return nil
	}
	return m.goes(s, []string{"switch", short}, name, s.refs[name])
}

func switchNew(m *machine, s *state) *plan {
	rev, ok := pick(m, m.named(s))
	name := fmt.Sprintf("b%d", m.rng.IntN(9))
	if _, is := s.refs["refs/heads/"+name]; !ok || is || len(s.refs) > 12 || s.head.IsZero() {
		return nil
	}
	return m.goes(s, []string{"switch", "-c", name, rev}, "refs/heads/"+name, m.named(s)[rev])
}

func detach(m *machine, s *state) *plan {
	rev, ok := pick(m, m.named(s))
	if !ok || s.head.IsZero() {
		return nil
	}
	return m.goes(s, []string{"switch", "--detach", rev}, "", m.named(s)[rev])
}

func switchForce(m *machine, s *state) *plan {
	name, ok := pick(m, s.refs)
	short, isBranch := strings.CutPrefix(name, "refs/heads/")
	if !ok || !isBranch || s.head.IsZero() {
		return nil
	}
	p := &plan{args: []string{"switch", "-f", short}, new: s.clone()}
	p.new.branch = name
	p.new.moveHead(s.refs[name])
	p.new.land(m.commits[s.refs[name]].tree)
	return p
}

func reset(m *machine, s *state) *plan {
	rev, ok := pick(m, m.named(s))
	if !ok || s.head.IsZero() {
		return nil
	}
	to := m.named(s)[rev]
	p := &plan{new: s.clone()}
	p.new.moveHead(to)
	how := m.one("--soft", "--mixed", "--hard", "--keep")
	p.args = []string{"reset", how, rev}
	switch how {
	case "--mixed":
		p.new.index = m.commits[to].tree.clone()
	case "--hard":
		p.new.land(m.commits[to].tree)
	case "--keep":
		k := m.goes(s, p.args, s.branch, to)
		return k
	}
	return p
}

// Verbs that change nothing.

func lookAround(m *machine, s *state) *plan {
	return &plan{args: [][]string{{"status"}, {"diff"}, {"log", "--stat"}, {"reflog"}, {"branch"}, {"ls-tree", "HEAD"}, {"diff", "--staged"}, {"undo", "--list"},
		{"gc", "-n"}, {"doctor"}, {"tag"}}[m.rng.IntN(11)], mayFail: s.head.IsZero()}
}

func checkAll(m *machine, s *state) *plan {
	if m.chance(30) {
		return &plan{args: []string{"fsck", "--deep"}}
	}
	return &plan{args: []string{"fsck"}}
}

// Verbs that take away what nothing reaches.

func collect(m *machine, s *state) *plan {
	args := []string{"gc", "--prune=now"}
	if m.chance(30) {
		args = append(args, "--aggressive")
	}
	return &plan{args: args, then: func(m *machine, _, _ *state) { m.recheck() }}
}

func expire(m *machine, s *state) *plan {
	return &plan{args: []string{"reflog", "expire", "--expire=now", "--all"}, then: func(m *machine, _, after *state) {
		m.forget(after)
		m.undo, m.redo = nil, nil
	}}
}
