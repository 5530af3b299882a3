// Package historytest makes repositories with long histories for benchmarks, in
// seconds, as only the objects that a question needs are made. The same options
// give the same commits.
//
// Start reading at Long, then Lives.
package historytest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/history"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// open makes a repository in the new directory dir.
func open(ctx context.Context, dir string) (*repo.Repo, error) {
	if _, err := repo.Init(ctx, dir, repo.InitOptions{}); err != nil {
		return nil, err
	}
	return repo.Open(ctx, dir, repo.Options{})
}

// by is who made commit number n, and when.
func by(n int) repo.Signature {
	return repo.Signature{Name: "Ana Lima", Email: "ana@example.com", When: 1_700_000_000 + int64(n)*600}
}

// Long makes a repository of n commits without data in the new directory dir:
// main, into which a side branch of one commit is merged every tenth time, early,
// which left main at its beginning, and half, which left it in the middle.
func Long(ctx context.Context, dir string, n int) (err error) {
	r, err := open(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	g := &long{r: r}
	if g.w, err = r.Objects().NewWriter(ctx); err != nil {
		return err
	}
	defer g.w.Discard()
	refs, err := g.grow(ctx, n)
	if err != nil {
		return err
	}
	if _, err := g.w.Publish(ctx); err != nil {
		return err
	}
	return point(ctx, r, refs)
}

// point makes branches.
func point(ctx context.Context, r *repo.Repo, branches map[string]object.ID) error {
	return r.Update(ctx, func(t *repo.Tx) error {
		for _, name := range slices.Sorted(maps.Keys(branches)) {
			if err := t.SetRef(repo.RefChange{Name: "refs/heads/" + name, New: branches[name], By: by(0), Log: "made"}); err != nil {
				return err
			}
		}
		return nil
	})
}

// long is the state of one Long.
type long struct {
	r *repo.Repo
	w store.Writer
	n int // commits made
}

func (g *long) commit(ctx context.Context, message string, parents ...object.ID) (object.ID, error) {
	c := repo.Commit{Parents: parents, Author: by(g.n), Committer: by(g.n), Message: message + "\n"}
	g.n++
	made, err := g.r.PutCommit(ctx, g.w, nil, c)
	if err != nil {
		return object.ID{}, err
	}
	return made.ID, nil
}

func (g *long) grow(ctx context.Context, n int) (map[string]object.ID, error) {
	main, err := g.commit(ctx, "Begin")
	if err != nil {
		return nil, err
	}
	refs := map[string]object.ID{}
	if refs["early"], err = g.commit(ctx, "Leave early", main); err != nil {
		return nil, err
	}
	for g.n < n {
		if g.n%10 == 8 {
			side, err := g.commit(ctx, "Work at the side", main)
			if err != nil {
				return nil, err
			}
			if main, err = g.commit(ctx, "Merge a side", main, side); err != nil {
				return nil, err
			}
			continue
		}
		if main, err = g.commit(ctx, fmt.Sprintf("Relabel %d samples after the audit of the week", g.n), main); err != nil {
			return nil, err
		}
		if refs["half"].IsZero() && g.n >= n/2 {
			if refs["half"], err = g.commit(ctx, "Leave half way", main); err != nil {
				return nil, err
			}
		}
	}
	refs["main"] = main
	return refs, nil
}

// LivesOptions of Lives.
type LivesOptions struct {
	Rows    int // samples of the dataset
	Edits   int // samples, anywhere, whose label each commit changes
	Commits int // after the first
}

// Lives makes a repository in the new directory dir with the dataset train, whose
// keys are 000000000, 000000001 and so on, and commits that change labels, with
// the records that commit writes. Sample 000000017 changes in every hundredth.
func Lives(ctx context.Context, dir string, o LivesOptions) (err error) {
	r, err := open(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	l := &lives{r: r, o: o, schema: &column.Schema{Key: []string{"id"}, Fields: []column.Field{
		column.NewField("id", column.Of(column.String)), column.NewField("label", column.Of(column.String)),
		column.NewField("score", column.Of(column.Float64)), column.NewField("text", column.Of(column.String))}}}
	if l.w, err = r.Objects().NewWriter(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.w.Discard()) }()
	if err := l.first(ctx); err != nil {
		return err
	}
	for n := range o.Commits {
		if err := l.next(ctx, n+1); err != nil {
			return err
		}
	}
	if err := l.publish(ctx); err != nil {
		return err
	}
	return point(ctx, r, map[string]object.ID{"main": l.last.ID})
}

// lives is the state of one Lives.
type lives struct {
	r      *repo.Repo
	o      LivesOptions
	schema *column.Schema
	w      store.Writer
	root   merkle.Root
	last   *repo.CommitInfo
}

func (l *lives) table() *table.Table { return table.New(l.w, l.schema, l.root) }

// row appends sample i with its label of round n.
func (l *lives) row(b *column.Batch, i, n int) {
	labels := [...]string{"dog", "cat", "fox", "wolf", "lynx"}
	b.Cols[0].AppendString(fmt.Sprintf("%09d", i))
	b.Cols[1].AppendString(labels[(i+n)%len(labels)])
	b.Cols[2].AppendF64(float64(i%997) / 997)
	b.Cols[3].AppendString(fmt.Sprintf("picture %d of camera %d", i, i%31))
	b.Len++
}

func (l *lives) first(ctx context.Context) error {
	build := table.NewBuilder(ctx, l.w, l.schema, 2)
	for i := 0; i < l.o.Rows; {
		b := column.NewBatch(l.schema, 10_000)
		for ; b.Len < 10_000 && i < l.o.Rows; i++ {
			l.row(b, i, 0)
		}
		if err := build.Append(b); err != nil {
			return err
		}
	}
	var err error
	if l.root, err = build.Finish(); err != nil {
		return err
	}
	return l.commit(ctx, 0, new(history.Recorder))
}

// next makes commit number n.
func (l *lives) next(ctx context.Context, n int) error {
	chosen := map[int]bool{}
	for k := range l.o.Edits {
		h := merkle.Hash(fmt.Appendf(nil, "%d %d", n, k))
		chosen[int(h%uint64(l.o.Rows))] = true
	}
	if n%100 == 0 && l.o.Rows > 17 {
		chosen[17] = true
	}
	b := column.NewBatch(l.schema, len(chosen))
	var edits []table.Edit
	delta := &table.Delta{Columns: []string{"label"}}
	for _, i := range slices.Sorted(maps.Keys(chosen)) {
		l.row(b, i, n)
		key := column.RowKey(nil, b, l.schema.KeyColumns(), b.Len-1)
		edits = append(edits, table.Edit{Key: key, Row: b.Len - 1})
		delta.Changes = append(delta.Changes, table.Change{Op: table.Modified, Key: key, Columns: []int{0}})
	}
	was := l.table()
	root, _, err := table.Apply(ctx, l.w, was, b, edits)
	if err != nil {
		return err
	}
	l.root = root
	rec := new(history.Recorder)
	rec.Dataset("train", was, l.table())
	rec.Seen(delta)
	return l.commit(ctx, n, rec)
}

// publishEvery is how many commits become visible at once.
const publishEvery = 50

func (l *lives) commit(ctx context.Context, n int, rec *history.Recorder) error {
	id, err := l.table().Save(ctx, l.w)
	if err != nil {
		return err
	}
	c := repo.Commit{Author: by(n), Committer: by(n), Message: fmt.Sprintf("Relabel, round %d\n", n)}
	if l.last != nil {
		c.Parents = []object.ID{l.last.ID}
	}
	if l.last, err = l.r.PutCommit(ctx, l.w, map[string]object.ID{"train": id}, c); err != nil {
		return err
	}
	rec.Save(l.r, l.last)
	if n%publishEvery == 0 {
		return l.publish(ctx)
	}
	return nil
}

func (l *lives) publish(ctx context.Context) error {
	_, err := l.w.Publish(ctx)
	if err == nil {
		l.w, err = l.r.Objects().NewWriter(ctx)
	}
	return err
}
