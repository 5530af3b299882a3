package fsck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store/meta"
	"github.com/strata-data/strata/internal/store/segment"
	"github.com/strata-data/strata/internal/table"
)

// checker is the state of one Run.
type checker struct {
	ctx context.Context
	r   *repo.Repo
	o   Options

	store   *segment.Store // exactly the segments that the catalogue named
	infos   []segment.Info
	facts   *repo.Facts
	objects *objectSet
	strays  map[object.ID]segment.Stored // by what the bytes really are: copies under a wrong id
	spoiled map[object.ID]segment.Stored // the first damaged copy of each object

	problems []*problem
	known    map[problemKey]*problem
	partial  bool // something could not be walked, so what is reachable is not known

	trees     map[treeKey]*subtree
	blobs     map[object.ID]*fileTree
	tables    map[object.ID]*tableState
	apart     []repo.Mention           // tables that are named by something else than a tree
	dirs      map[object.ID]*repo.Tree // nil: cannot be read
	commits   map[object.ID]*commitState
	tags      map[object.ID]bool
	others    map[object.ID]bool
	sources   map[object.ID]*sourceState
	restored  int
	deep      map[object.ID][]table.LeafFault // of leaves that were verified
	deepNodes map[object.ID]bool

	mu  sync.Mutex // for callbacks that run beside each other
	err error      // ends the check: of the context
}

func newChecker(ctx context.Context, r *repo.Repo, o Options) *checker {
	return &checker{ctx: ctx, r: r, o: o, facts: new(repo.Facts), objects: newObjectSet(), spoiled: map[object.ID]segment.Stored{}, strays: map[object.ID]segment.Stored{},
		known: map[problemKey]*problem{}, trees: map[treeKey]*subtree{}, blobs: map[object.ID]*fileTree{},
		tables: map[object.ID]*tableState{}, dirs: map[object.ID]*repo.Tree{}, commits: map[object.ID]*commitState{},
		tags: map[object.ID]bool{}, others: map[object.ID]bool{}, sources: map[object.ID]*sourceState{},
		deep: map[object.ID][]table.LeafFault{}, deepNodes: map[object.ID]bool{}}
}

// open reads meta.db and opens the segments that it names, both as they were
// at one moment. A meta.db that cannot be read is a finding; the segments are
// then found by their names, so that their objects can be checked all the same.
func (c *checker) open() error {
	l := c.r.Layout()
	if err := meta.Check(l.MetaPath()); err != nil {
		return c.openLoose(err)
	}
	db := meta.Open(l.MetaPath())
	for attempt := 0; ; attempt++ {
		var bad []error
		err := db.View(c.ctx, func(tx meta.Tx) error {
			c.facts = repo.ReadFacts(tx)
			c.infos, bad = segment.Catalogue(tx)
			return nil
		})
		if err != nil {
			return c.openLoose(err)
		}
		// A file can vanish before it is opened, when another process merges.
		c.store = segment.OpenFiles(l.ObjectsDir(), c.infos, segment.Options{Workers: c.o.Workers})
		if len(c.store.Missing()) > 0 && attempt < 3 && c.catalogueChanged(db) {
			_ = c.store.Close()
			continue
		}
		for _, err := range bad {
			c.problem("catalogueMalformed", object.ID{}, detailOf(err)).Hint = repairHint
		}
		return nil
	}
}

const repairHint = "strata fsck --repair"

// catalogueChanged reports whether the catalogue is another one by now.
func (c *checker) catalogueChanged(db *meta.DB) bool {
	changed := false
	err := db.View(c.ctx, func(tx meta.Tx) error {
		infos, _ := segment.Catalogue(tx)
		changed = !slices.Equal(infos, c.infos)
		return nil
	})
	return err == nil && changed
}

// openLoose goes on without meta.db, which err says something about.
func (c *checker) openLoose(err error) error {
	switch {
	case c.ctx.Err() != nil:
		return c.ctx.Err()
	case errors.Is(err, object.ErrUnsupported):
		c.problem("formatUnknown", object.ID{}, c.withoutPath(err)).Hint = "strata version"
		return nil
	case !errors.Is(err, object.ErrCorrupt) && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read meta.db: %w", err)
	}
	c.problem("metaMalformed", object.ID{}, c.withoutPath(err)).Hint = "put back .strata/meta.db from a copy"
	c.partial = true
	infos, lerr := segment.Loose(c.r.Layout().ObjectsDir())
	if lerr != nil {
		return fmt.Errorf("list segments: %w", lerr)
	}
	c.infos = infos
	c.store = segment.OpenFiles(c.r.Layout().ObjectsDir(), infos, segment.Options{Workers: c.o.Workers})
	return nil
}

// withoutPath is the text of an error about meta.db.
func (c *checker) withoutPath(err error) string {
	return strings.ReplaceAll(detailOf(err), c.r.Layout().MetaPath()+": ", "")
}

// unpublished returns the names of the segment files that the catalogue does
// not name.
func (c *checker) unpublished() ([]string, error) {
	loose, err := segment.Loose(c.r.Layout().ObjectsDir())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, i := range loose {
		if !slices.ContainsFunc(c.infos, func(k segment.Info) bool { return k.Name == i.Name }) {
			names = append(names, i.Name)
		}
	}
	return names, nil
}
