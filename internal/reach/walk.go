package reach

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// Object is what a Walker visits.
type Object struct {
	ID   object.ID
	Kind object.Kind
	Size int // bytes of the object; -1 where it was not read
}

// Options of a Walker. The zero value is usable.
type Options struct {
	Workers int // goroutines that read; 0 means GOMAXPROCS
	// Problem is called, by one goroutine at a time, for a link that cannot be
	// followed: the object is missing, damaged or of another kind than the link,
	// in the object from (zero: given to Walk), says. If it returns nil the walk
	// goes on with what it could make out. A nil Problem returns the error.
	Problem func(l Link, from object.ID, err error) error
	// Prune, if it is not nil, says of an object whether the walk should leave
	// out what it names. It is called beside Visit.
	Prune func(Object) bool
}

// Walker walks what is reachable, each object once, in several calls of Walk if
// need be: a later one skips what an earlier one has visited. Its memory is
// about 42 bytes for each object, and 70 for each link that waits.
type Walker struct {
	Seen *Set // everything visited
	// Mark is given to what is visited from now on, one of MarkBits of the bits of
	// Seen, so that the caller can tell apart what several calls of Walk found.
	Mark uint8
	r    store.Reader
	o    Options
}

// NewWalker returns a Walker that reads from r.
func NewWalker(r store.Reader, o Options) *Walker {
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return &Walker{Seen: new(Set), r: r, o: o}
}

// Walk visits, in no particular order, the objects that roots name and all that
// they reach and this Walker has not visited. visit may be nil; it is called by
// one goroutine at a time, and its error ends the walk. Objects that name nothing
// (pages, schemas, chunks) are visited unread: that they are there is for the
// caller to check, see Set.Has. Other objects are verified against their ids.
func (w *Walker) Walk(ctx context.Context, roots []Link, visit func(Object) error) error {
	g, ctx := errgroup.WithContext(ctx)
	q := &queue{}
	q.wake.L = &q.mu
	for i := len(roots) - 1; i >= 0; i-- {
		q.items = append(q.items, item{link: roots[i]})
	}
	stop := context.AfterFunc(ctx, q.close)
	defer stop()
	var calls sync.Mutex // of visit and Problem
	for range w.o.Workers {
		g.Go(func() error {
			for {
				it, ok := q.pop()
				if !ok {
					return ctx.Err()
				}
				next, err := w.step(ctx, it, visit, &calls)
				if err != nil {
					return err
				}
				q.done(next)
			}
		})
	}
	return g.Wait()
}

// The bits of Seen: an object was visited, and it was read in a role.
const (
	bitVisited = 1
	bitRead    = 2 // << role

	// MarkBits are the bits of Seen that are the caller's.
	MarkBits = 0xf0
)

// step deals with one link and returns those that follow from it.
func (w *Walker) step(ctx context.Context, it item, visit func(Object) error, calls *sync.Mutex) ([]item, error) {
	l := it.link
	if ReadsNothing(l.Kind) {
		calls.Lock()
		defer calls.Unlock()
		return nil, w.unread(l, visit)
	}
	bit := uint8(bitRead << l.Role)
	had, fresh := w.Seen.Add(l.ID, bitVisited|bit)
	if had&bit != 0 {
		return nil, nil
	}
	if fresh && w.Mark != 0 {
		w.Seen.Add(l.ID, w.Mark&MarkBits)
	}
	b, links, err := w.read(ctx, l)
	o := Object{ID: l.ID, Kind: l.Kind, Size: len(b)}
	if b == nil {
		o.Size = -1
	} else if len(b) > 0 {
		o.Kind = object.Kind(b[0])
	}
	calls.Lock()
	defer calls.Unlock()
	if err != nil {
		if w.o.Problem == nil {
			return nil, err
		}
		if err := w.o.Problem(l, it.from, err); err != nil {
			return nil, err
		}
	}
	if fresh && visit != nil {
		if err := visit(o); err != nil {
			return nil, err
		}
	}
	if w.o.Prune != nil && w.o.Prune(o) {
		return nil, nil
	}
	next := make([]item, 0, len(links))
	for i := len(links) - 1; i >= 0; i-- {
		if !ReadsNothing(links[i].Kind) {
			next = append(next, item{link: links[i], from: l.ID})
		} else if err := w.unread(links[i], visit); err != nil {
			return nil, err
		}
	}
	return next, nil
}

// unread visits an object that need not be read.
func (w *Walker) unread(l Link, visit func(Object) error) error {
	_, fresh := w.Seen.Add(l.ID, bitVisited)
	if fresh && w.Mark != 0 {
		w.Seen.Add(l.ID, w.Mark&MarkBits)
	}
	if !fresh || visit == nil {
		return nil
	}
	return visit(Object{ID: l.ID, Kind: l.Kind, Size: -1})
}

// read returns the object of l and what it names.
func (w *Walker) read(ctx context.Context, l Link) ([]byte, []Link, error) {
	b, err := w.r.Get(ctx, l.ID)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", what(l), err)
	}
	if l.Kind != 0 && len(b) > 0 && object.Kind(b[0]) != l.Kind {
		return b, nil, &object.CorruptError{ID: l.ID, Detail: fmt.Sprintf("it is a %s where a %s should be", object.Kind(b[0]), l.Kind)}
	}
	links, err := Links(ctx, w.r, b, l.Role)
	if err != nil {
		err = fmt.Errorf("%s: %w", what(l), err)
	}
	return b, links, err
}

func what(l Link) string {
	if l.Kind == 0 {
		return "object " + l.ID.String()
	}
	return l.Kind.String() + " " + l.ID.String()
}

// item is a link that waits, and the object that it was found in.
type item struct {
	link Link
	from object.ID
}

// queue hands out items last in, first out, and knows when nobody can add one.
type queue struct {
	mu     sync.Mutex
	wake   sync.Cond
	items  []item
	busy   int // taken and not done
	closed bool
}

// pop waits for an item. It is not ok when there will be none.
func (q *queue) pop() (item, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 && q.busy > 0 && !q.closed {
		q.wake.Wait()
	}
	if q.closed || len(q.items) == 0 {
		return item{}, false
	}
	it := q.items[len(q.items)-1]
	q.items = q.items[:len(q.items)-1]
	q.busy++
	return it, true
}

// done says that an item that pop gave was dealt with, and led to next.
func (q *queue) done(next []item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, next...)
	q.busy--
	q.wake.Broadcast()
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wake.Broadcast()
}
