package reliability

import (
	"fmt"
	"maps"

	"github.com/strata-data/strata/internal/object"
)

// Verbs that bring changes of other commits in, and undo.

// sides are what an unfinished merge brings together.
type sides struct {
	base, ours, theirs tree
	parents            []object.ID
}

// brings fills in what a three-way merge leads to: commits made, or conflicts.
func (m *machine) brings(s *state, p *plan, kind string, g merging, favor string, parents []object.ID) *plan {
	p.new = s.clone()
	p.new.land(g.tree)
	p.made = []commit{{parents, g.tree}}
	if g.unknown {
		p.made[0].tree, p.anyIndex, p.anyWork = nil, true, true
	}
	if !g.conflicts {
		p.mayFail = p.mayFail || g.unknown && (favor == "" || kind != "merge") // a pick may turn out to change nothing
		if p.mayFail {
			p.failed = s.clone()
			p.failed.doing = kind
			m.before = s
		}
		return p
	}
	p.failed = s.clone()
	p.failed.land(g.tree)
	p.failed.doing = kind
	p.mustFail = !g.unknown
	p.mayFail = true
	m.before = s
	return p
}

func mergeRev(m *machine, s *state) *plan {
	rev, ok := pick(m, m.named(s))
	if !ok || s.head.IsZero() || !m.clean(s) {
		return nil
	}
	favor := ""
	if m.chance(40) {
		favor = m.one("ours", "theirs")
	}
	return m.mergeOf(s, rev, m.chance(25), favor)
}

// mergeOf is the merge of a commit into a clean state.
func (m *machine) mergeOf(s *state, rev string, noFF bool, favor string) *plan {
	theirs := m.named(s)[rev]
	p := &plan{args: []string{"merge"}}
	if noFF {
		p.args = append(p.args, "--no-ff")
	}
	if favor != "" {
		p.args = append(p.args, "-X", favor)
	}
	p.args = append(p.args, "-m", m.message(), rev)
	bases := m.bases(s.head, theirs)
	switch {
	case len(bases) == 0:
		p.mustFail = true
		return p
	case bases[0] == theirs:
		return p // up to date
	case bases[0] == s.head && !noFF:
		p.new = s.clone()
		p.new.land(m.commits[theirs].tree)
		p.new.moveHead(theirs)
		return p
	}
	m.sides = &sides{m.commits[bases[0]].tree, m.commits[s.head].tree, m.commits[theirs].tree, []object.ID{s.head, theirs}}
	g := mergeTrees(m.sides.base, m.sides.ours, m.sides.theirs, favor)
	if len(bases) > 1 {
		g.unknown, g.conflicts, m.sides = true, favor == "", nil
	}
	return m.brings(s, p, "merge", g, favor, []object.ID{s.head, theirs})
}

func mergeForwardOnly(m *machine, s *state) *plan {
	rev, ok := pick(m, m.named(s))
	if !ok || s.head.IsZero() || !m.clean(s) {
		return nil
	}
	theirs := m.named(s)[rev]
	p := &plan{args: []string{"merge", "--ff-only", rev}}
	switch {
	case m.ancestors(s.head)[theirs]:
	case m.ancestors(theirs)[s.head]:
		p.new = s.clone()
		p.new.land(m.commits[theirs].tree)
		p.new.moveHead(theirs)
	default:
		p.mustFail = true
	}
	return p
}

func squash(m *machine, s *state) *plan {
	rev, ok := pick(m, m.named(s))
	if !ok || s.head.IsZero() || !m.clean(s) {
		return nil
	}
	theirs := m.named(s)[rev]
	bases := m.bases(s.head, theirs)
	p := &plan{args: []string{"merge", "--squash", "-X", "ours", rev}}
	if len(bases) != 1 || bases[0] == theirs {
		return nil
	}
	g := mergeTrees(m.commits[bases[0]].tree, m.commits[s.head].tree, m.commits[theirs].tree, "ours")
	p.new = s.clone()
	p.new.land(g.tree)
	p.anyIndex, p.anyWork = g.unknown, g.unknown
	return p
}

// pickOrRevert makes the changes of one commit again, or takes them back.
func pickOrRevert(m *machine, s *state) *plan {
	known := map[string]object.ID{}
	for id := range m.commits {
		known[id.String()] = id
	}
	rev, ok := pick(m, known)
	if !ok || s.head.IsZero() || !m.clean(s) {
		return nil
	}
	c := m.commits[known[rev]]
	if len(c.parents) > 1 {
		return &plan{args: []string{"cherry-pick", rev}, mustFail: true} // of which parent?
	}
	from := tree{}
	if len(c.parents) == 1 {
		from = m.commits[c.parents[0]].tree
	}
	kind := m.one("cherry-pick", "revert")
	base, theirs := from, c.tree
	if kind == "revert" {
		base, theirs = theirs, base
	}
	favor := m.one("", "", "ours", "theirs")
	p := &plan{args: []string{kind, rev}}
	if favor != "" {
		p.args = []string{kind, "-X", favor, rev}
	}
	m.sides = &sides{base, m.headTree(s), theirs, []object.ID{s.head}}
	g := mergeTrees(base, m.headTree(s), theirs, favor)
	if !g.conflicts && !g.unknown && sameTree(g.tree, m.headTree(s)) == "" {
		p.mayFail, p.failed = true, nil // nothing to do
		p.new, p.made, p.anyIndex, p.anyWork = nil, nil, false, false
		p.mustFail = true
		p.anyDoing = kind
		m.before = s
		return p
	}
	if len(g.tree) == 0 {
		return nil
	}
	return m.brings(s, p, kind, g, favor, []object.ID{s.head})
}

// resolve settles all conflicts to one side.
func resolve(m *machine, s *state) *plan {
	if len(s.left) == 0 || m.sides == nil {
		return nil
	}
	side := m.one("ours", "theirs")
	g := mergeTrees(m.sides.base, m.sides.ours, m.sides.theirs, side)
	p := &plan{args: append(append([]string{"resolve"}, s.left...), "--"+side), new: s.clone()}
	p.new.land(g.tree)
	p.anyIndex, p.anyWork = g.unknown, g.unknown
	p.mayFail = !maps.Equal(s.work, s.index) // files that somebody, or what was killed, has changed stay
	return p
}

// goOn makes the commit of a merge whose conflicts are settled.
func goOn(m *machine, s *state) *plan {
	if s.doing == "" || m.sides == nil {
		return nil
	}
	p := &plan{args: []string{s.doing, "--continue"}, new: s.clone(), made: []commit{{m.sides.parents, s.index}}}
	p.new.doing = ""
	p.mustFail = len(s.left) > 0
	p.mayFail = s.doing != "merge" && maps.Equal(s.index, m.headTree(s))
	return p
}

// abort takes back what has stopped.
func abort(m *machine, s *state) *plan {
	if s.doing == "" || m.before == nil {
		return nil
	}
	new := m.before.clone()
	new.refs = maps.Clone(s.refs) // tags may have been made meanwhile
	return &plan{args: []string{s.doing, "--abort"}, new: new}
}

// undoLast takes the last command back, and redoLast does it again.
func undoLast(m *machine, s *state) *plan {
	if m.undo == nil {
		return nil
	}
	was := m.undo
	p := &plan{args: []string{"undo"}, new: was.clone(), anyWork: true}
	p.check = func(before, after *state) error {
		return oneOf(after.work, before.work, was.work, was.index, before.index)
	}
	p.then = func(m *machine, before, _ *state) { m.undo, m.redo = nil, before }
	return p
}

func redoLast(m *machine, s *state) *plan {
	if m.redo == nil {
		return nil
	}
	was := m.redo
	p := &plan{args: []string{"redo"}, new: was.clone(), anyWork: true}
	p.check = func(before, after *state) error {
		return oneOf(after.work, before.work, was.work, was.index, before.index)
	}
	p.then = func(m *machine, _, _ *state) { m.redo = nil }
	return p
}

// oneOf reports a file that is as none of the trees has it.
func oneOf(got tree, trees ...tree) error {
	for _, p := range got.paths() {
		found := false
		for _, t := range trees {
			text, is := t[p]
			found = found || is && text == got[p]
		}
		if !found {
			return fmt.Errorf("%s is as it never was", p)
		}
	}
	return nil
}

// moved reports whether a command changed what undo brings back.
func moved(a, b *state) bool {
	return a.branch != b.branch || a.head != b.head || !maps.Equal(a.refs, b.refs) || !maps.Equal(a.index, b.index) || a.doing != b.doing
}
