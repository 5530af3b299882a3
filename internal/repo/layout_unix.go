//go:build unix

package repo

import (
	"errors"
	"syscall"
)

// isNotDir reports whether err says that something in a path is a file.
func isNotDir(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
