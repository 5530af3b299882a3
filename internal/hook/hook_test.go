package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// bench is a repository's directory with hooks.
type bench struct {
	*Runner
	t      *testing.T
	out    bytes.Buffer
	warned []string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("no /bin/sh here")
	}
	root := t.TempDir()
	b := &bench{t: t}
	b.Runner = &Runner{Dir: filepath.Join(root, "hooks"), Repository: filepath.Join(root, ".strata"), Root: root,
		Environ: []string{"PATH=" + os.Getenv("PATH")}, Out: &b.out, Warn: func(slug, text string) { b.warned = append(b.warned, slug+": "+text) }}
	if err := os.MkdirAll(b.Dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) hook(event, script string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.Dir, event), []byte(script), 0o777); err != nil {
		b.t.Fatal(err)
	}
}

// one describes a small event.
func one(context.Context) (*Event, error) {
	return &Event{Branch: "main", Old: "a", Datasets: []Dataset{{Name: "train", Change: "M", Modified: 2}}}, nil
}

func TestRunGivesTheDocument(t *testing.T) {
	b := newBench(t)
	b.hook(PreCommit, "#!/bin/sh\ncat; echo \"$STRATA_DIR $STRATA_HOOK $# $2\" >&2; pwd -P >&2\n")
	if err := b.Run(context.Background(), PreCommit, []string{"x", "y z"}, one); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitN(b.out.String(), "\n", 2)
	var got Event
	if err := json.Unmarshal([]byte(lines[0]), &got); err != nil {
		t.Fatal(err)
	}
	want := Event{Schema: "strata.hook/1", Event: PreCommit, Repository: b.Repository, Root: b.Root, Branch: "main", Old: "a",
		Datasets: []Dataset{{Name: "train", Change: "M", Modified: 2}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	root, err := filepath.EvalSymlinks(b.Root)
	if err != nil {
		t.Fatal(err)
	}
	if want := b.Repository + " pre-commit 2 y z\n" + root + "\n"; lines[1] != want {
		t.Errorf("environment, arguments, directory: %q, want %q", lines[1], want)
	}
}

func TestRunWithoutAHook(t *testing.T) {
	b := newBench(t)
	asked := func(context.Context) (*Event, error) { return nil, errors.New("nobody asked") }
	if err := b.Run(context.Background(), PostMerge, nil, asked); err != nil {
		t.Error(err)
	}
	if err := (*Runner)(nil).Run(context.Background(), PostMerge, nil, asked); err != nil {
		t.Error(err)
	}
	b.hook(PostMerge, "#!/bin/sh\n")
	if err := b.Run(context.Background(), PostMerge, nil, asked); err == nil {
		t.Error("an event that cannot be described is no error")
	}
}

func TestRunTellsHowAHookFailed(t *testing.T) {
	for _, tc := range []struct{ name, script, want string }{
		{"exit code", "#!/bin/sh\nexit 7\n", "exit code 7"},
		{"signal", "#!/bin/sh\nkill -TERM $$\n", "signal: terminated"},
		{"no interpreter", "#!/no/such/program\n", "no such file or directory"},
		{"no first line", "exit 9\n", "exit code 9"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t)
			b.hook(PreCommit, tc.script)
			err := b.Run(context.Background(), PreCommit, nil, one)
			if r := (*RefusedError)(nil); !errors.As(err, &r) || r.Hook != PreCommit || !strings.Contains(r.How, tc.want) {
				t.Errorf("%v, want %s", err, tc.want)
			}
			b.Tell(context.Background(), PreCommit, nil, one)
			if len(b.warned) != 1 || !strings.Contains(b.warned[0], tc.want) {
				t.Errorf("warnings %q, want one with %s", b.warned, tc.want)
			}
		})
	}
}

// A hook need not read its input, however long that is, and what it leaves
// running does not keep the command.
func TestRunDoesNotHang(t *testing.T) {
	b := newBench(t)
	long := func(context.Context) (*Event, error) { return &Event{Message: strings.Repeat("x", 1<<20)}, nil }
	b.hook(PreCommit, "#!/bin/sh\nexec 0<&-\n")
	if err := b.Run(context.Background(), PreCommit, nil, long); err != nil {
		t.Error(err)
	}
	b.hook(PostCommit, "#!/bin/sh\nsleep 600 &\necho $! > pid\n")
	if err := b.Run(context.Background(), PostCommit, nil, one); err != nil {
		t.Error(err)
	}
	stopLeftover(t, filepath.Join(b.Root, "pid"))
	ctx, cancel := context.WithCancel(context.Background())
	b.hook(PreMergeCommit, "#!/bin/sh\necho started > started\nexec sleep 600\n")
	go func() {
		for {
			if _, err := os.Stat(filepath.Join(b.Root, "started")); err == nil {
				cancel()
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	if err := b.Run(ctx, PreMergeCommit, nil, one); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
}

// stopLeftover ends the process whose id a hook has written down.
func stopLeftover(t *testing.T, name string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if err := json.Unmarshal(bytes.TrimSpace(b), &pid); err != nil {
		t.Fatal(err)
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoHook(t *testing.T) {
	b := newBench(t)
	path := filepath.Join(b.Dir, PreCommit)
	b.hook(PreCommit, "#!/bin/sh\nexit 1\n")
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := b.Run(context.Background(), PreCommit, nil, one); err != nil || len(b.warned) != 1 || !strings.Contains(b.warned[0], "chmod +x") {
		t.Errorf("not executable: %v, warnings %q", err, b.warned)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := b.Run(context.Background(), PreCommit, nil, one); err != nil || len(b.warned) != 1 {
		t.Errorf("a directory: %v, warnings %q", err, b.warned)
	}
}

func TestCommit(t *testing.T) {
	if got := Commit(""); got != strings.Repeat("0", 64) {
		t.Errorf("no commit is %s", got)
	}
	if got := Commit("ab"); got != "ab" {
		t.Errorf("ab is %s", got)
	}
}
