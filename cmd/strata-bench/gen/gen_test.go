package gen

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

func write(t *testing.T, table Table, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := table.Write(context.Background(), &b, format); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func records(t *testing.T, table Table) [][]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(write(t, table, "csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// The bytes of version w/1: change Version when they change.
func TestGolden(t *testing.T) {
	for _, tc := range []struct{ format, want string }{
		{"csv", "706f57c0ddf9d393"},
		{"jsonl", "467b723580bf80f5"},
	} {
		sum := sha256.Sum256(write(t, Table{Seed: 1, Rows: 5000, Edits: []Edit{{Change: 0.01, Append: 0.01, Delete: 0.01, Label: 0.01}}}, tc.format))
		if got := hex.EncodeToString(sum[:8]); got != tc.want {
			t.Errorf("%s: have %s, want %s", tc.format, got, tc.want)
		}
	}
}

func TestSameForAnyNumberOfProcessors(t *testing.T) {
	table := Table{Seed: 3, Rows: 20000}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one := write(t, table, "csv")
	runtime.GOMAXPROCS(4)
	if !bytes.Equal(one, write(t, table, "csv")) {
		t.Error("other bytes with 4 processors than with 1")
	}
}

func TestEdits(t *testing.T) {
	base := Table{Seed: 1, Rows: 20000}
	before := records(t, base)
	for _, tc := range []struct {
		name               string
		edit               Edit
		changed, low, high int // column that must change where a row does; bounds of rows that do
		rows               int
	}{
		{"row", Edit{Row: true}, 4, 1, 1, 20001},
		{"change", Edit{Change: 0.01}, 9, 150, 250, 20001},
		{"cluster", Edit{Cluster: 0.01}, 9, 200, 200, 20001},
		{"label", Edit{Label: 0.01}, 8, 150, 250, 20001},
		{"append", Edit{Append: 0.01}, 0, 0, 0, 20201},
	} {
		t.Run(tc.name, func(t *testing.T) {
			table := base
			table.Edits = []Edit{tc.edit}
			after := records(t, table)
			if len(after) != tc.rows {
				t.Fatalf("%d records, want %d", len(after), tc.rows)
			}
			changed := 0
			for i, r := range before {
				if strings.Join(r, "\n") == strings.Join(after[i], "\n") {
					continue
				}
				changed++
				if r[tc.changed] == after[i][tc.changed] {
					t.Errorf("record %d changed elsewhere than in %s", i, before[0][tc.changed])
				}
				if r[0] != after[i][0] {
					t.Fatalf("record %d has another id", i)
				}
			}
			if changed < tc.low || changed > tc.high {
				t.Errorf("%d records changed, want %d to %d", changed, tc.low, tc.high)
			}
		})
	}
}

func TestDeleteKeepsOthers(t *testing.T) {
	base := Table{Seed: 1, Rows: 20000}
	have := map[string]bool{}
	for _, r := range records(t, base) {
		have[strings.Join(r, "\n")] = true
	}
	base.Edits = []Edit{{Delete: 0.01}}
	after := records(t, base)
	if n := 20001 - len(after); n < 150 || n > 250 {
		t.Errorf("%d rows deleted, want about 200", n)
	}
	for i, r := range after {
		if !have[strings.Join(r, "\n")] {
			t.Fatalf("record %d is new", i)
		}
	}
}

// JSON lines hold the values that CSV has.
func TestJSONLikeCSV(t *testing.T) {
	table := Table{Seed: 2, Rows: 3000, Changes: []string{"add", "rename"}, Scattered: true}
	rows := records(t, table)
	for i, line := range bytes.Split(bytes.TrimSpace(write(t, table, "jsonl")), []byte("\n")) {
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		var object map[string]any
		if err := d.Decode(&object); err != nil {
			t.Fatal(err)
		}
		for c, name := range rows[0] {
			got := ""
			switch v := object[name].(type) {
			case json.Number:
				got = v.String()
			case string:
				got = v
			case bool:
				got = strconv.FormatBool(v)
			}
			if got != rows[i+1][c] {
				t.Fatalf("row %d, %s: %q in JSON, %q in CSV", i, name, got, rows[i+1][c])
			}
		}
	}
}

func TestParquetBegins(t *testing.T) {
	b := write(t, Table{Seed: 1, Rows: 9000}, "parquet")
	if !bytes.HasPrefix(b, []byte("PAR1")) || !bytes.HasSuffix(b, []byte("PAR1")) {
		t.Error("not a Parquet file")
	}
}

func TestColumns(t *testing.T) {
	for _, tc := range []struct{ change, want string }{
		{"add", "id,camera,weather,country,score,reading,captured_at,split,label,text,speed,verified,quality"},
		{"rename", "id,camera,weather,country,confidence,reading,captured_at,split,label,text,speed,verified"},
		{"reorder", "id,split,weather,country,score,speed,captured_at,camera,label,text,reading,verified"},
		{"drop", "id,camera,weather,country,score,reading,captured_at,split,label,speed,verified"},
	} {
		table := Table{Seed: 1, Rows: 1, Changes: []string{tc.change}}
		if got := strings.Join(records(t, table)[0], ","); got != tc.want {
			t.Errorf("%s: have %s, want %s", tc.change, got, tc.want)
		}
	}
	table := Table{Rows: 1, Changes: []string{"shuffle"}}
	if err := table.Write(context.Background(), &bytes.Buffer{}, "csv"); err == nil {
		t.Error("an unknown change is accepted")
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	sum, err := Files(dir, 1, 1201)
	if err != nil {
		t.Fatal(err)
	}
	var n, size int64
	err = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		n++
		size += int64(len(b))
		if len(b) < 6000 || len(b) > 8300 {
			t.Errorf("%s has %d bytes", p, len(b))
		}
		return err
	})
	if err != nil || n != 1201 || size != sum {
		t.Errorf("%d files of %d bytes, told %d (%v)", n, size, sum, err)
	}
}

// Two sides of one version change different rows, and clash in the score of the
// same ones.
func TestSides(t *testing.T) {
	base := Table{Seed: 1, Rows: 20000}
	before := records(t, base)
	side := func(n int) (rows map[int]bool, scores map[int]bool) {
		table := base
		table.Edits = []Edit{{Side: n, Change: 0.01, Clash: 0.001}}
		rows, scores = map[int]bool{}, map[int]bool{}
		for i, r := range records(t, table) {
			if r[9] != before[i][9] {
				rows[i] = true
			} else if r[4] != before[i][4] {
				scores[i] = true
			}
		}
		return rows, scores
	}
	ours, clash1 := side(1)
	theirs, clash2 := side(2)
	for i := range ours {
		if theirs[i] {
			t.Fatalf("row %d changes on both sides", i)
		}
	}
	if len(ours) < 150 || len(ours) > 250 || len(theirs) < 150 || len(theirs) > 250 {
		t.Errorf("%d and %d rows changed, want about 200", len(ours), len(theirs))
	}
	if len(clash1) < 8 || len(clash1) > 40 || !maps.Equal(clash1, clash2) {
		t.Errorf("clashes %v and %v, want about 20, the same", clash1, clash2)
	}
}
