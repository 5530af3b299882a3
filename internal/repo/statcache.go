package repo

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"

	"github.com/strata-data/strata/internal/object"
)

const bucketStat = "stat"

// StatCache is what is remembered about plain files (docs/format/index.md). It
// is a copy that nothing changes, safe for concurrent use.
type StatCache struct{ blocks []statBlock } // sorted by directory, then first name

// StatChanges is a change of the stat cache. Paths are relative to the root of
// the working directory, with slashes. A path may occur once.
type StatChanges struct {
	Set    map[string]FileRecord
	Remove []string
}

// LoadStats returns the stat cache. It costs little more than copying it.
func (r *Repo) LoadStats(ctx context.Context) (c *StatCache, err error) {
	err = r.View(ctx, func(t *Tx) error { c, err = t.LoadStats(); return err })
	return c, err
}

// LoadStats returns the stat cache.
func (t *Tx) LoadStats() (*StatCache, error) {
	c := new(StatCache)
	for k, v := range t.meta.Range(bucketStat, nil) {
		blk, err := openBlock(k, v)
		if err != nil {
			return nil, err
		}
		c.blocks = append(c.blocks, blk)
	}
	return c, nil
}

// SaveStats applies changes to the stat cache.
func (r *Repo) SaveStats(ctx context.Context, changes StatChanges) error {
	return r.Update(ctx, func(t *Tx) error { return t.SaveStats(changes) })
}

// ClearStats forgets the whole stat cache.
func (t *Tx) ClearStats() error { return t.meta.DeleteBucket(bucketStat) }

// Len returns the number of files.
func (c *StatCache) Len() int {
	n := 0
	for i := range c.blocks {
		n += c.blocks[i].n
	}
	return n
}

// Lookup returns the record of the file at path.
func (c *StatCache) Lookup(path string) (FileRecord, bool) {
	dir, name := splitPath(path)
	// The last block that begins at or before (dir, name).
	i := sort.Search(len(c.blocks), func(i int) bool {
		b := &c.blocks[i]
		return b.dir > dir || (b.dir == dir && b.first > name)
	})
	if i == 0 || c.blocks[i-1].dir != dir {
		return FileRecord{}, false
	}
	return c.blocks[i-1].find(name)
}

// Content returns the content of the file at path, which is now as s says, if
// that is certain without reading it.
func (c *StatCache) Content(path string, s FileStat) (object.ID, bool) {
	rec, ok := c.Lookup(path)
	if !ok || !rec.Holds(s) {
		return object.ID{}, false
	}
	return rec.Content, true
}

// All yields every file, by directory and then by name.
func (c *StatCache) All() iter.Seq2[string, FileRecord] {
	return func(yield func(string, FileRecord) bool) {
		for i := range c.blocks {
			b := &c.blocks[i]
			prefix := b.dir
			if prefix != "" {
				prefix += "/"
			}
			for j := range b.n {
				if !yield(prefix+string(b.name(j)), b.record(j)) {
					return
				}
			}
		}
	}
}

func splitPath(path string) (dir, name string) {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// edit is a changed file of one directory; a nil record removes it.
type edit struct {
	name string
	rec  *FileRecord
}

// SaveStats applies changes to the stat cache, rewriting the blocks that they
// fall into.
func (t *Tx) SaveStats(changes StatChanges) error {
	dirs := map[string][]edit{}
	add := func(path string, rec *FileRecord) error {
		dir, name := splitPath(path)
		if name == "" || strings.ContainsRune(path, 0) || len(path) > maxSourcesPath {
			return fmt.Errorf("remember the state of %q: bad path", path)
		}
		dirs[dir] = append(dirs[dir], edit{name, rec})
		return nil
	}
	for path, rec := range changes.Set {
		if err := checkRecord(appendRecord(nil, rec)); err != nil {
			return fmt.Errorf("remember the state of %q: %w", path, err)
		}
		if err := add(path, &rec); err != nil {
			return err
		}
	}
	for _, path := range changes.Remove {
		if err := add(path, nil); err != nil {
			return err
		}
	}
	names := make([]string, 0, len(dirs))
	for dir := range dirs {
		names = append(names, dir)
	}
	slices.Sort(names)
	for _, dir := range names {
		edits := dirs[dir]
		slices.SortFunc(edits, func(a, b edit) int { return strings.Compare(a.name, b.name) })
		if err := t.editDir(dir, edits); err != nil {
			return err
		}
	}
	return nil
}

// editDir applies edits, sorted by name, to the blocks of one directory.
func (t *Tx) editDir(dir string, edits []edit) error {
	var blocks []statBlock
	for k, v := range t.meta.Range(bucketStat, blockKey(dir, "")) {
		blk, err := openBlock(k, v)
		if err != nil {
			return err
		}
		blocks = append(blocks, blk)
	}
	if len(blocks) == 0 {
		return t.putBlocks(dir, merge(nil, edits))
	}
	for i := range blocks {
		mine := len(edits)
		if i+1 < len(blocks) {
			mine = sort.Search(len(edits), func(j int) bool { return edits[j].name >= blocks[i+1].first })
		}
		if mine == 0 {
			continue
		}
		if err := t.meta.Delete(bucketStat, blockKey(dir, blocks[i].first)); err != nil {
			return err
		}
		if err := t.putBlocks(dir, merge(blocks[i].files(), edits[:mine])); err != nil {
			return err
		}
		edits = edits[mine:]
	}
	return nil
}

// putBlocks writes files in as few blocks of about equal size as they need.
func (t *Tx) putBlocks(dir string, files []namedRecord) error {
	for blocks := (len(files) + maxBlock - 1) / maxBlock; blocks > 0; blocks-- {
		n := (len(files) + blocks - 1) / blocks
		if err := t.meta.Put(bucketStat, blockKey(dir, files[0].name), encodeBlock(files[:n])); err != nil {
			return err
		}
		files = files[n:]
	}
	return nil
}

// merge returns files with edits applied; both are sorted by name.
func merge(files []namedRecord, edits []edit) []namedRecord {
	out := make([]namedRecord, 0, len(files)+len(edits))
	for len(files) > 0 || len(edits) > 0 {
		if len(edits) == 0 || (len(files) > 0 && files[0].name < edits[0].name) {
			out = append(out, files[0])
			files = files[1:]
			continue
		}
		if len(files) > 0 && files[0].name == edits[0].name {
			files = files[1:]
		}
		if e := edits[0]; e.rec != nil {
			out = append(out, namedRecord{name: e.name, FileRecord: *e.rec})
		}
		edits = edits[1:]
	}
	return out
}
