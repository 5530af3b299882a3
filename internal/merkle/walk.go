package merkle

import (
	"bytes"
	"context"
	"iter"
	"sort"

	"github.com/strata-data/strata/internal/store"
)

// cursor walks the entries of a tree in key order. It stands on an entry of
// some level and may step over it or go down into it.
type cursor struct {
	r     store.Reader
	stack []frame
}

type frame struct {
	level    int // of the children
	children []Entry
	at       int
}

func newCursor(r store.Reader, root Root) *cursor {
	c := &cursor{r: r}
	if !root.ID.IsZero() {
		c.stack = []frame{{level: root.Level, children: []Entry{root.Entry}}}
	}
	return c
}

// here returns the entry that the cursor stands on, and false at the end.
func (c *cursor) here() (e Entry, level int, ok bool) {
	if len(c.stack) == 0 {
		return Entry{}, 0, false
	}
	f := &c.stack[len(c.stack)-1]
	return f.children[f.at], f.level, true
}

// over steps behind the current entry.
func (c *cursor) over() {
	for len(c.stack) > 0 {
		f := &c.stack[len(c.stack)-1]
		if f.at++; f.at < len(f.children) {
			return
		}
		c.stack = c.stack[:len(c.stack)-1]
	}
}

// down goes to the first child of the current node.
func (c *cursor) down(ctx context.Context) error {
	e, level, _ := c.here()
	n, err := ReadNode(ctx, c.r, e, level)
	if err != nil {
		return err
	}
	c.stack = append(c.stack, frame{level: level - 1, children: n.Children})
	return nil
}

// seek goes forward, at most to the end of the current entry, to the entry of
// the lowest level that holds the first key not below key.
func (c *cursor) seek(ctx context.Context, key []byte) error {
	for len(c.stack) > 0 {
		f := &c.stack[len(c.stack)-1]
		rest := f.children[f.at:]
		f.at += sort.Search(len(rest), func(i int) bool { return bytes.Compare(rest[i].Last, key) >= 0 })
		if f.at == len(f.children) {
			f.at--
			c.over()
			continue
		}
		if f.level == 0 {
			return nil
		}
		if err := c.down(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Leaves yields the leaves of the tree in key order that may hold keys from
// the given one on (nil: all of them).
func Leaves(ctx context.Context, r store.Reader, root Root, from []byte) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		c := newCursor(r, root)
		if from != nil {
			if err := c.seek(ctx, from); err != nil {
				yield(Entry{}, err)
				return
			}
		}
		for {
			e, level, ok := c.here()
			if !ok {
				return
			}
			if level > 0 {
				if err := c.down(ctx); err != nil {
					yield(Entry{}, err)
					return
				}
				continue
			}
			if !yield(e, nil) {
				return
			}
			c.over()
		}
	}
}

// Ranked is a leaf and the number of samples before it.
type Ranked struct {
	Entry
	Before int64
}

// LeavesAt yields the leaves from the one that holds sample number rank (from
// 0, in key order) on.
func LeavesAt(ctx context.Context, r store.Reader, root Root, rank int64) iter.Seq2[Ranked, error] {
	return func(yield func(Ranked, error) bool) {
		c := newCursor(r, root)
		var before int64
		for {
			e, level, ok := c.here()
			switch {
			case !ok:
				return
			case before+e.Rows <= rank:
				before += e.Rows
				c.over()
			case level > 0:
				if err := c.down(ctx); err != nil {
					yield(Ranked{}, err)
					return
				}
			default:
				if !yield(Ranked{Entry: e, Before: before}, nil) {
					return
				}
				before += e.Rows
				c.over()
			}
		}
	}
}

// Walk yields every node and leaf below root, parents first, with its level;
// for checks that must see all of a tree.
func Walk(ctx context.Context, r store.Reader, root Root) iter.Seq2[Root, error] {
	return func(yield func(Root, error) bool) {
		if !root.ID.IsZero() {
			walk(ctx, r, root, yield)
		}
	}
}

func walk(ctx context.Context, r store.Reader, at Root, yield func(Root, error) bool) bool {
	if !yield(at, nil) {
		return false
	}
	if at.Level == 0 {
		return true
	}
	n, err := ReadNode(ctx, r, at.Entry, at.Level)
	if err != nil {
		return yield(at, err)
	}
	for _, c := range n.Children {
		if !walk(ctx, r, Root{Entry: c, Level: at.Level - 1}, yield) {
			return false
		}
	}
	return true
}

// Seeker finds leaves by ascending keys.
type Seeker struct{ c *cursor }

// NewSeeker returns a Seeker of the tree.
func NewSeeker(r store.Reader, root Root) *Seeker { return &Seeker{newCursor(r, root)} }

// Leaf returns the leaf that holds the key if any does, and false behind the
// last one. Keys must not descend from call to call.
func (s *Seeker) Leaf(ctx context.Context, key []byte) (Entry, bool, error) {
	if err := s.c.seek(ctx, key); err != nil {
		return Entry{}, false, err
	}
	e, _, ok := s.c.here()
	return e, ok, nil
}
