package report

import (
	"context"
	"encoding/json"
	"io"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/diff"
	"github.com/strata-data/strata/internal/table"
	"github.com/strata-data/strata/pkg/strata"
)

// diffHeader is the first line of a diff as JSON lines.
type diffHeader struct {
	Schema   string          `json:"schema"`
	Type     string          `json:"type"`
	From     strata.DiffSide `json:"from"`
	To       strata.DiffSide `json:"to"`
	Datasets []string        `json:"datasets"` // that are compared
}

// diffFooter is the last line; without it the stream was cut.
type diffFooter struct {
	Type     string              `json:"type"`
	Datasets []diffFooterDataset `json:"datasets"`
	Samples  int64               `json:"samples"`
	Files    int64               `json:"files"`
}

type diffFooterDataset struct {
	Name          string              `json:"name"`
	Added         int64               `json:"added"`
	Removed       int64               `json:"removed"`
	Modified      int64               `json:"modified"`
	SchemaChanges []diff.SchemaChange `json:"schema_changes"`
}

// DiffLines writes a diff as JSON lines: a header, an object for each sample
// with the values of the columns that differ (with full: of all columns), in
// which d is the dataset, k the key and op +, - or ~, and a footer with counts.
// Plain files are samples of @files without values.
func DiffLines(ctx context.Context, w io.Writer, d *strata.Diff, full bool) error {
	if err := writeLine(w, diffHeader{"strata.diff/1", "header", d.From(), d.To(), nonNil(d.Datasets())}); err != nil {
		return err
	}
	foot := diffFooter{Type: "footer", Datasets: []diffFooterDataset{}}
	for _, name := range d.Datasets() {
		l := lineWriter{w: w, full: full, dataset: column.AppendQuoted(nil, []byte(name))}
		s, err := d.Each(ctx, name, l.sample)
		if err != nil {
			return err
		}
		if s != nil {
			foot.Datasets = append(foot.Datasets, diffFooterDataset{name, s.Added, s.Removed, s.Modified, s.SchemaChanges})
			foot.Samples += s.Total()
		}
	}
	files, err := d.Files(ctx)
	if err != nil {
		return err
	}
	foot.Files = int64(len(files))
	for _, f := range files {
		op := map[string]string{"A": "+", "D": "-"}[f.Change]
		if op == "" {
			op = "~"
		}
		if err := writeLine(w, map[string]string{"d": "@files", "k": f.Path, "op": op}); err != nil {
			return err
		}
	}
	return writeLine(w, foot)
}

func nonNil(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func writeLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// lineWriter writes samples of one dataset, without the detour over reflection.
type lineWriter struct {
	w       io.Writer
	full    bool
	dataset []byte   // quoted
	names   [][]byte // of the fields, quoted, with a colon
	buf     []byte
}

func (l *lineWriter) sample(s *strata.DiffSample) error {
	if l.names == nil {
		for _, f := range s.Fields() {
			l.names = append(l.names, append(column.AppendQuoted(nil, []byte(f.Name)), ':'))
		}
	}
	key, err := s.Key()
	if err != nil {
		return err
	}
	b := append(l.buf[:0], `{"d":`...)
	b = append(b, l.dataset...)
	b = append(b, `,"k":`...)
	b = column.AppendQuoted(b, []byte(key))
	b = append(b, `,"op":"`...)
	b = append(b, byte(s.Op), '"')
	if s.Op != table.Added {
		if b, err = l.side(append(b, `,"old":`...), s, s.Old); err != nil {
			return err
		}
	}
	if s.Op != table.Removed {
		if b, err = l.side(append(b, `,"new":`...), s, s.New); err != nil {
			return err
		}
	}
	l.buf = append(b, '}', '\n')
	_, err = l.w.Write(l.buf)
	return err
}

// side appends the values of one side.
func (l *lineWriter) side(b []byte, s *strata.DiffSample, value func(int) (strata.Value, error)) ([]byte, error) {
	b = append(b, '{')
	begin := len(b)
	add := func(i int) error {
		x, err := value(i)
		if err != nil || !x.Exists() {
			return err
		}
		if len(b) > begin {
			b = append(b, ',')
		}
		b = x.AppendJSON(append(b, l.names[i]...))
		return nil
	}
	if s.Op == table.Modified && !l.full {
		for _, i := range s.Changed {
			if err := add(i); err != nil {
				return nil, err
			}
		}
		return append(b, '}'), nil
	}
	for i := range l.names {
		if err := add(i); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}
