package strata_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/pkg/strata"
)

// mergeWorld is a repository whose one dataset has an edited file on two branches.
type mergeWorld struct {
	t   tester
	r   *strata.Repo
	dir string
	now int64
}

// tester is a test, of rapid or not.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Cleanup(func())
}

func newMergeWorld(t tester) *mergeWorld {
	dir, err := os.MkdirTemp("", "merge")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	ctx := context.Background()
	if _, err := strata.Init(ctx, dir, strata.InitOptions{}); err != nil {
		t.Fatal(err)
	}
	w := &mergeWorld{t: t, dir: dir, now: 1_700_000_000}
	env := map[string]string{"STRATA_AUTHOR_NAME": "Ana", "STRATA_AUTHOR_EMAIL": "ana@example.com"}
	w.r, err = strata.Open(ctx, dir, strata.Options{Getenv: func(n string) string { return env[n] }, Now: func() time.Time {
		w.now++
		return time.Unix(w.now, 0).UTC()
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.r.Close() })
	return w
}

func (w *mergeWorld) do(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *mergeWorld) commit(s sheet, message string) {
	w.t.Helper()
	ctx := context.Background()
	w.do(os.WriteFile(filepath.Join(w.dir, "t.csv"), []byte(s.text()), 0o666))
	_, err := w.r.Add(ctx, strata.AddOptions{Dir: w.dir, Paths: []string{"t.csv"}, Key: []string{"id"}})
	w.do(err)
	_, err = w.r.Commit(ctx, strata.CommitOptions{Message: message, AllowEmpty: true})
	w.do(err)
}

func (w *mergeWorld) switchTo(o strata.SwitchOptions) {
	w.t.Helper()
	_, err := w.r.Switch(context.Background(), o)
	w.do(err)
}

func (w *mergeWorld) file() string {
	w.t.Helper()
	b, err := os.ReadFile(filepath.Join(w.dir, "t.csv"))
	w.do(err)
	return string(b)
}

// clean fails where a working file is not as the index has it, or adding it again
// would change something.
func (w *mergeWorld) clean(staged bool) {
	w.t.Helper()
	ctx := context.Background()
	st, err := w.r.Status(ctx, strata.StatusOptions{})
	w.do(err)
	if len(st.Unstaged) > 0 || len(st.Untracked) > 0 || !staged && len(st.Staged) > 0 {
		w.t.Fatalf("status: %+v", st)
	}
	later := time.Unix(2_000_000_000, 0)
	w.do(os.Chtimes(filepath.Join(w.dir, "t.csv"), later, later))
	res, err := w.r.Add(ctx, strata.AddOptions{Dir: w.dir, Paths: []string{"t.csv"}, DryRun: true})
	w.do(err)
	if d := res.Datasets[0]; !d.Unchanged {
		w.t.Fatalf("adding the merged file again changes it: %+v\n%s", d, w.file())
	}
}

// sheet is a table as a model: the columns but for the key, and rows by key.
type sheet struct {
	columns []string
	rows    map[int]map[string]string
}

func (s sheet) clone() sheet {
	out := sheet{columns: slices.Clone(s.columns), rows: map[int]map[string]string{}}
	for k, row := range s.rows {
		out.rows[k] = map[string]string{}
		for c, v := range row {
			out.rows[k][c] = v
		}
	}
	return out
}

func (s sheet) text() string {
	var b strings.Builder
	b.WriteString("id," + strings.Join(s.columns, ",") + "\n")
	var keys []int
	for k := range s.rows {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		b.WriteString(strconv.Itoa(k))
		for _, c := range s.columns {
			b.WriteString("," + s.rows[k][c])
		}
		b.WriteString("\n")
	}
	return b.String()
}

func drawBase(t *rapid.T) sheet {
	s := sheet{columns: []string{"a", "b"}, rows: map[int]map[string]string{}}
	for k := range rapid.IntRange(3, 30).Draw(t, "rows") {
		s.rows[k*10] = map[string]string{"a": word(t), "b": word(t)}
	}
	return s
}

func word(t *rapid.T) string { return rapid.StringMatching(`[a-z]{1,2}`).Draw(t, "word") }

// drawEdit returns s with some cells, rows and perhaps a column changed.
func drawEdit(t *rapid.T, s sheet) sheet {
	s = s.clone()
	var keys []int
	for k := range s.rows {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if rapid.IntRange(0, 3).Draw(t, "column") == 0 {
		s.columns = append(s.columns, rapid.SampledFrom([]string{"c", "d"}).Draw(t, "name"))
	}
	for range rapid.IntRange(0, 8).Draw(t, "edits") {
		k := rapid.SampledFrom(keys).Draw(t, "key")
		switch rapid.IntRange(0, 5).Draw(t, "edit") {
		case 0:
			if len(s.rows) > 1 {
				delete(s.rows, k)
			}
		case 1:
			s.rows[k+rapid.IntRange(1, 3).Draw(t, "new")] = map[string]string{"a": word(t), "b": word(t)}
		default:
			if row := s.rows[k]; row != nil {
				row[rapid.SampledFrom(s.columns).Draw(t, "cell")] = word(t)
			}
		}
	}
	return s
}

// outcome is what a merge came to.
type outcome struct {
	Conflicts []string // dataset, key, column, kind and values, the sides in the order asked for
	Text      string   // rows, in the order of keys and of names of columns
}

// outcome of the merge of branch theirs into branch ours; mirrored says that it is
// told from the other side.
func (w *mergeWorld) outcome(ours, theirs string, mirrored bool) (o outcome, stopped bool) {
	ctx := context.Background()
	w.switchTo(strata.SwitchOptions{Target: ours})
	before := w.file()
	_, err := w.r.Merge(ctx, strata.MergeOptions{Revisions: []string{theirs}, FastForward: "no"})
	var conflict *strata.ConflictError
	if stopped = errors.As(err, &conflict); stopped {
		c, err := w.r.Conflicts(ctx, strata.ConflictsOptions{})
		w.do(err)
		for x, err := range c.All(ctx) {
			w.do(err)
			a, b, kind := x.Ours, x.Theirs, x.Kind
			if mirrored {
				a, b = b, a
				switch kind {
				case "deleted-by-us":
					kind = "deleted-by-them"
				case "deleted-by-them":
					kind = "deleted-by-us"
				}
			}
			o.Conflicts = append(o.Conflicts, fmt.Sprintf("%s/%s %s %s %s %s %s", x.Dataset, x.Key, x.Column, kind, x.Base, a, b))
		}
		if int64(len(o.Conflicts)) != conflict.Total() {
			w.t.Fatalf("%d conflicts are listed of %d", len(o.Conflicts), conflict.Total())
		}
		w.clean(true)
		side := "ours"
		if mirrored {
			side = "theirs"
		}
		res, err := w.r.ResolveConflicts(ctx, strata.ResolveOptions{Side: side})
		w.do(err)
		if res.Left != 0 {
			w.t.Fatalf("%d conflicts are left of %v", res.Left, o.Conflicts)
		}
		w.clean(true)
		merged := w.file()
		_, err = w.r.Abort(ctx, false, "merge")
		w.do(err)
		if got := w.file(); got != before {
			w.t.Fatalf("taken back the file is\n%s\nand it was\n%s", got, before)
		}
		w.clean(false)
		w.do(os.WriteFile(filepath.Join(w.dir, "t.csv"), []byte(merged), 0o666))
		o.Text = w.rows()
		_, err = w.r.Restore(ctx, strata.RestoreOptions{Dir: w.dir, Addresses: []string{"t.csv"}})
		w.do(err)
		return o, true
	}
	w.do(err)
	w.clean(false)
	o.Text = w.rows()
	_, err = w.r.Reset(ctx, strata.ResetOptions{Mode: "hard", Revision: "HEAD~1"})
	w.do(err)
	return o, false
}

// rows returns the working file with its columns in the order of their names.
func (w *mergeWorld) rows() string {
	lines := strings.Split(strings.TrimSuffix(w.file(), "\n"), "\n")
	head := strings.Split(lines[0], ",")
	var out []string
	for _, line := range lines[1:] {
		cells := strings.Split(line, ",")
		var named []string
		for i, name := range head {
			named = append(named, name+"="+cells[i])
		}
		slices.Sort(named)
		out = append(out, strings.Join(named, " "))
	}
	slices.Sort(head)
	return strings.Join(head, " ") + "\n" + strings.Join(out, "\n")
}

// merge(A, B) and merge(B, A) come to the same rows and to mirrored conflicts; what
// a merge writes is what it staged; taking it back gives the same bytes.
func TestMergeLaws(t *testing.T) {
	// Every one makes a repository on the disk.
	passed, most, failed := 0, 20, false
	if os.Getenv("STRATA_NIGHTLY") != "" {
		most = 1000
	}
	rapid.Check(t, func(rt *rapid.T) {
		if passed == most && !failed {
			return
		}
		failed = true // until it has come through
		w := newMergeWorld(rt)
		base := drawBase(rt)
		a, b := drawEdit(rt, base), drawEdit(rt, base)
		w.commit(base, "base")
		w.switchTo(strata.SwitchOptions{Target: "a", Create: true})
		w.commit(a, "a")
		w.switchTo(strata.SwitchOptions{Target: "b", Create: true, Start: "main"})
		w.commit(b, "b")
		one, stopped := w.outcome("a", "b", false)
		two, _ := w.outcome("b", "a", true)
		if diff := cmp.Diff(one, two); diff != "" {
			rt.Fatalf("merge(a, b) against merge(b, a), stopped %v:\n%s", stopped, diff)
		}
		if !stopped {
			want := join(base, a, b)
			w.do(os.WriteFile(filepath.Join(w.dir, "t.csv"), []byte(want.text()), 0o666))
			if diff := cmp.Diff(w.rows(), one.Text); diff != "" {
				rt.Fatalf("merged (-model +strata):\n%s", diff)
			}
		}
		failed = false
		passed++
	})
}

// join is the three-way merge of the model where nothing conflicts.
func join(base, a, b sheet) sheet {
	out := a.clone()
	for _, c := range b.columns {
		if !slices.Contains(out.columns, c) {
			out.columns = append(out.columns, c)
		}
	}
	for k, was := range base.rows {
		x, y := a.rows[k], b.rows[k]
		if x == nil || y == nil {
			delete(out.rows, k)
			continue
		}
		for _, c := range out.columns {
			if x[c] == was[c] {
				out.rows[k][c] = y[c]
			}
		}
	}
	for k, row := range b.rows {
		if base.rows[k] == nil && a.rows[k] == nil {
			out.rows[k] = row
		} else if base.rows[k] == nil {
			for _, c := range out.columns {
				if out.rows[k][c] == "" {
					out.rows[k][c] = row[c]
				}
			}
		}
	}
	return out
}

// Where two branches were merged into each other, both merges are common commits:
// what they settled in the same way is no conflict any more.
func TestMergeCrossing(t *testing.T) {
	w := newMergeWorld(t)
	ctx := context.Background()
	row := func(v ...string) sheet {
		s := sheet{columns: []string{"v"}, rows: map[int]map[string]string{}}
		for i, x := range v {
			s.rows[i] = map[string]string{"v": x}
		}
		return s
	}
	w.commit(row("x", "x", "x"), "base")
	w.switchTo(strata.SwitchOptions{Target: "a", Create: true})
	w.commit(row("a", "x", "x"), "a")
	w.switchTo(strata.SwitchOptions{Target: "b", Create: true, Start: "main"})
	w.commit(row("x", "b", "x"), "b")
	_, err := w.r.Merge(ctx, strata.MergeOptions{Revisions: []string{"a"}})
	w.do(err)
	w.switchTo(strata.SwitchOptions{Target: "a"})
	_, err = w.r.Merge(ctx, strata.MergeOptions{Revisions: []string{"b~1"}})
	w.do(err)
	// Both have (a, b, x) now and two best common commits.
	bases, err := w.r.MergeBase(ctx, strata.MergeBaseOptions{A: "a", B: "b", All: true})
	w.do(err)
	if len(bases) != 2 {
		t.Fatalf("%d common commits", len(bases))
	}
	x, y := "1", "2"
	w.commit(row("a"+x, "b", "x"), "a2")
	w.switchTo(strata.SwitchOptions{Target: "b"})
	w.commit(row("a", "b", "x"+y), "b2")
	res, err := w.r.Merge(ctx, strata.MergeOptions{Revisions: []string{"a"}})
	w.do(err)
	if len(res.Bases) != 2 {
		t.Fatalf("merged from %v", res.Bases)
	}
	if got, want := w.file(), row("a"+x, "b", "x"+y).text(); got != want {
		t.Fatalf("merged:\n%s\nwant:\n%s", got, want)
	}
}

// A repository without working files merges what does not conflict.
func TestMergeBare(t *testing.T) {
	w := newMergeWorld(t)
	ctx := context.Background()
	row := func(a, b string) sheet {
		return sheet{columns: []string{"a", "b"}, rows: map[int]map[string]string{1: {"a": a, "b": b}}}
	}
	w.commit(row("x", "x"), "base")
	for name, s := range map[string]sheet{"left": row("l", "x"), "right": row("x", "r"), "clash": row("c", "x")} {
		w.switchTo(strata.SwitchOptions{Target: name, Create: true, Start: "main"})
		w.commit(s, name)
	}
	w.switchTo(strata.SwitchOptions{Target: "left"})
	bare := filepath.Join(t.TempDir(), "bare")
	w.do(os.CopyFS(bare, os.DirFS(filepath.Join(w.dir, ".strata"))))
	w.do(os.WriteFile(filepath.Join(bare, "config.toml"), []byte("[core]\nbare = true\n"), 0o666))
	env := map[string]string{"STRATA_AUTHOR_NAME": "Ana", "STRATA_AUTHOR_EMAIL": "ana@example.com"}
	r, err := strata.Open(ctx, bare, strata.Options{Getenv: func(n string) string { return env[n] }})
	w.do(err)
	defer r.Close()
	res, err := r.Merge(ctx, strata.MergeOptions{Revisions: []string{"right"}})
	w.do(err)
	if res.Outcome != "merged" {
		t.Fatalf("outcome %s", res.Outcome)
	}
	var b strings.Builder
	_, err = r.Export(ctx, &b, strata.ExportOptions{ScanOptions: strata.ScanOptions{Address: "HEAD:t"}, Format: "csv"})
	w.do(err)
	if want := row("l", "r").text(); b.String() != want {
		t.Errorf("merged %q, want %q", b.String(), want)
	}
	if _, err := r.Merge(ctx, strata.MergeOptions{Revisions: []string{"clash"}}); err == nil || !strings.Contains(err.Error(), "1 cell of t differs") {
		t.Errorf("a conflict in a bare repository: %v", err)
	}
	if u, err := r.Unfinished(ctx); u != nil || err != nil {
		t.Errorf("something is left: %+v, %v", u, err)
	}
	if pos, err := r.Position(ctx); err != nil || pos.Commit != res.Head {
		t.Errorf("HEAD is at %s, %v", pos.Commit, err)
	}
}

// Documents of results marshal, the empty ones too.
func TestMergeDocuments(t *testing.T) {
	for _, v := range []any{strata.MergeResult{}, strata.PickResult{}, strata.ResolveResult{}, strata.ConflictsDocument{}, strata.AbortResult{}} {
		if _, err := json.Marshal(v); err != nil {
			t.Errorf("%T: %v", v, err)
		}
	}
}
