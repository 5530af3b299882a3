package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
)

// output is the standard output of a command. It is buffered unless a person
// is watching, remembers the first error, and cancels the command when nobody
// reads any more, so that verbs may print without looking at every result.
type output struct {
	mu     sync.Mutex
	dst    io.Writer
	buf    *bufio.Writer // nil on a terminal
	cancel context.CancelCauseFunc
	err    error
}

func newOutput(dst io.Writer, terminal bool, cancel context.CancelCauseFunc) *output {
	o := &output{dst: dst, cancel: cancel}
	if !terminal {
		o.buf = bufio.NewWriterSize(writerFunc(o.raw), 64<<10)
	}
	return o
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// Write implements io.Writer. After an error every call returns that error.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	if o.buf != nil {
		return o.buf.Write(b)
	}
	return o.raw(b)
}

// Flush writes out what is buffered and returns the first error of all writes.
func (o *output) Flush() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.buf != nil && o.err == nil {
		o.buf.Flush() // raw has kept its error
	}
	return o.err
}

// redirect sends what follows to another writer; the pager uses it.
func (o *output) redirect(dst io.Writer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.buf != nil {
		o.buf.Flush()
	}
	o.dst = dst
}

func (o *output) raw(b []byte) (int, error) {
	n, err := o.dst.Write(b)
	if err != nil && o.err == nil {
		o.err = fmt.Errorf("write standard output: %w", err)
		o.cancel(o.err)
	}
	return n, err
}

// closedPipe reports whether err says that the reader of a pipe went away.
func closedPipe(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}

// PrintJSON writes v as one indented JSON document with a final newline.
func (e *Env) PrintJSON(v any) error {
	enc := json.NewEncoder(e.Out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// PrintJSONLine writes v as one line of JSON.
func (e *Env) PrintJSONLine(v any) error {
	enc := json.NewEncoder(e.Out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// Printf writes data to standard output. The error, if any, is reported at the
// end of the command.
func (e *Env) Printf(format string, a ...any) { fmt.Fprintf(e.Out, format, a...) }

// Notef says something to a person: a line on standard error, unless --quiet.
func (e *Env) Notef(format string, a ...any) {
	if e.Flags.Quiet {
		return
	}
	e.words(fmt.Sprintf(format, a...) + "\n")
}

// Warnf prints a one-line warning on standard error, even with --quiet.
func (e *Env) Warnf(slug, format string, a ...any) {
	e.words(e.errStyle().Warning("warning["+slug+"]:") + " " + fmt.Sprintf(format, a...) + "\n")
}

// Next names the command that usually follows; at most one such line a command.
func (e *Env) Next(command string) { e.Notef("next: %s", command) }

// words writes to standard error without tearing the progress line, and behind
// what was printed before it where both go to one place. An error there can be
// told to nobody and is dropped.
func (e *Env) words(s string) {
	if e.out != nil {
		e.out.Flush()
	}
	if p := e.progress; p != nil {
		p.interrupt(s)
		return
	}
	io.WriteString(e.Err, s)
}
