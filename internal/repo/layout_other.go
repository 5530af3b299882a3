//go:build !unix

package repo

// isNotDir reports whether err says that something in a path is a file, which
// such systems report as fs.ErrNotExist.
func isNotDir(error) bool { return false }
