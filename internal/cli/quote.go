package cli

import (
	"path/filepath"
	"strings"
)

// pathQuoter returns the function that makes paths for machine formats, as git
// prints them: unchanged when plain, otherwise in double quotes with C escapes
// and every byte outside printable ASCII as three octal digits.
// core.quotePath=false leaves bytes above 0x7f alone. Output that is separated by
// NUL bytes (-z) must not be quoted.
func (e *Env) pathQuoter() func(path string) string {
	v, ok := e.Config("core.quotePath")
	ascii := !ok || v != "false"
	return func(path string) string { return quoteC(path, ascii) }
}

// nearPath returns the function that makes paths for people: quoted, and relative
// to the working directory where that is in the repository's tree. A slash at
// the end stays.
func (e *Env) nearPath() func(path string) string {
	quote := e.pathQuoter()
	layout, err := e.findRepo()
	if err != nil || layout.Root == "" {
		return quote
	}
	dir, err := filepath.Rel(layout.Root, e.workDir())
	if err != nil || dir == "." || !filepath.IsLocal(dir) {
		return quote
	}
	return func(path string) string {
		near, err := filepath.Rel(dir, filepath.FromSlash(path))
		if err != nil {
			return quote(path)
		}
		if near = filepath.ToSlash(near); strings.HasSuffix(path, "/") {
			near += "/"
		}
		return quote(near)
	}
}

// quoteC quotes s in C style where needed; ascii asks for bytes above 0x7f too.
func quoteC(s string, ascii bool) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = !needsQuote(s[i], ascii)
	}
	if plain {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !needsQuote(c, ascii) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('\\')
		if k := strings.IndexByte("\a\b\t\n\v\f\r\"\\", c); k >= 0 {
			b.WriteByte("abtnvfr\"\\"[k])
			continue
		}
		b.WriteByte('0' + c>>6)
		b.WriteByte('0' + c>>3&7)
		b.WriteByte('0' + c&7)
	}
	b.WriteByte('"')
	return b.String()
}

func needsQuote(c byte, ascii bool) bool {
	return c < 0x20 || c == '"' || c == '\\' || c == 0x7f || c > 0x7f && ascii
}
