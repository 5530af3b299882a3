// Package cli is the outer shell: it turns a command line into one call of
// pkg/strata and the result into text, JSON and an exit code. It computes
// nothing about data.
//
// Every verb is a file of its own with newXCmd(env), whose options struct is
// filled from flags and whose run function opens the repository, makes one
// call and renders. The verbs are listed, in the order of the help page, in
// root.go. What all of them share is here too: the environment (env.go), global
// flags and their STRATA_* variables (globals.go), exit codes (exit.go), the
// words of errors (error.go, hint.go, slugs.go), help topics (topics.go),
// colour, pager, progress, and numbers for people (human.go).
//
// The one invariant: data goes to Out, words go to Err, and nothing reads the
// process's environment, clock or files except through Env. Start reading at
// Run, then Env, then one verb.
package cli

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/repo"
)

// Run executes one command line (without the program's name) and returns the
// exit code, having printed whatever there is to say. It never exits the
// process, except through env.Exit on a second signal. An Env is good for one Run.
func Run(env *Env, args []string) (code int) {
	ctx, cancel := context.WithCancelCause(repo.WithOperation(context.Background()))
	defer cancel(nil)
	stop := env.watchSignals(cancel)
	defer stop()
	env.begin(args, cancel)
	defer func() {
		if v := recover(); v != nil {
			code = env.crashed(v)
		}
	}()
	root := newRoot(env)
	root.SetArgs(gitArguments(args))
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.Err)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !env.started {
		err = asUsage(cmd, err)
	}
	return env.report(ctx, env.end(err))
}

// begin wraps the streams and derives what must be known before the flags are
// parsed, so that even a wrong flag is reported in the form that was asked for.
func (e *Env) begin(args []string, cancel context.CancelCauseFunc) {
	if e.In == nil {
		e.In = eofReader{}
	}
	if e.Getenv == nil {
		e.Getenv = func(string) string { return "" }
	}
	e.args = args
	e.Flags = Globals{Color: autoValue, Progress: autoValue, Mem: defaultMem, JSON: asksForJSON(args)}
	e.out = newOutput(e.Out, e.Terminal.Out, cancel)
	e.Out = e.out
	if e.Log == nil {
		e.Log = newLog(e)
	}
}

// end closes what the command left open, in the order in which a reader of
// the output notices: progress line, buffered output, pager, repository.
func (e *Env) end(err error) error {
	e.stopProgress()
	if ferr := e.out.Flush(); err == nil {
		err = ferr
	}
	if e.pager != nil {
		if perr := e.pager.wait(); err == nil || errors.Is(perr, errPagerClosed) {
			err = perr
		}
	}
	if cerr := e.closeRepo(); err == nil {
		err = cerr
	}
	return err
}

// gitArguments writes three habits of git in a form that the flag parser knows: -C
// before the verb as --directory, as behind some verbs -C is a flag of the verb,
// -5 behind log, reflog and head as -n5, and -SKEY as --gpg-sign=KEY.
func gitArguments(args []string) []string {
	out := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "-C" && i+1 < len(args):
			i++
			out = append(out, "--directory="+args[i])
		case strings.HasPrefix(a, "-C") && len(a) > 2:
			out = append(out, "--directory="+a[2:])
		case (a == "--directory" || a == "--repo" || a == "--color" || a == "--progress" || a == "--mem") && i+1 < len(args):
			out = append(out, a, args[i+1])
			i++
		case strings.HasPrefix(a, "-") && a != "--" && a != "-":
			out = append(out, a)
		default:
			return append(out, stickyKey(countArguments(args[i:]))...)
		}
	}
	return out
}

// countArguments writes -5 as -n5 behind a verb that counts.
func countArguments(args []string) []string {
	if args[0] != "log" && args[0] != "reflog" && args[0] != "head" {
		return args
	}
	out := slices.Clone(args)
	for i, a := range out {
		if a == "--" {
			break
		}
		if len(a) > 1 && a[0] == '-' && strings.Trim(a[1:], "0123456789") == "" && !strings.HasPrefix(out[i-1], "-") {
			out[i] = "-n" + a[1:]
		}
	}
	return out
}

// asksForJSON looks for --json before a "--", since flags after a wrong one
// are never parsed.
func asksForJSON(args []string) bool {
	for _, a := range args {
		switch a {
		case "--":
			return false
		case "--json", "--json=true", "--json=1":
			return true
		}
	}
	return false
}

type eofReader struct{}

func (eofReader) Read([]byte) (int, error) { return 0, io.EOF }

// verbOf returns the path of cmd below the root: "slice create".
func verbOf(cmd *cobra.Command) string {
	if cmd == nil || !cmd.HasParent() {
		return ""
	}
	if parent := verbOf(cmd.Parent()); parent != "" {
		return parent + " " + cmd.Name()
	}
	return cmd.Name()
}
