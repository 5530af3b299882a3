package reliability

import (
	"fmt"
	"maps"
	"os"
	"strconv"
	"testing"
)

// verb is a kind of step and how often it is drawn.
type verb struct {
	name   string
	weight int
	plan   func(*machine, *state) *plan // nil where it makes no sense now
}

func verbs() []verb {
	return []verb{
		{"new dataset", 6, newDataset}, {"edit dataset", 8, editDataset}, {"edit file", 4, editPlain}, {"delete file", 2, deleteFile},
		{"add -A", 5, addAll}, {"add PATH", 5, addPath}, {"restore", 2, restorePath}, {"restore .", 2, restoreAll},
		{"restore --staged", 2, restoreStaged}, {"restore --source", 2, restoreSource}, {"rm", 2, removePath}, {"mv", 2, movePath},
		{"edit and commit", 25, editAndCommit},
		{"commit", 4, commitIndex}, {"commit --allow-empty", 1, commitEmpty}, {"commit -a", 6, commitAll}, {"commit --amend", 2, amend},
		{"branch", 3, branchNew}, {"branch -D", 1, branchDelete}, {"branch -m", 1, branchRename}, {"tag", 2, tagNew}, {"tag -d", 1, tagDelete},
		{"switch", 8, switchTo}, {"switch -c", 5, switchNew}, {"switch --detach", 2, detach}, {"switch -f", 1, switchForce},
		{"reset", 3, reset}, {"merge", 18, mergeRev}, {"merge --ff-only", 1, mergeForwardOnly}, {"merge --squash", 1, squash},
		{"cherry-pick, revert", 6, pickOrRevert}, {"abort", 0, abort}, {"undo", 3, undoLast}, {"redo", 4, redoLast},
		{"stash", 3, stashPush}, {"stash pop", 10, stashPop},
		{"look", 2, lookAround}, {"fsck", 1, checkAll}, {"gc", 2, collect}, {"reflog expire", 1, expire},
	}
}

// draw draws a step that makes sense.
func (m *machine) draw(s *state, all []verb) (string, *plan) {
	total := 0
	for _, v := range all {
		total += v.weight
	}
	for {
		n := m.rng.IntN(total)
		for _, v := range all {
			if n -= v.weight; n < 0 {
				if p := v.plan(m, s); p != nil {
					return v.name, p
				}
				break
			}
		}
	}
}

// possible returns the verbs that make sense in a state.
func (m *machine) possible(s *state, all []verb) []verb {
	if s.doing == "" {
		return all
	}
	return []verb{{"abort", 2, abort}, {"resolve", 4, resolve}, {"continue", 4, goOn}, {"look", 2, lookAround}, {"gc", 1, collect}, {"fsck", 1, checkAll}, {"tag", 1, tagNew}}
}

// step does one random step from state s.
func (m *machine) step(s *state, all []verb) *state {
	m.Helper()
	name, p := m.draw(s, m.possible(s, all))
	after := m.follow(s, p)
	m.remember(name, p, s, after)
	return after
}

// remember keeps what undo and redo must bring back after a step.
func (m *machine) remember(name string, p *plan, s, after *state) {
	m.done[name]++
	switch {
	case p.args == nil:
		m.undo, m.redo = nil, nil // files have changes of their own
	case name == "undo", name == "redo", name == "stash", name == "stash pop", name == "reflog expire", name == "look", name == "fsck", name == "gc":
	case moved(s, after):
		m.undo, m.redo = s, nil
		if s.doing != "" || after.doing != "" {
			m.undo = nil
		}
	default:
		m.undo, m.redo = nil, nil // it may have moved what the model does not know of, such as ORIG_HEAD
	}
}

// seeds returns the seeds to run: n from first on, many times that at night, or
// the one that is asked for.
func seeds(t *testing.T, first uint64, n int) []uint64 {
	if s := os.Getenv("STRATA_SEED"); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return []uint64{seed}
	}
	if nightly() {
		n *= 50
	}
	var out []uint64
	for i := range n {
		out = append(out, first+uint64(i))
	}
	return out
}

// TestRandomVerbs runs random commands and compares the repository with the
// model after each.
func TestRandomVerbs(t *testing.T) {
	for _, seed := range seeds(t, 1, 12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, seed)
			s := m.look()
			for range 60 {
				s = m.step(s, verbs())
			}
			m.fsck(true)
			if s.doing == "" {
				m.must("gc", "--prune=now")
				m.fsck(true)
			}
			m.recheck()
			t.Log(maps.Clone(m.done))
		})
	}
}
