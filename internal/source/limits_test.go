package source_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/parquet"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// backwards returns a CSV file whose rows are in descending order of key.
func backwards(n int) []byte {
	lines := strings.SplitAfter(string(rowsCSV(n, nil)), "\n")
	lines = lines[:len(lines)-1]
	for i, j := 1, len(lines)-1; i < j; i, j = i+1, j-1 {
		lines[i], lines[j] = lines[j], lines[i]
	}
	return []byte(strings.Join(lines, ""))
}

// What does not fit the budget goes through temporary files, and nothing else
// changes.
func TestSmallBudgetGivesTheSame(t *testing.T) {
	f := formatOf(t, "csv")
	text := backwards(6000)
	for _, key := range [][]string{{"id"}, nil} {
		var ids []object.ID
		for _, mem := range []int64{0, 300_000, 1} {
			w := newWorld(t)
			dir := t.TempDir()
			files := 0
			temp := func() (*os.File, error) { files++; return os.CreateTemp(dir, "sort") }
			ctx := context.Background()
			sw, err := w.store.NewWriter(ctx)
			if err != nil {
				t.Fatal(err)
			}
			res, err := source.Ingest(ctx, sw, &source.Request{Files: []source.File{fileOf("t.csv", text)}, Format: f, Key: key, Mem: mem, Temp: temp})
			if err != nil {
				t.Fatal(err)
			}
			id, err := res.Table.Save(ctx, sw)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
			if spilled := files > 0; spilled != (mem > 0) {
				t.Errorf("budget %d: %d temporary files", mem, files)
			}
			got, err := restoreAll(ctx, sw, id, source.RestoreOptions{Format: f, Mem: max(mem, 1), Temp: temp})
			if err != nil || !bytes.Equal(got, text) {
				t.Errorf("budget %d: restored %d bytes of %d: %v", mem, len(got), len(text), err)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("budget %d: %v is left", mem, left)
			}
		}
		if ids[0] != ids[1] || ids[0] != ids[2] {
			t.Errorf("key %v: tables %v under three budgets", key, ids)
		}
	}
}

// stopping is a writer that fails, or cancels its caller, at one object.
type stopping struct {
	store.Writer
	left int
	stop func() error
}

func (s *stopping) Put(ctx context.Context, b []byte, h store.Hint) (object.ID, error) {
	if s.left--; s.left == 0 {
		if err := s.stop(); err != nil {
			return object.ID{}, err
		}
	}
	return s.Writer.Put(context.WithoutCancel(ctx), b, h)
}

var errFull = errors.New("no room")

// A reading that fails somewhere ends at once and leaves nothing behind.
func TestIngestThatFailsLeavesNothingBehind(t *testing.T) {
	f := formatOf(t, "csv")
	sorted, mixed := rowsCSV(3000, nil), backwards(3000)
	before := runtime.NumGoroutine()
	dir := t.TempDir()
	for _, text := range [][]byte{sorted, mixed} {
		for _, key := range [][]string{{"id"}, nil} {
			for n := 1; n < 400; n += 1 + n/3 {
				if testing.Short() && n > 4 {
					break
				}
				for _, cancelled := range []bool{false, true} {
					w := newWorld(t)
					ctx, cancel := context.WithCancel(context.Background())
					sw, err := w.store.NewWriter(context.Background())
					if err != nil {
						t.Fatal(err)
					}
					want := errFull
					stop := func() error { return errFull }
					if cancelled {
						want, stop = context.Canceled, func() error { cancel(); return nil }
					}
					x := &stopping{Writer: sw, left: n, stop: stop}
					done := make(chan error, 1)
					go func() {
						_, err := source.Ingest(ctx, x, &source.Request{Files: []source.File{fileOf("t.csv", text)}, Format: f, Key: key, Mem: 100_000,
							Temp: func() (*os.File, error) { return os.CreateTemp(dir, "sort") }})
						done <- err
					}()
					select {
					case err = <-done:
					case <-time.After(20 * time.Second):
						t.Fatalf("object %d: hangs", n)
					}
					cancel()
					if x.left <= 0 && !errors.Is(err, want) && !(cancelled && err == nil) {
						t.Errorf("object %d, cancelled %v: error %v", n, cancelled, err)
					}
				}
			}
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%d temporary files are left", len(left))
	}
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d goroutines are left, were %d", runtime.NumGoroutine(), before)
}

// A binary file whose bytes were given up is written from its rows.
func TestValuesOnlyOfABinaryFile(t *testing.T) {
	w := newWorld(t)
	csv, pq := formatOf(t, "csv"), parquet.Formats()[0]
	rows := w.must(&source.Request{Files: []source.File{fileOf("t.csv", backwards(500))}, Format: csv, Key: []string{"id"}}).Table
	var file bytes.Buffer
	rw, err := pq.Write(&file, rows.Schema, format.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for b, err := range rows.Scan(context.Background(), table.ScanOptions{}) {
		if err == nil {
			err = rw.Write(b)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := rw.Close(); err != nil {
		t.Fatal(err)
	}
	for _, valuesOnly := range []bool{false, true} {
		res := w.must(&source.Request{Files: []source.File{fileOf("t.parquet", file.Bytes())}, Format: pq, Key: []string{"id"}, ValuesOnly: valuesOnly})
		if res.Table.Root.ID != rows.Root.ID {
			t.Errorf("root %s, from text %s", res.Table.Root.ID.Short(), rows.Root.ID.Short())
		}
		got := w.restore(res.Table, 0, pq)
		if !valuesOnly && !bytes.Equal(got, file.Bytes()) {
			t.Errorf("%d bytes came back of %d", len(got), file.Len())
		}
		again := w.must(&source.Request{Files: []source.File{fileOf("t.parquet", got)}, Format: pq, Key: []string{"id"}})
		if again.Table.Root.ID != rows.Root.ID {
			t.Errorf("values only %v: what was restored has root %s", valuesOnly, again.Table.Root.ID.Short())
		}
	}
}

// A column may have the name of the hidden key.
func TestColumnNamedLikeTheHiddenKey(t *testing.T) {
	f := formatOf(t, "csv")
	text := "id,@key\n1,x\n2,y\n"
	w := newWorld(t)
	res, err := w.ingest(&source.Request{Files: csvOf(text), Format: f, Key: []string{"id"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := cells(t, res.Table); len(got) != 2 || got[0] != "1,x" {
		t.Errorf("cells %v", got)
	}
	if got := string(w.restore(res.Table, 0, f)); got != text {
		t.Errorf("restored %q", got)
	}
	if _, err := w.ingest(&source.Request{Files: csvOf(text), Format: f}); err == nil || !strings.Contains(err.Error(), "@key") {
		t.Errorf("by content: error %v, want one that names the column", err)
	}
}
