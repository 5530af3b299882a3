package config

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
)

// EditError is returned when a setting is written in a way that cannot be
// edited by lines, as inside an inline table; the text is left as it was.
type EditError struct{ Key string }

func (e *EditError) Error() string {
	return fmt.Sprintf("setting %s is written in a way that only an editor can change", e.Key)
}

// Set returns the TOML text with the setting key = value: in place where the
// setting is there, else behind the last line of its table, else in a new
// table at the end. All other bytes stay, comments too. The result has been
// parsed and differs from text in that setting alone. value is a string, bool,
// int, int64, float64 or []string. Errors are *SyntaxError, *KeyError and
// *EditError.
func Set(text []byte, key string, value any) ([]byte, error) {
	path, err := SplitKey(key)
	if err != nil {
		return nil, err
	}
	rendered, err := render(value)
	if err != nil {
		return nil, err
	}
	want, err := parse(text)
	if err != nil {
		return nil, err
	}
	one, err := parse([]byte("x = " + rendered))
	if err != nil || !put(want, path, one["x"]) {
		return nil, &EditError{key}
	}
	lines, ok := scan(text)
	if !ok {
		return nil, &EditError{key}
	}
	return checked(setLine(text, lines, path, rendered), want, key)
}

// Unset returns the TOML text without the setting key, and whether it was
// there. Otherwise it is like Set.
func Unset(text []byte, key string) ([]byte, bool, error) {
	path, err := SplitKey(key)
	if err != nil {
		return nil, false, err
	}
	want, err := parse(text)
	if err != nil {
		return nil, false, err
	}
	if !remove(want, path) {
		return text, false, nil
	}
	lines, ok := scan(text)
	i := slices.IndexFunc(lines, func(l line) bool { return !l.header && !l.inList && equal(l.path, path) })
	if !ok || i < 0 {
		return nil, false, &EditError{key}
	}
	out, err := checked(splice(text, lines[i].start, lines[i].end, ""), want, key)
	return out, err == nil, err
}

// checked returns text if it means want. Tables that are empty on one side
// count as absent.
func checked(text []byte, want map[string]any, key string) ([]byte, error) {
	have, err := parse(text)
	prune(have)
	prune(want)
	if err != nil || !reflect.DeepEqual(have, want) {
		return nil, &EditError{key}
	}
	return text, nil
}

func setLine(text []byte, lines []line, path []string, value string) []byte {
	eol := "\n"
	if i := bytes.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		eol = "\r\n"
	}
	for _, l := range lines {
		if !l.header && !l.inList && equal(l.path, path) {
			return splice(text, l.valueStart, l.valEnd, value)
		}
	}
	table := path[:len(path)-1]
	at, written := -1, []string(nil)
	current := []string(nil)
	for _, l := range lines {
		switch {
		case l.header && !l.list && !l.inList && equal(l.path, table):
			at, written, current = l.end, path[len(table):], l.path
		case l.header:
			current = l.path
		case !l.inList && len(l.path) == len(path) && equal(l.path[:len(table)], table):
			// A neighbour, in the table or written with dots in an outer one.
			at, written = l.end, path[len(current):]
		}
	}
	if at < 0 {
		s := ""
		if len(text) > 0 {
			if !bytes.HasSuffix(text, []byte("\n")) {
				s = eol
			}
			s += eol
		}
		s += "[" + tomlKey(table) + "]" + eol + tomlKey(path[len(table):]) + " = " + value + eol
		return splice(text, len(text), len(text), s)
	}
	s := tomlKey(written) + " = " + value + eol
	if at > 0 && text[at-1] != '\n' {
		s = eol + s
	}
	return splice(text, at, at, s)
}

func splice(text []byte, start, end int, s string) []byte {
	return slices.Concat(text[:start], []byte(s), text[end:])
}

// put sets path in the tables; false means that something in it is not a table.
func put(table map[string]any, path []string, value any) bool {
	for _, p := range path[:len(path)-1] {
		next, ok := table[p]
		if !ok {
			next = map[string]any{}
			table[p] = next
		}
		if table, ok = next.(map[string]any); !ok {
			return false
		}
	}
	last := path[len(path)-1]
	if _, isTable := table[last].(map[string]any); isTable {
		return false
	}
	table[last] = value
	return true
}

// remove removes path from the tables and reports whether it was there.
func remove(table map[string]any, path []string) bool {
	for _, p := range path[:len(path)-1] {
		next, ok := table[p].(map[string]any)
		if !ok {
			return false
		}
		table = next
	}
	last := path[len(path)-1]
	v, ok := table[last]
	if _, isTable := v.(map[string]any); !ok || isTable {
		return false
	}
	delete(table, last)
	return true
}

// prune removes empty tables.
func prune(table map[string]any) {
	for k, v := range table {
		sub, ok := v.(map[string]any)
		if !ok {
			continue
		}
		if prune(sub); len(sub) == 0 {
			delete(table, k)
		}
	}
}
