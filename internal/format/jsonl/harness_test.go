package jsonl

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
)

// cut cuts d at record ends, at least every step bytes.
func cut(d []byte, step int) [][]byte {
	var chunks [][]byte
	for len(d) > 0 {
		end := -1
		if step < len(d) {
			end = text{}.RecordEnd(d, step)
		}
		if end < 0 {
			end = len(d)
		}
		chunks = append(chunks, d[:end])
		d = d[end:]
	}
	return chunks
}

// infer runs the inferrer over file, cut at step.
func infer(file []byte, step int, o format.TextOptions) (format.Codec, int, error) {
	inf, head, err := text{}.Sniff(file, true, o)
	if err != nil {
		return nil, 0, err
	}
	line := int64(1 + bytes.Count(file[:head], []byte{'\n'}))
	for _, c := range cut(file[head:], step) {
		if err := inf.Chunk(c, line); err != nil {
			return nil, 0, err
		}
		line += int64(bytes.Count(c, []byte{'\n'}))
	}
	codec, err := inf.Codec()
	return codec, head, err
}

// table is a file that was read.
type table struct {
	batch   *column.Batch
	records [][]byte
	odd     map[int]bool
}

// parse reads file with codec, cut at step.
func parse(file []byte, step, head int, codec format.Codec) (*table, error) {
	t := &table{batch: column.NewBatch(&column.Schema{Fields: codec.Columns()}, 0), odd: map[int]bool{}}
	line := int64(1 + bytes.Count(file[:head], []byte{'\n'}))
	for _, c := range cut(file[head:], step) {
		base := len(t.records)
		ends, odd, err := codec.Parse(c, line, t.batch)
		if err != nil {
			return nil, err
		}
		for _, i := range odd {
			t.odd[base+int(i)] = true
		}
		from := uint32(0)
		for _, e := range ends {
			t.records = append(t.records, c[from:e])
			from = e
		}
		if int(from) != len(c) {
			return nil, fmt.Errorf("records end at %d of %d", from, len(c))
		}
		line += int64(bytes.Count(c, []byte{'\n'}))
	}
	return t, nil
}

type tester interface {
	Helper()
	Fatalf(string, ...any)
}

// checkRoundTrip asserts everything that is promised about a file that can be
// read, and returns its codec and rows.
func checkRoundTrip(t tester, file []byte, o format.TextOptions) (format.Codec, *table) {
	t.Helper()
	codec, head, err := infer(file, 1<<30, o)
	if err != nil {
		t.Fatalf("infer %q: %v", file, err)
	}
	tab, err := parse(file, 1<<30, head, codec)
	if err != nil {
		t.Fatalf("parse %q: %v", file, err)
	}
	var back []byte
	back = append(back, file[:head]...)
	for i, raw := range tab.records {
		got := codec.Render(nil, tab.batch, i)
		if tab.odd[i] != !bytes.Equal(got, raw) {
			t.Fatalf("record %d odd is %v\n raw: %q\nhave: %q\ndialect: %s", i, tab.odd[i], raw, got, codec.Dialect())
		}
		if tab.odd[i] {
			got = raw
		}
		back = append(back, got...)
	}
	if !bytes.Equal(back, file) {
		t.Fatalf("file comes back as %q, was %q", back, file)
	}
	for k, v := range tab.batch.Cols {
		if v.Len != tab.batch.Len || v.Len != len(tab.records) {
			t.Fatalf("column %d has %d values, batch %d, file %d records", k, v.Len, tab.batch.Len, len(tab.records))
		}
	}
	checkSplit(t, file, o, codec, tab)
	loaded, err := text{}.Load(codec.Dialect(), codec.Columns())
	if err != nil {
		t.Fatalf("load %s: %v", codec.Dialect(), err)
	}
	again, err := parse(file, 1<<30, head, loaded)
	if err != nil {
		t.Fatalf("parse with loaded codec: %v", err)
	}
	if d := cmp.Diff(tab, again, tables()); d != "" {
		t.Fatalf("loaded codec reads otherwise: %s", d)
	}
	if !bytes.Equal(loaded.Dialect(), codec.Dialect()) {
		t.Fatalf("dialect %s loads as %s", codec.Dialect(), loaded.Dialect())
	}
	return codec, tab
}

// checkSplit asserts that cutting the file elsewhere changes nothing.
func checkSplit(t tester, file []byte, o format.TextOptions, codec format.Codec, tab *table) {
	t.Helper()
	for _, step := range []int{0, 40} {
		c, head, err := infer(file, step, o)
		if err != nil {
			t.Fatalf("infer in steps of %d: %v", step, err)
		}
		if d := cmp.Diff(string(codec.Dialect()), string(c.Dialect())); d != "" {
			t.Fatalf("steps of %d give another dialect: %s", step, d)
		}
		again, err := parse(file, step, head, c)
		if err != nil {
			t.Fatalf("parse in steps of %d: %v", step, err)
		}
		if d := cmp.Diff(tab, again, tables()); d != "" {
			t.Fatalf("steps of %d read otherwise: %s", step, d)
		}
	}
}

// tables compares tables by what their records and values are.
func tables() cmp.Option {
	return cmp.Transformer("rows", func(t *table) []string {
		var rows []string
		for i, r := range t.records {
			row := fmt.Sprintf("%q %v", r, t.odd[i])
			for k, v := range t.batch.Cols {
				row += fmt.Sprintf(" %s=%s", t.batch.Schema.Fields[k].Name, dump(v, i))
			}
			rows = append(rows, row)
		}
		return rows
	})
}

// dump writes value i of v for people.
func dump(v *column.Vector, i int) string {
	if v.IsNull(i) {
		return "null"
	}
	switch v.Type.Layout() {
	case column.LayoutInt:
		return fmt.Sprint(v.Ints[i])
	case column.LayoutF32:
		return fmt.Sprint(v.F32[i])
	case column.LayoutF64:
		return fmt.Sprint(v.F64[i])
	case column.LayoutBytes:
		return fmt.Sprintf("%q", v.At(i))
	case column.LayoutStruct:
		var parts []string
		for k, f := range v.Type.Fields {
			parts = append(parts, f.Name+":"+dump(v.Kids[k], i))
		}
		return "{" + strings.Join(parts, " ") + "}"
	}
	from, to := v.Span(i)
	var parts []string
	for k := from; k < to; k++ {
		parts = append(parts, dump(v.Kids[0], k))
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// meaning decodes JSON text with jsontext to a form in which values that mean
// the same are equal: numbers by value, members sorted, nulls left out.
func meaning(b []byte) (any, error) {
	d := jsontext.NewDecoder(bytes.NewReader(b))
	v, err := decode(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.ReadToken(); err == nil {
		return nil, errors.New("more than one value")
	}
	return v, nil
}

func decode(d *jsontext.Decoder) (any, error) {
	tok, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch tok.Kind() {
	case '{':
		m := map[string]any{}
		for d.PeekKind() != '}' {
			name, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			key := name.String()
			v, err := decode(d)
			if err != nil {
				return nil, err
			}
			if v != nil {
				m[key] = v
			}
		}
		_, err := d.ReadToken()
		return m, err
	case '[':
		list := []any{}
		for d.PeekKind() != ']' {
			v, err := decode(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.ReadToken()
		return list, err
	case '"':
		return "s:" + tok.String(), nil
	case '0':
		f, err := strconv.ParseFloat(tok.String(), 64)
		if err != nil {
			return "n:" + tok.String(), nil
		}
		return f + 0, nil // -0 equals 0
	case 'n':
		return nil, nil
	}
	return tok.Bool(), nil
}

// checkMeaning asserts that what Render writes means what was read.
func checkMeaning(t tester, codec format.Codec, tab *table) {
	t.Helper()
	for i, raw := range tab.records {
		want, err := meaning(raw)
		if err != nil {
			t.Fatalf("jsontext refuses %q: %v", raw, err)
		}
		out := codec.Render(nil, tab.batch, i)
		got, err := meaning(out)
		if err != nil {
			t.Fatalf("jsontext refuses rendered %q: %v", out, err)
		}
		if d := cmp.Diff(prune(want), prune(got)); d != "" {
			t.Fatalf("record %q is rendered %q: %s", raw, out, d)
		}
	}
}

// prune drops what a struct of nulls and no struct have in common.
func prune(v any) any {
	if m, ok := v.(map[string]any); ok {
		for k, x := range m {
			m[k] = prune(x)
		}
	}
	return v
}

func columnTypes(c format.Codec) map[string]string {
	m := map[string]string{}
	for _, f := range c.Columns() {
		m[f.Name] = f.Type.String()
	}
	return m
}

func joined(l ...string) []byte { return []byte(strings.Join(l, "\n") + "\n") }

var _ tester = (*testing.T)(nil)
