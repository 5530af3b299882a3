package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
)

// crashed reports a panic in one line, keeps its stack in a file, and returns
// the exit code of a bug.
func (e *Env) crashed(v any) int {
	stack := debug.Stack()
	e.stopProgress()
	e.out.Flush() // what was printed before the bug is still the user's
	d := errorDocument{Schema: "strata.error/1", Slug: "bug", Exit: exitBug, Message: fmt.Sprint(v)}
	if path, err := e.keepStack(v, stack); err == nil {
		d.hints = []string{"report it with the file " + path + " and the output of strata doctor"}
	} else {
		d.hints = []string{"report it with the output of strata doctor"}
		d.Cause = "the stack could not be kept: " + err.Error()
	}
	d.Hint = d.hints[0]
	e.printError(d)
	return exitBug
}

// keepStack writes the stack to last-error.log in the repository, or to a
// temporary file where there is none.
func (e *Env) keepStack(v any, stack []byte) (string, error) {
	text := fmt.Sprintf("strata %s\ncommand: %q\ntime: %s\npanic: %v\n\n%s",
		e.Build.Version, e.args, e.now().UTC().Format("2006-01-02T15:04:05Z"), v, stack)
	if layout, err := e.findRepo(); err == nil {
		path := filepath.Join(layout.Dir, "last-error.log")
		if os.WriteFile(path, []byte(text), 0o666) == nil {
			return path, nil
		}
	}
	f, err := os.CreateTemp("", "strata-error-*.log")
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(text)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return f.Name(), err
}
