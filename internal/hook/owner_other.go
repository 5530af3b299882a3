//go:build !unix

package hook

import (
	"errors"
	"io/fs"
)

// errNoProgram is never returned here.
var errNoProgram = errors.New("not a program")

func executable(fs.FileInfo) bool { return true }

// foreign is left to the permissions of the system.
func foreign(fs.FileInfo, []string) bool { return false }
