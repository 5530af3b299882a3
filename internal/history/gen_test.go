package history_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/history"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

var keepLong = flag.String("long", "", "make the repository of many commits in this new `DIR`")

// longHistory makes a repository of n commits without data at dir: main, into
// which a side branch of one commit is merged every tenth time, early, which
// left main at its beginning, and half, which left in the middle.
func longHistory(ctx context.Context, dir string, n int) error {
	if _, err := repo.Init(ctx, dir, repo.InitOptions{}); err != nil {
		return err
	}
	r, err := repo.Open(ctx, dir, repo.Options{})
	if err != nil {
		return err
	}
	defer r.Close()
	g := &longGen{r: r}
	if g.w, err = r.Objects().NewWriter(ctx); err != nil {
		return err
	}
	empty, err := repo.NewTree(nil)
	if err != nil {
		return err
	}
	b, err := empty.Encode()
	if err != nil {
		return err
	}
	if g.tree, err = g.w.Put(ctx, b, store.Hint{Stream: "tree"}); err != nil {
		return err
	}
	main := g.commit(ctx, "Begin")
	refs := map[string]object.ID{"refs/heads/early": g.commit(ctx, "Leave early", main)}
	for g.n < n && g.err == nil {
		switch {
		case g.n%10 == 8:
			main = g.commit(ctx, "Merge a side", main, g.commit(ctx, "Work at the side", main))
		default:
			main = g.commit(ctx, fmt.Sprintf("Relabel %d samples after the audit of the week", g.n), main)
		}
		if g.n == n/2 {
			refs["refs/heads/half"] = g.commit(ctx, "Leave half way", main)
		}
	}
	refs["refs/heads/main"] = main
	if g.err != nil {
		return g.err
	}
	if _, err := g.w.Publish(ctx); err != nil {
		return err
	}
	return r.Update(ctx, func(t *repo.Tx) error {
		for name, id := range refs {
			if err := t.SetRef(repo.RefChange{Name: name, New: id, By: g.by(), Log: "made"}); err != nil {
				return err
			}
		}
		return nil
	})
}

type longGen struct {
	r    *repo.Repo
	w    store.Writer
	tree object.ID
	n    int
	gens map[object.ID]uint32
	err  error
}

func (g *longGen) by() repo.Signature {
	return repo.Signature{Name: "Ana Lima", Email: "ana@example.com", When: 1_700_000_000 + int64(g.n)*600}
}

func (g *longGen) commit(ctx context.Context, message string, parents ...object.ID) object.ID {
	if g.err != nil {
		return object.ID{}
	}
	g.n++
	c := &repo.Commit{Tree: g.tree, Parents: parents, Author: g.by(), Committer: g.by(), Message: message + "\n", Generation: 1}
	for _, p := range parents {
		c.Generation = max(c.Generation, g.gens[p]+1)
	}
	var b []byte
	if b, g.err = c.Encode(); g.err != nil {
		return object.ID{}
	}
	var id object.ID
	id, g.err = g.w.Put(ctx, b, store.Hint{Stream: "commit"})
	if g.gens == nil {
		g.gens = map[object.ID]uint32{}
	}
	g.gens[id] = c.Generation
	return id
}

func TestMakeLong(t *testing.T) {
	if *keepLong == "" {
		t.Skip("only with -long DIR")
	}
	if err := os.MkdirAll(*keepLong, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := longHistory(t.Context(), *keepLong, 10_000); err != nil {
		t.Fatal(err)
	}
}

var (
	keepLife = flag.String("life", "", "make the repository of many versions of many samples in this new `DIR`")
	lifeRows = flag.Int("rows", 1_000_000, "samples for -life")
	lifeEdit = flag.Int("edits", 1000, "samples that each commit of -life changes")
	lifeLong = flag.Int("commits", 1000, "commits for -life")
)

// lives makes a dataset of samples with a label, a score and a text, and commits
// of which each changes the labels of some samples anywhere, with records as
// commit writes them. Sample 000000017 changes in every hundredth commit.
func lives(t testing.TB, dir string, rows, edits, commits int) {
	ctx := t.Context()
	m := newModel(t, dir)
	s := &column.Schema{Key: []string{"id"}, Fields: []column.Field{column.NewField("id", column.Of(column.String)),
		column.NewField("label", column.Of(column.String)), column.NewField("score", column.Of(column.Float64)), column.NewField("text", column.Of(column.String))}}
	labels := []string{"dog", "cat", "fox", "wolf", "lynx"}
	row := func(b *column.Batch, i, label int) {
		b.Cols[0].AppendString(fmt.Sprintf("%09d", i))
		b.Cols[1].AppendString(labels[label%len(labels)])
		b.Cols[2].AppendF64(float64(i%997) / 997)
		b.Cols[3].AppendString(fmt.Sprintf("picture %d of camera %d", i, i%31))
		b.Len++
	}
	build := table.NewBuilder(ctx, m.w, s, 2)
	for i := 0; i < rows; {
		b := column.NewBatch(s, 10_000)
		for ; b.Len < 10_000 && i < rows; i++ {
			row(b, i, i)
		}
		if err := build.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	root, err := build.Finish()
	if err != nil {
		t.Fatal(err)
	}
	tb := table.New(m.w, s, root)
	var last *repo.CommitInfo
	for n := range commits + 1 {
		rec := &history.Recorder{}
		if n > 0 {
			b := column.NewBatch(s, edits)
			var list []table.Edit
			delta := &table.Delta{Columns: []string{"label"}}
			chosen := map[int]bool{}
			for k := range edits {
				i := int(object.Sum(fmt.Appendf(nil, "%d %d", n, k))[0])<<16 | k*7919 + n*104729
				if k == 0 && n%100 == 0 {
					i = 17
				}
				chosen[i%rows] = true
			}
			for _, i := range slices.Sorted(maps.Keys(chosen)) {
				row(b, i, i+n)
				key := column.RowKey(nil, b, s.KeyColumns(), b.Len-1)
				list = append(list, table.Edit{Key: key, Row: b.Len - 1})
				delta.Changes = append(delta.Changes, table.Change{Op: table.Modified, Key: key, Columns: []int{0}})
			}
			root, _, err := table.Apply(ctx, m.w, tb, b, list)
			if err != nil {
				t.Fatal(err)
			}
			next := table.New(m.w, s, root)
			rec.Dataset("train", tb, next)
			rec.Seen(delta)
			tb = next
		}
		id, err := tb.Save(ctx, m.w)
		if err != nil {
			t.Fatal(err)
		}
		by := repo.Signature{Name: "Ana Lima", Email: "ana@example.com", When: 1_700_000_000 + int64(n)*600}
		c := repo.Commit{Author: by, Committer: by, Message: fmt.Sprintf("Relabel, round %d\n", n)}
		if last != nil {
			c.Parents = []object.ID{last.ID}
		}
		if last, err = m.r.PutCommit(ctx, m.w, map[string]object.ID{"train": id}, c); err != nil {
			t.Fatal(err)
		}
		rec.Save(m.r, last)
		if n%50 == 0 || n == commits {
			if _, err := m.w.Publish(ctx); err != nil {
				t.Fatal(err)
			}
			if m.w, err = m.r.Objects().NewWriter(ctx); err != nil {
				t.Fatal(err)
			}
			tb = table.New(m.w, s, tb.Root)
		}
	}
	err = m.r.Update(ctx, func(tx *repo.Tx) error {
		return tx.SetRef(repo.RefChange{Name: "refs/heads/main", New: last.ID, By: last.Author, Log: "made"})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestMakeLives(t *testing.T) {
	if *keepLife == "" {
		t.Skip("only with -life DIR")
	}
	lives(t, *keepLife, *lifeRows, *lifeEdit, *lifeLong)
}
