package repo

import "strings"

// Cleanup says how a message is cleaned before it is stored; the modes are
// git's.
type Cleanup int

// The modes.
const (
	// CleanupWhitespace cuts white space at the ends of lines, empty lines at
	// both ends, and makes one of several empty lines: for messages from flags
	// and files.
	CleanupWhitespace Cleanup = iota
	// CleanupStrip also removes lines that begin with #: for messages from an
	// editor.
	CleanupStrip
	// CleanupVerbatim leaves the message as it is.
	CleanupVerbatim
)

// CleanMessage returns the message s cleaned. A message that is not empty then
// ends with a line end, except with CleanupVerbatim.
func CleanMessage(s string, how Cleanup) string {
	if how == CleanupVerbatim {
		return s
	}
	var b strings.Builder
	blank := false
	for line := range strings.SplitSeq(s, "\n") {
		if how == CleanupStrip && strings.HasPrefix(line, "#") {
			continue
		}
		line = strings.TrimRight(line, " \t\r")
		if line == "" {
			blank = b.Len() > 0
			continue
		}
		if blank {
			b.WriteByte('\n')
		}
		blank = false
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.String()
}
