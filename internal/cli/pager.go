package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
)

// errPagerClosed says that the reader left the pager before the end, which is
// how one reads a long output; it is no failure.
var errPagerClosed = errors.New("pager closed")

// pager is a running pager program that shows standard output.
type pager struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *output
}

// Page sends what the command prints from here on through the user's pager, if
// standard output is a terminal and a pager is wanted. Verbs with long output
// (log, diff, show, help) call it once before they print.
func (e *Env) Page(ctx context.Context) error {
	if !e.Terminal.Out || e.Flags.NoPager || e.Flags.JSON || e.pager != nil {
		return nil
	}
	program := e.pagerProgram()
	if program == "" || program == "cat" {
		return nil
	}
	cmd := shellCommand(program)
	cmd.Stdout, cmd.Stderr = e.out.dst, e.Err
	cmd.Env = e.pagerEnviron()
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start the pager %s: %w", program, err)
	}
	if err := cmd.Start(); err != nil {
		e.Log.Warn("the pager cannot be started", "pager", program, "error", err)
		return nil
	}
	e.pager = &pager{cmd: cmd, in: in, out: e.out}
	e.out.redirect(in)
	return nil
}

// pagerProgram returns the command line of the pager: STRATA_PAGER, core.pager,
// PAGER, less. An empty one or cat means none.
func (e *Env) pagerProgram() string {
	if p, ok := lookUp(e.Environ, "STRATA_PAGER"); ok {
		return p
	}
	if p, ok := e.Config("core.pager"); ok {
		return p
	}
	if p, ok := lookUp(e.Environ, "PAGER"); ok {
		return p
	}
	return "less"
}

// pagerEnviron adds what git gives to less and lv where the user says nothing.
func (e *Env) pagerEnviron() []string {
	env := e.Environ
	for _, v := range []string{"LESS=FRX", "LV=-c"} {
		name, _, _ := strings.Cut(v, "=")
		if _, ok := lookUp(env, name); !ok {
			env = append(env[:len(env):len(env)], v)
		}
	}
	return env
}

// lookUp finds a variable in a list of name=value; an empty value counts.
func lookUp(environ []string, name string) (string, bool) {
	for i := len(environ) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(environ[i], name+"="); ok {
			return v, true
		}
	}
	return "", false
}

func shellCommand(line string) *exec.Cmd {
	if runtime.GOOS == "windows" {
		words := strings.Fields(line)
		return exec.Command(words[0], words[1:]...)
	}
	return exec.Command("sh", "-c", line)
}

// wait lets the pager show the rest and waits until its reader leaves it.
func (p *pager) wait() error {
	p.in.Close() // the pager may have closed it first
	err := p.cmd.Wait()
	if closedPipe(p.out.Flush()) {
		return errPagerClosed
	}
	if err != nil {
		return fmt.Errorf("pager: %w", err)
	}
	return nil
}
