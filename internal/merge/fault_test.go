package merge_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/merge"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

var errDisk = errors.New("disk on fire")

// failing is a writer of which one operation fails.
type failing struct {
	store.Writer
	left *atomic.Int64
}

func (f failing) Get(ctx context.Context, id object.ID) ([]byte, error) {
	if f.left.Add(-1) == 0 {
		return nil, errDisk
	}
	return f.Writer.Get(ctx, id)
}

func (f failing) Put(ctx context.Context, b []byte, h store.Hint) (object.ID, error) {
	if f.left.Add(-1) == 0 {
		return object.ID{}, errDisk
	}
	return f.Writer.Put(ctx, b, h)
}

// Whichever read or write fails, the merge and the resolving fail with it and
// end.
func TestEachFailureEndsIt(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	b := &side{schema: baseSchema(), rows: rows{}}
	for _, k := range keyPool()[100:190] {
		b.fill(r, k)
	}
	o, th := b.clone(), b.clone()
	for k := range b.rows {
		switch k % 3 {
		case 0:
			delete(o.rows, k)
			th.fill(r, k)
		case 1:
			o.fill(r, k)
			th.fill(r, k)
		}
	}
	var left atomic.Int64
	w := failing{newMem(t), &left}
	in := merge.Input{Base: b.build(t, w), Ours: o.build(t, w), Theirs: th.build(t, w)}
	work := func() error {
		fresh := failing{newMem(t), &left} // what was written before is not there
		for _, tb := range []**table.Table{&in.Base, &in.Ours, &in.Theirs} {
			*tb = table.New(w, (*tb).Schema, (*tb).Root)
		}
		res, err := merge.Tables(context.Background(), both{fresh, w}, in, merge.Options{})
		if err != nil {
			return err
		}
		u := merge.Unmerged{Input: in, Merged: res.Table, Conflicts: res.Conflicts}
		n := 0
		done, err := merge.Resolve(context.Background(), both{fresh, w}, u, func(*merge.Conflict) (merge.Choice, error) {
			if n++; n%2 == 0 {
				return merge.Choice{}, nil
			}
			return merge.Choice{Side: merge.SideTheirs}, nil
		})
		if err != nil {
			return err
		}
		_, err = merge.Edited(context.Background(), both{fresh, w}, u, done.Table)
		return err
	}
	left.Store(1 << 40)
	if err := work(); err != nil {
		t.Fatal(err)
	}
	total := 1<<40 - left.Load()
	for n := int64(1); n <= total; n += 1 + total/300 {
		left.Store(n)
		if err := work(); !errors.Is(err, errDisk) {
			t.Fatalf("operation %d of %d failed, the error is %v", n, total, err)
		}
	}
}

// both reads what either writer has and writes to the first.
type both struct{ failing, old store.Writer }

func (b both) Get(ctx context.Context, id object.ID) ([]byte, error) {
	if ok, _ := b.failing.Has(ctx, id); ok {
		return b.failing.Get(ctx, id)
	}
	return b.old.Get(ctx, id)
}

func (b both) Has(ctx context.Context, id object.ID) (bool, error) {
	if ok, _ := b.failing.Has(ctx, id); ok {
		return true, nil
	}
	return b.old.Has(ctx, id)
}

func (b both) Put(ctx context.Context, raw []byte, h store.Hint) (object.ID, error) {
	return b.failing.Put(ctx, raw, h)
}

func (b both) Publish(ctx context.Context) (store.Stats, error) { return b.failing.Publish(ctx) }

func (b both) Discard() error { return b.failing.Discard() }

func TestMergeStopsWhenItIsCancelled(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	b := &side{schema: baseSchema(), rows: rows{}}
	for _, k := range keyPool() {
		b.fill(r, k)
	}
	o, th := b.clone(), b.clone()
	for k := range b.rows {
		o.fill(r, k)
		th.fill(r, k)
	}
	w := newMem(t)
	in := merge.Input{Base: b.build(t, w), Ours: o.build(t, w), Theirs: th.build(t, w)}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := merge.Tables(ctx, w, in, merge.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// swapped is a writer that gives the bytes of one object for another.
type swapped struct {
	store.Writer
	mu    sync.Mutex
	ids   map[object.Kind][]object.ID // of what was put
	other map[object.ID]object.ID
}

func (s *swapped) Put(ctx context.Context, b []byte, h store.Hint) (object.ID, error) {
	id, err := s.Writer.Put(ctx, b, h)
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := object.Kind(b[0]); !slices.Contains(s.ids[k], id) {
		s.ids[k] = append(s.ids[k], id)
	}
	return id, err
}

func (s *swapped) Get(ctx context.Context, id object.ID) ([]byte, error) {
	if other, ok := s.other[id]; ok {
		id = other
	}
	return s.Writer.Get(ctx, id)
}

// Objects that are whole and say something impossible together, as somebody may
// have made them, are an error or a result, and never a panic.
func TestForeignObjectsDoNotPanic(t *testing.T) {
	ctx := context.Background()
	refused := 0
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 7))
		b := drawBase(rt, r)
		o, th := b.clone(), b.clone()
		o.edit(rt, r)
		th.edit(rt, r)
		w := &swapped{Writer: newMem(t), ids: map[object.Kind][]object.ID{}}
		in := merge.Input{Base: b.build(rt, w), Ours: o.build(rt, w), Theirs: th.build(rt, w)}
		other := map[object.ID]object.ID{}
		for _, kind := range []object.Kind{object.KindNode, object.KindLeaf, object.KindPageList, object.KindPage} {
			ids := w.ids[kind]
			for range rapid.IntRange(0, 3).Draw(rt, "swaps") {
				if len(ids) > 0 {
					other[ids[r.IntN(len(ids))]] = ids[r.IntN(len(ids))]
				}
			}
		}
		w.other = other
		res, err := merge.Tables(ctx, w, in, merge.Options{})
		if err != nil {
			refused++
			return
		}
		_, _ = merge.Resolve(ctx, w, merge.Unmerged{Input: in, Merged: res.Table, Conflicts: res.Conflicts},
			func(*merge.Conflict) (merge.Choice, error) { return merge.Choice{Side: merge.SideTheirs}, nil })
	})
	if refused == 0 {
		t.Error("nothing was refused")
	}
}
