package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/strata-data/strata/internal/expr"
	"github.com/strata-data/strata/internal/source"
)

// Failure is an error with everything that a person is told about it. Verbs
// return one where they know more than the error of a lower layer says.
type Failure struct {
	Slug    string   // kind of failure, listed in slugs.go
	Message string   // what happened, with the value; lower case, no full stop
	Cause   string   // why, where that is not obvious
	Hints   []string // commands to type; empty: those of hint.go
	Err     error    // for errors.Is; may be nil
}

func (f *Failure) Error() string {
	switch {
	case f.Message == "" && f.Err != nil:
		return f.Err.Error()
	case f.Cause != "":
		return f.Message + ": " + f.Cause
	}
	return f.Message
}

// Unwrap returns Err.
func (f *Failure) Unwrap() error { return f.Err }

// usagef returns the error of a command that was called wrongly.
func usagef(hint, format string, a ...any) error {
	f := &Failure{Slug: "usage", Message: fmt.Sprintf(format, a...)}
	if hint != "" {
		f.Hints = []string{hint}
	}
	return f
}

// errorDocument is strata.error/1, the last line of standard error with --json.
type errorDocument struct {
	Schema  string   `json:"schema"`
	Slug    string   `json:"slug"`
	Exit    int      `json:"exit"`
	Message string   `json:"message"`
	Cause   string   `json:"cause,omitempty"`
	Hint    string   `json:"hint,omitempty"`
	Try     []string `json:"try,omitempty"`

	hints []string
	mark  string // a line below the message that marks a place in it
}

// report prints what ended the command and returns its exit code.
func (e *Env) report(ctx context.Context, err error) int {
	if err == nil || errors.Is(err, errNo) || errors.Is(err, errPagerClosed) {
		return exitOf(err)
	}
	// An interrupted command reports whatever it was doing; why it stopped is
	// the context's cause.
	if cause := context.Cause(ctx); cause != nil {
		if errors.Is(err, context.Canceled) || !errors.As(err, new(*Failure)) {
			err = cause
		}
	}
	code := exitOf(err)
	switch code {
	case exitOK, exitPipe:
		return code
	case exitInterrupt, exitTerminate:
		e.reportInterrupt(code)
		return code
	}
	e.printError(describe(err, code))
	return code
}

// describe takes an error apart into the words of its report.
func describe(err error, code int) errorDocument {
	d := errorDocument{Schema: "strata.error/1", Slug: slugOf(err), Exit: code, Message: messageOf(err)}
	if e, ok := find[*expr.Error](err); ok {
		if before, _, found := strings.Cut(d.Message, e.Error()); found {
			_, d.mark, _ = strings.Cut(e.Render("error["+d.Slug+"]: "+before), "\n")
		}
	}
	var f *Failure
	if errors.As(err, &f) {
		d.Cause, d.hints = f.Cause, f.Hints
		if error(f) == err && f.Message != "" {
			d.Message = f.Message
		}
	}
	if len(d.hints) == 0 {
		d.hints = hintsFor(d.Slug, err)
	}
	d.Hint = strings.Join(d.hints, "; ")
	for _, h := range d.hints {
		if c := commandIn(h); c != "" {
			d.Try = append(d.Try, c)
		}
	}
	return d
}

// messageOf returns what an error says to people: numbers as they read them.
func messageOf(err error) string {
	e, ok := find[*source.DuplicatesError](err)
	if !ok {
		return err.Error()
	}
	what, rows := "rows", "share a key"
	if e.IsLine {
		what = "lines"
	}
	if e.Rows == 1 {
		rows = "has the key of another"
	}
	if e.PrevPath != "" {
		return fmt.Sprintf("%s %s; first: %s on %s %s of %s and %s of %s", plural(e.Rows, "row"), rows, e.Key,
			strings.TrimSuffix(what, "s"), count(e.Prev), e.PrevPath, count(e.Line), e.Path)
	}
	return fmt.Sprintf("%s of %s %s; first: %s on %s %s and %s", plural(e.Rows, "row"), e.Path, rows, e.Key, what, count(e.Prev), count(e.Line))
}

// commandIn returns the command that a hint begins with, or "".
func commandIn(hint string) string {
	if !strings.HasPrefix(hint, "strata ") {
		return ""
	}
	for _, end := range []string{"   ", ", ", "; "} {
		hint, _, _ = strings.Cut(hint, end)
	}
	return hint
}

// printError writes the lines for people and, with --json, the document last.
func (e *Env) printError(d errorDocument) {
	st := e.errStyle()
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s\n", st.Error("error["+d.Slug+"]:"), d.Message)
	if d.mark != "" {
		b.WriteString(d.mark + "\n")
	}
	if d.Cause != "" {
		fmt.Fprintf(&b, "cause: %s\n", d.Cause)
	}
	for _, h := range d.hints {
		fmt.Fprintf(&b, "%s %s\n", st.Hint("hint:"), h)
	}
	if e.Flags.JSON {
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.Encode(d) // strings and ints always encode
	}
	e.words(b.String())
}

// flagError turns the flag parser's error into ours; it is cobra's FlagErrorFunc.
func flagError(verb string, flags *pflag.FlagSet, err error) error {
	help := strings.TrimSpace("strata help " + verb)
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		f := &Failure{Slug: "unknown-flag", Err: err, Hints: []string{help}}
		where := strings.TrimSpace("strata " + verb)
		if group := unknown.GetSpecifiedShortnames(); group != "" {
			f.Message = fmt.Sprintf("%s has no flag -%s", where, unknown.GetSpecifiedName())
			return f
		}
		f.Message = fmt.Sprintf("%s has no flag --%s", where, unknown.GetSpecifiedName())
		if near := nearest(unknown.GetSpecifiedName(), flagNames(flags)); near != "" {
			f.Hints = []string{"did you mean --" + near + "?"}
		}
		return f
	case errors.As(err, &missing):
		return &Failure{Slug: "usage", Message: "--" + missing.GetFlag().Name + " needs a value", Hints: []string{help}, Err: err}
	case errors.As(err, &invalid):
		return &Failure{Slug: "bad-value", Message: fmt.Sprintf("%q is not a value of --%s", invalid.GetValue(), invalid.GetFlag().Name),
			Cause: causeOfFlag(err), Hints: []string{help}, Err: err}
	}
	return &Failure{Slug: "usage", Message: err.Error(), Hints: []string{help}, Err: err}
}

// causeOfFlag returns what a flag's Set method said.
func causeOfFlag(err error) string {
	var n *strconv.NumError
	switch {
	case !errors.As(err, &n):
	case errors.Is(err, strconv.ErrRange):
		return "the number is too large"
	case n.Func == "ParseBool":
		return "it has to be true or false"
	case n.Func == "ParseUint":
		return "it has to be a whole number, not below 0"
	case n.Func == "ParseFloat":
		return "it has to be a number"
	default:
		return "it has to be a whole number"
	}
	if inner := errors.Unwrap(err); inner != nil {
		return inner.Error()
	}
	return err.Error()
}

func flagNames(flags *pflag.FlagSet) []string {
	var names []string
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	slices.Sort(names)
	return names
}
