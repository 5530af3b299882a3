package config

import (
	"slices"
	"strings"
)

// programWords are the words of a key, compared without case and whole, that
// say that its value is a program or a place of programs. Whoever gives
// meaning to a new key that names a program uses one of these words in it.
var programWords = []string{
	"askpass", "browser", "clean", "command", "credential", "driver", "editor", "external", "filter", "helper",
	"hook", "hooks", "hookspath", "pager", "program", "proxycommand", "smudge", "sshcommand", "textconv",
}

// NamesProgram reports whether the setting key = value may make Strata run a
// program of the value's choosing: by a word of the key, or as an alias that
// begins with an exclamation mark.
func NamesProgram(key string, value any) bool {
	parts, err := splitParts(key)
	if err != nil {
		return true
	}
	for _, p := range parts {
		words := strings.FieldsFunc(strings.ToLower(p), func(r rune) bool { return r == '-' || r == '_' })
		if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(programWords, w) }) {
			return true
		}
		if slices.Contains(programWords, strings.Join(words, "")) {
			return true
		}
	}
	return isShellAlias(parts, value)
}

func isShellAlias(parts []string, value any) bool {
	return strings.EqualFold(parts[0], "alias") && strings.HasPrefix(strings.TrimSpace(Text(value)), "!")
}

// refuse reports whether a file of this scope may not make the setting. Shell
// aliases are for the user's and the machine's files only.
func refuse(scope Scope, key string, value any) bool {
	switch scope {
	case Project:
		return NamesProgram(key, value)
	case Local:
		parts, err := splitParts(key)
		return err == nil && isShellAlias(parts, value)
	}
	return false
}

// ForbiddenError is returned by CheckScope.
type ForbiddenError struct{ Setting }

func (e *ForbiddenError) Error() string {
	return "setting " + e.Key + " may not be in the " + e.Scope.String() + " scope: it names a program to run"
}

// CheckScope returns a *ForbiddenError if a file of this scope may not make the
// setting, as its being copied must not run anything.
func CheckScope(scope Scope, key string, value any) error {
	if refuse(scope, key, value) {
		return &ForbiddenError{Setting{Key: key, Value: value, Source: Source{Scope: scope}}}
	}
	return nil
}
