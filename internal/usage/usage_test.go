package usage_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/reach"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/usage"
	"github.com/strata-data/strata/internal/worktree"
)

// grown makes a repository of three commits, of two datasets and a plain file,
// and garbage.
func grown(t *testing.T) *repo.Repo {
	t.Helper()
	dir, ctx := t.TempDir(), t.Context()
	if _, err := repo.Init(ctx, dir, repo.InitOptions{}); err != nil {
		t.Fatal(err)
	}
	r, err := repo.Open(ctx, dir, repo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	by := repo.Signature{Name: "t", Email: "t@example.com", When: 1000}
	for v := range 4 {
		for _, name := range []string{"train", "val"} {
			var b strings.Builder
			b.WriteString("id,label\n")
			for i := range 4000 {
				label := fmt.Sprint(name, i*i%97)
				if i%500 == 7*v {
					label = fmt.Sprint("version ", v)
				}
				fmt.Fprintf(&b, "%d,%s\n", i, label)
			}
			if err := os.WriteFile(filepath.Join(dir, name+".csv"), []byte(b.String()), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte(strings.Repeat("note ", 100+v)), 0o666); err != nil {
			t.Fatal(err)
		}
		for _, o := range []worktree.AddOptions{{Paths: []string{"train.csv", "val.csv"}, Key: []string{"id"}}, {Paths: []string{"."}}} {
			o.Dir = dir
			res, err := worktree.Add(ctx, r, o)
			if err != nil {
				t.Fatal(err)
			}
			if err := res.Close(); err != nil {
				t.Fatal(err)
			}
		}
		unlock, err := r.Lock(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.CreateCommit(ctx, repo.CommitOptions{Message: fmt.Sprint("version ", v), Author: by, Committer: by}); err != nil {
			t.Fatal(err)
		}
		if err := unlock(); err != nil {
			t.Fatal(err)
		}
	}
	// The last commit becomes what only the logs keep.
	head, err := r.Resolve(ctx, "HEAD~1")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.UpdateRefs(ctx, repo.RefChange{Name: "HEAD", New: head, By: by}); err != nil {
		t.Fatal(err)
	}
	ix, err := r.Index(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := r.CommitTree(ctx, head)
	if err != nil {
		t.Fatal(err)
	}
	ix.SetTree(tree)
	if err := r.SaveIndex(ctx, ix); err != nil {
		t.Fatal(err)
	}
	return r
}

func measure(t *testing.T, r *repo.Repo, o usage.Options) *usage.Report {
	t.Helper()
	rep, err := usage.Measure(t.Context(), r, o)
	if err != nil {
		t.Fatal(err)
	}
	again, err := usage.Measure(t.Context(), r, o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rep, again); diff != "" {
		t.Errorf("%+v: another answer the second time:\n%s", o, diff)
	}
	return rep
}

// sum adds amounts; shares of bytes are rounded, so by up to one byte each.
func sum(amounts ...usage.Amount) (s usage.Amount) {
	for _, a := range amounts {
		s.Objects += a.Objects
		s.Bytes += a.Bytes
		s.Raw += a.Raw
	}
	return s
}

func near(a, b usage.Amount) bool {
	d := a.Bytes - b.Bytes
	return a.Objects == b.Objects && a.Raw == b.Raw && d > -10 && d < 10
}

func TestPartsAddUp(t *testing.T) {
	r := grown(t)
	whole := measure(t, r, usage.Options{})
	var parts []usage.Amount
	why := map[repo.Why]int64{}
	for _, k := range whole.Reasons {
		parts = append(parts, k.Amount)
		why[k.Why] = k.Objects
	}
	kept := sum(parts...)
	if kept.Objects+whole.Garbage.Objects != whole.Stored.Objects || why[repo.WhyRef] == 0 || why[repo.WhyReflog] == 0 {
		t.Errorf("%+v", whole)
	}
	if b := kept.Bytes + whole.Garbage.Bytes; b > whole.Stored.Bytes || b < whole.Stored.Bytes*97/100 {
		t.Errorf("shares of %d bytes, the files have %d", b, whole.Stored.Bytes)
	}
	if kept.Raw != whole.Stored.Raw {
		t.Errorf("objects of %d bytes, the catalogue says %d", kept.Raw, whole.Stored.Raw)
	}

	commits := measure(t, r, usage.Options{ByCommit: true})
	parts = nil
	for i, c := range commits.Commits {
		if want := fmt.Sprint("version ", 2-i); c.Subject != want {
			t.Errorf("commit %d is %q, want %q", i, c.Subject, want)
		}
		parts = append(parts, c.Amount)
	}
	if !near(sum(parts...), commits.Counted) || commits.Counted != whole.Counted || len(parts) != 3 {
		t.Errorf("commits have %+v, all of them %+v, without asking %+v", sum(parts...), commits.Counted, whole.Counted)
	}
	if first := parts[2]; first.Raw < parts[0].Raw || first.Raw < parts[1].Raw {
		t.Errorf("the first commit brought in less than another: %+v", parts)
	}

	datasets := measure(t, r, usage.Options{ByDataset: true})
	parts = []usage.Amount{datasets.History}
	names := ""
	for _, d := range datasets.Datasets {
		names += d.Name + " "
		parts = append(parts, d.Amount)
	}
	if names != "@files train val " || !near(sum(parts...), whole.Counted) || datasets.History.Objects != 6 {
		t.Errorf("%q have %+v, want %+v", names, parts, whole.Counted)
	}
}

// TestCountsEveryByte compares with the objects that a range of commits is about,
// read one by one.
func TestCountsEveryByte(t *testing.T) {
	ctx := t.Context()
	r := grown(t)
	tip, err := r.Resolve(ctx, "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	base, err := r.Resolve(ctx, "HEAD~1")
	if err != nil {
		t.Fatal(err)
	}
	rep := measure(t, r, usage.Options{Tips: []object.ID{tip}, Exclude: []object.ID{base}, ByCommit: true})
	w := reach.NewWalker(r.Objects(), reach.Options{})
	if err := w.Walk(ctx, []reach.Link{reach.To(base)}, nil); err != nil {
		t.Fatal(err)
	}
	var want usage.Amount
	if err := w.Walk(ctx, []reach.Link{reach.To(tip)}, func(o reach.Object) error {
		b, err := r.Objects().Get(ctx, o.ID)
		want.Objects++
		want.Raw += int64(len(b))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	got := rep.Counted
	if got.Bytes <= 0 || got.Bytes > rep.Stored.Bytes || rep.Whole || rep.Reasons != nil {
		t.Errorf("%+v", rep)
	}
	if got.Bytes = 0; got != want || len(rep.Commits) != 1 {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}
