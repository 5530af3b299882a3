package repo_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store/meta"
)

func TestUpdateRefsIsCompareAndSet(t *testing.T) {
	r := newRepo(t)
	a := rawCommit(t, r, "a", 1)
	b := rawCommit(t, r, "b", 2, a)
	setRef(t, r, "refs/heads/main", a)
	err := r.UpdateRefs(t.Context(),
		repo.RefChange{Name: "refs/heads/new", New: b},
		repo.RefChange{Name: "refs/heads/main", Old: &b, New: b})
	moved, ok := errors.AsType[*repo.RefMovedError](err)
	if !ok || moved.Have != a || moved.Want != b {
		t.Fatalf("err = %v, want a RefMovedError", err)
	}
	refs, err := r.Refs(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]repo.Ref{{Name: "refs/heads/main", Target: a}}, refs); diff != "" {
		t.Errorf("a refused update changed refs: %s", diff)
	}
	err = r.UpdateRefs(t.Context(), repo.RefChange{Name: "refs/heads/x", New: someID(77)})
	if !errors.Is(err, object.ErrNotFound) {
		t.Errorf("a ref to a missing object: %v", err)
	}
	tree, err := new(repo.Tree).Encode()
	if err != nil {
		t.Fatal(err)
	}
	err = r.UpdateRefs(t.Context(), repo.RefChange{Name: "refs/heads/x", New: putObject(t, r, tree)})
	if _, ok := errors.AsType[*repo.WrongKindError](err); !ok {
		t.Errorf("a branch to a tree: %v", err)
	}
}

func TestReflogOfBranchAndHead(t *testing.T) {
	r := newRepo(t)
	a := rawCommit(t, r, "a", 1)
	b := rawCommit(t, r, "b", 2, a)
	for i, id := range []object.ID{a, b} {
		c := repo.RefChange{Name: "HEAD", New: id, By: at(int64(i)), Log: fmt.Sprintf("step\n%d", i)}
		if err := r.UpdateRefs(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	want := []repo.ReflogEntry{
		{Old: a, New: b, By: at(1), Message: "step 1"},
		{New: a, By: at(0), Message: "step 0"},
	}
	for _, name := range []string{"HEAD", "refs/heads/main"} {
		log, err := r.Reflog(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, log); diff != "" {
			t.Errorf("log of %s: %s", name, diff)
		}
	}
}

func TestBranches(t *testing.T) {
	ctx := t.Context()
	r := newRepo(t)
	a := rawCommit(t, r, "a", 1)
	b := rawCommit(t, r, "b", 2, a)
	setRef(t, r, "HEAD", a)
	mk := func(name string, start object.ID, force bool) error {
		return r.CreateBranch(ctx, repo.BranchOptions{Name: name, Start: start, From: "x", Force: force, By: ana})
	}
	if err := mk("side", b, false); err != nil {
		t.Fatal(err)
	}
	if _, ok := errors.AsType[*repo.RefExistsError](mk("side", a, false)); !ok {
		t.Error("a branch was made twice")
	}
	if err := mk("main", b, true); !errors.Is(err, repo.ErrCurrentBranch) {
		t.Errorf("moving the current branch: %v", err)
	}
	if _, ok := errors.AsType[*repo.RefConflictError](mk("side/x", a, false)); !ok {
		t.Error("side/x was made beside side")
	}
	if _, err := r.DeleteBranch(ctx, "main", true, ana); !errors.Is(err, repo.ErrCurrentBranch) {
		t.Errorf("deleting the current branch: %v", err)
	}
	if _, err := r.DeleteBranch(ctx, "gone", false, ana); !strings.Contains(fmt.Sprint(err), `no branch called "gone"`) {
		t.Errorf("deleting a missing branch: %v", err)
	}
	_, err := r.DeleteBranch(ctx, "side", false, ana)
	if nm, ok := errors.AsType[*repo.NotMergedError](err); !ok || nm.ID != b {
		t.Errorf("deleting an unmerged branch: %v", err)
	}
	if id, err := r.DeleteBranch(ctx, "side", true, ana); err != nil || id != b {
		t.Errorf("deleting by force = %v, %v", id, err)
	}
	tips, err := r.Tips(ctx)
	if err != nil || !slices.Contains(tips, b) {
		t.Errorf("the deleted branch's commit is not among the tips: %v", err)
	}
	if err := r.RenameBranch(ctx, "main", "main/line", false, ana); err != nil {
		t.Fatal(err)
	}
	branches, h, err := r.Branches(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]repo.Branch{{Name: "main/line", ID: a, Current: true}}, branches); diff != "" {
		t.Error(diff)
	}
	if h.Branch != "refs/heads/main/line" || h.ID != a {
		t.Errorf("HEAD = %+v", h)
	}
	log, err := r.Reflog(ctx, "refs/heads/main/line")
	if err != nil || len(log) != 2 || log[1].New != a {
		t.Errorf("the log did not move with the branch: %v, %v", log, err)
	}
}

func TestTags(t *testing.T) {
	ctx := t.Context()
	r := newRepo(t)
	a := rawCommit(t, r, "a", 1)
	if _, err := r.CreateTag(ctx, repo.TagOptions{Name: "light", Target: a, By: ana}); err != nil {
		t.Fatal(err)
	}
	v1, err := r.CreateTag(ctx, repo.TagOptions{Name: "v1", Target: a, Annotate: true, Message: "one\n", By: ana})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.CreateTag(ctx, repo.TagOptions{Name: "v1", Target: a}); !strings.Contains(fmt.Sprint(err), `tag "v1" exists`) {
		t.Errorf("second v1: %v", err)
	}
	if _, err := r.CreateTag(ctx, repo.TagOptions{Name: "vv", Target: v1, Annotate: true, By: ana}); err != nil {
		t.Fatal(err)
	}
	tags, err := r.Tags(ctx)
	if err != nil || len(tags) != 3 || tags[0].Tag != nil || tags[1].Target != v1 || tags[1].Tag.Message != "one\n" {
		t.Errorf("Tags = %+v, %v", tags, err)
	}
	for rev, want := range map[string]object.ID{"vv": a, "vv^{}": a, "v1^0": a, "light": a, v1.String(): a} {
		if id, err := r.Resolve(ctx, rev); err != nil || id != want {
			t.Errorf("Resolve(%s) = %s, %v", rev, id, err)
		}
	}
	for rev, want := range map[string]object.ID{"v1": v1, "v1^{tag}": v1, "v1^{object}": v1, "v1^{commit}": a, v1.String()[:9]: v1} {
		if id, err := r.ResolveObject(ctx, rev); err != nil || id != want {
			t.Errorf("ResolveObject(%s) = %s, %v", rev, id, err)
		}
	}
	if id, err := r.DeleteTag(ctx, "v1", ana); err != nil || id != v1 {
		t.Errorf("DeleteTag = %s, %v", id, err)
	}
	if _, err := r.DeleteTag(ctx, "v1", ana); !strings.Contains(fmt.Sprint(err), `no tag called "v1"`) {
		t.Errorf("second DeleteTag: %v", err)
	}
}

func TestDamagedRefs(t *testing.T) {
	for name, kv := range map[string][2]string{
		"no id":           {"refs/heads/main", "hello"},
		"upper case":      {"refs/heads/main", strings.Repeat("AB", 32)},
		"zero":            {"refs/heads/main", strings.Repeat("0", 64)},
		"HEAD to a tag":   {"HEAD", "ref: refs/tags/v1"},
		"HEAD to nothing": {"HEAD", "ref: "},
		"HEAD garbage":    {"HEAD", "main"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepo(t)
			err := repo.Meta(r).Update(t.Context(), func(tx meta.Tx) error { return tx.Put("refs", []byte(kv[0]), []byte(kv[1])) })
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Resolve(t.Context(), "HEAD"); !errors.Is(err, object.ErrCorrupt) {
				t.Errorf("Resolve(HEAD) = %v, want ErrCorrupt", err)
			}
		})
	}
}

// refsModel is what the refs should be.
type refsModel struct {
	refs map[string]object.ID
	head string // branch, or "" when detached
	at   object.ID
}

func (m *refsModel) blocked(name string) bool {
	for have := range m.refs {
		if strings.HasPrefix(have, name+"/") || strings.HasPrefix(name, have+"/") {
			return true
		}
	}
	return false
}

func TestRefsStateMachine(t *testing.T) {
	r := newRepo(t)
	commits := []object.ID{{}}
	for i := range 4 {
		commits = append(commits, rawCommit(t, r, fmt.Sprint(i), int64(i)))
	}
	rapid.Check(t, func(t *rapid.T) {
		resetRefs(t, r)
		m := &refsModel{refs: map[string]object.ID{}, head: "refs/heads/main"}
		name := rapid.SampledFrom([]string{"main", "a", "a/b", "b"})
		commit := rapid.SampledFrom(commits[1:])
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				full, old, new := "refs/heads/"+name.Draw(t, "name"), rapid.SampledFrom(commits).Draw(t, "old"), rapid.SampledFrom(commits).Draw(t, "new")
				err := r.UpdateRefs(t.Context(), repo.RefChange{Name: full, Old: &old, New: new, By: ana, Log: "set"})
				good := m.refs[full] == old && (new.IsZero() || !m.blocked(full))
				if (err == nil) != good {
					t.Fatalf("set %s from %s to %s: %v, want good = %v", full, old.Short(), new.Short(), err, good)
				}
				if good {
					m.refs[full] = new
				}
			},
			"create": func(t *rapid.T) {
				short, start, force := name.Draw(t, "name"), commit.Draw(t, "start"), rapid.Bool().Draw(t, "force")
				full := "refs/heads/" + short
				err := r.CreateBranch(t.Context(), repo.BranchOptions{Name: short, Start: start, Force: force, By: ana})
				_, exists := m.refs[full]
				good := !m.blocked(full) && (!exists || force && m.head != full)
				if (err == nil) != good {
					t.Fatalf("create %s: %v, want good = %v", full, err, good)
				}
				if good {
					m.refs[full] = start
				}
			},
			"delete": func(t *rapid.T) {
				short := name.Draw(t, "name")
				full := "refs/heads/" + short
				_, err := r.DeleteBranch(t.Context(), short, true, ana)
				_, exists := m.refs[full]
				if good := exists && m.head != full; (err == nil) != good {
					t.Fatalf("delete %s: %v, want good = %v", full, err, good)
				} else if good {
					delete(m.refs, full)
				}
			},
			"rename": func(t *rapid.T) {
				from, to, force := "refs/heads/"+name.Draw(t, "from"), "refs/heads/"+name.Draw(t, "to"), rapid.Bool().Draw(t, "force")
				err := r.RenameBranch(t.Context(), repo.ShortRef(from), repo.ShortRef(to), force, ana)
				id, exists := m.refs[from]
				_, taken := m.refs[to]
				delete(m.refs, from)
				blocked := m.blocked(to) && exists
				good := (exists || m.head == from) && (from == to || !blocked && (!taken || force && m.head != to))
				if (err == nil) != good {
					t.Fatalf("rename %s to %s (force %v): %v, want good = %v", from, to, force, err, good)
				}
				switch {
				case !good || from == to:
					if exists {
						m.refs[from] = id
					}
				default:
					if exists {
						m.refs[to] = id
					}
					if m.head == from {
						m.head = to
					}
				}
			},
			"switch": func(t *rapid.T) {
				short := name.Draw(t, "name")
				full := "refs/heads/" + short
				_, is, err := r.Switch(t.Context(), repo.SwitchOptions{Branch: short, By: ana})
				_, exists := m.refs[full]
				if good := exists || m.head == full; (err == nil) != good {
					t.Fatalf("switch to %s: %v, want good = %v", full, err, good)
				} else if good {
					m.head = full
					if is.Branch != full || is.ID != m.refs[full] {
						t.Fatalf("switched to %+v", is)
					}
				}
			},
			"detach": func(t *rapid.T) {
				m.head, m.at = "", commit.Draw(t, "commit")
				if _, _, err := r.Switch(t.Context(), repo.SwitchOptions{Detach: m.at, Name: "x", By: ana}); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) { checkRefs(t, r, m) },
		})
	})
}

func resetRefs(t *rapid.T, r *repo.Repo) {
	err := repo.Meta(r).Update(t.Context(), func(tx meta.Tx) error {
		for _, b := range []string{"refs", "reflog", "reflog-last"} {
			if err := tx.DeleteBucket(b); err != nil {
				return err
			}
		}
		return tx.Put("refs", []byte("HEAD"), []byte("ref: refs/heads/main"))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkRefs(t *rapid.T, r *repo.Repo, m *refsModel) {
	maps.DeleteFunc(m.refs, func(_ string, id object.ID) bool { return id.IsZero() })
	refs, err := r.Refs(t.Context(), "refs/")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]object.ID{}
	for _, ref := range refs {
		got[ref.Name] = ref.Target
		log, err := r.Reflog(t.Context(), ref.Name)
		if err != nil || len(log) == 0 || log[0].New != ref.Target {
			t.Fatalf("the log of %s does not end where the ref is: %v, %v", ref.Name, log, err)
		}
	}
	if diff := cmp.Diff(m.refs, got); diff != "" {
		t.Fatal(diff)
	}
	want := repo.Head{Branch: m.head, ID: m.refs[m.head]}
	if m.head == "" {
		want.ID = m.at
	}
	h, err := r.Head(t.Context())
	if err != nil || h != want {
		t.Fatalf("HEAD = %+v, %v, want %+v", h, err, want)
	}
}

func FuzzReflogEntry(f *testing.F) {
	f.Add(repo.AppendReflog(nil, repo.ReflogEntry{New: someID(1), By: ana, Message: "commit: x"}))
	f.Add(repo.AppendReflog(nil, repo.ReflogEntry{Old: someID(1)}))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := repo.DecodeReflog(b)
		if err != nil {
			if !errors.Is(err, object.ErrCorrupt) {
				t.Errorf("err = %v", err)
			}
			return
		}
		if again := repo.AppendReflog(nil, e); !bytes.Equal(again, b) {
			t.Errorf("%x decodes to %+v and encodes to %x", b, e, again)
		}
	})
}
