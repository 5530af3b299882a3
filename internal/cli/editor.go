package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// editor returns the command line of the user's editor: STRATA_EDITOR,
// core.editor, VISUAL, EDITOR; "" where there is none.
func (e *Env) editor() string {
	if p := e.Getenv("STRATA_EDITOR"); p != "" {
		return p
	}
	if p, ok := e.Config("core.editor"); ok && p != "" {
		return p
	}
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if p := e.Getenv(name); p != "" {
			return p
		}
	}
	return ""
}

// Edit lets the user change text in an editor, as the file name in the
// repository's directory, and returns what it became. Callers have asked MayAsk.
func (e *Env) Edit(ctx context.Context, name, text string) (string, error) {
	layout, err := e.findRepo()
	if err != nil {
		return "", err
	}
	path := filepath.Join(layout.Dir, name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		return "", err
	}
	e.stopProgress()
	cmd := shellCommand(e.editor() + ` "$STRATA_EDIT_FILE"`)
	cmd.Dir = e.workDir()
	cmd.Env = append(e.Environ[:len(e.Environ):len(e.Environ)], "STRATA_EDIT_FILE="+path)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = e.In, e.out.dst, e.Err
	if err := cmd.Run(); err != nil {
		return "", &Failure{Slug: "needs-input", Message: fmt.Sprintf("the editor %q ended with an error; nothing was done", e.editor()), Cause: err.Error(), Err: err}
	}
	b, err := os.ReadFile(path)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	return string(b), err
}
