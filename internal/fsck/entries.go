package fsck

import (
	"errors"
	"fmt"
	"strings"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/reach"
	"github.com/strata-data/strata/internal/repo"
)

// checkEntries reports the entries of meta.db that cannot be read.
func (c *checker) checkEntries() {
	ids := map[repo.Place]string{repo.PlaceRefs: "refMalformed", repo.PlaceReflog: "reflogMalformed", "reflog-last": "reflogMalformed", repo.PlaceIndex: "indexMalformed",
		repo.PlaceStat: "indexMalformed", repo.PlaceState: "stateMalformed", repo.PlaceOps: "operationMalformed",
		repo.PlaceKnown: "stateMalformed"}
	for _, b := range c.facts.Bad {
		id := ids[b.Place]
		if id == "" { // of which only the checksums are looked at
			id = "stateMalformed"
		}
		if errors.Is(b.Err, object.ErrUnsupported) {
			id = "formatUnknown"
		}
		p := c.named(id, object.ID{}, strings.ToValidUTF8(b.Name, "\uFFFD"), b.Detail)
		p.Hint = repairHint
		if b.Place == repo.PlaceStat {
			p.Severity = Warning // it costs time and nothing else
		}
		if b.Place != repo.PlaceStat && b.Place != repo.PlaceKnown {
			c.partial = true // what it named is not known
		}
	}
}

// walkRoot walks from an object that meta.db names.
func (c *checker) walkRoot(m repo.Mention) {
	if c.stop() {
		return
	}
	st := c.status(m.ID)
	branch := strings.HasPrefix(m.Name, "refs/heads/") || m.Name == "HEAD" || m.Name == "ORIG_HEAD"
	switch {
	case st.flags&whole == 0:
		c.dangling(m)
		return
	case m.Place == repo.PlaceIndex && st.kind != object.KindTable:
		c.named("indexMalformed", m.ID, m.Name, "the staged table is a "+st.kind.String()).Hint = repairHint
		return
	case m.Place == repo.PlaceRefs && branch && st.kind != object.KindCommit:
		c.named("refMalformed", m.ID, m.Name, "it names a "+st.kind.String()+" where a commit is wanted").Hint = repairHint
	case m.Place == repo.PlaceRefs && !branch && st.kind != object.KindCommit && st.kind != object.KindTag && c.o.Tips == nil && isTag(m.Name):
		c.named("refMalformed", m.ID, m.Name, "it names a "+st.kind.String()+" where a commit or a tag is wanted").Hint = repairHint
	}
	c.walkAny(m.ID, st.kind, m)
}

func isTag(name string) bool { return strings.HasPrefix(name, "refs/tags/") }

// dangling reports a mention of an object that is not there or not whole.
func (c *checker) dangling(m repo.Mention) {
	c.partial = true
	detail := "object " + m.ID.String() + " is " + c.missingWord(m.ID)
	switch m.Place {
	case repo.PlaceRefs:
		p := c.named("refDangling", m.ID, m.Name, detail)
		p.Hint = repairHint
		if m.Name == "ORIG_HEAD" {
			p.Severity = Warning
		}
	case repo.PlaceReflog:
		p := c.named("reflogDangling", m.ID, m.Name, detail+fmt.Sprintf(" (entry %d)", m.Seq))
		p.Hint = repairHint
	case repo.PlaceOps:
		c.named("operationDangling", m.ID, m.Name, detail).Hint = repairHint
	case repo.PlaceIndex:
		if p := c.missing("objectMissing", m.ID, "a staged table"); p.Dataset == "" {
			p.Dataset, p.Name = m.Name, "index"
		}
	default:
		if p := c.missing("objectMissing", m.ID, ""); p.Name == "" {
			p.Name = m.String()
		}
	}
}

// missingWord says what is wrong with an object that is not whole.
func (c *checker) missingWord(id object.ID) string {
	if m, ok := c.objects.get(id); ok && m.flags&damaged != 0 {
		return "damaged"
	}
	return "missing"
}

// walkAny walks from an object of the kind given, which is whole.
func (c *checker) walkAny(id object.ID, kind object.Kind, m repo.Mention) {
	switch kind {
	case object.KindCommit:
		c.walkCommits(id)
	case object.KindTag:
		c.walkTag(id, m)
	case object.KindTree:
		c.walkDir(id)
	case object.KindTable:
		c.walkTable(id)
		c.apart = append(c.apart, m)
	default:
		c.walkOther(id)
	}
}

func (c *checker) walkTag(id object.ID, m repo.Mention) {
	for !c.tags[id] && !c.stop() {
		c.tags[id] = true
		b, ok := c.load(id)
		if !ok {
			return
		}
		t, err := repo.DecodeTag(b)
		if err != nil {
			c.undecodable(id, object.KindTag, err)
			return
		}
		st := c.status(t.Target)
		if st.flags&whole == 0 {
			c.missing("objectMissing", t.Target, "the tag "+t.Name+" names it").Name = m.Name
			return
		}
		if id = t.Target; st.kind != object.KindTag {
			c.walkAny(id, st.kind, m)
			return
		}
	}
}

// walkOther reaches what an object of any other kind names: what stands in a
// state, say.
func (c *checker) walkOther(id object.ID) {
	todo := []object.ID{id}
	for len(todo) > 0 && !c.stop() {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if c.others[id] {
			continue
		}
		c.others[id] = true
		st := c.status(id)
		if st.flags&whole == 0 {
			c.missing("objectMissing", id, "")
			continue
		}
		if reach.ReadsNothing(st.kind) || st.flags&strange != 0 {
			continue
		}
		b, ok := c.load(id)
		if !ok {
			continue
		}
		links, err := reach.Links(c.ctx, c.store, b, reach.Plain)
		if err != nil {
			c.undecodable(id, st.kind, err)
		}
		for _, l := range links {
			todo = append(todo, l.ID)
		}
	}
}
