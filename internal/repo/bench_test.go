package repo_test

import (
	"fmt"
	"testing"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	if _, err := repo.Init(b.Context(), dir, repo.InitOptions{}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r, err := repo.Open(b.Context(), dir, repo.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCommitOnDisk(b *testing.B) {
	dir := b.TempDir()
	if _, err := repo.Init(b.Context(), dir, repo.InitOptions{}); err != nil {
		b.Fatal(err)
	}
	r := open(b, dir, repo.Options{})
	n := 0
	for b.Loop() {
		n++
		commit(b, r, repo.CommitOptions{Message: fmt.Sprint(n), AllowEmpty: true})
	}
}

func BenchmarkWalk10k(b *testing.B) {
	r := newRepo(b)
	var tip object.ID
	for i := range 10_000 {
		if i == 0 {
			tip = rawCommit(b, r, "0", 0)
		} else {
			tip = rawCommit(b, r, fmt.Sprint(i), int64(i), tip)
		}
	}
	setRef(b, r, "HEAD", tip)
	for name, o := range map[string]repo.WalkOptions{"date": {}, "topo": {Order: repo.OrderTopo}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				n := 0
				for _, err := range r.Walk(b.Context(), []object.ID{tip}, nil, o) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				if n != 10_000 {
					b.Fatal(n)
				}
			}
		})
	}
	b.Run("prefix", func(b *testing.B) {
		for b.Loop() {
			if _, err := r.Resolve(b.Context(), tip.String()[:16]); err != nil {
				b.Fatal(err)
			}
		}
	})
}
