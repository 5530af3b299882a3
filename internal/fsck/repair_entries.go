package fsck

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

// fixEntries puts right what meta.db names, in one transaction: entries that
// cannot be read, and those that name what is not whole.
func (x *repairer) fixEntries() error {
	before := len(x.done.Actions)
	err := x.r.Repair(x.ctx, func(r *repo.Rescue) error {
		dropped := map[string]bool{}
		for _, b := range x.c.facts.Bad {
			if err := x.fixBad(r, b); err != nil {
				return err
			}
			dropped[mentionKey(b.Place, b.Name, 0)] = true
		}
		for _, m := range x.c.facts.Mentions {
			if err := x.fixMention(r, m, dropped); err != nil {
				return err
			}
		}
		x.actSums()
		if err := x.writeLosses(); err != nil {
			return err
		}
		return r.CountReflogs()
	})
	if err != nil {
		return fmt.Errorf("repair meta.db: %w", err)
	}
	if len(x.done.Actions) == before {
		return nil
	}
	return x.check()
}

// fixBad deals with an entry that cannot be read.
func (x *repairer) fixBad(r *repo.Rescue, b repo.BadEntry) error {
	lost := Lost{What: string(b.Place), Name: strings.ToValidUTF8(b.Name, "\uFFFD"), Value: hex.EncodeToString(b.Value), Detail: b.Detail}
	defer func() { x.lose(lost) }()
	switch {
	case b.Place == repo.PlaceRefs && b.Name == "HEAD":
		branch := x.someBranch()
		lost.Now = branch
		x.act("HEAD could not be read and is on %s now", branch)
		return r.SetHead(branch)
	case b.Place == repo.PlaceRefs:
		if err := r.Drop(b); err != nil {
			return err
		}
		return x.refBack(r, b.Name, b.Detail, &lost)
	case b.Place == repo.PlaceIndex && strings.HasPrefix(string(b.Key), "d/"):
		id := x.committed(b.Name)
		lost.Dataset = b.Name
		x.act("the staged %s could not be read; it is as in the last commit", b.Name)
		if err := r.Drop(b); err != nil || id.IsZero() {
			return err
		}
		return r.SetDataset(b.Name, id)
	}
	x.act("an entry of the %s that could not be read was removed: %s", b.Place, lost.Name)
	return r.Drop(b)
}

// someBranch returns the branch for a HEAD that was lost.
func (x *repairer) someBranch() string {
	name := ""
	for _, r := range x.c.facts.Refs {
		if strings.HasPrefix(r.Name, "refs/heads/") && (name == "" || r.Name == "refs/heads/main") {
			name = r.Name
		}
	}
	if name == "" {
		name = "refs/heads/" + repo.DefaultBranch
	}
	return name
}

// committed returns the table of a dataset in HEAD's commit, zero if there is
// none.
func (x *repairer) committed(dataset string) object.ID {
	h := x.c.facts.Head
	id := h.ID
	for _, r := range x.c.facts.Refs {
		if r.Name == h.Branch {
			id = r.Target
		}
	}
	if s := x.c.commits[id]; s != nil && x.c.dirs[s.Tree] != nil {
		if t, ok := x.c.dirs[s.Tree].Table(dataset); ok && x.c.isWhole(t, object.KindTable) {
			return t
		}
	}
	return object.ID{}
}

func (c *checker) isWhole(id object.ID, kind object.Kind) bool {
	m, _ := c.objects.get(id)
	return m.flags&whole != 0 && m.kind == kind
}

// refBack makes a ref name the newest whole commit of its log, or removes it.
func (x *repairer) refBack(r *repo.Rescue, name, detail string, lost *Lost) error {
	id := x.newestWhole(name)
	if id.IsZero() || repo.CheckRefName(name) != nil {
		x.act("%s was removed: %s, and its log has no whole commit", name, detail)
		return r.SetRef(name, object.ID{}, x.o.By, "")
	}
	lost.Now = id.String()
	x.act("%s is at %s now, the newest whole commit of its log: %s", name, id, detail)
	return r.SetRef(name, id, x.o.By, "fsck: back to the newest whole commit; "+detail)
}

// newestWhole returns the newest commit in the log of a ref that is whole, or
// in that of HEAD where the ref is HEAD's branch; zero if there is none.
func (x *repairer) newestWhole(name string) object.ID {
	for _, log := range []string{name, "HEAD"} {
		if log == "HEAD" && x.c.facts.Head.Branch != name {
			break
		}
		for _, m := range slices.Backward(x.c.facts.Mentions) { // a log's entries are in order, new behind old
			if m.Place == repo.PlaceReflog && m.Name == log && x.c.commits[m.ID] != nil {
				return m.ID
			}
		}
	}
	return object.ID{}
}

// fixMention deals with an entry that names what is not whole, or may not be
// named there. dropped are entries that are gone already.
func (x *repairer) fixMention(r *repo.Rescue, m repo.Mention, dropped map[string]bool) error {
	detail, wrong := x.wrongMention(m)
	key := mentionKey(m.Place, m.Name, m.Seq)
	if !wrong || dropped[key] {
		return nil
	}
	dropped[key] = true
	lost := Lost{What: string(m.Place), Name: m.Name, Value: m.ID.String(), Detail: detail}
	defer func() { x.lose(lost) }()
	switch m.Place {
	case repo.PlaceRefs:
		if m.Name == "HEAD" {
			branch := x.someBranch()
			lost.Now = branch
			x.act("HEAD was at %s, which is %s, and is on %s now", m.ID, detail, branch)
			return r.SetHead(branch)
		}
		return x.refBack(r, m.Name, "object "+m.ID.String()+" is "+detail, &lost)
	case repo.PlaceReflog:
		x.sum("%d entries of the log of " + m.Name + " were removed, as their objects are " + detail)
		return r.DropReflog(m.Name, m.Seq)
	case repo.PlaceIndex:
		lost.Dataset = m.Name
		x.act("the staged %s is %s; it is as in the last commit", m.Name, detail)
		return r.SetDataset(m.Name, x.committed(m.Name))
	case repo.PlaceState:
		x.act("the unfinished %s was forgotten: an object of it is %s", m.Name, detail)
		return r.DropState(m.Name)
	case repo.PlaceOps:
		x.sum("%d operations can no longer be undone, as their objects are " + detail)
		return r.DropOperation(m.Seq)
	}
	return nil
}

func mentionKey(place repo.Place, name string, seq uint64) string {
	return fmt.Sprintf("%s\x00%s\x00%d", place, name, seq)
}

// wrongMention says what is wrong with what m names.
func (x *repairer) wrongMention(m repo.Mention) (detail string, wrong bool) {
	st, _ := x.c.objects.get(m.ID)
	if st.flags&whole == 0 {
		return x.c.missingWord(m.ID), true
	}
	var want object.Kind
	switch {
	case m.Place == repo.PlaceIndex:
		want = object.KindTable
	case m.Place == repo.PlaceRefs && (strings.HasPrefix(m.Name, "refs/heads/") || m.Name == "HEAD" || m.Name == "ORIG_HEAD"):
		want = object.KindCommit
	}
	if want != 0 && st.kind != want {
		return "a " + st.kind.String(), true
	}
	if want == object.KindCommit && x.c.commits[m.ID] == nil {
		return "malformed", true
	}
	return "", false
}
