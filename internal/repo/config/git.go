package config

import (
	"os"
	"path/filepath"
	"strings"
)

// maxIncludes bounds how deep git's files may include each other.
const maxIncludes = 5

// GitUser returns user.name and user.email from git's own files, the last of
// which wins; what is not set is "". Files that cannot be read are passed over,
// as they belong to another program. `include.path` is followed, conditional
// includes are not. home stands for ~.
func GitUser(home string, files ...string) (name, email string) {
	g := Git(home, files...)
	return g["user.name"], g["user.email"]
}

// Git returns the settings of git's own files as GitUser reads them, by
// section.key or section.subsection.key in lower case.
func Git(home string, files ...string) map[string]string {
	g := gitFiles{home: home, all: map[string]string{}}
	for _, f := range files {
		g.read(f, 0)
	}
	return g.all
}

type gitFiles struct {
	home string
	all  map[string]string
}

func (g *gitFiles) read(path string, depth int) {
	text, err := os.ReadFile(path)
	if err != nil || depth > maxIncludes {
		return
	}
	parseGit(string(text), func(section, key, value string) {
		g.all[section+"."+key] = value
		if section == "include" && key == "path" {
			if rest, ok := strings.CutPrefix(value, "~/"); ok {
				value = filepath.Join(g.home, rest)
			}
			if !filepath.IsAbs(value) {
				value = filepath.Join(filepath.Dir(path), value)
			}
			g.read(value, depth+1)
		}
	})
}

// parseGit calls fn for each variable of a file in git's own format, with
// section and key in lower case; a section with a subsection is "section.sub".
// It stops at what it does not understand.
func parseGit(text string, fn func(section, key, value string)) {
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\uFEFF"), "\r\n", "\n")
	section := ""
	for text != "" {
		text = strings.TrimLeft(text, " \t\n")
		switch {
		case text == "":
		case text[0] == '#' || text[0] == ';':
			_, text, _ = strings.Cut(text, "\n")
		case text[0] == '[':
			head, rest, ok := strings.Cut(text[1:], "]")
			if strings.Contains(head, `"`) {
				head, rest, ok = cutSubsection(text[1:])
			}
			if !ok {
				return
			}
			section, text = sectionName(head), rest
		default:
			n := strings.IndexFunc(text, func(r rune) bool { return r != '-' && (r == '_' || !isBare(r)) })
			if n == 0 {
				return
			}
			if n < 0 {
				n = len(text)
			}
			key := strings.ToLower(text[:n])
			text = strings.TrimLeft(text[n:], " \t")
			value := ""
			if strings.HasPrefix(text, "=") {
				var ok bool
				if value, text, ok = gitValue(text[1:]); !ok {
					return
				}
			}
			fn(section, key, value)
		}
	}
}

// sectionName returns the name of a section whose head stands in brackets.
func sectionName(head string) string {
	name, sub, ok := strings.Cut(head, `"`)
	name = strings.TrimSpace(name)
	if ok {
		name += "." + strings.TrimSuffix(sub, `"`)
	}
	return strings.ToLower(name)
}

// cutSubsection reads `section "sub"]`, where sub may contain a bracket.
func cutSubsection(s string) (head, rest string, ok bool) {
	quoted := false
	for i := 0; i < len(s) && s[i] != '\n'; i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ']' && !quoted:
			return s[:i], s[i+1:], true
		}
	}
	return "", "", false
}

// gitValue reads a value up to the end of its line: double quotes group, a
// backslash escapes or continues the line, # and ; begin a comment.
func gitValue(s string) (value, rest string, ok bool) {
	var b strings.Builder
	quoted, kept := false, 0 // kept: length of b without trailing spaces
	i := len(s) - len(strings.TrimLeft(s, " \t"))
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\n' && quoted:
			return "", "", false
		case c == '\n':
			return b.String()[:kept], s[i+1:], true
		case (c == '#' || c == ';') && !quoted:
			_, rest, _ = strings.Cut(s[i:], "\n")
			return b.String()[:kept], rest, true
		case c == '"':
			quoted = !quoted
			kept = b.Len()
			continue
		case c == '\\':
			i++
			if i == len(s) {
				return "", "", false
			}
			at := strings.IndexByte("\nntb\"\\", s[i])
			if at < 0 {
				return "", "", false
			}
			if at == 0 {
				continue
			}
			c = "\n\n\t\b\"\\"[at]
			b.WriteByte(c)
			kept = b.Len()
			continue
		}
		b.WriteByte(c)
		if quoted || (c != ' ' && c != '\t') {
			kept = b.Len()
		}
	}
	return b.String()[:kept], "", !quoted
}
