package lint

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// ban forbids names of a standard package outside some packages.
type ban struct {
	pkg    string
	names  []string // empty: the whole package
	except []string // patterns
	why    string
}

func bans() []ban {
	return []ban{
		{"time", []string{"Now", "Since", "Until"}, []string{"cmd/...", "internal/cli"}, "the clock is an input"},
		{"math/rand", nil, nil, "randomness is a seed and a hash"},
		{"math/rand/v2", nil, nil, "randomness is a seed and a hash"},
		{"os", []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"}, []string{"cmd/..."}, "the environment is read in main"},
		{"os", []string{"Exit"}, []string{"cmd/..."}, "only main leaves the process"},
		{"os", []string{"Stdin", "Stdout", "Stderr"}, []string{"cmd/..."}, "streams are inputs"},
		{"fmt", []string{"Print", "Printf", "Println"}, []string{"cmd/..."}, "libraries do not print"},
		{"log", nil, nil, "log/slog, passed in"},
		{"unsafe", nil, []string{"internal/kernel/...", "internal/column", "internal/expr", "internal/format/..."}, "unsafe belongs to the hot loops"},
	}
}

// globals lists package-level variables that may be changed while the program
// runs, each with its reason at its declaration.
func globals() []string {
	return []string{"internal/fault.armed"}
}

// brokenCalls returns the forbidden things in one file.
func brokenCalls(f *sourceFile) []string {
	if f.test() {
		return nil
	}
	names := map[string]string{} // local name of an import -> path
	for _, i := range f.ast.Imports {
		p := strings.Trim(i.Path.Value, `"`)
		local := p[strings.LastIndex(p, "/")+1:]
		if i.Name != nil {
			local = i.Name.Name
		}
		names[local] = p
	}
	var broken []string
	for _, b := range bans() {
		if slices.ContainsFunc(b.except, func(p string) bool { return matches(p, f.dir()) }) {
			continue
		}
		if len(b.names) == 0 && slices.Contains(f.imports(), b.pkg) {
			broken = append(broken, f.path+": imports "+b.pkg+": "+b.why)
		}
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			broken = append(broken, bannedSelector(f, n, names)...)
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && id.Obj == nil && (id.Name == "print" || id.Name == "println") {
				broken = append(broken, f.at(n)+": "+id.Name+" is for debugging")
			}
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				broken = append(broken, f.at(n)+": func init runs where nobody sees it; make a value in a function")
			}
		}
		return true
	})
	return broken
}

func bannedSelector(f *sourceFile, n *ast.SelectorExpr, names map[string]string) []string {
	id, ok := n.X.(*ast.Ident)
	if !ok || id.Obj != nil {
		return nil
	}
	for _, b := range bans() {
		if names[id.Name] != b.pkg || !slices.Contains(b.names, n.Sel.Name) {
			continue
		}
		if !slices.ContainsFunc(b.except, func(p string) bool { return matches(p, f.dir()) }) {
			return []string{f.at(n) + ": " + id.Name + "." + n.Sel.Name + ": " + b.why}
		}
	}
	return nil
}

// changedGlobals returns the places where package-level variables of one
// package are assigned to, and those whose type is made to be changed.
func changedGlobals(pkg []*sourceFile) []string {
	declared, top := map[string]bool{}, map[any]bool{}
	var broken []string
	for _, f := range pkg {
		for _, spec := range packageVars(f) {
			top[spec] = true
			for _, name := range spec.Names {
				if slices.Contains(globals(), f.dir()+"."+name.Name) {
					continue
				}
				declared[name.Name] = true
				if kind := changingType(spec.Type); kind != "" && name.Name != "_" {
					broken = append(broken, f.at(name)+": package variable "+name.Name+" is a "+kind)
				}
			}
		}
	}
	for _, f := range pkg {
		for _, decl := range f.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Body != nil {
				broken = append(broken, assignments(f, fn, declared, top)...)
			}
		}
	}
	return broken
}

func packageVars(f *sourceFile) []*ast.ValueSpec {
	var specs []*ast.ValueSpec
	for _, decl := range f.ast.Decls {
		if g, ok := decl.(*ast.GenDecl); ok {
			for _, s := range g.Specs {
				if v, ok := s.(*ast.ValueSpec); ok && g.Tok.String() == "var" {
					specs = append(specs, v)
				}
			}
		}
	}
	return specs
}

// changingType names a type whose values exist to be changed, or is "".
func changingType(t ast.Expr) string {
	if ix, ok := t.(*ast.IndexExpr); ok {
		t = ix.X
	}
	sel, ok := t.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	id, ok := sel.X.(*ast.Ident)
	if !ok {
		return ""
	}
	name := id.Name + "." + sel.Sel.Name
	if id.Name == "atomic" || slices.Contains([]string{"sync.Mutex", "sync.RWMutex", "sync.Map", "sync.WaitGroup", "sync.Once"}, name) {
		return name
	}
	return ""
}

func assignments(f *sourceFile, fn *ast.FuncDecl, declared map[string]bool, top map[any]bool) []string {
	var broken []string
	check := func(target ast.Expr) {
		id := baseOf(target)
		if id == nil || !declared[id.Name] || id.Name == "_" || isLocal(id, top) {
			return
		}
		broken = append(broken, f.at(id)+": changes package variable "+id.Name)
	}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok.String() != ":=" {
				for _, target := range n.Lhs {
					check(target)
				}
			}
		case *ast.IncDecStmt:
			check(n.X)
		}
		return true
	})
	return broken
}

// baseOf returns the variable that an assignment to e changes a part of.
func baseOf(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// isLocal reports whether id is declared inside a function. The parser resolves
// names of the same file to their declaration; names of the package that another
// file declares stay unresolved.
func isLocal(id *ast.Ident, top map[any]bool) bool { return id.Obj != nil && !top[id.Obj.Decl] }

func TestCalls(t *testing.T) {
	packages := map[string][]*sourceFile{}
	for _, f := range sources(t) {
		for _, b := range brokenCalls(f) {
			t.Error(b)
		}
		if !f.test() {
			packages[f.dir()] = append(packages[f.dir()], f)
		}
	}
	for _, pkg := range packages {
		for _, b := range changedGlobals(pkg) {
			t.Error(b)
		}
	}
}

func TestCallsSee(t *testing.T) {
	for _, tc := range []struct {
		name, file, body, want string
	}{
		{"clock", "internal/table/x.go", `import "time"; var t = time.Now()`, "time.Now"},
		{"clock under another name", "internal/table/x.go", `import clock "time"; var t = clock.Now()`, "clock.Now"},
		{"clock in the shell", "internal/cli/x.go", `import "time"; var t = time.Now()`, ""},
		{"clock in a test", "internal/table/x_test.go", `import "time"; var t = time.Now()`, ""},
		{"other part of time", "internal/table/x.go", `import "time"; var t = time.UTC`, ""},
		{"local named time", "internal/table/x.go", `func f(time struct{ Now int }) int { return time.Now }`, ""},
		{"random", "internal/stat/x.go", `import _ "math/rand/v2"`, "imports math/rand/v2"},
		{"environment", "internal/cli/x.go", `import "os"; var home = os.Getenv("HOME")`, "os.Getenv"},
		{"exit", "internal/cli/x.go", `import "os"; func f() { os.Exit(1) }`, "os.Exit"},
		{"stream", "internal/cli/x.go", `import "os"; var w = os.Stderr`, "os.Stderr"},
		{"print", "pkg/strata/x.go", `import "fmt"; func f() { fmt.Println() }`, "fmt.Println"},
		{"print in main", "cmd/strata/x.go", `import "fmt"; func f() { fmt.Println() }`, ""},
		{"builtin print", "pkg/strata/x.go", `func f() { println() }`, "println"},
		{"init", "internal/table/x.go", `func init() {}`, "func init"},
		{"method init", "internal/table/x.go", `type t int; func (t) init() {}`, ""},
		{"assignment", "internal/table/x.go", `var n int; func f() { n = 1 }`, "changes package variable n"},
		{"counter", "internal/table/x.go", `var n int; func f() { n++ }`, "changes package variable n"},
		{"element", "internal/table/x.go", `var m = map[int]int{}; func f() { m[1] = 2 }`, "changes package variable m"},
		{"field", "internal/table/x.go", `var s struct{ a int }; func f() { s.a = 2 }`, "changes package variable s"},
		{"local of the same name", "internal/table/x.go", `var n int; func f() { var n int; n = 1; _ = n }`, ""},
		{"parameter of the same name", "internal/table/x.go", `var n int; func f(n int) { n = 1 }`, ""},
		{"lock", "internal/table/x.go", `import "sync"; var mu sync.Mutex`, "is a sync.Mutex"},
		{"atomic", "internal/table/x.go", `import "sync/atomic"; var p atomic.Pointer[int]`, "is a atomic.Pointer"},
		{"table of constants", "internal/table/x.go", `var words = []string{"a"}; func f() string { return words[0] }`, ""},
		{"sentinel", "internal/table/x.go", `import "errors"; var ErrX = errors.New("x")`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := parseSource(t, tc.file, "package x\n\n"+tc.body+"\n")
			got := brokenCalls(f)
			if !f.test() {
				got = append(got, changedGlobals([]*sourceFile{f})...)
			}
			switch {
			case tc.want == "" && len(got) > 0:
				t.Errorf("have %q, want nothing", got)
			case tc.want != "" && (len(got) != 1 || !strings.Contains(got[0], tc.want)):
				t.Errorf("have %q, want one with %q", got, tc.want)
			}
		})
	}
}

// A variable of one file that another file of the package changes is seen.
func TestCallsSeeAcrossFiles(t *testing.T) {
	a := parseSource(t, "internal/table/a.go", "package table\n\nvar n int\n")
	b := parseSource(t, "internal/table/b.go", "package table\n\nfunc f() { n = 1 }\n")
	if got := changedGlobals([]*sourceFile{a, b}); len(got) != 1 {
		t.Errorf("have %q, want one", got)
	}
}
