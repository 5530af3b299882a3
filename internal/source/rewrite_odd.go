package source

import (
	"bytes"
	"context"
	"iter"

	"github.com/strata-data/strata/internal/table"
)

// oddForms finds how the record of a sample is written on the sides that have
// the sample as it is in the new file: verbatim or in the dialect.
type oddForms struct {
	sides []*oddSide // the one that the file is written like first
	base  *oddSide   // nil where there is none
}

// oddSide is the odd records of one side's version of a file.
type oddSide struct {
	records *oddReader
	changes *changedKeys // the samples that the side does not have so, nil = none
}

// oddForms opens the odd records of all sides of a file, nil if there are none.
// A side whose file has other columns has no record that can stand in the new
// one.
func (rw *rewriter) oddForms(ctx context.Context, f *rewritten, s *Source) (*oddForms, error) {
	some := false
	for _, l := range f.like {
		some = some || l != nil && l.Odd != nil
	}
	if !some {
		return nil, nil
	}
	o := &oddForms{}
	for _, i := range rw.sidesOf(f) {
		if side := rw.oddSide(ctx, f.like[i], rw.sides[i].t, s); side != nil {
			o.sides = append(o.sides, side)
		}
	}
	if f.base != nil && len(o.sides) > 1 {
		o.base = rw.oddSide(ctx, f.base, rw.o.Base, s)
	}
	return o, nil
}

// oddSide returns the odd records of l, a file of table t, for the new file s.
func (rw *rewriter) oddSide(ctx context.Context, l *Source, t *table.Table, s *Source) *oddSide {
	if !l.IsText() || l.Format != s.Format || len(l.Columns) != len(s.Columns) {
		return nil
	}
	for k, id := range s.Columns {
		if l.Columns[k] != id || t.Schema.Fields[t.Schema.Index(id)].Name != rw.t.Schema.Fields[rw.t.Schema.Index(id)].Name {
			return nil
		}
	}
	o := &oddSide{records: newOddReader(ctx, l.oddTable(rw.w))}
	if !rw.content {
		o.changes = newChangedKeys(ctx, t, rw.t)
	}
	return o
}

// stop ends what reading has open.
func (o *oddForms) stop() {
	if o == nil {
		return
	}
	for _, s := range append(o.sides, o.base) {
		if s == nil {
			continue
		}
		s.records.stop()
		if s.changes != nil {
			s.changes.stop()
		}
	}
}

// find returns the odd record that a sample has, if any: that of the first side
// that has the sample so, unless that wrote it as the base did and another side
// did not. Keys come in ascending order.
func (o *oddForms) find(key []byte) ([]byte, error) {
	recs := make([][]byte, len(o.sides))
	some := false
	for i, s := range o.sides {
		rec, ok, err := s.records.find(key)
		if err != nil {
			return nil, err
		}
		if ok {
			recs[i], some = rec, true
		}
	}
	if !some {
		return nil, nil
	}
	var forms [][]byte
	for i, s := range o.sides {
		changed, err := s.changes.has(key)
		if err != nil {
			return nil, err
		}
		if !changed {
			forms = append(forms, recs[i])
		}
	}
	switch {
	case len(forms) == 0:
		return nil, nil
	case len(forms) == 1:
		return forms[0], nil
	case o.base == nil:
		for _, rec := range forms {
			if rec != nil {
				return rec, nil
			}
		}
		return nil, nil
	}
	was, _, err := o.base.records.find(key)
	if err != nil {
		return nil, err
	}
	if changed, err := o.base.changes.has(key); err != nil || changed {
		was = nil // of other values
	}
	for _, rec := range forms {
		if !bytes.Equal(rec, was) {
			return rec, nil
		}
	}
	return was, nil
}

// changedKeys are the keys of samples that two tables do not have alike.
type changedKeys struct {
	pull func() (*table.Delta, error, bool)
	stop func()
	cur  []table.Change
	done bool
}

func newChangedKeys(ctx context.Context, a, b *table.Table) *changedKeys {
	c := &changedKeys{}
	c.pull, c.stop = iter.Pull2(table.Compare(ctx, a, b, nil))
	return c
}

// has reports whether the sample of key differs. Keys come in ascending order.
func (c *changedKeys) has(key []byte) (bool, error) {
	if c == nil {
		return false, nil
	}
	for !c.done {
		for len(c.cur) > 0 {
			switch bytes.Compare(c.cur[0].Key, key) {
			case 0:
				return true, nil
			case 1:
				return false, nil
			}
			c.cur = c.cur[1:]
		}
		d, err, ok := c.pull()
		if err != nil {
			return false, err
		}
		if c.done = !ok; ok {
			c.cur = d.Changes
		}
	}
	return false, nil
}
