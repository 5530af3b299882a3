package history_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/strata-data/strata/internal/history"
	"github.com/strata-data/strata/internal/history/historytest"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

// BenchmarkLong asks about 10,000 commits, each time with a repository that is
// opened anew, as a command does.
func BenchmarkLong(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "r")
	if err := historytest.Long(b.Context(), dir, 10_000); err != nil {
		b.Fatal(err)
	}
	resolve := func(r *repo.Repo, name string) object.ID {
		id, err := r.Resolve(b.Context(), name)
		if err != nil {
			b.Fatal(err)
		}
		return id
	}
	for _, bc := range []struct {
		name string
		run  func(r *repo.Repo) error
	}{
		{"merge-base", func(r *repo.Repo) error {
			_, err := r.MergeBases(b.Context(), resolve(r, "main"), resolve(r, "early"))
			return err
		}},
		{"log -n 20", func(r *repo.Repo) error {
			return walkAll(b.Context(), r, resolve(r, "main"), repo.WalkOptions{Max: 20})
		}},
		{"log --graph -n 20", func(r *repo.Repo) error {
			return walkAll(b.Context(), r, resolve(r, "main"), repo.WalkOptions{Max: 20, Order: repo.OrderTopo})
		}},
		{"log", func(r *repo.Repo) error {
			return walkAll(b.Context(), r, resolve(r, "main"), repo.WalkOptions{})
		}},
	} {
		b.Run(bc.name, func(b *testing.B) {
			for b.Loop() {
				r, err := repo.Open(b.Context(), dir, repo.Options{})
				if err != nil {
					b.Fatal(err)
				}
				if err := bc.run(r); err != nil {
					b.Fatal(err)
				}
				if err := r.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func walkAll(ctx context.Context, r *repo.Repo, tip object.ID, o repo.WalkOptions) error {
	for _, err := range r.Walk(ctx, []object.ID{tip}, nil, o) {
		if err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkLife asks for the life of a sample over 200 commits of 100,000.
func BenchmarkLife(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "r")
	if err := historytest.Lives(b.Context(), dir, historytest.LivesOptions{Rows: 100_000, Edits: 1000, Commits: 200}); err != nil {
		b.Fatal(err)
	}
	match := matchOf(b, "train/000000017")
	for b.Loop() {
		r, err := repo.Open(b.Context(), dir, repo.Options{})
		if err != nil {
			b.Fatal(err)
		}
		tip, err := r.Resolve(b.Context(), "main")
		if err != nil {
			b.Fatal(err)
		}
		h := history.New(r)
		if err := walkAll(b.Context(), r, tip, repo.WalkOptions{Simplify: h.Simplify(history.Options{Match: match})}); err != nil {
			b.Fatal(err)
		}
		h.Close()
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
