package fsck

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store/meta"
	"github.com/strata-data/strata/internal/store/segment"
	"github.com/strata-data/strata/internal/vfs"
)

// rebuildMeta makes meta.db anew: with the refs, logs and index of a copy, if one
// is given, else with a branch for each commit that no other has as parent. The
// damaged file is kept in LostAndFound.
func (x *repairer) rebuildMeta() error {
	path := x.r.Layout().MetaPath()
	tmp := path + ".fsck"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	from, err := x.copyMeta(tmp)
	if err != nil {
		return err
	}
	if from == "" {
		if err := meta.Create(tmp, meta.Version, meta.Features()); err != nil {
			return err
		}
	}
	infos, err := x.wholeSegments()
	if err != nil {
		return err
	}
	err = meta.Open(tmp).Update(x.ctx, func(tx meta.Tx) error {
		if err := tx.DeleteBucket(meta.BucketSegments); err != nil {
			return err
		}
		if err := segment.PutCatalogue(tx, infos); err != nil {
			return err
		}
		if from == "" {
			return x.recoverRefs(tx)
		}
		return x.recoverNewer(tx)
	})
	if err != nil {
		return fmt.Errorf("make meta.db anew: %w", err)
	}
	x.lose(Lost{What: "refs", Detail: "meta.db could not be read: refs, logs, index and settings of unfinished work are those of the copy, or gone", Now: from})
	if err := x.writeLosses(); err != nil {
		return err
	}
	if err := x.away(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := (vfs.OS{}).Rename(tmp, path); err != nil {
		return err
	}
	if err := (vfs.OS{}).SyncDir(x.r.Layout().Dir); err != nil {
		return err
	}
	x.act("meta.db was made anew with %d segments; the damaged one is in %s", len(infos), LostAndFound)
	if from != "" {
		x.act("refs, logs and index are those of %s", from)
	}
	return nil
}

// copyMeta copies the meta.db of the first copy that has a whole one, and
// returns which it was.
func (x *repairer) copyMeta(to string) (string, error) {
	for _, from := range x.o.From {
		for _, p := range []string{filepath.Join(from, repo.DirName, "meta.db"), filepath.Join(from, "meta.db")} {
			if meta.Check(p) != nil {
				continue
			}
			return from, copyFile(p, to)
		}
	}
	return "", nil
}

// wholeSegments returns the segments of the directory with what the catalogue
// says of them; those that cannot be opened are left to rescue.
func (x *repairer) wholeSegments() ([]segment.Info, error) {
	sizes := map[string]*segment.Info{}
	for _, i := range x.c.infos {
		info := i
		info.Objects, info.RawBytes = 0, 0
		sizes[i.Name] = &info
	}
	err := x.c.store.Verify(x.ctx, func(s segment.Stored) error {
		x.c.mu.Lock()
		defer x.c.mu.Unlock()
		if info := sizes[s.Segment]; info != nil && !s.ID.IsZero() {
			info.Objects++
			info.RawBytes += int64(len(s.Bytes))
		}
		return nil
	})
	var infos []segment.Info
	for _, i := range x.c.infos {
		if info := sizes[i.Name]; info.Objects > 0 {
			infos = append(infos, *info)
		}
	}
	return infos, err
}

// commits returns all whole commits, named by something or not.
func (x *repairer) commits() map[object.ID]*repo.Commit {
	commits := map[object.ID]*repo.Commit{}
	for i := range x.c.objects.shards {
		for id, m := range x.c.objects.shards[i].m {
			if m.flags&whole == 0 || m.kind != object.KindCommit {
				continue
			}
			b, err := x.c.store.Get(x.ctx, id)
			if err != nil {
				continue
			}
			c, err := repo.DecodeCommit(b)
			if err != nil {
				continue
			}
			commits[id] = c
		}
	}
	return commits
}

// tipsOf returns those of commits that no other has as parent, the greatest
// generation first and of one generation the newest; stashes come last, as they
// are of no branch.
func tipsOf(commits map[object.ID]*repo.Commit) (tips []object.ID) {
	parents, aside := map[object.ID]bool{}, map[object.ID]bool{}
	for id, c := range commits {
		if isStash(c, commits) {
			aside[id] = true
			for _, p := range c.Parents[1:] {
				parents[p], aside[p] = true, true
			}
		}
	}
	for id, c := range commits {
		for _, p := range c.Parents {
			parents[p] = parents[p] || !aside[id] // where a stash was made is a tip nevertheless
		}
	}
	for id := range commits {
		if !parents[id] {
			tips = append(tips, id)
		}
	}
	rank := func(c *repo.Commit) int {
		if isStash(c, commits) {
			return -1
		}
		return int(c.Generation)
	}
	slices.SortFunc(tips, func(a, b object.ID) int {
		x, y := commits[a], commits[b]
		return cmp.Or(cmp.Compare(rank(y), rank(x)), cmp.Compare(y.Committer.When, x.Committer.When), slices.Compare(a[:], b[:]))
	})
	return tips
}

// isStash reports whether a commit is what strata stash made: its second parent
// is the index.
func isStash(c *repo.Commit, commits map[object.ID]*repo.Commit) bool {
	if len(c.Parents) < 2 {
		return false
	}
	index := commits[c.Parents[1]]
	return index != nil && strings.HasPrefix(index.Message, "index on ")
}

// recoveredPrefix begins the names of branches for commits that no ref leads to.
const recoveredPrefix = "refs/heads/recovered/"

// recoverNewer writes a branch for each commit that what tx has does not lead to,
// as it is newer than the copy.
func (x *repairer) recoverNewer(tx meta.Tx) error {
	roots, err := repo.RootsIn(tx)
	if err != nil {
		roots = nil // entries of the copy are damaged: rather a branch too many
	}
	commits := x.commits()
	var todo []object.ID
	for _, root := range roots {
		todo = append(todo, root.ID)
	}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if c := commits[id]; c != nil {
			todo = append(todo, c.Parents...)
			delete(commits, id)
		} else if b, err := x.c.store.Get(x.ctx, id); err == nil {
			if t, err := repo.DecodeTag(b); err == nil {
				todo = append(todo, t.Target)
			}
		}
	}
	for _, id := range tipsOf(commits) {
		if err := tx.Put("refs", []byte(recoveredPrefix+id.Short()), []byte(id.String())); err != nil {
			return err
		}
		x.act("recovered/%s is at commit %s, which the copy does not know", id.Short(), id)
	}
	return nil
}

// recoverRefs writes HEAD and a branch for each commit that no other has as
// parent: main for the newest.
func (x *repairer) recoverRefs(tx meta.Tx) error {
	refs := [][2]string{{"HEAD", "ref: refs/heads/" + repo.DefaultBranch}}
	for i, id := range tipsOf(x.commits()) {
		name := recoveredPrefix + id.Short()
		if i == 0 {
			name = "refs/heads/" + repo.DefaultBranch
		}
		refs = append(refs, [2]string{name, id.String()})
		x.act("%s is at commit %s, which no other has as parent", repo.ShortRef(name), id)
	}
	for _, r := range refs {
		if err := tx.Put("refs", []byte(r[0]), []byte(r[1])); err != nil {
			return err
		}
	}
	return nil
}
