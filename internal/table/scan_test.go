package table_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

func TestScanGivesTheRowsAskedFor(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		u := drawUniverse(rt)
		w := newMem(t)
		c, _ := u.draw(rt, content{})
		tb := u.build(rt, w, c, 1, 100)
		rows := c.rows()
		bound := func(name string) []byte {
			if rapid.Bool().Draw(rt, name) {
				return nil
			}
			return u.keys[rapid.IntRange(0, len(u.keys)-1).Draw(rt, name+" key")]
		}
		o := table.ScanOptions{From: bound("from"), To: bound("to"), Workers: rapid.SampledFrom([]int{1, 8}).Draw(rt, "workers")}
		if rapid.Bool().Draw(rt, "project") {
			o.Columns = []string{"text", "id", "x"}
		}
		var want []int
		for _, row := range rows {
			k := string(u.keys[row])
			if (o.From == nil || k >= string(o.From)) && (o.To == nil || k < string(o.To)) {
				want = append(want, row)
			}
		}
		project := func(rows []int) *column.Batch {
			b := column.NewBatch(table.Project(u.batch.Schema, o.Columns), len(rows))
			for i, f := range b.Schema.Fields {
				b.Cols[i].Take(u.batch.Cols[u.batch.Schema.Index(f.ID)], rows)
			}
			b.Len = len(rows)
			return b
		}
		if d := differ(project(want), readAll(rt, tb, o)); d != "" {
			rt.Fatalf("want (first), scanned (second): %s", d)
		}

		from := rapid.IntRange(-2, len(rows)+2).Draw(rt, "first")
		to := rapid.IntRange(-2, len(rows)+2).Draw(rt, "last")
		got := column.NewBatch(table.Project(u.batch.Schema, o.Columns), 0)
		for b, err := range tb.ScanRange(context.Background(), int64(from), int64(to), o.Columns) {
			if err != nil || b.Len == 0 {
				rt.Fatalf("scan range: %d rows, %v", b.Len, err)
			}
			got.AppendFrom(b, 0, b.Len)
		}
		a, z := min(max(from, 0), len(rows)), min(max(to, 0), len(rows))
		if d := differ(project(rows[a:max(a, z)]), got); d != "" {
			rt.Fatalf("rows %d to %d: %s", from, to, d)
		}

		row := rapid.IntRange(0, len(u.keys)-1).Draw(rt, "get")
		one, err := tb.Get(context.Background(), u.keys[row], o.Columns)
		at, has := c[string(u.keys[row])]
		if err != nil || (one != nil) != has || has && differ(project([]int{at}), one) != "" {
			rt.Fatalf("get row %d: %v, %v, want it: %v", row, one, err, has)
		}
	})
}

func TestPruningLosesNoRow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		u := drawUniverse(rt)
		c, _ := u.draw(rt, content{})
		tb := u.build(rt, newMem(t), c, 2, 100)
		id := rapid.SampledFrom([]string{"n", "x", "text", "none", "amount"}).Draw(rt, "column")
		v := u.batch.Cols[u.batch.Schema.Index(id)]
		pick := rapid.IntRange(0, u.batch.Len-1).Draw(rt, "value")
		low, ok1 := column.AppendBound(nil, v, pick, false)
		high, ok2 := column.AppendBound(nil, v, pick, true)
		if !ok1 || !ok2 {
			return
		}
		pruned := 0
		o := table.ScanOptions{Prune: func(b table.LeafBounds) bool {
			min, max, nulls := b.Column(id)
			out := nulls == b.Rows() || min != nil && slices.Compare(min, high) > 0 || max != nil && slices.Compare(max, low) < 0
			if out {
				pruned++
			}
			return out
		}, Workers: 1}
		count := func(b *column.Batch) (n int) {
			w := b.Cols[b.Schema.Index(id)]
			for i := range b.Len {
				if column.Equal(w, i, v, pick) {
					n++
				}
			}
			return n
		}
		if got, want := count(readAll(rt, tb, o)), count(readAll(rt, tb, table.ScanOptions{})); got != want {
			rt.Fatalf("%d rows of %s = %s, %d behind pruning %d leaves", want, id, column.Text(v, pick), got, pruned)
		}
	})
}

func TestWorkersGiveTheSameBatches(t *testing.T) {
	u := newUniverse("pair", 1, 4)
	c := content{}
	for i, k := range u.keys {
		c[string(k)] = i
	}
	tb := u.build(t, newMem(t), c, 2, 100)
	sizes := func(workers int) (out []int) {
		for b, err := range tb.Scan(context.Background(), table.ScanOptions{Workers: workers}) {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, b.Len)
		}
		return out
	}
	if one, eight := sizes(1), sizes(8); !slices.Equal(one, eight) || len(one) < 100 {
		t.Errorf("one worker gives batches of %v, eight of %v", one, eight)
	}
}

// settled waits until no more than n goroutines are left.
func settled(t *testing.T, n int) {
	t.Helper()
	for range 200 {
		if runtime.NumGoroutine() <= n {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d goroutines are left, were %d", runtime.NumGoroutine(), n)
}

func TestStoppingAScanLeavesNothingBehind(t *testing.T) {
	tb := buildBatch(t, newMem(t), big(t, 60_000), 2, 8192)
	before := runtime.NumGoroutine()
	for range 50 {
		for b, err := range tb.Scan(context.Background(), table.ScanOptions{Workers: 4}) {
			if err != nil || b.Len == 0 {
				t.Fatal(err)
			}
			break
		}
	}
	settled(t, before)
	for range 50 {
		ctx, cancel := context.WithCancel(context.Background())
		var last error
		n := 0
		for _, err := range tb.Scan(ctx, table.ScanOptions{Workers: 4}) {
			if n++; n == 3 {
				cancel()
			}
			last = err
		}
		if !errors.Is(last, context.Canceled) {
			t.Fatalf("a cancelled scan ended with %v", last)
		}
		cancel()
	}
	settled(t, before)
}

// cancelling is a writer that cancels its caller after a number of objects.
type cancelling struct {
	store.Writer
	left   int
	cancel func()
}

func (c *cancelling) Put(ctx context.Context, b []byte, h store.Hint) (object.ID, error) {
	if c.left--; c.left == 0 {
		c.cancel()
	}
	return c.Writer.Put(context.WithoutCancel(ctx), b, h)
}

// failing is a writer that stops taking objects.
type failing struct {
	store.Writer
	left int
}

var errFull = errors.New("no room")

func (f *failing) Put(ctx context.Context, b []byte, h store.Hint) (object.ID, error) {
	if f.left--; f.left < 0 {
		return object.ID{}, errFull
	}
	return f.Writer.Put(ctx, b, h)
}

func TestBuildingEndsWhenItIsCancelledOrFails(t *testing.T) {
	rows := batchOf(intsWhere(300, func(z int) bool { return z >= 11 })) // a leaf each
	before := runtime.NumGoroutine()
	for n := range 60 {
		ctx, cancel := context.WithCancel(context.Background())
		b := table.NewBuilder(ctx, &cancelling{newMem(t), n + 1, cancel}, rows.Schema, 2)
		done := make(chan error, 1)
		go func() {
			err := b.Append(rows)
			if err != nil {
				b.Abort()
			} else {
				_, err = b.Finish()
			}
			done <- err
		}()
		select {
		case err := <-done:
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("cancelled: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("a cancelled builder hangs")
		}
	}
	for n := range 20 {
		b := table.NewBuilder(context.Background(), &failing{newMem(t), n}, rows.Schema, 2)
		err := b.Append(rows)
		if err == nil {
			_, err = b.Finish()
		} else {
			b.Abort()
		}
		if !errors.Is(err, errFull) {
			t.Fatalf("room for %d objects: %v", n, err)
		}
	}
	settled(t, before)
}
