package strata_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/pkg/strata"
)

// histories makes a repository whose commits are the given versions of two
// datasets, a and b: key -> value. A nil map means that the dataset is absent.
func histories(t *testing.T, versions [][2]map[int]string) *strata.Repo {
	ctx, dir := context.Background(), t.TempDir()
	if _, err := strata.Init(ctx, dir, strata.InitOptions{}); err != nil {
		t.Fatal(err)
	}
	now := int64(1767323045)
	vars := map[string]string{"STRATA_AUTHOR_NAME": "Ana", "STRATA_AUTHOR_EMAIL": "ana@example.com"}
	r, err := strata.Open(ctx, dir, strata.Options{Now: func() time.Time { now++; return time.Unix(now, 0).UTC() },
		Getenv: func(name string) string { return vars[name] }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	for n, v := range versions {
		for i, name := range []string{"a", "b"} {
			path := filepath.Join(dir, name+".csv")
			if v[i] == nil {
				_ = os.Remove(path)
				continue
			}
			var b strings.Builder
			b.WriteString("id,v\n")
			for _, k := range slices.Sorted(maps.Keys(v[i])) {
				fmt.Fprintf(&b, "%d,%s\n", k, v[i][k])
			}
			if err := os.WriteFile(path, []byte(b.String()), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.Add(ctx, strata.AddOptions{Dir: dir, All: true, Key: []string{"id"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Commit(ctx, strata.CommitOptions{Message: fmt.Sprint(n), AllowEmpty: true}); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// versionsOf draws how two datasets of at least one sample go on.
func versionsOf(t *rapid.T) [][2]map[int]string {
	var all [][2]map[int]string
	last := [2]map[int]string{}
	for range rapid.IntRange(1, 6).Draw(t, "commits") {
		next := [2]map[int]string{maps.Clone(last[0]), maps.Clone(last[1])}
		for i := range next {
			switch rapid.SampledFrom([]string{"same", "edit", "edit", "edit", "drop"}).Draw(t, "step") {
			case "edit":
				if next[i] == nil {
					next[i] = map[int]string{}
				}
				for range rapid.IntRange(1, 4).Draw(t, "edits") {
					k := rapid.IntRange(0, 5).Draw(t, "key")
					if v := rapid.SampledFrom([]string{"p", "q", "r", ""}).Draw(t, "value"); v != "" {
						next[i][k] = v
					} else {
						delete(next[i], k)
					}
				}
				if len(next[i]) == 0 {
					next[i] = nil
				}
			case "drop":
				next[i] = nil
			}
		}
		last = next
		all = append(all, next)
	}
	return all
}

// TestLogOfSamples compares the logs of every dataset and of every sample with
// what the versions say. The versions of a seed are always the same.
func TestLogOfSamples(t *testing.T) {
	versions := rapid.Custom(versionsOf)
	seeds := 15
	if os.Getenv("STRATA_NIGHTLY") != "" {
		seeds = 500
	}
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			checkLogs(t, versions.Example(seed))
		})
	}
}

func checkLogs(t *testing.T, versions [][2]map[int]string) {
	r := histories(t, versions)
	for i, name := range []string{"a", "b"} {
		var changed []string
		lives := map[string][]string{}
		var before map[int]string
		for n, v := range versions {
			if !maps.Equal(before, v[i]) {
				changed = append(changed, fmt.Sprint(n))
			}
			for k := range 6 {
				if what := lifeOf(before, v[i], k); what != "" {
					key := fmt.Sprintf("%s/%d", name, k)
					lives[key] = append(lives[key], fmt.Sprint(n, " ", what))
				}
			}
			before = v[i]
		}
		slices.Reverse(changed)
		if diff := cmp.Diff(changed, logOf(t, r, name)); diff != "" {
			t.Fatalf("log of %s of %v (-want +got):\n%s", name, versions, diff)
		}
		for key, want := range lives {
			slices.Reverse(want)
			if diff := cmp.Diff(want, logOf(t, r, key)); diff != "" {
				t.Fatalf("log of %s of %v (-want +got):\n%s", key, versions, diff)
			}
		}
	}
}

// lifeOf says what happened to a sample between two versions.
func lifeOf(before, after map[int]string, k int) string {
	old, had := before[k]
	new, has := after[k]
	switch {
	case has && !had:
		return "A"
	case had && !has:
		return "D"
	case old != new:
		return "M " + old + " " + new
	}
	return ""
}

// logOf returns the subjects of an address's log, with what happened to the sample.
func logOf(t *testing.T, r *strata.Repo, address string) []string {
	var lines []string
	for e, err := range r.Log(context.Background(), strata.LogOptions{Addresses: []string{address}}) {
		if err != nil {
			if errors.As(err, new(*strata.NotFoundError)) && len(lines) == 0 {
				return nil // it was never there
			}
			t.Fatal(err)
		}
		line := e.Subject
		for _, s := range e.Samples {
			line += " " + s.Change
			for _, c := range s.Cells {
				line += " " + c.OldText + " " + c.NewText
			}
		}
		lines = append(lines, line)
	}
	return lines
}
