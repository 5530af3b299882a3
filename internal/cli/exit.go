package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/expr"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/merge"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/repo/config"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/table"
	"github.com/strata-data/strata/internal/vfs"
	"github.com/strata-data/strata/internal/worktree"
	"github.com/strata-data/strata/pkg/strata"
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
	var failure *Failure
	switch {
	case errors.As(err, &failure) && failure.Slug != "":
		return failure.Slug
	case as[*strata.NotFoundError](err):
		return slugOfMissing(err)
	case as[*vfs.LockedError](err):
		return "locked"
	case as[*strata.SignatureError](err):
		return "bad-signature"
	case as[*strata.HookError](err):
		return "hook-refused"
	case errors.Is(err, strata.ErrNoSigningKey):
		return "no-signing-key"
	case errors.Is(err, strata.ErrNotSigned):
		return "not-signed"
	case errors.Is(err, strata.ErrNoSSHKeygen), errors.Is(err, strata.ErrNoPrograms):
		return "no-program"
	case errors.Is(err, strata.ErrProofMalformed):
		return "bad-proof"
	case errors.Is(err, object.ErrCorrupt):
		return "corrupt-object"
	case errors.Is(err, object.ErrUnsupported):
		return "unsupported-format"
	case errors.Is(err, object.ErrNotFound):
		return "missing-object"

	case as[*repo.NotRepositoryError](err):
		return "not-a-repo"
	case as[*repo.UnknownRevisionError](err), as[*repo.RefAbsentError](err):
		return "unknown-revision"
	case as[*repo.AmbiguousRevisionError](err):
		return "ambiguous-revision"
	case as[*repo.RevisionSyntaxError](err), as[*repo.WrongKindError](err):
		return "bad-revision"
	case as[*repo.RefNameError](err):
		return "bad-name"
	case as[*repo.RefExistsError](err), as[*repo.RefConflictError](err):
		return "already-exists"
	case as[*repo.NotMergedError](err):
		return "not-merged"
	case errors.Is(err, repo.ErrCurrentBranch):
		return "current-branch"
	case as[*repo.RefMovedError](err), errors.Is(err, repo.ErrIndexMoved), errors.Is(err, repo.ErrOperationMoved):
		return "ref-moved"
	case errors.Is(err, repo.ErrNothingToCommit):
		return "nothing-to-commit"
	case errors.Is(err, repo.ErrStashLog):
		return "bad-value"
	case errors.Is(err, repo.ErrNothingToUndo), errors.Is(err, repo.ErrNothingToRedo):
		return "nothing-to-undo"
	case as[*strata.ConflictError](err), as[*strata.OctopusError](err), as[*strata.PathClaimError](err):
		return "conflict"
	case as[*strata.EmptyPickError](err):
		return "nothing-to-commit"
	case errors.Is(err, strata.ErrDiverged):
		return "diverged"
	case errors.Is(err, strata.ErrUnrelated):
		return "unrelated-histories"
	case errors.Is(err, strata.ErrNoCommitYet):
		return "unknown-revision"
	case as[*strata.NotStashError](err):
		return "bad-revision"
	case errors.Is(err, strata.ErrNoBisect):
		return "nothing-in-progress"
	case errors.Is(err, strata.ErrBisectEmpty), as[*repo.BisectBaseError](err), as[*strata.BisectContradictionError](err):
		return "cannot-bisect"
	case as[*strata.BisectTermError](err):
		return "bad-value"
	case errors.Is(err, strata.ErrNothingUnfinished):
		return "nothing-in-progress"
	case as[*strata.UnfinishedError](err):
		return "unfinished"
	case as[*strata.MovedError](err):
		return "ref-moved"
	case as[*strata.MainlineError](err):
		return "bad-value"
	case errors.Is(err, repo.ErrNothingToAmend):
		return "nothing-to-amend"
	case errors.Is(err, repo.ErrEmptyMessage):
		return "empty-message"
	case errors.Is(err, repo.ErrNoIdentity):
		return "no-identity"
	case as[*config.SyntaxError](err), as[*config.ValueError](err), as[*config.EditError](err), as[*config.ForbiddenError](err):
		return "bad-config"
	case as[*config.KeyError](err):
		return "bad-name"

	case as[*worktree.OverwriteError](err):
		return "would-overwrite"
	case as[*worktree.DirectoryError](err):
		return "is-a-directory"
	case as[*worktree.NoMatchError](err):
		return "path-not-found"
	case as[*worktree.RenameError](err):
		return "unknown-column"
	case as[*worktree.FormatError](err):
		return "cannot-add"
	case errors.Is(err, worktree.ErrBare):
		return "bare-repository"
	case errors.Is(err, strata.ErrDetached), as[*strata.NotBranchError](err):
		return "bad-revision"
	case as[*strata.ExistsError](err):
		return "already-exists"
	case as[*expr.Error](err):
		return "bad-expression"
	case isBadValue(err):
		return "bad-value"

	case errors.Is(err, table.ErrDuplicateKey):
		return "duplicate-key"
	case errors.Is(err, source.ErrNoKeyColumn):
		return "no-key-column"
	case errors.Is(err, source.ErrChanged):
		return "changed-while-read"
	case errors.Is(err, source.ErrNullKey), errors.Is(err, column.ErrKeyNull):
		return "null-key"
	case errors.Is(err, source.ErrSchemaChange), as[*format.ValueError](err):
		return "schema-change"
	case errors.Is(err, format.ErrFormat):
		return "bad-input"

	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "disk-full"
	case errors.Is(err, syscall.EISDIR):
		return "is-a-directory"
	case errors.Is(err, fs.ErrPermission):
		return "not-allowed"
	case errors.Is(err, fs.ErrNotExist):
		return "path-not-found"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "network"
	}
	return "failed"
}

// isBadValue reports whether err says that a flag has a value it cannot take.
func isBadValue(err error) bool {
	return as[*strata.DateError](err) || as[*strata.IdentityError](err) || as[*strata.TrailerError](err) || as[*strata.PatternError](err) ||
		as[*strata.TypeError](err) || as[*strata.PageTypeError](err) || as[*strata.ValueError](err) || as[*strata.RekeyedError](err) || errors.Is(err, merge.ErrChoice) || as[*strata.OptionError](err) ||
		errors.Is(err, strata.ErrProofKey) || errors.Is(err, strata.ErrProofTooLarge)
}

// slugOfMissing returns the slug of a *strata.NotFoundError by what is missing.
func slugOfMissing(err error) string {
	e, _ := find[*strata.NotFoundError](err)
	switch e.Kind {
	case "dataset", "column", "sample", "slice":
		return "unknown-" + e.Kind
	case "revision", "branch", "tag":
		return "unknown-revision"
	case "key":
		return "unknown-key"
	}
	return "path-not-found"
}

// as reports whether an error of type E is in the chain of err.
func as[E error](err error) bool {
	_, ok := find[E](err)
	return ok
}

// find returns the first error of type E in the chain of err.
func find[E error](err error) (E, bool) {
	var e E
	ok := errors.As(err, &e)
	return e, ok
}

// exitOf returns the exit code of an error that ended a command.
func exitOf(err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errNo):
		return exitNo
	case errors.Is(err, errPagerClosed):
		return exitOK
	case as[*signalError](err):
		sig, _ := find[*signalError](err)
		return sig.exit()
	case closedPipe(err):
		return exitPipe
	}
	if s, ok := lookUpSlug(slugOf(err)); ok {
		return s.exit
	}
	return exitSystem
}
