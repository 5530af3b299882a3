package reach_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/reach"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/worktree"
)

// versions makes a repository of a few commits with all kinds of objects: a
// table in key order, one that is shuffled and has odd records, one keyed by
// content, files of one chunk, of several, and of a size that may be either.
func versions(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	ctx := t.Context()
	if _, err := repo.Init(ctx, dir, repo.InitOptions{}); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	blob := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return string(b)
	}
	write := func(name, text string) {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("small.bin", blob(1000))
	write("middle/one.bin", strings.Repeat("x", 100<<10)) // one chunk
	write("middle/two.bin", blob(200<<10))
	write("big.bin", blob(25<<20)) // a list of lists
	for v := range 3 {
		var sorted, shuffled, content strings.Builder
		sorted.WriteString("id,label,text\n")
		shuffled.WriteString("id,label\n")
		content.WriteString("text\n")
		for i := range 20000 {
			label := i % 7
			if i%1000 == v {
				label = 99
			}
			fmt.Fprintf(&sorted, "%d,%d,%s\n", i, label, strings.Repeat("word ", i%40))
			fmt.Fprintf(&shuffled, "%d,%d\n", i*7919%20000, label)
			fmt.Fprintf(&content, "text %d\n", i+v)
		}
		shuffled.WriteString("20001,\"5\"\n") // odd: quoted without need
		write("sorted.csv", sorted.String())
		write("shuffled.csv", shuffled.String())
		write("content.csv", content.String())
		write("small.bin", blob(1000+v))
		r, err := repo.Open(ctx, dir, repo.Options{})
		if err != nil {
			t.Fatal(err)
		}
		add(t, r, worktree.AddOptions{Dir: dir, Paths: []string{"sorted.csv", "shuffled.csv"}, Key: []string{"id"}})
		add(t, r, worktree.AddOptions{Dir: dir, Paths: []string{"."}})
		commit(t, r, fmt.Sprint("version ", v))
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func add(t *testing.T, r *repo.Repo, o worktree.AddOptions) {
	t.Helper()
	res, err := worktree.Add(t.Context(), r, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Close(); err != nil {
		t.Fatal(err)
	}
}

func commit(t *testing.T, r *repo.Repo, message string) {
	t.Helper()
	unlock, err := r.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	by := repo.Signature{Name: "t", Email: "t@example.com"}
	if _, err := r.CreateCommit(t.Context(), repo.CommitOptions{Message: message, Author: by, Committer: by}); err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
}

func TestReach(t *testing.T) {
	dir := versions(t)
	t.Run("WalkFindsEverything", func(t *testing.T) { walkFindsEverything(t, dir) })
	t.Run("WalkTellsWhatIsMissing", func(t *testing.T) { walkTellsWhatIsMissing(t, dir) })
	t.Run("LinksRefusesDamage", func(t *testing.T) { linksRefusesDamage(t, dir) })
}

func walkFindsEverything(t *testing.T, dir string) {
	ctx := t.Context()
	r, err := repo.Open(ctx, dir, repo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	head, err := r.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{1, 4} {
		w := reach.NewWalker(r.Objects(), reach.Options{Workers: workers})
		seen := map[object.ID]int{}
		kinds := map[object.Kind]int{}
		err = w.Walk(ctx, []reach.Link{reach.To(head.ID)}, func(o reach.Object) error {
			seen[o.ID]++
			kinds[o.Kind]++
			b, err := r.Objects().Get(ctx, o.ID)
			if err != nil {
				return err
			}
			if object.Kind(b[0]) != o.Kind || o.Size >= 0 && o.Size != len(b) {
				t.Errorf("%s visited as %s of %d bytes, is %s of %d", o.ID, o.Kind, o.Size, object.Kind(b[0]), len(b))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		all := r.Objects().(interface {
			Objects(context.Context) iter.Seq2[object.ID, error]
		})
		stored := 0
		for id, err := range all.Objects(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			stored++
			if seen[id] != 1 || !w.Seen.Has(id) {
				b, _ := r.Objects().Get(ctx, id)
				t.Errorf("workers %d: %s %s visited %d times", workers, object.Kind(b[0]), id, seen[id])
			}
		}
		if stored != len(seen) || w.Seen.Len() != stored {
			t.Errorf("workers %d: visited %d, set has %d, stored are %d", workers, len(seen), w.Seen.Len(), stored)
		}
		for _, k := range []object.Kind{object.KindPage, object.KindPageList, object.KindLeaf, object.KindNode, object.KindTable, object.KindSchema,
			object.KindTree, object.KindCommit, object.KindChunk, object.KindChunks, object.KindSource, object.KindLines} {
			if kinds[k] == 0 {
				t.Errorf("the test has no %s", k)
			}
		}
		if err := w.Walk(ctx, []reach.Link{reach.To(head.ID)}, func(o reach.Object) error {
			return fmt.Errorf("%s visited again", o.ID)
		}); err != nil {
			t.Error(err)
		}
	}
}

// lossy hides some objects.
type lossy struct {
	r interface {
		Get(context.Context, object.ID) ([]byte, error)
	}
	gone map[object.ID]bool
}

func (l lossy) Get(ctx context.Context, id object.ID) ([]byte, error) {
	if l.gone[id] {
		return nil, object.ErrNotFound
	}
	return l.r.Get(ctx, id)
}

func (l lossy) Has(ctx context.Context, id object.ID) (bool, error) { return !l.gone[id], nil }

func walkTellsWhatIsMissing(t *testing.T, dir string) {
	ctx := t.Context()
	r, err := repo.Open(ctx, dir, repo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	head, err := r.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	roots := []reach.Link{reach.To(head.ID)}
	readable := map[object.ID]object.Kind{}
	whole := reach.NewWalker(r.Objects(), reach.Options{})
	if err := whole.Walk(ctx, roots, func(o reach.Object) error {
		if o.Size >= 0 {
			readable[o.ID] = o.Kind
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	done := map[object.Kind]bool{}
	for id, kind := range readable {
		if done[kind] {
			continue
		}
		done[kind] = true
		l := lossy{r.Objects(), map[object.ID]bool{id: true}}
		w := reach.NewWalker(l, reach.Options{})
		if err := w.Walk(ctx, roots, nil); !errors.Is(err, object.ErrNotFound) {
			t.Errorf("without a %s: %v", kind, err)
		}
		var told []object.ID
		w = reach.NewWalker(l, reach.Options{Problem: func(link reach.Link, _ object.ID, err error) error {
			told = append(told, link.ID)
			return nil
		}})
		if err := w.Walk(ctx, roots, nil); err != nil || len(told) != 1 || told[0] != id {
			t.Errorf("without a %s: told %v, %v", kind, told, err)
		}
	}
}

func linksRefusesDamage(t *testing.T, dir string) {
	ctx := t.Context()
	r, err := repo.Open(ctx, dir, repo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	head, err := r.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	w := reach.NewWalker(r.Objects(), reach.Options{})
	done := map[object.Kind]bool{}
	err = w.Walk(ctx, []reach.Link{reach.To(head.ID)}, func(o reach.Object) error {
		if done[o.Kind] || o.Size < 0 {
			return nil
		}
		done[o.Kind] = true
		b, err := r.Objects().Get(ctx, o.ID)
		if err != nil {
			return err
		}
		for _, bad := range [][]byte{nil, b[:1], b[:len(b)-1], append(bytes.Clone(b), 0)} {
			if _, err := reach.Links(ctx, r.Objects(), bad, reach.Plain); o.Kind != object.KindChunk && !errors.Is(err, object.ErrCorrupt) {
				t.Errorf("a %s of %d bytes cut to %d: %v", o.Kind, len(b), len(bad), err)
			}
		}
		bad := bytes.Clone(b)
		bad[1] = 9
		if _, err := reach.Links(ctx, r.Objects(), bad, reach.Plain); !errors.Is(err, object.ErrUnsupported) {
			t.Errorf("a %s of version 9: %v", o.Kind, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
