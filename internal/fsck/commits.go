package fsck

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

// commitState is a commit that was reached and could be decoded.
type commitState struct {
	id object.ID
	*repo.Commit
}

// walkCommits walks the history behind the commit id, which is whole.
func (c *checker) walkCommits(id object.ID) {
	todo := []object.ID{id}
	for len(todo) > 0 && !c.stop() {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if _, ok := c.commits[id]; ok || c.others[id] {
			continue
		}
		b, ok := c.load(id)
		if !ok {
			continue
		}
		commit, err := repo.DecodeCommit(b)
		if err != nil {
			c.others[id] = true
			c.undecodable(id, object.KindCommit, err).commits[id] = true
			continue
		}
		c.commits[id] = &commitState{id, commit}
		c.o.Progress(phaseTables, 0, 1, 0)
		c.walkTreeOf(id, commit.Tree)
		for _, p := range slices.Backward(commit.Parents) {
			if c.parentWhole(id, p) {
				todo = append(todo, p)
			}
		}
	}
}

// walkTreeOf walks the tree of a commit.
func (c *checker) walkTreeOf(commit, tree object.ID) {
	st := c.status(tree)
	switch {
	case st.flags&whole == 0:
		c.missing("objectMissing", tree, "the tree of commit "+commit.String()).commits[commit] = true
	case st.kind != object.KindTree:
		c.problem("objectWrongKind", tree, "a "+st.kind.String()+" where the tree of a commit should be").commits[commit] = true
	default:
		c.walkDir(tree)
	}
}

func (c *checker) parentWhole(commit, parent object.ID) bool {
	st := c.status(parent)
	switch {
	case st.flags&whole == 0:
		c.partial = true
		p := c.problem("commitBadParent", commit, "its parent "+parent.String()+" is "+c.missingWord(parent))
		p.commits[commit] = true
		p.Hint = repairHint + " --from COPY"
		return false
	case st.kind != object.KindCommit:
		p := c.problem("commitBadParent", commit, "its parent "+parent.String()+" is a "+st.kind.String())
		p.commits[commit] = true
		p.Hint = repairHint
		return false
	}
	return true
}

// walkDir walks the tree object id.
func (c *checker) walkDir(id object.ID) {
	if _, ok := c.dirs[id]; ok {
		return
	}
	c.dirs[id] = nil
	b, ok := c.load(id)
	if !ok {
		return
	}
	t, err := repo.DecodeTree(b)
	if err != nil {
		c.undecodable(id, object.KindTree, err)
		return
	}
	c.dirs[id] = t
	for _, e := range t.Entries {
		if c.stop() {
			return
		}
		c.walkTable(e.Table)
	}
}

// sorted returns the commits that were reached, newest first: by generation,
// time and id.
func (c *checker) sorted() []*commitState {
	all := make([]*commitState, 0, len(c.commits))
	for _, s := range c.commits {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *commitState) int {
		return cmp.Or(cmp.Compare(b.Generation, a.Generation), cmp.Compare(b.Committer.When, a.Committer.When), bytes.Compare(a.id[:], b.id[:]))
	})
	return all
}

// checkHistory compares commits with their parents.
func (c *checker) checkHistory() {
	for _, s := range c.sorted() {
		most, known := uint32(0), true
		for _, id := range s.Parents {
			p := c.commits[id]
			if p == nil {
				known = false
				continue
			}
			most = max(most, p.Generation)
			if s.Committer.When < p.Committer.When {
				bad := c.problem("commitBadTime", s.id, fmt.Sprintf("it was made %d s before its parent %s", p.Committer.When-s.Committer.When, id.Short()))
				bad.commits[s.id] = true
			}
		}
		if known && s.Generation != most+1 || s.Generation <= most {
			p := c.problem("commitBadGeneration", s.id, fmt.Sprintf("its generation is %d, should be %d", s.Generation, most+1))
			p.commits[s.id] = true
			p.Hint = repairHint
		}
	}
}
