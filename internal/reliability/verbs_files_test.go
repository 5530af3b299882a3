package reliability

import (
	"fmt"
	"slices"
	"strings"
)

// Verbs that change working files, the index and single files.

var (
	datasetPaths = []string{"a.csv", "b.csv", "n/c.csv", "n/d.csv"}
	plainPaths   = []string{"x.txt", "d/y.bin", "d/e/z.txt", "w.md"}
	labels       = []string{"dog", "cat", "wolf", "fox", ""}
)

func (m *machine) row(columns int) []string {
	row := []string{m.one(labels...), fmt.Sprint(m.rng.IntN(100)), strings.Repeat(m.one("rain ", "sun "), m.rng.IntN(3)) + "x"}
	for len(row) < columns {
		row = append(row, m.one("p", "q", "r"))
	}
	return row[:columns]
}

// newDataset adds a dataset that there is not.
func newDataset(m *machine, s *state) *plan {
	p := m.one(datasetPaths...)
	if _, is := s.index[p]; is {
		return nil
	}
	if _, is := s.work[p]; is {
		return nil
	}
	sh := sheet{columns: []string{"id", "label", "score", "note"}, rows: map[int][]string{}}
	for range 1 + m.rng.IntN(60) {
		sh.rows[m.nextID] = m.row(3)
		m.nextID += 1 + m.rng.IntN(3)
	}
	m.write(p, sh.text())
	new := s.clone()
	new.index[p], new.work[p] = sh.text(), sh.text()
	s.work[p] = sh.text()
	return &plan{args: []string{"add", p, "--key", "id"}, new: new}
}

// editDataset changes a working file of a dataset in one of several ways.
func editDataset(m *machine, s *state) *plan {
	var have []string
	for _, p := range s.work.paths() {
		if isDataset(p) {
			have = append(have, p)
		}
	}
	if len(have) == 0 {
		return nil
	}
	p := have[m.rng.IntN(len(have))]
	sh, err := parseSheet(s.work[p])
	if err != nil {
		m.fail("%s: %v", p, err)
	}
	ids := sh.ids()
	for range 1 + m.rng.IntN(4) {
		id := ids[m.rng.IntN(len(ids))]
		switch m.rng.IntN(8) {
		case 0, 1, 2:
			if row, ok := sh.rows[id]; ok {
				row[m.rng.IntN(len(row))] = fmt.Sprint(m.rng.IntN(100))
			}
		case 3, 4:
			sh.rows[m.nextID] = m.row(len(sh.columns) - 1)
			m.nextID++
		case 5:
			sh.rows[m.rng.IntN(m.nextID+1)] = m.row(len(sh.columns) - 1)
		case 6:
			if len(sh.rows) > 1 {
				delete(sh.rows, id)
			}
		case 7:
			m.changeColumns(&sh)
		}
	}
	if sh.text() == s.work[p] {
		return nil
	}
	m.write(p, sh.text())
	return &plan{}
}

// changeColumns adds a column at the end or drops the last of those.
func (m *machine) changeColumns(sh *sheet) {
	if len(sh.columns) > 4 && m.chance(30) {
		sh.columns = sh.columns[:len(sh.columns)-1]
		for id, row := range sh.rows {
			sh.rows[id] = row[:len(row)-1]
		}
		return
	}
	name := "x" + fmt.Sprint(m.rng.IntN(9))
	if slices.Contains(sh.columns, name) || len(sh.columns) > 6 {
		return
	}
	sh.columns = append(sh.columns, name)
	for _, id := range sh.ids() {
		sh.rows[id] = append(sh.rows[id], m.one("u", "v", "w"))
	}
}

func editPlain(m *machine, s *state) *plan {
	p := m.one(plainPaths...)
	text := strings.Repeat(fmt.Sprintf("%d\n", m.rng.IntN(1000)), 1+m.rng.IntN(40))
	if m.chance(10) {
		text = ""
	}
	if was, is := s.work[p]; is && was == text {
		return nil
	}
	m.write(p, text)
	return &plan{}
}

func deleteFile(m *machine, s *state) *plan {
	p, ok := pick(m, s.work)
	if !ok || len(s.work) < 3 {
		return nil
	}
	m.remove(p)
	return &plan{}
}

func addAll(m *machine, s *state) *plan {
	new := s.clone()
	new.index = s.work.clone()
	args := []string{"add", "-A"}
	for p := range s.work {
		if isDataset(p) {
			args = append(args, "--key", "id") // for those that were not tracked
			break
		}
	}
	return &plan{args: args, new: new}
}

func addPath(m *machine, s *state) *plan {
	p, ok := pick(m, s.work)
	if !ok {
		return nil
	}
	new := s.clone()
	new.index[p] = s.work[p]
	args := []string{"add", p}
	if isDataset(p) {
		args = append(args, "--key", "id")
	}
	return &plan{args: args, new: new}
}

func restorePath(m *machine, s *state) *plan {
	p, ok := pick(m, s.index)
	if !ok {
		return nil
	}
	new := s.clone()
	new.work[p] = s.index[p]
	return &plan{args: []string{"restore", p}, new: new}
}

func restoreAll(m *machine, s *state) *plan {
	if len(s.index) == 0 {
		return nil
	}
	new := s.clone()
	for p, text := range s.index {
		new.work[p] = text
	}
	return &plan{args: []string{"restore", "."}, new: new}
}

func restoreStaged(m *machine, s *state) *plan {
	head := m.headTree(s)
	p, ok := pick(m, head)
	if _, staged := s.index[p]; !ok || !staged {
		return nil
	}
	new := s.clone()
	new.index[p] = head[p]
	return &plan{args: []string{"restore", "--staged", p}, new: new}
}

func restoreSource(m *machine, s *state) *plan {
	rev, ok := pick(m, m.named(s))
	if !ok {
		return nil
	}
	from := m.commits[m.named(s)[rev]].tree
	p, ok := pick(m, from)
	if !ok {
		return nil
	}
	new := s.clone()
	new.work[p], new.index[p] = from[p], from[p]
	return &plan{args: []string{"restore", "--source", rev, "--staged", "--worktree", p}, new: new}
}

// remove removes a file from the index and the working directory.
func removePath(m *machine, s *state) *plan {
	p, ok := pick(m, s.index)
	if !ok || len(s.index) < 3 {
		return nil
	}
	new := s.clone()
	delete(new.index, p)
	args := []string{"rm", p}
	head, inHead := m.headTree(s)[p]
	staged := !inHead || head != s.index[p]
	text, there := s.work[p]
	if m.chance(30) {
		args = []string{"rm", "--cached", p}
	} else {
		delete(new.work, p)
	}
	return &plan{args: args, new: new, mayFail: there && text != s.index[p] || staged}
}

func movePath(m *machine, s *state) *plan {
	p, ok := pick(m, s.index)
	if !ok || s.work[p] != s.index[p] {
		return nil
	}
	to := m.one(plainPaths...)
	if isDataset(p) {
		to = m.one(datasetPaths...)
	}
	_, inWork := s.work[to]
	_, inIndex := s.index[to]
	if inWork || inIndex {
		return nil
	}
	new := s.clone()
	new.index[to], new.work[to] = s.index[p], s.work[p]
	delete(new.index, p)
	delete(new.work, p)
	return &plan{args: []string{"mv", p, to}, new: new}
}
