package jsonl

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/strata-data/strata/internal/format"
)

// FuzzFile asserts that any bytes are either restored exactly or refused with
// a typed error, and that what is accepted is what jsontext accepts.
func FuzzFile(f *testing.F) {
	files, err := filepath.Glob("testdata/*.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[:min(len(b), 2000)])
	}
	for _, s := range []string{`{"a":1}`, "{\"a\":1,\"a\":2}\n", `[1]`, "{\"a\":\"\\ud800\"}\n", "{\"a\":{\"b\":[1,\"x\"]}}\n5\n", "\xff\xfe", "{\"a\":-0}\n{\"a\":1}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		codec, head, err := infer(file, 1<<30, format.TextOptions{})
		if err == nil {
			_, err = parse(file, 1<<30, head, codec)
		}
		var se *format.SyntaxError
		if err != nil && !errors.As(err, &se) {
			t.Fatalf("%q: error %v is not a syntax error", file, err)
		}
		if err != nil {
			if head > 0 || codec != nil {
				return // names that are no columns, and the like
			}
			if lineByLine(file) && !namesRefused(se) {
				t.Fatalf("%q is refused: %v", file, err)
			}
			return
		}
		codec, tab := checkRoundTrip(t, file, format.TextOptions{})
		if bytes.Contains(file, []byte("NaN")) || bytes.Contains(file, []byte("Infinity")) {
			return
		}
		if !lineByLine(file[head:]) {
			t.Fatalf("%q is accepted, jsontext refuses it", file)
		}
		for i := range tab.records {
			if out := codec.Render(nil, tab.batch, i); !jsontext.Value(out).IsValid() {
				t.Fatalf("rendered %q is not JSON", out)
			}
		}
	})
}

// namesRefused reports an error about columns, not about syntax.
func namesRefused(e *format.SyntaxError) bool {
	for _, w := range []string{"empty cannot be", "reserved", "names among them", "blank lines", "UTF-16", "UTF-32", "an array"} {
		if bytes.Contains([]byte(e.Msg), []byte(w)) {
			return true
		}
	}
	return false
}

// lineByLine reports whether jsontext takes every line that is not blank for
// one object.
func lineByLine(b []byte) bool {
	for line := range bytes.SplitSeq(b, []byte{'\n'}) {
		line = bytes.Trim(line, " \t\r")
		if len(line) > 0 && (line[0] != '{' || !jsontext.Value(line).IsValid()) {
			return false
		}
	}
	return true
}

// FuzzLoad asserts that a dialect that loads is written back the same.
func FuzzLoad(f *testing.F) {
	codec, _, err := infer(joined(`{"a":1.5,"s":{"x":[1]},"t":"2024-01-01T00:00:00Z"}`), 0, format.TextOptions{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(codec.Dialect())
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := text{}.Load(b, codec.Columns())
		if err != nil {
			if !errors.Is(err, format.ErrFormat) {
				t.Fatalf("%q: %v", b, err)
			}
			return
		}
		if !bytes.Equal(got.Dialect(), b) {
			t.Fatalf("%q is written back as %q", b, got.Dialect())
		}
	})
}
