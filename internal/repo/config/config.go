// Package config reads and edits Strata's settings: TOML files in several
// scopes, of which the nearest wins.
//
// The one invariant: a tracked file never names a program to run, as cloning a
// repository must not execute anything. Such a setting in a tracked file is not
// seen by Get and is listed by Refused (see NamesProgram). Edits change the
// lines of one setting and keep everything else, comments too: see Set.
//
// Start reading at Load, then Config.Get, then Set.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Scope says whose settings a file holds. Greater scopes are nearer and win.
type Scope int

// The scopes.
const (
	System  Scope = iota + 1 // of the machine
	User                     // of the person
	Project                  // of everyone who works on the data: strata.toml, tracked
	Local                    // of this repository
	Command                  // of this one run
)

var scopeNames = map[Scope]string{System: "system", User: "user", Project: "project", Local: "local", Command: "command"}

// String returns the scope's word, as `config --show-scope` prints it.
func (s Scope) String() string { return scopeNames[s] }

// Source is one file of settings. It need not exist.
type Source struct {
	Scope Scope
	Path  string
}

// Setting is one setting in one file. Value is a string, bool, int64, float64,
// a time, or a list of those.
type Setting struct {
	Key   string
	Value any
	Source
}

// Config is the settings of several files. It is safe for concurrent use.
type Config struct {
	settings []Setting // by scope, then key
	refused  []Setting
}

// SyntaxError is returned for a file that is not TOML.
type SyntaxError struct {
	Path   string
	Line   int // from 1; 0 where unknown
	Reason string
}

func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.Path, e.Reason)
	}
	return fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.Reason)
}

// Load reads the files. One that does not exist is empty; one that is not TOML
// is a *SyntaxError.
func Load(sources []Source) (*Config, error) {
	c := new(Config)
	for _, src := range sources {
		if src.Path == "" {
			continue
		}
		text, err := os.ReadFile(src.Path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := c.add(src, text); err != nil {
			return nil, err
		}
	}
	c.sort()
	return c, nil
}

// Override returns c with the setting key = value in front of all files, as
// for a flag or an environment variable. c itself stays as it is.
func (c *Config) Override(key string, value any) *Config {
	out := &Config{settings: slices.Clone(c.settings), refused: c.refused}
	out.settings = append(out.settings, Setting{Key: key, Value: value, Source: Source{Scope: Command}})
	out.sort()
	return out
}

func (c *Config) sort() {
	slices.SortStableFunc(c.settings, func(a, b Setting) int {
		if a.Scope != b.Scope {
			return int(a.Scope) - int(b.Scope)
		}
		return strings.Compare(a.Key, b.Key)
	})
}

func (c *Config) add(src Source, text []byte) error {
	all, err := parse(text)
	if err != nil {
		if se := (*SyntaxError)(nil); errors.As(err, &se) {
			se.Path = src.Path
		}
		return err
	}
	flatten(nil, all, func(key string, value any) {
		s := Setting{Key: key, Value: value, Source: src}
		if refuse(src.Scope, key, value) {
			c.refused = append(c.refused, s)
		} else {
			c.settings = append(c.settings, s)
		}
	})
	return nil
}

func parse(text []byte) (map[string]any, error) {
	all := map[string]any{}
	err := toml.Unmarshal(text, &all)
	if err == nil {
		return all, nil
	}
	se := &SyntaxError{Reason: strings.TrimPrefix(err.Error(), "toml: ")}
	if de := (*toml.DecodeError)(nil); errors.As(err, &de) {
		se.Line, _ = de.Position()
	}
	return nil, se
}

// flatten calls fn for every setting in the tables, in order of key. Lists of
// tables are not settings: whoever owns them reads the file itself.
func flatten(path []string, table map[string]any, fn func(key string, value any)) {
	names := make([]string, 0, len(table))
	for n := range table {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		at := append(slices.Clone(path), n)
		switch v := table[n].(type) {
		case map[string]any:
			flatten(at, v, fn)
		case []any:
			if !slices.ContainsFunc(v, isTable) {
				fn(JoinKey(at), v)
			}
		default:
			fn(JoinKey(at), v)
		}
	}
}

func isTable(v any) bool { _, ok := v.(map[string]any); return ok }

// Get returns the setting that wins for key, and whether there is one.
func (c *Config) Get(key string) (Setting, bool) {
	if path, err := SplitKey(key); err == nil {
		key = JoinKey(path)
	}
	for _, s := range slices.Backward(c.settings) {
		if s.Key == key {
			return s, true
		}
	}
	return Setting{}, false
}

// All returns every setting, the nearest scope last and by key within one; a
// key may occur once in each scope.
func (c *Config) All() []Setting { return slices.Clone(c.settings) }

// Refused returns the settings that are not used because their file may not
// make them.
func (c *Config) Refused() []Setting { return slices.Clone(c.refused) }
