package fsck

import (
	"fmt"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
)

// repairedPrefix begins the names of the branches that Repair makes.
const repairedPrefix = "refs/heads/repaired/"

// repairBranches makes a branch repaired/BRANCH for each branch whose newest
// commit cannot be read whole.
func (x *repairer) repairBranches() error {
	hurt := x.hurtCommits()
	made := false
	for _, r := range x.c.facts.Refs {
		if !strings.HasPrefix(r.Name, "refs/heads/") || strings.HasPrefix(r.Name, repairedPrefix) {
			continue
		}
		tip := x.c.commits[r.Target]
		if tip == nil || !hurt[tip.id] && !x.hurtTree(tip.Tree) || x.repairedBefore(tip.id) {
			continue
		}
		if err := x.repairBranch(r.Name, tip, hurt); err != nil {
			return fmt.Errorf("repair %s: %w", repo.ShortRef(r.Name), err)
		}
		made = true
	}
	if !made {
		return nil
	}
	return x.check()
}

// hurtCommits returns the commits with an error of their own or in their data.
func (x *repairer) hurtCommits() map[object.ID]bool {
	hurt := map[object.ID]bool{}
	x.c.markKnown()
	for _, p := range x.c.problems {
		if p.Severity == Error || p.Known {
			for id := range p.commits {
				hurt[id] = true
			}
		}
	}
	return hurt
}

// hurtTree reports whether a tree cannot be read, or a table of it has an error.
func (x *repairer) hurtTree(id object.ID) bool {
	dir := x.c.dirs[id]
	return dir == nil || slices.ContainsFunc(dir.Entries, func(e repo.Entry) bool { return x.hurtTable(e.Table) })
}

func (x *repairer) hurtTable(id object.ID) bool {
	t := x.c.tables[id]
	return t == nil || slices.ContainsFunc(t.below, func(at place) bool { return at.p.Severity == Error || at.p.Known })
}

// repairedFrom is the field of a repaired commit that names the one that it is
// made from.
const repairedFrom = "repaired-from"

// repairedBefore reports whether a commit that was reached is the repair of tip.
func (x *repairer) repairedBefore(tip object.ID) bool {
	for _, s := range x.c.commits {
		for _, f := range s.Extra {
			if f.Name == repairedFrom && f.Value == tip.String() {
				return true
			}
		}
	}
	return false
}

// repairBranch commits what is left of tip, on top of the newest commits before
// it that are whole with all of their history.
func (x *repairer) repairBranch(ref string, tip *commitState, hurt map[object.ID]bool) error {
	short := repo.ShortRef(ref)
	before := len(x.losses)
	parent, dir := x.standing(tip, hurt)
	w, err := x.r.Objects().NewWriter(x.ctx)
	if err != nil {
		return err
	}
	defer func() { _ = w.Discard() }()
	tree, err := x.repairTree(w, short, tip, dir)
	if err != nil {
		return err
	}
	c := &repo.Commit{Tree: tree, Generation: 1, Author: x.o.By, Committer: x.o.By, Extra: []repo.Field{{Name: repairedFrom, Value: tip.id.String()}},
		Message: fmt.Sprintf("Repaired %s: %s\n\nWhat is whole of commit %s.\n", short, tip.Subject(), tip.id)}
	if parent != nil {
		c.Parents, c.Generation = []object.ID{parent.id}, parent.Generation+1
		c.Committer.When = max(c.Committer.When, parent.Committer.When)
	}
	b, err := c.Encode()
	if err != nil {
		return err
	}
	id, err := w.Put(x.ctx, b, store.Hint{Stream: "meta/commit"})
	if err == nil {
		_, err = w.Publish(x.ctx)
	}
	if err != nil {
		return err
	}
	if err := x.writeLosses(); err != nil {
		return err
	}
	name := x.freeName(short)
	err = x.r.Repair(x.ctx, func(r *repo.Rescue) error { return r.SetRef(name, id, x.o.By, "fsck: repaired from "+tip.id.String()) })
	if err != nil {
		return err
	}
	x.done.Branches = append(x.done.Branches, RepairedBranch{Branch: short, Tip: tip.id, Name: repo.ShortRef(name), Commit: id})
	x.act("%s is what is whole of %s; %s", repo.ShortRef(name), short, lossText(x.losses[before:]))
	return nil
}

// lossText says in short what was lost.
func lossText(losses []Lost) string {
	var samples, cells, others int64
	for _, l := range losses {
		switch l.What {
		case "samples":
			samples += l.Samples
		case "cells":
			cells += l.Samples
		default:
			others++
		}
	}
	var parts []string
	for _, c := range []struct {
		n         int64
		one, many string
	}{{samples, "sample", "samples"}, {cells, "cell", "cells"}, {others, "dataset or file", "datasets or files"}} {
		switch c.n {
		case 0:
		case 1:
			parts = append(parts, "1 "+c.one)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.many))
		}
	}
	switch {
	case len(parts) == 0:
		return "no sample was lost"
	case samples+cells+others == 1:
		return parts[0] + " is lost"
	}
	return strings.Join(parts, ", ") + " are lost"
}

// standing returns the newest commit behind tip that is whole with all of its
// history, nil for none, and its datasets.
func (x *repairer) standing(tip *commitState, hurt map[object.ID]bool) (*commitState, *repo.Tree) {
	clean := map[object.ID]bool{}
	sorted := x.c.sorted()
	for _, s := range slices.Backward(sorted) { // oldest first
		ok := !hurt[s.id] && !x.hurtTree(s.Tree)
		for _, p := range s.Parents {
			ok = ok && clean[p]
		}
		clean[s.id] = ok
	}
	seen := map[object.ID]bool{}
	todo := slices.Clone(tip.Parents)
	for len(todo) > 0 {
		id := todo[0]
		todo = todo[1:]
		s := x.c.commits[id]
		if s == nil || seen[id] {
			continue
		}
		if seen[id] = true; clean[id] {
			return s, x.c.dirs[s.Tree]
		}
		todo = append(todo, s.Parents...)
	}
	return nil, nil
}

// repairTree writes the tree of what is left of a commit. dir, which may be nil,
// is that of a whole commit before it.
func (x *repairer) repairTree(w store.Writer, branch string, tip *commitState, dir *repo.Tree) (object.ID, error) {
	old := x.c.dirs[tip.Tree]
	if old == nil {
		x.lose(Lost{What: "commit", Branch: branch, Object: tip.Tree, Detail: "the list of datasets cannot be read; those of the commit before it are taken"})
		if old = dir; old == nil {
			old = new(repo.Tree)
		}
	}
	var entries []repo.Entry
	for _, e := range old.Entries {
		id := e.Table
		if x.hurtTable(id) {
			var err error
			if id, err = x.table(w, branch, e.Name, id, x.olderOf(e.Name, tip)); err != nil {
				return object.ID{}, fmt.Errorf("%s: %w", e.Name, err)
			}
		}
		if !id.IsZero() {
			entries = append(entries, repo.Entry{Name: e.Name, Table: id})
		}
	}
	t, err := repo.NewTree(entries)
	if err != nil {
		return object.ID{}, err
	}
	b, err := t.Encode()
	if err != nil {
		return object.ID{}, err
	}
	return w.Put(x.ctx, b, store.Hint{Stream: "meta/tree"})
}

// olderOf returns the different tables of a dataset in the commits before tip,
// the newest first, as far as they were read; at most ten.
func (x *repairer) olderOf(name string, tip *commitState) (out []*tableState) {
	seen := map[object.ID]bool{tip.id: true}
	todo := slices.Clone(tip.Parents)
	for len(todo) > 0 && len(out) < 10 {
		s := x.c.commits[todo[0]]
		todo = todo[1:]
		if s == nil || seen[s.id] {
			continue
		}
		seen[s.id] = true
		todo = append(todo, s.Parents...)
		if dir := x.c.dirs[s.Tree]; dir != nil {
			id, ok := dir.Table(name)
			if t := x.c.tables[id]; ok && t != nil && t.schema != nil && !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	return out
}

// freeName returns the full name of a branch that does not exist yet.
func (x *repairer) freeName(short string) string {
	name := repairedPrefix + short
	taken := func(n string) bool {
		return slices.ContainsFunc(x.c.facts.Refs, func(r repo.Ref) bool {
			return r.Name == n || strings.HasPrefix(r.Name, n+"/") || strings.HasPrefix(n, r.Name+"/")
		})
	}
	if taken("refs/heads/repaired") {
		name = "refs/heads/repaired-" + short
	}
	for n, base := 2, name; taken(name); n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	return name
}
