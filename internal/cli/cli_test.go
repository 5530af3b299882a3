package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/vfs"
)

// runVerb runs a verb of the test's own, named "it", and returns what the
// process would have shown.
func runVerb(t *testing.T, env *Env, args []string, run func(ctx context.Context, env *Env) error) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	if env.Out == nil {
		env.Out = &o
	}
	env.Err = &e
	if env.Dir == "" {
		env.Dir = t.TempDir()
	}
	verb := &cobra.Command{Use: "it", Short: "Do it", RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), env) }}
	verb.Flags().Int("limit", 20, "how many")
	env.extra = []*cobra.Command{verb}
	code = Run(env, append([]string{"it"}, args...))
	return code, o.String(), e.String()
}

func getenv(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestErrorsOfLowerLayers(t *testing.T) {
	id := object.Sum([]byte("x"))
	for _, tc := range []struct {
		name string
		err  error
		code int
		want string
	}{
		{"answer is no", errNo, 1, ""},
		{"corrupt", fmt.Errorf("read page: %w", &object.CorruptError{ID: id, Place: "a.seg+17"}), 7,
			"error[corrupt-object]: read page: object " + id.String() + " corrupt at a.seg+17\nhint: strata fsck\n"},
		{"newer", fmt.Errorf("open: %w", object.ErrUnsupported), 7, "error[unsupported-format]: open: written by a newer version\nhint: strata version\n"},
		{"missing object", object.ErrNotFound, 3, "error[missing-object]: object not found\nhint: strata fsck\n"},
		{"locked", &vfs.LockedError{Path: "lock", Holder: vfs.Holder{PID: 7, Host: "box", Command: "strata add"}}, 6,
			"error[locked]: lock is locked by process 7 on box (strata add)\nhint: wait until process 7 has finished, then run the same command again\n"},
		{"bad line", fmt.Errorf("train.csv: %w", &format.SyntaxError{Line: 9, Msg: "3 fields, want 4", Hint: "strata add --ragged"}), 7,
			"error[bad-input]: train.csv: line 9: 3 fields, want 4\nhint: strata add --ragged\n"},
		{"value of another type", &format.ValueError{Line: 88, Column: "score", Type: column.Of(column.Float64), Value: "n/a", Needed: column.Of(column.String)}, 7,
			"error[schema-change]: line 88: column score is float64, value \"n/a\" is not\nhint: fix the line, or accept the change with --allow-type score=string\n"},
		{"no such file", &fs.PathError{Op: "open", Path: "x.csv", Err: syscall.ENOENT}, 3, "error[path-not-found]: open x.csv: no such file or directory\n"},
		{"no permission", &fs.PathError{Op: "open", Path: "x.csv", Err: syscall.EACCES}, 4, "error[not-allowed]: open x.csv: permission denied\n"},
		{"disk full", &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, 9,
			"error[disk-full]: write x: no space left on device\nhint: free some space, then run the same command again\n"},
		{"anything", errors.New("odd"), 9, "error[failed]: odd\nhint: strata doctor\n"},
		{"failure", &Failure{Slug: "would-overwrite", Message: "train has changes", Cause: "they are staged", Hints: []string{"strata commit"}}, 8,
			"error[would-overwrite]: train has changes\ncause: they are staged\nhint: strata commit\n"},
		{"wrapped failure", fmt.Errorf("train: %w", &Failure{Slug: "conflict", Message: "14 cells differ", Hints: []string{"strata conflicts"}}), 1,
			"error[conflict]: train: 14 cells differ\nhint: strata conflicts\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			code, out, errOut := runVerb(t, &Env{}, nil, func(context.Context, *Env) error { return tc.err })
			if code != tc.code || out != "" {
				t.Errorf("exit code %d, want %d; output %q", code, tc.code, out)
			}
			if diff := cmp.Diff(tc.want, errOut); diff != "" {
				t.Errorf("standard error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrorDocument(t *testing.T) {
	_, _, errOut := runVerb(t, &Env{}, []string{"--json"}, func(context.Context, *Env) error {
		return &Failure{Slug: "ref-moved", Message: "main is now 9c01d77", Hints: []string{"strata pull   then push again", "ask ben"}}
	})
	lines := strings.Split(strings.TrimRight(errOut, "\n"), "\n")
	var got map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &got); err != nil {
		t.Fatalf("last line %q: %v", lines[len(lines)-1], err)
	}
	want := map[string]any{
		"schema": "strata.error/1", "slug": "ref-moved", "exit": 6.0, "message": "main is now 9c01d77",
		"hint": "strata pull   then push again; ask ben", "try": []any{"strata pull"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPanicIsABug(t *testing.T) {
	for _, tc := range []struct {
		name string
		repo bool
	}{{"in a repository", true}, {"elsewhere", false}} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("TMPDIR", dir)
			if tc.repo {
				if code := Run(&Env{Out: new(bytes.Buffer), Err: new(bytes.Buffer), Dir: dir}, []string{"init"}); code != 0 {
					t.Fatalf("init: exit code %d", code)
				}
			}
			code, out, errOut := runVerb(t, &Env{Dir: dir}, nil, func(_ context.Context, env *Env) error {
				env.Printf("before\n")
				var rows []int
				_ = rows[len(rows)]
				return nil
			})
			if code != 70 || out != "before\n" {
				t.Errorf("exit code %d, output %q", code, out)
			}
			if !strings.HasPrefix(errOut, "error[bug]: runtime error: index out of range [0] with length 0\nhint: report it with the file ") || strings.Count(errOut, "\n") != 2 {
				t.Errorf("standard error %q", errOut)
			}
			pattern := filepath.Join(dir, "strata-error-*.log")
			if tc.repo {
				pattern = filepath.Join(dir, ".strata", "last-error.log")
			}
			found, _ := filepath.Glob(pattern)
			if len(found) != 1 {
				t.Fatalf("files that match %s: %v", pattern, found)
			}
			text, _ := os.ReadFile(found[0])
			if !strings.Contains(string(text), "TestPanicIsABug") || !strings.Contains(string(text), `command: ["it"]`) {
				t.Errorf("log:\n%s", text)
			}
		})
	}
}

func TestSignals(t *testing.T) {
	for _, tc := range []struct {
		name   string
		sig    os.Signal
		resume string
		code   int
		want   string
	}{
		{"interrupt", os.Interrupt, "412 of 913 objects are there; run the same push again to continue", 130,
			"interrupted: 412 of 913 objects are there; run the same push again to continue\n"},
		{"terminate", syscall.SIGTERM, "", 143, "interrupted: stopped before the end; run the same command again to continue\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			signals := make(chan os.Signal)
			code, _, errOut := runVerb(t, &Env{Signals: signals}, nil, func(ctx context.Context, env *Env) error {
				env.OnInterrupt(tc.resume)
				signals <- tc.sig
				<-ctx.Done()
				return fmt.Errorf("read train.csv: %w", ctx.Err())
			})
			if code != tc.code || errOut != tc.want {
				t.Errorf("exit code %d, standard error %q; want %d, %q", code, errOut, tc.code, tc.want)
			}
		})
	}
}

func TestSecondSignalLeavesAtOnce(t *testing.T) {
	signals, left := make(chan os.Signal), make(chan int, 1)
	env := &Env{Signals: signals, Exit: func(code int) { left <- code }}
	runVerb(t, env, nil, func(ctx context.Context, _ *Env) error {
		signals <- os.Interrupt
		signals <- os.Interrupt
		if code := <-left; code != 130 {
			t.Errorf("left with %d, want 130", code)
		}
		return ctx.Err()
	})
}

func TestClosedPipeIsSilent(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	code, _, errOut := runVerb(t, &Env{Out: w}, nil, func(ctx context.Context, env *Env) error {
		for ctx.Err() == nil { // a verb that never looks at the result of a write
			env.Printf("line\n")
		}
		return ctx.Err()
	})
	if code != 141 || errOut != "" {
		t.Errorf("exit code %d, standard error %q; want 141 and nothing", code, errOut)
	}
}

func TestFullDiskUnderStandardOutput(t *testing.T) {
	full := writerFunc(func([]byte) (int, error) { return 0, syscall.ENOSPC })
	code, _, errOut := runVerb(t, &Env{Out: full}, nil, func(_ context.Context, env *Env) error {
		env.Printf("a little, which is only written at the end")
		return nil
	})
	if code != 9 || !strings.HasPrefix(errOut, "error[disk-full]: write standard output: no space left on device\n") {
		t.Errorf("exit code %d, standard error %q", code, errOut)
	}
}

func TestFlagBeforeVariable(t *testing.T) {
	for _, tc := range []struct {
		name  string
		vars  map[string]string
		args  []string
		color string
		limit string
		mem   int64
	}{
		{"defaults", nil, nil, "auto", "20", 1 << 30},
		{"variables", map[string]string{"STRATA_COLOR": "always", "STRATA_IT_LIMIT": "7", "STRATA_MEM": "64MiB"}, nil, "always", "7", 64 << 20},
		{"flags win", map[string]string{"STRATA_COLOR": "always", "STRATA_IT_LIMIT": "7", "STRATA_MEM": "64MiB"},
			[]string{"--color=never", "--limit", "9", "--mem", "2g"}, "never", "9", 2 << 30},
		{"empty is not set", map[string]string{"STRATA_COLOR": "", "STRATA_IT_LIMIT": ""}, nil, "auto", "20", 1 << 30},
		{"of another verb", map[string]string{"STRATA_LIMIT": "7"}, nil, "auto", "20", 1 << 30},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var told int64
			env := &Env{Getenv: getenv(tc.vars), LimitMemory: func(n int64) { told = n }}
			code, out, errOut := runVerb(t, env, tc.args, func(_ context.Context, env *Env) error {
				limit := env.extra[0].Flags().Lookup("limit")
				env.Printf("%s %s", env.Flags.Color, limit.Value)
				return nil
			})
			if code != 0 || out != tc.color+" "+tc.limit || told != tc.mem {
				t.Errorf("code %d, %q, mem %d; want %s %s, mem %d; %s", code, out, told, tc.color, tc.limit, tc.mem, errOut)
			}
		})
	}
}

// Every slug that the package's sources mention has a page, and every page an
// exit code that the help explains.
func TestSlugsArePages(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(text), `Slug: "`)[1:] {
			name, _, _ := strings.Cut(part, `"`)
			if _, ok := lookUpSlug(name); !ok {
				t.Errorf("%s: slug %q is not in slugs.go", file, name)
			}
		}
	}
	codes := map[int]bool{}
	for _, c := range exitCodes() {
		codes[c.code] = true
	}
	seen := map[string]bool{}
	for _, s := range slugs() {
		if !codes[s.exit] {
			t.Errorf("%s: exit code %d is not explained", s.name, s.exit)
		}
		if seen[s.name] {
			t.Errorf("%s is listed twice", s.name)
		}
		seen[s.name] = true
		if _, isTopic := lookUpTopic(s.name); isTopic {
			t.Errorf("%s is a topic too", s.name)
		}
	}
}

// Every verb can be explained, has an example, and says what it does in one
// imperative line.
func TestVerbsAreDocumented(t *testing.T) {
	env := &Env{Out: new(bytes.Buffer), Err: new(bytes.Buffer)}
	env.begin(nil, func(error) {})
	for _, cmd := range allCommands(newRoot(env))[1:] {
		if cmd.Hidden {
			continue
		}
		name := verbOf(cmd)
		switch {
		case cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") || strings.ToUpper(cmd.Short[:1]) != cmd.Short[:1]:
			t.Errorf("%s: Short is %q; want a capital, imperative, no full stop", name, cmd.Short)
		case cmd.Example == "" && !cmd.HasSubCommands():
			t.Errorf("%s has no example", name)
		case cmd.RunE == nil:
			t.Errorf("%s has no RunE", name)
		case cmd.PersistentPreRunE != nil || cmd.PersistentPreRun != nil:
			t.Errorf("%s hides the root's PersistentPreRunE", name)
		}
	}
}

func TestOpenRepo(t *testing.T) {
	dir := t.TempDir()
	open := func(ctx context.Context, env *Env) error {
		r, err := env.OpenRepo(ctx)
		if err != nil {
			return err
		}
		again, err := env.OpenRepo(ctx)
		if again != r {
			t.Error("the repository was opened twice")
		}
		return err
	}
	code, _, errOut := runVerb(t, &Env{Dir: dir}, nil, open)
	want := "error[not-a-repo]: no strata repository in " + dir + " or any parent\nhint: strata init   (or pass -C DIR)\n"
	if code != 3 || errOut != want {
		t.Errorf("without one: exit code %d, %q, want %q", code, errOut, want)
	}
	if code := Run(&Env{Out: new(bytes.Buffer), Err: new(bytes.Buffer), Dir: dir}, []string{"init"}); code != 0 {
		t.Fatalf("init: exit code %d", code)
	}
	if code, _, errOut := runVerb(t, &Env{Dir: dir}, nil, open); code != 0 {
		t.Errorf("exit code %d, %q", code, errOut)
	}
	if err := os.WriteFile(filepath.Join(dir, ".strata", "config.toml"), []byte("[core\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := runVerb(t, &Env{Dir: dir}, nil, open); code != 2 || !strings.HasPrefix(errOut, "error[bad-config]: ") {
		t.Errorf("broken settings: exit code %d, %q", code, errOut)
	}
}

// What completion lists, in a repository, in an empty one and outside.
func TestCompletion(t *testing.T) {
	dir := t.TempDir()
	words := func(complete func(*Env) completer, typed string) (got []string) {
		runVerb(t, &Env{Dir: dir}, nil, func(_ context.Context, env *Env) error {
			got, _ = complete(env)(env.extra[0], nil, typed)
			return nil
		})
		return got
	}
	if got := words(completeRevisions, ""); len(got) != 0 {
		t.Errorf("outside: revisions %q", got)
	}
	r := makeHistory(t, dir)
	defer r.Close()
	for _, tc := range []struct {
		name     string
		complete func(*Env) completer
		typed    string
		want     []string
	}{
		{"revisions", completeRevisions, "", []string{"HEAD", "main", "topic", "v1"}},
		{"beginning", completeRevisions, "to", []string{"topic"}},
		{"datasets", completeDatasets, "", []string{"train", "val"}},
		{"one dataset", completeDatasets, "v", []string{"val"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, words(tc.complete, tc.typed)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// makeHistory makes a repository in dir with one commit of two datasets and a
// system table, on which main, topic and the tag v1 stand.
func makeHistory(t *testing.T, dir string) *repo.Repo {
	t.Helper()
	ctx := context.Background()
	if _, err := repo.Init(ctx, dir, repo.InitOptions{}); err != nil {
		t.Fatal(err)
	}
	r, err := repo.Open(ctx, dir, repo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	table := object.Sum([]byte("no table needs to be there"))
	tree, err := repo.NewTree([]repo.Entry{{Name: "train", Table: table}, {Name: "val", Table: table}, {Name: "@files", Table: table}})
	if err != nil {
		t.Fatal(err)
	}
	treeBytes, err := tree.Encode()
	if err != nil {
		t.Fatal(err)
	}
	by := repo.NewSignature("Ana Ito", "ana@example.com", time.Unix(1767323045, 0))
	commitBytes, err := (&repo.Commit{Tree: object.Sum(treeBytes), Author: by, Committer: by, Message: "First\n", Generation: 1}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	w, err := r.Objects().NewWriter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range [][]byte{treeBytes, commitBytes} {
		if _, err := w.Put(ctx, b, store.Hint{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Publish(ctx); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{repo.BranchRef("main"), repo.BranchRef("topic"), repo.TagRef("v1")} {
		if err := r.UpdateRefs(ctx, repo.RefChange{Name: name, New: object.Sum(commitBytes), By: by}); err != nil {
			t.Fatal(err)
		}
	}
	return r
}
