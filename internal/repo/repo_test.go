package repo_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/repo/config"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/mem"
	"github.com/strata-data/strata/internal/store/meta"
	"github.com/strata-data/strata/internal/vfs"
)

// ana is who does things in these tests, at a fixed time.
var ana = repo.Signature{Name: "Ana", Email: "ana@example.com", When: 1_700_000_000, Zone: 60}

func at(when int64) repo.Signature { s := ana; s.When = when; return s }

// open opens the repository in dir and closes it when the test ends.
func open(t testing.TB, dir string, o repo.Options) *repo.Repo {
	t.Helper()
	r, err := repo.Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// newRepo returns an empty repository; its objects are in memory.
func newRepo(t testing.TB) *repo.Repo {
	t.Helper()
	dir := t.TempDir()
	if _, err := repo.Init(t.Context(), dir, repo.InitOptions{}); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir, repo.Options{})
	repo.SetObjects(r, mem.New())
	return r
}

// putObject publishes the object with the bytes b.
func putObject(t testing.TB, r *repo.Repo, b []byte) object.ID {
	t.Helper()
	w, err := r.Objects().NewWriter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id, err := w.Put(t.Context(), b, store.Hint{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	return id
}

// table publishes a stand-in for a table object.
func table(t testing.TB, r *repo.Repo, content string) object.ID {
	t.Helper()
	return putObject(t, r, append(object.AppendHeader(nil, object.KindTable), content...))
}

// rawCommit publishes a commit of an empty tree with these parents, made at
// when, and returns its id.
func rawCommit(t testing.TB, r *repo.Repo, message string, when int64, parents ...object.ID) object.ID {
	t.Helper()
	tree, err := new(repo.Tree).Encode()
	if err != nil {
		t.Fatal(err)
	}
	g, err := repo.GenerationOver(r, t.Context(), parents)
	if err != nil {
		t.Fatal(err)
	}
	c := repo.Commit{
		Tree: putObject(t, r, tree), Parents: parents, Author: at(when), Committer: at(when), Message: message, Generation: g,
	}
	b, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return putObject(t, r, b)
}

// setRef makes the ref name the object id.
func setRef(t testing.TB, r *repo.Repo, name string, id object.ID) {
	t.Helper()
	if err := r.UpdateRefs(t.Context(), repo.RefChange{Name: name, New: id, By: ana, Log: "test"}); err != nil {
		t.Fatal(err)
	}
}

func TestInitAndFind(t *testing.T) {
	dir := t.TempDir()
	below := filepath.Join(dir, "a", "b")
	if err := os.MkdirAll(below, 0o777); err != nil {
		t.Fatal(err)
	}
	_, err := repo.Find(below)
	if nr, ok := errors.AsType[*repo.NotRepositoryError](err); !ok || nr.Dir != below {
		t.Fatalf("Find without a repository: %v", err)
	}
	res, err := repo.Init(t.Context(), dir, repo.InitOptions{Branch: "trunk"})
	if err != nil || res.Existed || res.Branch != "trunk" || res.Dir != filepath.Join(dir, ".strata") {
		t.Fatalf("Init = %+v, %v", res, err)
	}
	for _, from := range []string{dir, below, res.Dir, filepath.Join(res.Dir, "objects")} {
		l, err := repo.Find(from)
		if err != nil || l.Root != dir || l.Dir != res.Dir {
			t.Errorf("Find(%s) = %+v, %v", from, l, err)
		}
	}
	again, err := repo.Init(t.Context(), dir, repo.InitOptions{Branch: "other"})
	if err != nil || !again.Existed || again.Branch != "trunk" {
		t.Errorf("second Init = %+v, %v", again, err)
	}
	h, err := open(t, below, repo.Options{}).Head(t.Context())
	if err != nil || h.Branch != "refs/heads/trunk" || !h.ID.IsZero() {
		t.Errorf("HEAD = %+v, %v", h, err)
	}
	if _, err := repo.Find(filepath.Join(dir, "absent")); !os.IsNotExist(err) {
		t.Errorf("Find of a missing directory: %v", err)
	}
}

func TestInitBare(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data.strata")
	res, err := repo.Init(t.Context(), dir, repo.InitOptions{Bare: true})
	if err != nil || !res.Bare() {
		t.Fatalf("Init = %+v, %v", res, err)
	}
	r := open(t, filepath.Join(dir, "objects"), repo.Options{})
	if l := r.Layout(); l.Dir != dir || l.Root != "" || l.ProjectConfigPath() != "" {
		t.Errorf("layout = %+v", l)
	}
	// Without the setting the same directory is no repository.
	if err := os.WriteFile(filepath.Join(dir, "config.toml"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := repo.Find(dir); err == nil {
		t.Error("a directory that does not say that it is bare was taken for a repository")
	}
}

func TestInitRefusesBadBranch(t *testing.T) {
	dir := t.TempDir()
	_, err := repo.Init(t.Context(), dir, repo.InitOptions{Branch: "a..b"})
	if _, ok := errors.AsType[*repo.RefNameError](err); !ok {
		t.Errorf("err = %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, ".strata")); err == nil {
		t.Error("a refused Init left a directory")
	}
}

func TestOpenRefusesNewer(t *testing.T) {
	for _, tc := range []struct {
		name, key, names string
	}{
		{"feature", "feature/holograms-3", "holograms-3"},
		{"version", "version", "7"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			res, err := repo.Init(t.Context(), dir, repo.InitOptions{})
			if err != nil {
				t.Fatal(err)
			}
			err = meta.Open(filepath.Join(res.Dir, "meta.db")).Update(t.Context(), func(tx meta.Tx) error {
				return tx.Put("format", []byte(tc.key), []byte("7"))
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = repo.Open(t.Context(), dir, repo.Options{})
			if !errors.Is(err, object.ErrUnsupported) || !strings.Contains(err.Error(), tc.names) {
				t.Errorf("Open = %v, want ErrUnsupported naming %s", err, tc.names)
			}
		})
	}
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	if _, err := repo.Init(t.Context(), dir, repo.InitOptions{}); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Unix(1_700_000_000, 0) }
	first := open(t, dir, repo.Options{Command: "strata add train.csv", Now: now})
	second := open(t, dir, repo.Options{})
	unlock, err := first.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = second.Lock(t.Context())
	held, ok := errors.AsType[*vfs.LockedError](err)
	if !ok || held.Holder.PID != os.Getpid() || held.Holder.Command != "strata add train.csv" || held.Holder.Since.Unix() != now().Unix() {
		t.Fatalf("second Lock = %v", err)
	}
	patient := open(t, dir, repo.Options{LockWait: time.Minute})
	got := make(chan error)
	go func() {
		undo, err := patient.Lock(t.Context())
		if err == nil {
			err = undo()
		}
		got <- err
	}()
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Errorf("Lock that waited = %v", err)
	}
}

func TestIdentity(t *testing.T) {
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte("[user]\n\tname = Git Name\n\temail = git@example.com\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	own := new(config.Config).Override("user.name", "Own Name")
	for _, tc := range []struct {
		name string
		c    *config.Config
		env  map[string]string
		want string
	}{
		{"nothing", nil, nil, ""},
		{"git", nil, map[string]string{"HOME": home}, "Git Name <git@example.com>"},
		{"setting over git", own, map[string]string{"HOME": home}, "Own Name <git@example.com>"},
		{"name alone", own, nil, ""},
		{"environment over all", own, map[string]string{"HOME": home, "STRATA_AUTHOR_NAME": "Env", "STRATA_AUTHOR_EMAIL": "e@x"}, "Env <e@x>"},
		{"other role's environment", own, map[string]string{"HOME": home, "STRATA_COMMITTER_NAME": "Env"}, "Own Name <git@example.com>"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			getenv := func(k string) string { return tc.env[k] }
			s, err := repo.Identity(tc.c, repo.RoleAuthor, getenv, time.Unix(5, 0).UTC())
			if tc.want == "" {
				if !errors.Is(err, repo.ErrNoIdentity) {
					t.Errorf("Identity = %v, %v, want ErrNoIdentity", s, err)
				}
				return
			}
			if err != nil || s.String() != tc.want || s.When != 5 {
				t.Errorf("Identity = %v at %d, %v, want %s", s, s.When, err, tc.want)
			}
		})
	}
}

func TestConfigScopes(t *testing.T) {
	dir, xdg := t.TempDir(), t.TempDir()
	if _, err := repo.Init(t.Context(), dir, repo.InitOptions{}); err != nil {
		t.Fatal(err)
	}
	write := func(path, text string) {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(xdg, "strata", "config.toml"), "user.name = 'U'\ncore.pager = 'less'\nalias.x = '!touch y'\n")
	write(filepath.Join(dir, "strata.toml"), "core.pager = 'evil'\nalias.co = 'checkout'\nalias.bad = '!rm'\ndiff.limit = 5\n[[check]]\nrule = 'x'\n")
	r := open(t, dir, repo.Options{Getenv: func(k string) string {
		if k == "XDG_CONFIG_HOME" {
			return xdg
		}
		return ""
	}})
	c, err := r.Config()
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"user.name": "U", "core.pager": "less", "alias.x": "!touch y", "alias.co": "checkout", "alias.bad": "", "diff.limit": "5", "core.bare": "false",
	} {
		if got := c.String(key, ""); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
	if n := len(c.Refused()); n != 2 {
		t.Errorf("%d settings were refused, want 2: %v", n, c.Refused())
	}
}
