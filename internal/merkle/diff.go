package merkle

import (
	"bytes"
	"context"

	"github.com/strata-data/strata/internal/store"
)

// Diff walks two trees beside each other and gives the leaves in which they
// may differ. Subtrees that are equal are skipped without being read, so the
// cost is that of the change.
//
// Each Next gives the next leaf of the old tree, of the new one, or of both.
// The caller joins their samples up to Upto, keeps what is behind it for the
// next round, and may rely on this: samples of leaves that Diff never gave are
// the same in both trees.
type Diff struct {
	old, new side
}

type side struct {
	*cursor
	last []byte // last key given and not yet passed; nil = none open
}

// NewDiff returns a Diff from root a of reader ra to root b of reader rb.
func NewDiff(ra store.Reader, a Root, rb store.Reader, b Root) *Diff {
	return &Diff{old: side{cursor: newCursor(ra, a)}, new: side{cursor: newCursor(rb, b)}}
}

// Step is what a Next gave.
type Step struct {
	Old, New *Entry // a further leaf of that side, or nil
	// Upto is the key up to which the samples of both sides are now known.
	Upto []byte
}

// Next returns the next step, and false when no difference is left.
func (d *Diff) Next(ctx context.Context) (Step, bool, error) {
	var s Step
	var err error
	if d.old.last == nil && d.new.last == nil {
		if err := d.skipEqual(ctx); err != nil {
			return s, false, err
		}
	}
	needOld := d.old.last == nil
	needNew := d.new.last == nil
	if needOld {
		if s.Old, err = d.old.leaf(ctx); err != nil {
			return s, false, err
		}
	}
	if needNew {
		if s.New, err = d.new.leaf(ctx); err != nil {
			return s, false, err
		}
	}
	switch {
	case d.old.last == nil && d.new.last == nil:
		return s, false, nil
	case d.old.last == nil: // the old tree has ended
		s.Upto, d.new.last = d.new.last, nil
	case d.new.last == nil:
		s.Upto, d.old.last = d.old.last, nil
	default:
		switch bytes.Compare(d.old.last, d.new.last) {
		case -1:
			s.Upto, d.old.last = d.old.last, nil
		case 1:
			s.Upto, d.new.last = d.new.last, nil
		default:
			s.Upto, d.old.last, d.new.last = d.old.last, nil, nil
		}
	}
	return s, true, nil
}

// leaf goes down to the next leaf, steps over it and opens it.
func (s *side) leaf(ctx context.Context) (*Entry, error) {
	for {
		e, level, ok := s.here()
		if !ok {
			return nil, nil
		}
		if level == 0 {
			s.over()
			s.last = e.Last
			return &e, nil
		}
		if err := s.down(ctx); err != nil {
			return nil, err
		}
	}
}

// skipEqual steps both sides, which are at the same key, over all that is
// equal and leaves them on entries that differ.
func (d *Diff) skipEqual(ctx context.Context) error {
	for {
		a, la, okA := d.old.here()
		b, lb, okB := d.new.here()
		switch {
		case !okA || !okB:
			return nil
		case a.ID == b.ID:
			d.old.over()
			d.new.over()
		case la == 0 && lb == 0:
			return nil
		default:
			if la >= lb {
				if err := d.old.down(ctx); err != nil {
					return err
				}
			}
			if lb >= la {
				if err := d.new.down(ctx); err != nil {
					return err
				}
			}
		}
	}
}
