package expr

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/column"
)

// TestSQLite checks that we pick the rows that SQLite picks; sqlite.json was
// written by testdata/sqlite.py with SQLite 3.40.1.
func TestSQLite(t *testing.T) {
	raw, err := os.ReadFile("testdata/sqlite.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Rows  [][]json.RawMessage  `json:"rows"`
		Cases [][2]json.RawMessage `json:"cases"`
	}
	if err := json.Unmarshal(raw, &golden); err != nil {
		t.Fatal(err)
	}
	b := sqliteBatch(t, golden.Rows)
	for _, c := range golden.Cases {
		var src string
		var want []int
		if err := json.Unmarshal(c[0], &src); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(c[1], &want); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, rowsOf(t, src, b)); d != "" {
			t.Errorf("%s: %s", src, d)
		}
	}
	if len(golden.Cases) < 500 {
		t.Errorf("only %d cases", len(golden.Cases))
	}
}

func sqliteBatch(t *testing.T, rows [][]json.RawMessage) *column.Batch {
	t.Helper()
	s := &column.Schema{}
	for i, k := range []column.Kind{column.Int64, column.Float64, column.String, column.String, column.Bool} {
		s.Fields = append(s.Fields, column.NewField(string("irstb"[i]), column.Of(k)))
	}
	b := column.NewBatch(s, len(rows))
	for _, r := range rows {
		for i, v := range b.Cols {
			text := string(r[i])
			if text == "null" {
				v.AppendNull()
				continue
			}
			if v.Type.Kind == column.String {
				if err := json.Unmarshal(r[i], &text); err != nil {
					t.Fatal(err)
				}
			}
			if err := column.ParseText(v.Type, text, v); err != nil {
				t.Fatal(err)
			}
		}
		b.Len++
	}
	return b
}
