package cli

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/strata-data/strata/internal/fault"
)

var update = flag.Bool("update", os.Getenv("STRATA_UPDATE") != "", "rewrite goldens (also STRATA_UPDATE=1)")

// TestMain makes the test binary double as the strata program: scripts run it
// as a process of its own, with coverage.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"strata": strataMain})
}

// strataMain is cmd/strata with a clock that a script can set: STRATA_TEST_NOW
// in RFC 3339.
func strataMain() {
	if err := fault.Arm(os.Getenv(fault.EnvironmentVariable)); err != nil {
		fmt.Fprintln(os.Stderr, "strata:", err)
		os.Exit(2)
	}
	now := time.Now
	if s := os.Getenv("STRATA_TEST_NOW"); s != "" {
		fixed, err := time.Parse(time.RFC3339, s)
		if err != nil {
			fmt.Fprintln(os.Stderr, "STRATA_TEST_NOW:", err)
			os.Exit(2)
		}
		now = func() time.Time { return fixed }
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	env := &Env{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Getenv: os.Getenv, Environ: os.Environ(), Now: now,
		Signals: signals, Exit: os.Exit, Build: Build{Version: "v0.0.0-test", Commit: "none"},
		LimitMemory: func(bytes int64) { debug.SetMemoryLimit(bytes) },
	}
	env.Dir, _ = os.Getwd()
	env.Inspect(os.Stdin, os.Stdout, os.Stderr)
	os.Exit(Run(env, os.Args[1:]))
}

// TestScripts runs testdata/script. Each script has an empty home, a fixed
// identity and a fixed clock. $DATA is the directory of real data, with the
// condition [data] where it is present; [root] says that permissions do not
// hold anybody back; [python:NAME] that python3 has a module.
func TestScripts(t *testing.T) {
	root := moduleRoot(t)
	data := filepath.Join(filepath.Dir(root), "shared", "data")
	_, noData := os.Stat(data)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join(root, "testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, "home")
			for _, v := range [][2]string{
				{"HOME", home}, {"XDG_CONFIG_HOME", filepath.Join(home, ".config")}, {"DATA", data},
				{"STRATA_AUTHOR_NAME", "Ana Ito"}, {"STRATA_AUTHOR_EMAIL", "ana@example.com"},
				{"STRATA_TEST_NOW", "2026-01-02T03:04:05Z"}, {"TZ", "UTC"}, {"LC_ALL", "C"}, {"GORACE", "atexit_sleep_ms=0"},
				{"GIT_CONFIG_NOSYSTEM", "1"}, {"GIT_CONFIG_GLOBAL", filepath.Join(home, ".gitconfig")},
			} {
				e.Setenv(v[0], v[1])
			}
			return os.MkdirAll(home, 0o777)
		},
		Condition: func(cond string) (bool, error) {
			switch name, arg, _ := strings.Cut(cond, ":"); name {
			case "data":
				return noData == nil, nil
			case "root":
				return os.Geteuid() == 0, nil
			case "python":
				return exec.Command("python3", "-c", "import "+arg).Run() == nil, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fileeq":   scriptFileEq,
			"metaput":  scriptMetaPut,
			"jsonq":    scriptJSONQuery,
			"gen":      scriptGen,
			"flip":     scriptFlip,
			"edit":     scriptEdit,
			"exitcode": scriptExitCode,
		},
	})
}

// moduleRoot returns the directory that holds go.mod, found upwards.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test's directory")
		}
		dir = filepath.Dir(dir)
	}
}
