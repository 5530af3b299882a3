package reliability

import (
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/strata-data/strata/internal/cli"
	"github.com/strata-data/strata/internal/fault"
)

// asProgram in the environment makes the test binary be the program strata.
const asProgram = "STRATA_RELIABILITY_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(program(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// program is main of cmd/strata.
func program(args []string) int {
	if err := fault.Arm(os.Getenv(fault.EnvironmentVariable)); err != nil {
		return 2
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	env := &cli.Env{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Environ: os.Environ(), Signals: signals, Exit: os.Exit,
		LimitMemory: func(bytes int64) { debug.SetMemoryLimit(bytes - bytes/8) }}
	now := time.Now()
	if fixed, err := time.Parse(time.RFC3339, os.Getenv("STRATA_TEST_NOW")); err == nil {
		now = fixed
	}
	env.Now = func() time.Time { return now }
	env.Dir, _ = os.Getwd()
	return cli.Run(env, args)
}

// settings are the environment of every command, whoever runs the tests.
func settings(home string, now time.Time) []string {
	return []string{"HOME=" + home, "XDG_CONFIG_HOME=" + home, "STRATA_AUTHOR_NAME=Ana Ito", "STRATA_AUTHOR_EMAIL=ana@example.com",
		"STRATA_TEST_NOW=" + now.Format(time.RFC3339), "TZ=UTC", "NO_COLOR=1"}
}

// command returns the program, ready to run in dir.
func command(dir string, now time.Time, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Dir = dir
	cmd.Env = append(settings(dir, now), asProgram+"=1", "PATH="+os.Getenv("PATH"), "GORACE=atexit_sleep_ms=0", "TMPDIR="+os.TempDir())
	return cmd
}

// nightly reports whether the long runs are wanted.
func nightly() bool { return os.Getenv("STRATA_NIGHTLY") != "" }

// quote writes a command line as one would type it.
func quote(args []string) string {
	out := make([]string, len(args))
	for i, a := range args {
		if out[i] = a; a == "" || strings.ContainsAny(a, " \t\n\"'*?$") {
			out[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return "strata " + strings.Join(out, " ")
}
