package reliability

import (
	"maps"

	"github.com/strata-data/strata/internal/object"
)

// stash is what was put aside.
type stash struct {
	base object.ID // HEAD then
	work tree      // of the tracked files
	gone []string  // tracked files that were not there
}

// stashPush puts aside what is changed in tracked files.
func stashPush(m *machine, s *state) *plan {
	head := m.headTree(s)
	st := stash{base: s.head, work: tree{}}
	for p := range s.index {
		if text, is := s.work[p]; is {
			st.work[p] = text
		} else {
			st.gone = append(st.gone, p)
		}
	}
	if s.head.IsZero() || maps.Equal(s.index, head) && maps.Equal(st.work, s.index) {
		return nil
	}
	p := &plan{args: []string{"stash"}, new: s.clone()}
	p.new.land(head)
	for path := range head { // not tracked, but in the way
		if _, tracked := s.index[path]; !tracked {
			if _, is := s.work[path]; is {
				return nil
			}
			st.gone = append(st.gone, path)
		}
	}
	p.then = func(m *machine, _, _ *state) {
		m.stashes = append(m.stashes, st)
		m.undo, m.redo = nil, nil
	}
	return p
}

// stashPop brings the last back, where nothing has changed since.
func stashPop(m *machine, s *state) *plan {
	n := len(m.stashes)
	if n == 0 || !m.clean(s) || m.stashes[n-1].base != s.head {
		return nil
	}
	st := m.stashes[n-1]
	p := &plan{args: []string{"stash", "pop"}, new: s.clone(), anyIndex: true}
	maps.Copy(p.new.work, st.work)
	for _, path := range st.gone {
		delete(p.new.work, path)
	}
	p.then = func(m *machine, _, _ *state) {
		m.stashes = m.stashes[:n-1]
		m.undo, m.redo = nil, nil
	}
	return p
}
