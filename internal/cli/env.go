package cli

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Env is everything that a command may know of the process around it. The main
// program fills it from the real process, tests from buffers. Only In, Out and
// Err are required.
type Env struct {
	In  io.Reader
	Out io.Writer // data
	Err io.Writer // words

	Terminal Terminal // which of the three streams is a terminal
	Width    int      // columns of the terminal; 0 where there is none
	Dir      string   // working directory, absolute

	Getenv  func(string) string
	Environ []string // for programs that are started: pager, hooks
	Now     func() time.Time

	Signals     <-chan os.Signal  // interrupts; nil means none come
	Exit        func(code int)    // leaves the process on a second signal
	LimitMemory func(bytes int64) // tells the runtime about --mem; may be nil

	Build Build
	Log   *slog.Logger // nil: to Err as far as --verbose asks

	Flags Globals // the global flags, valid while a command runs

	args     []string
	verb     string // the command's words: "slice create"
	started  bool   // the verb's own code has begun
	out      *output
	pager    *pager
	progress *Progress
	resume   string // how to go on after an interrupt
	repo     repoState
	extra    []*cobra.Command // verbs that only tests have
}

// Terminal says which streams a person is looking at.
type Terminal struct{ In, Out, Err bool }

// Inspect fills Terminal and Width from the three files of the process.
func (e *Env) Inspect(in, out, err *os.File) {
	e.Terminal = Terminal{
		In:  term.IsTerminal(int(in.Fd())),
		Out: term.IsTerminal(int(out.Fd())),
		Err: term.IsTerminal(int(err.Fd())),
	}
	for _, f := range []*os.File{out, err} {
		if w, _, werr := term.GetSize(int(f.Fd())); werr == nil && w > 0 {
			e.Width = w
			return
		}
	}
}

// Columns returns the width that text should be laid out for: the terminal's,
// COLUMNS where there is none, or 80.
func (e *Env) Columns() int {
	if e.Terminal.Out && e.Width > 0 {
		return e.Width
	}
	if n, ok := parseCount(e.Getenv("COLUMNS")); ok && n > 0 {
		return n
	}
	return 80
}

// Path returns p as an absolute path, taken relative to the directory that the
// command works in (-C included).
func (e *Env) Path(p string) string {
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(e.workDir(), p)
}

// workDir is Dir after all -C, each relative to the one before, as in git.
func (e *Env) workDir() string {
	dir := e.Dir
	for _, d := range e.Flags.Directory {
		switch {
		case d == "":
		case filepath.IsAbs(d):
			dir = filepath.Clean(d)
		default:
			dir = filepath.Join(dir, d)
		}
	}
	return dir
}

// MayAsk reports whether a question can be put to a person.
func (e *Env) MayAsk() bool { return e.Terminal.In && e.Terminal.Err && !e.Flags.NoInput }

// OnInterrupt sets what is said when a signal stops the command: how far it
// came and how to go on, without the word "interrupted".
func (e *Env) OnInterrupt(how string) { e.resume = how }

// now returns the time by Now, or the zero time where there is no clock.
func (e *Env) now() time.Time {
	if e.Now == nil {
		return time.Time{}
	}
	return e.Now()
}

// newLog returns a logger that writes to Err: warnings always, -v information,
// -vv (or STRATA_LOG=debug) everything.
func newLog(e *Env) *slog.Logger {
	return slog.New(slog.NewTextHandler(writerFunc(func(b []byte) (int, error) {
		e.words(string(b))
		return len(b), nil
	}), &slog.HandlerOptions{Level: levelOf{e}, ReplaceAttr: dropTime}))
}

// levelOf decides at each call, since flags are parsed after the logger is made.
type levelOf struct{ e *Env }

// Level implements slog.Leveler.
func (l levelOf) Level() slog.Level {
	switch {
	case l.e.Flags.Verbose > 1, strings.EqualFold(l.e.Getenv("STRATA_LOG"), "debug"):
		return slog.LevelDebug
	case l.e.Flags.Verbose == 1, strings.EqualFold(l.e.Getenv("STRATA_LOG"), "info"):
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

func dropTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
