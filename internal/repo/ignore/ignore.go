// Package ignore decides which working files are left alone, by the rules of
// gitignore(5) in files called .strataignore.
//
// The one invariant: what git check-ignore says of a .gitignore with the same
// text, this package says of a .strataignore (a test compares the two). The
// last pattern that matches decides, files of deeper directories count more,
// and nothing inside an ignored directory can be taken back.
//
// A Dir holds the patterns of one directory and knows its parent; a walk makes
// one per directory and never enters what is ignored. Start reading at Root,
// then Dir.Ignored, then pattern.match.
package ignore

import (
	"bytes"
	"strings"
)

// FileName is the name of the files that hold patterns.
const FileName = ".strataignore"

// Dir is the patterns that apply to the entries of one directory. It is
// immutable and safe for concurrent use.
type Dir struct {
	parent   *Dir
	path     string // from the root, with slashes; "" for the root
	patterns []pattern
	ignored  bool // the directory itself is ignored
}

// always is ignored whatever the files say, at any depth.
var always = []string{".strata", ".git"}

// Root returns the root directory, whose ignore file has the text given. extra
// are texts of further patterns that count less, such as a user's own.
func Root(text []byte, extra ...[]byte) *Dir {
	d := &Dir{}
	for _, e := range extra {
		d.patterns = append(d.patterns, parse(e)...)
	}
	d.patterns = append(d.patterns, parse(text)...)
	return d
}

// Child returns the directory name inside d, whose ignore file has the text
// given; nil where it has none.
func (d *Dir) Child(name string, text []byte) *Dir {
	path := name
	if d.path != "" {
		path = d.path + "/" + name
	}
	return &Dir{parent: d, path: path, patterns: parse(text), ignored: d.Ignored(name, true)}
}

// Ignored reports whether the entry name of d is ignored. It always is when d
// itself is.
func (d *Dir) Ignored(name string, isDir bool) bool {
	for _, a := range always {
		if name == a {
			return true
		}
	}
	if d.ignored {
		return true
	}
	path := name
	if d.path != "" {
		path = d.path + "/" + name
	}
	for at := d; at != nil; at = at.parent {
		rel := path
		if at.path != "" {
			rel = path[len(at.path)+1:]
		}
		for i := len(at.patterns) - 1; i >= 0; i-- {
			if p := &at.patterns[i]; p.match(rel, name, isDir) {
				return !p.negated
			}
		}
	}
	return false
}

// Path reports whether the entry at path, from the root and with slashes, is
// ignored, by itself or with a directory that it is in. load returns the text
// of the ignore file of a directory; it is not called for the root.
func (d *Dir) Path(path string, isDir bool, load func(dir string) []byte) bool {
	parts := strings.Split(path, "/")
	at := d
	for i, name := range parts[:len(parts)-1] {
		if at.Ignored(name, true) {
			return true
		}
		at = at.Child(name, load(strings.Join(parts[:i+1], "/")))
	}
	return at.Ignored(parts[len(parts)-1], isDir)
}

// parse returns the patterns of a file's text. Lines that can never match are
// left out.
func parse(text []byte) []pattern {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	var out []pattern
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if p, ok := compile(string(trimSpaces(line))); ok {
			out = append(out, p)
		}
	}
	return out
}

// trimSpaces cuts spaces at the end that no backslash protects.
func trimSpaces(line []byte) []byte {
	end := 0
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case ' ':
			continue
		case '\\':
			if i++; i == len(line) {
				return line
			}
		}
		end = i + 1
	}
	return line[:end]
}
