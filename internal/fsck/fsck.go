// Package fsck checks a repository from the bytes on disk to the meaning of
// its history, and repairs what can be repaired.
//
// Run reads every published object and compares it with its id, then walks
// from everything that meta.db names (refs, reflog, index, state) down to the
// pages, and reports what is missing, damaged, or not what the format's pages
// (docs/format) say: order, levels, cuts, sums, canonical encodings. Deep
// decodes every page and restores every file. Repair salvages.
//
// The one invariant: a check goes on. Whatever bytes it meets, it ends, it does
// not panic, and one fault hides no other; each becomes a Finding with a stable
// id (Kinds) that names the dataset, the column, the keys and the commits that
// it hurts. Start reading at Run, then checker.walkTree, then Repair.
package fsck

import (
	"context"
	"runtime"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

// Options of Run. The zero value checks everything but the values in pages.
type Options struct {
	// Deep also decodes every page, computes its statistics anew and restores
	// every file against its hash.
	Deep bool
	// Tips are the commits to check with all that they reach; nil means
	// everything that the repository names, and every published object.
	Tips []object.ID
	// Limit is how many findings of one kind the report keeps; 0 means 1000.
	// All are counted.
	Limit   int
	Workers int // goroutines; 0 means GOMAXPROCS
	// Progress is called as work is done, from several goroutines: the phase,
	// what was done since the last call, and the total bytes of the phase, 0
	// where they are not known. It may be nil.
	Progress func(phase string, bytes, objects, total int64)
}

// defaultLimit is how many findings of one kind are kept.
const defaultLimit = 1000

// Run checks the repository r, which may come from repo.OpenDamaged. What is
// wrong with the repository is in the report; the error is that of the context,
// or of a machine that cannot read. The report depends on the repository and
// the options alone, not on the number of workers.
func Run(ctx context.Context, r *repo.Repo, o Options) (*Report, error) {
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Limit == 0 {
		o.Limit = defaultLimit
	}
	if o.Progress == nil {
		o.Progress = func(string, int64, int64, int64) {}
	}
	c := newChecker(ctx, r, o)
	if err := c.run(); err != nil {
		return nil, err
	}
	return c.report(), nil
}

// run fills the checker.
func (c *checker) run() error {
	if err := c.open(); err != nil {
		return err
	}
	if c.store == nil {
		return nil // a finding says why
	}
	defer c.store.Close()
	if c.o.Tips == nil {
		if err := c.readSegments(); err != nil {
			return err
		}
	}
	return c.check()
}

// check walks everything that is named, and tells what the findings hurt.
func (c *checker) check() error {
	if c.o.Tips != nil {
		for _, id := range c.o.Tips {
			c.walkRoot(repo.Mention{ID: id, Place: repo.PlaceRefs, Name: id.String()})
		}
	} else {
		c.checkEntries()
		for _, m := range c.facts.Mentions {
			c.walkRoot(m)
		}
	}
	if c.err != nil {
		return c.err
	}
	c.checkHistory()
	c.tellAffected()
	if c.o.Tips == nil {
		c.judgeDamage()
		c.countUnreferenced()
	}
	return c.err
}
