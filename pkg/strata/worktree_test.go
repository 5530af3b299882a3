package strata_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/worktree"
	"github.com/strata-data/strata/pkg/strata"
)

// files maps paths to contents; a symbolic link is "-> target", an executable
// file begins with "#!".
type files = map[string]string

// world is a repository beside a model of what git would make of the same
// steps: working files, index, commits and branches as plain maps.
type world struct {
	t        *testing.T
	r        *strata.Repo
	dir      string
	rng      *rand.Rand
	work     files
	index    files
	commits  []files // by number; 0 is the empty one before the first commit
	ids      []strata.ID
	branches map[string]int
	branch   string
	log      []string
}

func (w *world) head() int { return w.branches[w.branch] }

// modelPaths has tables, plain files, and d both as a file and as a directory.
func modelPaths() []string {
	return []string{"a.csv", "d/b.csv", "n.txt", "d/m.bin", "d/k/o.bin", "d", "é \"q\"\n.txt", "link"}
}

// TestWorkingTreeLaws runs random steps against the model: what a commit had
// comes back with the same bytes, what nobody committed is never lost without
// force, a refused step changes nothing, and status is what the model sees.
// STRATA_TEST_SEED=N runs one sequence again.
func TestWorkingTreeLaws(t *testing.T) {
	first, n := uint64(1), 40
	if testing.Short() {
		n = 8
	}
	if s := os.Getenv("STRATA_TEST_SEED"); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		first, n = seed, 1
	}
	for seed := first; seed < first+uint64(n); seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, seed)
			defer func() {
				if t.Failed() {
					t.Logf("STRATA_TEST_SEED=%d; steps:\n%s", seed, strings.Join(w.log, "\n"))
				}
			}()
			for range 40 {
				w.step()
				w.compare()
				if t.Failed() {
					return
				}
			}
		})
	}
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	dir := t.TempDir()
	ctx := context.Background()
	if _, err := strata.Init(ctx, dir, strata.InitOptions{}); err != nil {
		t.Fatal(err)
	}
	identity := map[string]string{"STRATA_AUTHOR_NAME": "Ana Ito", "STRATA_AUTHOR_EMAIL": "ana@example.com"}
	r, err := strata.Open(ctx, dir, strata.Options{Mem: 64 << 20, Now: func() time.Time { return time.Unix(1767323045, 0) },
		Getenv: func(name string) string { return identity[name] }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return &world{t: t, r: r, dir: dir, rng: rand.New(rand.NewPCG(seed, 2)), work: files{}, index: files{}, commits: []files{{}},
		ids: []strata.ID{{}}, branches: map[string]int{"main": 0}, branch: "main"}
}

// step does one random thing.
func (w *world) step() {
	p := modelPaths()[w.rng.IntN(len(modelPaths()))]
	switch k := w.rng.IntN(100); {
	case k < 30:
		w.write(p)
	case k < 36:
		w.unlink(p)
	case k < 50:
		w.add(p)
	case k < 56:
		w.addAll()
	case k < 68:
		w.commit()
	case k < 80:
		w.switchTo()
	case k < 86:
		w.restore(p)
	case k < 89:
		w.unstage(p)
	case k < 93:
		w.remove(p)
	case k < 96:
		w.move(p)
	default:
		w.reset()
	}
}

func (w *world) note(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

// content makes a new content, often of the same size as another one.
func (w *world) content(p string) string {
	switch {
	case strings.HasSuffix(p, ".csv"):
		var b strings.Builder
		b.WriteString("id,v\n")
		for i := range 1 + w.rng.IntN(3) {
			fmt.Fprintf(&b, "%d,%c\n", i, 'p'+rune(w.rng.IntN(3)))
		}
		return b.String()
	case p == "link":
		return "-> " + []string{"a.csv", "nowhere"}[w.rng.IntN(2)]
	case w.rng.IntN(4) == 0:
		return "#!" + string('a'+rune(w.rng.IntN(3)))
	}
	return string('a' + rune(w.rng.IntN(4)))
}

// inTheWay returns paths of m that cannot be there together with p.
func inTheWay(m files, p string) (out []string) {
	for q := range m {
		if strings.HasPrefix(q, p+"/") || strings.HasPrefix(p, q+"/") {
			out = append(out, q)
		}
	}
	slices.Sort(out)
	return out
}

// write changes a file behind the repository's back; what is in its way goes.
func (w *world) write(p string) {
	c := w.content(p)
	w.note("write %q %q", p, c)
	for _, q := range inTheWay(w.work, p) {
		delete(w.work, q)
	}
	abs := filepath.Join(w.dir, p)
	for d := p; d != "."; d = filepath.Dir(d) {
		at := filepath.Join(w.dir, d)
		if fi, err := os.Lstat(at); err == nil && (d == p) == fi.IsDir() || err == nil && d != p && !fi.IsDir() {
			w.must(os.RemoveAll(at))
		}
	}
	w.must(os.MkdirAll(filepath.Dir(abs), 0o777))
	w.work[p] = c
	if target, ok := strings.CutPrefix(c, "-> "); ok {
		_ = os.Remove(abs)
		w.must(os.Symlink(target, abs))
		return
	}
	perm := fs.FileMode(0o644)
	if strings.HasPrefix(c, "#!") {
		perm = 0o755
	}
	w.must(os.WriteFile(abs, []byte(c), perm))
	w.must(os.Chmod(abs, perm))
}

func (w *world) unlink(p string) {
	if _, ok := w.work[p]; ok {
		w.note("unlink %q", p)
		w.must(os.Remove(filepath.Join(w.dir, p)))
		delete(w.work, p)
	}
}

// stage is what add does to one path of the model.
func (w *world) stage(p string) {
	if c, ok := w.work[p]; ok {
		for _, q := range inTheWay(w.index, p) {
			delete(w.index, q)
		}
		w.index[p] = c
	} else {
		delete(w.index, p)
	}
}

func (w *world) add(p string) {
	w.note("add %q", p)
	named := map[string]bool{}
	for _, m := range []files{w.work, w.index} {
		for q := range m {
			if q == p || strings.HasPrefix(q, p+"/") {
				named[q] = true
			}
		}
	}
	_, err := w.r.Add(context.Background(), strata.AddOptions{Dir: w.dir, Paths: []string{filepath.Join(w.dir, p)}})
	if len(named) == 0 {
		if fi, serr := os.Lstat(filepath.Join(w.dir, p)); err == nil && (serr != nil || !fi.IsDir()) {
			w.t.Errorf("add of %q, which is nowhere, did not fail", p)
		}
		return
	}
	w.must(err)
	for _, q := range slices.Sorted(maps.Keys(named)) {
		if _, ok := w.work[q]; !ok {
			w.stage(q)
		}
	}
	for _, q := range slices.Sorted(maps.Keys(named)) {
		if _, ok := w.work[q]; ok {
			w.stage(q)
		}
	}
}

func (w *world) addAll() {
	w.note("add -A")
	_, err := w.r.Add(context.Background(), strata.AddOptions{Dir: w.dir, All: true})
	w.must(err)
	w.index = maps.Clone(w.work)
}

func (w *world) commit() {
	w.note("commit")
	res, err := w.r.Commit(context.Background(), strata.CommitOptions{Message: fmt.Sprintf("commit %d", len(w.commits))})
	if maps.Equal(w.index, w.commits[w.head()]) {
		if !errors.Is(err, repo.ErrNothingToCommit) {
			w.t.Errorf("commit of nothing: %v", err)
		}
		return
	}
	w.must(err)
	if err == nil {
		w.commits, w.ids = append(w.commits, maps.Clone(w.index)), append(w.ids, res.Commit.ID)
		w.branches[w.branch] = len(w.commits) - 1
	}
}

// switchTo goes to another branch, perhaps a new one at an old commit, perhaps
// by force.
func (w *world) switchTo() {
	if len(w.commits) == 1 {
		return
	}
	o := strata.SwitchOptions{Target: []string{"main", "topic", "third"}[w.rng.IntN(3)], Force: w.rng.IntN(6) == 0}
	to, known := w.branches[o.Target]
	if !known {
		to = 1 + w.rng.IntN(len(w.commits)-1)
		o.Create, o.Start = true, w.ids[to].String()
	}
	if to == 0 {
		return
	}
	w.note("switch %+v (commit %d to %d)", o, w.head(), to)
	from, want := w.commits[w.head()], w.commits[to]
	_, err := w.r.Switch(context.Background(), o)
	if o.Force {
		w.must(err)
		w.overwrite(want)
		w.branch, w.branches[o.Target] = o.Target, to
		return
	}
	next, work, lost := w.merged(from, want)
	clean := maps.Equal(w.index, from) && len(lost) == 0 && w.tracked()
	switch {
	case err == nil && len(lost) > 0 && w.head() != to:
		w.t.Errorf("switch lost %q", lost)
	case err == nil:
		if w.head() != to {
			w.index, w.work = next, work
		}
		w.branch, w.branches[o.Target] = o.Target, to
	case clean || w.head() == to:
		w.t.Errorf("switch with nothing to lose: %v", err)
	case !errors.As(err, new(*worktree.OverwriteError)):
		w.t.Errorf("switch: %v", err)
	}
}

// tracked reports whether nothing in the working directory differs from the
// index.
func (w *world) tracked() bool {
	for p, c := range w.index {
		if w.work[p] != c {
			return false
		}
	}
	return true
}

// merged is git's switch, path by path: what both commits have alike stays as
// it is in index and working directory, everything else becomes the target's.
// lost are the paths at which that would throw something away.
func (w *world) merged(from, to files) (index, work files, lost []string) {
	index, work = maps.Clone(w.index), maps.Clone(w.work)
	var paths []string
	for p := range from {
		paths = append(paths, p)
	}
	for p := range to {
		if _, ok := from[p]; !ok {
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	for _, p := range paths { // what goes makes room for what comes
		if _, stays := to[p]; !stays && w.index[p] != "" {
			if w.index[p] != from[p] || (w.work[p] != "" && w.work[p] != w.index[p]) {
				lost = append(lost, p)
			}
			delete(index, p)
			delete(work, p)
		}
	}
	for _, p := range paths {
		want, stays := to[p]
		if !stays || from[p] == want || w.index[p] == want {
			continue
		}
		if w.index[p] != from[p] || (w.work[p] != "" && w.work[p] != w.index[p] && w.work[p] != want) {
			lost = append(lost, p)
		}
		lost = append(lost, inTheWay(work, p)...)
		lost = append(lost, inTheWay(index, p)...)
		index[p], work[p] = want, want
	}
	return index, work, lost
}

// overwrite is a forced checkout: tracked files become those of to, untracked
// ones stay unless they are in the way.
func (w *world) overwrite(to files) {
	for p := range w.index {
		if _, ok := to[p]; !ok {
			delete(w.work, p)
		}
	}
	for p, c := range to {
		for _, q := range inTheWay(w.work, p) {
			delete(w.work, q)
		}
		w.work[p] = c
	}
	w.index = maps.Clone(to)
}

func (w *world) restore(p string) {
	c, ok := w.index[p]
	if !ok {
		return
	}
	w.note("restore %q", p)
	_, err := w.r.Restore(context.Background(), strata.RestoreOptions{Dir: w.dir, Addresses: []string{filepath.Join(w.dir, p)}})
	w.must(err)
	for _, q := range inTheWay(w.work, p) {
		delete(w.work, q)
	}
	w.work[p] = c
}

func (w *world) unstage(p string) {
	from := w.commits[w.head()]
	if from[p] == "" && w.index[p] == "" {
		return
	}
	w.note("restore --staged %q", p)
	_, err := w.r.Restore(context.Background(), strata.RestoreOptions{Dir: w.dir, Addresses: []string{filepath.Join(w.dir, p)}, Staged: true})
	w.must(err)
	for _, state := range []files{from, w.index} {
		for q := range state {
			if q == p || strings.HasPrefix(q, p+"/") {
				if c, ok := from[q]; ok {
					w.index[q] = c
				} else {
					delete(w.index, q)
				}
			}
		}
	}
}

func (w *world) remove(p string) {
	if w.index[p] == "" {
		return
	}
	cached := w.rng.IntN(3) == 0
	w.note("rm %q cached=%t", p, cached)
	_, err := w.r.Remove(context.Background(), strata.RemoveOptions{Dir: w.dir, Addresses: []string{filepath.Join(w.dir, p)}, Cached: cached})
	dirty := w.work[p] != "" && (w.work[p] != w.index[p] || w.commits[w.head()][p] != w.index[p])
	switch {
	case !cached && dirty:
		if !errors.As(err, new(*worktree.OverwriteError)) {
			w.t.Errorf("rm of %q, which has changes: %v", p, err)
		}
	default:
		w.must(err)
		delete(w.index, p)
		if !cached {
			delete(w.work, p)
		}
	}
}

func (w *world) move(p string) {
	if w.index[p] == "" || strings.HasSuffix(p, ".csv") {
		return
	}
	to := "moved.bin"
	if w.work[to] != "" || w.index[to] != "" {
		p, to = to, "d/m.bin"
	}
	if w.index[p] == "" || w.work[to] != "" || w.index[to] != "" || len(inTheWay(w.work, to)) > 0 || len(inTheWay(w.index, to)) > 0 {
		return
	}
	w.note("mv %q %q", p, to)
	_, err := w.r.Move(context.Background(), strata.MoveOptions{Dir: w.dir, From: filepath.Join(w.dir, p), To: filepath.Join(w.dir, to)})
	if w.work[p] != w.index[p] {
		if err == nil && w.work[p] == "" {
			w.work[to] = w.index[p]
			w.index[to] = w.index[p]
			delete(w.index, p)
		} else if !errors.As(err, new(*worktree.OverwriteError)) {
			w.t.Errorf("mv of %q, which has changes: %v", p, err)
		}
		return
	}
	w.must(err)
	w.index[to], w.work[to] = w.index[p], w.work[p]
	delete(w.index, p)
	delete(w.work, p)
}

func (w *world) reset() {
	if len(w.commits) == 1 {
		return
	}
	to, mode := 1+w.rng.IntN(len(w.commits)-1), []string{"soft", "mixed", "hard"}[w.rng.IntN(3)]
	w.note("reset --%s to commit %d", mode, to)
	_, err := w.r.Reset(context.Background(), strata.ResetOptions{Dir: w.dir, Revision: w.ids[to].String(), Mode: mode})
	w.must(err)
	w.branches[w.branch] = to
	switch mode {
	case "mixed":
		w.index = maps.Clone(w.commits[to])
	case "hard":
		w.overwrite(w.commits[to])
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Errorf("unexpected: %v", err)
	}
}

// compare checks working files and status against the model.
func (w *world) compare() {
	w.t.Helper()
	if diff := cmp.Diff(w.work, readTree(w.t, w.dir)); diff != "" {
		w.t.Errorf("working files (-model +disk):\n%s", diff)
	}
	st, err := w.r.Status(context.Background(), strata.StatusOptions{})
	if err != nil {
		w.t.Errorf("status: %v", err)
		return
	}
	if st.Branch != w.branch || st.Head != w.ids[w.head()] {
		w.t.Errorf("on %s at %s, want %s at %s", st.Branch, st.Head, w.branch, w.ids[w.head()])
	}
	if diff := cmp.Diff(changes(w.commits[w.head()], w.index), entries(st.Staged)); diff != "" {
		w.t.Errorf("staged (-model +status):\n%s", diff)
	}
	if diff := cmp.Diff(changes(w.index, only(w.work, w.index)), entries(st.Unstaged)); diff != "" {
		w.t.Errorf("unstaged (-model +status):\n%s", diff)
	}
	if diff := cmp.Diff(w.untracked(), st.Untracked); diff != "" {
		w.t.Errorf("untracked (-model +status):\n%s", diff)
	}
}

// readTree reads a working directory.
func readTree(t *testing.T, dir string) files {
	t.Helper()
	out := files{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && e.Name() == ".strata":
			return fs.SkipDir
		case e.IsDir():
			return nil
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		if e.Type()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(p)
			out[rel] = "-> " + target
			return err
		}
		b, err := os.ReadFile(p)
		out[rel] = string(b)
		if fi, serr := e.Info(); serr == nil && (fi.Mode()&0o100 != 0) != strings.HasPrefix(out[rel], "#!") {
			t.Errorf("%q has mode %v", rel, fi.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// changes lists what differs from a to b as status does: datasets by name.
func changes(a, b files) []string {
	out := []string{}
	name := func(p string) string {
		if rest, ok := strings.CutSuffix(p, ".csv"); ok {
			return "dataset " + rest
		}
		return "file " + p
	}
	for p, c := range a {
		switch now, ok := b[p]; {
		case !ok:
			out = append(out, "D "+name(p))
		case now != c:
			out = append(out, "M "+name(p))
		}
	}
	for p := range b {
		if _, ok := a[p]; !ok {
			out = append(out, "A "+name(p))
		}
	}
	slices.Sort(out)
	return out
}

func entries(list []strata.StatusEntry) []string {
	out := []string{}
	for _, e := range list {
		out = append(out, e.Change+" "+e.Kind+" "+e.Name)
	}
	slices.Sort(out)
	return out
}

// only returns the part of m whose paths are in keys.
func only(m, keys files) files {
	out := files{}
	for p, c := range m {
		if _, ok := keys[p]; ok {
			out[p] = c
		}
	}
	return out
}

// untracked lists files that are not in the index; a directory without anything
// tracked stands for its files.
func (w *world) untracked() []string {
	set := map[string]bool{}
	for p := range w.work {
		if _, ok := w.index[p]; ok {
			continue
		}
		name := p
		for d := filepath.Dir(p); d != "."; d = filepath.Dir(d) {
			tracked := false
			for q := range w.index {
				tracked = tracked || strings.HasPrefix(q, d+"/")
			}
			if !tracked {
				name = d + "/"
			}
		}
		set[name] = true
	}
	out := slices.Sorted(maps.Keys(set))
	if out == nil {
		out = []string{}
	}
	return out
}

// A directory that became a symbolic link leads out of the repository: nothing
// is read, written or deleted behind it.
func TestBehindSymbolicLinks(t *testing.T) {
	w := newWorld(t, 1)
	w.write("d/m.bin")
	w.write("d/b.csv")
	w.write("n.txt")
	w.addAll()
	w.commit()
	outside := t.TempDir()
	before := files{"m.bin": "mine", "b.csv": "id,v\n9,mine\n"}
	for name, text := range before {
		w.must(os.WriteFile(filepath.Join(outside, name), []byte(text), 0o644))
	}
	leave := func() {
		w.must(os.RemoveAll(filepath.Join(w.dir, "d")))
		w.must(os.Symlink(outside, filepath.Join(w.dir, "d")))
	}
	ctx := context.Background()
	at := func(p string) []string { return []string{filepath.Join(w.dir, p)} }
	leave()
	st, err := w.r.Status(ctx, strata.StatusOptions{})
	w.must(err)
	if diff := cmp.Diff([]string{"D dataset d/b", "D file d/m.bin"}, entries(st.Unstaged)); diff != "" {
		t.Errorf("unstaged (-want +got):\n%s", diff)
	}
	if _, err := w.r.Add(ctx, strata.AddOptions{Dir: w.dir, Paths: at("d/m.bin")}); !errors.As(err, new(*worktree.FormatError)) {
		t.Errorf("add behind a link: %v", err)
	}
	for _, force := range []func() error{
		func() error {
			_, err := w.r.Remove(ctx, strata.RemoveOptions{Dir: w.dir, Addresses: at("d/m.bin"), Force: true})
			return err
		},
		func() error { _, err := w.r.Reset(ctx, strata.ResetOptions{Dir: w.dir, Mode: "hard"}); return err },
		func() error {
			_, err := w.r.Restore(ctx, strata.RestoreOptions{Dir: w.dir, Addresses: at("d/b.csv")})
			return err
		},
	} {
		leave()
		w.must(force())
		if diff := cmp.Diff(before, readTree(t, outside)); diff != "" {
			t.Errorf("outside (-before +after):\n%s", diff)
		}
	}
}
