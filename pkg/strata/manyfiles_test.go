package strata_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/pkg/strata"
)

// put writes a working file and the model's.
func (w *world) put(p, c string) {
	w.t.Helper()
	abs := filepath.Join(w.dir, p)
	w.must(os.MkdirAll(filepath.Dir(abs), 0o777))
	_ = os.Remove(abs)
	perm := os.FileMode(0o644)
	if strings.HasPrefix(c, "#!") {
		perm = 0o755
	}
	if target, ok := strings.CutPrefix(c, "-> "); ok {
		w.must(os.Symlink(target, abs))
	} else {
		w.must(os.WriteFile(abs, []byte(c), perm))
	}
	w.work[p] = c
}

// Twenty thousand files in nested directories, with names that need quoting,
// links and executable files: added, changed, committed, switched between, and
// each comes back as it was.
func TestManyFiles(t *testing.T) {
	n := 20_000
	if testing.Short() {
		n = 2_000
	}
	ctx := context.Background()
	w := newWorld(t, 1)
	odd := []string{"plain", "with space", "ünï-ço∂é", "new\nline", `quo"te`, "back\\slash", "-dash", "$HOME", "*?[x]", "tab\there", "日本語", "e\u0301", "\u00e9", "%41", ".hidden", "a'b", "\x7f", "invalid-\xff"}
	for i := range n {
		p := fmt.Sprintf("d%02d/%s/e%d/%d.bin", i%40, odd[i%len(odd)], i%7, i)
		c := fmt.Sprintf("content %d", i/3) // some files are alike
		switch i % 50 {
		case 1:
			c = "#!" + c
		case 2:
			c = "-> ../" + fmt.Sprint(i)
		case 3:
			c = ""
		}
		w.put(p, c)
	}
	w.addAll()
	w.commit()
	w.compare()
	first := maps.Clone(w.work)

	// Every tenth changes: other bytes, other mode, gone, moved; some are new.
	paths := slices.Sorted(maps.Keys(first))
	for i, p := range paths {
		switch i % 50 {
		case 0:
			w.put(p, "changed"+first[p])
		case 10:
			if !strings.HasPrefix(first[p], "-> ") {
				w.put(p, "#!"+first[p])
			}
		case 20:
			w.unlink(p)
		case 30:
			w.unlink(p)
			w.put(p+"/now a directory", first[p])
		case 40:
			w.put("new/"+p, first[p])
		}
	}
	st, err := w.r.Status(ctx, strata.StatusOptions{})
	w.must(err)
	if diff := cmp.Diff(changes(w.index, only(w.work, w.index)), entries(st.Unstaged)); diff != "" {
		t.Fatalf("unstaged (-model +status):\n%.2000s", diff)
	}
	w.addAll()
	w.commit()
	w.compare()
	second := maps.Clone(w.work)

	for i, want := range []files{first, second} {
		_, err := w.r.Switch(ctx, strata.SwitchOptions{Target: w.ids[1+i%2].String(), Detach: true})
		w.must(err)
		if diff := cmp.Diff(want, readTree(t, w.dir)); diff != "" {
			t.Fatalf("switch %d (-want +got):\n%.2000s", i, diff)
		}
		st, err := w.r.Status(ctx, strata.StatusOptions{})
		w.must(err)
		if len(st.Staged)+len(st.Unstaged)+len(st.Untracked) > 0 {
			t.Fatalf("switch %d: status is not clean: %d staged, %d unstaged, %d untracked", i, len(st.Staged), len(st.Unstaged), len(st.Untracked))
		}
	}

	// All of them go, and come back.
	for _, p := range []string{"d00", "d01"} {
		w.must(os.RemoveAll(filepath.Join(w.dir, p)))
	}
	_, err = w.r.Restore(ctx, strata.RestoreOptions{Dir: w.dir, Addresses: []string{"."}})
	w.must(err)
	if diff := cmp.Diff(second, readTree(t, w.dir)); diff != "" {
		t.Fatalf("restore (-want +got):\n%.2000s", diff)
	}
}

// Patterns of .strataignore hold as git's do: the last one wins, ! takes back,
// a file below an ignored directory cannot be taken back, and what is tracked
// stays tracked.
func TestIgnoredFiles(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, 1)
	for _, p := range []string{"a.log", "keep.log", "d/b.log", "d/keep.log", "build/x", "build/keep.log", "sub/build/y", "src/build.txt",
		"sub/z.tmp", "sub/deep/z.tmp", "sub/deep/w.tmp", "tracked.log", "Data.CSV.bak", "#file", "!bang", "space ", "doc/a/x.pdf", "doc/x.pdf"} {
		w.put(p, "x")
	}
	_, err := w.r.Add(ctx, strata.AddOptions{Dir: w.dir, Paths: []string{"tracked.log"}})
	w.must(err)
	w.put(".strataignore", "# comment\n*.log\n!keep.log\nbuild/\n!build/keep.log\n\\#file\n\\!bang\ndoc/**/x.pdf\n*.bak\n")
	w.put("sub/.strataignore", "*.tmp\n!/deep/z.tmp\n")
	_, err = w.r.Add(ctx, strata.AddOptions{Dir: w.dir, All: true})
	w.must(err)
	st, err := w.r.Status(ctx, strata.StatusOptions{})
	w.must(err)
	want := []string{"A file .strataignore", "A file d/keep.log", "A file keep.log", "A file space ", "A file src/build.txt", "A file sub/.strataignore",
		"A file sub/deep/z.tmp", "A file tracked.log"}
	if diff := cmp.Diff(want, entries(st.Staged)); diff != "" {
		t.Errorf("staged (-want +got):\n%s", diff)
	}
	if len(st.Untracked) > 0 {
		t.Errorf("ignored files are shown: %q", st.Untracked)
	}
	// Named by force, and changed while ignored.
	_, err = w.r.Add(ctx, strata.AddOptions{Dir: w.dir, Paths: []string{"build"}, Force: true})
	w.must(err)
	_, err = w.r.Commit(ctx, strata.CommitOptions{Message: "one"})
	w.must(err)
	w.put("tracked.log", "y")
	w.put("build/x", "y")
	st, err = w.r.Status(ctx, strata.StatusOptions{})
	w.must(err)
	if diff := cmp.Diff([]string{"M file build/x", "M file tracked.log"}, entries(st.Unstaged)); diff != "" {
		t.Errorf("unstaged (-want +got):\n%s", diff)
	}
}
