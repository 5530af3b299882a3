package fsck

import (
	"bytes"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

// maxCommits is how many commits a finding names.
const maxCommits = 10

// tellAffected tells each problem which datasets and commits it hurts.
func (c *checker) tellAffected() {
	if len(c.problems) == 0 {
		return
	}
	order := c.sorted()
	users := map[object.ID][]object.ID{} // of a table with problems: commits, newest first
	for _, s := range order {
		dir, seen := c.dirs[s.Tree]
		if dir == nil {
			if seen {
				for _, name := range []string{"objectMalformed", "objectTrailingBytes", "objectTruncated", "formatUnknown"} {
					if p := c.known[problemKey{id: name, object: s.Tree}]; p != nil {
						p.commits[s.id] = true
					}
				}
			}
			continue
		}
		for _, e := range dir.Entries {
			t := c.tables[e.Table]
			if t == nil || len(t.below) == 0 {
				continue
			}
			if users[e.Table] == nil {
				c.tellTable(repo.Mention{ID: e.Table, Name: e.Name}, t)
			}
			users[e.Table] = append(users[e.Table], s.id)
		}
	}
	for _, m := range c.apart {
		if users[m.ID] == nil {
			c.tellTable(m, c.tables[m.ID])
		}
	}
	position := map[object.ID]int{}
	for i, s := range order {
		position[s.id] = i
	}
	hurt := map[object.ID]bool{}
	for _, p := range c.problems {
		for t := range p.tables {
			for _, id := range users[t] {
				p.commits[id] = true
			}
		}
		for id := range p.commits {
			hurt[id] = true
		}
	}
	refs := c.refsOver(hurt)
	for _, p := range c.problems {
		p.name(position, refs)
	}
}

// tellTable gives the places below a table to its problems. m names it: with a
// place it is named by something else than a commit.
func (c *checker) tellTable(m repo.Mention, t *tableState) {
	if t == nil {
		return
	}
	dataset := m.Name
	if m.Place != "" && m.Place != repo.PlaceIndex {
		dataset = ""
	}
	for _, at := range t.below {
		p := at.p
		p.tables[m.ID] = true
		p.Places++
		if m.Place != "" && p.Name == "" && p.Places == 1 {
			p.Name = string(m.Place)
			if m.Place != repo.PlaceIndex {
				p.Name = m.String()
			}
		}
		if p.Places > 1 && p.Dataset != "" {
			continue
		}
		p.Dataset, p.File = dataset, at.file
		p.order = at.first
		if at.column != "" {
			p.Column = at.column
			if t.schema != nil {
				if i := t.schema.Index(at.column); i >= 0 {
					p.Column = t.schema.Fields[i].Name
				}
			}
		}
		if at.last != nil {
			p.Keys = &Keys{Last: keyText(t.schema, at.last)}
			if at.after {
				p.Keys.After = keyText(t.schema, at.first)
			} else {
				p.Keys.First = keyText(t.schema, at.first)
			}
		}
	}
}

// name writes commits and refs into the finding.
func (p *problem) name(position map[object.ID]int, refs map[object.ID][]string) {
	ids := make([]object.ID, 0, len(p.commits))
	for id := range p.commits {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b object.ID) int {
		if d := position[a] - position[b]; d != 0 {
			return d
		}
		return bytes.Compare(a[:], b[:])
	})
	p.CommitCount = len(ids)
	seen := map[string]bool{}
	for _, id := range ids {
		for _, name := range refs[id] {
			seen[name] = true
		}
	}
	for name := range seen {
		p.Refs = append(p.Refs, name)
	}
	slices.Sort(p.Refs)
	if len(ids) > 0 {
		p.Commits = ids[:min(len(ids), maxCommits)]
	}
}

// refsOver returns, for each of the commits in hurt, the refs that reach it.
func (c *checker) refsOver(hurt map[object.ID]bool) map[object.ID][]string {
	out := map[object.ID][]string{}
	if len(hurt) == 0 {
		return out
	}
	for _, r := range c.facts.Refs {
		seen := map[object.ID]bool{}
		todo := []object.ID{c.peel(r)}
		for len(todo) > 0 {
			id := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if seen[id] {
				continue
			}
			seen[id] = true
			if hurt[id] {
				out[id] = append(out[id], strings.Clone(r.Name))
			}
			if s := c.commits[id]; s != nil {
				todo = append(todo, s.Parents...)
			}
		}
	}
	return out
}

// peel follows the tags of a ref.
func (c *checker) peel(r repo.Ref) object.ID {
	id := r.Target
	for range 32 {
		if !c.tags[id] {
			break
		}
		b, ok := c.load(id)
		if !ok {
			break
		}
		t, err := repo.DecodeTag(b)
		if err != nil {
			break
		}
		id = t.Target
	}
	return id
}
