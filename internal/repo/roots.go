package repo

import (
	"fmt"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store/meta"
)

// Why says what keeps an object.
type Why string

// The reasons, strongest first: an object that several roots reach is counted
// for the first of them.
const (
	WhyRef    Why = "refs"       // HEAD, ORIG_HEAD, branches, tags, remotes, the stash
	WhyIndex  Why = "index"      // staged tables
	WhyState  Why = "state"      // a merge, cherry-pick, revert, stash pop or bisect that has not ended
	WhyReflog Why = "reflog"     // where a ref was
	WhyOps    Why = "operations" // what undo and redo lead to
)

// Root is an object that is kept, with all that it reaches, because meta.db
// names it.
type Root struct {
	ID  object.ID
	Why Why
}

// rootBucket is a bucket of meta.db and how to find the objects that it names.
type rootBucket struct {
	name string
	why  Why
	read func(t *Tx, add func(object.ID)) error
}

// rootBuckets is the list of all buckets that keep objects, strongest reason
// first. What is not here, gc removes.
func rootBuckets() []rootBucket {
	return []rootBucket{
		{bucketRefs, WhyRef, rootsOfRefs},
		{bucketIndex, WhyIndex, rootsOfIndex},
		{bucketState, WhyState, rootsOfState},
		{bucketReflog, WhyReflog, rootsOfReflog},
		{bucketOps, WhyOps, rootsOfOps},
	}
}

// rootlessBuckets is the list of all other buckets, with the reason why what
// they hold keeps nothing.
func rootlessBuckets() map[string]string {
	return map[string]string{
		bucketReflogLast: "sequence numbers",
		bucketKnown:      "objects that are damaged or gone",
		bucketStat:       "a cache: gc forgets the files whose content goes (ForgetStats)",
	}
}

// Roots returns every object that meta.db names and that must be kept with all
// that it reaches, each once, strongest reason first. Damage anywhere is an
// error, as a root that cannot be read may be the only one of something.
func (t *Tx) Roots() ([]Root, error) {
	var roots []Root
	seen := map[object.ID]bool{{}: true}
	for _, b := range rootBuckets() {
		err := b.read(t, func(id object.ID) {
			if !seen[id] {
				seen[id] = true
				roots = append(roots, Root{id, b.why})
			}
		})
		if err != nil {
			return nil, fmt.Errorf("find what %s keeps: %w", b.name, err)
		}
	}
	return roots, nil
}

// RootsIn is Tx.Roots in a transaction that another package began.
func RootsIn(m meta.Tx) ([]Root, error) { return (&Tx{meta: m}).Roots() }

func rootsOfRefs(t *Tx, add func(object.ID)) error {
	h, err := t.Head()
	if err != nil {
		return err
	}
	add(h.ID)
	for k, v := range t.meta.Range(bucketRefs, nil) {
		if string(k) == headName {
			continue
		}
		id, err := parseRefID(v)
		if err != nil {
			return fmt.Errorf("ref %s: %w", k, err)
		}
		add(id)
	}
	return nil
}

// rootsOfIndex leaves the sources out: their content ids are hashes of files
// and name no object.
func rootsOfIndex(t *Tx, add func(object.ID)) error {
	ix, err := t.Index()
	if err != nil {
		return err
	}
	for _, e := range Entries(ix.Datasets) {
		add(e.Table)
	}
	return nil
}

func rootsOfState(t *Tx, add func(object.ID)) error {
	states, err := t.States()
	if err != nil {
		return err
	}
	for _, s := range states {
		for _, id := range s.Objects() {
			add(id)
		}
	}
	return nil
}

func rootsOfReflog(t *Tx, add func(object.ID)) error {
	for _, name := range t.LoggedRefs() {
		log, err := t.Reflog(name)
		if err != nil {
			return err
		}
		for _, e := range log {
			add(e.New)
			add(e.Old)
		}
	}
	return nil
}

func rootsOfOps(t *Tx, add func(object.ID)) error {
	ids, err := t.OperationObjects()
	for _, id := range ids {
		add(id)
	}
	return err
}

// ForgetStats removes the records of plain files whose content is not kept, so
// that add will not take such a file for one that is stored. It returns how
// many.
func (t *Tx) ForgetStats(kept func(object.ID) bool) (int, error) {
	c, err := t.LoadStats()
	if err != nil {
		return 0, err
	}
	var gone []string
	for path, rec := range c.All() {
		if !kept(rec.Content) {
			gone = append(gone, path)
		}
	}
	if len(gone) == 0 {
		return 0, nil
	}
	return len(gone), t.SaveStats(StatChanges{Remove: gone})
}
