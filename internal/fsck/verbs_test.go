package fsck_test

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/strata-data/strata/internal/fsck"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/pkg/strata"
)

// rewritten are the fixtures whose main has another, wrongly made commit: what
// it holds may differ from the healthy one, or not be readable.
var rewritten = []string{"chunkBadLayout", "chunkStatsWrong", "objectMalformed", "objectTrailingBytes", "objectTruncated", "objectWrongKind",
	"schemaMismatch", "sourceBroken", "treeNotCanonical", "treeUnsorted", "treeWrongLevel"}

// TestVerbsOnBroken: every usual verb gives the right data of a broken
// repository, or an error; it never gives wrong data and never panics.
func TestVerbsOnBroken(t *testing.T) {
	healthy := unpack(t, filepath.Join(fixtures(t), "healthy", "repo.tar.gz"))
	want := map[string]string{}
	for _, rev := range []string{"main", "side", "v1"} {
		text, err := rows(t, healthy, rev)
		if err != nil {
			t.Fatal(err)
		}
		want[rev] = text
	}
	for _, k := range fsck.Kinds() {
		t.Run(k.ID, func(t *testing.T) {
			dir := unpack(t, filepath.Join(fixtures(t), k.ID, "repo.tar.gz"))
			for rev, text := range want {
				got, err := rows(t, dir, rev)
				if err == nil && got != text && !(rev == "main" && slices.Contains(rewritten, k.ID)) {
					t.Errorf("%s: %d bytes, want %d or an error", rev, len(got), len(text))
				}
			}
			r, err := strata.Open(t.Context(), dir, strata.Options{Now: clock(), Getenv: environment})
			if err != nil {
				return
			}
			defer r.Close()
			log := 0
			for _, err := range r.Log(t.Context(), strata.LogOptions{Revisions: []string{"main"}}) {
				if err != nil {
					break
				}
				log++
			}
			if log > 4 {
				t.Errorf("log has %d commits", log)
			}
			for name, verb := range map[string]func() error{
				"diff": func() error {
					_, err := r.Diff(t.Context(), strata.DiffOptions{Revisions: []string{"main~1", "main"}})
					return err
				},
				"head":   func() error { _, err := r.Head(t.Context(), strata.HeadOptions{}); return err },
				"status": func() error { _, err := r.Status(t.Context(), strata.StatusOptions{}); return err },
				"restore": func() error {
					_, err := r.Restore(t.Context(), strata.RestoreOptions{Dir: dir, Addresses: []string{"train"}})
					return err
				},
				"switch": func() error {
					_, err := r.Switch(t.Context(), strata.SwitchOptions{Target: "side", Force: true})
					return err
				},
				"commit": func() error { _, err := r.Commit(t.Context(), strata.CommitOptions{Message: "go on"}); return err },
			} {
				if err := verb(); err != nil && strings.TrimSpace(err.Error()) == "" {
					t.Errorf("%s: an error without a word", name)
				}
			}
		})
	}
}

// TestBesideWriters: a check that runs while others write sees one state, which
// is whole.
func TestBesideWriters(t *testing.T) {
	dir := unpack(t, filepath.Join(fixtures(t), "healthy", "repo.tar.gz"))
	w, err := strata.Open(t.Context(), dir, strata.Options{Now: clock(), Getenv: environment})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var failed error
	wg.Go(func() {
		for failed == nil {
			select {
			case <-stop:
				return
			default:
			}
			if _, failed = w.Commit(t.Context(), strata.CommitOptions{Message: "again", AllowEmpty: true}); failed == nil {
				_, failed = w.GC(t.Context(), strata.GCOptions{Prune: "now", Aggressive: true})
			}
		}
	})
	for range 20 {
		r, err := repo.OpenDamaged(dir, repo.Options{})
		if err != nil {
			t.Fatal(err)
		}
		report, err := fsck.Run(t.Context(), r, fsck.Options{})
		if err != nil || !report.OK {
			t.Errorf("%+v, %v", report, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	wg.Wait()
	if failed != nil {
		t.Error(failed)
	}
}
