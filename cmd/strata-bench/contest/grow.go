package contest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/history"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// epoch is when a grown history begins.
const epoch = 1704067200

// Grow adds commits to the repository at dir, all at once, as a long life would
// have left them. Without edits they are empty: half of them on main, then a
// quarter each on the branches left and right. With edits, each is one commit on
// main that changes the score of so many rows of the dataset data; the row in
// the middle changes in every hundredth.
func Grow(ctx context.Context, dir string, commits, edits int) (err error) {
	r, err := repo.Open(ctx, dir, repo.Options{Now: time.Now, Command: "grow"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	unlock, err := r.Lock(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	w, err := r.Objects().NewWriter(ctx)
	if err != nil {
		return err
	}
	defer w.Discard()
	g := &grower{r: r, w: w}
	var refs []repo.RefChange
	if edits == 0 {
		refs, err = g.empty(ctx, commits)
	} else {
		refs, err = g.edited(ctx, commits, edits)
	}
	if err != nil {
		return err
	}
	if _, err := w.Publish(ctx); err != nil {
		return err
	}
	return r.UpdateRefs(ctx, refs...)
}

type grower struct {
	r *repo.Repo
	w store.Writer
	n int
}

func (g *grower) by() repo.Signature {
	return repo.Signature{Name: "Bench", Email: "bench@example.com", When: epoch + int64(g.n)*60}
}

// commit writes one commit and returns its id. rec, if not nil, is the record of
// what it changes, which the verb commit would have left behind too.
func (g *grower) commit(ctx context.Context, tree, parent object.ID, generation int, rec *history.Recorder) (object.ID, error) {
	c := &repo.Commit{Tree: tree, Author: g.by(), Committer: g.by(), Message: message(g.n), Generation: uint32(generation)}
	if !parent.IsZero() {
		c.Parents = []object.ID{parent}
	}
	g.n++
	b, err := c.Encode()
	if err != nil {
		return object.ID{}, err
	}
	id, err := g.w.Put(ctx, b, store.Hint{Stream: "commit"})
	if err == nil && rec != nil {
		rec.Save(g.r, &repo.CommitInfo{ID: id, Commit: c})
	}
	return id, err
}

func message(n int) string { return fmt.Sprintf("Version %d of the labels\n", n) }

func (g *grower) empty(ctx context.Context, commits int) ([]repo.RefChange, error) {
	b, err := new(repo.Tree).Encode()
	if err != nil {
		return nil, err
	}
	tree, err := g.w.Put(ctx, b, store.Hint{Stream: "tree"})
	if err != nil {
		return nil, err
	}
	var tips [3]object.ID // main, left, right
	for i := range commits {
		side := sideOf(i, commits)
		parent, generation := tips[side], i+1
		if side > 0 {
			if parent.IsZero() {
				parent = tips[0]
			}
			generation = commits/2 + (i-commits/2)/2 + 1
		}
		if tips[side], err = g.commit(ctx, tree, parent, generation, nil); err != nil {
			return nil, err
		}
	}
	var refs []repo.RefChange
	for side, name := range sides() {
		refs = append(refs, repo.RefChange{Name: repo.BranchRef(name), New: tips[side], By: g.by(), Log: "grow"})
	}
	return refs, nil
}

func sides() []string { return []string{"main", "left", "right"} }

// sideOf says on which of the branches commit i is.
func sideOf(i, commits int) int {
	if i < commits/2 {
		return 0
	}
	return 1 + i%2
}

// FastImport writes the same empty history for git fast-import.
func FastImport(w io.Writer, commits int) error {
	b := bufio.NewWriter(w)
	var tips [3]int
	for i := range commits {
		side := sideOf(i, commits)
		parent := tips[side]
		if side > 0 && parent == 0 {
			parent = tips[0]
		}
		text := message(i)
		fmt.Fprintf(b, "commit refs/heads/%s\nmark :%d\ncommitter Bench <bench@example.com> %d +0000\ndata %d\n%s", sides()[side], i+1, epoch+60*i, len(text), text)
		if parent > 0 {
			fmt.Fprintf(b, "from :%d\n", parent)
		}
		fmt.Fprintln(b)
		tips[side] = i + 1
	}
	return b.Flush()
}

func (g *grower) edited(ctx context.Context, commits, edits int) ([]repo.RefChange, error) {
	head, err := g.r.Head(ctx)
	if err != nil {
		return nil, err
	}
	tree, err := g.r.CommitTree(ctx, head.ID)
	if err != nil {
		return nil, err
	}
	id, ok := tree.Table("data")
	if !ok {
		return nil, errors.New("no dataset is called data")
	}
	t, err := table.Load(ctx, g.w, id)
	if err != nil {
		return nil, err
	}
	pool, err := pick(ctx, t, commits*edits)
	if err != nil {
		return nil, err
	}
	tip := head.ID
	for i := range commits {
		rec := new(history.Recorder)
		if t, err = g.edit(ctx, t, pool, i, commits, rec); err != nil {
			return nil, err
		}
		id, err := t.Save(ctx, g.w)
		if err != nil {
			return nil, err
		}
		next, err := repo.NewTree([]repo.Entry{{Name: "data", Table: id}})
		if err != nil {
			return nil, err
		}
		b, err := next.Encode()
		if err != nil {
			return nil, err
		}
		at, err := g.w.Put(ctx, b, store.Hint{Stream: "tree"})
		if err != nil {
			return nil, err
		}
		if tip, err = g.commit(ctx, at, tip, i+2, rec); err != nil {
			return nil, err
		}
	}
	return []repo.RefChange{{Name: head.Branch, New: tip, By: g.by(), Log: "grow"}}, nil
}

// pool is rows of a table, the first of which is the one in the middle.
type pool struct {
	rows *column.Batch
	keys []int // positions of the key columns
}

// pick takes about n rows from all over the table.
func pick(ctx context.Context, t *table.Table, n int) (*pool, error) {
	p := &pool{rows: column.NewBatch(t.Schema, n)}
	for _, id := range t.Schema.Key {
		p.keys = append(p.keys, slices.IndexFunc(t.Schema.Fields, func(f column.Field) bool { return f.ID == id }))
	}
	for b, err := range t.ScanRange(ctx, t.Rows()/2, t.Rows()/2+1, nil) {
		if err != nil {
			return nil, err
		}
		p.rows.AppendFrom(b, 0, 1)
	}
	step, at, middle := max(int(t.Rows())/max(n, 1), 1), 0, int(t.Rows()/2)
	for b, err := range t.Scan(ctx, table.ScanOptions{}) {
		if err != nil {
			return nil, err
		}
		for i := range b.Len {
			if (at+i)%step == 0 && at+i != middle {
				p.rows.AppendFrom(b, i, i+1)
			}
		}
		at += b.Len
	}
	return p, nil
}

// edit makes version i of commits and records what it changes.
func (g *grower) edit(ctx context.Context, t *table.Table, p *pool, i, commits int, rec *history.Recorder) (*table.Table, error) {
	rows := column.NewBatch(t.Schema, 0)
	var edits []table.Edit
	take := func(at int) {
		edits = append(edits, table.Edit{Key: column.RowKey(nil, p.rows, p.keys, at), Row: rows.Len})
		rows.AppendFrom(p.rows, at, at+1)
	}
	if i%100 == 99 {
		take(0)
	}
	for at := 1 + i; at < p.rows.Len; at += commits {
		take(at)
	}
	score := slices.IndexFunc(t.Schema.Fields, func(f column.Field) bool { return f.ID == "score" })
	if score < 0 {
		return nil, errors.New("no column is called score")
	}
	v := column.NewVector(t.Schema.Fields[score].Type, rows.Len)
	for n := range rows.Len {
		v.AppendF64(2 + float64(i) + float64(n)/1000)
	}
	rows.Cols[score] = v
	slices.SortFunc(edits, func(a, b table.Edit) int { return slices.Compare(a.Key, b.Key) })
	root, _, err := table.Apply(ctx, g.w, t, rows, edits)
	if err != nil {
		return nil, err
	}
	next := table.New(g.w, t.Schema, root)
	delta := &table.Delta{Columns: []string{"score"}}
	for _, e := range edits {
		delta.Changes = append(delta.Changes, table.Change{Op: table.Modified, Key: e.Key, Columns: []int{0}})
	}
	rec.Dataset("data", t, next)
	rec.Seen(delta)
	return next, nil
}
