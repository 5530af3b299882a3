// Package jsonl reads and writes JSON lines: files whose every line is one
// JSON object, a sample, whose members are the columns.
//
// Objects become structs, arrays lists, and what has no one type is kept as
// json, its text compact and its numbers as they were spelled. The invariant,
// on which restoring byte for byte stands: a record that Parse does not report
// as odd is exactly what Render writes for its row. How a file differs from
// other files of the same rows (spaces, order of members, escapes, spelling of
// floats and times, null or absent) is its dialect, docs/format/jsonl.md.
//
// Start reading at Formats, then text.Sniff, inferrer.Chunk, codec.Parse. Lines
// are read by a byte scanner of our own (scan.go); jsontext is the oracle that
// the tests hold it against.
package jsonl

import (
	"bytes"

	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/lines"
)

// Formats returns the formats of this package: jsonl.
func Formats() []format.Format {
	return []format.Format{{
		Name:       "jsonl",
		Extensions: []string{".jsonl", ".ndjson"},
		Text:       text{},
		Write:      newWriter,
	}}
}

type text struct{}

const (
	hintUTF16 = "convert it: iconv -f UTF-16 -t UTF-8 FILE > NEWFILE"
	hintUTF8  = "if the file is Latin-1: iconv -f ISO-8859-1 -t UTF-8 FILE > NEWFILE"
	hintArray = "make it one object a line: jq -c '.[]' FILE > NEWFILE"
	hintLines = "make it one object a line: jq -c . FILE > NEWFILE"
)

// Sniff takes the byte order mark, skipped lines and leading blank lines as
// the head and finds the separators from the records in begin.
func (text) Sniff(begin []byte, eof bool, o format.TextOptions) (format.Inferrer, int, error) {
	head, err := checkEncoding(begin)
	if err != nil {
		return nil, 0, err
	}
	line := int64(1)
	for range o.Skip {
		n := bytes.IndexByte(begin[head:], '\n')
		if n < 0 {
			if !eof {
				return nil, 0, &format.SyntaxError{Line: line, Msg: "a skipped line is longer than what is looked at"}
			}
			head = len(begin)
			break
		}
		head += n + 1
		line++
	}
	first := head
	for first < len(begin) && isSpace(begin[first]) {
		if begin[first] == '\n' {
			line++
			head = first + 1
		}
		first++
	}
	switch {
	case first == len(begin) && eof:
		head = len(begin)
	case first == len(begin):
		return nil, 0, &format.SyntaxError{Line: line, Msg: "only blank lines where the first record should be"}
	case begin[first] == '[':
		return nil, 0, &format.SyntaxError{Line: line, Msg: "an array where one object a line should be", Hint: hintArray}
	}
	return newInferrer(o, sniffLayout(begin[head:])), head, nil
}

// checkEncoding returns the length of the byte order mark. UTF-16 is refused
// also where it has no mark.
func checkEncoding(b []byte) (int, error) {
	if len(b) >= 2 && (b[0] == 0) != (b[1] == 0) {
		return 0, &format.SyntaxError{Line: 1, Msg: "the file looks like UTF-16, not UTF-8", Hint: hintUTF16}
	}
	return lines.BOM(b)
}

// RecordEnd returns the end of the line at from together with the blank lines
// after it, or -1 where buf ends before the next record begins.
func (text) RecordEnd(buf []byte, from int) int {
	n := bytes.IndexByte(buf[from:], '\n')
	if n < 0 {
		return -1
	}
	end := from + n + 1
	for i := end; i < len(buf); i++ {
		if !isSpace(buf[i]) {
			return end
		}
		if buf[i] == '\n' {
			end = i + 1
		}
	}
	return -1
}
