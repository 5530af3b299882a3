package history_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/history"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

func newModel(t failer, dir string) *model {
	t.Helper()
	if _, err := repo.Init(context.Background(), dir, repo.InitOptions{}); err != nil {
		t.Fatal(err)
	}
	m := &model{}
	m.open(t, dir)
	w, err := m.r.Objects().NewWriter(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	m.w = w
	return m
}

func (m *model) open(t failer, dir string) {
	t.Helper()
	var err error
	if m.r, err = repo.Open(context.Background(), dir, repo.Options{}); err != nil {
		t.Fatal(err)
	}
}

// matchOf is the question for an address.
func matchOf(t failer, address string) history.Match {
	t.Helper()
	return func(names []string) []repo.Match {
		a, err := repo.ParseAddress(address, names)
		if err != nil {
			t.Fatal(err)
		}
		return a.Match(names)
	}
}

// logOf returns the numbers of the versions in the history of an address.
func (m *model) logOf(t failer, h *history.History, tip *version, address string, order repo.Order) []int {
	t.Helper()
	out := []int{}
	o := repo.WalkOptions{Order: order, Simplify: h.Simplify(history.Options{Match: matchOf(t, address)})}
	for c, err := range m.r.Walk(context.Background(), []object.ID{tip.id}, nil, o) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, slices.IndexFunc(m.versions, func(v *version) bool { return v.id == c.ID }))
	}
	slices.Sort(out)
	return out
}

// TestAgainstEveryVersion compares histories and blames with what reading every
// version gives: with records that commits made, records made on the way, none
// but pairs of tables in which a sample is the same, no cache, and one that is damaged in between or locked by another process.
func TestAgainstEveryVersion(t *testing.T) {
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		dir := filepath.Join(base, fmt.Sprint(n))
		m := newModel(rt, dir)
		mode := rapid.SampledFrom([]string{"recorded", "on the way", "no cache", "damaged", "locked", "pairs"}).Draw(rt, "cache")
		m.record = mode != "on the way" && mode != "pairs"
		if mode == "no cache" {
			if err := os.WriteFile(filepath.Join(dir, ".strata", "config.toml"), []byte("core.cache-size = 0\n"), 0o666); err != nil {
				rt.Fatal(err)
			}
		}
		if mode == "locked" {
			other, err := bbolt.Open(filepath.Join(dir, ".strata", "cache.db"), 0o666, nil)
			if err != nil {
				rt.Fatal(err)
			}
			defer other.Close()
		}
		m.grow(rt, rapid.IntRange(2, 14).Draw(rt, "versions"))
		h := history.New(m.r)
		history.RememberAll(h, mode != "pairs")
		for range 6 {
			if rapid.IntRange(0, 3).Draw(rt, "new process") == 0 {
				h.Close()
				m.r.Close()
				if mode == "damaged" {
					damage(rt, filepath.Join(dir, ".strata", "cache.db"))
				}
				m.open(rt, dir)
				h = history.New(m.r)
				history.RememberAll(h, mode != "pairs")
			}
			tip := m.versions[rapid.IntRange(0, len(m.versions)-1).Draw(rt, "tip")]
			name := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "dataset")
			key := rapid.IntRange(0, 10).Draw(rt, "key")
			m.compare(rt, h, tip, name, key)
		}
		h.Close()
		m.r.Close()
		_, err := os.Stat(filepath.Join(dir, ".strata", "cache.db"))
		if got := err == nil; got && mode == "no cache" {
			rt.Fatal("there is a cache")
		}
		os.RemoveAll(dir)
	})
}

func (m *model) compare(rt *rapid.T, h *history.History, tip *version, name string, key int) {
	order := rapid.SampledFrom([]repo.Order{repo.OrderDate, repo.OrderTopo}).Draw(rt, "order")
	of := func(v *version) *data {
		if v == nil {
			return nil
		}
		return v.datasets[name]
	}
	address := fmt.Sprintf("%s/%d", name, key)
	want := kept(tip, func(v, p *version) bool { return !same(of(v), of(p), key) })
	got := m.logOf(rt, h, tip, address, order)
	if d := cmp.Diff(append([]int{}, want...), got); d != "" {
		rt.Fatalf("log -- %s from version %d (-want +got):\n%s", address, tip.number, d)
	}
	// A pattern that only this key fits.
	if got := m.logOf(rt, h, tip, fmt.Sprintf("%s/[%d]", name, key%10), order); key < 10 && !slices.Equal(want, got) {
		rt.Fatalf("with a pattern %v, want %v", got, want)
	}
	want = kept(tip, func(v, p *version) bool {
		a, b := of(v), of(p)
		return (a == nil) != (b == nil) || a != nil && !a.equal(b)
	})
	if got := m.logOf(rt, h, tip, name, order); !slices.Equal(want, got) {
		rt.Fatalf("log -- %s from version %d: %v, want %v", name, tip.number, got, want)
	}
	for key := range 11 {
		m.compareBlame(rt, h, tip, name, key)
	}
}

func (m *model) compareBlame(rt *rapid.T, h *history.History, tip *version, name string, key int) {
	node, err := m.r.Node(context.Background(), tip.id)
	if err != nil {
		rt.Fatal(err)
	}
	cells, err := h.Blame(context.Background(), node, name, fmt.Sprint(key), history.BlameOptions{})
	if err != nil {
		rt.Fatal(err)
	}
	var got map[string]int
	for _, c := range cells {
		if got == nil {
			got = map[string]int{}
		}
		got[c.Column.ID] = slices.IndexFunc(m.versions, func(v *version) bool { return v.id == c.Commit })
	}
	if d := cmp.Diff(blame(tip, name, key), got); d != "" {
		rt.Fatalf("blame %s/%d of version %d (-want +got):\n%s", name, key, tip.number, d)
	}
}

// damage changes some bytes of a file, cuts it or removes it.
func damage(t *rapid.T, path string) {
	b, err := os.ReadFile(path)
	if err != nil || len(b) == 0 {
		return
	}
	switch rapid.IntRange(0, 3).Draw(t, "damage") {
	case 0:
		b = b[:rapid.IntRange(0, len(b)).Draw(t, "length")]
	case 1:
		os.Remove(path)
		return
	default:
		for range 20 {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] ^= 0x41
		}
	}
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestFollow moves a dataset and follows it.
func TestFollow(t *testing.T) {
	m := newModel(t, filepath.Join(t.TempDir(), "r"))
	d := &data{columns: []string{"x"}, names: map[string]string{"x": "x"}, rows: map[int]map[string]int{1: {"x": 1}, 2: {"x": 1}}}
	a := m.commit(t, map[string]*data{"old": d})
	d = d.clone()
	d.rows[1]["x"] = 2
	b := m.commit(t, map[string]*data{"old": d}, a)
	c := m.commit(t, map[string]*data{"new": d}, b)
	d = d.clone()
	d.rows[2]["x"] = 5
	e := m.commit(t, map[string]*data{"new": d}, c)
	f := m.commit(t, map[string]*data{"newest": d}, e)
	m.publish(t)
	for _, tc := range []struct {
		address string
		follow  bool
		want    string
	}{
		{"newest/1", false, "4+"},
		{"newest/1", true, "4>new 2>old 1~ 0+"},
		{"newest/2", true, "4>new 3~ 2>old 0+"},
		{"newest", true, "4>new 3 2>old 1 0"},
		{"newest/7", true, "4>new 2>old"},
		{"old/1", true, "2- 1~ 0+"},
		{"n*/1", false, "4-+ 2+"},
	} {
		h := history.New(m.r)
		found := map[object.ID]string{}
		o := repo.WalkOptions{Simplify: h.Simplify(history.Options{Match: matchOf(t, tc.address), Follow: tc.follow,
			Found: func(id object.ID, c *history.Changes) {
				for _, s := range c.Samples {
					found[id] += string(s.Op)
				}
				for _, move := range c.Moved {
					found[id] += ">" + move.From
				}
			}})}
		var got []string
		for c, err := range m.r.Walk(t.Context(), []object.ID{f.id}, nil, o) {
			if err != nil {
				t.Fatal(err)
			}
			n := slices.IndexFunc(m.versions, func(v *version) bool { return v.id == c.ID })
			got = append(got, fmt.Sprint(n)+found[c.ID])
		}
		if got := strings.Join(got, " "); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.address, got, tc.want)
		}
		h.Close()
	}
}
