package cli

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/reach"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/pkg/strata"
)

// oldRepository is what a program has to find in a repository of a released
// format: expect.json, written once by the program that made it.
type oldRepository struct {
	Head      string
	Branches  map[string]string // short name -> commit
	Tags      map[string]oldTag
	Reflog    []string // messages of HEAD's, youngest first
	Logged    []string // refs that have a log
	Commits   map[string]oldCommit
	Stash     []string          // messages and commits, youngest first
	Slices    map[string]string // of HEAD: name -> dataset: predicate
	Conflicts []string          // DATASET/KEY COLUMN: base, ours, theirs
	Staged    map[string]string // dataset of the index -> table
	Kinds     []string          // kinds of the objects that are reached
}

type oldTag struct{ ID, Target, Message, Signature string }

type oldCommit struct {
	Parents           []string
	Author, Committer string
	Message           string
	Signature         string
	Datasets          map[string]oldDataset
	Files             map[string]string // path of a source or plain file -> size and SHA-256
}

type oldDataset struct {
	Table, Root string
	Rows        int64
	Columns     []string // name, type, key
	Values      string   // SHA-256 of all values as JSON, in the order of keys
}

// TestOldRepositories opens a copy of each repository of testdata/repos, finds
// in it what the program that made it found, and goes on working in it
// (docs/format/compatibility.md). STRATA_UPDATE=1 makes those anew that have no
// repository yet.
func TestOldRepositories(t *testing.T) {
	made, err := filepath.Glob(filepath.Join(moduleRoot(t), "testdata", "repos", "v*"))
	if err != nil || len(made) == 0 {
		t.Fatalf("no repositories: %v", err)
	}
	for _, dir := range made {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			if _, err := os.Stat(filepath.Join(dir, "repo.tar.gz")); errors.Is(err, fs.ErrNotExist) && *update {
				makeOldRepository(t, dir)
			}
			work := unpack(t, filepath.Join(dir, "repo.tar.gz"))
			got := inspectOld(t, work)
			name := filepath.Join(dir, "expect.json")
			if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) && *update {
				b, err := json.MarshalIndent(got, "", " ")
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, append(b, '\n'), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var want oldRepository
			if err := json.Unmarshal(b, &want); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("the repository is read otherwise than by the program that made it:\n%s", d)
			}
			checkClean(t, work)
			goOn(t, work)
			checkClean(t, work)
			again := inspectOld(t, work)
			for id, c := range want.Commits {
				if d := cmp.Diff(c, again.Commits[id]); d != "" {
					t.Errorf("after more work commit %s is read otherwise:\n%s", id, d)
				}
			}
		})
	}
}

// makeOldRepository runs make.txtar with the program of today and packs what it
// leaves in the directory repo, if it comes to its end.
func makeOldRepository(t *testing.T, dir string) {
	ok := t.Run("make", func(t *testing.T) {
		testscript.Run(t, testscript.Params{
			Files: []string{filepath.Join(dir, "make.txtar")}, RequireExplicitExec: true, RequireUniqueNames: true,
			Setup: func(e *testscript.Env) error {
				home := filepath.Join(e.WorkDir, "home")
				for _, v := range [][2]string{{"HOME", home}, {"XDG_CONFIG_HOME", filepath.Join(home, ".config")},
					{"STRATA_AUTHOR_NAME", "Ana Ito"}, {"STRATA_AUTHOR_EMAIL", "ana@example.com"}, {"TZ", "UTC"}, {"LC_ALL", "C"}} {
					e.Setenv(v[0], v[1])
				}
				e.Defer(func() {
					if _, err := os.Stat(filepath.Join(e.WorkDir, "done")); err == nil {
						pack(t, filepath.Join(e.WorkDir, "repo"), filepath.Join(dir, "repo.tar.gz"))
					}
				})
				return os.MkdirAll(home, 0o777)
			},
			Cmds: map[string]func(*testscript.TestScript, bool, []string){"gen": scriptGen, "exitcode": scriptExitCode},
		})
	})
	if !ok {
		t.FailNow()
	}
}

// pack writes a directory as an archive that depends on its contents alone.
func pack(t *testing.T, dir, name string) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil || d.IsDir() || d.Name() == "lock" || d.Name() == "cache.db" {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		h := &tar.Header{Name: filepath.ToSlash(rel), Mode: int64(fi.Mode().Perm()), Size: int64(len(content)), Format: tar.FormatPAX}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		_, err = w.Write(content)
		return err
	})
	if err = errors.Join(err, w.Close(), z.Close()); err == nil {
		err = os.WriteFile(name, b.Bytes(), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// unpack returns a new directory with the contents of an archive.
func unpack(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err == nil {
			err = os.WriteFile(path, b, fs.FileMode(h.Mode))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{"objects", "hooks"} { // archives have no empty directories
		if err := os.MkdirAll(filepath.Join(dir, repo.DirName, d), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// later is when work goes on in an old repository.
func later() time.Time { return time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) }

func openOld(t *testing.T, dir string) *strata.Repo {
	t.Helper()
	environ := []string{"PATH=" + os.Getenv("PATH")}
	env := map[string]string{"STRATA_AUTHOR_NAME": "Zoe", "STRATA_AUTHOR_EMAIL": "zoe@example.com"}
	r, err := strata.Open(context.Background(), dir, strata.Options{Programs: &strata.Programs{Environ: environ, Dir: dir},
		Getenv: func(name string) string { return env[name] }, Now: later})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// inspectOld reads everything that is promised to stay.
func inspectOld(t *testing.T, dir string) oldRepository {
	t.Helper()
	ctx, r := context.Background(), openOld(t, dir)
	defer r.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	at, err := r.Position(ctx)
	must(err)
	out := oldRepository{Head: at.Branch + " " + at.Commit.String(), Branches: map[string]string{}, Tags: map[string]oldTag{},
		Commits: map[string]oldCommit{}, Slices: map[string]string{}, Staged: map[string]string{}}
	branches, err := r.Branches(ctx)
	must(err)
	for _, b := range branches.Branches {
		out.Branches[b.Name] = b.Commit.String()
	}
	tags, err := r.Tags(ctx)
	must(err)
	for _, tag := range tags.Tags {
		out.Tags[tag.Name] = oldTag{tag.ID.String(), tag.Target.String(), tag.Message, signatureOf(t, r, tag.ID)}
	}
	log, err := r.Reflog(ctx, strata.ReflogOptions{})
	must(err)
	for _, e := range log.Entries {
		out.Reflog = append(out.Reflog, e.Message)
	}
	logged, err := r.Reflogs(ctx)
	must(err)
	for _, ref := range logged.Refs {
		out.Logged = append(out.Logged, ref.Name)
	}
	for e, err := range r.Log(ctx, strata.LogOptions{All: true}) {
		must(err)
		out.Commits[e.ID.String()] = commitOf(t, r, e)
	}
	stashed, err := r.Stashes(ctx)
	must(err)
	for _, one := range stashed.Stashes {
		out.Stash = append(out.Stash, one.Message+" "+one.Commit.String())
	}
	named, err := r.ListSlices(ctx, strata.ListSlicesOptions{Rev: "HEAD"})
	must(err)
	for _, s := range named.Slices {
		out.Slices[s.Name] = s.Dataset + ": " + s.Where
	}
	staged, err := r.LsTree(ctx, strata.LsTreeOptions{Revision: ":", All: true})
	must(err)
	for _, d := range staged.Datasets {
		out.Staged[d.Name] = d.Table.String()
	}
	out.Conflicts, out.Kinds = conflictsOf(t, r), kindsOf(t, dir)
	return out
}

func signatureOf(t *testing.T, r *strata.Repo, id strata.ID) string {
	t.Helper()
	s, err := r.SignatureOf(context.Background(), id)
	switch {
	case errors.Is(err, strata.ErrNoSSHKeygen):
		t.Skip("no ssh-keygen here")
	case as[*repo.WrongKindError](err):
		return ""
	case err != nil:
		t.Fatal(err)
	}
	return strings.TrimSpace(string(s.Status) + " " + s.Signer)
}

func commitOf(t *testing.T, r *strata.Repo, e *strata.LogEntry) oldCommit {
	t.Helper()
	ctx, rev := context.Background(), e.ID.String()
	who := func(p strata.Person) string { return personText(p) + " " + p.Time.Format(time.RFC3339) }
	c := oldCommit{Author: who(e.Author), Committer: who(e.Committer), Message: e.Message, Signature: signatureOf(t, r, e.ID),
		Datasets: map[string]oldDataset{}, Files: map[string]string{}}
	for _, p := range e.Parents {
		c.Parents = append(c.Parents, p.String())
	}
	tree, err := r.LsTree(ctx, strata.LsTreeOptions{Revision: rev, All: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range tree.Datasets {
		one := oldDataset{Table: d.Table.String(), Root: d.Root.String(), Rows: d.Rows}
		for _, col := range d.Columns {
			one.Columns = append(one.Columns, fmt.Sprint(col.Name, " ", col.Type, " ", col.Key))
		}
		var paths []string
		one.Values, paths = valuesOf(t, r, rev+":"+d.Name)
		for _, s := range d.Sources {
			if s.Exact {
				paths = append(paths, s.Path)
			}
		}
		for _, p := range paths {
			c.Files[p] = fileOf(t, r, rev+":"+p)
		}
		c.Datasets[d.Name] = one
	}
	return c
}

// valuesOf returns the hash of all values of a dataset, and of @files the paths.
func valuesOf(t *testing.T, r *strata.Repo, address string) (hash string, paths []string) {
	t.Helper()
	ctx := context.Background()
	rows, err := r.Scan(ctx, strata.ScanOptions{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	for s, err := range rows.All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		var row []any
		for i, name := range rows.Columns() {
			v := s.Value(i)
			row = append(row, v)
			if name == "path" && strings.HasSuffix(address, ":@files") {
				paths = append(paths, column.Text(v.Vector, v.Row))
			}
		}
		b, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(append(b, '\n'))
	}
	return hex.EncodeToString(h.Sum(nil)), paths
}

func fileOf(t *testing.T, r *strata.Repo, address string) string {
	t.Helper()
	shown, err := r.Show(context.Background(), strata.ShowOptions{Name: address})
	if err != nil || shown.File == nil {
		t.Fatalf("%s is no file: %v", address, err)
	}
	h := sha256.New()
	if err := r.ReadFile(context.Background(), shown.File, h); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(shown.File.Size, " ", hex.EncodeToString(h.Sum(nil)))
}

func conflictsOf(t *testing.T, r *strata.Repo) (out []string) {
	t.Helper()
	ctx := context.Background()
	c, err := r.Conflicts(ctx, strata.ConflictsOptions{})
	if errors.Is(err, strata.ErrNothingUnfinished) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	for one, err := range c.All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s/%s %s: %s, %s, %s", one.Dataset, one.Key, one.Column, one.Base, one.Ours, one.Theirs))
	}
	return out
}

// kindsOf returns the kinds of all objects that are kept.
func kindsOf(t *testing.T, dir string) []string {
	t.Helper()
	ctx := context.Background()
	r, err := repo.Open(ctx, dir, repo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var roots []reach.Link
	err = r.View(ctx, func(tx *repo.Tx) error {
		found, err := tx.Roots()
		for _, root := range found {
			roots = append(roots, reach.To(root.ID))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	err = reach.NewWalker(r.Objects(), reach.Options{}).Walk(ctx, roots, func(o reach.Object) error {
		b, err := r.Objects().Get(ctx, o.ID)
		if err == nil {
			seen[object.Kind(b[0]).String()] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(seen))
}

// checkClean is a deep fsck that finds nothing.
func checkClean(t *testing.T, dir string) {
	t.Helper()
	r := openOld(t, dir)
	defer r.Close()
	report, err := r.Fsck(context.Background(), strata.FsckOptions{Deep: true})
	if err != nil {
		t.Fatal(err)
	}
	if !report.OK || len(report.Findings) > 0 {
		t.Fatalf("fsck finds %+v", report.Findings)
	}
}

// goOn ends the merge that has stopped and works a little.
func goOn(t *testing.T, dir string) {
	t.Helper()
	strataIn := func(args ...string) string {
		t.Helper()
		var out, words bytes.Buffer
		vars := map[string]string{"STRATA_AUTHOR_NAME": "Zoe", "STRATA_AUTHOR_EMAIL": "zoe@example.com"}
		env := &Env{In: strings.NewReader(""), Out: &out, Err: &words, Dir: dir, Getenv: getenv(vars), Environ: os.Environ(), Now: later}
		if code := Run(env, args); code != 0 {
			t.Fatalf("strata %s: exit code %d: %s", strings.Join(args, " "), code, words.String())
		}
		return out.String()
	}
	strataIn("resolve", "train", "--theirs")
	strataIn("merge", "--continue")
	if got := strataIn("show", "HEAD:train/2"); !strings.Contains(got, "rival") {
		t.Errorf("the merged sample is %s", got)
	}
	text, err := os.ReadFile(filepath.Join(dir, "big.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "big.csv"), bytes.Replace(text, []byte("dog"), []byte("wolf"), 3), 0o666); err != nil {
		t.Fatal(err)
	}
	strataIn("add", "-A")
	strataIn("commit", "-m", "Goes on")
	strataIn("switch", "topic")
	strataIn("switch", "main")
	strataIn("stash", "apply")
	if got := strataIn("diff"); !strings.Contains(got, "stashed") {
		t.Errorf("what was stashed is not back: %s", got)
	}
	strataIn("commit", "-am", "From the stash")
	strataIn("gc", "--prune=now")
	if got := strataIn("status"); !strings.Contains(got, "clean") {
		t.Errorf("status: %s", got)
	}
}
