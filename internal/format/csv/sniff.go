package csv

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/lines"
)

// sampleRecords is how many records decide on the delimiter and the header.
const sampleRecords = 200

// Sniff implements format.Text. The head is the byte order mark, the skipped
// lines, the header and the blank lines around it.
func (t text) Sniff(begin []byte, eof bool, o format.TextOptions) (format.Inferrer, int, error) {
	pos, err := lines.BOM(begin)
	if err != nil {
		return nil, 0, err
	}
	for n := range o.Skip {
		nl := index(begin, pos, '\n')
		if nl < 0 {
			if !eof || pos == len(begin) {
				return nil, 0, &format.SyntaxError{Line: int64(n + 1), Msg: fmt.Sprintf("the file has fewer than the %d lines to skip", o.Skip)}
			}
			nl = len(begin) - 1
		}
		pos = nl + 1
	}
	pos = skipBlank(begin, pos)
	line := 1 + lines.CountLines(begin[:pos])
	if pos == len(begin) && eof {
		return noRecords(o, pos, line)
	}
	if err := macLines(begin[pos:]); err != nil {
		return nil, 0, err
	}

	delim, err := t.delimiter(begin[pos:], eof, o)
	if err != nil {
		return nil, 0, atLine(err, line)
	}
	l := &layout{delim: delim, class: classesOf(delim)}
	l.space = spaced(begin[pos:], eof, delim)
	recs, end, err := sample(begin[pos:], eof, delim, l.space, sampleRecords)
	if len(recs) == 0 {
		if err == nil {
			err = &format.SyntaxError{Msg: fmt.Sprintf("no record ends in the first %d bytes", len(begin)),
				Hint: "look for a quote that is opened and never closed"}
		}
		return nil, 0, atLine(err, line)
	}
	if err := sameWidth(recs, line, delim, o.Delimiter != 0); err != nil {
		return nil, 0, err
	}
	names := defaultNames(len(recs[0].fields))
	first := begin[pos : pos+end]
	l.crlf = bytes.HasSuffix(first, []byte("\r\n"))
	header, err := hasHeader(recs, line, o)
	if err != nil {
		return nil, 0, err
	}
	if header {
		if names, err = headerNames(recs[0], line); err != nil {
			return nil, 0, err
		}
		pos = skipBlank(begin, pos+end)
	}
	seen := map[string]bool{}
	for _, f := range fieldsOf(names, o) {
		if seen[f.Name] {
			return nil, 0, duplicate(f.Name, line, "one of them was renamed to the other's name")
		}
		seen[f.Name] = true
		l.columns = append(l.columns, newTarget(f, l.class))
	}
	return newInferrer(l), pos, nil
}

// noRecords is what a file without any line makes: no rows of the dataset's
// columns.
func noRecords(o format.TextOptions, head int, line int64) (format.Inferrer, int, error) {
	if len(o.Columns) == 0 {
		return nil, 0, &format.SyntaxError{Line: line, Msg: "the file has neither a header nor a record"}
	}
	l := &layout{delim: ',', class: classesOf(',')}
	for _, f := range o.Columns {
		l.columns = append(l.columns, newTarget(f, l.class))
	}
	return newInferrer(l), head, nil
}

// macLines refuses text whose lines end in CR alone.
func macLines(b []byte) error {
	if bytes.IndexByte(b, '\n') < 0 && bytes.Count(b, []byte{'\r'}) > 1 {
		return &format.SyntaxError{Line: 1, Msg: "lines end in CR alone", Hint: `tr '\r' '\n' < FILE > NEWFILE`}
	}
	return nil
}

func atLine(err error, line int64) error {
	e := *err.(*format.SyntaxError)
	e.Line += line
	return &e
}

// record is one of the first records: its fields, without quotes.
type record struct {
	fields []string
	lines  int64 // line ends before it
	spaces int   // fields behind a space
}

// sample reads up to n whole records from the beginning of b and the end of
// the first. The error is why it stopped before n.
func sample(b []byte, eof bool, delim byte, space bool, n int) (recs []record, end int, err error) {
	s := scanner{data: b, class: classesOf(delim), delim: delim, space: space}
	for s.pos < len(b) && len(recs) < n {
		r := record{lines: lines.CountLines(b[:s.pos])}
		var f flags
		for first := true; f&fLast == 0; first = false {
			f = s.next(first)
			if s.err != nil {
				if strings.Contains(s.err.Error(), "never closed") && !eof && len(recs) > 0 {
					return recs, end, nil // its end is behind b
				}
				return recs, end, s.err
			}
			v := b[s.lo:s.hi]
			if f&fEscaped != 0 {
				v = unescape(nil, v)
			}
			if !first && f&fNoSpace == 0 {
				r.spaces++
			}
			r.fields = append(r.fields, string(v))
		}
		if f&fEOF != 0 && !eof {
			break
		}
		recs = append(recs, r)
		if len(recs) == 1 {
			end = s.pos
		}
		s.pos = skipBlank(b, s.pos)
	}
	return recs, end, nil
}

// delimiter finds the delimiter of the records at the beginning of b.
func (t text) delimiter(b []byte, eof bool, o format.TextOptions) (byte, error) {
	switch {
	case o.Delimiter != 0 && !goodDelimiter(o.Delimiter):
		return 0, &format.SyntaxError{Msg: fmt.Sprintf("%q cannot be a delimiter", string(rune(o.Delimiter)))}
	case o.Delimiter != 0:
		return o.Delimiter, nil
	case t.delim != 0:
		return t.delim, nil
	}
	var best, plain byte
	var score, width int
	for _, d := range []byte{',', '\t', ';', '|'} {
		recs, _, _ := sample(b, eof, d, spaced(b, eof, d), sampleRecords)
		if len(recs) == 0 {
			continue
		}
		w, n := mode(recs)
		switch {
		case w == 1 && n == len(recs) && plain == 0:
			plain = d // a file of one column
		case w == 1:
		case n*10 < len(recs)*8 && len(recs[0].fields) != w && (len(recs) < 3 || n < len(recs)-1):
		case n*1000/len(recs) > score || n*1000/len(recs) == score && w > width:
			best, score, width = d, n*1000/len(recs), w
		}
	}
	switch {
	case best != 0:
		return best, nil
	case plain != 0:
		return plain, nil
	}
	return ',', nil
}

// mode returns the most frequent number of fields and how often it occurs.
func mode(recs []record) (width, n int) {
	count := map[int]int{}
	for _, r := range recs {
		w := len(r.fields)
		count[w]++
		if count[w] > n || count[w] == n && w > width {
			width, n = w, count[w]
		}
	}
	return width, n
}

// spaced reports whether a space follows most delimiters of the records.
func spaced(b []byte, eof bool, delim byte) bool {
	if delim == ' ' {
		return false
	}
	recs, _, err := sample(b, eof, delim, true, sampleRecords)
	if err != nil && len(recs) < 2 {
		return false
	}
	if len(recs) > 1 {
		recs = recs[1:] // a header may be without
	}
	all, with := 0, 0
	for _, r := range recs {
		all += len(r.fields) - 1
		with += r.spaces
	}
	return with > 0 && with*10 >= all*7
}

// sameWidth refuses a first record that has another number of fields than
// those behind it.
func sameWidth(recs []record, line int64, delim byte, asked bool) error {
	if len(recs) < 3 {
		return nil
	}
	w, n := mode(recs[1:])
	have := len(recs[0].fields)
	if w == have || n != len(recs)-1 {
		return nil
	}
	hint := "if the line is not part of the table: --skip 1"
	if w == have+1 {
		hint = "if the first column has no name, give it one in the header"
	}
	if asked {
		hint = fmt.Sprintf("is %q the delimiter?", string(rune(delim)))
	}
	return &format.SyntaxError{Line: line, Msg: fmt.Sprintf("%s, but the records behind it have %d", counted(have), w), Hint: hint}
}

// hasHeader decides whether the first record holds the names.
func hasHeader(recs []record, line int64, o format.TextOptions) (bool, error) {
	if o.Header != nil {
		return *o.Header, nil
	}
	first := recs[0].fields
	if allKnown(first, o) {
		return true, nil
	}
	seen := map[string]bool{}
	names, dup := true, ""
	for k, v := range first {
		v = strings.TrimSpace(v)
		if v == "" && k > 0 || v != "" && typed(v) {
			names = false
		}
		if seen[v] {
			dup = v
		}
		seen[v] = true
	}
	if names && dup != "" && !overTyped(recs) {
		return false, duplicate(dup, line, "if the first line is data, say so: --header no")
	}
	if names && !(len(first) == 1 && first[0] == "") {
		return true, nil
	}
	return overTyped(recs), nil
}

// allKnown reports whether the fields are names of the dataset's columns.
func allKnown(first []string, o format.TextOptions) bool {
	if len(o.Columns) == 0 {
		return false
	}
	for _, f := range fieldsOf(first, o) {
		if f.Type == nil {
			return false
		}
	}
	return true
}

// overTyped reports whether a word stands over a column of numbers, dates or
// the like, which only a header does.
func overTyped(recs []record) bool {
	if len(recs) < 2 {
		return false
	}
	for k, v := range recs[0].fields {
		if v == "" || typed(v) {
			continue
		}
		n := 0
		for _, r := range recs[1:] {
			if k >= len(r.fields) || r.fields[k] != "" && !typed(r.fields[k]) {
				n = 0
				break
			}
			if r.fields[k] != "" && nullWord([]byte(r.fields[k])) < 0 {
				n++
			}
		}
		if n > 0 {
			return true
		}
	}
	return false
}

// typed reports whether v is a value of a type other than string, or a null.
func typed(v string) bool {
	s := newStats()
	s.add([]byte(v), 0)
	return s.n == 0 || s.can != 0
}

func duplicate(name string, line int64, hint string) error {
	return &format.SyntaxError{Line: line, Msg: fmt.Sprintf("two columns are called %q", name), Hint: hint}
}

// headerNames returns the names in r, without spaces around them. A column
// without a name gets the one that a file without header would give it.
func headerNames(r record, line int64) ([]string, error) {
	names := defaultNames(len(r.fields))
	seen := map[string]bool{}
	for k, v := range r.fields {
		if err := lines.CheckUTF8([]byte(v), line); err != nil {
			return nil, err
		}
		if v = strings.TrimSpace(v); v != "" {
			names[k] = v
		}
		if seen[names[k]] {
			return nil, duplicate(names[k], line, "rename one of them in the file's header")
		}
		seen[names[k]] = true
	}
	return names, nil
}

func defaultNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i+1)
	}
	return names
}

// fieldsOf returns the columns that names in a file stand for: the dataset's
// own where it has them, new ones without a type otherwise.
func fieldsOf(names []string, o format.TextOptions) []column.Field {
	inDataset := map[string]string{}
	for name, inFile := range o.Rename {
		inDataset[inFile] = name
	}
	byName, ids := map[string]column.Field{}, map[string]bool{}
	for _, f := range o.Columns {
		byName[f.Name] = f
		ids[f.ID] = true
	}
	fields := make([]column.Field, len(names))
	for i, n := range names {
		n = strings.TrimSpace(n)
		if to, ok := inDataset[n]; ok {
			n = to
		}
		f, ok := byName[n]
		if !ok {
			f = column.Field{ID: freeID(n, ids), Name: n}
			ids[f.ID] = true
		}
		fields[i] = f
	}
	return fields
}

// freeID returns name, or name~2, name~3, ... where an older column was born
// with that name and renamed since.
func freeID(name string, ids map[string]bool) string {
	id := name
	for n := 2; ids[id]; n++ {
		id = fmt.Sprintf("%s~%d", name, n)
	}
	return id
}
