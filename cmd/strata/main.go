// Command strata is git for the samples that models learn from. Everything it
// does is in internal/cli; here it is given the real process.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/strata-data/strata/internal/cli"
	"github.com/strata-data/strata/internal/fault"
)

// version is set by the linker: -X main.version=v1.2.3.
var version string

func main() {
	if err := fault.Arm(os.Getenv(fault.EnvironmentVariable)); err != nil {
		fmt.Fprintln(os.Stderr, "strata:", err)
		os.Exit(2)
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // a closed pipe is an error of the write
	env := &cli.Env{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Getenv: os.Getenv, Environ: os.Environ(), Now: time.Now,
		Signals: signals, Exit: os.Exit, Build: cli.Build{Version: version},
		LimitMemory: limitMemory,
	}
	env.Dir, _ = os.Getwd() // "" where it was removed; every path is then reported as missing
	env.Inspect(os.Stdin, os.Stdout, os.Stderr)
	os.Exit(cli.Run(env, os.Args[1:]))
}

// limitMemory lets the garbage collector wait longer for as long as the budget
// is kept, of which a part is left to what is not on the heap.
func limitMemory(bytes int64) {
	debug.SetMemoryLimit(bytes - bytes/8)
	debug.SetGCPercent(200)
}
