package repo_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store/meta"
)

func record(n int) repo.FileRecord {
	return repo.FileRecord{
		FileStat: repo.FileStat{Size: int64(n), MTime: int64(n) * 1e9, CTime: int64(n)*1e9 + 1, Inode: uint64(n), Mode: 0o644},
		Content:  object.Sum([]byte(fmt.Sprint(n))), Racy: n%3 == 0,
	}
}

func TestIndexRoundTrip(t *testing.T) {
	ctx := t.Context()
	r := newRepo(t)
	ix, err := r.Index(ctx)
	if err != nil || len(ix.Datasets) != 0 {
		t.Fatalf("first index = %+v, %v", ix, err)
	}
	ix.Datasets["train"] = someID(1)
	ix.Datasets["@files"] = someID(2)
	ix.Sources["data/train.csv"] = repo.Source{FileRecord: record(7), Dataset: "train"}
	ix.Sources["data/b.csv"] = repo.Source{FileRecord: record(9), Dataset: "train"}
	if err := r.SaveIndex(ctx, ix); err != nil {
		t.Fatal(err)
	}
	got, err := r.Index(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ix.Datasets, got.Datasets); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(ix.Sources, got.Sources); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"data/b.csv", "data/train.csv"}, got.SourcesOf("train")); diff != "" {
		t.Error(diff)
	}
	delete(got.Datasets, "train")
	delete(got.Sources, "data/b.csv")
	if err := r.SaveIndex(ctx, got); err != nil {
		t.Fatal(err)
	}
	if err := r.SaveIndex(ctx, ix); !errors.Is(err, repo.ErrIndexMoved) {
		t.Errorf("saving over someone else's change: %v", err)
	}
	last, err := r.Index(ctx)
	if err != nil || len(last.Datasets) != 1 || len(last.Sources) != 1 {
		t.Errorf("last index = %+v, %v", last, err)
	}
}

func TestIndexRefuses(t *testing.T) {
	for name, change := range map[string]func(*repo.Index){
		"dataset name": func(ix *repo.Index) { ix.Datasets["a//b"] = someID(1) },
		"zero table":   func(ix *repo.Index) { ix.Datasets["a"] = object.ID{} },
		"path":         func(ix *repo.Index) { ix.Sources["/a"] = repo.Source{FileRecord: record(1), Dataset: "a"} },
		"no dataset":   func(ix *repo.Index) { ix.Sources["a"] = repo.Source{FileRecord: record(1)} },
		"no content":   func(ix *repo.Index) { ix.Sources["a"] = repo.Source{Dataset: "a"} },
	} {
		r := newRepo(t)
		ix, err := r.Index(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		change(ix)
		if err := r.SaveIndex(t.Context(), ix); err == nil {
			t.Errorf("%s: SaveIndex accepted it", name)
		}
	}
}

func TestIndexDamage(t *testing.T) {
	for _, kv := range [][2]string{{"d/train", "short"}, {"d/a//b", strings.Repeat("x", 32)}, {"s/a", "x"}, {"new/kind", "x"}} {
		r := newRepo(t)
		err := repo.Meta(r).Update(t.Context(), func(tx meta.Tx) error { return tx.Put("index", []byte(kv[0]), []byte(kv[1])) })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Index(t.Context()); !errors.Is(err, object.ErrCorrupt) && !errors.Is(err, object.ErrUnsupported) {
			t.Errorf("entry %q: %v", kv[0], err)
		}
	}
}

func TestRacyRule(t *testing.T) {
	const s, ms = int64(time.Second), int64(time.Millisecond)
	for _, tc := range []struct {
		name         string
		mtime, ctime int64
		began        int64
		racy         bool
	}{
		{"long ago", 100*s + 5, 100*s + 5, 200 * s, false},
		{"just before", 100*s + 5, 100*s + 5, 100*s + 6, true},
		{"21 ms before", 100*s + 5, 100*s + 5, 100*s + 5 + 21*ms, false},
		{"19 ms before", 100*s + 5, 100*s + 5, 100*s + 5 + 19*ms, true},
		{"same moment", 100*s + 5, 100*s + 5, 100*s + 5, true},
		{"future", 300*s + 5, 100*s + 5, 200 * s, true},
		{"times put back", 1*s + 5, 100*s + 5, 100*s + 6, true},
		{"whole seconds, 1 s before", 100 * s, 0, 101 * s, true},
		{"whole seconds, 3 s before", 100 * s, 0, 103 * s, false},
	} {
		st := repo.FileStat{Size: 1, MTime: tc.mtime, CTime: tc.ctime}
		rec := repo.NewFileRecord(st, someID(1), tc.began)
		if rec.Racy != tc.racy || rec.Holds(st) == tc.racy {
			t.Errorf("%s: racy = %v, want %v", tc.name, rec.Racy, tc.racy)
		}
	}
}

// TestStatOfRealFile sees a change that leaves size and mtime as they were.
func TestStatOfRealFile(t *testing.T) {
	r := newRepo(t)
	name := filepath.Join(t.TempDir(), "f")
	write := func(text string) repo.FileStat {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		old := time.Unix(1_000_000_000, 5)
		if err := os.Chtimes(name, old, old); err != nil {
			t.Fatal(err)
		}
		fi, err := os.Lstat(name)
		if err != nil {
			t.Fatal(err)
		}
		return repo.StatOf(fi)
	}
	first := write("abc")
	if first.Size != 3 || first.Mode&fs.ModePerm == 0 {
		t.Errorf("stat = %+v", first)
	}
	began, err := r.FileClock()
	if err != nil {
		t.Fatal(err)
	}
	if first.CTime == 0 {
		t.Skip("this system has no ctime")
	}
	if rec := repo.NewFileRecord(first, someID(1), began); !rec.Racy {
		if second := write("xyz"); rec.Holds(second) {
			t.Error("a changed file was taken for unchanged")
		}
	}
	left, err := filepath.Glob(filepath.Join(r.Layout().Dir, "clock-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("FileClock left %v, %v", left, err)
	}
}

func TestStatCacheAgainstMap(t *testing.T) {
	r := newRepo(t)
	rapid.Check(t, func(t *rapid.T) {
		if err := r.Update(t.Context(), func(tx *repo.Tx) error { return tx.ClearStats() }); err != nil {
			t.Fatal(err)
		}
		model := map[string]repo.FileRecord{}
		for range rapid.IntRange(1, 4).Draw(t, "saves") {
			changes := repo.StatChanges{Set: map[string]repo.FileRecord{}}
			dir := rapid.SampledFrom([]string{"", "a/", "a/b/", "ab/"})
			for range rapid.IntRange(0, 3).Draw(t, "runs") {
				d, from := dir.Draw(t, "dir"), rapid.IntRange(0, 3000).Draw(t, "from")
				for i := range rapid.SampledFrom([]int{1, 5, 700, 2500}).Draw(t, "count") {
					p := fmt.Sprintf("%sf%d", d, from+i)
					changes.Set[p] = record(from + i + 1)
					model[p] = changes.Set[p]
				}
			}
			for _, p := range slices.Sorted(maps.Keys(model)) {
				if _, set := changes.Set[p]; !set && rapid.IntRange(0, 1).Draw(t, "drop") == 1 {
					changes.Remove = append(changes.Remove, p)
					delete(model, p)
				}
				if len(changes.Remove) > 20 {
					break
				}
			}
			if err := r.SaveStats(t.Context(), changes); err != nil {
				t.Fatal(err)
			}
		}
		c, err := r.LoadStats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := maps.Collect(c.All()); !maps.Equal(got, model) || c.Len() != len(model) {
			t.Fatalf("the cache has %d files, want %d", len(got), len(model))
		}
		for _, p := range []string{"f1", "a/f7", "a/b/f1000", "ab/f2", "a", "", "zz/f1", "a/f"} {
			got, ok := c.Lookup(p)
			want, has := model[p]
			if ok != has || got != want {
				t.Fatalf("Lookup(%q) = %+v, %v, want %+v, %v", p, got, ok, want, has)
			}
		}
		for p, want := range model {
			if got, ok := c.Lookup(p); !ok || got != want {
				t.Fatalf("Lookup(%q) = %+v, %v", p, got, ok)
			}
		}
	})
}

func TestStatChangeRewritesOneBlock(t *testing.T) {
	r := newRepo(t)
	set := map[string]repo.FileRecord{}
	for i := range 10_000 {
		set[fmt.Sprintf("d/%05d", i)] = record(i)
	}
	if err := r.SaveStats(t.Context(), repo.StatChanges{Set: set}); err != nil {
		t.Fatal(err)
	}
	blocks := func() map[string]string {
		m := map[string]string{}
		err := repo.Meta(r).View(t.Context(), func(tx meta.Tx) error {
			for k, v := range tx.Range("stat", nil) {
				m[string(k)] = string(v)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	before := blocks()
	if err := r.SaveStats(t.Context(), repo.StatChanges{Set: map[string]repo.FileRecord{"d/05000": record(1)}}); err != nil {
		t.Fatal(err)
	}
	changed := 0
	for k, v := range blocks() {
		if before[k] != v {
			changed++
		}
	}
	if changed != 1 || len(before) != 10 {
		t.Errorf("%d of %d blocks changed, want 1 of 10", changed, len(before))
	}
}

func FuzzStatBlock(f *testing.F) {
	r := newRepo(f)
	err := r.SaveStats(f.Context(), repo.StatChanges{Set: map[string]repo.FileRecord{"d/a": record(1), "d/bc": record(3)}})
	if err != nil {
		f.Fatal(err)
	}
	repo.Meta(r).View(f.Context(), func(tx meta.Tx) error {
		for k, v := range tx.Range("stat", nil) {
			f.Add(k, v)
		}
		return nil
	})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		again, err := repo.OpenStatBlock(key, value)
		if err == nil && !bytes.Equal(again, value) {
			t.Errorf("%x decodes, and encodes to %x", value, again)
		}
		if err != nil && !errors.Is(err, object.ErrCorrupt) {
			t.Errorf("err = %v", err)
		}
	})
}

func FuzzIndexSource(f *testing.F) {
	f.Add(repo.AppendSource(nil, repo.Source{FileRecord: record(3), Dataset: "train"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := repo.DecodeSource(b)
		if err == nil && !bytes.Equal(repo.AppendSource(nil, s), b) {
			t.Errorf("%x decodes to %+v, which encodes to other bytes", b, s)
		}
	})
}

// statPaths returns n paths in directories of 1,000 files.
func statPaths(n int) []string {
	paths := make([]string, n)
	for i := range paths {
		paths[i] = fmt.Sprintf("images/%03d/frame_%06d.png", i/1000, i)
	}
	return paths
}

func BenchmarkLoadStats200k(b *testing.B) {
	r := newRepo(b)
	set := map[string]repo.FileRecord{}
	for i, p := range statPaths(200_000) {
		set[p] = record(i + 1)
	}
	if err := r.SaveStats(b.Context(), repo.StatChanges{Set: set}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c, err := r.LoadStats(b.Context())
		if err != nil || c.Len() != 200_000 {
			b.Fatal(c.Len(), err)
		}
	}
}

func BenchmarkStatLookup(b *testing.B) {
	r := newRepo(b)
	set, paths := map[string]repo.FileRecord{}, statPaths(200_000)
	for i, p := range paths {
		set[p] = record(i + 1)
	}
	if err := r.SaveStats(b.Context(), repo.StatChanges{Set: set}); err != nil {
		b.Fatal(err)
	}
	c, err := r.LoadStats(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	i := 0
	for b.Loop() {
		if _, ok := c.Lookup(paths[i%len(paths)]); !ok {
			b.Fatal(paths[i])
		}
		i++
	}
}

func BenchmarkSaveStats200k(b *testing.B) {
	r := newRepo(b)
	set := map[string]repo.FileRecord{}
	for i, p := range statPaths(200_000) {
		set[p] = record(i + 1)
	}
	for b.Loop() {
		if err := r.SaveStats(b.Context(), repo.StatChanges{Set: set}); err != nil {
			b.Fatal(err)
		}
	}
}
