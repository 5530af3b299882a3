package strata_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/pkg/strata"
)

// TestStatusRemembersWhatItRead touches files without changing them: one look
// has to read them, the next has not.
func TestStatusRemembersWhatItRead(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	if _, err := strata.Init(ctx, dir, strata.InitOptions{}); err != nil {
		t.Fatal(err)
	}
	r, err := strata.Open(ctx, dir, strata.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	names := []string{"notes.txt", "t.csv"}
	for _, n := range names {
		if err := os.WriteFile(filepath.Join(dir, n), []byte("id,a\n1,x\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Add(ctx, strata.AddOptions{Dir: dir, Paths: []string{"."}, Key: []string{"id"}}); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	for _, n := range names {
		if err := os.Chtimes(filepath.Join(dir, n), old, old); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(50 * time.Millisecond) // the change of the inode must not be racy
	st, err := r.Status(ctx, strata.StatusOptions{})
	if err != nil || len(st.Unstaged) > 0 {
		t.Fatalf("status: %v, %v", st, err)
	}
	in, err := repo.Open(ctx, dir, repo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	stats, err := in.LoadStats(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ix, err := in.Index(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		fi, err := os.Lstat(filepath.Join(dir, n))
		if err != nil {
			t.Fatal(err)
		}
		_, plain := stats.Content(n, repo.StatOf(fi))
		if !plain && !ix.Sources[n].Holds(repo.StatOf(fi)) {
			t.Errorf("%s would be read again", n)
		}
	}
}
