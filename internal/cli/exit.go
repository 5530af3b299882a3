package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/vfs"
)

// The exit codes (strata help exit-codes, docs/errors.md). Codes may be added;
// an unknown one is a failure.
const (
	exitOK        = 0   // done, or the answer is yes
	exitNo        = 1   // the answer is no
	exitUsage     = 2   // wrong use
	exitNotFound  = 3   // no such repository, revision, dataset, column, sample, file
	exitForbidden = 4   // not allowed
	exitRemote    = 5   // remote or network trouble; the same command may work later
	exitLost      = 6   // someone else won
	exitBadData   = 7   // data is bad
	exitKeepsWork = 8   // refused to lose work
	exitSystem    = 9   // the machine failed: disk full, input/output error
	exitBug       = 70  // a bug in strata
	exitInterrupt = 130 // SIGINT
	exitPipe      = 141 // nobody reads standard output any more
	exitTerminate = 143 // SIGTERM
)

// errNo ends a command whose answer is no and which has said why: exit code 1,
// nothing more is printed.
var errNo = errors.New("the answer is no")

// slugOf names the kind of an error. It is the one place where errors of all
// layers become what the user sees; the table in slugs.go gives each slug its
// exit code and its page of help.
func slugOf(err error) string {
	var (
		failure *Failure
		locked  *vfs.LockedError
		value   *format.ValueError
	)
	switch {
	case errors.As(err, &failure) && failure.Slug != "":
		return failure.Slug
	case errors.As(err, &locked):
		return "locked"
	case errors.Is(err, object.ErrCorrupt):
		return "corrupt-object"
	case errors.Is(err, object.ErrUnsupported):
		return "unsupported-format"
	case errors.Is(err, object.ErrNotFound):
		return "missing-object"
	case errors.As(err, &value):
		return "schema-change"
	case errors.Is(err, format.ErrFormat):
		return "malformed-file"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "disk-full"
	case errors.Is(err, fs.ErrPermission):
		return "permission-denied"
	case errors.Is(err, fs.ErrNotExist):
		return "path-not-found"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "network"
	}
	return "failed"
}

// exitOf returns the exit code of an error that ended a command.
func exitOf(err error) int {
	var sig *signalError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errNo):
		return exitNo
	case errors.Is(err, errPagerClosed):
		return exitOK
	case errors.As(err, &sig):
		return sig.exit()
	case closedPipe(err):
		return exitPipe
	}
	if s, ok := lookUpSlug(slugOf(err)); ok {
		return s.exit
	}
	return exitSystem
}
