package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/strata-data/strata"

// sourceFile is one Go file of the tree.
type sourceFile struct {
	path string // from the module's root, with slashes
	text []byte
	ast  *ast.File
	fset *token.FileSet
}

// dir is the package's path within the module.
func (f *sourceFile) dir() string { return path.Dir(f.path) }

// test reports whether the file is no part of the program: a test, or in a
// package whose name ends in "test" and which only tests import.
func (f *sourceFile) test() bool {
	return strings.HasSuffix(f.path, "_test.go") || strings.HasSuffix(f.dir(), "test")
}

// imports returns the import paths of the file.
func (f *sourceFile) imports() []string {
	var paths []string
	for _, i := range f.ast.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// at returns where n begins, for messages.
func (f *sourceFile) at(n ast.Node) string {
	p := f.fset.Position(n.Pos())
	return f.path + ":" + strconv.Itoa(p.Line)
}

// parseSource makes a sourceFile of a text; rules are tried on such texts.
func parseSource(t *testing.T, name, text string) *sourceFile {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments)
	if err != nil {
		t.Fatalf("parse %s: %v", name, err)
	}
	return &sourceFile{name, []byte(text), file, fset}
}

// sources returns every Go file of the module.
func sources(t *testing.T) []*sourceFile {
	t.Helper()
	var all []*sourceFile
	for _, name := range files(t, ".go") {
		text, err := os.ReadFile(filepath.Join(root(t), name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, parseSource(t, name, string(text)))
	}
	if len(all) < 20 {
		t.Fatalf("found %d Go files; the rules would see nothing", len(all))
	}
	return all
}

// files returns the paths below the module's root that end in suffix, leaving
// out what the go tool leaves out.
func files(t *testing.T, suffix string) []string {
	t.Helper()
	top := root(t)
	var found []string
	err := filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && p != top && (name == "bin" || suffix == ".go" && name == "testdata" || strings.HasPrefix(name, ".") && name != ".ci" || strings.HasPrefix(name, "_")) {
			return filepath.SkipDir
		}
		if d.Type().IsRegular() && strings.HasSuffix(name, suffix) {
			rel, err := filepath.Rel(top, p)
			if err != nil {
				return err
			}
			found = append(found, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// root returns the directory that holds go.mod, found upwards.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test's directory")
		}
		dir = filepath.Dir(dir)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// matches reports whether dir fits a pattern: a path, or one with /... behind
// it for itself and everything below.
func matches(pattern, dir string) bool {
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return dir == base || strings.HasPrefix(dir, base+"/")
	}
	return dir == pattern
}
