package strata

import (
	"errors"
	"io"
)

// Programs lets a Repo start programs: ssh-keygen, to sign and to check
// signatures, and the hooks of the repository. Without it none is ever started:
// signing is refused, and no hook runs.
type Programs struct {
	Environ []string  // of the programs; PATH is in it
	Dir     string    // where relative paths begin that a user types
	Out     io.Writer // what hooks print; nil discards
	// Warn is told in a sentence what did not stop the verb: a hook that failed
	// after the fact, or that is not executable. It may be nil.
	Warn func(slug, text string)
}

// ErrNoPrograms is returned for what needs a program where Options.Programs is
// nil.
var ErrNoPrograms = errors.New("no programs may be started here")
