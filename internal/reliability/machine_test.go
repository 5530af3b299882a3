package reliability

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/strata-data/strata/internal/blob"
	"github.com/strata-data/strata/internal/cli"
	"github.com/strata-data/strata/internal/format/formats"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/table"
)

// state is all of a repository that commands change, read without commands.
type state struct {
	branch string               // full name; "" where HEAD is detached
	head   object.ID            // zero before the first commit
	refs   map[string]object.ID // branches and tags, peeled
	index  tree
	work   tree
	doing  string   // the unfinished work: merge, cherry-pick, revert
	left   []string // datasets that have conflicts
}

// deed is a command, or a change of a working file.
type deed struct {
	args []string
	path string // where there are no args
	text string
	gone bool
}

// commit is what is known of a commit.
type commit struct {
	parents []object.ID
	tree    tree
}

// machine is a repository and what is known of it.
type machine struct {
	testing.TB
	seed    uint64
	rng     *rand.Rand
	dir     string
	clock   time.Time
	script  []string             // commands and changes of files so far, for people
	deeds   []deed               // the same, to do again
	commits map[object.ID]commit // that were reported and must still be there
	trees   map[object.ID]tree   // of tables, which are immutable
	nextID  int
	before  *state         // before the merge that has stopped
	sides   *sides         // what it brings together
	stashes []stash        // that are known, the last on top
	undo    *state         // what undo must bring back
	redo    *state         // what redo must bring back
	done    map[string]int // steps by kind
	// do runs a command and returns its exit code and what it said.
	do func(m *machine, args []string) (code int, out string)
}

func newMachine(t testing.TB, seed uint64) *machine {
	m := &machine{TB: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 1)), dir: t.TempDir(), nextID: 1,
		clock:   time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		commits: map[object.ID]commit{}, trees: map[object.ID]tree{}, done: map[string]int{}, do: (*machine).inProcess}
	m.must("init", "-q")
	return m
}

// fail ends the test with the commands that led to it.
func (m *machine) fail(format string, args ...any) {
	m.Helper()
	m.Fatalf("seed %d: %s\nafter:\n%s", m.seed, fmt.Sprintf(format, args...), strings.Join(m.script, "\n"))
}

// inProcess runs a command in this process.
func (m *machine) inProcess(args []string) (int, string) {
	var out bytes.Buffer
	vars := map[string]string{}
	for _, s := range settings(m.dir, m.clock) {
		k, v, _ := strings.Cut(s, "=")
		vars[k] = v
	}
	env := &cli.Env{Out: &out, Err: &out, Dir: m.dir, Getenv: func(k string) string { return vars[k] }, Now: func() time.Time { return m.clock }}
	code := cli.Run(env, args)
	return code, out.String()
}

// run runs a command and notes it.
func (m *machine) run(args ...string) (int, string) {
	m.clock = m.clock.Add(time.Second)
	m.script = append(m.script, quote(args))
	m.deeds = append(m.deeds, deed{args: args})
	code, out := m.do(m, args)
	if code == 70 || strings.Contains(out, "panic") {
		m.fail("exit code %d\n%s", code, out)
	}
	return code, out
}

func (m *machine) must(args ...string) string {
	m.Helper()
	m.clock = m.clock.Add(time.Second)
	m.script = append(m.script, quote(args))
	m.deeds = append(m.deeds, deed{args: args})
	code, out := m.inProcess(args)
	if code != 0 {
		m.fail("exit code %d\n%s", code, out)
	}
	return out
}

// write changes a working file.
func (m *machine) write(path, text string) {
	m.Helper()
	m.script = append(m.script, fmt.Sprintf("printf %q > %s", brief(text), path))
	m.deeds = append(m.deeds, deed{path: path, text: text})
	abs := filepath.Join(m.dir, path)
	if err := errors.Join(os.MkdirAll(filepath.Dir(abs), 0o777), os.WriteFile(abs, []byte(text), 0o666)); err != nil {
		m.fail("%v", err)
	}
}

func (m *machine) remove(path string) {
	m.Helper()
	m.script = append(m.script, "rm "+path)
	m.deeds = append(m.deeds, deed{path: path, gone: true})
	if err := os.Remove(filepath.Join(m.dir, path)); err != nil {
		m.fail("%v", err)
	}
}

// open opens the repository without a command.
func (m *machine) open() *repo.Repo {
	m.Helper()
	r, err := m.tryOpen()
	if err != nil {
		m.fail("open: %v", err)
	}
	return r
}

func (m *machine) tryOpen() (*repo.Repo, error) {
	return repo.Open(context.Background(), m.dir, repo.Options{Now: func() time.Time { return m.clock }})
}

// look reads the state.
func (m *machine) look() *state {
	m.Helper()
	r := m.open()
	defer r.Close()
	s, err := m.read(r)
	if err != nil {
		m.fail("read the state: %v", err)
	}
	return s
}

func (m *machine) read(r *repo.Repo) (*state, error) {
	ctx := context.Background()
	s := &state{refs: map[string]object.ID{}}
	head, err := r.Head(ctx)
	if err != nil {
		return nil, err
	}
	s.branch, s.head = head.Branch, head.ID
	refs, err := r.Refs(ctx, "refs/")
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		if !strings.HasPrefix(ref.Name, "refs/heads/") && !strings.HasPrefix(ref.Name, "refs/tags/") {
			continue
		}
		if s.refs[ref.Name], err = r.PeelToCommit(ctx, ref.Target); err != nil {
			return nil, err
		}
	}
	ix, err := r.Index(ctx)
	if err != nil {
		return nil, err
	}
	if s.index, err = m.treeOf(ctx, r, ix.Datasets); err != nil {
		return nil, err
	}
	if u, err := r.Unfinished(ctx); err != nil {
		return nil, err
	} else if u != nil {
		s.doing = u.Kind
		for _, d := range u.Left() {
			s.left = append(s.left, d.Name)
		}
	}
	for _, id := range append(slices.Collect(maps.Values(s.refs)), s.head) {
		if err := m.learn(ctx, r, id); err != nil {
			return nil, err
		}
	}
	s.work, err = workOf(m.dir)
	return s, err
}

// learn reads a commit that is not known and all before it.
func (m *machine) learn(ctx context.Context, r *repo.Repo, id object.ID) error {
	for todo := []object.ID{id}; len(todo) > 0; {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if _, known := m.commits[id]; known || id.IsZero() {
			continue
		}
		c, err := m.commitOf(ctx, r, id)
		if err != nil {
			return err
		}
		m.commits[id] = c
		todo = append(todo, c.parents...)
	}
	return nil
}

func (m *machine) commitOf(ctx context.Context, r *repo.Repo, id object.ID) (commit, error) {
	c, err := r.Commit(ctx, id)
	if err != nil {
		return commit{}, err
	}
	t, err := r.CommitTree(ctx, id)
	if err != nil {
		return commit{}, err
	}
	out := commit{parents: c.Parents}
	out.tree, err = m.treeOf(ctx, r, repo.Datasets(t.Entries))
	return out, err
}

// treeOf reads the files of datasets, those of @files too.
func (m *machine) treeOf(ctx context.Context, r *repo.Repo, datasets map[string]object.ID) (tree, error) {
	out := tree{}
	for name, id := range datasets {
		part, known := m.trees[id]
		if !known {
			var err error
			if part, err = filesOf(ctx, r, name, id); err != nil {
				return nil, fmt.Errorf("dataset %s, table %s: %w", name, id, err)
			}
			m.trees[id] = part
		}
		maps.Copy(out, part)
	}
	return out, nil
}

// filesOf writes the files of one table.
func filesOf(ctx context.Context, r *repo.Repo, name string, id object.ID) (tree, error) {
	out := tree{}
	t, err := table.Load(ctx, r.Objects(), id)
	if err != nil {
		return nil, err
	}
	if name == "@files" {
		for b, err := range t.Scan(ctx, table.ScanOptions{Columns: []string{"path", "content", "size"}}) {
			if err != nil {
				return nil, err
			}
			for i := range b.Len {
				var buf bytes.Buffer
				ref := blob.Ref{ID: object.ID(b.Cols[1].At(i)), Size: b.Cols[2].Ints[i]}
				if _, err := blob.Read(ctx, r.Objects(), ref).WriteTo(&buf); err != nil {
					return nil, err
				}
				out[string(b.Cols[0].At(i))] = buf.String()
			}
		}
		return out, nil
	}
	for _, sid := range t.Sources {
		s, err := source.Load(ctx, r.Objects(), sid)
		if err != nil {
			return nil, err
		}
		f, _ := formats.ByName(s.Format)
		var buf bytes.Buffer
		temp := func() (*os.File, error) { return os.CreateTemp("", "reliability") }
		if err := source.Restore(ctx, r.Objects(), t, s, &buf, source.RestoreOptions{Format: f, Temp: temp}); err != nil {
			return nil, err
		}
		out[s.Path] = buf.String()
	}
	return out, nil
}

// workOf reads the working files.
func workOf(dir string) (tree, error) {
	out := tree{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && e.Name() == ".strata":
			return fs.SkipDir
		case e.IsDir() || strings.HasPrefix(e.Name(), ".strata-"):
			return nil
		}
		b, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		out[filepath.ToSlash(rel)] = string(b)
		return err
	})
	return out, err
}

// headTree returns the files of HEAD's commit.
func (m *machine) headTree(s *state) tree { return m.commits[s.head].tree.clone() }

// clean reports whether nothing is changed and nothing untracked.
func (m *machine) clean(s *state) bool {
	return maps.Equal(s.index, m.headTree(s)) && maps.Equal(s.work, s.index)
}

// ancestors returns a commit and all before it.
func (m *machine) ancestors(id object.ID) map[object.ID]bool {
	out := map[object.ID]bool{}
	for todo := []object.ID{id}; len(todo) > 0; {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !out[id] && !id.IsZero() {
			out[id] = true
			todo = append(todo, m.commits[id].parents...)
		}
	}
	return out
}

// bases returns the best common ancestors of two commits.
func (m *machine) bases(a, b object.ID) []object.ID {
	inA, inB := m.ancestors(a), m.ancestors(b)
	var common []object.ID
	for id := range inA {
		if inB[id] {
			common = append(common, id)
		}
	}
	var best []object.ID
	for _, id := range common {
		below := slices.ContainsFunc(common, func(o object.ID) bool { return o != id && m.ancestors(o)[id] })
		if !below {
			best = append(best, id)
		}
	}
	return best
}
