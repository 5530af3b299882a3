package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/strata-data/strata/internal/store/meta"
)

// scriptMetaPut writes one value of the bucket format of a repository's meta.db, as
// a program of another version might have: metaput DIR KEY VALUE.
func scriptMetaPut(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 || neg {
		ts.Fatalf("usage: metaput DIR KEY VALUE")
	}
	ts.Check(meta.Open(filepath.Join(ts.MkAbs(args[0]), "meta.db")).Update(context.Background(), func(tx meta.Tx) error {
		return tx.Put("format", []byte(args[1]), []byte(args[2]))
	}))
}

// scriptFileEq compares two files byte by byte: fileeq A B.
func scriptFileEq(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: fileeq A B")
	}
	a, b := []byte(ts.ReadFile(args[0])), []byte(ts.ReadFile(args[1]))
	same := bytes.Equal(a, b)
	if same == !neg {
		return
	}
	if neg {
		ts.Fatalf("%s and %s have the same bytes", args[0], args[1])
	}
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	around := func(x []byte) string { return strconv.Quote(string(x[max(0, min(at-20, len(x))):min(len(x), at+20)])) }
	ts.Fatalf("%s (%d bytes) and %s (%d bytes) differ at byte %d: %s and %s", args[0], len(a), args[1], len(b), at, around(a), around(b))
}

// scriptJSONQuery checks one value of a JSON file: jsonq FILE PATH [VALUE].
// FILE may be stdout or stderr. PATH is names and numbers separated by dots, #
// is the length of a list or object. VALUE is compared with strings as they are
// and with everything else as JSON; ~VALUE is a regular expression. Without
// VALUE the path has to exist. In a file of several lines, line N is N!PATH (from
// 0, negative from the end).
func scriptJSONQuery(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: jsonq FILE [LINE!]PATH [VALUE]")
	}
	text, path := ts.ReadFile(args[0]), args[1]
	if n, rest, ok := strings.Cut(path, "!"); ok {
		lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
		i, err := strconv.Atoi(n)
		ts.Check(err)
		if i < 0 {
			i += len(lines)
		}
		if i < 0 || i >= len(lines) {
			ts.Fatalf("%s has %d lines", args[0], len(lines))
		}
		text, path = lines[i], rest
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		ts.Fatalf("%s is not JSON: %v", args[0], err)
	}
	got, found := jsonAt(doc, path)
	if !found {
		if !neg {
			ts.Fatalf("%s has no %s", args[0], path)
		}
		return
	}
	ok := true
	if len(args) == 3 {
		if re, isRe := strings.CutPrefix(args[2], "~"); isRe {
			ok = regexp.MustCompile(re).MatchString(got)
		} else {
			ok = got == args[2]
		}
	}
	if ok == neg {
		ts.Fatalf("%s: %s is %s", args[0], path, got)
	}
}

func jsonAt(v any, path string) (string, bool) {
	for _, name := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' }) {
		switch x := v.(type) {
		case map[string]any:
			if inner, ok := x[name]; ok {
				v = inner
			} else if name == "#" {
				v = json.Number(strconv.Itoa(len(x)))
			} else {
				return "", false
			}
		case []any:
			if name == "#" {
				v = json.Number(strconv.Itoa(len(x)))
				continue
			}
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(x) {
				return "", false
			}
			v = x[i]
		default:
			return "", false
		}
	}
	if s, ok := v.(string); ok {
		return s, true
	}
	b, err := json.Marshal(v)
	return string(b), err == nil
}

// scriptGen writes a file that depends only on its arguments:
//
//	gen csv FILE ROWS [SEED]      id,label,score,cam,caption
//	gen jsonl FILE ROWS [SEED]    the same rows
//	gen bytes FILE SIZE [SEED]    bytes that do not compress
//	gen png FILE SIDE [SEED]      a square image
//	gen edit FILE EVERY TEXT      in every EVERY-th line replaces the label
func scriptGen(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: gen csv|jsonl|bytes|png|edit FILE N [SEED|TEXT]")
	}
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	seed := uint64(1)
	if len(args) > 3 && args[0] != "edit" {
		seed, err = strconv.ParseUint(args[3], 10, 64)
		ts.Check(err)
	}
	var b bytes.Buffer
	switch args[0] {
	case "csv":
		b.WriteString("id,label,score,cam,caption\n")
		for i := range n {
			r := rowOf(seed, i)
			fmt.Fprintf(&b, "%06d,%s,%.2f,%d,%s\n", i, r.label, r.score, r.cam, r.caption)
		}
	case "jsonl":
		for i := range n {
			r := rowOf(seed, i)
			fmt.Fprintf(&b, `{"id":"%06d","label":%q,"score":%.2f,"cam":%d,"caption":%q}`+"\n", i, r.label, r.score, r.cam, r.caption)
		}
	case "bytes":
		for i := range n {
			b.WriteByte(byte(mix(seed<<32 + uint64(i))))
		}
	case "png":
		img := image.NewRGBA(image.Rect(0, 0, n, n))
		for i := range n * n {
			h := mix(seed<<32 + uint64(i/7))
			img.Set(i%n, i/n, color.RGBA{byte(h), byte(h >> 8), byte(h >> 16), 255})
		}
		ts.Check(png.Encode(&b, img))
	case "edit":
		if len(args) != 4 {
			ts.Fatalf("usage: gen edit FILE EVERY TEXT")
		}
		for i, line := range strings.SplitAfter(ts.ReadFile(args[1]), "\n") {
			if i > 0 && i%n == 0 {
				for _, label := range labels() {
					if edited := strings.Replace(line, label, args[3], 1); edited != line {
						line = edited
						break
					}
				}
			}
			b.WriteString(line)
		}
	default:
		ts.Fatalf("gen: unknown kind %q", args[0])
	}
	path := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o777))
	ts.Check(os.WriteFile(path, b.Bytes(), 0o666))
}

type genRow struct {
	label, caption string
	score          float64
	cam            uint64
}

func labels() []string { return []string{"dog", "cat", "wolf", "lynx", "fox"} }

func rowOf(seed uint64, i int) genRow {
	h := mix(seed<<32 + uint64(i))
	words := []string{"a", "grey", "small", "animal", "near", "the", "fence", "at", "night", "running"}
	var caption []string
	for k := range 3 + h>>40%6 {
		caption = append(caption, words[mix(h+k)%uint64(len(words))])
	}
	return genRow{labels()[h%5], strings.Join(caption, " "), float64(h>>8%101) / 100, h >> 20 % 6}
}

// mix is the finalizer of splitmix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// scriptEdit changes a line of a text file: edit FILE LINE OLD NEW replaces the
// first OLD in it, which must be there, edit FILE LINE delete takes it out.
func scriptEdit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 && (len(args) != 3 || args[2] != "delete") {
		ts.Fatalf("usage: edit FILE LINE OLD NEW | edit FILE LINE delete")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	lines := strings.SplitAfter(ts.ReadFile(args[0]), "\n")
	if n < 1 || n > len(lines) {
		ts.Fatalf("edit: %s has %d lines", args[0], len(lines))
	}
	switch {
	case len(args) == 3:
		lines[n-1] = ""
	case !strings.Contains(lines[n-1], args[2]):
		ts.Fatalf("edit: line %d of %s has no %q: %s", n, args[0], args[2], lines[n-1])
	default:
		lines[n-1] = strings.Replace(lines[n-1], args[2], args[3], 1)
	}
	path := ts.MkAbs(args[0])
	ts.Check(os.Chmod(path, 0o644)) // copies of read-only files are read-only
	ts.Check(os.WriteFile(path, []byte(strings.Join(lines, "")), 0o644))
}

// scriptFlip changes one byte of a file: flip FILE OFFSET; a negative offset
// counts from the end. FILE may be a pattern; the first match is taken.
func scriptFlip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip FILE OFFSET")
	}
	found, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(found) == 0 {
		ts.Fatalf("flip: no file matches %s", args[0])
	}
	b, err := os.ReadFile(found[0])
	ts.Check(err)
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	if at < 0 {
		at += len(b)
	}
	if at < 0 || at >= len(b) {
		ts.Fatalf("flip: %s has %d bytes", found[0], len(b))
	}
	b[at] ^= 0xff
	ts.Check(os.Chmod(found[0], 0o666))
	ts.Check(os.WriteFile(found[0], b, 0o666))
}

// scriptExitCode runs a program that must end with a certain code:
// exitcode CODE PROGRAM ARGS.... Its output is compared as after exec.
func scriptExitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode CODE PROGRAM [ARG]...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%s: %v", args[1], err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}
