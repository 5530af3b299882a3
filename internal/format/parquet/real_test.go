package parquet

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format/formattest"
)

// The expected hashes are those of the rows that pandas reads
// (testdata/employment.py, versions in employment.txt).
func TestEmploymentRowsAreThoseOfPandas(t *testing.T) {
	dir := formattest.DataDir(t)
	text, err := os.ReadFile("testdata/employment.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		parts := strings.SplitN(line, " ", 4)
		t.Run(parts[0], func(t *testing.T) {
			f, err := os.Open(filepath.Join(dir, "employment_ma", parts[0]+".parquet"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			st, err := f.Stat()
			if err != nil {
				t.Fatal(err)
			}
			r, err := files{}.Open(context.Background(), f, st.Size())
			if err != nil {
				t.Fatal(err)
			}
			h, n, last := sha256.New(), 0, ""
			for b, err := range r.Batches(context.Background()) {
				if err != nil {
					t.Fatal(err)
				}
				for i := range b.Len {
					last = formattest.Row(b, i)
					fmt.Fprintln(h, last)
				}
				n += b.Len
			}
			if got := fmt.Sprintf("%s %d %x %s", parts[0], n, h.Sum(nil), last); got != line {
				t.Errorf("got\n%s\nwant\n%s", got, line)
			}
		})
	}
}

// everything is one column of each type, and one of each kind of nesting.
func everything() *column.Schema {
	s := new(column.Schema)
	for i, t := range formattest.Leaves() {
		s.Fields = append(s.Fields, column.NewField(fmt.Sprintf("c%02d", i), t))
	}
	str, num := column.Of(column.String), column.Of(column.Int32)
	for i, t := range []*column.Type{
		column.ListOf(str), column.FixedListOf(column.Of(column.Float32), 3), column.StructOf(column.NewField("a", num), column.NewField("b", column.ListOf(num))),
		column.ListOf(column.StructOf(column.NewField("x", str), column.NewField("y", column.ListOf(column.ListOf(num))))),
		column.FixedListOf(column.FixedListOf(num, 2), 2),
	} {
		s.Fields = append(s.Fields, column.NewField(fmt.Sprintf("n%d", i), t))
	}
	return s
}

func TestPythonReadsWhatIsWritten(t *testing.T) {
	s := everything()
	s.Fields = slices.DeleteFunc(s.Fields, func(f column.Field) bool {
		return f.Type.Kind == column.Timestamp && f.Type.Unit == column.Second // pyarrow gives milliseconds
	})
	b := formattest.Fill(s, 3000, 7, 0.2)
	gotTypes, gotRows := formattest.CheckFile(t, "parquet", writeAll(t, s, b))
	if d := cmp.Diff(types(s), gotTypes); d != "" {
		t.Error("types (-written +pyarrow)\n", d)
	}
	if d := cmp.Diff(rows(b), gotRows); d != "" {
		t.Errorf("rows (-written +pyarrow)\n%.4000s", d)
	}
}
