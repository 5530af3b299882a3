// Package gc removes the objects that nothing needs and gives their room back.
//
// The one invariant: what a root of the repository reaches (repo.Tx.Roots: refs,
// index, unfinished work, reflogs, operations) is kept for ever. The rest goes
// once it has not been written for a grace period. Before anything is removed,
// everything that is needed has been found: a missing or damaged object stops
// gc, since what hangs off it could not be told from garbage.
//
// Mark walks the objects that name others (internal/reach); Run then has the
// store rewrite the segments that hold garbage (segment.Sweep). With Aggressive
// it also says in which order to pack: versions of a page beside each other. No
// format of its own; docs/format/segment.md says how sweeping survives a crash.
// Start reading at Run.
package gc

import (
	"context"
	"errors"
	"fmt"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/reach"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store/meta"
	"github.com/strata-data/strata/internal/store/segment"
)

// Options of Run.
type Options struct {
	// Before is the time, in seconds since 1970, before which garbage must have
	// been written to be removed: Everything removes all, 0 nothing.
	Before     int64
	Aggressive bool // pack everything anew
	DryRun     bool
	// Phase is called when a part of the work begins; may be nil.
	Phase func(name string)
}

// Everything is a Before that lies behind every time.
const Everything = 1<<63 - 1

// Reason says how much is kept because of one kind of root and no stronger one.
type Reason struct {
	Why     repo.Why
	Objects int64
	Bytes   int64 // on the disk
}

// Result says what Run found and did.
type Result struct {
	segment.SweepResult
	Reasons   []Reason // in the order of strength, all of them
	Forgotten int      // plain files whose record in the stat cache went with their content
}

// BrokenError is returned when something that is needed is missing or damaged;
// nothing has been removed then. It unwraps to its cause.
type BrokenError struct {
	ID  object.ID
	Why repo.Why // of the root that needs it
	Err error
}

func (e *BrokenError) Error() string {
	return fmt.Sprintf("an object that %s needs cannot be read: %v", e.Why, e.Err)
}

// Unwrap returns the cause.
func (e *BrokenError) Unwrap() error { return e.Err }

// errStore is returned for a repository whose objects are not in segments.
var errStore = errors.New("the object store has no segments")

// attempts is how often Run looks again for what is needed, where refs were moved
// meanwhile to what was not.
const attempts = 3

// Run collects garbage. Unless it is a dry run the caller holds the lock. Refs may
// move meanwhile, which takes no lock: where one then names something that had
// been found not to be needed, Run begins again, and in the end gives up with
// repo.ErrOperationMoved.
func Run(ctx context.Context, r *repo.Repo, o Options) (res *Result, err error) {
	for range attempts {
		if res, err = run(ctx, r, o); !errors.Is(err, repo.ErrOperationMoved) {
			break
		}
	}
	return res, err
}

func run(ctx context.Context, r *repo.Repo, o Options) (*Result, error) {
	s, ok := r.Objects().(*segment.Store)
	if !ok {
		return nil, errStore
	}
	phase := func(name string) {
		if o.Phase != nil {
			o.Phase(name)
		}
	}
	phase("finding what is needed")
	m, err := Mark(ctx, r)
	if err != nil {
		return nil, err
	}
	res := &Result{}
	phase("counting")
	if res.Reasons, err = m.weigh(ctx, s); err != nil {
		return nil, err
	}
	so := segment.SweepOptions{Keep: m.seen.Has, Before: o.Before, DryRun: o.DryRun, Publishing: m.stillAll}
	if o.Aggressive && !o.DryRun {
		phase("finding versions")
		order, err := m.order(ctx, r)
		if err != nil {
			return nil, err
		}
		so.Order = order
	}
	if !o.DryRun && o.Before > 0 {
		// First, since add trusts the stat cache to know only what is stored.
		err := r.Update(ctx, func(tx *repo.Tx) (err error) {
			res.Forgotten, err = tx.ForgetStats(m.seen.Has)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("tidy the stat cache: %w", err)
		}
	}
	phase("rewriting")
	swept, err := s.Sweep(ctx, so)
	if err != nil {
		return nil, err
	}
	res.SweepResult = *swept
	return res, nil
}

// Marked is what is needed.
type Marked struct {
	roots []repo.Root
	seen  *reach.Set
}

// reasons is the list of all reasons, strongest first. The mark of an object in
// the set is the position of its reason.
func reasons() []repo.Why {
	return []repo.Why{repo.WhyRef, repo.WhyIndex, repo.WhyState, repo.WhyReflog, repo.WhyOps}
}

const markShift = 4 // of a position, to where reach.MarkBits are

// Mark finds everything that the roots of r reach. An error that is about an
// object is a *BrokenError. Memory: about 42 bytes for each object.
func Mark(ctx context.Context, r *repo.Repo) (*Marked, error) {
	m := &Marked{}
	if err := r.View(ctx, func(tx *repo.Tx) (err error) { m.roots, err = tx.Roots(); return err }); err != nil {
		return nil, err
	}
	var why repo.Why
	w := reach.NewWalker(r.Objects(), reach.Options{Problem: func(l reach.Link, _ object.ID, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &BrokenError{l.ID, why, err}
	}})
	for i, reason := range reasons() {
		why = reason
		var links []reach.Link
		for _, root := range m.roots {
			if root.Why == why {
				links = append(links, reach.To(root.ID))
			}
		}
		w.Mark = uint8(i) << markShift
		if err := w.Walk(ctx, links, nil); err != nil {
			return nil, err
		}
	}
	m.seen = w.Seen
	return m, nil
}

// stillAll is an error where something has become a root since that was not needed.
func (m *Marked) stillAll(tx meta.Tx) error {
	roots, err := repo.RootsIn(tx)
	if err != nil {
		return err
	}
	for _, root := range roots {
		if !m.seen.Has(root.ID) {
			return fmt.Errorf("%s became needed: %w", root.ID, repo.ErrOperationMoved)
		}
	}
	return nil
}

// weigh returns what each reason keeps, and makes sure that all of it is there.
func (m *Marked) weigh(ctx context.Context, s *segment.Store) ([]Reason, error) {
	all := reasons()
	out := make([]Reason, len(all))
	units := make([]int64, len(all))
	found := 0
	for c, err := range s.Copies(ctx) {
		if err != nil {
			return nil, err
		}
		if !m.seen.Has(c.ID) {
			continue
		}
		found++
		i := int(m.seen.Bits(c.ID) >> markShift)
		out[i].Objects++
		units[i] += c.Bytes
	}
	for i, why := range all {
		out[i].Why, out[i].Bytes = why, units[i]/segment.BytesUnit
	}
	if found < m.seen.Len() {
		return nil, m.missing(ctx, s)
	}
	return out, nil
}

// missing returns the error about the first needed object, in no particular
// order, that is not there.
func (m *Marked) missing(ctx context.Context, s *segment.Store) error {
	for id := range m.seen.All() {
		ok, err := s.Has(ctx, id)
		if err == nil && !ok {
			err = fmt.Errorf("%w: %s", object.ErrNotFound, id)
		}
		if err != nil {
			return &BrokenError{id, reasons()[m.seen.Bits(id)>>markShift], err}
		}
	}
	return errors.New("the object store changed while it was read")
}
