package source_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/source"
)

// nasty returns the files of testdata/nasty and some that are too large for it.
func nasty(t testing.TB) map[string][]byte {
	names, err := filepath.Glob("testdata/nasty/*")
	if err != nil || len(names) < 25 {
		t.Fatalf("%d nasty files, %v", len(names), err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = b
	}
	long := 10 << 20
	if testing.Short() {
		long = 1 << 20
	}
	files["long_cell.csv"] = []byte("id,a\n1,x\n2," + strings.Repeat("long ", long/5) + "\n3,\"" + strings.Repeat("lines\n", long/6) + "\"\n4,y\n")
	files["long_cell.jsonl"] = []byte("{\"id\":1,\"a\":\"" + strings.Repeat("long ", long/5) + "\"}\n{\"id\":2,\"a\":\"\"}\n")
	return files
}

// refused are the nasty files that are not accepted, and a word of the reason.
func refused() map[string]string {
	return map[string]string{
		"twice.jsonl": "twice",
		"empty.csv":   "neither a header nor a record",
	}
}

func formatOfFile(t testing.TB, name string) format.Format {
	return formatOf(t, strings.TrimPrefix(filepath.Ext(name), "."))
}

// keysOf returns the keys under which a nasty file is read: none, and its
// first column where that can be one.
func keysOf(name string, data []byte) [][]string {
	first := "id"
	if strings.HasPrefix(name, "zeros") {
		first = "zip"
	}
	if !bytes.Contains(data, []byte(first)) {
		return [][]string{nil}
	}
	return [][]string{nil, {first}}
}

func TestNastyFilesComeBack(t *testing.T) {
	for name, data := range nasty(t) {
		f := formatOfFile(t, name)
		for _, key := range keysOf(name, data) {
			t.Run(fmt.Sprintf("%s/%v", name, key), func(t *testing.T) {
				w := newWorld(t)
				q := func(b []byte) *source.Request {
					return &source.Request{Files: []source.File{fileOf(name, b)}, Format: f, Key: key}
				}
				res, err := w.ingest(q(data))
				if why := refused()[name]; why != "" {
					if err == nil || !strings.Contains(err.Error(), why) {
						t.Errorf("error %v, want %q", err, why)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if got := w.restore(res.Table, 0, f); !bytes.Equal(got, data) {
					t.Errorf("restored\n%.300q, want\n%.300q", got, data)
				}
				again := q(data)
				again.Old, again.Key = res.Table, nil
				if same := w.must(again); same.Table.Root.ID != res.Table.Root.ID || same.Parsed != 0 && res.Table.Rows() > 0 {
					t.Errorf("added again: root %s, want %s; parsed %d bytes", same.Table.Root.ID.Short(), res.Table.Root.ID.Short(), same.Parsed)
				}
			})
		}
	}
}

func TestCompressedFilesComeBack(t *testing.T) {
	text := rowsCSV(3000, nil)
	pack := map[string]func() []byte{
		".gz": func() []byte {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write(text)
			_ = z.Close()
			return b.Bytes()
		},
		".zst": func() []byte {
			z, _ := zstd.NewWriter(nil)
			return z.EncodeAll(text, nil)
		},
	}
	f := formatOf(t, "csv")
	plain := newWorld(t).must(&source.Request{Files: []source.File{fileOf("t.csv", text)}, Format: f, Key: []string{"id"}})
	for ext, make := range pack {
		t.Run(ext, func(t *testing.T) {
			w, data := newWorld(t), make()
			for _, key := range [][]string{{"id"}, nil} {
				q := &source.Request{Files: []source.File{fileOf("t.csv"+ext, data)}, Format: f, Compressed: ext, Key: key}
				res := w.must(q)
				if key != nil && res.Table.Root.ID != plain.Table.Root.ID {
					t.Errorf("root %s, of the plain file %s", res.Table.Root.ID.Short(), plain.Table.Root.ID.Short())
				}
				if got := w.restore(res.Table, 0, f); !bytes.Equal(got, data) {
					t.Errorf("%d bytes restored of %d", len(got), len(data))
				}
			}
		})
	}
}
