package history_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
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
