package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

func newBisectRunCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run CMD [ARG...]",
		Short: "Let a command say which commits are good",
		Long: "Exit code 0 means good, 125 that the commit cannot be tested, any other up to 127\n" +
			"bad; from 128 on, or killed by a signal, the search stops. The commit is checked out,\n" +
			"and in STRATA_BISECT_HEAD.",
		Example: "  strata bisect run make test\n  strata bisect run sh -c 'strata export train | python check.py'",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return runBisectRun(cmd.Context(), env, args) },
	}
	cmd.Flags().SetInterspersed(false) // flags behind the command are the command's
	return cmd
}

// The exit codes by which a command of bisect run answers.
const (
	testSkip       = 125
	testCannotRun  = 126 // as a shell says that a command cannot be executed
	testNotFound   = 127 // or that there is none
	testEnds       = 128
	testNotStarted = -1
)

func runBisectRun(ctx context.Context, env *Env, args []string) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	env.OnInterrupt("the bisection goes on with: strata bisect run " + strings.Join(args, " "))
	res, err := r.BisectNext(ctx)
	if err != nil {
		return refusedTo("bisecting", err, "strata commit, or strata stash")
	}
	if res.Status == "waiting" {
		return usagef("strata bisect "+res.Old+" REV, strata bisect "+res.New+" REV", "bisect run cannot begin: it is %s", bisectWaits(res))
	}
	for first := true; res.Status == "testing"; first = false {
		env.Notef("running %s", strings.Join(args, " "))
		code, err := env.testCommit(ctx, res.Next.ID, args)
		if err != nil {
			return err
		}
		if first && (code == testCannotRun || code == testNotFound) {
			if err := env.checkTest(ctx, r, res, args, code); err != nil {
				return err
			}
		}
		word := res.New
		switch code {
		case 0:
			word = res.Old
		case testSkip:
			word = "skip"
		}
		if res, err = r.BisectMark(ctx, word, []string{res.Next.ID.String()}); err != nil {
			return refusedTo("bisecting", err, "strata commit, or strata stash")
		}
		if !env.Flags.JSON && res.Status == "testing" {
			if err := printBisect(env, res); err != nil {
				return err
			}
		}
	}
	return printBisect(env, res)
}

// testCommit runs the command on the commit that is checked out and returns its
// exit code, from 0 to 127.
func (e *Env) testCommit(ctx context.Context, id strata.ID, args []string) (int, error) {
	e.out.Flush()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = e.workDir()
	cmd.Env = append(e.Environ[:len(e.Environ):len(e.Environ)], "STRATA_BISECT_HEAD="+id.String())
	cmd.Stdin, cmd.Stderr = e.In, e.Err
	cmd.Stdout = io.Writer(e.out)
	if e.Flags.JSON {
		cmd.Stdout = e.Err // standard output is for one document
	}
	err := cmd.Run()
	if cause := context.Cause(ctx); cause != nil {
		return 0, cause
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case !errors.As(err, &exit):
		return 0, &Failure{Slug: "command-failed", Message: "bisect run cannot start " + args[0], Cause: err.Error(), Err: err}
	case exit.ExitCode() == testNotStarted || exit.ExitCode() >= testEnds:
		return 0, &Failure{Slug: "command-failed", Message: fmt.Sprintf("bisect run stopped: %s ended with %s", args[0], exit.ProcessState),
			Hints: []string{"strata bisect good, bad or skip, then strata bisect run again"}, Err: err}
	}
	return exit.ExitCode(), nil
}

// checkTest runs a command whose first answer may mean that it cannot be run at
// all on a commit that is known to be good.
func (e *Env) checkTest(ctx context.Context, r *strata.Repo, res *strata.BisectResult, args []string, code int) error {
	if res.NoCheckout {
		return nil
	}
	good := res.Good[0]
	if _, err := r.Switch(ctx, strata.SwitchOptions{Target: good.String(), Detach: true}); err != nil {
		return err
	}
	again, err := e.testCommit(ctx, good, args)
	if err != nil {
		return err
	}
	if again == code {
		return &Failure{Slug: "command-failed", Message: fmt.Sprintf("%s ends with exit code %d on the %s commit %s too: it cannot be run", args[0], code, res.Old, good.Short())}
	}
	_, err = r.BisectNext(ctx)
	return err
}
