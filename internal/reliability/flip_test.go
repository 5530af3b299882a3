package reliability

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/pkg/strata"
)

// everything is all that can be read of a repository.
type everything struct {
	state   *state
	commits map[object.ID]commit
}

// readAll reads everything anew, from the branches on.
func (m *machine) readAll() (*everything, error) {
	m.trees, m.commits = map[object.ID]tree{}, map[object.ID]commit{}
	r, err := strata.Open(context.Background(), m.dir, strata.Options{})
	if err != nil {
		return nil, err
	}
	if err := r.Close(); err != nil {
		return nil, err
	}
	in, err := m.tryOpen()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	s, err := m.read(in)
	if err != nil {
		return nil, err
	}
	return &everything{s, m.commits}, nil
}

// same says where got differs from e, "" where it does not.
func (e *everything) same(got *everything) string {
	a, b := e.state, got.state
	switch {
	case a.branch != b.branch || a.head != b.head:
		return fmt.Sprintf("HEAD is %s at %s", b.branch, b.head.Short())
	case !maps.Equal(a.refs, b.refs):
		return fmt.Sprintf("refs are %v", b.refs)
	case !maps.Equal(a.index, b.index):
		return "the index: " + sameTree(b.index, a.index)
	case len(e.commits) != len(got.commits):
		return fmt.Sprintf("%d commits", len(got.commits))
	}
	for id, c := range e.commits {
		if !maps.Equal(c.tree, got.commits[id].tree) {
			return fmt.Sprintf("commit %s: %s", id.Short(), sameTree(got.commits[id].tree, c.tree))
		}
	}
	return ""
}

// TestEveryByteFlips changes one byte of a repository at a time. Reading then
// gives what is right or an error, and never ends in a panic or not at all; what
// is not right any more a check reports.
func TestEveryByteFlips(t *testing.T) {
	m := newMachine(t, 1)
	m.begin()
	m.must("branch", "topic")
	m.must("tag", "-a", "v1", "-m", "one")
	m.must("gc", "--prune=now", "--aggressive")
	want, err := m.readAll()
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	err = filepath.WalkDir(filepath.Join(m.dir, ".strata"), func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range files {
		rel, _ := filepath.Rel(m.dir, p)
		t.Run(filepath.Base(rel), func(t *testing.T) {
			c := m.copy(t)
			good, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			stride := 1 + len(good)/400
			if nightly() {
				stride = 1
			}
			count := map[string]int{}
			for at := int(m.seed) % stride; at < len(good); at += stride {
				bad := append([]byte(nil), good...)
				bad[at] ^= 1 << (at / stride % 8)
				if err := os.WriteFile(filepath.Join(c.dir, rel), bad, 0o666); err != nil {
					t.Fatal(err)
				}
				count[c.flipped(t, want, rel, at)]++
				if t.Failed() && !nightly() {
					break
				}
			}
			t.Log(count)
		})
	}
}

// flipped looks at a repository in which byte at of file rel is another.
func (m *machine) flipped(t *testing.T, want *everything, rel string, at int) string {
	t.Helper()
	type result struct {
		got *everything
		err error
		rep *strata.FsckReport
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if v := recover(); v != nil {
				r.err = fmt.Errorf("PANIC: %v", v)
			}
			done <- r
		}()
		r.got, r.err = m.readAll()
		d, err := strata.OpenDamaged(m.dir, strata.Options{})
		if err == nil {
			r.rep, err = d.Fsck(context.Background(), strata.FsckOptions{Deep: true})
			_ = d.Close()
		}
		if err != nil && r.err == nil {
			r.err = fmt.Errorf("only the check says: %w", err)
		}
	}()
	var r result
	select {
	case r = <-done:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s, byte %d: reading does not end", rel, at)
	}
	found := r.rep != nil && len(r.rep.Findings) > 0
	switch {
	case r.err != nil && strings.HasPrefix(r.err.Error(), "PANIC"):
		t.Errorf("%s, byte %d: %v", rel, at, r.err)
		return "panic"
	case r.err != nil:
		if r.rep != nil && !found {
			t.Errorf("%s, byte %d: reading says %v, the check finds nothing", rel, at, r.err)
		}
		return "error"
	}
	if d := want.same(r.got); d != "" {
		if found {
			return "wrong, found by the check"
		}
		t.Errorf("%s, byte %d: wrong data without a word: %s", rel, at, d)
		return "wrong"
	}
	if found {
		return "right, found by the check"
	}
	return "right"
}
