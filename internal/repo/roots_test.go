package repo

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/strata-data/strata/internal/object"
)

// TestEveryBucketIsConsidered fails when someone adds a bucket and does not say
// whether what it names is kept.
func TestEveryBucketIsConsidered(t *testing.T) {
	known := map[string]bool{}
	for _, b := range rootBuckets() {
		known[b.name] = true
	}
	for name := range rootlessBuckets() {
		if known[name] {
			t.Errorf("bucket %s both keeps objects and does not", name)
		}
		known[name] = true
	}
	found := bucketNames(t)
	if len(found) < 7 {
		t.Errorf("found only the buckets %q", found)
	}
	for _, name := range found {
		if !known[name] {
			t.Errorf("bucket %q is in neither rootBuckets nor rootlessBuckets (roots.go): gc would remove what only it names", name)
		}
		delete(known, name)
	}
	for name := range known {
		t.Errorf("roots.go lists the bucket %q, which no constant names", name)
	}
}

// bucketNames returns the values of the package's constants called bucket...
func bucketNames(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			for i, id := range spec.Names {
				if !strings.HasPrefix(id.Name, "bucket") || i >= len(spec.Values) {
					continue
				}
				if lit, ok := spec.Values[i].(*ast.BasicLit); ok {
					name, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					names = append(names, name)
				}
			}
			return true
		})
	}
	slices.Sort(names)
	return names
}

func emptyRepo(t *testing.T) *Repo {
	t.Helper()
	dir := t.TempDir()
	if _, err := Init(t.Context(), dir, InitOptions{}); err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func TestRoots(t *testing.T) {
	ctx := t.Context()
	r := emptyRepo(t)
	id := func(b byte) object.ID { return object.ID{b} }
	err := r.Update(ctx, func(tx *Tx) error {
		for i, name := range []string{"refs/heads/main", "refs/tags/v1", "refs/stash", "ORIG_HEAD"} {
			if err := tx.SetRef(RefChange{Name: name, New: id(byte(1 + i))}); err != nil {
				return err
			}
		}
		if err := tx.SetRef(RefChange{Name: "refs/heads/main", New: id(9)}); err != nil {
			return err
		}
		ix, err := tx.Index()
		if err != nil {
			return err
		}
		ix.Datasets["train"] = id(20)
		ix.Sources["train.csv"] = Source{FileRecord: FileRecord{Content: id(21)}, Dataset: "train"}
		if err := tx.SaveIndex(ix); err != nil {
			return err
		}
		return tx.SetState(&State{Kind: StateMerge, Head: id(9), Theirs: []object.ID{id(30)}, Datasets: []StateDataset{{Name: "train", Conflicts: id(31)}}})
	})
	if err != nil {
		t.Fatal(err)
	}
	// A branch that was deleted, and an index that is no longer so.
	if err := r.Update(ctx, func(tx *Tx) error {
		return tx.SetRef(RefChange{Name: "refs/heads/gone", New: id(40)})
	}); err != nil {
		t.Fatal(err)
	}
	if err := r.Update(ctx, func(tx *Tx) error {
		ix, err := tx.Index()
		if err != nil {
			return err
		}
		ix.Datasets["train"] = id(22)
		if err := tx.SaveIndex(ix); err != nil {
			return err
		}
		if err := tx.ClearState(StateMerge); err != nil {
			return err
		}
		if err := tx.SetState(&State{Kind: StateBisect, Keep: []object.ID{id(50)}}); err != nil {
			return err
		}
		return tx.SetRef(RefChange{Name: "refs/heads/gone"})
	}); err != nil {
		t.Fatal(err)
	}
	want := map[object.ID]Why{id(9): WhyRef, id(2): WhyRef, id(3): WhyRef, id(4): WhyRef, id(22): WhyIndex, id(50): WhyState,
		id(1): WhyReflog, id(40): WhyReflog, id(20): WhyOps, id(30): WhyOps, id(31): WhyOps}
	var roots []Root
	if err := r.View(ctx, func(tx *Tx) (err error) { roots, err = tx.Roots(); return err }); err != nil {
		t.Fatal(err)
	}
	for _, root := range roots {
		if want[root.ID] != root.Why {
			t.Errorf("root %s is kept because of %q, want %q", root.ID.Short(), root.Why, want[root.ID])
		}
		delete(want, root.ID)
	}
	for id, why := range want {
		t.Errorf("%s is no root, but %s names it", id.Short(), why)
	}
}

func TestForgetStats(t *testing.T) {
	ctx := t.Context()
	r := emptyRepo(t)
	set := map[string]FileRecord{}
	for i := range 3000 {
		set["dir/"+strconv.Itoa(i)] = FileRecord{Content: object.ID{byte(1 + i%3)}}
	}
	if err := r.SaveStats(ctx, StatChanges{Set: set}); err != nil {
		t.Fatal(err)
	}
	var n int
	err := r.Update(ctx, func(tx *Tx) (err error) {
		n, err = tx.ForgetStats(func(id object.ID) bool { return id[0] != 2 })
		return err
	})
	if err != nil || n != 1000 {
		t.Fatalf("forgot %d, %v", n, err)
	}
	c, err := r.LoadStats(ctx)
	if err != nil || c.Len() != 2000 {
		t.Fatalf("%d are left, %v", c.Len(), err)
	}
	for path, rec := range c.All() {
		if rec.Content[0] == 2 {
			t.Errorf("%s is still there", path)
		}
	}
}
