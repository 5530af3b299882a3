package lint

import (
	"bytes"
	"fmt"
	"go/format"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxLines is where a file has outgrown its name; ask what the second one is called.
const maxLines = 500

// brokenText returns what is wrong with one file as text.
func brokenText(f *sourceFile) []string {
	var broken []string
	say := func(format string, a ...any) { broken = append(broken, f.path+": "+fmt.Sprintf(format, a...)) }
	if clean, err := format.Source(f.text); err != nil || !bytes.Equal(clean, f.text) {
		say("not formatted; run gofmt -w")
	}
	base := strings.TrimSuffix(path.Base(f.path), ".go")
	if !regexp.MustCompile(`^[a-z0-9_]+$`).MatchString(base) {
		say("file names are lower case letters, digits and underscores")
	}
	shapeless := []string{"util", "utils", "common", "helper", "helpers", "misc", "base", "shared"}
	if slices.Contains(shapeless, base) || slices.Contains(shapeless, path.Base(f.dir())) {
		say("a name that says nothing about what is inside")
	}
	if want := path.Base(f.dir()); f.ast.Name.Name != want && f.ast.Name.Name != want+"_test" && f.ast.Name.Name != "main" {
		say("package %s in directory %s", f.ast.Name.Name, want)
	}
	for _, g := range f.ast.Comments {
		for _, word := range []string{"TO" + "DO", "FIX" + "ME", "XX" + "X"} {
			if strings.Contains(g.Text(), word) {
				say("line %d: %s is found by nobody; do it or open an issue", f.fset.Position(g.Pos()).Line, word)
			}
		}
	}
	if n := bytes.Count(f.text, []byte("\n")); n > maxLines && !f.test() {
		say("%d lines; what is the second file called?", n)
	}
	broken = append(broken, machinePaths(f.path, string(f.text))...)
	return broken
}

// machinePaths returns the places of text that name a directory of one machine.
func machinePaths(name, text string) []string {
	var broken []string
	pattern := regexp.MustCompile(`(^|[^\w.$/-])/(` + strings.Join([]string{"work", "tmp", "root", "Users"}, "|") + `)/`)
	for i, line := range strings.Split(text, "\n") {
		if pattern.MatchString(line) {
			broken = append(broken, fmt.Sprintf("%s:%d: a path of one machine", name, i+1))
		}
	}
	return broken
}

// brokenPackage returns what is wrong with a package's comment.
func brokenPackage(pkg []*sourceFile) []string {
	dir, name := pkg[0].dir(), ""
	var docs []string
	for _, f := range pkg {
		if strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		name = f.ast.Name.Name
		if f.ast.Doc != nil {
			docs = append(docs, f.ast.Doc.Text())
		}
	}
	if len(docs) != 1 {
		return []string{fmt.Sprintf("%s: %d package comments, want one", dir, len(docs))}
	}
	begin := "Package " + name + " "
	if name == "main" {
		begin = "Command " + path.Base(dir) + " "
	}
	if !strings.HasPrefix(docs[0], begin) {
		return []string{fmt.Sprintf("%s: the package comment does not begin with %q", dir, begin)}
	}
	if n := strings.Count(docs[0], "\n"); n < 2 || n > 60 {
		return []string{fmt.Sprintf("%s: the package comment has %d lines; say what it is, its invariant and where to start reading, in 5 to 40", dir, n)}
	}
	return nil
}

func TestText(t *testing.T) {
	packages := map[string][]*sourceFile{}
	for _, f := range sources(t) {
		for _, b := range brokenText(f) {
			t.Error(b)
		}
		packages[f.dir()] = append(packages[f.dir()], f)
	}
	for _, pkg := range packages {
		for _, b := range brokenPackage(pkg) {
			t.Error(b)
		}
	}
	for _, name := range slices.Concat(files(t, ".txtar"), []string{"Makefile", ".ci/run"}) {
		for _, b := range machinePaths(name, read(t, name)) {
			t.Error(b)
		}
	}
}

func TestTextSees(t *testing.T) {
	const doc = "// Package x is one thing.\n//\n// It has an invariant.\n"
	for _, tc := range []struct {
		name, file, text, want string
	}{
		{"clean", "internal/x/x.go", doc + "package x\n", ""},
		{"format", "internal/x/x.go", doc + "package x\nfunc  f() {}\n", "not formatted"},
		{"file name", "internal/x/fileName.go", doc + "package x\n", "file names"},
		{"shapeless file", "internal/x/utils.go", doc + "package x\n", "says nothing"},
		{"shapeless package", "internal/common/x.go", "// Package common is\n// one thing.\npackage common\n", "says nothing"},
		{"package name", "internal/y/x.go", doc + "package x\n", "package x in directory y"},
		{"left for later", "internal/x/x.go", doc + "package x\n\n// TO" + "DO: more\n", "found by nobody"},
		{"long", "internal/x/x.go", doc + "package x\n" + strings.Repeat("\n// line\n", 300), "second file"},
		{"machine path", "internal/x/x.go", doc + "package x\n\nconst dir = \"/" + "tmp/x\"\n", "path of one machine"},
		{"relative path", "internal/x/x.go", doc + "package x\n\nconst dir = \"a/tmp/x\"\n", ""},
		{"no comment", "internal/x/x.go", "package x\n", "0 package comments"},
		{"other beginning", "internal/x/x.go", "// X is a thing.\n//\n// Really.\npackage x\n", "does not begin with"},
		{"short comment", "internal/x/x.go", "// Package x is x.\npackage x\n", "has 1 lines"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := parseSource(t, tc.file, tc.text)
			got := append(brokenText(f), brokenPackage([]*sourceFile{f})...)
			switch {
			case tc.want == "" && len(got) > 0:
				t.Errorf("have %q, want nothing", got)
			case tc.want != "" && (len(got) != 1 || !strings.Contains(got[0], tc.want)):
				t.Errorf("have %q, want one with %q", got, tc.want)
			}
		})
	}
}

func TestLicence(t *testing.T) {
	text := read(t, "LICENSE")
	for _, want := range []string{"Apache License", "Version 2.0, January 2004", "END OF TERMS AND CONDITIONS"} {
		if !strings.Contains(text, want) {
			t.Errorf("LICENSE lacks %q", want)
		}
	}
}

// docs/dependencies.md has one row for each direct dependency of go.mod, and none
// for anything else.
func TestDependenciesAreDocumented(t *testing.T) {
	direct := map[string]string{}
	for _, line := range strings.Split(read(t, "go.mod"), "\n") {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(words) >= 2 && strings.HasPrefix(words[1], "v") && !strings.Contains(line, "// indirect") {
			direct[words[0]] = words[1]
		}
	}
	if len(direct) < 10 {
		t.Fatalf("found %d direct dependencies in go.mod; the rule would see nothing", len(direct))
	}
	documented := map[string]string{}
	row := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (v[^ ]+) \\|")
	for _, m := range row.FindAllStringSubmatch(read(t, "docs/dependencies.md"), -1) {
		documented[m[1]] = m[2]
	}
	for name, version := range direct {
		if documented[name] != version {
			t.Errorf("docs/dependencies.md has %q for %s, go.mod %q", documented[name], name, version)
		}
		if _, owned := owners()[name]; !owned {
			t.Errorf("%s has no row in owners()", name)
		}
	}
	for name := range documented {
		if _, ok := direct[name]; !ok {
			t.Errorf("docs/dependencies.md has %s, which is no direct dependency", name)
		}
	}
}
