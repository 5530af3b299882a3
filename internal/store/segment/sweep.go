package segment

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/strata-data/strata/internal/fault"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store/meta"
)

// SweepOptions say what Sweep removes.
type SweepOptions struct {
	// Keep reports whether an object is needed.
	Keep func(object.ID) bool
	// Before is the time, in seconds since 1970, before which a segment must have
	// been written for what is not needed in it to go. 0 removes nothing.
	Before int64
	// Order, if it is not nil, makes Sweep pack all objects anew, those that it
	// yields in that order; it should yield needed ones only, each once.
	Order iter.Seq[Ordered]
	// Publishing, if it is not nil, is called in the transaction that replaces the
	// segments; its error leaves everything as it was.
	Publishing func(meta.Tx) error
	// DryRun only says what would happen.
	DryRun bool
}

// Amount is a number of objects and the bytes that they take on the disk: their
// share of a compressed block and of the index.
type Amount struct {
	Objects int64
	Bytes   int64
}

func (a *Amount) add(o Amount) { a.Objects += o.Objects; a.Bytes += o.Bytes }

// SweepResult says what Sweep did. An object of which there are several copies
// counts as often.
type SweepResult struct {
	Kept      Amount // needed
	Young     Amount // not needed, and not old enough to go
	Removed   Amount // not needed and gone
	Left      Amount // not needed, in segments that are not worth rewriting for them
	Before    int64  // bytes of the segments
	After     int64  // the same; estimated in a dry run
	Segments  int    // that there are now
	Rewritten int    // that were there before and are no more
}

// The garbage for which a segment is rewritten, as parts of it: always from the
// greater part on, from the lesser one as long as much garbage would be left.
const (
	worthAlways  = 20  // 1/20
	worthMaybe   = 100 // 1/100
	leftOfAll    = 20  // 1/20 of all garbage may be left
	smallSegment = 16 << 20
)

// Sweep gives the room of objects that are not needed back to the file system,
// by rewriting the segments that hold enough of them. The caller holds the
// repository's lock and has no Writer. Readers may go on: those that have the old
// files open keep them. Until the one transaction that replaces segments nothing
// has changed, and after it only files that nobody names are left to remove, so
// it may be interrupted anywhere. Damage in what it reads is an error.
//
// Memory: about 180 bytes for each object of the segments that are rewritten; with
// an Order also 45 MB for each of Options.Workers.
func (s *Store) Sweep(ctx context.Context, o SweepOptions) (*SweepResult, error) {
	v, err := s.refresh(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer s.release(v)
	w := &sweeper{s: s, v: v, o: o, res: &SweepResult{}, pinned: map[object.ID]bool{}}
	if err := w.count(ctx); err != nil {
		return nil, err
	}
	if o.DryRun {
		return w.res, nil
	}
	defer w.discard()
	if o.Order != nil {
		err = w.packAll(ctx)
	} else {
		err = w.rewrite(ctx)
	}
	if err == nil {
		err = w.publish(ctx)
	}
	if err != nil {
		return nil, err
	}
	return w.res, nil
}

// sweeper is one run of Sweep.
type sweeper struct {
	s        *Store
	v        *view
	o        SweepOptions
	res      *SweepResult
	plan     []*census // that are rewritten, oldest first
	others   []*census // that stay
	pinned   map[object.ID]bool
	builders []*builder
	made     []Info
}

// census is what one segment holds.
type census struct {
	f              *file
	needed, wasted Amount
	young          bool
}

// count finds out what the segments hold and which of them to rewrite.
func (w *sweeper) count(ctx context.Context) error {
	var all []*census
	for _, f := range slices.Backward(w.v.files) {
		c, err := w.censusOf(ctx, f)
		if err != nil {
			return err
		}
		w.res.Before += f.info.Size
		w.res.Kept.add(c.needed)
		if c.young {
			w.res.Young.add(c.wasted)
		}
		all = append(all, c)
	}
	w.choose(all)
	w.res.After, w.res.Segments = w.res.Before, len(all)
	for _, c := range w.plan {
		if !c.young {
			w.res.Removed.add(c.wasted)
			w.res.After -= c.wasted.Bytes
		}
	}
	for _, c := range w.others {
		if !c.young {
			w.res.Left.add(c.wasted)
		}
	}
	w.res.Rewritten = len(w.plan)
	return nil
}

func (w *sweeper) censusOf(ctx context.Context, f *file) (*census, error) {
	c := &census{f: f, young: f.info.Written == 0 || f.info.Written >= w.o.Before}
	if w.o.Before == always {
		c.young = false
	}
	overhead, err := f.overhead(ctx)
	if err != nil {
		return nil, err
	}
	var needed, wasted int64
	for x, err := range f.guarded() {
		if err != nil {
			return nil, err
		}
		if w.o.Keep(x.id) {
			needed += x.share() + overhead
			c.needed.Objects++
		} else {
			wasted += x.share() + overhead
			c.wasted.Objects++
		}
	}
	c.needed.Bytes, c.wasted.Bytes = needed/shareUnit, wasted/shareUnit
	return c, ctx.Err()
}

// always is a Before that lies behind every time.
const always = 1<<63 - 1

// choose splits the segments into those to rewrite and others.
func (w *sweeper) choose(all []*census) {
	if w.o.Order != nil {
		w.plan = all
		return
	}
	var garbage, left int64
	for _, c := range all {
		if !c.young {
			garbage += c.wasted.Bytes
		}
	}
	left = garbage
	byShare := slices.Clone(all)
	slices.SortStableFunc(byShare, func(a, b *census) int { return cmp.Compare(b.part(), a.part()) })
	chosen := map[*census]bool{}
	for _, c := range byShare {
		part := c.part()
		if part == 0 || part < 1.0/worthMaybe || part < 1.0/worthAlways && left <= garbage/leftOfAll {
			break
		}
		chosen[c] = true
		left -= c.wasted.Bytes
	}
	// Small segments without garbage come along, so that there are fewer.
	if len(chosen) > 0 {
		for _, c := range all {
			if c.wasted.Objects == 0 && c.f.info.Size <= smallSegment {
				chosen[c] = true
			}
		}
	}
	for _, c := range all {
		if chosen[c] {
			w.plan = append(w.plan, c)
		} else {
			w.others = append(w.others, c)
		}
	}
}

// part returns how much of the segment is garbage that may go, from 0 to 1.
func (c *census) part() float64 {
	if c.young || c.f.info.Size == 0 {
		return 0
	}
	return float64(c.wasted.Bytes) / float64(c.f.info.Size)
}

// pin notes the bases of what stays in segments that are not rewritten: they
// must stay too, needed or not.
func (w *sweeper) pin(ctx context.Context) error {
	for _, c := range w.others {
		if err := w.pinFile(ctx, c.f); err != nil {
			return err
		}
	}
	return nil
}

func (w *sweeper) pinFile(ctx context.Context, f *file) (err error) {
	defer guard(&err)()
	var deltas []indexed
	for x, err := range f.ids() {
		if err != nil {
			return err
		}
		if x.depth > 0 {
			deltas = append(deltas, x)
		}
	}
	sortByPlace(deltas)
	for _, x := range deltas {
		if err := ctx.Err(); err != nil {
			return err
		}
		payload, err := w.s.payload(f, x.entry)
		if err != nil {
			return f.corrupt(x.id, err, x.place)
		}
		if len(payload) < object.Size {
			return f.corrupt(x.id, fmt.Errorf("%w: its delta has no base", object.ErrCorrupt), x.place)
		}
		w.pinned[object.ID(payload[:object.Size])] = true
	}
	return nil
}

func (w *sweeper) wanted(id object.ID) bool { return w.o.Keep(id) || w.pinned[id] }

// rewrite copies what is wanted of the planned segments into one.
func (w *sweeper) rewrite(ctx context.Context) error {
	if len(w.plan) == 0 {
		return nil
	}
	if err := w.pin(ctx); err != nil {
		return err
	}
	m := merger{s: w.s, v: w.v, b: w.builder(levelFast), keep: w.wanted}
	var old []Info
	for _, c := range w.plan {
		if err := m.take(ctx, c.f); err != nil {
			return fmt.Errorf("rewrite segment %s: %w", c.f.info.Name, err)
		}
		old = append(old, c.f.info)
	}
	return w.finish(m.b, w.s.youngest(old))
}

func (w *sweeper) builder(l level) *builder {
	b := newBuilder(w.s, l)
	w.builders = append(w.builders, b)
	return b
}

// finish completes the file of b. A segment may come out with the objects of one
// that it replaces, but stored otherwise; so it gets another name.
func (w *sweeper) finish(b *builder, written int64) error {
	if len(b.refs) == 0 {
		return nil
	}
	info, err := b.finish(func(name string) bool {
		return slices.ContainsFunc(w.v.files, func(f *file) bool { return f.info.Name == name })
	})
	if err == nil {
		err = b.install(info.Name)
	}
	if err != nil {
		return fmt.Errorf("write segment: %w", err)
	}
	info.Written = written
	w.made = append(w.made, info)
	return nil
}

// publish replaces the planned segments by those that were made and removes
// their files. Segments of unknown age get the present time.
func (w *sweeper) publish(ctx context.Context) error {
	var old []Info
	for _, c := range w.plan {
		old = append(old, c.f.info)
	}
	w.res.Rewritten = len(old)
	if err := fault.Hit(fault.GCBeforePublish); err != nil {
		return err
	}
	hook := func(tx meta.Tx) error {
		if w.o.Publishing != nil {
			if err := w.o.Publishing(tx); err != nil {
				return err
			}
		}
		return w.s.date(tx)
	}
	if err := w.s.publish(ctx, old, w.made, hook); err != nil {
		return fmt.Errorf("publish what was kept: %w", err)
	}
	if err := fault.Hit(fault.GCAfterPublish); err != nil {
		return err
	}
	w.res.Segments = len(w.v.files) - len(old) + len(w.made)
	w.res.After = w.res.Before
	for _, i := range old {
		w.res.After -= i.Size
	}
	for _, i := range w.made {
		w.res.After += i.Size
	}
	if err := fault.Hit(fault.GCBeforeDelete); err != nil {
		return err
	}
	w.s.removeFiles(old)
	return nil
}

// date gives segments of unknown age the present time, from which on they age.
func (s *Store) date(tx meta.Tx) error {
	now := s.now()
	if now == 0 {
		return nil
	}
	infos, err := readCatalogue(tx)
	if err != nil {
		return err
	}
	for _, i := range infos {
		if i.Written != 0 {
			continue
		}
		i.Written = now
		if err := tx.Put(meta.BucketSegments, orderKey(i.Order), i.append(nil)); err != nil {
			return err
		}
	}
	return nil
}

func (w *sweeper) discard() {
	for _, b := range w.builders {
		if err := b.pipe.discard(); err != nil {
			w.s.opt.Log.Warn("discard a segment", "err", err)
		}
	}
}

// shareUnit is the parts of a byte in which shares are counted, so that sums do
// not depend on the order.
const shareUnit = 1 << 10

// share returns the room that x takes in its block as it is stored, in parts of a
// byte.
func (e entry) share() int64 {
	if e.raw == 0 {
		return 0
	}
	return int64(float64(e.stored) * float64(e.size) / float64(e.raw) * shareUnit)
}

// overhead returns the room that f takes beside its blocks, for each object, in
// parts of a byte.
func (f *file) overhead(ctx context.Context) (int64, error) {
	n, blocks := int64(0), int64(0)
	for x, err := range f.guarded() {
		if err != nil {
			return 0, err
		}
		blocks += x.share()
		n++
	}
	if n == 0 {
		return 0, ctx.Err()
	}
	return max((f.info.Size*shareUnit-blocks)/n, 0), ctx.Err()
}
