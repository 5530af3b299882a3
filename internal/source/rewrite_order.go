package source

import (
	"context"
	"iter"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/table"
)

// order is the samples of each file in the order of the file: those of the
// first side as it has them, without the ones that are gone, and new ones
// behind the sample that they stand behind on their own side. It holds in
// memory what differs from the first side, not what is the same.
type order struct {
	rw      *rewriter
	gone    map[string]bool       // keys of the first side that the rows lack
	fresh   map[string]bool       // keys of the rows that the first side lacks
	touched map[string]bool       // where the key is the content: the contents of both
	behind  []map[string][]string // for each file: key of the first side -> fresh keys behind it, in order
}

func newOrder(ctx context.Context, rw *rewriter) (*order, error) {
	o := &order{rw: rw, touched: map[string]bool{}, behind: make([]map[string][]string, len(rw.files))}
	for i := range o.behind {
		o.behind[i] = map[string][]string{}
	}
	var err error
	if o.gone, o.fresh, err = keyChanges(ctx, rw.sides[0].t, rw.t); err != nil {
		return nil, err
	}
	if rw.content {
		for _, keys := range []map[string]bool{o.gone, o.fresh} {
			for k := range keys {
				base, err := numbered([]byte(k), 0)
				if err != nil {
					return nil, err
				}
				o.touched[string(base)] = true
			}
		}
	}
	left := map[string]bool{} // fresh keys without a place
	for k := range o.fresh {
		left[k] = true
	}
	for i := 1; i < len(rw.sides) && len(left) > 0; i++ {
		if err := o.place(ctx, i, left); err != nil {
			return nil, err
		}
	}
	if len(left) > 0 { // samples that no side has
		last := o.behind[len(rw.files)-1]
		for k := range left {
			last[atEnd] = append(last[atEnd], k)
		}
		slices.Sort(last[atEnd])
	}
	return o, nil
}

// Places that are no keys: the beginning and the end of a file.
const (
	atBegin = ""
	atEnd   = "end"
)

// keyChanges returns the keys that only one of two tables has.
func keyChanges(ctx context.Context, a, b *table.Table) (onlyA, onlyB map[string]bool, err error) {
	onlyA, onlyB = map[string]bool{}, map[string]bool{}
	for d, err := range table.Compare(ctx, a, b, []string{}) {
		if err != nil {
			return nil, nil, err
		}
		for i := range d.Changes {
			switch d.Changes[i].Op {
			case table.Removed:
				onlyA[string(d.Changes[i].Key)] = true
			case table.Added:
				onlyB[string(d.Changes[i].Key)] = true
			}
		}
	}
	return onlyA, onlyB, nil
}

// place finds where side i has keys that have no place yet.
func (o *order) place(ctx context.Context, i int, left map[string]bool) error {
	_, new, err := keyChanges(ctx, o.rw.sides[0].t, o.rw.sides[i].t)
	if err != nil {
		return err
	}
	count := map[string]uint32{}
	for _, f := range o.rw.files {
		if f.like[i] == nil {
			continue
		}
		behind := atBegin
		for key, err := range o.keys(ctx, f, i, count) {
			if err != nil {
				return err
			}
			switch {
			case left[string(key)]:
				o.behind[f.at][behind] = append(o.behind[f.at][behind], string(key))
				delete(left, string(key))
			case !new[string(key)]:
				behind = string(key)
			}
		}
	}
	return nil
}

// keys yields the keys of a file of side i in the order of the file. Where the
// key is the content, equal rows are numbered as the table has them if they
// matter, count being the number of them so far in all files of the side; others
// have number 0.
func (o *order) keys(ctx context.Context, f *rewritten, i int, count map[string]uint32) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for key, err := range o.rw.sideKeys(ctx, f, i) {
			if err == nil && o.rw.content {
				if key, err = numbered(key, 0); err == nil && o.touched[string(key)] {
					n := count[string(key)]
					count[string(key)] = n + 1
					key, err = numbered(key, n)
				}
			}
			if !yield(key, err) || err != nil {
				return
			}
		}
	}
}

// file yields the keys of the samples of a file in their order. Where the key
// is the content, they come without numbers. Files are asked for in order;
// count is as in keys.
func (o *order) file(ctx context.Context, f *rewritten, count map[string]uint32) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		give := func(key []byte) bool {
			var err error
			if o.rw.content {
				key, err = numbered(key, 0)
			}
			return yield(key, err) && err == nil
		}
		seen := map[string]bool{atBegin: true}
		follow := func(key string) bool {
			for _, k := range o.behind[f.at][key] {
				if !give([]byte(k)) {
					return false
				}
			}
			return true
		}
		if !follow(atBegin) {
			return
		}
		if f.like[0] != nil {
			for key, err := range o.keys(ctx, f, 0, count) {
				if err != nil {
					yield(nil, err)
					return
				}
				if !o.gone[string(key)] && !give(key) {
					return
				}
				if len(o.behind[f.at]) > 0 && o.behind[f.at][string(key)] != nil && !seen[string(key)] {
					seen[string(key)] = true
					if !follow(string(key)) {
						return
					}
				}
			}
		}
		var rest []string // behind samples that the first side has in another file
		for key := range o.behind[f.at] {
			if !seen[key] {
				rest = append(rest, key)
			}
		}
		slices.Sort(rest)
		for _, key := range rest {
			if !follow(key) {
				return
			}
		}
	}
}

// sideKeys yields the keys of a file of side i in the order of the file, or in
// order of key where the file has none. Content keys need not be numbered.
func (rw *rewriter) sideKeys(ctx context.Context, f *rewritten, i int) iter.Seq2[[]byte, error] {
	s, t := f.like[i], rw.sides[i].t
	switch {
	case len(s.Lines) > 0:
		return listedKeys(ctx, rw.w, s, t)
	case s.IsText():
		return func(func([]byte, error) bool) {} // no records
	case len(rw.sides[i].sources) == 1:
		return tableKeys(ctx, t, nil, nil)
	}
	return rw.readKeysOf(ctx, f, i)
}

// tableKeys yields the keys of a range of a table.
func tableKeys(ctx context.Context, t *table.Table, from, to []byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var key []byte
		for b, err := range t.Scan(ctx, table.ScanOptions{Columns: t.Schema.Key, From: from, To: to}) {
			if err != nil {
				yield(nil, err)
				return
			}
			pos := b.Schema.KeyColumns()
			for i := range b.Len {
				key = column.RowKey(key[:0], b, pos, i)
				if !yield(key, nil) {
					return
				}
			}
		}
	}
}
