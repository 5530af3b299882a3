package csv

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/lines"
)

// table is a file that was read.
type table struct {
	head  []byte
	codec format.Codec
	batch *column.Batch
	raw   [][]byte // records as they were
	odd   []bool
}

// read infers and parses a file, through lines, with the parsed records
// checked against rendered ones.
func read(t text, file []byte, o format.TextOptions) (*table, error) {
	inf, begin, _, err := lines.Begin(t, bytes.NewReader(file), o)
	if err != nil {
		return nil, err
	}
	head := len(begin)
	ctx := context.Background()
	lo := lines.Options{Line: 1 + lines.CountLines(begin), Workers: 2}
	end := lines.RecordEnd(t, inf)
	codec, err := lines.Infer(ctx, lines.Chunks(ctx, bytes.NewReader(file[head:]), end, lo), inf, lo)
	if err != nil {
		return nil, err
	}
	tab := &table{head: file[:head], codec: codec}
	tab.batch = column.NewBatch(&column.Schema{Fields: codec.Columns()}, 0)
	for p, err := range lines.Parse(ctx, lines.Chunks(ctx, bytes.NewReader(file[head:]), end, lo), codec, lo) {
		if err != nil {
			return nil, err
		}
		for i := range p.Ends {
			tab.raw = append(tab.raw, slices.Clone(p.Record(i)))
			tab.odd = append(tab.odd, slices.Contains(p.Odd, uint32(i)))
		}
		tab.batch.AppendFrom(p.Batch, 0, p.Batch.Len)
		p.Release()
	}
	return tab, tab.check(file)
}

// check is the law of the package: odd is exactly what Render writes
// otherwise, the dialect survives being stored, and the file comes back.
func (tab *table) check(file []byte) error {
	stored, err := text{}.Load(tab.codec.Dialect(), tab.codec.Columns())
	if err != nil {
		return fmt.Errorf("load dialect %q: %w", tab.codec.Dialect(), err)
	}
	if !bytes.Equal(stored.Dialect(), tab.codec.Dialect()) {
		return fmt.Errorf("dialect %q was loaded as %q", tab.codec.Dialect(), stored.Dialect())
	}
	if tab.batch.Len != len(tab.raw) {
		return fmt.Errorf("%d rows of %d records", tab.batch.Len, len(tab.raw))
	}
	back := slices.Clone(tab.head)
	for i, raw := range tab.raw {
		got := stored.Render(nil, tab.batch, i)
		if odd := !bytes.Equal(got, raw); odd != tab.odd[i] {
			return fmt.Errorf("record %d %q is rendered %q, odd is %t", i, raw, got, tab.odd[i])
		}
		if tab.odd[i] {
			got = raw
		}
		back = append(back, got...)
	}
	if !bytes.Equal(back, file) {
		return fmt.Errorf("file came back as %q", lines.Excerpt(back))
	}
	return nil
}

func (tab *table) oddCount() (n int) {
	for _, odd := range tab.odd {
		if odd {
			n++
		}
	}
	return n
}

// types returns name and type of each column.
func (tab *table) types() (types []string) {
	for _, f := range tab.codec.Columns() {
		types = append(types, f.Name+" "+f.Type.String())
	}
	return types
}

// rows returns the values as text, nulls as ~.
func (tab *table) rows() (rows [][]string) {
	for i := range tab.batch.Len {
		var row []string
		for _, v := range tab.batch.Cols {
			if v.IsNull(i) {
				row = append(row, "~")
			} else {
				row = append(row, string(column.AppendText(nil, v, i)))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// dataDir finds the real data that lies beside the repository.
func dataDir(t *testing.T) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("no go.mod above the test")
		}
		dir = up
	}
	data := filepath.Join(dir, "..", "shared", "data")
	if _, err := os.Stat(data); err != nil {
		t.Skip("real data is not there: ", err)
	}
	return data
}

func TestRealFiles(t *testing.T) {
	data := dataDir(t)
	for _, tc := range []struct {
		file   string
		skip   int
		rows   int
		maxOdd int
		types  map[string]string
	}{
		{"adult/adult.data", 0, 32561, 1, map[string]string{"c1": "int64", "c2": "string", "c15": "string"}},
		{"adult/adult.test", 1, 16281, 1, map[string]string{"c1": "int64", "c3": "int64"}},
		{"titanic/titanic.csv", 0, 624, 0, map[string]string{"PassengerId": "int64", "Age": "float64", "Name": "string", "Fare": "float64"}},
		{"salaries/Salaries.csv", 0, 397, 0, map[string]string{"c1": "int64", "rank": "string", "salary": "int64"}},
		{"california_housing/reference.csv", 0, -1, 0, map[string]string{"MedInc": "float64", "timestamp": "timestamp[us]", "clf_target": "int64"}},
		{"california_housing/analysis.csv", 0, -1, 0, map[string]string{"y_pred_proba": "float64"}},
		{"california_housing/analysis_gt.csv", 0, -1, 0, map[string]string{"id": "int64"}},
	} {
		t.Run(tc.file, func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join(data, tc.file))
			if err != nil {
				t.Skip(err)
			}
			tab, err := read(text{}, b, format.TextOptions{Skip: tc.skip})
			if err != nil {
				t.Fatal(err)
			}
			if tc.rows >= 0 && tab.batch.Len != tc.rows {
				t.Errorf("%d rows, want %d", tab.batch.Len, tc.rows)
			}
			if n := tab.oddCount(); n > tc.maxOdd {
				t.Errorf("%d odd records, want at most %d", n, tc.maxOdd)
			}
			for _, f := range tab.codec.Columns() {
				if want := tc.types[f.Name]; want != "" && want != f.Type.String() {
					t.Errorf("%s is %s, want %s", f.Name, f.Type, want)
				}
			}
			if testing.Verbose() {
				t.Logf("%v\n%s%d odd", tab.types(), tab.codec.Dialect(), tab.oddCount())
			}
		})
	}
}

func TestManyChunks(t *testing.T) {
	file := w1(3 << 20)
	for name, b := range map[string][]byte{"lf": file, "crlf": bytes.ReplaceAll(file, []byte("\n"), []byte("\r\n"))} {
		tab, err := read(text{}, b, format.TextOptions{})
		if err != nil {
			t.Fatal(name, err)
		}
		want := []string{"id int64", "weather string", "camera string", "label string", "score float64", "lat float64",
			"taken timestamp[us, UTC]", "split string", "caption string", "speed int64"}
		if got := tab.types(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if n := tab.oddCount(); n*oddShare > tab.batch.Len {
			t.Errorf("%s: %d of %d records are odd", name, n, tab.batch.Len)
		}
	}
}
