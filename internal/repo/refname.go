package repo

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Where refs live (docs/format/refs.md).
const (
	headName     = "HEAD"
	origHeadName = "ORIG_HEAD"
	bisectHead   = "BISECT_HEAD"
	branchPrefix = "refs/heads/"
	tagPrefix    = "refs/tags/"
	remotePrefix = "refs/remotes/"
	maxRefName   = 1024 // bytes
)

// pseudoRef reports whether name is a ref beside HEAD that is in no folder and has
// no log: where HEAD was before, or the commit to test.
func pseudoRef(name string) bool { return name == origHeadName || name == bisectHead }

// RefNameError is returned for a name that no ref can have.
type RefNameError struct {
	Name   string
	Reason string
}

func (e *RefNameError) Error() string { return fmt.Sprintf("bad ref name %q: %s", e.Name, e.Reason) }

// CheckRefName returns a *RefNameError unless name can be the full name of a
// ref such as refs/heads/main. The rules are those of git check-ref-format,
// and valid UTF-8 of at most 1024 bytes.
func CheckRefName(name string) error {
	if why := refNameFault(name); why != "" {
		return &RefNameError{Name: name, Reason: why}
	}
	return nil
}

// CheckBranchName returns a *RefNameError unless name can be the short name of
// a branch, by the rules of git check-ref-format --branch.
func CheckBranchName(name string) error {
	why := refNameFault(branchPrefix + name)
	switch {
	case name == "":
		why = "it is empty"
	case strings.HasPrefix(name, "-"):
		why = "it begins with -"
	case name == headName:
		why = "HEAD is not a branch"
	}
	if why != "" {
		return &RefNameError{Name: name, Reason: why}
	}
	return nil
}

// CheckTagName returns a *RefNameError unless name can be the short name of a
// tag.
func CheckTagName(name string) error {
	why := refNameFault(tagPrefix + name)
	switch {
	case name == "":
		why = "it is empty"
	case strings.HasPrefix(name, "-"):
		why = "it begins with -"
	case name == headName:
		why = "HEAD is not a tag"
	}
	if why != "" {
		return &RefNameError{Name: name, Reason: why}
	}
	return nil
}

// refNameFault says what is wrong with the full ref name, or nothing.
func refNameFault(name string) string {
	switch {
	case len(name) > maxRefName:
		return fmt.Sprintf("it is longer than %d bytes", maxRefName)
	case !utf8.ValidString(name):
		return "it is not UTF-8"
	case !strings.Contains(name, "/"):
		return "it has no /"
	case strings.Contains(name, ".."):
		return "it contains .."
	case strings.Contains(name, "@{"):
		return "it contains @{"
	case strings.HasSuffix(name, "."):
		return "it ends with a dot"
	}
	if i := strings.IndexFunc(name, badInRef); i >= 0 {
		return fmt.Sprintf("it contains %q", name[i])
	}
	for part := range strings.SplitSeq(name, "/") {
		switch {
		case part == "":
			return "it has an empty component"
		case strings.HasPrefix(part, "."):
			return "a component begins with a dot"
		case strings.HasSuffix(part, ".lock"):
			return "a component ends with .lock"
		}
	}
	return ""
}

func badInRef(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune(`~^:?*[\`, r)
}

// ShortRef returns the name by which people know the ref: without refs/heads/,
// refs/tags/ or refs/remotes/.
func ShortRef(name string) string {
	for _, prefix := range []string{branchPrefix, tagPrefix, remotePrefix} {
		if short, ok := strings.CutPrefix(name, prefix); ok {
			return short
		}
	}
	return name
}

// BranchRef returns the full name of the branch with the short name given.
func BranchRef(short string) string { return branchPrefix + short }

// TagRef returns the full name of the tag with the short name given.
func TagRef(short string) string { return tagPrefix + short }
