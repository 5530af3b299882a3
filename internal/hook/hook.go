// Package hook runs the programs that a repository's owner has put at its
// events: pre-commit, post-checkout and so on, as git does, with a JSON
// document on their standard input.
//
// The one invariant: nothing that comes with the data decides what is run. A
// hook is a file of the repository's own directory, or of one that settings
// outside the tracked files name, belongs to whoever runs it or to root, and is
// executable. What hooks are given and may do is in docs/hooks.md. Start reading
// at Runner.Run.
package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// The events.
const (
	PreCommit      = "pre-commit"
	CommitMsg      = "commit-msg"
	PostCommit     = "post-commit"
	PreMergeCommit = "pre-merge-commit"
	PostMerge      = "post-merge"
	PostCheckout   = "post-checkout"
	PrePush        = "pre-push"
)

// Runner runs the hooks of one repository.
type Runner struct {
	Dir        string    // of the hooks
	Trusted    bool      // the user's own settings name Dir: whose files they are does not matter
	Repository string    // the repository's directory
	Root       string    // of the working files; "" in a bare repository
	Environ    []string  // of the command
	Out        io.Writer // what hooks print, on both streams; nil discards
	// Warn is told what is wrong and does not stop the command; may be nil.
	Warn func(slug, text string)
}

// Event is strata.hook/1, the document on a hook's standard input.
type Event struct {
	Schema     string    `json:"schema"`
	Event      string    `json:"event"`
	Repository string    `json:"repository"`
	Root       string    `json:"root"`
	Branch     string    `json:"branch"` // "" on a detached HEAD
	Old        string    `json:"old"`    // commits, "" for none
	New        string    `json:"new"`
	Message    string    `json:"message"`
	Datasets   []Dataset `json:"datasets"`
	Remote     string    `json:"remote,omitempty"` // of pre-push
	URL        string    `json:"url,omitempty"`
	Refs       []Ref     `json:"refs,omitempty"`
}

// Dataset is one that differs between before and after.
type Dataset struct {
	Name     string `json:"name"`
	Change   string `json:"change"` // A, M, D
	Old      string `json:"old"`    // tables, "" for none
	New      string `json:"new"`
	Added    int64  `json:"added"` // samples
	Removed  int64  `json:"removed"`
	Modified int64  `json:"modified"`
}

// Ref is one that a push would move.
type Ref struct {
	Name string `json:"name"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// RefusedError is returned for a hook that failed.
type RefusedError struct {
	Hook string
	How  string // "exit code 1", "signal: killed"
}

func (e *RefusedError) Error() string { return "the hook " + e.Hook + " failed: " + e.How }

// zero stands for "no commit" in arguments, as in git.
var zero = strings.Repeat("0", 64)

// Commit returns a commit's id as hooks get it as an argument.
func Commit(id string) string {
	if id == "" {
		return zero
	}
	return id
}

// waitForPipes is how long what a hook has left running in the background may
// keep the command waiting.
const waitForPipes = 2 * time.Second

// Run runs the hook of an event, if there is one, and waits for it. describe
// makes the event's document; it is called only if there is a hook. A hook that
// fails, or cannot be started, is a *RefusedError.
func (r *Runner) Run(ctx context.Context, event string, args []string, describe func(context.Context) (*Event, error)) error {
	if r == nil {
		return nil
	}
	path, err := r.find(event)
	if err != nil || path == "" {
		return err
	}
	doc, err := describe(ctx)
	if err != nil {
		return err
	}
	doc.Schema, doc.Event, doc.Repository, doc.Root = "strata.hook/1", event, r.Repository, r.Root
	if doc.Datasets == nil {
		doc.Datasets = []Dataset{}
	}
	input, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	err = r.start(ctx, event, path, args, append(input, '\n'))
	if errors.Is(err, errNoProgram) { // a script without #!, which execvp gives to the shell
		err = r.start(ctx, event, "/bin/sh", append([]string{path}, args...), append(input, '\n'))
	}
	switch exit := (*exec.ExitError)(nil); {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &exit):
		return &RefusedError{Hook: event, How: strings.Replace(exit.ProcessState.String(), "exit status", "exit code", 1)}
	default:
		return &RefusedError{Hook: event, How: err.Error()}
	}
}

// Has reports whether there is a hook for an event.
func (r *Runner) Has(event string) bool {
	if r == nil {
		return false
	}
	_, err := os.Stat(filepath.Join(r.Dir, event))
	return err == nil
}

// Tell is Run of a hook that cannot stop anything any more: that it failed is a
// warning.
func (r *Runner) Tell(ctx context.Context, event string, args []string, describe func(context.Context) (*Event, error)) {
	if err := r.Run(ctx, event, args, describe); err != nil {
		r.warn("hook-failed", err.Error())
	}
}

func (r *Runner) start(ctx context.Context, event, path string, args []string, input []byte) error {
	cmd := exec.CommandContext(ctx, path, args...)
	if cmd.Dir = r.Root; cmd.Dir == "" {
		cmd.Dir = r.Repository
	}
	cmd.Env = append(append([]string{}, r.Environ...), "STRATA_DIR="+r.Repository, "STRATA_HOOK="+event)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), r.Out, r.Out
	cmd.WaitDelay = waitForPipes
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil // it has ended well, and left something running
	}
	return err
}

// find returns the path of the hook of an event, "" where there is none that
// may run.
func (r *Runner) find(event string) (string, error) {
	path := filepath.Join(r.Dir, event)
	fi, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && !fi.Mode().IsRegular():
		return "", nil
	case err != nil:
		return "", fmt.Errorf("hook %s: %w", event, err)
	case !executable(fi):
		r.warn("hook-ignored", fmt.Sprintf("the hook %s is not executable and was left out: chmod +x %s", event, path))
		return "", nil
	case !r.Trusted && foreign(fi, r.Environ):
		r.warn("hook-ignored", fmt.Sprintf("the hook %s belongs to another user and was left out; to run it: strata config set --user core.hooks-path %s", event, r.Dir))
		return "", nil
	}
	return path, nil
}

func (r *Runner) warn(slug, text string) {
	if r.Warn != nil {
		r.Warn(slug, text)
	}
}
