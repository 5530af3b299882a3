package sealed_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store/segment/sealed"
)

type entry struct{ key, value []byte }

// build writes packs of packSize bytes and n index entries and returns the
// path of the file and what is in it.
func build(t testing.TB, pageSize, packs, packSize, n int) (string, map[string][]entry) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "x.seg"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := sealed.NewWriter(f, pageSize)
	want := map[string][]entry{}
	var offsets []int64 // of the packs
	put := func(bucket string, k, v []byte) {
		var err error
		if bucket == "packs" {
			var at int64
			at, err = w.AppendParts(bucket, k, [][]byte{v[:len(v)/3], nil, v[len(v)/3:]})
			offsets = append(offsets, at)
		} else {
			err = w.Append(bucket, k, v)
		}
		if err != nil {
			t.Fatal(err)
		}
		want[bucket] = append(want[bucket], entry{bytes.Clone(k), bytes.Clone(v)})
	}
	var k []byte
	for i := range packs {
		k = binary.BigEndian.AppendUint32(k[:0], uint32(i))
		put("packs", k, bytes.Repeat([]byte{byte(i)}, packSize-i))
	}
	for i := range n {
		id := object.Sum(fmt.Appendf(nil, "%d", i))
		k = append(binary.BigEndian.AppendUint32(k[:0], uint32(i)), id[:28]...)
		put("index", k, id[:4+i%17])
	}
	put("format", []byte("segment"), []byte{1})
	size, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if fi, err := f.Stat(); err != nil || fi.Size() != size {
		t.Fatalf("size %d, want %d: %v", fi.Size(), size, err)
	}
	for i, at := range offsets {
		v := make([]byte, len(want["packs"][i].value))
		if _, err := f.ReadAt(v, at); err != nil || !bytes.Equal(v, want["packs"][i].value) {
			t.Errorf("pack %d is not at offset %d: %v", i, at, err)
		}
	}
	return f.Name(), want
}

var shapes = []struct {
	name                         string
	pageSize, packs, packSize, n int
}{
	{"one small", 1024, 1, 100, 1},
	{"value just under a page", 1024, 1, 1024 - 36, 3},
	{"value of a page and a byte", 1024, 1, 1024 - 35, 3},
	{"small pages", 1024, 3, 5000, 1000},
	{"three levels", 1024, 40, 3000, 20000},
	{"large pages", 4096, 20, 100_000, 30000},
}

// TestBboltReads checks the writer against the implementation of the format
// that it claims to write: bbolt reads the same entries and its own
// consistency check is silent.
func TestBboltReads(t *testing.T) {
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			path, want := build(t, s.pageSize, s.packs, s.packSize, s.n)
			db, err := bbolt.Open(path, 0o666, &bbolt.Options{ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			err = db.View(func(tx *bbolt.Tx) error {
				for err := range tx.Check() {
					t.Error("bbolt check:", err)
				}
				for name, entries := range want {
					c := tx.Bucket([]byte(name)).Cursor()
					k, v := c.First()
					for i, e := range entries {
						if !bytes.Equal(k, e.key) || !bytes.Equal(v, e.value) {
							return fmt.Errorf("%s %d: %x = %d bytes, want %x = %d bytes", name, i, k, len(v), e.key, len(e.value))
						}
						k, v = c.Next()
					}
					if k != nil {
						return fmt.Errorf("%s: more than %d entries", name, len(entries))
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFileReads(t *testing.T) {
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			path, want := build(t, s.pageSize, s.packs, s.packSize, s.n)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f, err := sealed.Open(b)
			if err != nil {
				t.Fatal(err)
			}
			for name, entries := range want {
				checkBucket(t, f, b, name, entries)
			}
			if _, err := f.Bucket("absent"); !errors.Is(err, object.ErrCorrupt) {
				t.Errorf("absent bucket: %v", err)
			}
		})
	}
}

func checkBucket(t *testing.T, f *sealed.File, b []byte, name string, entries []entry) {
	t.Helper()
	bucket, err := f.Bucket(name)
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for e, err := range bucket.All() {
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(e.Key, entries[i].key) || !bytes.Equal(e.Value, entries[i].value) {
			t.Fatalf("%s %d: %x, want %x", name, i, e.Key, entries[i].key)
		}
		i++
	}
	if i != len(entries) {
		t.Errorf("%s: %d of %d entries", name, i, len(entries))
	}
	for _, e := range entries {
		v, at, ok, err := bucket.Get(e.key)
		if err != nil || !ok || !bytes.Equal(v, e.value) || !bytes.Equal(b[at:][:len(v)], e.value) {
			t.Fatalf("get %s %x: %v %v", name, e.key, ok, err)
		}
		for _, near := range [][]byte{append(bytes.Clone(e.key), 0), e.key[:len(e.key)-1], append([]byte{0xff}, e.key...)} {
			if _, _, ok, err := bucket.Get(near); ok || err != nil {
				t.Fatalf("get of the absent %x: %v %v", near, ok, err)
			}
		}
	}
}

func TestOrder(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "x"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := sealed.NewWriter(f, 1024)
	if err := w.Append("b", []byte("k"), nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Append("b", []byte("k"), nil); err == nil {
		t.Error("a repeated key was accepted")
	}
	if _, err := w.Close(); err == nil {
		t.Error("Close after an error succeeded")
	}
}

// FuzzOpen: any bytes are a file, or ErrCorrupt, in bounded time.
func FuzzOpen(f *testing.F) {
	path, _ := build(f, 1024, 3, 2000, 100)
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, uint32(5000), byte(1))
	f.Add(good[:2048], uint32(0), byte(0))
	f.Add([]byte{}, uint32(0), byte(0))
	f.Fuzz(func(t *testing.T, b []byte, at uint32, flip byte) {
		b = bytes.Clone(b)
		if int(at) < len(b) {
			b[at] ^= flip
		}
		file, err := sealed.Open(b)
		for _, name := range []string{"index", "packs"} {
			if err != nil {
				break
			}
			var bucket sealed.Bucket
			if bucket, err = file.Bucket(name); err == nil {
				var e sealed.Entry
				for e, err = range bucket.All() {
					_, _, _, _ = bucket.Get(e.Key)
				}
			}
		}
		if err != nil && !errors.Is(err, object.ErrCorrupt) {
			t.Errorf("err = %v", err)
		}
		if file, err = sealed.OpenPrefix(append(b, 0)); err != nil {
			return
		}
		if bucket, err := file.Bucket("index"); err == nil {
			for _, err := range bucket.Intact() {
				if err != nil && !errors.Is(err, object.ErrCorrupt) {
					t.Errorf("err = %v", err)
				}
			}
		}
	})
}
