package repo_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

func drawID(t *rapid.T, label string) object.ID {
	return object.Sum([]byte{rapid.Byte().Draw(t, label)})
}

func drawState(t *rapid.T) *repo.State {
	ids := func(label string) (out []object.ID) {
		for range rapid.IntRange(0, 3).Draw(t, label) {
			out = append(out, drawID(t, label))
		}
		return out
	}
	entries := func(label string) []repo.Entry {
		sets := map[string]object.ID{}
		for range rapid.IntRange(0, 3).Draw(t, label) {
			sets[rapid.StringMatching(`[a-c]{1,2}`).Draw(t, "name")] = drawID(t, label)
		}
		return repo.Entries(sets)
	}
	s := &repo.State{Kind: rapid.SampledFrom([]string{repo.StateMerge, repo.StateRevert, repo.StateBisect}).Draw(t, "kind"),
		Index: entries("index"), Staged: entries("staged"), Theirs: ids("theirs"), Todo: ids("todo"), Keep: ids("keep"),
		Message: rapid.StringMatching(`[a-z \n]{0,9}`).Draw(t, "message"), Payload: rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(t, "payload")}
	if rapid.Bool().Draw(t, "head") {
		s.Head, s.Branch = drawID(t, "head"), "refs/heads/main"
	}
	for _, e := range entries("datasets") {
		s.Datasets = append(s.Datasets, repo.StateDataset{Name: e.Name, Base: e.Table, Ours: drawID(t, "ours"), Total: 3})
	}
	return s
}

// What is set is what is read, until it is cleared, and gc is told every id.
func TestStateRoundTrip(t *testing.T) {
	ctx := context.Background()
	r := newRepo(t)
	rapid.Check(t, func(rt *rapid.T) {
		want := drawState(rt)
		err := r.Update(ctx, func(tx *repo.Tx) error { return tx.SetState(want) })
		if err != nil {
			rt.Fatal(err)
		}
		err = r.View(ctx, func(tx *repo.Tx) error {
			got, err := tx.State(want.Kind)
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(repo.Entry{}), cmp.FilterPath(isBlank, cmp.Ignore())); diff != "" {
				rt.Fatalf("state (-want +got):\n%s", diff)
			}
			return err
		})
		if err != nil {
			rt.Fatal(err)
		}
		named := map[object.ID]bool{}
		for _, id := range want.Objects() {
			named[id] = true
		}
		for _, d := range want.Datasets {
			if !named[d.Base] || !named[d.Ours] || named[d.Theirs] {
				rt.Fatalf("objects of %+v", d)
			}
		}
		for _, id := range append(append(want.Theirs, want.Todo...), want.Keep...) {
			if !named[id] {
				rt.Fatalf("%s is not among the objects", id)
			}
		}
		err = r.Update(ctx, func(tx *repo.Tx) error {
			if err := tx.ClearState(want.Kind); err != nil {
				return err
			}
			got, err := tx.State(want.Kind)
			if got != nil {
				rt.Fatalf("cleared state is %+v", got)
			}
			return err
		})
		if err != nil {
			rt.Fatal(err)
		}
	})
}

func isBlank(p cmp.Path) bool { return p.Last().String() == "._" }

func TestStateUnfinished(t *testing.T) {
	ctx := context.Background()
	r := newRepo(t)
	set := func(s *repo.State) error {
		return r.Update(ctx, func(tx *repo.Tx) error { return tx.SetState(s) })
	}
	if err := set(&repo.State{Kind: repo.StateBisect}); err != nil {
		t.Fatal(err)
	}
	if s, err := r.Unfinished(ctx); s != nil || err != nil {
		t.Fatalf("a bisection counts as unfinished: %v, %v", s, err)
	}
	if err := set(&repo.State{Kind: repo.StateRevert, Message: "m"}); err != nil {
		t.Fatal(err)
	}
	if s, err := r.Unfinished(ctx); err != nil || s == nil || s.Kind != repo.StateRevert {
		t.Fatalf("unfinished is %+v, %v", s, err)
	}
	err := r.Update(ctx, func(tx *repo.Tx) error {
		if err := tx.ClearUnfinished(); err != nil {
			return err
		}
		all, err := tx.States()
		if len(all) != 1 || all[0].Kind != repo.StateBisect {
			t.Errorf("states are %+v", all)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := set(&repo.State{Kind: "No Kind"}); err == nil {
		t.Error("a bad kind was accepted")
	}
}

func FuzzDecodeState(f *testing.F) {
	f.Add(object.MarshalRecord(&repo.State{Kind: repo.StateMerge, Theirs: []object.ID{{1}}, Message: "m"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := repo.DecodeState(b)
		if err != nil {
			if !errors.Is(err, object.ErrCorrupt) && !errors.Is(err, object.ErrUnsupported) {
				t.Fatalf("error of an unknown kind: %v", err)
			}
			return
		}
		if got := object.MarshalRecord(s); string(got) != string(b) {
			t.Fatalf("%x was read and is written as %x", b, got)
		}
	})
}
